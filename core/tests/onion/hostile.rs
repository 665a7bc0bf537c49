//! Messages that were altered, cut, or were never messages.

use bitcoin::secp256k1::PublicKey;
use invreq::bolt12::BlindedPath;
use invreq::onion::{
    build, ecdh_with, peel, peel_to_end, reply_path, Destination, Outgoing, Peeled, MAX_PACKET_LEN,
};
use invreq::{ErrorCode, Result};
use proptest::prelude::*;

use crate::support::{id, secret};

fn path() -> BlindedPath {
    reply_path(&[id(&secret(1))], id(&secret(1)), &[9; 32], [3; 32]).unwrap()
}

fn message() -> Vec<u8> {
    let path = path();
    let destination = Destination::Path {
        path: &path,
        introduction: id(&secret(1)),
    };
    let outgoing = Outgoing {
        invoice: b"\x05\x01x",
        destination,
        via: &[],
        reply_path: Some(&path),
    };
    build(&outgoing, [7; 32]).unwrap().message
}

fn code(message: &[u8]) -> ErrorCode {
    let error = peel(message, ecdh_with(&secret(1))).unwrap_err();
    assert_eq!(error.rule(), Some("onion-packet"));
    error.code()
}

#[test]
fn another_key_cannot_open_it() {
    for other in [2, 3] {
        let error = peel(&message(), ecdh_with(&secret(other))).unwrap_err();
        assert_eq!(error.code(), ErrorCode::OnionInvalid);
    }
    let error = peel(&message(), |_: &PublicKey| None).unwrap_err();
    assert_eq!(error.code(), ErrorCode::MissingAnswer);
}

#[test]
fn a_changed_byte_anywhere_is_noticed() {
    let good = message();
    assert!(peel(&good, ecdh_with(&secret(1))).is_ok());
    for index in 0..good.len() {
        let mut forged = good.clone();
        forged[index] ^= 1;
        let expected: &[ErrorCode] = match index {
            // The first byte of a key makes its negative; the rest may make no point at all.
            0..33 | 36..69 => &[ErrorCode::OnionInvalid, ErrorCode::InvalidPoint],
            // A length that is longer than the message, or shorter: what is taken for the checksum is not.
            33 | 34 => &[ErrorCode::OnionInvalid, ErrorCode::InvalidLength],
            35 => &[ErrorCode::InvalidValue],
            _ => &[ErrorCode::OnionInvalid],
        };
        let found = code(&forged);
        assert!(expected.contains(&found), "byte {index}: {found}");
    }
}

#[test]
fn a_message_that_is_cut_anywhere_is_noticed() {
    let good = message();
    for len in 0..good.len() {
        assert_eq!(code(&good[..len]), ErrorCode::InvalidLength);
    }
    // What follows is an extension we do not know (BOLT 1).
    let longer = [good, vec![1, 0]].concat();
    assert!(peel(&longer, ecdh_with(&secret(1))).is_ok());
}

#[test]
fn sizes_are_bounded() {
    let head = |len: usize| {
        let mut message = message()[..69].to_vec();
        message[33..35].copy_from_slice(&(len as u16).to_be_bytes());
        message.resize(35 + len, 0);
        message
    };
    assert_eq!(code(&head(MAX_PACKET_LEN + 1)), ErrorCode::LimitExceeded);
    assert_eq!(code(&head(65_535)), ErrorCode::LimitExceeded);
    assert_eq!(code(&head(MAX_PACKET_LEN)), ErrorCode::OnionInvalid);
    assert_eq!(code(&head(66)), ErrorCode::OnionInvalid);
    assert_eq!(code(&message()[..35]), ErrorCode::InvalidLength);
    let mut empty = message();
    empty[33..35].fill(0);
    assert_eq!(code(&empty), ErrorCode::InvalidLength);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let _ = peel(&bytes, ecdh_with(&secret(1)));
        let _ = peel_to_end(&bytes, &id(&secret(1)), ecdh_with(&secret(1)));
    }

    #[test]
    fn altered_messages_never_open(index in 36usize..1401, byte in 1u8.., cut in 0usize..3) {
        let mut message = message();
        message[index] ^= byte;
        message.truncate(1401 - cut);
        prop_assert!(peel(&message, ecdh_with(&secret(1))).is_err());
    }
}

proptest! {
    // The large packets are slow without optimisation.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_route_round_trips(
        route in prop::collection::vec(1u8..100, 1..10), entropy in any::<[u8; 32]>(),
        path_id in prop::collection::vec(any::<u8>(), 1..=128),
        invoice in prop::collection::vec(any::<u8>(), 1..3000),
    ) {
        let ids: Vec<_> = route.iter().map(|byte| id(&secret(*byte))).collect();
        let (recipient, before) = ids.split_last().unwrap();
        let path = reply_path(before, *recipient, &path_id, entropy).unwrap();
        let destination = Destination::Path { path: &path, introduction: ids[0] };
        let outgoing = Outgoing { invoice: &invoice, destination, via: &[], reply_path: Some(&path) };
        let mut message = build(&outgoing, entropy).unwrap().message;
        for byte in before.iter().zip(&route).map(|(_, byte)| byte) {
            message = forwarded(peel(&message, ecdh_with(&secret(*byte))));
        }
        match peel(&message, ecdh_with(&secret(*route.last().unwrap()))).unwrap() {
            Peeled::Final(message) => {
                prop_assert!(message.came_by(&path_id));
                prop_assert_eq!(message.content.unwrap().value, invoice);
                prop_assert_eq!(message.reply_path, Some(path));
            }
            other => panic!("{other:?}"),
        }
    }
}

fn forwarded(peeled: Result<Peeled>) -> Vec<u8> {
    match peeled.unwrap() {
        Peeled::Forward { message, .. } => message,
        other => panic!("{other:?}"),
    }
}
