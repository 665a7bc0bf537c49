//! Paths that begin at the host's own node, where that cannot be sent to: the engine steps over it.

use bitcoin::secp256k1::Secp256k1;
use invreq::bolt12::{BlindedHop, BlindedPath, Introduction};
use invreq::engine::{Answer, Delivery, Need, PathOutcome, Record, ReplyPath, Route, SendOutcome};
use invreq::onion::{ecdh_with, peel_to_end, reply_path, Peeled};
use invreq::ErrorCode;
use lightning::blinded_path::message::{
    BlindedMessagePath, MessageContext, MessageForwardNode, OffersContext,
};
use lightning::sign::{KeysManager, NodeSigner};
use lightning::types::payment::PaymentHash;

use crate::common::{node, params, secret, Host, Request};

const OWN: u8 = 80;

/// A host whose node is `OWN` and cannot hand messages to itself.
fn host() -> Host {
    let mut host = Host::new();
    host.keys.insert(node(OWN), secret(OWN));
    host.routes.insert(node(OWN), own());
    host
}

fn own() -> Answer {
    Answer::Route(Some(Route {
        // What else it says is not looked at.
        via: vec![node(99)],
        own_node: true,
        reply: ReplyPath::Host,
        ..Route::default()
    }))
}

/// A payer's path through these nodes, as the payer makes it.
fn path(via: &[u8]) -> BlindedPath {
    let via: Vec<_> = via.iter().map(|number| node(*number)).collect();
    reply_path(&via, node(66), &[7; 32], [8; 32]).unwrap()
}

fn send(host: &mut Host, path: BlindedPath) -> u64 {
    let text = Request::default().path(path).text();
    host.send(params(&text, "a")).unwrap()
}

fn outcome(record: &Record) -> PathOutcome {
    record.delivery.paths[0].outcome
}

/// What the payer finds in a copy that comes straight to it.
fn found(copy: &Delivery) -> Vec<u8> {
    match peel_to_end(&copy.packet.message, &node(66), ecdh_with(&secret(66))).unwrap() {
        Peeled::Final(message) => {
            assert!(message.came_by(&[7; 32]));
            message.content.unwrap().value
        }
        other => panic!("{other:?}"),
    }
}

fn ecdh_asked(host: &Host) -> usize {
    let asked = host.asked.iter();
    asked.filter(|need| matches!(need, Need::Ecdh { .. })).count()
}

#[test]
fn the_next_node_is_asked_about_and_sent_to() {
    let mut host = host();
    send(&mut host, path(&[OWN]));
    let copy = host.delivered(SendOutcome::Accepted);
    assert_eq!((copy.node_id, copy.packet.first_hop), (node(66), node(66)));
    assert!(copy.via.is_empty(), "the way to our own node is no way");
    let rest = copy.path.clone().unwrap();
    assert_eq!(
        (rest.introduction, rest.hops.len()),
        (Introduction::NodeId(node(66)), 1)
    );
    assert_eq!(found(&copy), copy.invoice);
    assert_eq!(ecdh_asked(&host), 1);
    let routes = [node(OWN), node(66)].map(|node_id| Need::FindRoute { node_id });
    assert!(routes.iter().all(|need| host.asked.contains(need)));
    assert_eq!(outcome(&host.get("a")), PathOutcome::Accepted);
    assert_eq!(
        host.get("a").delivery.paths[0].introduction,
        Introduction::NodeId(node(OWN))
    );
}

#[test]
fn a_path_may_begin_there_more_than_once() {
    let mut host = host();
    send(&mut host, path(&[OWN, OWN, OWN]));
    let copy = host.delivered(SendOutcome::Accepted);
    assert_eq!(ecdh_asked(&host), 3);
    assert_eq!(found(&copy), copy.invoice);
}

#[test]
fn a_path_that_is_ours_to_the_end_leads_nowhere() {
    // All of it; the last hop; and a payer that is our own node.
    let whole = reply_path(&[node(OWN)], node(OWN), &[7; 32], [8; 32]).unwrap();
    let last = reply_path(&[], node(OWN), &[7; 32], [8; 32]).unwrap();
    let foreign = crate::common::request::path_over(OWN);
    for (path, asked) in [(whole, 1), (last, 0), (foreign, 0)] {
        let mut host = host();
        let call = send(&mut host, path);
        assert_eq!(host.error(call).0, ErrorCode::NoRoute);
        assert_eq!(ecdh_asked(&host), asked);
    }
    let mut host = host();
    host.routes.insert(node(66), own());
    let call = host.send(params(&Request::default().text(), "a")).unwrap();
    assert_eq!(host.error(call).0, ErrorCode::NoRoute);
}

#[test]
fn where_the_key_cannot_be_asked_now_it_is_tried_again() {
    let mut host = host();
    host.keys.clear();
    let call = send(&mut host, path(&[OWN]));
    assert_eq!((host.reply(call), host.deliveries.len()), (None, 0));
    assert_eq!(outcome(&host.get("a")), PathOutcome::Offline);
    host.keys.insert(node(OWN), secret(OWN));
    host.wait_s(1);
    host.delivered(SendOutcome::Accepted);
}

#[test]
fn another_path_is_taken_where_the_first_is_ours() {
    let mut host = host();
    let text = Request::default()
        .path(reply_path(&[], node(OWN), &[7; 32], [8; 32]).unwrap())
        .path(path(&[10]))
        .text();
    host.send(params(&text, "a")).unwrap();
    let copy = host.delivered(SendOutcome::Accepted);
    assert_eq!(copy.node_id, node(10));
    assert_eq!(outcome(&host.get("a")), PathOutcome::NoRoute);
}

/// A path from our node over a channel, as LDK makes them for QR codes.
fn over_channel(scid: u64) -> BlindedPath {
    let keys = KeysManager::new(&[66; 32], 0, 0, true);
    let payer = keys.get_node_secret_key().public_key(&Secp256k1::new());
    let context = MessageContext::Offers(OffersContext::InboundPayment {
        payment_hash: PaymentHash([4; 32]),
    });
    let via = [MessageForwardNode {
        node_id: node(OWN),
        short_channel_id: Some(scid),
    }];
    let auth = keys.get_receive_auth_key();
    let path = BlindedMessagePath::new(&via, payer, auth, context, &keys, &Secp256k1::new());
    let hops = path.blinded_hops().iter().map(|hop| BlindedHop {
        blinded_node_id: hop.blinded_node_id,
        encrypted_recipient_data: hop.encrypted_payload.clone(),
    });
    BlindedPath {
        introduction: Introduction::NodeId(node(OWN)),
        path_key: path.blinding_point(),
        hops: hops.collect(),
    }
}

#[test]
fn over_a_channel_it_goes_to_the_end_that_is_not_ours() {
    let known = |number| Answer::NodeId(Some(node(number)));
    let unknown = || Answer::NodeId(None);
    let lost = || Answer::Failed("no".to_owned());
    for (ends, expected) in [
        ([known(OWN), known(70)], PathOutcome::Accepted),
        ([known(70), known(OWN)], PathOutcome::Accepted),
        ([known(70), unknown()], PathOutcome::Accepted),
        ([unknown(), known(70)], PathOutcome::Accepted),
        ([known(OWN), lost()], PathOutcome::Offline),
        ([lost(), known(70)], PathOutcome::Offline),
        ([known(OWN), unknown()], PathOutcome::NoRoute),
        ([unknown(), unknown()], PathOutcome::NoRoute),
        ([known(OWN), known(OWN)], PathOutcome::NoRoute),
        ([known(70), known(71)], PathOutcome::NoRoute),
    ] {
        let mut host = host();
        for (direction, end) in (0u8..).zip(ends.clone()) {
            host.ends.insert((77, direction), end);
        }
        send(&mut host, over_channel(77));
        if expected == PathOutcome::Accepted {
            let copy = host.delivered(SendOutcome::Accepted);
            assert_eq!((copy.node_id, copy.packet.first_hop), (node(70), node(70)));
            assert_eq!(copy.path.unwrap().hops.len(), 1);
        }
        assert!(host.deliveries.is_empty());
        assert_eq!(outcome(&host.get("a")), expected, "{ends:?}");
        for direction in [0, 1] {
            let need = Need::ResolveScid { scid: 77, direction };
            assert!(host.asked.contains(&need));
        }
    }
}

#[test]
fn a_path_that_begins_at_a_channel_of_ours_is_stepped_over_too() {
    let mut host = host();
    let path = BlindedPath {
        introduction: Introduction::Scid {
            direction: 1,
            scid: 78,
        },
        ..path(&[OWN])
    };
    host.ends.insert((78, 1), Answer::NodeId(Some(node(OWN))));
    send(&mut host, path);
    let copy = host.delivered(SendOutcome::Accepted);
    assert_eq!(found(&copy), copy.invoice);
}

#[test]
fn the_way_that_steps_over_has_keys_of_its_own() {
    let key = |copy: &Delivery| copy.packet.message[35..35 + 34].to_vec();
    let mut keys = Vec::new();
    // The same copy to the same node: first as the path's beginning, then behind our own node.
    let scid = |path| BlindedPath {
        introduction: Introduction::Scid {
            direction: 0,
            scid: 78,
        },
        ..path
    };
    for begins_at in [66, OWN] {
        let mut host = host();
        host.ends.insert((78, 0), Answer::NodeId(Some(node(begins_at))));
        send(&mut host, scid(path(&[OWN])));
        let copy = host.delivered(SendOutcome::Accepted);
        assert_eq!(copy.packet.first_hop, node(66));
        keys.push((copy.invoice.clone(), key(&copy)));
    }
    assert_eq!(keys[0].0, keys[1].0);
    assert_ne!(keys[0].1, keys[1].1);
}
