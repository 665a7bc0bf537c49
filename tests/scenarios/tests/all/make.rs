//! What the scenarios need and nobody writes by hand: requests, replies of payers, signatures, shared secrets.

use bitcoin::secp256k1::ecdh::SharedSecret;
use bitcoin::secp256k1::{Keypair, Message, PublicKey, Secp256k1};
use invreq::bolt12::{BlindedPath, Introduction, PaymentPath};
use invreq::onion::reply_path;
use invreq_scenarios::lines::hex;
use invreq_scenarios::{run, Scenario};
use serde_json::{json, Map, Value};

use crate::common::payer::open;
use crate::common::{error_bytes, node, onion_error, payment_path, secret};
use crate::golden::hold_against;
use crate::{broken, requests};

/// The nodes that scenarios name, by the number their key is made of.
const NODES: [u8; 8] = [10, 11, 50, 51, 52, 55, 60, 61];

/// A JSON object with one entry in each line.
pub fn pretty(map: &Map<String, Value>) -> String {
    let lines: Vec<String> = map
        .iter()
        .map(|(name, value)| format!("  {}: {value}", json!(name)))
        .collect();
    format!("{{\n{}\n}}\n", lines.join(",\n"))
}

/// `data.json`: what all scenarios share.
pub fn shared_data() {
    let mut data = Map::new();
    data.insert(
        "defaults".to_owned(),
        json!({
            "open": { "network": "regtest", "walletId": "main", "seed": "@seed" },
            "source": { "paths": ["@path"], "canReceive": true },
            "transport": { "send": "accepted", "route": { "reply": { "kind": "host" } }, "routes": {}, "scids": {} },
            "signer": {},
            "store": {},
        }),
    );
    let seed: Vec<u8> = (0xa1..=0xc0).collect();
    data.insert("seed".to_owned(), hex(&seed).into());
    for number in NODES {
        data.insert(format!("node{number}"), node(number).to_string().into());
    }
    let paths = [
        ("path", (0, 1_000_000_000)),
        ("pathSmall", (0, 1_000)),
        ("pathHalf", (0, 25_000)),
        ("pathMin", (60_000, 90_000)),
    ];
    for (name, (least, most)) in paths {
        data.insert(name.to_owned(), path_json(&payment_path(least, most)));
    }
    let mut path = payment_path(0, 1_000_000_000);
    path.path.hops.clear();
    data.insert("pathEmpty".to_owned(), path_json(&path));
    for (name, text) in requests::all().into_iter().chain(broken::all()) {
        assert!(
            data.insert(name.to_owned(), text.into()).is_none(),
            "twice: {name}"
        );
    }
    hold_against("data.json", &pretty(&data));
}

/// The payment path as every language takes it.
fn path_json(given: &PaymentPath) -> Value {
    let Introduction::NodeId(introduction) = given.path.introduction else {
        panic!("the path begins at a node")
    };
    let hop = |hop: &invreq::bolt12::BlindedHop| json!({ "blindedNodeId": hop.blinded_node_id.to_string(), "encryptedRecipientData": hex(&hop.encrypted_recipient_data) });
    let hops: Vec<Value> = given.path.hops.iter().map(hop).collect();
    json!({
        "path": { "introduction": introduction.to_string(), "pathKey": given.path.path_key.to_string(), "hops": hops },
        "payinfo": {
            "feeBaseMsat": given.payinfo.fee_base_msat,
            "feeProportionalMillionths": given.payinfo.fee_proportional_millionths,
            "cltvExpiryDelta": given.payinfo.cltv_expiry_delta,
            "htlcMinimumMsat": given.payinfo.htlc_minimum_msat,
            "htlcMaximumMsat": given.payinfo.htlc_maximum_msat,
        },
    })
}

/// What this scenario alone needs, under its name: `make` in its file says how each is made.
///
/// Each is made of what the scenario comes to without it, up to the action that needs it.
pub fn made(scenario: &Scenario) -> Option<(String, Value)> {
    let plan = scenario.file["make"].as_object()?;
    let mut made = json!({});
    let mut partly = Scenario::read(scenario.name.clone());
    for name in plan.keys() {
        partly.forget(name);
    }
    // In the order in which the actions need them.
    let mut names: Vec<&String> = plan.keys().collect();
    let first_use = |name: &&String| {
        let reference = json!(format!("@{name}")).to_string();
        let place = scenario
            .actions
            .iter()
            .position(|action| action.to_string().contains(&reference));
        place.unwrap_or(usize::MAX)
    };
    names.sort_by_key(first_use);
    for name in names {
        let how = &plan[name];
        // A signer is asked in the action after the one that tells it its signature.
        let further = if how.get("key").is_some() { 2 } else { 0 };
        partly.actions.truncate(first_use(&name).saturating_add(further));
        let value = one(&partly, how);
        partly.learn(name, &value);
        partly.actions = scenario.actions.clone();
        made[name] = value;
    }
    Some((scenario.name.clone(), made))
}

fn one(scenario: &Scenario, how: &Value) -> Value {
    if let Some(keys) = how["multiply"].as_array() {
        return multiply(scenario, keys);
    }
    let ran = run(scenario, &[]);
    if let Some(key) = how["key"].as_u64() {
        // As nobody knows its signature yet, the signer refused.
        let digest = Message::from_digest(ran.signed.last().unwrap().digest);
        let secp = Secp256k1::new();
        let pair = Keypair::from_secret_key(&secp, &secret(u8::try_from(key).unwrap()));
        return hex(&secp.sign_schnorr_no_aux_rand(&digest, &pair).serialize()).into();
    }
    let suggested = how["suggests"].as_str().map(|text| text.as_bytes().to_vec());
    let field = how["field"]
        .as_u64()
        .map(|field| (field, suggested.as_deref().unwrap_or_default()));
    let content = match how["content"].as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => error_bytes(how["says"].as_str().unwrap_or_default(), field),
    };
    let Some(copy) = how["answers"].as_str() else {
        return hex(&content).into();
    };
    let payer = secret(u8::try_from(how["payer"].as_u64().unwrap_or(66)).unwrap());
    let path = open(&ran.deliveries[copy], &payer)
        .reply_path
        .expect("the copy has a reply path");
    let path = if how["forged"] == true {
        forged(&path)
    } else {
        path
    };
    let record = how["record"].as_u64().unwrap_or(68);
    let mut message = onion_error(&path, record, &content);
    if let Some(at) = how["alter"].as_u64() {
        message[usize::try_from(at).unwrap()] ^= 1;
    }
    if let Some(len) = how["cut"].as_u64() {
        message.truncate(usize::try_from(len).unwrap());
    }
    hex(&message).into()
}

/// A reply path to the same node that somebody else made up.
fn forged(path: &BlindedPath) -> BlindedPath {
    let Introduction::NodeId(end) = path.introduction else {
        panic!("a reply path begins at a node")
    };
    let mut token = [0x66; 32];
    token[..12].copy_from_slice(&[0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
    reply_path(&[], end, &token, [0x67; 32]).unwrap()
}

/// The products of these nodes' keys with the points that are asked about; each answer leads to further questions.
fn multiply(scenario: &Scenario, keys: &[Value]) -> Value {
    let mut known = json!({});
    loop {
        let mut partly = scenario.clone();
        partly.learn("ecdh", &known);
        let asked = run(&partly, &[]).multiplied;
        let new = asked.into_iter().find_map(|(node_id, point)| {
            let key = keys
                .iter()
                .map(|key| u8::try_from(key.as_u64().unwrap()).unwrap())
                .find(|key| node(*key) == node_id)?;
            let name = format!("{node_id} {point}");
            known.get(&name).is_none().then(|| (name, product(key, &point)))
        });
        match new {
            Some((name, secret)) => known[name] = secret.into(),
            None => return known,
        }
    }
}

fn product(key: u8, point: &PublicKey) -> String {
    hex(&SharedSecret::new(point, &secret(key)).secret_bytes())
}
