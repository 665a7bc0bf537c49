//! The symmetric half of Noise: what both sides hash, and the keys that come of it (BOLT 8, Handshake State).

use bitcoin::hashes::{sha256, Hash, HashEngine, Hmac, HmacEngine};
use bitcoin::secp256k1::PublicKey;
use chacha20poly1305::{AeadInPlace, ChaCha20Poly1305, KeyInit, Nonce, Tag};
use zeroize::Zeroizing;

use crate::key::NodeKey;
use crate::{rules, Error, ErrorCode, Result};

/// The length of a Poly1305 tag.
pub(super) const TAG_LEN: usize = 16;

const PROTOCOL: &[u8] = b"Noise_XK_secp256k1_ChaChaPoly_SHA256";
const PROLOGUE: &[u8] = b"lightning";

pub(super) type Key = Zeroizing<[u8; 32]>;

/// What a handshake has come to so far: `h` and `ck`.
pub(super) struct Transcript {
    hash: [u8; 32],
    chaining: Key,
}

/// The keys at the end of a handshake.
pub(super) struct SessionKeys {
    /// The initiator sends with it.
    pub(super) forth: Key,
    /// The responder sends with it.
    pub(super) back: Key,
    /// What later keys come from.
    pub(super) chaining: Key,
}

impl Transcript {
    /// The beginning of a handshake with this responder.
    pub(super) fn new(responder: &PublicKey) -> Self {
        let name = sha256::Hash::hash(PROTOCOL).to_byte_array();
        let mut transcript = Self {
            hash: name,
            chaining: Zeroizing::new(name),
        };
        transcript.add(PROLOGUE);
        transcript.add(&responder.serialize());
        transcript
    }

    /// Hashes something that both sides have seen.
    pub(super) fn add(&mut self, data: &[u8]) {
        let mut engine = sha256::Hash::engine();
        engine.input(&self.hash);
        engine.input(data);
        self.hash = sha256::Hash::from_engine(engine).to_byte_array();
    }

    /// Mixes a shared secret in. The key that comes of it is for this act.
    pub(super) fn mix(&mut self, point: &PublicKey, key: &NodeKey) -> Key {
        let (chaining, act) = hkdf(&self.chaining, key.ecdh(point).expose());
        self.chaining = chaining;
        act
    }

    /// Encrypts a part of an act.
    pub(super) fn seal(&mut self, key: &Key, nonce: u64, plain: &[u8]) -> Result<Vec<u8>> {
        let mut sealed = plain.to_vec();
        let tag = seal(key, nonce, &self.hash, &mut sealed)?;
        sealed.extend_from_slice(&tag);
        self.add(&sealed);
        Ok(sealed)
    }

    /// Decrypts a part of an act; `None` if it was altered or is not for us.
    pub(super) fn open(&mut self, key: &Key, nonce: u64, sealed: &[u8]) -> Option<Vec<u8>> {
        let mut plain = sealed.to_vec();
        let len = open(key, nonce, &self.hash, &mut plain)?;
        plain.truncate(len);
        self.add(sealed);
        Some(plain)
    }

    /// The keys of the session that begins.
    pub(super) fn finish(self) -> SessionKeys {
        let (forth, back) = hkdf(&self.chaining, &[]);
        SessionKeys {
            forth,
            back,
            chaining: self.chaining,
        }
    }
}

/// RFC 5869 with an empty `info`: 64 bytes, as two keys.
pub(super) fn hkdf(salt: &Key, material: &[u8]) -> (Key, Key) {
    let extracted = hmac(&**salt, &[material]);
    let first = hmac(&*extracted, &[&[1]]);
    let second = hmac(&*extracted, &[&*first, &[2]]);
    (first, second)
}

pub(super) fn hmac(key: &[u8], parts: &[&[u8]]) -> Key {
    let mut engine = HmacEngine::<sha256::Hash>::new(key);
    parts.iter().for_each(|part| engine.input(part));
    Zeroizing::new(Hmac::from_engine(engine).to_byte_array())
}

/// Encrypts in place and gives the tag.
pub(super) fn seal(key: &Key, nonce: u64, known: &[u8], data: &mut [u8]) -> Result<[u8; TAG_LEN]> {
    let tag = cipher(key).encrypt_in_place_detached(&nonce_bytes(nonce), known, data);
    // It fails for 256 GiB and more.
    tag.map(Into::into).map_err(|_| {
        Error::new(ErrorCode::Internal, "a message could not be encrypted").with_rule(rules::TRANSPORT)
    })
}

/// Decrypts data with its tag in place, and gives the length without the tag; `None` if it was altered.
pub(super) fn open(key: &Key, nonce: u64, known: &[u8], data: &mut [u8]) -> Option<usize> {
    let len = data.len().checked_sub(TAG_LEN)?;
    let (data, tag) = data.split_at_mut_checked(len)?;
    let opened =
        cipher(key).decrypt_in_place_detached(&nonce_bytes(nonce), known, data, Tag::from_slice(tag));
    opened.ok().map(|()| len)
}

fn cipher(key: &Key) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(&(**key).into())
}

/// 32 zero bits, then the number in little-endian.
fn nonce_bytes(nonce: u64) -> Nonce {
    let [a, b, c, d, e, f, g, h] = nonce.to_le_bytes();
    [0, 0, 0, 0, a, b, c, d, e, f, g, h].into()
}
