//! Core Lightning's strings and fuzz corpora, with the verdicts of its decoder.

use std::collections::BTreeMap;

use invreq::bolt12::{Bolt12, Kind};
use invreq::decode::inspect;
use invreq::DecodeOptions;
use serde_json::Value;

use crate::common::{expected_fields, fields, hex, json, lines, list, str, unhex, verdict};

/// Where we differ from Core Lightning's decoder on purpose: `(corpus, what it says, what we say, how often, the rule)`.
///
/// The corpora were run through Core Lightning's *minimal* decoder, which looks at neither signatures nor mandatory
/// fields: that is why so few of its invoices are well-formed to us. Every line of the corpora that is not counted here
/// has the same verdict from both.
const DIFFERENCES: &[(&str, &str, &str, usize, &str)] = &[
    (
        "invoice",
        "ok",
        "invalid_signature",
        193,
        "R171: a signature that is present must verify; Core Lightning says 'invalid' of all 193",
    ),
    (
        "invoice",
        "ok",
        "missing_field",
        68,
        "R160, R38: an invoice without its node id or its signature cannot be verified",
    ),
    (
        "invoice",
        "ok",
        "empty_stream",
        1,
        "R11: an empty TLV stream is invalid (offers-test)",
    ),
    (
        "invrequest",
        "ok",
        "empty_stream",
        1,
        "R11: an empty TLV stream is invalid (offers-test)",
    ),
    (
        "invrequest",
        "invalid invreq data",
        "ok",
        2,
        "R26, A19: NUL is valid UTF-8, so it is a matter of display; both have one in offer_description",
    ),
];

#[test]
fn fuzz_corpora() {
    let mut different: BTreeMap<(&str, String, &str), usize> = BTreeMap::new();
    let corpora = [
        ("invrequest", Kind::InvoiceRequest, 757),
        ("invoice", Kind::Invoice, 462),
        ("offer", Kind::Offer, 201),
    ];
    for (corpus, kind, count) in corpora {
        let cases = lines(&format!("cln/fuzz-{corpus}-decode.jsonl"));
        assert_eq!(cases.len(), count);
        for case in &cases {
            let text = str(&case["string"]);
            let theirs = case["error"].as_str().unwrap_or("ok");
            let ours = verdict(text);
            if (theirs == "ok") != (ours == "ok") {
                *different.entry((corpus, theirs.to_owned(), ours)).or_default() += 1;
            }
            if theirs == "ok" {
                check_accepted(kind, text, case);
            }
        }
    }
    let listed = DIFFERENCES
        .iter()
        .map(|(corpus, theirs, ours, count, _)| ((*corpus, (*theirs).to_owned(), *ours), *count));
    assert_eq!(different, listed.collect());
}

/// What both can say of a string that Core Lightning reads must be the same, even where we refuse it in the end.
fn check_accepted(kind: Kind, text: &str, case: &Value) {
    let found = inspect(text, &DecodeOptions::default());
    assert_eq!(found.kind, Some(kind), "{text}");
    let theirs: Vec<(u64, u32)> = serde_json::from_value(case["fields"].clone()).unwrap();
    assert_eq!(found.records, theirs, "{text}");
    assert_eq!(
        found.merkle_root.map(hex).as_deref(),
        case["merkle_root"].as_str(),
        "{text}"
    );
    // It prints no id where all fields are experimental.
    if let (Some(ours), Some(theirs)) = (found.id, case["id"].as_str()) {
        assert_eq!(hex(ours), theirs, "{text}");
    }
    if case["signature"] == "invalid" && found.records.iter().any(|(number, _)| *number == 240) {
        assert_eq!(
            found.error.unwrap().code().as_str(),
            "invalid_signature",
            "{text}"
        );
    }
    assert_eq!(str(&case["reencoded"]), "same");
    if let Ok(message) = text.parse::<Bolt12>() {
        assert_eq!(message.to_string(), text.replace('+', "").to_ascii_lowercase());
    }
}

/// Core Lightning's messages at the string stage, and which of our codes mean the same. A prefix other than ours is
/// found by it last and by us first; the reverse would tell a person who pasted an e-mail that it mixes cases.
#[test]
fn fuzz_corpus_of_strings() {
    let cases = lines("cln/fuzz-bech32-decode.jsonl");
    assert_eq!(cases.len(), 256);
    for case in &cases {
        let text = match case["string"].as_str() {
            Some(text) => text.to_owned(),
            None => String::from_utf8_lossy(&unhex(str(&case["string_hex"]))).into_owned(),
        };
        assert_eq!(case["ok"], false);
        let ours = verdict(&text);
        let allowed: &[&str] = match str(&case["error"]) {
            "unfinished string" => &["invalid_prefix", "invalid_continuation"],
            "invalid offer data" => &[
                "tlv_truncated",
                "tlv_not_ascending",
                "tlv_not_minimal",
                "unknown_even_field",
            ],
            error if error.starts_with("unexpected prefix") => &["invalid_prefix", "invalid_continuation"],
            _ => &[
                "invalid_prefix",
                "invalid_continuation",
                "mixed_case",
                "invalid_character",
                "invalid_padding",
            ],
        };
        assert!(allowed.contains(&ours), "{case}: {ours}");
    }
}

#[test]
fn strings() {
    let cases = json("cln/strings.json");
    assert_eq!(list(&cases).len(), 19);
    for case in list(&cases) {
        let text = str(&case["string"]);
        let ours = verdict(text);
        // The two that `bolt12-cli decode` refuses. The first is well-formed to us, as it is not signed; to lack the payer
        // id is the answer rule R42.
        let expected = match case["cln_decode_error"].as_str() {
            None => "ok",
            Some("Missing invreq_payer_id") => "ok",
            Some("bolt12-cli: Bad offer: Offer contains a currency with no amount") => "missing_field",
            other => panic!("{other:?}"),
        };
        assert_eq!(ours, expected, "{text}");
        let Ok(message) = text.parse::<Bolt12>() else {
            continue;
        };
        assert_eq!(fields(&message), expected_fields(&case["fields"]), "{text}");
        assert_eq!(message.to_string(), text);
        for line in case["cln_decode_text"].as_str().unwrap_or_default().lines() {
            match (line.split_once(": "), &message) {
                (Some(("invreq_id", id)), _) => assert_eq!(hex(message.id().unwrap()), id),
                (Some(("offer_id", id)), Bolt12::Offer(offer)) => {
                    assert_eq!(hex(offer.offer_id().unwrap()), id)
                }
                (Some(("offer_id", id)), Bolt12::Invoice(invoice)) => {
                    assert_eq!(hex(invoice.offer_id().unwrap()), id)
                }
                _ => {}
            }
        }
    }
}
