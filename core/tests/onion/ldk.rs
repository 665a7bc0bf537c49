//! Both directions against LDK in one process: what we build LDK peels, what LDK sends we peel.

use bitcoin::secp256k1::PublicKey;
use invreq::bolt12::{BlindedPath, Introduction};
use invreq::onion::{
    advance, build, ecdh_with, peel_to_end, reply_path, Content, Destination, Message, Outgoing, Peeled,
};
use lightning::blinded_path::message::OffersContext;
use lightning::offers::invoice_error::InvoiceError;
use lightning::onion_message::messenger::PeeledOnion;
use lightning::onion_message::offers::OffersMessage;
use lightning::types::payment::PaymentHash;
use lightning::util::ser::Writeable;

use crate::ldk_node::{ours, LdkNode, Raw};
use crate::support::{arrive, bytes, json, relay};

const FLOWS: &str = include_str!("../../../tests/vectors/cln/recorded-flows.json");
const PATH_ID: [u8; 32] = [9; 32];

/// An invoice that LDK can read.
fn invoice() -> Vec<u8> {
    bytes(&json(FLOWS)["sessions"][0]["events"][1]["params"]["onion_message"]["invoice"])
}

/// The invoice, the context and the reply path with which a message of ours reaches LDK.
fn received(node: &LdkNode, message: &[u8]) -> (Vec<u8>, Option<OffersContext>, Option<BlindedPath>) {
    match node.peel(message) {
        Ok(PeeledOnion::Offers(OffersMessage::Invoice(invoice), context, reply)) => {
            (invoice.encode(), context, reply.as_ref().map(ours))
        }
        _ => panic!("no invoice arrived"),
    }
}

fn context() -> Option<OffersContext> {
    Some(OffersContext::InboundPayment {
        payment_hash: PaymentHash([4; 32]),
    })
}

#[test]
fn ldk_receives_an_invoice_straight_and_through_relays() {
    let [payer, relay, other, us] = [1, 2, 3, 4].map(LdkNode::new);
    let reply = reply_path(&[relay.id], us.id, &PATH_ID, [5; 32]).unwrap();
    let ways: [(&[PublicKey], &[&LdkNode]); 3] = [
        (&[], &[]),
        (&[relay.id], &[&relay]),
        (&[other.id, relay.id], &[&other, &relay]),
    ];
    for (via, relays) in ways {
        let invoice = invoice();
        let destination = Destination::Node(payer.id);
        let outgoing = Outgoing {
            invoice: &invoice,
            destination,
            via,
            reply_path: Some(&reply),
        };
        let packet = build(&outgoing, [6; 32]).unwrap();
        assert_eq!(packet.first_hop, *via.first().unwrap_or(&payer.id));
        let mut message = packet.message;
        for (index, node) in relays.iter().enumerate() {
            message = node.relay(&message, via.get(index + 1).unwrap_or(&payer.id));
        }
        assert_eq!(received(&payer, &message), (invoice, None, Some(reply.clone())));
    }
}

#[test]
fn ldk_receives_an_invoice_over_its_blinded_path() {
    let [payer, introduction, relay, us] = [1, 2, 3, 4].map(LdkNode::new);
    let reply = reply_path(&[], us.id, &PATH_ID, [5; 32]).unwrap();
    for dummies in [0, 2] {
        for via in [vec![], vec![relay.id], vec![relay.id, introduction.id]] {
            let path = payer.path(&[(introduction.id, None)], dummies);
            let invoice = invoice();
            let destination = Destination::Path {
                path: &path,
                introduction: introduction.id,
            };
            let outgoing = Outgoing {
                invoice: &invoice,
                destination,
                via: &via,
                reply_path: Some(&reply),
            };
            let mut message = build(&outgoing, [6; 32]).unwrap().message;
            if !via.is_empty() {
                message = relay.relay(&message, &introduction.id);
            }
            message = introduction.relay(&message, &payer.id);
            assert_eq!(
                received(&payer, &message),
                (invoice, context(), Some(reply.clone()))
            );
        }
    }
}

#[test]
fn a_path_that_starts_at_us_is_advanced_over_a_channel() {
    let [payer, us, other] = [1, 4, 3].map(LdkNode::new);
    for scid in [None, Some(77)] {
        let path = payer.path(&[(us.id, scid)], 1);
        let rest = advance(
            &path,
            |found| {
                assert_eq!(Some(found), scid);
                Some(payer.id)
            },
            ecdh_with(&us.key()),
        )
        .unwrap();
        assert_eq!(rest.introduction, Introduction::NodeId(payer.id));
        let invoice = invoice();
        let destination = Destination::Path {
            path: &rest,
            introduction: payer.id,
        };
        let outgoing = Outgoing {
            invoice: &invoice,
            destination,
            via: &[],
            reply_path: None,
        };
        let packet = build(&outgoing, [6; 32]).unwrap();
        assert_eq!(packet.first_hop, payer.id);
        assert_eq!(received(&payer, &packet.message), (invoice, context(), None));
        // LDK signs what it tells itself: its path, started by another node, is not its path.
        assert!(advance(&path, |_| Some(payer.id), ecdh_with(&other.key())).is_err());
    }
}

/// What `content` becomes on its way from an LDK payer through an LDK relay to us.
fn answered(content: impl lightning::onion_message::packet::OnionMessageContents) -> Message {
    let [payer, relay, us] = [1, 2, 4].map(LdkNode::new);
    let path = reply_path(&[relay.id, us.id], us.id, &PATH_ID, [5; 32]).unwrap();
    let (first, message) = payer.send(&[], &path, content, None);
    assert_eq!(first, relay.id);
    let message = relay.relay(&message, &us.id);
    match peel_to_end(&message, &us.id, ecdh_with(&us.key())).unwrap() {
        Peeled::Final(message) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn ldks_invoice_error_comes_back_over_our_path() {
    let error = InvoiceError::from_string("Invalid value".to_owned());
    let message = answered(OffersMessage::InvoiceError(error));
    assert!(message.came_by(&PATH_ID));
    assert!(!message.came_by(&[8; 32]));
    // LDK puts the length of the stream in front of it.
    let value = b"\x0f\x05\x0dInvalid value".to_vec();
    assert_eq!(message.content, Some(Content { number: 68, value }));
}

#[test]
fn an_invoice_error_as_specified_comes_back_too() {
    let value = b"\x05\x0dInvalid value".to_vec();
    let message = answered(Raw(68, value.clone()));
    assert!(message.came_by(&PATH_ID));
    assert_eq!(message.content, Some(Content { number: 68, value }));
    // LDK itself could not read it: that is why peeling is ours.
    let [payer, us] = [1, 4].map(LdkNode::new);
    let path = us.path(&[], 0);
    let (_, message) = payer.send(&[], &path, Raw(68, b"\x05\x0dInvalid value".to_vec()), None);
    assert!(us.peel(&message).is_err());
}

#[test]
fn anything_comes_back_through_any_number_of_relays() {
    let payer = LdkNode::new(1);
    let nodes: Vec<LdkNode> = (2..12).map(LdkNode::new).collect();
    let ids: Vec<PublicKey> = nodes.iter().map(|node| node.id).collect();
    for count in 1..=10 {
        let (us, before) = ids[..count].split_last().unwrap();
        let path = reply_path(before, *us, &PATH_ID, [count as u8; 32]).unwrap();
        let back = payer.path(&[], 0);
        let (_, mut message) = payer.send(&[], &path, Raw(101, vec![7; count * 300]), Some(&back));
        for index in 0..count - 1 {
            // LDK's relays and ours say the same.
            let next = nodes[index].relay(&message, &ids[index + 1]);
            assert_eq!(relay(&message, &nodes[index].key(), &ids[index + 1]), next);
            message = next;
        }
        let arrived = arrive(&message, &nodes[count - 1].key());
        assert!(arrived.came_by(&PATH_ID));
        assert_eq!(arrived.reply_path, Some(back));
        assert_eq!(
            arrived.content,
            Some(Content {
                number: 101,
                value: vec![7; count * 300]
            })
        );
    }
}

#[test]
fn ldks_way_to_our_path_leads_into_it() {
    let [payer, relay, introduction, us] = [1, 2, 3, 4].map(LdkNode::new);
    let path = reply_path(&[introduction.id], us.id, &PATH_ID, [5; 32]).unwrap();
    let (first, message) = payer.send(&[relay.id], &path, Raw(68, b"\x05\x01x".to_vec()), None);
    assert_eq!(first, relay.id);
    // LDK uses one session key for the way and for the packet, and so shows its first relay who sends. Ours does not.
    assert_eq!(message[..33], message[36..69]);
    let message = relay.relay(&message, &introduction.id);
    let message = introduction.relay(&message, &us.id);
    assert!(arrive(&message, &us.key()).came_by(&PATH_ID));
}

#[test]
fn an_error_straight_to_our_node_id_has_no_path_id() {
    let [payer, us] = [1, 4].map(LdkNode::new);
    // LDK cannot be made to send anything but over a path here, so the payer uses ours as its tool.
    let destination = Destination::Node(us.id);
    let outgoing = Outgoing {
        invoice: b"\x05\x01x",
        destination,
        via: &[payer.id],
        reply_path: None,
    };
    let message = payer.relay(&build(&outgoing, [6; 32]).unwrap().message, &us.id);
    assert_eq!(arrive(&message, &us.key()).path_id, None);
}
