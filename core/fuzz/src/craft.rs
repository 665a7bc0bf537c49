//! Messages of one layer with any contents, correctly encrypted: random bytes never get past a checksum.

use bitcoin::hashes::{sha256, Hash, HashEngine, Hmac, HmacEngine};
use bitcoin::secp256k1::ecdh::SharedSecret;
use bitcoin::secp256k1::{PublicKey, Scalar, Secp256k1, SecretKey};
use chacha20::cipher::{KeyIvInit, StreamCipher};
use chacha20::ChaCha20;
use chacha20poly1305::{AeadInPlace, ChaCha20Poly1305, KeyInit};
use invreq::bolt12::TlvWriter;

const PATH_KEY: [u8; 32] = [2; 32];
const SESSION_KEY: [u8; 32] = [3; 32];

/// The payload of message 513 that shows these bytes to the node with this key.
pub fn message(node: &SecretKey, shown: &[u8]) -> Vec<u8> {
    let secp = Secp256k1::new();
    let node = node.public_key(&secp);
    let path_key = secret(PATH_KEY);
    let factor = hmac(b"blinded_node_id", &shared(&path_key, &node));
    let blinded = node
        .mul_tweak(&secp, &Scalar::from_be_bytes(factor).unwrap())
        .unwrap();
    let session_key = secret(SESSION_KEY);
    let shared = shared(&session_key, &blinded);

    let room = if shown.len() <= 1_300 { 1_300 } else { 32_768 };
    let mut payloads = shown.to_vec();
    payloads.resize(room, 7);
    ChaCha20::new(&hmac(b"rho", &shared).into(), &[0; 12].into()).apply_keystream(&mut payloads);
    let checksum = hmac(&hmac(b"mu", &shared), &payloads);
    let [path_key, session_key] = [path_key, session_key].map(|key| key.public_key(&secp).serialize());
    let len = (room as u16 + 66).to_be_bytes();
    [&path_key[..], &len, &[0], &session_key, &payloads, &checksum].concat()
}

/// What the path of such a message tells this node, encrypted.
pub fn sealed(node: &SecretKey, told: &[u8]) -> Vec<u8> {
    let node = node.public_key(&Secp256k1::new());
    let rho = hmac(b"rho", &shared(&secret(PATH_KEY), &node));
    let mut data = told.to_vec();
    ChaCha20Poly1305::new(&rho.into())
        .encrypt_in_place(&[0; 12].into(), &[], &mut data)
        .unwrap();
    data
}

/// A payload with its length in front and the next checksum behind.
pub fn layer(payload: &[u8], next: [u8; 32]) -> Vec<u8> {
    let mut writer = TlvWriter::new();
    // A record of type 0 is its value with a length in front, and a zero before that.
    writer.record(0, payload).unwrap();
    [&writer.as_bytes()[1..], &next].concat()
}

fn secret(bytes: [u8; 32]) -> SecretKey {
    SecretKey::from_slice(&bytes).unwrap()
}

fn shared(key: &SecretKey, point: &PublicKey) -> [u8; 32] {
    SharedSecret::new(point, key).secret_bytes()
}

fn hmac(key: &[u8], data: &[u8]) -> [u8; 32] {
    let mut engine = HmacEngine::<sha256::Hash>::new(key);
    engine.input(data);
    Hmac::from_engine(engine).to_byte_array()
}
