//! The official and Core Lightning's vectors, where they fix what no public function shows.

use bitcoin::secp256k1::{PublicKey, Secp256k1, SecretKey};
use hex_conservative::{DisplayHex, FromHex};
use serde_json::Value;

use crate::bolt12::BlindedHop;
use crate::key::SharedSecret;
use crate::onion::blind::blind;
use crate::onion::keys::{self, next_point, open, public_key, Session, SessionKey};
use crate::onion::tlvs::{parse, HopData};
use crate::ErrorCode;

const ROUTE_BLINDING: &str = include_str!("../../../../tests/vectors/bolts/bolt04/route-blinding-test.json");
const ONION_MESSAGE: &str =
    include_str!("../../../../tests/vectors/bolts/bolt04/blinded-onion-message-onion-test.json");
const CLN_ENCTLV: &str = include_str!("../../../../tests/vectors/cln/cln-blindedpath-enctlv.json");

pub fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

pub fn bytes(value: &Value) -> Vec<u8> {
    Vec::from_hex(value.as_str().unwrap()).unwrap()
}

pub fn point(value: &Value) -> PublicKey {
    PublicKey::from_slice(&bytes(value)).unwrap()
}

/// CLN writes private keys with a 01 behind them.
pub fn key(value: &Value) -> SecretKey {
    SecretKey::from_slice(&bytes(value)[..32]).unwrap()
}

fn hops(list: &[Value], node: &str, plain: &str) -> Vec<(PublicKey, Vec<u8>)> {
    list.iter()
        .map(|hop| (point(&hop[node]), bytes(&hop[plain])))
        .collect()
}

fn assert_hops(ours: &[BlindedHop], theirs: &[Value], data: &str) {
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert_eq!(ours.blinded_node_id, point(&theirs["blinded_node_id"]));
        assert_eq!(ours.encrypted_recipient_data, bytes(&theirs[data]));
    }
}

#[test]
fn route_blinding_builds_the_official_route() {
    let vector = json(ROUTE_BLINDING);
    let list = vector["generate"]["hops"].as_array().unwrap();
    let (ours, theirs) = list.split_at(2);
    let (first, mut route) = blind(
        hops(ours, "node_id", "encoded_tlvs"),
        SessionKey(key(&ours[0]["session_key"])),
    )
    .unwrap();
    let (second, rest) = blind(
        hops(theirs, "node_id", "encoded_tlvs"),
        SessionKey(key(&theirs[0]["session_key"])),
    )
    .unwrap();
    route.extend(rest);

    assert_eq!(first, point(&vector["route"]["first_path_key"]));
    assert_eq!(second, point(&ours[1]["tlvs"]["next_path_key_override"]));
    assert_hops(
        &route,
        vector["route"]["hops"].as_array().unwrap(),
        "encrypted_data",
    );
}

#[test]
fn route_blinding_steps_have_the_official_values() {
    for hop in json(ROUTE_BLINDING)["generate"]["hops"].as_array().unwrap() {
        let private = key(&hop["path_privkey"]);
        let path_key = point(&hop["path_key"]);
        let node = point(&hop["node_id"]);
        let secret = SharedSecret::between(&private, &node);
        assert_eq!(public_key(&private), path_key);
        assert_eq!(secret.rho().to_vec(), bytes(&hop["rho"]));
        assert_eq!(
            keys::blind(&node, &secret).unwrap(),
            point(&hop["blinded_node_id"])
        );
        let plain = open(&secret.rho(), &bytes(&hop["encrypted_data"])).unwrap();
        assert_eq!(plain, bytes(&hop["encoded_tlvs"]));
    }
}

#[test]
fn route_blinding_is_read_at_each_hop() {
    let vector = json(ROUTE_BLINDING);
    for (index, hop) in vector["unblind"]["hops"].as_array().unwrap().iter().enumerate() {
        let (private, path_key) = (key(&hop["node_privkey"]), point(&hop["path_key"]));
        let secret = SharedSecret::between(&private, &path_key);
        let sealed = bytes(&vector["route"]["hops"][index]["encrypted_data"]);
        let plain = open(&secret.rho(), &sealed).unwrap();
        assert_eq!(plain, bytes(&hop["decrypted_data"]));
        if index == 3 {
            // The recipient's data allows feature 113, which a message's reader must not know.
            let error = HopData::read(&parse(plain).unwrap()).err().unwrap();
            assert_eq!(error.code(), ErrorCode::UnknownFeature);
            continue;
        }
        let told = parse(plain).unwrap();
        let data = HopData::read(&told).unwrap();
        assert_eq!(
            next_point(&path_key, &secret).unwrap(),
            point(&hop["next_path_key"])
        );
        assert_eq!(
            data.next_path_key_override,
            hop.get("next_path_key_override").map(point)
        );
        assert!(data.short_channel_id.is_some());
    }
}

#[test]
fn onion_message_route_is_joined_as_in_the_official_vector() {
    let vector = json(ONION_MESSAGE);
    let list = vector["generate"]["hops"].as_array().unwrap();
    let ids: Vec<PublicKey> = vector["decrypt"]["hops"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hop| key(&hop["privkey"]).public_key(&Secp256k1::new()))
        .collect();
    let plain = |hop: &Value| bytes(&hop["encrypted_data_tlv"]);
    let alice = vec![(ids[0], plain(&list[0]))];
    let bob = ids[1..]
        .iter()
        .copied()
        .zip(list[1..].iter().map(plain))
        .collect();

    let (first, mut route) = blind(alice, SessionKey(key(&list[0]["path_key_secret"]))).unwrap();
    let (second, rest) = blind(bob, SessionKey(key(&list[1]["path_key_secret"]))).unwrap();
    route.extend(rest);

    assert_eq!(first, point(&vector["route"]["first_path_key"]));
    assert_eq!(second, point(&list[0]["tlvs"]["next_path_key_override"]));
    assert_hops(
        &route,
        vector["route"]["hops"].as_array().unwrap(),
        "encrypted_recipient_data",
    );

    let told = parse(plain(&list[0])).unwrap();
    let data = HopData::read(&told).unwrap();
    let padded = data.write(data.len().unwrap() + 2).unwrap();
    assert_eq!(padded, [&[1, 0], told.as_bytes()].concat());
}

#[test]
fn core_lightning_blinds_alike() {
    for hop in json(CLN_ENCTLV).as_array().unwrap() {
        let private = key(&hop["path_key_secret"]);
        let (path_key, node) = (public_key(&private), point(&hop["node_id"]));
        // What Dave is given as path_key in this file is Carol's; E and all that follows are his.
        assert_eq!(path_key, point(&hop["E"]));
        let secret = SharedSecret::between(&private, &node);
        assert_eq!(
            secret.blinding_factor().unwrap().to_be_bytes().to_vec(),
            bytes(&hop["HMAC256('blinded_node_id', ss)"])
        );
        assert_eq!(
            keys::blind(&node, &secret).unwrap(),
            point(&hop["blinded_node_id"])
        );
        assert_eq!(secret.rho().to_vec(), bytes(&hop["rho"]));
        // Whom the next key is met by does not matter.
        let (mut session, _) = Session::new(SessionKey(private));
        session.next(&node).unwrap();
        let expected = SharedSecret::between(&key(&hop["next_e"]), &path_key).rho();
        assert_eq!(session.next(&path_key).unwrap().rho(), expected);

        let sealed = bytes(&hop["encrypted_recipient_data_hex"]);
        let seen = SharedSecret::between(&key(&hop["node_privkey"]), &path_key);
        let plain = open(&seen.rho(), &sealed).unwrap();
        let told = parse(plain.clone()).unwrap();
        let data = HopData::read(&told).unwrap();
        let fields = &hop["encrypted_data_tlv"];
        assert_eq!(data.path_id.map(<[u8]>::to_vec), fields.get("self_id").map(bytes));
        assert_eq!(data.next_node_id, fields.get("next_node_id").map(point));
        let override_key = fields.get("path_key").map(|k| public_key(&key(k)));
        assert_eq!(data.next_path_key_override, override_key);
        let (_, again) = blind(vec![(node, plain)], SessionKey(private)).unwrap();
        assert_eq!(
            again[0].encrypted_recipient_data.to_lower_hex_string(),
            sealed.to_lower_hex_string()
        );
    }
}
