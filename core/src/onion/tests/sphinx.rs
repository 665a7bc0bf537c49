//! The official packets, made again from their session keys. Those of payments are made alike, but for data that is
//! mixed into their checksums.

use serde_json::Value;

use super::vectors::{bytes, json, key, point};
use crate::bolt12::{read_bigsize, TlvWriter};
use crate::key::SharedSecret;
use crate::onion::keys::SessionKey;
use crate::onion::packet::{compose, Packet};
use crate::onion::sphinx::{layer_len, wrap, Layer};
use crate::ErrorCode;

const PAYMENT: &str = include_str!("../../../../tests/vectors/bolts/bolt04/onion-test.json");
const BLINDED_PAYMENT: &str =
    include_str!("../../../../tests/vectors/bolts/bolt04/blinded-payment-onion-test.json");
const MESSAGE: &str =
    include_str!("../../../../tests/vectors/bolts/bolt04/blinded-onion-message-onion-test.json");

/// Version, public key, payloads and checksum.
fn packet(session: &Value, layers: &[Layer], associated_data: &[u8], room: usize) -> Vec<u8> {
    let session = key(session);
    let any = layers[0].node;
    let message = compose(&any, room, |payloads| {
        wrap(SessionKey(session), layers, associated_data, payloads)
    });
    message.unwrap()[35..].to_vec()
}

/// The payloads of payments have their length in front.
fn payment_layers(hops: &Value) -> Vec<Layer> {
    let layer = |hop: &Value| {
        let payload = bytes(&hop["payload"]);
        let (len, payload) = read_bigsize(&payload).unwrap();
        assert_eq!(len, payload.len() as u64);
        Layer {
            node: point(&hop["pubkey"]),
            payload: payload.to_vec(),
        }
    };
    hops.as_array().unwrap().iter().map(layer).collect()
}

#[test]
fn the_official_onion_message_is_made_again() {
    let vector = json(MESSAGE);
    let hops = vector["route"]["hops"].as_array().unwrap();
    let layers: Vec<Layer> = hops
        .iter()
        .enumerate()
        .map(|(index, hop)| {
            let mut payload = TlvWriter::new();
            if index + 1 == hops.len() {
                payload
                    .record(1, &bytes(&vector["onionmessage"]["unknown_tag_1"]))
                    .unwrap();
            }
            let data = bytes(&hop["encrypted_recipient_data"]);
            payload.record(4, &data).unwrap();
            Layer {
                node: point(&hop["blinded_node_id"]),
                payload: payload.into_bytes(),
            }
        })
        .collect();
    let ours = packet(&vector["generate"]["session_key"], &layers, &[], 1300);
    assert_eq!(ours, bytes(&vector["onionmessage"]["onion_message_packet"]));
}

#[test]
fn the_official_onions_of_payments_are_made_again() {
    let (payment, blinded) = (json(PAYMENT), json(BLINDED_PAYMENT));
    let (generate, partly) = (&payment["generate"], &blinded["generate"]);
    let vectors = [
        (generate, &generate["hops"], &payment["onion"]),
        (partly, &partly["full_route"]["hops"], &partly["onion"]),
    ];
    for (generate, hops, onion) in vectors {
        let layers = payment_layers(hops);
        let data = bytes(&generate["associated_data"]);
        let ours = packet(&generate["session_key"], &layers, &data, 1300);
        assert_eq!(ours, bytes(onion));
        // Without the data nothing but the keys is alike.
        assert_ne!(packet(&generate["session_key"], &layers, &[], 1300), ours);
    }
}

#[test]
fn a_packet_may_be_filled_to_its_last_byte() {
    let vector = json(PAYMENT);
    let mut layers = payment_layers(&vector["generate"]["hops"]);
    let len = |layers: &[Layer]| {
        layers
            .iter()
            .map(|layer| layer_len(layer.payload.len()))
            .sum::<usize>()
    };
    let (session, filled) = (key(&vector["generate"]["session_key"]), len(&layers));
    let wrapped = |layers: &[Layer], room: usize| wrap(SessionKey(session), layers, &[], &mut vec![0; room]);
    assert!(wrapped(&layers, filled).is_ok());
    // What does not fit at all is noticed. What fits layer by layer, but not together, is for `room` to refuse.
    for room in [0, 1, layer_len(layers[4].payload.len()) - 1] {
        assert_eq!(
            wrapped(&layers, room).unwrap_err().code(),
            ErrorCode::LimitExceeded
        );
    }
    // The lengths where the number in front of a payload grows.
    for size in [0xfc, 0xfd] {
        layers[0].payload = vec![0; size];
        assert_eq!(layer_len(size), size + 32 + if size == 0xfc { 1 } else { 3 });
        let filled = len(&layers);
        let message = compose(&layers[0].node, filled, |room| {
            wrap(SessionKey(session), &layers, &[], room)
        })
        .unwrap();
        let packet = Packet::read(&message).unwrap();
        let opened = packet
            .open(&SharedSecret::between(&session, &layers[0].node))
            .unwrap();
        assert_eq!(opened.payload(), layers[0].payload);
        assert!(!opened.is_last());
    }
}
