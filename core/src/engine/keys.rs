//! Every secret of the engine: derived from the seed, one per purpose, never stored.

use bitcoin::hashes::{sha256, Hash, HashEngine, Hmac, HmacEngine};
use bitcoin::secp256k1::{All, Keypair, Message, PublicKey, Secp256k1, SecretKey};
use chacha20poly1305::aead::{AeadInPlace, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use crate::engine::ReplyPath;
use crate::{Error, ErrorCode, NodeKey, Preimage, Result};

/// The version in every derivation. A change to any of them needs a new one.
const DOMAIN: &[u8] = b"invreq/1/";

/// What ties a reply to a copy of an invoice: index (8 bytes), copy (4 bytes), tag (20 bytes).
pub(crate) type ReplyToken = [u8; 32];

/// The way one copy of an invoice takes.
pub(crate) struct CopyWay<'a> {
    pub(crate) copy: u32,
    pub(crate) path: u32,
    pub(crate) node_id: PublicKey,
    pub(crate) via: &'a [PublicKey],
    /// How many nodes at the beginning of the path were stepped over.
    pub(crate) skipped: u32,
    pub(crate) reply: &'a ReplyPath,
}

pub(crate) struct Keys {
    /// Boxed: an engine that is moved leaves no copy of it where it was.
    seed: Box<Zeroizing<[u8; 32]>>,
    chain: [u8; 32],
    secp: Secp256k1<All>,
}

/// The key of one invoice. It is erased when it is dropped.
pub(crate) struct InvoiceKey<'a> {
    secp: &'a Secp256k1<All>,
    pair: Keypair,
}

impl InvoiceKey<'_> {
    pub(crate) fn node_id(&self) -> PublicKey {
        self.pair.public_key()
    }

    pub(crate) fn sign(&self, digest: &[u8; 32]) -> [u8; 64] {
        let digest = Message::from_digest(*digest);
        self.secp
            .sign_schnorr_no_aux_rand(&digest, &self.pair)
            .serialize()
    }
}

impl Drop for InvoiceKey<'_> {
    fn drop(&mut self) {
        self.pair.non_secure_erase();
    }
}

impl Keys {
    pub(crate) fn new(seed: &[u8; 32], chain: [u8; 32]) -> Self {
        Self {
            seed: Box::new(Zeroizing::new(*seed)),
            chain,
            secp: Secp256k1::new(),
        }
    }

    /// Blinds the curve context against side channels with fresh entropy.
    pub(crate) fn randomize(&mut self, entropy: &[u8; 32]) {
        let seed = self.derive("blinding", &[entropy]);
        self.secp.seeded_randomize(&seed);
    }

    /// Tells two seeds apart without telling anything about them.
    pub(crate) fn fingerprint(&self) -> [u8; 8] {
        let full = self.derive("fingerprint", &[]);
        core::array::from_fn(|i| full.get(i).copied().unwrap_or_default())
    }

    pub(crate) fn preimage(&self, nonce: &[u8; 32]) -> Preimage {
        Preimage::new(*self.derive("preimage", &[nonce]))
    }

    /// The key of the invoice with this nonce.
    pub(crate) fn invoice_key(&self, nonce: &[u8; 32]) -> Result<InvoiceKey<'_>> {
        let mut secret = self.secret_key("invoice-node-id", &[nonce])?;
        let pair = Keypair::from_secret_key(&self.secp, &secret);
        secret.non_secure_erase();
        Ok(InvoiceKey {
            secp: &self.secp,
            pair,
        })
    }

    /// The key that replies to our own reply paths are for.
    pub(crate) fn reply_key(&self) -> Result<NodeKey> {
        self.secret_key("reply-key", &[]).map(NodeKey::from)
    }

    pub(crate) fn reply_node_id(&self) -> Result<PublicKey> {
        let key = self.reply_key()?;
        Ok(key.expose().public_key(&self.secp))
    }

    /// The randomness of the onion of one copy: the same copy is the same packet, even after a crash, unless it goes
    /// another way. An onion key must not be used for two ways.
    pub(crate) fn onion_entropy(&self, nonce: &[u8; 32], way: &CopyWay<'_>) -> [u8; 32] {
        let (copy, path) = (way.copy.to_be_bytes(), way.path.to_be_bytes());
        let (node_id, via, skipped) = (
            way.node_id.serialize(),
            points(way.via),
            way.skipped.to_be_bytes(),
        );
        // Each kind of reply has a purpose of its own, so that no two of them can be taken for each other.
        let (purpose, reply) = match way.reply {
            ReplyPath::Ours { via } => ("onion", points(via)),
            ReplyPath::Node { via, node_id } => ("onion-reply-to-node", ending_at(via, node_id)),
            ReplyPath::Host | ReplyPath::None => ("onion-without-reply", Vec::new()),
        };
        let mut parts: Vec<&[u8]> = vec![nonce, &copy, &path, &node_id, &via, &reply];
        if way.skipped > 0 {
            parts.push(&skipped);
        }
        *self.derive(purpose, &parts)
    }

    /// The randomness of the reply path of one copy through these nodes to `end`, or to our reply key. Two ways back, or two
    /// ends, never share it.
    pub(crate) fn reply_entropy(
        &self,
        nonce: &[u8; 32],
        copy: u32,
        via: &[PublicKey],
        end: Option<&PublicKey>,
    ) -> [u8; 32] {
        let (purpose, way) = match end {
            Some(node_id) => ("reply-path-to-node", ending_at(via, node_id)),
            None => ("reply-path", points(via)),
        };
        *self.derive(purpose, &[nonce, &copy.to_be_bytes(), &way])
    }

    pub(crate) fn reply_token(&self, nonce: &[u8; 32], index: u64, copy: u32) -> ReplyToken {
        let tag = self.derive("reply-token", &[nonce, &index.to_be_bytes(), &copy.to_be_bytes()]);
        let bytes = index
            .to_be_bytes()
            .into_iter()
            .chain(copy.to_be_bytes())
            .chain(tag.iter().copied());
        collect(bytes)
    }

    /// Whether the token is the one we gave out, compared in constant time.
    pub(crate) fn is_reply_token(&self, token: &ReplyToken, nonce: &[u8; 32], index: u64, copy: u32) -> bool {
        self.reply_token(nonce, index, copy).ct_eq(token).into()
    }

    /// Encrypts a host's preimage for the store.
    pub(crate) fn seal(&self, nonce: &[u8; 32], preimage: &Preimage) -> Result<Vec<u8>> {
        let mut bytes = preimage.expose().to_vec();
        let sealed = self
            .sealer(nonce)
            .encrypt_in_place(&Nonce::default(), b"", &mut bytes);
        if sealed.is_err() {
            bytes.zeroize();
            return Err(Error::new(
                ErrorCode::Internal,
                "the preimage could not be sealed",
            ));
        }
        Ok(bytes)
    }

    /// Opens what [`seal`](Self::seal) made.
    pub(crate) fn unseal(&self, nonce: &[u8; 32], sealed: &[u8]) -> Result<Preimage> {
        let mut bytes = Zeroizing::new(sealed.to_vec());
        let opened = self
            .sealer(nonce)
            .decrypt_in_place(&Nonce::default(), b"", &mut *bytes);
        let preimage = opened
            .ok()
            .and_then(|()| <[u8; 32]>::try_from(bytes.as_slice()).ok());
        preimage
            .map(Preimage::new)
            .ok_or_else(|| Error::new(ErrorCode::StoreCorrupt, "the stored preimage cannot be opened"))
    }

    /// Each nonce seals one preimage under a key of its own, so the cipher's nonce can be zero.
    fn sealer(&self, nonce: &[u8; 32]) -> ChaCha20Poly1305 {
        let key = self.derive("seal", &[nonce]);
        ChaCha20Poly1305::new(chacha20poly1305::Key::from_slice(key.as_slice()))
    }

    fn secret_key(&self, purpose: &str, parts: &[&[u8]]) -> Result<SecretKey> {
        // A digest that is no valid scalar has odds of 2^-128; then the next counter is taken.
        (0..=u8::MAX)
            .find_map(|counter| {
                let mut all: Vec<&[u8]> = parts.to_vec();
                let counter = [counter];
                all.push(&counter);
                SecretKey::from_slice(self.derive(purpose, &all).as_slice()).ok()
            })
            .ok_or_else(|| Error::new(ErrorCode::Internal, "no key could be derived"))
    }

    /// HMAC-SHA256 of the seed over version, purpose, chain and the parts.
    fn derive(&self, purpose: &str, parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
        let mut mac = HmacEngine::<sha256::Hash>::new(self.seed.as_slice());
        mac.input(DOMAIN);
        mac.input(purpose.as_bytes());
        mac.input(&[0]);
        mac.input(&self.chain);
        for part in parts {
            mac.input(part);
        }
        Zeroizing::new(Hmac::from_engine(mac).to_byte_array())
    }
}

/// The index and the copy a reply token names; whether it is ours is another question.
pub(crate) fn read_token(token: &ReplyToken) -> (u64, u32) {
    let index = token
        .iter()
        .take(8)
        .fold(0u64, |n, byte| (n << 8) | u64::from(*byte));
    let copy = token
        .iter()
        .skip(8)
        .take(4)
        .fold(0u32, |n, byte| (n << 8) | u32::from(*byte));
    (index, copy)
}

/// The number of the points (4 bytes), then each of them.
fn points(points: &[PublicKey]) -> Vec<u8> {
    let count = u32::try_from(points.len()).unwrap_or(u32::MAX).to_be_bytes();
    let points = points.iter().flat_map(PublicKey::serialize);
    count.into_iter().chain(points).collect()
}

/// The nodes of a reply path, then the one it ends at.
fn ending_at(via: &[PublicKey], node_id: &PublicKey) -> Vec<u8> {
    let mut bytes = points(via);
    bytes.extend_from_slice(&node_id.serialize());
    bytes
}

fn collect(bytes: impl Iterator<Item = u8>) -> [u8; 32] {
    let mut out = [0; 32];
    out.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    out
}
