//! Messages that were altered, cut, or were never messages.

use bitcoin::secp256k1::PublicKey;
use invreq::bolt12::BlindedPath;
use invreq::onion::{
    build, ecdh_with, peel, peel_to_end, reply_path, Destination, Outgoing, Peeled, SharedSecret,
    MAX_PACKET_LEN,
};
use invreq::{ErrorCode, Result};
use proptest::prelude::*;

use crate::support::{id, secret};

fn path() -> BlindedPath {
    reply_path(&[id(&secret(1))], id(&secret(1)), &[9; 32], [3; 32]).unwrap()
}

fn message() -> Vec<u8> {
    carrying(b"\x05\x01x")
}

fn carrying(invoice: &[u8]) -> Vec<u8> {
    let path = path();
    let destination = Destination::Path {
        path: &path,
        introduction: id(&secret(1)),
    };
    let outgoing = Outgoing {
        invoice,
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

/// A question can be a round trip to a remote signer, and its answer is the dearest thing in peeling.
#[test]
fn nothing_is_asked_about_what_cannot_be_a_message() {
    let asked = |message: &[u8]| {
        let mut questions = 0;
        let peeled = peel(message, |_: &PublicKey| {
            questions += 1;
            None
        });
        (peeled.unwrap_err().code(), questions)
    };
    let good = message();
    let with_len = |len: u16| {
        let mut message = good[..69].to_vec();
        message[33..35].copy_from_slice(&len.to_be_bytes());
        message.resize(35 + usize::from(u16::MAX), 0);
        message
    };
    assert_eq!(asked(&good), (ErrorCode::MissingAnswer, 1));
    assert_eq!(asked(&with_len(u16::MAX)), (ErrorCode::LimitExceeded, 0));
    assert_eq!(
        asked(&with_len(MAX_PACKET_LEN as u16 + 1)),
        (ErrorCode::LimitExceeded, 0)
    );
    assert_eq!(asked(&with_len(65)), (ErrorCode::InvalidLength, 0));
    assert_eq!(asked(&good[..good.len() - 1]), (ErrorCode::InvalidLength, 0));
    assert_eq!(asked(&vec![0; 1 << 20]), (ErrorCode::InvalidPoint, 0));
    assert_eq!(asked(&[]), (ErrorCode::InvalidLength, 0));
    // And what was altered is not asked about a second time than it must be.
    let mut forged = good.clone();
    forged[200] ^= 1;
    let mut questions = 0;
    let peeled = peel(&forged, |point: &PublicKey| {
        questions += 1;
        let secret = bitcoin::secp256k1::ecdh::SharedSecret::new(point, &secret(1));
        Some(SharedSecret::new(secret.secret_bytes()))
    });
    assert_eq!(
        (peeled.unwrap_err().code(), questions),
        (ErrorCode::OnionInvalid, 2)
    );
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

    #[test]
    fn altered_large_messages_never_open(index in 0usize..32_869, byte in 1u8.., cut in 0usize..40_000) {
        let good = carrying(&[7; 2000]);
        prop_assert_eq!(good.len(), 32_869);
        let mut message = good.clone();
        message[index] ^= byte;
        prop_assert!(peel(&message, ecdh_with(&secret(1))).is_err());
        message = good;
        message.truncate(cut);
        prop_assert_eq!(peel(&message, ecdh_with(&secret(1))).is_ok(), cut >= 32_869);
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
