use bitcoin::secp256k1::SecretKey;
use invreq::onion::{ecdh_with, peel};

/// Peels the bytes as the payload of an onion message.
pub fn onion_peel(data: &[u8]) {
    let Ok(key) = SecretKey::from_slice(&[1; 32]) else {
        return;
    };
    let _ = peel(data, ecdh_with(&key));
}
