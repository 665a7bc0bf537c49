//! What real Core Lightning nodes put into their messages, opened with the keys of those throwaway nodes.
//!
//! The recording has no raw onions: the nodes' hooks show them decrypted. It has the blinded data: the reply path of
//! each of the 9 invoices, the path in an invreq, the payment path in each invoice, and the path secrets that two of the
//! messages came by. Each is opened here by a message of ours sent over it.

use bitcoin::secp256k1::{PublicKey, SecretKey};
use invreq::bolt12::{BlindedHop, BlindedPath, Introduction, Invoice};
use invreq::onion::{build, Content, Destination, Outgoing};
use serde_json::Value;

use crate::support::{arrive, bytes, id, json, key, point, relay};

const FLOWS: &str = include_str!("../../../tests/vectors/cln/recorded-flows.json");

fn node_key(flows: &Value, node: &str) -> SecretKey {
    key(&flows["keys"][node]["node_privkey"])
}

fn introduction(path: &BlindedPath) -> PublicKey {
    match path.introduction {
        Introduction::NodeId(node) => node,
        Introduction::Scid { .. } => panic!("the recording has none"),
    }
}

fn reply_path(message: &Value) -> BlindedPath {
    let path = &message["reply_blindedpath"];
    let hops = path["hops"].as_array().unwrap().iter().map(|hop| BlindedHop {
        blinded_node_id: point(&hop["blinded_node_id"]),
        encrypted_recipient_data: bytes(&hop["encrypted_recipient_data"]),
    });
    BlindedPath {
        introduction: Introduction::NodeId(point(&path["first_node_id"])),
        path_key: point(&path["first_path_key"]),
        hops: hops.collect(),
    }
}

/// The packet that carries `invoice` over `path`.
fn send(path: &BlindedPath, invoice: &[u8]) -> Vec<u8> {
    let destination = Destination::Path {
        path,
        introduction: introduction(path),
    };
    let outgoing = Outgoing {
        invoice,
        destination,
        via: &[],
        reply_path: None,
    };
    let packet = build(&outgoing, [1; 32]).unwrap();
    assert_eq!(packet.first_hop, introduction(path));
    packet.message
}

#[test]
fn core_lightnings_reply_paths_and_payment_paths_are_opened() {
    let flows = json(FLOWS);
    let (mut replies, mut payments, mut errors) = (0, 0, 0);
    for session in flows["sessions"].as_array().unwrap() {
        let messages: Vec<&Value> = session["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| &event["params"]["onion_message"])
            .filter(|message| !message.is_null())
            .collect();
        let payee = match session["name"].as_str().unwrap() {
            "self" => node_key(&flows, "l1"),
            _ => node_key(&flows, "l2"),
        };
        let mut answers = Vec::new();
        for sent in messages.iter().filter(|message| message.get("invoice").is_some()) {
            let path = reply_path(sent);
            assert_eq!(introduction(&path), id(&payee));
            let answer = arrive(&send(&path, SENT), &payee);
            assert_eq!(answer.path_id.as_ref().unwrap().len(), 32);
            assert_eq!(answer.content.as_ref().unwrap().value, SENT);
            answers.push(answer);
            replies += 1;

            // Payment paths are blinded the same way.
            let invoice = Invoice::from_bytes(bytes(&sent["invoice"])).unwrap();
            for path in invoice.paths() {
                assert_eq!(arrive(&send(path, SENT), &payee).path_id.unwrap().len(), 32);
                payments += 1;
            }
        }
        // An error in the recording came back by the very secret of the path it answers.
        for error in messages
            .iter()
            .filter(|message| message.get("invoice_error").is_some())
        {
            let secret = bytes(&error["pathsecret"]);
            assert!(answers.iter().any(|answer| answer.came_by(&secret)));
            errors += 1;
        }
    }
    assert_eq!((replies, payments, errors), (9, 9, 2));
}

/// Any bytes do for what the messages carry.
const SENT: &[u8] = b"\x05\x01x";

#[test]
fn an_invoice_over_the_path_of_a_private_issuer_arrives_by_its_secret() {
    let flows = json(FLOWS);
    let sessions = flows["sessions"].as_array().unwrap();
    let session = sessions
        .iter()
        .find(|session| session["name"] == "invreq_paths")
        .unwrap();
    let sent = &session["events"][1]["params"]["onion_message"];
    let wire = bytes(&sent["invoice"]);
    let invoice = Invoice::from_bytes(wire.clone()).unwrap();
    let paths = invoice.invreq_paths().unwrap();
    let (public, private) = (node_key(&flows, "l1"), node_key(&flows, "l3"));
    assert_eq!(introduction(&paths[0]), id(&public));

    let onward = relay(&send(&paths[0], &wire), &public, &id(&private));
    let message = arrive(&onward, &private);
    assert!(message.came_by(&bytes(&sent["pathsecret"])));
    assert_eq!(
        message.content,
        Some(Content {
            number: 66,
            value: wire
        })
    );
}
