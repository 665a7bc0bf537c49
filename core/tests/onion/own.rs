//! What we build, we peel: paths of every length, dummy hops, detours, a remote key.

use std::collections::BTreeMap;

use bitcoin::secp256k1::{ecdh, PublicKey, SecretKey};
use invreq::bolt12::{BlindedPath, Introduction};
use invreq::onion::{
    advance, build, ecdh_with, peel, peel_to_end, reply_path, Content, Destination, Message, OnionPacket,
    Outgoing, Peeled, SharedSecret, MAX_HOPS, MAX_LAYERS,
};
use invreq::ErrorCode;

use crate::support::{arrive, id, relay, secret};

const PATH_ID: [u8; 32] = [9; 32];
const INVOICE: &[u8] = b"\x00\x03abc";

fn over<'a>(path: &'a BlindedPath, via: &'a [PublicKey], reply: Option<&'a BlindedPath>) -> Outgoing<'a> {
    let introduction = match path.introduction {
        Introduction::NodeId(node) => node,
        Introduction::Scid { .. } => panic!("not in these tests"),
    };
    let destination = Destination::Path { path, introduction };
    Outgoing {
        invoice: INVOICE,
        destination,
        via,
        reply_path: reply,
    }
}

fn keys(count: usize) -> (Vec<SecretKey>, Vec<PublicKey>) {
    (1..=count as u8)
        .map(|byte| (secret(byte), id(&secret(byte))))
        .unzip()
}

/// Relays the packet through these nodes to the last of them.
fn deliver(packet: &OnionPacket, keys: &[SecretKey]) -> Message {
    assert_eq!(packet.first_hop, id(&keys[0]));
    let mut message = packet.message.clone();
    for pair in keys.windows(2) {
        message = relay(&message, &pair[0], &id(&pair[1]));
    }
    arrive(&message, keys.last().unwrap())
}

#[test]
fn paths_of_1_to_10_hops_round_trip() {
    for count in 1..=10 {
        let (keys, ids) = keys(count);
        let (recipient, before) = ids.split_last().unwrap();
        let path = reply_path(before, *recipient, &PATH_ID, [count as u8; 32]).unwrap();
        assert_eq!(path.introduction, Introduction::NodeId(ids[0]));
        assert_eq!(path.hops.len(), count);
        let lengths: Vec<usize> = path
            .hops
            .iter()
            .map(|hop| hop.encrypted_recipient_data.len())
            .collect();
        assert!(lengths.iter().all(|length| *length == lengths[0]), "{lengths:?}");

        let packet = build(&over(&path, &[], Some(&path)), [7; 32]).unwrap();
        let message = deliver(&packet, &keys);
        assert!(message.came_by(&PATH_ID));
        assert_eq!(message.reply_path, Some(path));
        assert_eq!(
            message.content,
            Some(Content {
                number: 66,
                value: INVOICE.to_vec()
            })
        );
    }
}

#[test]
fn a_detour_leads_into_the_path() {
    for detour in 1..=4 {
        let (keys, ids) = keys(detour + 3);
        let path = reply_path(&ids[detour..detour + 2], ids[detour + 2], &PATH_ID, [1; 32]).unwrap();
        let packet = build(&over(&path, &ids[..detour], None), [7; 32]).unwrap();
        assert!(deliver(&packet, &keys).came_by(&PATH_ID));
        // Naming the introduction node as the end of the detour changes nothing.
        assert_eq!(
            build(&over(&path, &ids[..=detour], None), [7; 32]).unwrap(),
            packet
        );
    }
}

#[test]
fn a_message_to_a_node_id_carries_no_path_id() {
    let (keys, ids) = keys(4);
    for count in 1..=4 {
        let destination = Destination::Node(ids[count - 1]);
        let mut outgoing = Outgoing {
            invoice: INVOICE,
            destination,
            via: &ids[..count - 1],
            reply_path: None,
        };
        let packet = build(&outgoing, [7; 32]).unwrap();
        let message = deliver(&packet, &keys[..count]);
        assert_eq!(message.path_id, None);
        assert!(!message.came_by(&[]));
        assert_eq!(message.reply_path, None);
        outgoing.via = &ids[..count];
        assert_eq!(build(&outgoing, [7; 32]).unwrap(), packet);
    }
}

#[test]
fn dummy_hops_are_peeled_to_the_end() {
    let (keys, ids) = keys(2);
    let us = [ids[1]; MAX_LAYERS];
    let dummies = |count: usize| {
        let via = [&ids[..1], &us[..count]].concat();
        let path = reply_path(&via, ids[1], &PATH_ID, [3; 32]).unwrap();
        let packet = build(&over(&path, &[], None), [7; 32]).unwrap();
        let message = relay(&packet.message, &keys[0], &ids[1]);
        peel_to_end(&message, &ids[1], ecdh_with(&keys[1]))
    };
    for count in [0, 1, 3, MAX_HOPS - 2] {
        match dummies(count).unwrap() {
            Peeled::Final(message) => assert!(message.came_by(&PATH_ID)),
            other => panic!("{other:?}"),
        }
    }
    // What goes on to another node is left at that.
    let path = reply_path(&[ids[1], ids[1], ids[0]], ids[0], &PATH_ID, [3; 32]).unwrap();
    let packet = build(&over(&path, &[], None), [7; 32]).unwrap();
    let peeled = peel_to_end(&packet.message, &ids[1], ecdh_with(&keys[1])).unwrap();
    assert!(matches!(peeled, Peeled::Forward { .. }));
}

#[test]
fn layers_are_bounded() {
    let (keys, ids) = keys(1);
    let via = [ids[0]; MAX_HOPS - 1];
    let path = reply_path(&via, ids[0], &PATH_ID, [3; 32]).unwrap();
    let mut longer = over(&path, &[], None);
    let packet = build(&longer, [7; 32]).unwrap();
    assert!(peel_to_end(&packet.message, &ids[0], ecdh_with(&keys[0])).is_ok());
    let one_more = [id(&secret(200)), ids[0]];
    longer.via = &one_more[..1];
    assert_eq!(
        build(&longer, [7; 32]).unwrap_err().code(),
        ErrorCode::LimitExceeded
    );
}

#[test]
fn a_path_that_starts_at_us_is_advanced() {
    let (keys, ids) = keys(3);
    let path = reply_path(&ids[..2], ids[2], &PATH_ID, [1; 32]).unwrap();
    // Some hosts take it as it is, others need it to start at a peer.
    let whole = build(&over(&path, &[], None), [7; 32]).unwrap();
    assert!(deliver(&whole, &keys).came_by(&PATH_ID));
    let rest = advance(&path, |_| None, ecdh_with(&keys[0])).unwrap();
    let packet = build(&over(&rest, &[], None), [7; 32]).unwrap();
    assert!(deliver(&packet, &keys[1..]).came_by(&PATH_ID));

    let code = |result: invreq::Result<BlindedPath>| result.unwrap_err().code();
    assert_eq!(
        code(advance(&path, |_| None, ecdh_with(&keys[1]))),
        ErrorCode::OnionInvalid
    );
    assert_eq!(
        code(advance(&path, |_| None, |_: &PublicKey| None)),
        ErrorCode::MissingAnswer
    );
    let last = advance(&rest, |_| None, ecdh_with(&keys[1])).unwrap();
    assert_eq!(
        code(advance(&last, |_| None, ecdh_with(&keys[2]))),
        ErrorCode::OnionInvalid
    );
}

#[test]
fn the_same_entropy_makes_the_same_bytes() {
    let (_, ids) = keys(3);
    let path = |entropy| reply_path(&ids[..2], ids[2], &PATH_ID, entropy).unwrap();
    assert_eq!(path([1; 32]), path([1; 32]));
    assert_ne!(path([1; 32]).path_key, path([2; 32]).path_key);
    let destination = path([1; 32]);
    let packet = |entropy| build(&over(&destination, &ids[2..], Some(&destination)), entropy).unwrap();
    assert_eq!(packet([1; 32]), packet([1; 32]));
    let (one, two) = (packet([1; 32]), packet([2; 32]));
    assert_ne!(one.message[..33], two.message[..33]);
    assert_ne!(one.message[36..69], two.message[36..69]);
    // One entropy for both still means two keys.
    assert_ne!(one.message[..33], destination.path_key.serialize());
}

/// Every session has its own key; a relay that saw one point twice would know that it talks to the sender.
#[test]
fn the_way_and_the_packet_have_independent_keys() {
    let (_, ids) = keys(3);
    let path = reply_path(&ids[1..2], ids[2], &PATH_ID, [1; 32]).unwrap();
    for destination in [
        Destination::Node(ids[2]),
        Destination::Path {
            path: &path,
            introduction: ids[1],
        },
    ] {
        for via in [&ids[..0], &ids[..1]] {
            let outgoing = Outgoing {
                invoice: INVOICE,
                destination,
                via,
                reply_path: None,
            };
            let message = build(&outgoing, [7; 32]).unwrap().message;
            assert_ne!(message[..33], message[36..69]);
        }
    }
}

#[test]
fn a_reply_path_may_start_at_a_channel() {
    let (keys, ids) = keys(2);
    for direction in [0, 1] {
        let introduction = Introduction::Scid {
            direction,
            scid: 0x0102_0304_0506_0708,
        };
        let path = reply_path(&ids, ids[1], &PATH_ID, [1; 32]).unwrap();
        let reply = BlindedPath { introduction, ..path };
        let destination = Destination::Node(ids[0]);
        let outgoing = Outgoing {
            invoice: INVOICE,
            destination,
            via: &[],
            reply_path: Some(&reply),
        };
        let packet = build(&outgoing, [7; 32]).unwrap();
        assert_eq!(deliver(&packet, &keys[..1]).reply_path, Some(reply));
    }
}

#[test]
fn bad_arguments_have_codes() {
    let (_, ids) = keys(2);
    let path = |via: &[PublicKey], path_id: &[u8]| {
        reply_path(via, ids[0], path_id, [1; 32]).map_err(|error| error.code())
    };
    assert_eq!(path(&[], &[]), Err(ErrorCode::InvalidParameter));
    assert_eq!(path(&[], &[1; 129]), Err(ErrorCode::InvalidParameter));
    assert!(path(&[], &[1; 128]).is_ok());
    assert!(path(&[ids[1]; MAX_HOPS - 1], &[1; 128]).is_ok());
    assert_eq!(path(&[ids[1]; MAX_HOPS], &PATH_ID), Err(ErrorCode::LimitExceeded));

    let good = path(&[], &PATH_ID).unwrap();
    let code = |outgoing: Outgoing<'_>| build(&outgoing, [1; 32]).unwrap_err().code();
    let empty = BlindedPath {
        hops: Vec::new(),
        ..good.clone()
    };
    let long = BlindedPath {
        hops: vec![good.hops[0].clone(); MAX_HOPS + 1],
        ..good.clone()
    };
    assert_eq!(
        code(Outgoing {
            invoice: &[],
            ..over(&good, &[], None)
        }),
        ErrorCode::EmptyStream
    );
    assert_eq!(code(over(&empty, &[], None)), ErrorCode::EmptyPath);
    assert_eq!(code(over(&good, &[], Some(&empty))), ErrorCode::EmptyPath);
    assert_eq!(code(over(&long, &[], None)), ErrorCode::LimitExceeded);
    assert_eq!(code(over(&good, &[], Some(&long))), ErrorCode::LimitExceeded);
    assert_eq!(
        code(over(&good, &[ids[1]; MAX_HOPS], None)),
        ErrorCode::LimitExceeded
    );
    let wrong = Introduction::Scid {
        direction: 2,
        scid: 1,
    };
    let scid = BlindedPath {
        introduction: wrong,
        ..good.clone()
    };
    assert_eq!(code(over(&good, &[], Some(&scid))), ErrorCode::InvalidParameter);
    let mut heavy = good.clone();
    heavy.hops[0].encrypted_recipient_data = vec![0; 70_000];
    assert_eq!(code(over(&good, &[], Some(&heavy))), ErrorCode::LimitExceeded);
    assert_eq!(code(over(&heavy, &[], None)), ErrorCode::LimitExceeded);
}

/// The packet is for blinded keys, so nothing in it depends on what the host says the introduction node is.
#[test]
fn the_introduction_node_is_the_hosts_word() {
    let (_, ids) = keys(2);
    let path = reply_path(&ids[..1], ids[1], &PATH_ID, [1; 32]).unwrap();
    let [one, other] = [ids[0], path.path_key].map(|introduction| {
        let destination = Destination::Path {
            path: &path,
            introduction,
        };
        let outgoing = Outgoing {
            destination,
            ..over(&path, &[], None)
        };
        build(&outgoing, [7; 32]).unwrap()
    });
    assert_eq!(one.message, other.message);
    assert_eq!((one.first_hop, other.first_hop), (ids[0], path.path_key));
}

/// A remote signer is asked one question at a time, and peeling starts again with each answer.
#[test]
fn a_remote_key_answers_two_questions_per_layer() {
    let (keys, ids) = keys(1);
    let path = reply_path(&[ids[0], ids[0]], ids[0], &PATH_ID, [1; 32]).unwrap();
    let packet = build(&over(&path, &[], None), [7; 32]).unwrap();
    let mut answers: BTreeMap<PublicKey, [u8; 32]> = BTreeMap::new();
    let message = loop {
        let mut wanted = None;
        let peeled = peel_to_end(&packet.message, &ids[0], |point: &PublicKey| {
            let answer = answers.get(point).copied();
            wanted = answer.is_none().then_some(*point);
            answer.map(SharedSecret::new)
        });
        match (peeled, wanted) {
            (Ok(Peeled::Final(message)), None) => break message,
            (Err(error), Some(point)) => {
                assert_eq!(error.code(), ErrorCode::MissingAnswer);
                answers.insert(point, ecdh::SharedSecret::new(&point, &keys[0]).secret_bytes());
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(answers.len(), 6);
    assert!(message.came_by(&PATH_ID));
}

#[test]
fn secrets_are_not_printed() {
    let (keys, ids) = keys(1);
    let path = reply_path(&[], ids[0], &[0xab; 32], [1; 32]).unwrap();
    let packet = build(&over(&path, &[], None), [7; 32]).unwrap();
    let peeled = peel(&packet.message, ecdh_with(&keys[0])).unwrap();
    assert!(!format!("{peeled:?}").contains("171"));
    assert_eq!(
        format!("{:?}", SharedSecret::new([171; 32])),
        "SharedSecret(secret)"
    );
}
