use bitcoin::hashes::{sha256, Hash, HashEngine};
use bitcoin::secp256k1::{PublicKey, Scalar, SecretKey};

use super::keys::{label, scalar, times, Key};
use crate::key::SharedSecret;
use crate::{Error, ErrorCode, Result};

/// Whoever answers "what is the ECDH secret of the node key and this point?", as [`peel`](super::peel) and
/// [`advance`](super::advance) ask it.
///
/// [`ecdh_with`] does, for a key at hand. So does every `FnMut(&PublicKey) -> Option<SharedSecret>`: a host whose key is
/// elsewhere writes a closure that looks the answers up, and remembers what it has to ask for.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use bitcoin::secp256k1::PublicKey;
/// use invreq::onion::{peel, Peeled, SharedSecret};
///
/// fn peel_remotely(message: &[u8], signer: impl Fn(PublicKey) -> [u8; 32]) -> invreq::Result<Peeled> {
///     let mut answers: BTreeMap<PublicKey, SharedSecret> = BTreeMap::new();
///     loop {
///         let mut wanted = None;
///         let peeled = peel(message, |point: &PublicKey| {
///             wanted = Some(*point);
///             answers.get(point).cloned()
///         });
///         match wanted.filter(|point| !answers.contains_key(point)) {
///             Some(point) => answers.insert(point, SharedSecret::new(signer(point))),
///             None => return peeled,
///         };
///     }
/// }
/// # use bitcoin::secp256k1::{ecdh, Secp256k1, SecretKey};
/// # use invreq::onion::{build, reply_path, Destination, Outgoing};
/// # let key = SecretKey::from_slice(&[1; 32]).unwrap();
/// # let node = key.public_key(&Secp256k1::new());
/// # let destination = Destination::Node(node);
/// # let outgoing = Outgoing { invoice: b"x", destination, via: &[], reply_path: None };
/// # let packet = build(&outgoing, [2; 32]).unwrap();
/// # let peeled = peel_remotely(&packet.message, |point| ecdh::SharedSecret::new(&point, &key).secret_bytes());
/// # assert!(matches!(peeled, Ok(Peeled::Final(_))));
/// # assert_eq!(peel_remotely(b"", |_| [0; 32]).unwrap_err().code(), invreq::ErrorCode::InvalidLength);
/// ```
pub trait Ecdh {
    /// The secret of the node key and this point, or nothing while there is no answer.
    fn ecdh(&mut self, point: &PublicKey) -> Option<SharedSecret>;

    /// The secret of the node key times `factor` and this point, or nothing while there is no answer.
    ///
    /// The product is the same wherever the factor goes in: by default into the point, so that the node key is asked
    /// a question like any other. `factor` is not zero.
    fn blinded_ecdh(&mut self, point: &PublicKey, factor: &Scalar) -> Option<SharedSecret> {
        self.ecdh(&times(point, factor).ok()?)
    }
}

impl<F: FnMut(&PublicKey) -> Option<SharedSecret>> Ecdh for F {
    fn ecdh(&mut self, point: &PublicKey) -> Option<SharedSecret> {
        self(point)
    }
}

/// Answers with a node key that is at hand.
pub fn ecdh_with(key: &SecretKey) -> impl Ecdh + '_ {
    LocalKey(key)
}

/// A key that takes the factor in itself, which costs next to nothing; a point would have to be multiplied.
struct LocalKey<'a>(&'a SecretKey);

impl Ecdh for LocalKey<'_> {
    fn ecdh(&mut self, point: &PublicKey) -> Option<SharedSecret> {
        Some(SharedSecret::between(self.0, point))
    }

    fn blinded_ecdh(&mut self, point: &PublicKey, factor: &Scalar) -> Option<SharedSecret> {
        let mut blinded = self.0.mul_tweak(factor).ok()?;
        let secret = SharedSecret::between(&blinded, point);
        blinded.non_secure_erase();
        Some(secret)
    }
}

/// An answer, or the error that says that there is none yet.
pub(super) fn answer(secret: Option<SharedSecret>) -> Result<SharedSecret> {
    secret.ok_or_else(|| Error::new(ErrorCode::MissingAnswer, "an ECDH question has no answer yet"))
}

impl SharedSecret {
    /// The key that encrypts: `HMAC256("rho", secret)`.
    pub(super) fn rho(&self) -> Key {
        label::RHO.key(self.expose())
    }

    /// The key of checksums: `HMAC256("mu", secret)`.
    pub(super) fn mu(&self) -> Key {
        label::MU.key(self.expose())
    }

    /// What a node's id, or its key, is multiplied by on a blinded path: `HMAC256("blinded_node_id", secret)`.
    pub(super) fn blinding_factor(&self) -> Result<Scalar> {
        scalar(*label::BLINDED_NODE_ID.key(self.expose()))
    }

    /// The factor from the key of this hop to that of the next: `SHA256(point ‖ secret)`.
    pub(super) fn next_factor(&self, point: &PublicKey) -> Result<Scalar> {
        let mut engine = sha256::Hash::engine();
        engine.input(&point.serialize());
        engine.input(self.expose());
        scalar(sha256::Hash::from_engine(engine).to_byte_array())
    }
}
