//! BOLT 8, Appendix A.

use bitcoin::secp256k1::{PublicKey, SecretKey};
use hex_conservative::{DisplayHex, FromHex};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::peer::cipher::{Cipher, HEADER_LEN};
use crate::peer::handshake::{initiate, respond, Awaited, OwnKey, Session, Turn};
use crate::{ErrorCode, Result};

const TRANSPORT: &str = include_str!("../../../../tests/vectors/bolts/bolt08/transport-test.json");

fn vectors() -> Value {
    serde_json::from_str(TRANSPORT).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    Vec::from_hex(value.as_str().unwrap()).unwrap()
}

fn own(value: &Value, point: &Value) -> OwnKey {
    let key = OwnKey::new(&SecretKey::from_slice(&bytes(value)).unwrap());
    assert_eq!(key.point.serialize().as_slice(), bytes(point));
    key
}

/// Plays a case: what is said at each step has to be what the vector says.
fn play(case: &Value) -> Result<Option<Session>> {
    let ephemeral = own(&case["e.priv"], &case["e.pub"]);
    let static_key = own(&case["ls.priv"], &case["ls.pub"]);
    let (mut said, mut awaited): (Vec<u8>, Option<Awaited>) = if case["role"] == "initiator" {
        let node_id = PublicKey::from_slice(&bytes(&case["rs.pub"])).unwrap();
        let (act_one, awaited) = initiate(static_key, ephemeral, node_id)?;
        (act_one, Some(awaited))
    } else {
        (Vec::new(), Some(respond(static_key, ephemeral)))
    };
    let mut session = None;
    for step in case["steps"].as_array().unwrap() {
        if let Some(output) = step.get("output") {
            assert_eq!(said.to_lower_hex_string(), output.as_str().unwrap());
            said.clear();
        } else if let Some(input) = step.get("input") {
            let due = awaited.take().unwrap();
            let input = bytes(input);
            if input.len() < due.len {
                return Ok(None);
            }
            assert_eq!(input.len(), due.len);
            match (due.read)(&input)? {
                Turn::Next(act, next) => (said, awaited) = (act, Some(next)),
                Turn::Done(act, done) => (said, session) = (act, Some(done)),
            }
        }
    }
    Ok(session)
}

#[test]
fn the_official_handshakes() {
    let vectors = vectors();
    let cases = vectors["handshakes"].as_array().unwrap();
    assert_eq!(cases.len(), 15);
    let mut met = 0;
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let last = case["steps"].as_array().unwrap().last().unwrap();
        let Some(error) = last.get("error").map(|error| error.as_str().unwrap()) else {
            let session = play(case).unwrap().unwrap();
            assert_eq!(session.sending.key.as_slice(), bytes(&last["sk"]), "{name}");
            assert_eq!(session.receiving.key.as_slice(), bytes(&last["rk"]), "{name}");
            met += 1;
            continue;
        };
        let said = play(case);
        let wanted = match error.split_once('_').unwrap().1 {
            "READ_FAILED" => None,
            "BAD_VERSION 1" | "BAD_VERSION" => Some("has version 1"),
            "BAD_PUBKEY" => Some("not on the curve"),
            "BAD_TAG" | "BAD_CIPHERTEXT" => Some("was altered"),
            other => panic!("{other}"),
        };
        match wanted {
            // Half an act is no error yet; the end of the stream makes it one.
            None => assert!(said.unwrap().is_none(), "{name}"),
            Some(words) => {
                let error = said.err().unwrap();
                assert_eq!(error.code(), ErrorCode::PeerProtocol, "{name}");
                assert!(error.message().contains(words), "{name}: {error}");
            }
        }
        met += 1;
    }
    assert_eq!(met, 15);
}

#[test]
fn the_official_messages_with_two_key_rotations() {
    let vectors = vectors();
    let case = &vectors["messages"];
    let key = |name: &str| Zeroizing::new(<[u8; 32]>::try_from(bytes(&case[name])).unwrap());
    let mut sending = Cipher::new(key("sk"), key("ck"));
    // What one side sends the other receives with the same key.
    let mut receiving = Cipher::new(key("sk"), key("ck"));
    let (message, outputs) = (bytes(&case["message"]), case["outputs"].as_object().unwrap());
    let mut met = 0;
    for index in 0..=1001 {
        let mut sealed = Vec::new();
        sending.seal(&message, &mut sealed).unwrap();
        if let Some(output) = outputs.get(&index.to_string()) {
            assert_eq!(sealed.to_lower_hex_string(), output.as_str().unwrap(), "{index}");
            met += 1;
        }
        let (header, body) = sealed.split_at_mut(HEADER_LEN);
        assert_eq!(receiving.open_header(header).unwrap(), body.len());
        assert_eq!(receiving.open_body(body).unwrap(), message);
    }
    assert_eq!((met, outputs.len()), (6, 6));
}
