use bitcoin::secp256k1::{ecdh, PublicKey, Secp256k1, SecretKey};
use invreq::bolt12::TlvWriter;
use invreq::onion::{ecdh_with, peel, peel_to_end, NextHop, Peeled, SharedSecret, MAX_LAYERS};

use crate::craft::{layer, message, sealed};

/// Peels a message.
///
/// The first byte says whose key peels (the four of the official vector), and what the other bytes are: the message as
/// it comes from a peer, what it shows to the node once it is decrypted, the payload in that, or what the path tells
/// the node.
pub fn onion_peel(data: &[u8]) {
    let Some((head, bytes)) = data.split_first() else {
        return;
    };
    // No payload is longer, and what does not fit would only be cut.
    let bytes = &bytes[..bytes.len().min(70_000)];
    let short = &bytes[..bytes.len().min(32_000)];
    let key = SecretKey::from_slice(&[0x41 + (head & 3); 32]).unwrap();
    let next = if head & 0x80 == 0 { [0; 32] } else { [9; 32] };
    let message = match head >> 2 & 3 {
        0 => bytes.to_vec(),
        1 => message(&key, short),
        2 => message(&key, &layer(short, next)),
        _ => {
            let mut payload = TlvWriter::new();
            payload.record(4, &sealed(&key, short)).unwrap();
            message(&key, &layer(payload.as_bytes(), next))
        }
    };
    check(&message, &key);
}

/// What holds for every message.
fn check(message: &[u8], key: &SecretKey) {
    let node = key.public_key(&Secp256k1::new());
    let mut questions = 0;
    let mut remote = |point: &PublicKey| {
        questions += 1;
        Some(SharedSecret::new(
            ecdh::SharedSecret::new(point, key).secret_bytes(),
        ))
    };
    let local = peel(message, ecdh_with(key));
    assert_eq!(
        local,
        peel(message, &mut remote),
        "a key at hand and one that is not"
    );
    let to_end = peel_to_end(message, &node, &mut remote);
    assert_eq!(to_end, peel_to_end(message, &node, ecdh_with(key)));
    assert!(questions <= 2 + 2 * MAX_LAYERS);
    match local {
        // A dummy hop: what is under it decides.
        Ok(Peeled::Forward { next, .. }) if next == NextHop::Node(node) => {}
        Ok(Peeled::Forward { message: onward, .. }) => {
            // A relay does not change the size, or it would tell how far a message has come.
            let len = usize::from(u16::from_be_bytes([message[33], message[34]]));
            assert_eq!(onward.len(), 35 + len);
            assert!(to_end.is_ok());
        }
        local => assert_eq!(local, to_end),
    }
}
