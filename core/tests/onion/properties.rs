//! Random routes, in both directions between us and LDK.

use bitcoin::secp256k1::{Keypair, PublicKey, Secp256k1};
use invreq::answer::{answer, Answerable, Terms};
use invreq::bolt12::{number, BlindedPath, Introduction, InvoiceRequest, PayInfo, PaymentPath, TlvWriter};
use invreq::onion::{
    advance, build, ecdh_with, message_len, peel, reply_path, Content, Destination, NextHop, Outgoing,
    Peeled, SharedSecret,
};
use invreq::{ErrorCode, PaymentHash, Result};
use lightning::onion_message::messenger::PeeledOnion;
use lightning::onion_message::offers::OffersMessage;
use lightning::util::ser::Writeable;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::ldk_node::{ours, LdkNode, Raw};
use crate::support::{id, secret};

const PATH_ID: [u8; 32] = [9; 32];

/// An invoice that LDK can read, longer by a note of this many bytes.
fn invoice(note: usize) -> Vec<u8> {
    let mut request = TlvWriter::new();
    request.record(number::INVREQ_METADATA, &[1; 16]).unwrap();
    request.record(number::OFFER_DESCRIPTION, b"refund").unwrap();
    request.integer(number::INVREQ_AMOUNT, 20_000_001).unwrap();
    let payer = id(&secret(0x42)).serialize();
    request.record(number::INVREQ_PAYER_ID, &payer).unwrap();
    request
        .record(number::INVREQ_PAYER_NOTE, &vec![b'a'; note])
        .unwrap();
    let request = InvoiceRequest::from_bytes(request.into_bytes()).unwrap();
    let answerable = Answerable::new(request, None, None).unwrap();
    let secp = Secp256k1::new();
    let key = Keypair::from_secret_key(&secp, &secret(0x43));
    let terms = Terms {
        created_at: 1_700_000_000,
        relative_expiry: 3600,
        payment_hash: PaymentHash([4; 32]),
        node_id: key.public_key(),
        mpp: false,
        paths: vec![PaymentPath {
            path: reply_path(&[], key.public_key(), &PATH_ID, [1; 32]).unwrap(),
            payinfo: PayInfo {
                htlc_maximum_msat: 1_000_000_000,
                ..PayInfo::default()
            },
        }],
        paths_expire_at: None,
    };
    let invoice = answer(&answerable, &terms, &key, &secp).unwrap();
    invoice.as_bytes().to_vec()
}

/// What is small enough for the small packet, and what spills into the large one or over it.
fn length() -> impl Strategy<Value = usize> {
    prop_oneof![0usize..900, 0usize..32_300]
}

/// Where a message goes: straight to LDK's node, or over a path of LDK's with relays and dummy hops.
#[derive(Clone, Copy, Debug)]
enum To {
    Node,
    Path { relays: usize, dummies: usize },
}

fn to() -> impl Strategy<Value = To> {
    let path = (0usize..3, 0usize..3).prop_map(|(relays, dummies)| To::Path { relays, dummies });
    prop_oneof![1 => Just(To::Node), 3 => path]
}

fn ids(nodes: &[LdkNode]) -> Vec<PublicKey> {
    nodes.iter().map(|node| node.id).collect()
}

/// Peels with the key at hand and with one that answers questions only; both have to say the same.
fn peel_both_ways(message: &[u8], node: &LdkNode) -> Result<Peeled> {
    let local = peel(message, ecdh_with(&node.key()));
    let remote = peel(message, |point: &PublicKey| {
        let secret = bitcoin::secp256k1::ecdh::SharedSecret::new(point, &node.key());
        Some(SharedSecret::new(secret.secret_bytes()))
    });
    assert_eq!(local, remote);
    local
}

fn forwarded(peeled: Result<Peeled>) -> (NextHop, Vec<u8>) {
    match peeled.unwrap() {
        Peeled::Forward { next, message } => (next, message),
        other => panic!("{other:?}"),
    }
}

proptest! {
    // LDK is slow where packets are large, and so is everything without optimisation.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_we_build_ldk_peels(
        detour in 0usize..4, to in to(), replies in option::of(0usize..4), note in length(), entropy in any::<[u8; 32]>(),
    ) {
        let nodes: Vec<LdkNode> = (1..=detour as u8).map(LdkNode::new).collect();
        let relays: Vec<LdkNode> = (11..=20).take(match to {
            To::Node => 0,
            To::Path { relays, .. } => relays,
        }).map(LdkNode::new).collect();
        let (payer, us) = (LdkNode::new(50), LdkNode::new(51));
        let via = ids(&nodes);
        let path = match to {
            To::Node => None,
            To::Path { dummies, .. } => {
                let hops: Vec<_> = relays.iter().map(|node| (node.id, None)).collect();
                Some(payer.path(&hops, dummies))
            }
        };
        let introduction = relays.first().unwrap_or(&payer).id;
        let reply = replies.map(|count| reply_path(&vec![introduction; count], us.id, &PATH_ID, entropy).unwrap());
        let invoice = invoice(note);
        let outgoing = Outgoing {
            invoice: &invoice,
            destination: match &path {
                Some(path) => Destination::Path { path, introduction },
                None => Destination::Node(payer.id),
            },
            via: &via,
            reply_path: reply.as_ref(),
        };
        let packet = match build(&outgoing, entropy) {
            Ok(packet) => packet,
            Err(error) => {
                prop_assert_eq!(error.code(), ErrorCode::LimitExceeded);
                prop_assert_eq!(message_len(&outgoing), Err(error));
                prop_assert!(invoice.len() > 30_000);
                return Ok(());
            }
        };
        prop_assert_eq!(message_len(&outgoing), Ok(packet.message.len()));
        prop_assert_eq!(packet.first_hop, nodes.iter().chain(&relays).next().unwrap_or(&payer).id);
        let way: Vec<&LdkNode> = nodes.iter().chain(&relays).chain([&payer]).collect();
        let mut message = packet.message;
        for pair in way.windows(2) {
            message = pair[0].relay(&message, &pair[1].id);
        }
        match payer.peel(&message) {
            Ok(PeeledOnion::Offers(OffersMessage::Invoice(read), context, reply_read)) => {
                prop_assert_eq!(read.encode(), invoice);
                prop_assert_eq!(context.is_some(), path.is_some());
                prop_assert_eq!(reply_read.as_ref().map(ours), reply);
            }
            _ => panic!("no invoice arrived"),
        }
    }

    #[test]
    fn what_ldk_builds_we_peel(
        detour in 0usize..3, hops in 1usize..5, record in 64u64..300, len in length().prop_map(|len| len.min(30_000)),
        replies in option::of(0usize..3), entropy in any::<[u8; 32]>(),
    ) {
        let nodes: Vec<LdkNode> = (1..=(detour + hops) as u8).map(LdkNode::new).collect();
        let payer = LdkNode::new(50);
        let ids = ids(&nodes);
        let (us, before) = nodes.split_last().unwrap();
        let path = reply_path(&ids[detour..before.len()], us.id, &PATH_ID, entropy).unwrap();
        let back = replies.map(|count| payer.path(&vec![(us.id, None); count], 1));
        // Odd records of other protocols are LDK's own messages, which would have to be well-formed.
        let record = record | 1;
        let (first, mut message) = payer.send(&ids[..detour], &path, Raw(record, vec![7; len]), back.as_ref());
        prop_assert_eq!(first, ids[0]);
        for (node, next) in before.iter().zip(&ids[1..]) {
            let (found, onward) = forwarded(peel_both_ways(&message, node));
            prop_assert_eq!(found, NextHop::Node(*next));
            prop_assert_eq!(&onward, &node.relay(&message, next));
            message = onward;
        }
        match peel_both_ways(&message, us).unwrap() {
            Peeled::Final(message) => {
                prop_assert!(message.came_by(&PATH_ID));
                prop_assert_eq!(message.reply_path, back);
                prop_assert_eq!(message.content, Some(Content { number: record, value: vec![7; len] }));
            }
            other => panic!("{other:?}"),
        }
    }

    /// What is left of a path after its first node is what that node makes of a message over it.
    #[test]
    fn what_advance_leaves_is_what_the_first_hop_forwards(
        route in vec(1u8..100, 2..10), detour in option::of(1u8..100), entropy in any::<[u8; 32]>(),
    ) {
        let nodes: Vec<PublicKey> = route.iter().map(|byte| id(&secret(*byte))).collect();
        let (recipient, before) = nodes.split_last().unwrap();
        let path = reply_path(before, *recipient, &PATH_ID, entropy).unwrap();
        let rest = advance(&path, |_| None, ecdh_with(&secret(route[0]))).unwrap();
        prop_assert_eq!(rest.introduction, Introduction::NodeId(nodes[1]));
        prop_assert_eq!(&rest.hops[..], &path.hops[1..]);

        let via: Vec<PublicKey> = detour.iter().map(|byte| id(&secret(*byte))).collect();
        let destination = Destination::Path { path: &path, introduction: nodes[0] };
        let outgoing = Outgoing { invoice: b"x", destination, via: &via, reply_path: None };
        let mut message = build(&outgoing, entropy).unwrap().message;
        if let Some(byte) = detour.filter(|byte| *byte != route[0]) {
            // The node before the path tells its first node the path key.
            message = forwarded(peel(&message, ecdh_with(&secret(byte)))).1;
        }
        prop_assert_eq!(&message[..33], &path.path_key.serialize()[..]);
        let (next, message) = forwarded(peel(&message, ecdh_with(&secret(route[0]))));
        prop_assert_eq!(next, NextHop::Node(nodes[1]));
        prop_assert_eq!(&message[..33], &rest.path_key.serialize()[..]);
    }

    #[test]
    fn a_message_is_as_long_as_was_said(
        detour in 0usize..34, hops in 0usize..34, data in 0usize..2000, replies in option::of(0usize..34),
        len in 0usize..40_000, entropy in any::<[u8; 32]>(),
    ) {
        let us = id(&secret(1));
        let mut path = reply_path(&[], us, &PATH_ID, entropy).unwrap();
        path.hops[0].encrypted_recipient_data.resize(data, 0);
        path.hops = vec![path.hops[0].clone(); hops];
        let reply = replies.map(|count| BlindedPath { hops: vec![path_hop(us); count], ..path.clone() });
        let via = vec![us; detour];
        let invoice = vec![7; len];
        let destinations = [Destination::Node(id(&secret(2))), Destination::Path { path: &path, introduction: us }];
        for destination in destinations {
            let outgoing = Outgoing { invoice: &invoice, destination, via: &via, reply_path: reply.as_ref() };
            let built = build(&outgoing, entropy).map(|packet| packet.message.len());
            prop_assert_eq!(message_len(&outgoing), built);
        }
    }
}

fn path_hop(node: PublicKey) -> invreq::bolt12::BlindedHop {
    reply_path(&[], node, &PATH_ID, [1; 32]).unwrap().hops[0].clone()
}
