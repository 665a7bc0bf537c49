//! The official onion message, and Core Lightning's, decrypted at each hop.

use invreq::bolt12::{BlindedHop, BlindedPath, Introduction};
use invreq::onion::{advance, ecdh_with};
use invreq::ErrorCode;

use crate::support::{arrive, bytes, id, json, key, point, relay};

const ONION_MESSAGE: &str =
    include_str!("../../../tests/vectors/bolts/bolt04/blinded-onion-message-onion-test.json");
const ROUTE_BLINDING: &str = include_str!("../../../tests/vectors/bolts/bolt04/route-blinding-test.json");
const CLN: &str = include_str!("../../../tests/vectors/cln/cln-blindedpath-onion.json");

#[test]
fn the_official_onion_message_is_relayed_and_read() {
    let vector = json(ONION_MESSAGE);
    let hops = vector["decrypt"]["hops"].as_array().unwrap();
    assert_eq!(hops.len(), 4);
    let wire = |index: usize| bytes(&hops[index]["onion_message"])[2..].to_vec();
    let mut message = wire(0);
    assert_eq!(
        message[35..],
        bytes(&vector["onionmessage"]["onion_message_packet"])[..]
    );
    for (index, hop) in hops[..3].iter().enumerate() {
        message = relay(&message, &key(&hop["privkey"]), &point(&hop["next_node_id"]));
        assert_eq!(message, wire(index + 1));
    }
    let message = arrive(&message, &key(&hops[3]["privkey"]));
    let path_id = bytes(&vector["generate"]["hops"][3]["tlvs"]["path_id"]);
    assert!(message.came_by(&path_id));
    // The vector says hello in record 1, which is no message's content.
    assert_eq!((message.content, message.reply_path), (None, None));
}

#[test]
fn core_lightnings_onion_message_is_relayed_and_read() {
    let vector = json(CLN);
    let hops = vector["onionmsgs"].as_array().unwrap();
    assert_eq!(hops.len(), 4);
    let wire = |index: usize| bytes(&hops[index]["onion_message"]["raw"])[2..].to_vec();
    let mut message = wire(0);
    for index in 0..3 {
        message = relay(
            &message,
            &key(&hops[index]["node_secret"]),
            &point(&hops[index + 1]["node_id"]),
        );
        assert_eq!(message, wire(index + 1));
    }
    let message = arrive(&message, &key(&hops[3]["node_secret"]));
    let path_id: Vec<u8> = (1..=32).collect();
    assert_eq!(message.path_id, Some(path_id));
    assert_eq!((message.content, message.reply_path), (None, None));
}

/// The route of the route blinding vector, walked by stepping over its first node again and again.
#[test]
fn the_official_route_is_walked_to_its_end() {
    let vector = json(ROUTE_BLINDING);
    let route = &vector["route"];
    let hops = route["hops"].as_array().unwrap().iter().map(|hop| BlindedHop {
        blinded_node_id: point(&hop["blinded_node_id"]),
        encrypted_recipient_data: bytes(&hop["encrypted_data"]),
    });
    let mut path = BlindedPath {
        introduction: Introduction::NodeId(point(&route["first_node_id"])),
        path_key: point(&route["first_path_key"]),
        hops: hops.collect(),
    };
    let nodes = vector["unblind"]["hops"].as_array().unwrap();
    let scids = [1729, 1105, 561];
    for (index, node) in nodes.iter().enumerate() {
        assert_eq!(path.path_key, point(&node["path_key"]));
        let node_key = key(&node["node_privkey"]);
        let next = nodes.get(index + 1).map(|next| id(&key(&next["node_privkey"])));
        let advanced = advance(
            &path,
            |scid| {
                assert_eq!(scid, scids[index]);
                next
            },
            ecdh_with(&node_key),
        );
        let Some(next) = next else {
            // Eve is the recipient: nothing is left to advance to.
            assert_eq!(advanced.unwrap_err().code(), ErrorCode::OnionInvalid);
            return;
        };
        let before = path.hops.len();
        path = advanced.unwrap();
        assert_eq!(path.hops.len(), before - 1);
        assert_eq!(path.introduction, Introduction::NodeId(next));
    }
}
