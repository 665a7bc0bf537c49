//! What real Core Lightning nodes said and sent.

use invreq::answer::{check, check_as_payer};
use invreq::bolt12::{chain_hash, Bolt12, Invoice, InvoiceError, InvoiceRequest};
use invreq::{decode_with, DecodeOptions};
use serde_json::Value;

use crate::common::{hex, json, list, str, unhex};

/// Where we differ from Core Lightning's `sendinvoice` on purpose: `(case, our verdict, the rule)`.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    ("signature_missing", "ok", "R189, A1: BOLT 12 forbids the signature here, and LDK writes none"),
    ("description_with_nul", "ok", "R26, A19: NUL is valid UTF-8, so it is a matter of display"),
    ("amount_zero_len0", "amount_out_of_range", "A6: an HTLC of 0 msat cannot be sent (BOLT 2)"),
    ("plus_ws", "ok", "R6: white space after + is allowed; Core Lightning's RPC sees the JSON escapes, its decoder accepts it"),
    ("recurrence_optional", "ok", "R22, A23: 1000000025 is unknown and odd; recurrence is no part of BOLT 12"),
    ("trailing_space", "ok", "white space around the whole is dropped"),
];

/// What is wrong with the cases both refuse, as we say it: `(case, code, TLV number)`.
const REFUSED: &[(&str, &str, Option<u64>)] = &[
    ("chain_bitcoin_explicit", "wrong_chain", Some(80)),
    ("chain_two_hashes", "invalid_length", Some(80)),
    ("payer_id_not_a_point", "invalid_point", Some(88)),
    ("metadata_missing", "missing_field", Some(0)),
    ("amount_9_bytes", "invalid_integer", Some(82)),
    ("signature_by_other_key", "invalid_signature", Some(240)),
    ("issuer_id_present", "answers_offer", Some(22)),
    ("offer_chains_present", "unexpected_field", Some(2)),
    ("offer_features_present_empty", "unexpected_field", Some(12)),
    ("payer_note_invalid_utf8", "invalid_utf8", Some(89)),
    ("invreq_features_unknown_even", "unknown_feature", Some(84)),
    ("bip353_trailing_byte", "invalid_length", Some(91)),
    ("invoice_field_160", "unknown_even_field", Some(160)),
    ("unknown_odd_1001_outside", "field_out_of_range", Some(1001)),
    (
        "experimental_odd_3000000001_outside",
        "field_out_of_range",
        Some(3_000_000_001),
    ),
    ("tlv_duplicate", "tlv_not_ascending", None),
    ("tlv_truncated", "tlv_truncated", None),
    ("bigsize_nonminimal_len", "tlv_not_minimal", None),
    ("hrp_lni", "wrong_type", None),
    ("empty_data", "empty_stream", None),
    ("no_separator", "invalid_prefix", None),
    ("hrp_upper_rest_lower", "mixed_case", None),
    ("plus_start", "invalid_continuation", None),
    ("plus_end_ws", "invalid_continuation", None),
    ("plus_ws_plus", "invalid_continuation", None),
    ("space_inside", "invalid_character", None),
    ("invalid_char_b", "invalid_character", None),
    ("non_ascii", "invalid_character", None),
    ("padding_bits_nonzero", "invalid_padding", None),
];

#[test]
fn sendinvoice_verdicts() {
    let vectors = json("cln/sendinvoice-verdicts.json");
    let cases = list(&vectors["cases"]);
    assert_eq!(cases.len(), 55);
    let regtest = chain_hash("regtest");
    let mut different = Vec::new();
    for case in cases {
        let name = str(&case["name"]);
        let request = str(&case["invreq"]).parse::<InvoiceRequest>();
        let error = request.and_then(|request| check(&request, regtest, None)).err();
        let ours = error.as_ref().map_or("ok", |error| error.code().as_str());
        if case["accepted_by_validation"].as_bool().unwrap() != error.is_none() {
            different.push((name, ours));
        }
        if let Some((_, code, number)) = REFUSED.iter().find(|(refused, ..)| *refused == name) {
            assert_eq!(ours, *code, "{name}: {error:?}");
            let field = error
                .as_ref()
                .and_then(|error| error.field())
                .map(|field| field.number);
            assert!(number.is_none() || field == *number, "{name}: {error:?}");
            assert!(error.unwrap().rule().is_some(), "{name}");
        }
    }
    for (refused, ..) in REFUSED {
        assert!(cases.iter().any(|case| case["name"] == *refused), "{refused}");
    }
    let listed: Vec<_> = DIFFERENCES.iter().map(|(name, ours, _)| (*name, *ours)).collect();
    different.sort_unstable();
    let mut sorted = listed;
    sorted.sort_unstable();
    assert_eq!(different, sorted);
}

#[test]
fn schema_examples() {
    let vectors = json("cln/schema-examples.json");
    let mut counts = [0; 3];
    for example in list(&vectors) {
        each_string(example, &mut |text| {
            let Ok(message) = text.parse::<Bolt12>() else {
                panic!("{}: {text}", example["source"])
            };
            assert_eq!(message.to_string(), text);
            match &message {
                Bolt12::Offer(offer) => {
                    counts[0] += 1;
                    compare(example, "offer_id", text, &hex(offer.offer_id().unwrap()));
                }
                Bolt12::InvoiceRequest(request) => {
                    counts[1] += 1;
                    check(request, None, None).unwrap();
                    compare(example, "invreq_id", text, &hex(request.invreq_id().0));
                }
                Bolt12::Invoice(invoice) => {
                    counts[2] += 1;
                    check_as_payer(invoice, None, None, invoice.created_at()).unwrap();
                    compare(
                        example,
                        "payment_hash",
                        text,
                        &hex(invoice.payment_hash().unwrap().0),
                    );
                }
            }
        });
    }
    assert_eq!(counts, [11, 7, 8]);
}

/// The RPC field of the response that belongs to the string, if the response is about this one string.
fn compare(example: &Value, key: &str, text: &str, ours: &str) {
    let response = &example["response"];
    if response["bolt12"] == text {
        if let Some(theirs) = response[key].as_str() {
            assert_eq!(ours, theirs, "{}", example["source"]);
        }
    }
}

/// Every BOLT 12 string anywhere in the value.
fn each_string(value: &Value, visit: &mut impl FnMut(&str)) {
    match value {
        Value::String(text)
            if ["lno1", "lnr1", "lni1"]
                .iter()
                .any(|start| text.starts_with(start)) =>
        {
            visit(text)
        }
        Value::Array(values) => values.iter().for_each(|value| each_string(value, visit)),
        Value::Object(values) => values.values().for_each(|value| each_string(value, visit)),
        _ => {}
    }
}

/// Eight flows between real nodes: what we say of each request and each invoice agrees with what happened.
#[test]
fn recorded_flows() {
    let vectors = json("cln/recorded-flows.json");
    let (mut invoices, mut errors) = (0, 0);
    for session in list(&vectors["sessions"]) {
        let name = str(&session["name"]);
        each_string(session, &mut |text| {
            assert!(text.parse::<Bolt12>().is_ok(), "{name}: {text}")
        });
        let requests: Vec<InvoiceRequest> = list(&session["steps"])
            .iter()
            .filter_map(|step| step["params"]["invreq"].as_str())
            .map(|text| text.parse().unwrap())
            .collect();
        for event in list(&session["events"]) {
            let message = &event["params"]["onion_message"];
            if let Some(bytes) = message["invoice"].as_str() {
                invoices += 1;
                let invoice = Invoice::from_bytes(unhex(bytes)).unwrap();
                let request = requests
                    .iter()
                    .find(|request| request.invreq_id() == invoice.invreq_id())
                    .unwrap();
                let verdict = check_as_payer(
                    &invoice,
                    Some(request),
                    chain_hash("regtest"),
                    invoice.created_at(),
                );
                let code = verdict.map_err(|error| error.code().as_str());
                // A payer must refuse any other amount (R176); Core Lightning's did as well, as 1 msat more is too much.
                let expected = if name == "amount_higher" {
                    Err("amount_mismatch")
                } else {
                    Ok(())
                };
                assert_eq!(code, expected, "{name}");
            }
            if let Some(bytes) = message["invoice_error"].as_str() {
                errors += 1;
                let error = InvoiceError::from_bytes(&unhex(bytes)).unwrap();
                assert!(
                    error.message().starts_with("Failed invoice lni1"),
                    "{name}: {error:?}"
                );
                assert!(error.message().chars().count() <= 1_000);
                assert_eq!(hex(error.to_bytes().unwrap()), bytes, "{name}");
            }
        }
        for request in &requests {
            // `sendinvoice` answered the expired request too, which a payee should not (R56, A8).
            let now = list(&session["steps"])
                .iter()
                .find_map(|step| step["result"]["paid_at"].as_u64());
            let code = check(request, chain_hash("regtest"), now).map_err(|error| error.code().as_str());
            match name {
                "absolute_expiry_past" => assert_eq!(code, Err("request_expired"), "{name}"),
                _ => assert_eq!(code, Ok(vec![]), "{name}"),
            }
        }
    }
    assert_eq!((invoices, errors), (9, 2));
}

/// A key that is not the node's may sign the invoice: a real node paid this one.
#[test]
fn fresh_node_id() {
    let vectors = json("cln/fresh-node-id.json");
    let request: InvoiceRequest = str(&vectors["invreq"]).parse().unwrap();
    let unsigned = str(&vectors["unsigned_invoice"]).parse::<Invoice>().unwrap_err();
    assert_eq!(
        (unsigned.code().as_str(), unsigned.field().unwrap().number),
        ("missing_field", 240)
    );
    let ids = ["cln_signed", "resigned_with_fresh_key"].map(|name| {
        let invoice: Invoice = str(&vectors[name]).parse().unwrap();
        check_as_payer(
            &invoice,
            Some(&request),
            chain_hash("regtest"),
            invoice.created_at(),
        )
        .unwrap();
        invoice.node_id()
    });
    assert_ne!(ids[0], ids[1]);
    let options = DecodeOptions {
        now: Some(u64::MAX),
        ..DecodeOptions::network("regtest").unwrap()
    };
    let decoded = decode_with(str(&vectors["cln_signed"]), &options).unwrap();
    assert_eq!(decoded.problem.unwrap().code, "invoice_expired");
}
