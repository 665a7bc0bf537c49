use bitcoin::hashes::{sha256, Hash, HashEngine, Hmac, HmacEngine};
use bitcoin::secp256k1::{PublicKey, Scalar, SecretKey};
use chacha20::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};
use chacha20::ChaCha20;
use chacha20poly1305::{AeadInPlace, ChaCha20Poly1305, KeyInit};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::fault::invalid;
use crate::curve::CURVE;
use crate::key::SharedSecret;
use crate::{Error, ErrorCode, Result};

pub(super) type Key = Zeroizing<[u8; 32]>;

/// The purposes of keys (BOLT 4, Key Generation).
pub(super) mod label {
    use std::sync::LazyLock;

    use super::Label;

    pub static RHO: LazyLock<Label> = LazyLock::new(|| Label::new(b"rho"));
    pub static MU: LazyLock<Label> = LazyLock::new(|| Label::new(b"mu"));
    pub static PAD: LazyLock<Label> = LazyLock::new(|| Label::new(b"pad"));
    pub static BLINDED_NODE_ID: LazyLock<Label> = LazyLock::new(|| Label::new(b"blinded_node_id"));
}

/// What a key is for. Half of the work of an HMAC is its key, which here is known beforehand.
pub(super) struct Label(HmacEngine<sha256::Hash>);

impl Label {
    fn new(label: &[u8]) -> Self {
        Self(HmacEngine::new(label))
    }

    /// The key for this purpose from a secret: `HMAC256(label, secret)`.
    pub(super) fn key(&self, secret: &[u8; 32]) -> Key {
        let mut engine = self.0.clone();
        engine.input(secret);
        Zeroizing::new(Hmac::from_engine(engine).to_byte_array())
    }
}

/// A private key that is cleared when dropped.
pub(super) struct SessionKey(pub(super) SecretKey);

impl Drop for SessionKey {
    fn drop(&mut self) {
        self.0.non_secure_erase();
    }
}

/// The sender's keys for one path or one packet: the first is drawn at random, each other follows from the one before
/// and the secret shared with its node (BOLT 4, Route Blinding and Packet Construction).
pub(super) struct Session {
    key: SessionKey,
    /// The point of the key, where it is known already.
    point: Option<PublicKey>,
    before: Option<SharedSecret>,
}

impl Session {
    /// A session with this first key, and the point of that key.
    pub(super) fn new(key: SessionKey) -> (Self, PublicKey) {
        let point = public_key(&key.0);
        let session = Self {
            key,
            point: Some(point),
            before: None,
        };
        (session, point)
    }

    /// The secret shared with the next node.
    pub(super) fn next(&mut self, node: &PublicKey) -> Result<SharedSecret> {
        if let Some(before) = self.before.take() {
            let point = self.point.take().unwrap_or_else(|| public_key(&self.key.0));
            let next = self.key.0.mul_tweak(&before.next_factor(&point)?);
            self.key = SessionKey(next.map_err(|_| off_curve())?);
        }
        let secret = SharedSecret::between(&self.key.0, node);
        self.before = Some(secret.clone());
        Ok(secret)
    }
}

/// What a node is called on a blinded path.
pub(super) fn blind(node: &PublicKey, secret: &SharedSecret) -> Result<PublicKey> {
    times(node, &secret.blinding_factor()?)
}

/// The next hop's point, on a path or in a packet.
pub(super) fn next_point(point: &PublicKey, secret: &SharedSecret) -> Result<PublicKey> {
    times(point, &secret.next_factor(point)?)
}

pub(super) fn times(point: &PublicKey, factor: &Scalar) -> Result<PublicKey> {
    point.mul_tweak(&CURVE, factor).map_err(|_| off_curve())
}

pub(super) fn public_key(key: &SecretKey) -> PublicKey {
    key.public_key(&CURVE)
}

/// The factor with these bytes, unless it is zero or as large as the order of the curve, which no hash is in practice.
pub(super) fn scalar(bytes: [u8; 32]) -> Result<Scalar> {
    match bool::from(bytes.ct_eq(&[0; 32])) {
        false => Scalar::from_be_bytes(bytes).map_err(|_| off_curve()),
        true => Err(off_curve()),
    }
}

/// The stream that encrypts and decrypts a packet's payloads.
pub(super) struct Stream(ChaCha20);

impl Stream {
    pub(super) fn new(key: &Key) -> Self {
        Self(ChaCha20::new(&(**key).into(), &[0; 12].into()))
    }

    /// Goes to this position, without making what is before it.
    pub(super) fn seek(&mut self, position: usize) -> Result<()> {
        self.0
            .try_seek(position)
            .map_err(|_| internal("the stream has no such position"))
    }

    /// Encrypts or decrypts in place what comes next.
    pub(super) fn apply(&mut self, data: &mut [u8]) {
        self.0.apply_keystream(data);
    }
}

/// Encrypts what one hop of a blinded path is to know; [`TAG_LEN`] bytes longer.
pub(super) fn seal(rho: &Key, mut data: Vec<u8>) -> Result<Vec<u8>> {
    cipher(rho)
        .encrypt_in_place(&[0; 12].into(), &[], &mut data)
        .map_err(|_| internal("the data of a hop cannot be encrypted"))?;
    Ok(data)
}

/// By how many bytes the data of a hop is longer when encrypted.
pub(super) const TAG_LEN: usize = 16;

/// Decrypts what a blinded path says to one hop.
pub(super) fn open(rho: &Key, data: &[u8]) -> Result<Vec<u8>> {
    let mut data = data.to_vec();
    cipher(rho)
        .decrypt_in_place(&[0; 12].into(), &[], &mut data)
        .map_err(|_| invalid("the encrypted data is not meant for this node, or was altered"))?;
    Ok(data)
}

/// The packet's checksum under its `mu` key. Onion messages have no associated data.
pub(super) fn checksum(mu: &Key, payloads: &[u8], associated_data: &[u8]) -> [u8; 32] {
    hmac(&**mu, &[payloads, associated_data])
}

/// A private key for one purpose from the caller's 32 bytes of entropy.
pub(super) fn expand_key(entropy: &[u8; 32], purpose: &[u8]) -> Result<SessionKey> {
    // All but 2^-128 of the strings are keys; a second try only keeps this function total.
    let expand = |counter: u32| {
        let parts = [b"invreq/onion/1".as_slice(), purpose, &counter.to_be_bytes()];
        Zeroizing::new(hmac(entropy, &parts))
    };
    (0..4)
        .find_map(|counter| SecretKey::from_slice(&*expand(counter)).ok().map(SessionKey))
        .ok_or_else(off_curve)
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut engine = HmacEngine::<sha256::Hash>::new(key);
    parts.iter().for_each(|part| engine.input(part));
    Hmac::from_engine(engine).to_byte_array()
}

fn cipher(rho: &Key) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(&(**rho).into())
}

fn off_curve() -> Error {
    invalid("a derived key is not on the curve")
}

fn internal(message: &str) -> Error {
    Error::new(ErrorCode::Internal, message)
}
