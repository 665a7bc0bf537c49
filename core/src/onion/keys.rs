use core::fmt;

use bitcoin::hashes::{sha256, Hash, HashEngine, Hmac, HmacEngine};
use bitcoin::secp256k1::{ecdh, All, PublicKey, Scalar, Secp256k1, SecretKey};
use chacha20::cipher::{KeyIvInit, StreamCipher};
use chacha20::ChaCha20;
use chacha20poly1305::{AeadInPlace, ChaCha20Poly1305, KeyInit};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::fault::invalid;
use crate::{Error, ErrorCode, Result};

/// The ECDH secret of a node key and a point: SHA-256 of the compressed product (BOLT 4, Shared Secret).
///
/// It is cleared when dropped, compared in constant time and never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SharedSecret([u8; 32]);

/// Answers the ECDH questions of [`peel`](super::peel) with a node key that is at hand.
pub fn ecdh_with(key: &SecretKey) -> impl FnMut(&PublicKey) -> Option<SharedSecret> + '_ {
    move |point| Some(SharedSecret::between(key, point))
}

impl SharedSecret {
    /// The secret with these bytes, as a host's signer returns them.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(super) fn between(key: &SecretKey, point: &PublicKey) -> Self {
        let mut secret = ecdh::SharedSecret::new(point, key);
        let bytes = secret.secret_bytes();
        secret.non_secure_erase();
        Self(bytes)
    }

    /// The key for one purpose: `HMAC256(label, secret)`.
    pub(super) fn key(&self, label: &[u8]) -> Key {
        Zeroizing::new(hmac(label, &[&self.0]))
    }

    /// The factor from the key of this hop to that of the next: `SHA256(point ‖ secret)`.
    fn next_factor(&self, point: &PublicKey) -> Result<Scalar> {
        let mut engine = sha256::Hash::engine();
        engine.input(&point.serialize());
        engine.input(&self.0);
        scalar(sha256::Hash::from_engine(engine).to_byte_array())
    }
}

impl PartialEq for SharedSecret {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SharedSecret {}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(secret)")
    }
}

pub(super) type Key = Zeroizing<[u8; 32]>;

/// The curve, set up once per call.
pub(super) struct Curve(pub(super) Secp256k1<All>);

impl Curve {
    pub(super) fn new() -> Self {
        Self(Secp256k1::new())
    }

    /// What a node is called on a blinded path: its key times `HMAC256("blinded_node_id", secret)`.
    ///
    /// ECDH of the blinded private key and a point is ECDH of the plain key and the point so blinded, so the same
    /// function serves the node itself.
    pub(super) fn blind(&self, point: &PublicKey, secret: &SharedSecret) -> Result<PublicKey> {
        self.times(point, scalar(*secret.key(b"blinded_node_id"))?)
    }

    /// The next hop's point, on a path or in a packet.
    pub(super) fn next_point(&self, point: &PublicKey, secret: &SharedSecret) -> Result<PublicKey> {
        self.times(point, secret.next_factor(point)?)
    }

    /// The private key of [`next_point`](Self::next_point).
    pub(super) fn next_key(
        &self,
        key: &SecretKey,
        point: &PublicKey,
        secret: &SharedSecret,
    ) -> Result<SecretKey> {
        key.mul_tweak(&secret.next_factor(point)?)
            .map_err(|_| off_curve())
    }

    fn times(&self, point: &PublicKey, factor: Scalar) -> Result<PublicKey> {
        point.mul_tweak(&self.0, &factor).map_err(|_| off_curve())
    }
}

/// Encrypts or decrypts a packet's payloads in place.
pub(super) fn stream(key: &Key, data: &mut [u8]) {
    ChaCha20::new(&(**key).into(), &[0; 12].into()).apply_keystream(data);
}

/// Encrypts what one hop of a blinded path is to know.
pub(super) fn seal(rho: &Key, mut data: Vec<u8>) -> Result<Vec<u8>> {
    cipher(rho)
        .encrypt_in_place(&[0; 12].into(), &[], &mut data)
        .map_err(|_| Error::new(ErrorCode::Internal, "the data of a hop cannot be encrypted"))?;
    Ok(data)
}

/// Decrypts what a blinded path says to one hop.
pub(super) fn open(rho: &Key, data: &[u8]) -> Result<Vec<u8>> {
    let mut data = data.to_vec();
    cipher(rho)
        .decrypt_in_place(&[0; 12].into(), &[], &mut data)
        .map_err(|_| invalid("the encrypted data is not meant for this node, or was altered"))?;
    Ok(data)
}

/// The packet's checksum under its `mu` key. Onion messages have no associated data.
pub(super) fn checksum(mu: &Key, payloads: &[u8]) -> [u8; 32] {
    hmac(&**mu, &[payloads])
}

/// Bytes for one purpose from the caller's 32 bytes of entropy.
pub(super) fn expand(entropy: &[u8; 32], purpose: &[u8], counter: u32) -> Key {
    let parts = [b"invreq/onion/1".as_slice(), purpose, &counter.to_be_bytes()];
    Zeroizing::new(hmac(entropy, &parts))
}

/// A private key for one purpose from the caller's 32 bytes of entropy.
pub(super) fn expand_key(entropy: &[u8; 32], purpose: &[u8]) -> Result<SecretKey> {
    // All but 2^-128 of the strings are keys; a second try only keeps this function total.
    (0..4)
        .find_map(|counter| SecretKey::from_slice(&*expand(entropy, purpose, counter)).ok())
        .ok_or_else(off_curve)
}

fn cipher(rho: &Key) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(&(**rho).into())
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut engine = HmacEngine::<sha256::Hash>::new(key);
    parts.iter().for_each(|part| engine.input(part));
    Hmac::from_engine(engine).to_byte_array()
}

fn scalar(bytes: [u8; 32]) -> Result<Scalar> {
    Scalar::from_be_bytes(bytes).map_err(|_| off_curve())
}

fn off_curve() -> Error {
    invalid("a derived key is not on the curve")
}
