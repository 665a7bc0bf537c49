//! LDK's parsers as a second opinion, on what both of us read.

use std::collections::BTreeMap;

use invreq::answer::check;
use invreq::bolt12::{decode_string, Bolt12, InvoiceRequest, Kind};
use lightning::offers::invoice::Bolt12Invoice;
use lightning::offers::offer::Offer;
use lightning::offers::refund::Refund;
use serde_json::Value;

use crate::common::{json, lines, list, str, verdict};

/// Where we differ from LDK 0.2.7 on purpose: `(what it says, what we say, how often, the rule)`. For a request, what we say
/// is the first broken answer rule, or what is unusual about a request that can be answered.
const DIFFERENCES: &[(&str, &str, usize, &str)] = &[
    (
        "Offer: ok",
        "invalid_value",
        1,
        "offers-test: offer_chains with zero entries is invalid",
    ),
    (
        "Offer: ok",
        "unknown_feature",
        1,
        "offers-test: unknown feature 122 is invalid; LDK refuses it when the offer is used",
    ),
    ("Refund: refused", "ok, bip_353_name_present, signed", 1, SIGNED),
    ("Refund: refused", "ok, description_missing, signed", 1, SIGNED),
    (
        "Refund: refused",
        "ok, offer_amount_present, description_missing, signed",
        1,
        SIGNED,
    ),
    ("Refund: refused", "ok, offer_amount_present, signed", 1, SIGNED),
    (
        "Refund: refused",
        "ok, offer_currency_present, offer_amount_present, signed",
        1,
        SIGNED,
    ),
    ("Refund: refused", "ok, offer_metadata_present, signed", 1, SIGNED),
    ("Refund: refused", "ok, quantity_present, signed", 1, SIGNED),
    ("Refund: refused", "ok, signed", 22, SIGNED),
];

/// Core Lightning signs every request and LDK reads none that is signed. The fields that are unusual here LDK refuses too
/// (but for the quantity): to us they are warnings, as BOLT 12 tells only the writer to leave them out.
const SIGNED: &str =
    "A1: signed and unsigned requests are both read; A9: what only the writer must not do is a warning";

#[test]
fn ldk_agrees() {
    let mut different: BTreeMap<(String, String), usize> = BTreeMap::new();
    for text in strings() {
        let Ok((kind, bytes)) = decode_string(&text) else {
            continue;
        };
        let (name, theirs) = match kind {
            Kind::Offer => ("Offer", Offer::try_from(bytes).is_ok()),
            Kind::InvoiceRequest => ("Refund", Refund::try_from(bytes).is_ok()),
            Kind::Invoice => ("Bolt12Invoice", Bolt12Invoice::try_from(bytes).is_ok()),
        };
        let ours = ours(&text);
        // What both refuse is no difference.
        if theirs != ours.starts_with("ok") {
            let theirs = format!("{name}: {}", if theirs { "ok" } else { "refused" });
            *different.entry((theirs, ours)).or_default() += 1;
        }
    }
    let listed = DIFFERENCES
        .iter()
        .map(|(theirs, ours, count, _)| (((*theirs).to_owned(), (*ours).to_owned()), *count));
    assert_eq!(different, listed.collect());
}

fn ours(text: &str) -> String {
    let request = match text.parse() {
        Ok(Bolt12::InvoiceRequest(request)) => request,
        _ => return verdict(text).to_owned(),
    };
    match check(&request, None, None) {
        Err(error) => error.code().as_str().to_owned(),
        Ok(warnings) => {
            let mut unusual: Vec<_> = warnings.iter().map(|warning| warning.code.as_str()).collect();
            // To LDK it is the signature that is unusual.
            unusual.retain(|code| *code != "signature_missing");
            unusual.extend(request.is_signed().then_some("signed"));
            unusual.insert(0, "ok");
            unusual.join(", ")
        }
    }
}

/// What LDK calls the same field has the same value.
#[test]
fn ldk_reads_the_same_refund() {
    let pairs = json("pairs/pairs.json");
    let pair = &list(&pairs)[2];
    let (_, bytes) = decode_string(str(&pair["request"])).unwrap();
    let theirs = Refund::try_from(bytes).unwrap();
    let ours: InvoiceRequest = str(&pair["request"]).parse().unwrap();
    assert_eq!(Some(theirs.amount_msats()), ours.amount_msat());
    assert_eq!(
        Some(theirs.description().to_string()),
        ours.description().map(ToOwned::to_owned)
    );
    assert_eq!(Some(theirs.payer_signing_pubkey()), ours.payer_id());
    assert_eq!(Some(theirs.payer_metadata()), ours.invreq_metadata());
    assert_eq!(theirs.chain().to_bytes(), ours.chain());
    assert_eq!(
        theirs.absolute_expiry().map(|time| time.as_secs()),
        ours.absolute_expiry()
    );
    assert_eq!(theirs.to_string(), ours.to_string());
}

fn strings() -> Vec<String> {
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    let mut all = Vec::new();
    for corpus in ["invrequest", "invoice", "offer"] {
        all.extend(
            lines(&format!("cln/fuzz-{corpus}-decode.jsonl"))
                .iter()
                .filter_map(|case| text(&case["string"])),
        );
    }
    all.extend(
        list(&json("cln/strings.json"))
            .iter()
            .filter_map(|case| text(&case["string"])),
    );
    all.extend(
        list(&json("cln/sendinvoice-verdicts.json")["cases"])
            .iter()
            .filter_map(|case| text(&case["invreq"])),
    );
    all.extend(
        list(&json("bolts/bolt12/offers-test.json"))
            .iter()
            .filter_map(|case| text(&case["bolt12"])),
    );
    for pair in list(&json("pairs/pairs.json")) {
        all.extend(
            [text(&pair["request"]), text(&pair["invoice"])]
                .into_iter()
                .flatten(),
        );
    }
    all
}
