//! What must not be seen: a preimage before it is paid for, in any text and in the store.

use bitcoin::hashes::{sha256, Hash};
use invreq::engine::{DeliveryState, Input, Need, ReplyPath, SendOutcome};
use invreq::Preimage;

use crate::common::host::route;
use crate::common::payer::open;
use crate::common::{error_bytes, node, onion_error, params, secret, Host, PaysWith, Request, SEED};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes as `{:?}` prints an array.
fn list(bytes: &[u8]) -> String {
    let text = format!("{bytes:?}");
    text[1..text.len() - 1].to_owned()
}

fn in_text(text: &str, secret: &[u8]) -> bool {
    let text = text.to_lowercase();
    // A part is enough to give it away.
    [&secret[..8], &secret[12..20], &secret[24..]]
        .iter()
        .any(|part| text.contains(&hex(part)) || text.contains(&list(part)))
}

fn in_store(host: &Host, secret: &[u8]) -> bool {
    let bytes: Vec<u8> = host
        .entries()
        .into_iter()
        .flat_map(|entry| [entry.key, entry.value].concat())
        .collect();
    [&secret[..8], &secret[12..20], &secret[24..]]
        .iter()
        .any(|part| bytes.windows(part.len()).any(|window| window == *part))
}

#[test]
fn no_preimage_is_shown_or_stored_before_it_is_paid_for() {
    for with in [
        PaysWith::Engine,
        PaysWith::Given(*b"a preimage of the host, 32 bytes"),
    ] {
        let mut host = Host::new();
        host.log = Some(String::new());
        host.source.with = with.clone();
        host.send(params(&Request::default().text(), "a")).unwrap();
        let copy = host.delivered(SendOutcome::Accepted);
        host.payer_error(copy.reply_path_id.unwrap(), error_bytes("no", None));
        host.restart();
        let record = host.get("a");
        host.wait_s(60);
        let approval = host.claim(record.payment_hash, 50_000).unwrap();
        let secret = *approval.preimage.clone().unwrap().expose();
        assert_eq!(sha256::Hash::hash(&secret).to_byte_array(), record.payment_hash.0);
        if let PaysWith::Given(bytes) = with {
            assert_eq!(secret, bytes);
        }
        assert!(!in_store(&host, &secret), "not even while claiming");
        assert!(!in_text(&format!("{record:?} {approval:?} {copy:?}"), &secret));
        let paid = host.receive(record.payment_hash, 50_000).unwrap();
        assert!(
            in_store(&host, &secret),
            "the proof of payment is kept: the search works"
        );
        assert!(paid.to_rpc().contains(&hex(&secret)));
        host.restart();
        let log = host.log.take().unwrap();
        assert!(log.len() > 10_000 && log.contains("CreateInboundPayment") && log.contains("Claim"));
        assert!(!in_text(&log, &secret), "no text ever shows it");
        assert!(!in_text(&log, &SEED) && !in_store(&host, &SEED));
    }
}

#[test]
fn a_token_that_authenticates_an_answer_is_not_printed() {
    let mut host = Host::new();
    host.log = Some(String::new());
    host.send(params(&Request::default().text(), "a")).unwrap();
    let copy = host.delivered(SendOutcome::Accepted);
    let token = copy.reply_path_id.unwrap();
    host.payer_error(token, error_bytes("no", None));
    let log = host.log.take().unwrap();
    assert!(log.contains("InvoiceError"));
    assert!(!in_text(&log, &token[4..]));
    assert_eq!(host.get("a").delivery.state, DeliveryState::Refused);
}

#[test]
fn what_a_node_key_was_multiplied_to_is_not_printed() {
    let mut host = Host::new();
    host.keys.insert(node(80), secret(80));
    host.default_route = route(ReplyPath::Node {
        via: Vec::new(),
        node_id: node(80),
    });
    host.send(params(&Request::default().text(), "a")).unwrap();
    let copy = host.delivered(SendOutcome::Accepted);
    let path = open(&copy, &secret(66)).reply_path.unwrap();
    host.log = Some(String::new());
    let (node_id, bytes) = (Some(node(80)), onion_error(&path, 68, &error_bytes("no", None)));
    host.give(&Input::OnionMessage { node_id, bytes }).unwrap();
    assert_eq!(host.get("a").delivery.state, DeliveryState::Refused);
    let log = host.log.take().unwrap();
    assert!(log.contains("Ecdh") && log.contains("SharedSecret"));
    let mut multiplied = 0;
    for need in &host.asked {
        if let Need::Ecdh { point, .. } = need {
            let secret = bitcoin::secp256k1::ecdh::SharedSecret::new(point, &secret(80));
            assert!(!in_text(&log, &secret.secret_bytes()));
            multiplied += 1;
        }
    }
    assert_eq!(multiplied, 2);
}

#[test]
fn a_source_that_keeps_its_preimage_gives_nothing_away() {
    let mut host = Host::new();
    host.source.with = PaysWith::Kept([0xc4; 32]);
    host.send(params(&Request::default().text(), "a")).unwrap();
    let hash = host.get("a").payment_hash;
    assert_eq!(hash, Preimage::new([0xc4; 32]).payment_hash());
    assert_eq!(host.claim(hash, 50_000).unwrap().preimage, None);
}

#[test]
fn two_seeds_or_two_dice_never_share_a_payment_hash() {
    let mut seen = std::collections::BTreeSet::new();
    for (seed, dice) in [(7, 0), (8, 0), (7, 50), (7, 51)] {
        let mut host = Host::unopened(crate::common::config(), [seed; 32], Default::default());
        host.restore().unwrap();
        host.dice = dice;
        host.send(params(&Request::default().text(), "a")).unwrap();
        assert!(seen.insert(host.get("a").payment_hash.0), "{seed} {dice}");
    }
}
