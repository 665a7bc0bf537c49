use bitcoin::secp256k1::{PublicKey, Secp256k1, SecretKey};
use hex_conservative::FromHex;
use invreq::onion::{ecdh_with, peel, Message, NextHop, Peeled};
use serde_json::Value;

pub fn secret(byte: u8) -> SecretKey {
    SecretKey::from_slice(&[byte; 32]).unwrap()
}

pub fn id(key: &SecretKey) -> PublicKey {
    key.public_key(&Secp256k1::new())
}

pub fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

pub fn bytes(value: &Value) -> Vec<u8> {
    Vec::from_hex(value.as_str().unwrap()).unwrap()
}

pub fn point(value: &Value) -> PublicKey {
    PublicKey::from_slice(&bytes(value)).unwrap()
}

/// CLN writes private keys with a 01 behind them.
pub fn key(value: &Value) -> SecretKey {
    SecretKey::from_slice(&bytes(value)[..32]).unwrap()
}

/// Peels a layer that has to go on to this node.
pub fn relay(message: &[u8], key: &SecretKey, to: &PublicKey) -> Vec<u8> {
    match peel(message, ecdh_with(key)).unwrap() {
        Peeled::Forward { next, message } => {
            assert_eq!(next, NextHop::Node(*to));
            message
        }
        other => panic!("{other:?}"),
    }
}

/// Peels a layer that has to be the last.
pub fn arrive(message: &[u8], key: &SecretKey) -> Message {
    match peel(message, ecdh_with(key)).unwrap() {
        Peeled::Final(message) => message,
        other => panic!("{other:?}"),
    }
}
