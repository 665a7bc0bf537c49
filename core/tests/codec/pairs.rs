//! Requests with the invoices that answer them, and invoice errors in both encodings.

use invreq::answer::{check, check_as_payer};
use invreq::bolt12::{chain_hash, Bolt12, Invoice, InvoiceError, InvoiceRequest};
use serde_json::Value;

use crate::common::{hex, json, list, str, unhex};

fn types(text: &str) -> Vec<u64> {
    text.parse::<Bolt12>()
        .unwrap()
        .records()
        .iter()
        .map(|record| record.number)
        .collect()
}

fn numbers(value: &Value) -> Vec<u64> {
    list(value)
        .iter()
        .map(|number| number.as_u64().unwrap())
        .collect()
}

#[test]
fn pairs() {
    for pair in list(&json("pairs/pairs.json")) {
        let name = str(&pair["name"]);
        let request: InvoiceRequest = str(&pair["request"]).parse().unwrap();
        let invoice: Invoice = str(&pair["invoice"]).parse().unwrap();
        assert_eq!(
            types(str(&pair["request"])),
            numbers(&pair["request_types"]),
            "{name}"
        );
        assert_eq!(
            types(str(&pair["invoice"])),
            numbers(&pair["invoice_types"]),
            "{name}"
        );
        assert_eq!(request.is_signed(), pair["signed"].as_bool().unwrap(), "{name}");
        let signer = |text| str(&pair[text]).parse::<Bolt12>().unwrap().signer();
        assert_eq!(
            signer("request"),
            request.payer_id().filter(|_| request.is_signed()),
            "{name}"
        );
        assert_eq!(signer("invoice"), Some(invoice.node_id()), "{name}");
        for (root, key) in [
            (request.merkle_root(), "request_merkle_root"),
            (invoice.merkle_root(), "invoice_merkle_root"),
        ] {
            if let Some(expected) = pair[key].as_str() {
                assert_eq!(hex(root), expected, "{name}");
            }
        }

        let chain = chain_hash(str(&pair["network"]));
        let warnings = check(&request, chain, invoice.created_at()).unwrap();
        let codes: Vec<_> = warnings.iter().map(|warning| warning.code.as_str()).collect();
        assert_eq!(
            codes,
            if request.is_signed() {
                vec![]
            } else {
                vec!["signature_missing"]
            },
            "{name}"
        );
        assert_eq!(request.invreq_id(), invoice.invreq_id(), "{name}");
        assert!(request.mirrored().eq(invoice.mirrored()), "{name}");
        check_as_payer(&invoice, Some(&request), chain, invoice.expires_at()).unwrap();
        let late = check_as_payer(
            &invoice,
            Some(&request),
            chain,
            invoice.expires_at().map(|time| time + 1),
        );
        assert_eq!(late.unwrap_err().code().as_str(), "invoice_expired", "{name}");

        assert_eq!(invoice.amount_msat(), pair["amount_msat"].as_u64(), "{name}");
        assert_eq!(request.amount_msat(), pair["amount_msat"].as_u64(), "{name}");
        assert_eq!(
            Some(u64::from(invoice.relative_expiry())),
            pair["relative_expiry"].as_u64(),
            "{name}"
        );
        assert_eq!(
            invoice.features().map(hex).as_deref(),
            pair["features"].as_str(),
            "{name}"
        );
        if let Some(created_at) = pair["created_at"].as_u64() {
            assert_eq!(invoice.created_at(), Some(created_at), "{name}");
        }
        let hops: Vec<u64> = invoice
            .payment_paths()
            .iter()
            .map(|path| path.path.hops.len() as u64)
            .collect();
        assert_eq!(hops, numbers(&pair["hops"]), "{name}");
        check_paths(&invoice, &pair["payinfos"], name);
    }
}

/// Paths and payinfos are written as they were read.
fn check_paths(invoice: &Invoice, payinfos: &Value, name: &str) {
    let (mut paths, mut infos) = (Vec::new(), Vec::new());
    for pair in invoice.payment_paths() {
        pair.path.write(&mut paths).unwrap();
        pair.payinfo.write(&mut infos).unwrap();
    }
    let value = |number| {
        invoice
            .records()
            .find(|record| record.number == number)
            .unwrap()
            .value
    };
    assert_eq!(paths, value(160), "{name}");
    assert_eq!(infos, value(162), "{name}");
    if let Some(payinfos) = payinfos.as_array() {
        assert_eq!(hex(infos), payinfos.iter().map(str).collect::<String>(), "{name}");
    }
}

#[test]
fn the_refund_of_ldk_field_by_field() {
    let pairs = json("pairs/pairs.json");
    let pair = &list(&pairs)[2];
    let request: InvoiceRequest = str(&pair["request"]).parse().unwrap();
    let fields = &pair["fields"];
    assert_eq!(
        request.invreq_metadata().map(hex).as_deref(),
        fields["invreq_metadata"].as_str()
    );
    assert_eq!(request.description(), fields["description"].as_str());
    assert_eq!(request.issuer(), fields["issuer"].as_str());
    assert_eq!(request.payer_note(), fields["payer_note"].as_str());
    assert_eq!(request.absolute_expiry(), fields["absolute_expiry"].as_u64());
    assert_eq!(
        request.to_uppercase_string().parse::<InvoiceRequest>().unwrap(),
        request
    );
    let expired = check(&request, None, Some(4_000_000_001)).unwrap_err();
    assert_eq!(
        (expired.code().as_str(), expired.rpc_code()),
        ("request_expired", 1002)
    );
    assert!(check(&request, None, Some(4_000_000_000)).is_ok());
}

#[test]
fn the_seed_document_holds_pair_a_1() {
    let pairs = json("pairs/pairs.json");
    let pair = &list(&pairs)[0];
    let seed = crate::common::text("seed/sendinvoice.json");
    assert!(seed.contains(str(&pair["request"])) && seed.contains(str(&pair["invoice"])));
}

#[test]
fn invoice_errors() {
    for case in list(&json("pairs/invoice-errors.json")) {
        let read = InvoiceError::from_bytes(&unhex(str(&case["bytes"]))).unwrap();
        assert_eq!(read.error.as_deref(), case["error"].as_str(), "{case}");
        assert_eq!(read.erroneous_field, case["erroneous_field"].as_u64(), "{case}");
        assert_eq!(
            read.suggested_value.as_ref().map(hex).as_deref(),
            case["suggested_value"].as_str(),
            "{case}"
        );
        let written = read.to_bytes().unwrap();
        assert_eq!(InvoiceError::from_bytes(&written).unwrap(), read);
    }
    let strange = InvoiceError {
        erroneous_field: Some(82),
        error: Some("a\u{202e}b".repeat(2_000)),
        ..Default::default()
    };
    assert!(strange.message().ends_with("… [invreq_amount (82)]"));
    assert!(!strange.message().contains('\u{202e}'));
    let lone = InvoiceError {
        suggested_value: Some(vec![1]),
        ..Default::default()
    };
    assert_eq!(lone.to_bytes().unwrap_err().code().as_str(), "missing_field");
    assert!(InvoiceError::from_bytes(&unhex("0502ff")).is_err());
}
