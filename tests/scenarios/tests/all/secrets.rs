//! No text that could end up in a log shows a secret, in any scenario and in any spelling; a preimage is shown to whoever claims.

use std::collections::BTreeSet;

use bitcoin::constants::ChainHash;
use bitcoin::hashes::{sha256, Hash, HashEngine, Hmac, HmacEngine};
use bitcoin::Network;
use invreq::bolt12::Invoice;
use invreq::{NodeKey, Preimage};
use invreq_scenarios::lines::hex;
use invreq_scenarios::scenario::all;
use invreq_scenarios::stage::entropy;
use invreq_scenarios::{run, Ran, Scenario};
use serde_json::Value;

/// A secret, and what it is.
type Secret = (String, Vec<u8>);

#[test]
fn no_log_event_or_error_shows_a_secret() {
    let (mut searched, mut kinds) = (0, BTreeSet::new());
    for scenario in all() {
        let ran = run(&scenario, &[]);
        // The error of a reply and the requests of the host are in the log as `Debug` and as `Display`.
        let all = ran.lines.join("\n");
        let without_proofs: Vec<&str> = ran
            .lines
            .iter()
            .map(String::as_str)
            .filter(|line| !is_proof(line))
            .collect();
        let without_proofs = without_proofs.join("\n");
        // Most of it is printed more than once.
        let log: Vec<&str> = ran.log.lines().collect::<BTreeSet<_>>().into_iter().collect();
        let log = log.join("\n");
        for (what, secret) in secrets(&scenario, &ran) {
            let is_preimage = what.starts_with("preimage") || what.starts_with("given");
            let shown = if is_preimage { &without_proofs } else { &all };
            for (where_, text) in [("the log", &log), ("the transcript", shown)] {
                assert_eq!(
                    found(text, &secret),
                    None,
                    "{}: {what} is in {where_}",
                    scenario.name
                );
            }
            kinds.insert(what.split(' ').next().unwrap().to_owned());
        }
        searched += ran.log.len();
    }
    assert!(searched > 1_000_000, "{searched}");
    let all =
        "ecdh entropy given invoice-node-id key onion own-token preimage reply-key reply-token seal seed";
    assert_eq!(kinds, all.split(' ').map(str::to_owned).collect());
}

/// Whether a line may show a preimage: to whoever claims, and as the proof of a payment.
fn is_proof(line: &str) -> bool {
    line.contains(" settle ") || line.contains("\"status\":\"paid\"")
}

/// All that must not be seen, told anew from the seed as docs/STORE.md and the vectors have it.
fn secrets(scenario: &Scenario, ran: &Ran) -> Vec<Secret> {
    let mut all = Vec::new();
    let seed = scenario.named("seed").unwrap();
    let others = scenario.actions.iter().filter_map(|action| action.get("seed"));
    let seeds: BTreeSet<String> = core::iter::once(seed)
        .chain(others)
        .map(|seed| seed.as_str().unwrap().to_owned())
        .collect();
    let payees = scenario
        .actions
        .iter()
        .map(|action| action["payee"].as_str().unwrap_or("a"));
    let names: BTreeSet<&str> = payees.collect();
    for seed in seeds.iter().map(|seed| bytes(seed)) {
        all.push(("seed".to_owned(), seed.clone()));
        all.push(("reply-key".to_owned(), derive(&seed, "reply-key", &[&[0]])));
        for number in 1..=u32::try_from(scenario.actions.len()).unwrap() {
            for name in &names {
                let nonce = entropy(number, name);
                all.push((format!("entropy of {number}"), nonce.to_vec()));
                all.push((
                    format!("preimage of {number}"),
                    derive(&seed, "preimage", &[&nonce]),
                ));
                all.push((
                    format!("invoice-node-id of {number}"),
                    derive(&seed, "invoice-node-id", &[&nonce, &[0]]),
                ));
                all.push((format!("seal of {number}"), derive(&seed, "seal", &[&nonce])));
                all.extend(own_tokens(&seed, &nonce).map(|token| (format!("own-token of {number}"), token)));
            }
        }
    }
    for (id, copy) in &ran.deliveries {
        // The index and the number of the copy are no secret; the tag after them is.
        all.extend(
            copy.reply_path_id
                .map(|token| (format!("reply-token of {id}"), token[12..].to_vec())),
        );
        // Beyond the point of the path, the first bytes of a packet are its key: no text repeats a packet.
        all.push((format!("onion of {id}"), copy.packet.message[100..140].to_vec()));
    }
    for action in &scenario.actions {
        for (what, field) in [("given preimage", "preimage"), ("key of an invoice", "secretKey")] {
            let given = action[field].as_str();
            all.extend(given.map(|given| (what.to_owned(), bytes(given))));
        }
    }
    let ecdh = scenario.named("ecdh").and_then(Value::as_object);
    let products = ecdh.into_iter().flat_map(|known| known.values());
    all.extend(products.map(|secret| ("ecdh secret".to_owned(), bytes(secret.as_str().unwrap()))));
    all
}

/// The tags of the first copies over reply paths of our own.
fn own_tokens<'a>(seed: &'a [u8], nonce: &'a [u8; 32]) -> impl Iterator<Item = Vec<u8>> + 'a {
    let copies = (1..=2u64).flat_map(|index| (0..=1u32).map(move |copy| (index, copy)));
    copies.map(|(index, copy)| {
        let tag = derive(
            seed,
            "reply-token",
            &[nonce, &index.to_be_bytes(), &copy.to_be_bytes()],
        );
        tag[..20].to_vec()
    })
}

fn bytes(text: &str) -> Vec<u8> {
    hex_conservative::FromHex::from_hex(text).unwrap()
}

/// HMAC-SHA256 of the seed over version, purpose, chain and the parts.
fn derive(seed: &[u8], purpose: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = HmacEngine::<sha256::Hash>::new(seed);
    mac.input(b"invreq/1/");
    mac.input(purpose.as_bytes());
    mac.input(&[0]);
    mac.input(&ChainHash::using_genesis_block(Network::Regtest).to_bytes());
    parts.iter().for_each(|part| mac.input(part));
    Hmac::from_engine(mac).to_byte_array().to_vec()
}

/// The spelling in which a part of the secret is in the text.
fn found(text: &str, secret: &[u8]) -> Option<&'static str> {
    // A part is enough to give it away.
    let middle = secret.len() / 2;
    let parts = [
        &secret[..8],
        &secret[middle - 4..middle + 4],
        &secret[secret.len() - 8..],
    ];
    for part in parts {
        let list = format!("{part:?}");
        if text.contains(&hex(part)) {
            return Some("hex");
        }
        if text.contains(&hex(part).to_uppercase()) {
            return Some("capitals");
        }
        if text.contains(list.trim_matches(['[', ']'])) {
            return Some("a list");
        }
    }
    (0..3)
        .any(|skipped| text.contains(&base64(&secret[skipped..skipped + 12])))
        .then_some("base64")
}

/// Twelve bytes are sixteen characters, wherever in a longer text they begin.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let sixes = |three: &[u8]| {
        let number = three
            .iter()
            .fold(0_usize, |number, byte| number << 8 | usize::from(*byte));
        [18, 12, 6, 0].map(|shift| char::from(DIGITS[number >> shift & 63]))
    };
    bytes.chunks_exact(3).flat_map(sixes).collect()
}

#[test]
fn the_search_finds_every_spelling() {
    let secret: Vec<u8> = (200..232).collect();
    assert_eq!(
        base64(b"Man is distinguished"[..12].try_into().unwrap()),
        "TWFuIGlzIGRpc3Rp"
    );
    let spellings = [
        ("hex", hex(&secret)),
        ("hex", format!("…{}…", hex(&secret[24..]))),
        ("capitals", hex(&secret).to_uppercase()),
        ("a list", format!("{secret:?}")),
        ("base64", base64(&secret[..30])),
        ("base64", base64(&[&[7], &secret[..29]].concat())),
        ("base64", base64(&[&[7, 7], &secret[..28]].concat())),
    ];
    for (spelling, text) in spellings {
        assert_eq!(
            found(&format!("a log with {text} in it"), &secret),
            Some(spelling)
        );
    }
    assert_eq!(found("a log without it", &secret), None);
}

#[test]
fn the_secrets_are_those_of_the_engine() {
    let scenario = Scenario::read("paid-in-full".to_owned());
    let ran = run(&scenario, &[]);
    let record = &ran.records[0];
    let nonce = entropy(2, "a");
    let seed = bytes(scenario.named("seed").unwrap().as_str().unwrap());
    let preimage: [u8; 32] = derive(&seed, "preimage", &[&nonce]).try_into().unwrap();
    assert_eq!(Preimage::new(preimage).payment_hash(), record.payment_hash);
    let proof = record.payment.as_ref().unwrap();
    assert_eq!(proof.payment_preimage.expose(), &preimage);
    let token = ran.deliveries["1-0"].reply_path_id.unwrap();
    assert_eq!(own_tokens(&seed, &nonce).next().unwrap(), token[12..]);
    let public = |purpose: &str, parts: &[&[u8]]| {
        let key: [u8; 32] = derive(&seed, purpose, parts).try_into().unwrap();
        NodeKey::new(&key).unwrap().node_id()
    };
    let invoice: Invoice = record.bolt12.parse().unwrap();
    assert_eq!(invoice.node_id(), public("invoice-node-id", &[&nonce, &[0]]));
    let told = run(
        &Scenario::read("answers-that-arrive-by-themselves".to_owned()),
        &[],
    );
    let reply_node = format!(" {}", public("reply-key", &[&[0]]));
    assert!(told
        .lines
        .iter()
        .any(|line| line.starts_with("done ") && line.ends_with(&reply_node)));
    let shown: Vec<&String> = ran
        .lines
        .iter()
        .filter(|line| line.contains(&hex(&preimage)))
        .collect();
    assert!(
        shown.len() >= 3 && shown.iter().all(|line| is_proof(line)),
        "to whoever claims, and once it is paid"
    );
}
