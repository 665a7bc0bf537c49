//! Packets of one layer with any contents, correctly encrypted: what a hostile sender can make.

use bitcoin::secp256k1::{PublicKey, Secp256k1, SecretKey};
use proptest::prelude::*;

use crate::bolt12::{BlindedHop, TlvWriter};
use crate::key::SharedSecret;
use crate::onion::blind::blind as route_blinding;
use crate::onion::keys::{blind, checksum, seal, SessionKey, Stream};
use crate::onion::packet::compose;
use crate::onion::sphinx::{wrap, Layer};
use crate::onion::{ecdh_with, peel, peel_to_end, Content, Message, NextHop, Peeled, MAX_LAYERS};
use crate::{ErrorCode, Result};

const FINAL: [u8; 32] = [0; 32];
const ONWARD: [u8; 32] = [9; 32];

fn key(byte: u8) -> SecretKey {
    SecretKey::from_slice(&[byte; 32]).unwrap()
}

fn node(byte: u8) -> PublicKey {
    key(byte).public_key(&Secp256k1::new())
}

fn tlvs(records: &[(u64, &[u8])]) -> Vec<u8> {
    let mut writer = TlvWriter::new();
    for (number, value) in records {
        writer.record(*number, value).unwrap();
    }
    writer.into_bytes()
}

/// A packet for node 1 that shows it these bytes: length, payload and checksum of the next layer as the caller likes.
fn packet(shown: &[u8]) -> Vec<u8> {
    let secret = SharedSecret::between(&key(2), &node(1));
    let blinded = blind(&node(1), &secret).unwrap();
    let secret = SharedSecret::between(&key(3), &blinded);
    let mut payloads = shown.to_vec();
    payloads.resize(shown.len().max(1300), 7);
    Stream::new(&secret.rho()).apply(&mut payloads);
    let hmac = checksum(&secret.mu(), &payloads, &[]);
    let len = (payloads.len() + 66) as u16;
    let (path_key, public_key) = (node(2).serialize(), node(3).serialize());
    [
        &path_key[..],
        &len.to_be_bytes(),
        &[0],
        &public_key,
        &payloads,
        &hmac,
    ]
    .concat()
}

/// What the path says to node 1, encrypted.
fn sealed(told: &[u8]) -> Vec<u8> {
    let secret = SharedSecret::between(&key(2), &node(1));
    seal(&secret.rho(), told.to_vec()).unwrap()
}

fn layer(payload: &[u8], next: [u8; 32]) -> Vec<u8> {
    let mut writer = TlvWriter::new();
    // A record of type 0 is its payload with a length in front, and a zero before that.
    writer.record(0, payload).unwrap();
    [&writer.as_bytes()[1..], &next].concat()
}

fn open(message: &[u8]) -> Result<Peeled> {
    peel(message, ecdh_with(&key(1)))
}

/// Peels a layer whose path says `told`, and which shows `more` beside it.
fn peel_told(told: &[(u64, &[u8])], more: &[(u64, &[u8])], next: [u8; 32]) -> Result<Peeled> {
    let sealed = sealed(&tlvs(told));
    let mut payload: Vec<(u64, &[u8])> = vec![(4, &sealed)];
    payload.extend(more);
    payload.sort_by_key(|(number, _)| *number);
    open(&packet(&layer(&tlvs(&payload), next)))
}

fn code(result: Result<Peeled>) -> ErrorCode {
    let error = result.unwrap_err();
    assert_eq!(error.rule(), Some("onion-packet"));
    // Record numbers in an onion do not have the names of BOLT 12.
    assert_eq!(error.field(), None);
    error.code()
}

#[test]
fn a_final_layer_is_read() {
    let content = |number, value: &[u8]| {
        Some(Content {
            number,
            value: value.to_vec(),
        })
    };
    let message = |path_id: Option<&[u8]>, content| {
        Peeled::Final(Message {
            path_id: path_id.map(<[u8]>::to_vec),
            reply_path: None,
            content,
        })
    };
    assert_eq!(peel_told(&[], &[], FINAL).unwrap(), message(None, None));
    let (path_id, error) = ([5; 32], b"\x05\x01x");
    let arrived = peel_told(&[(1, &[0; 9]), (6, &path_id)], &[(68, error)], FINAL).unwrap();
    assert_eq!(arrived, message(Some(&path_id), content(68, error)));
    // Unknown odd records are skipped, and all from 64 are contents, known or not.
    let arrived = peel_told(&[(561, b"x")], &[(1, b"hello"), (77, b"y")], FINAL).unwrap();
    assert_eq!(arrived, message(None, content(77, b"y")));
    // Fields for payments, and features without a bit, say nothing to a message.
    let arrived = peel_told(&[(10, b"?"), (12, b"?"), (14, &[0])], &[], FINAL).unwrap();
    assert_eq!(arrived, message(None, None));
}

#[test]
fn a_layer_that_goes_on_names_the_next_hop() {
    let next = |told: &[(u64, &[u8])]| match peel_told(told, &[], ONWARD).unwrap() {
        Peeled::Forward { next, message } => (next, message),
        other => panic!("{other:?}"),
    };
    let (id, scid) = (node(4).serialize(), 77u64.to_be_bytes());
    assert_eq!(next(&[(4, &id)]).0, NextHop::Node(node(4)));
    assert_eq!(next(&[(2, &scid)]).0, NextHop::Scid(77));
    assert_eq!(next(&[(2, &scid), (4, &id)]).0, NextHop::Node(node(4)));
    let (_, message) = next(&[(4, &id), (8, &node(5).serialize())]);
    assert_eq!(message[..33], node(5).serialize());
    assert_eq!(message.len(), 33 + 2 + 1366);
    assert_eq!(message[message.len() - 32..], ONWARD);
}

#[test]
fn what_does_not_fit_the_place_in_the_path_is_refused() {
    let (id, path_id) = (node(4).serialize(), [5; 32]);
    let invalid = ErrorCode::OnionInvalid;
    // The last hop of the onion is not the last hop of the path.
    assert_eq!(code(peel_told(&[(4, &id)], &[], FINAL)), invalid);
    assert_eq!(
        code(peel_told(&[(2, &[0; 8]), (6, &path_id)], &[], FINAL)),
        invalid
    );
    // And the other way round.
    assert_eq!(code(peel_told(&[(6, &path_id)], &[], ONWARD)), invalid);
    assert_eq!(code(peel_told(&[], &[], ONWARD)), invalid);
    assert_eq!(code(peel_told(&[(4, &id), (6, &path_id)], &[], ONWARD)), invalid);
    // Only the last hop may be shown more than the encrypted data.
    assert_eq!(code(peel_told(&[(4, &id)], &[(68, b"")], ONWARD)), invalid);
    assert_eq!(code(peel_told(&[(4, &id)], &[(1, b"")], ONWARD)), invalid);
    assert_eq!(code(peel_told(&[], &[(66, b"a"), (68, b"b")], FINAL)), invalid);
}

#[test]
fn malformed_layers_are_refused() {
    use ErrorCode::{
        EmptyPath, InvalidLength, InvalidPoint, InvalidValue, MissingField, OnionInvalid, TlvNotAscending,
        TlvNotMinimal, TlvTruncated, UnknownEvenField, UnknownFeature,
    };
    let shown = |shown: &[u8]| code(open(&packet(shown)));
    let payload = |payload: &[u8]| shown(&layer(payload, FINAL));
    let told = |records: &[(u64, &[u8])]| code(peel_told(records, &[], FINAL));
    let path = |bytes: &[u8]| code(peel_told(&[], &[(2, bytes)], FINAL));

    assert_eq!(shown(&layer(&[], FINAL)), MissingField);
    assert_eq!(shown(&[0xfd, 0, 5]), TlvNotMinimal);
    assert_eq!(shown(&[0xfd, 0xff, 0xff]), InvalidLength);
    assert_eq!(shown(&[0xff; 9]), InvalidLength);
    // A payload that leaves no room for the next checksum.
    assert_eq!(shown(&[0xfd, 0x04, 0xff]), InvalidLength);

    assert_eq!(payload(&tlvs(&[(66, b"x")])), MissingField);
    assert_eq!(payload(&tlvs(&[(4, b"")])), OnionInvalid);
    assert_eq!(payload(&tlvs(&[(4, &[1; 60])])), OnionInvalid);
    assert_eq!(payload(&tlvs(&[(4, &sealed(b"")), (62, b"")])), UnknownEvenField);
    assert_eq!(payload(&[4]), TlvTruncated);
    assert_eq!(payload(&[4, 1]), TlvTruncated);
    assert_eq!(payload(&[4, 0xfd, 0, 0]), TlvNotMinimal);
    assert_eq!(payload(&[4, 0, 2, 0]), TlvNotAscending);
    assert_eq!(payload(&[4, 0, 4, 0]), TlvNotAscending);

    assert_eq!(told(&[(16, b"")]), UnknownEvenField);
    assert_eq!(told(&[(65_536, b"")]), UnknownEvenField);
    assert_eq!(told(&[(14, &[2])]), UnknownFeature);
    assert_eq!(told(&[(2, &[0; 7])]), InvalidLength);
    assert_eq!(told(&[(4, &[2; 32])]), InvalidLength);
    assert_eq!(told(&[(4, &[5; 33])]), InvalidPoint);
    assert_eq!(told(&[(8, &[0; 33])]), InvalidPoint);

    let point = node(4).serialize();
    let whole = [&point[..], &point, &[1], &point, &[0, 2, 7, 7]].concat();
    assert!(peel_told(&[], &[(2, &whole)], FINAL).is_ok());
    assert_eq!(path(&[]), EmptyPath);
    assert_eq!(path(&[&point[..], &point, &[0]].concat()), EmptyPath);
    assert_eq!(path(&[4]), InvalidValue);
    assert_eq!(path(&whole[..whole.len() - 1]), InvalidLength);
    assert_eq!(path(&[&whole[..], &whole].concat()), InvalidLength);
}

/// A message that takes this many layers off before it arrives, all for node 1.
fn layered(count: usize) -> Vec<u8> {
    let id = node(1).serialize();
    let mut route = vec![(node(1), tlvs(&[(4, &id)])); count - 1];
    route.push((node(1), Vec::new()));
    let (path_key, hops) = route_blinding(route, SessionKey(key(2))).unwrap();
    let layer = |hop: &BlindedHop| Layer {
        node: hop.blinded_node_id,
        payload: tlvs(&[(4, &hop.encrypted_recipient_data)]),
    };
    let layers: Vec<Layer> = hops.iter().map(layer).collect();
    compose(&path_key, 32_768, |payloads| {
        wrap(SessionKey(key(3)), &layers, &[], payloads)
    })
    .unwrap()
}

#[test]
fn a_message_with_too_many_layers_costs_no_more_than_the_last_that_is_taken_off() {
    let peel = |count: usize| {
        let mut questions = 0;
        let peeled = peel_to_end(&layered(count), &node(1), |point: &PublicKey| {
            questions += 1;
            Some(SharedSecret::between(&key(1), point))
        });
        (peeled.map_err(|error| error.code()), questions)
    };
    let arrived = Peeled::Final(Message {
        path_id: None,
        reply_path: None,
        content: None,
    });
    assert_eq!(peel(1), (Ok(arrived.clone()), 2));
    assert_eq!(peel(MAX_LAYERS), (Ok(arrived), 2 * MAX_LAYERS));
    for count in [MAX_LAYERS + 1, 2 * MAX_LAYERS] {
        assert_eq!(peel(count), (Err(ErrorCode::LimitExceeded), 2 * MAX_LAYERS));
    }
}

proptest! {
    #[test]
    fn any_decrypted_layer_is_read_without_panic(shown in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = open(&packet(&shown));
    }

    #[test]
    fn any_payload_is_read_without_panic(
        payload in prop::collection::vec(any::<u8>(), 0..200), next in prop::sample::select(vec![FINAL, ONWARD]),
    ) {
        let _ = open(&packet(&layer(&payload, next)));
    }

    #[test]
    fn any_hop_data_is_read_without_panic(
        told in prop::collection::vec(any::<u8>(), 0..200), next in prop::sample::select(vec![FINAL, ONWARD]),
    ) {
        let sealed = sealed(&told);
        let _ = open(&packet(&layer(&tlvs(&[(4, &sealed)]), next)));
    }

    #[test]
    fn any_record_of_hop_data_is_read_without_panic(
        number in 0u64..20, value in prop::collection::vec(any::<u8>(), 0..80),
        next in prop::sample::select(vec![FINAL, ONWARD]),
    ) {
        let _ = peel_told(&[(number, &value)], &[], next);
        if number != 4 {
            let _ = peel_told(&[], &[(number, &value)], next);
        }
    }
}
