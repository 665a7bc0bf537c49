//! A secret key at hand: whose it is, what it signs, and what it shares with others.

use core::fmt;

use bitcoin::secp256k1::{ecdh, Keypair, Message, PublicKey, SecretKey};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::curve::CURVE;
use crate::{Error, ErrorCode, Result};

/// The secret key of a node, or of an invoice.
///
/// It is cleared when dropped, leaves no copy behind where it is moved, and is never printed.
///
/// ```
/// use invreq::NodeKey;
///
/// let [ours, theirs] = [NodeKey::new(&[1; 32])?, NodeKey::new(&[2; 32])?];
/// assert!(ours.ecdh(&theirs.node_id()) == theirs.ecdh(&ours.node_id()));
/// # Ok::<(), invreq::Error>(())
/// ```
pub struct NodeKey(Box<SecretKey>);

impl NodeKey {
    /// The key with these bytes.
    ///
    /// # Errors
    /// `invalid_parameter` for zero, and for what is not below the order of the curve.
    pub fn new(bytes: &[u8; 32]) -> Result<Self> {
        SecretKey::from_slice(bytes)
            .map(Self::from)
            .map_err(|_| Error::new(ErrorCode::InvalidParameter, "this is no secret key"))
    }

    /// The public key, which is the id of the node or the `invoice_node_id`.
    pub fn node_id(&self) -> PublicKey {
        self.0.public_key(&CURVE)
    }

    /// The BIP 340 signature of this digest. The same digest has the same signature.
    pub fn sign(&self, digest: &[u8; 32]) -> [u8; 64] {
        let mut pair = Keypair::from_secret_key(&CURVE, &self.0);
        let signature = CURVE.sign_schnorr_no_aux_rand(&Message::from_digest(*digest), &pair);
        pair.non_secure_erase();
        signature.serialize()
    }

    /// What it shares with whoever has the secret key of this point.
    pub fn ecdh(&self, point: &PublicKey) -> SharedSecret {
        SharedSecret::between(&self.0, point)
    }

    /// The key itself, for whoever takes it as one.
    pub fn expose(&self) -> &SecretKey {
        &self.0
    }
}

impl From<SecretKey> for NodeKey {
    fn from(key: SecretKey) -> Self {
        Self(Box::new(key))
    }
}

impl Drop for NodeKey {
    fn drop(&mut self) {
        self.0.non_secure_erase();
    }
}

impl fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NodeKey(secret)")
    }
}

/// The ECDH secret of a node key and a point: SHA-256 of the compressed product (BOLT 4, Shared Secret).
///
/// It is cleared when dropped, compared in constant time and never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SharedSecret([u8; 32]);

impl SharedSecret {
    /// The secret with these bytes, as a host's signer returns them.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for a signer that returns them.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn between(key: &SecretKey, point: &PublicKey) -> Self {
        let mut secret = ecdh::SharedSecret::new(point, key);
        let bytes = secret.secret_bytes();
        secret.non_secure_erase();
        Self(bytes)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bolt12::verify_signature;

    /// The order of the curve, the first number that is no key.
    const ORDER: [u8; 32] = *b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe\
        \xba\xae\xdc\xe6\xaf\x48\xa0\x3b\xbf\xd2\x5e\x8c\xd0\x36\x41\x41";

    #[test]
    fn what_is_no_key_is_refused() {
        for bytes in [[0; 32], ORDER, [0xff; 32]] {
            let error = NodeKey::new(&bytes).unwrap_err();
            assert_eq!(error.code(), ErrorCode::InvalidParameter);
        }
        let mut last = ORDER;
        last[31] = 0x40;
        assert!(NodeKey::new(&last).is_ok());
    }

    #[test]
    fn what_a_key_signs_is_its_own() {
        let [ours, theirs] = [1, 2].map(|byte| NodeKey::new(&[byte; 32]).unwrap());
        let (digest, signature) = ([3; 32], ours.sign(&[3; 32]));
        assert!(verify_signature(&digest, &signature, &ours.node_id()));
        assert!(!verify_signature(&digest, &signature, &theirs.node_id()));
        assert!(!verify_signature(&[4; 32], &signature, &ours.node_id()));
        assert_eq!(ours.sign(&digest), signature);
    }

    #[test]
    fn two_keys_share_what_no_third_one_does() {
        let [ours, theirs, another] = [1, 2, 3].map(|byte| NodeKey::new(&[byte; 32]).unwrap());
        let shared = ours.ecdh(&theirs.node_id());
        assert_eq!(shared, theirs.ecdh(&ours.node_id()));
        assert_ne!(shared, another.ecdh(&ours.node_id()));
        assert_eq!(SharedSecret::new(*shared.expose()), shared);
    }

    #[test]
    fn neither_is_printed() {
        let key = NodeKey::new(&[7; 32]).unwrap();
        assert_eq!(format!("{key:?}"), "NodeKey(secret)");
        assert_eq!(format!("{:?}", key.ecdh(&key.node_id())), "SharedSecret(secret)");
    }
}
