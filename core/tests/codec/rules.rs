//! The answer rules and the payer's rules, each broken once.

use std::collections::BTreeMap;

use bitcoin::secp256k1::{Keypair, Message, Secp256k1, SecretKey};
use invreq::answer::{check, check_as_payer, warnings};
use invreq::bolt12::limits::MAX_MSAT;
use invreq::bolt12::{
    chain_hash, decode_string, invoice_digest, merkle_root, Invoice, InvoiceRequest, TlvStream, TlvWriter,
    BITCOIN,
};
use invreq::{decode, decode_with, DecodeOptions, Error};

use crate::common::{json, list, str, unhex};

pub type Records = BTreeMap<u64, Vec<u8>>;

/// Records to put in (`Some`) or to take out (`None`).
pub type Changes<'a> = &'a [(u64, Option<&'a str>)];

/// Changes, and what is then wrong: code and TLV number.
type Case<'a> = (Changes<'a>, &'a str, u64);

const NOW: u64 = 1_800_000_000;
const POINT: &str = "02eec7245d6b7d2ccb30380bfbe2a3648cd7a942653f5aa340edcea1f283686619";

fn records(bytes: &[u8]) -> Records {
    let stream = TlvStream::parse(bytes.to_vec()).unwrap();
    stream
        .records()
        .map(|record| (record.number, record.value.to_vec()))
        .collect()
}

pub fn bytes(records: &Records) -> Vec<u8> {
    let mut writer = TlvWriter::new();
    for (number, value) in records {
        writer.record(*number, value).unwrap();
    }
    writer.into_bytes()
}

/// The records with these changes. In a value `P` stands for a point.
pub fn changed(records: &Records, changes: Changes<'_>) -> Records {
    let mut records = records.clone();
    for (number, value) in changes {
        match value {
            Some(value) => _ = records.insert(*number, unhex(&value.replace('P', POINT))),
            None => _ = records.remove(number),
        }
    }
    records
}

/// The unsigned request and the invoice of LDK.
pub fn pair() -> (Records, Records) {
    let pairs = json("pairs/pairs.json");
    let read = |kind: &str| records(&decode_string(str(&list(&pairs)[2][kind])).unwrap().1);
    (read("request"), read("invoice"))
}

pub fn sign(records: &Records) -> Invoice {
    let secp = Secp256k1::new();
    let keys = Keypair::from_secret_key(&secp, &SecretKey::from_slice(&[0x43; 32]).unwrap());
    let root = merkle_root(&TlvStream::parse(bytes(records)).unwrap()).unwrap();
    let signature = secp.sign_schnorr_no_aux_rand(&Message::from_digest(invoice_digest(&root)), &keys);
    let mut records = records.clone();
    records.insert(240, signature.serialize().to_vec());
    Invoice::from_bytes(bytes(&records)).unwrap()
}

fn told(error: Error) -> (String, Option<u64>) {
    assert!(error.rule().is_some(), "{error:?}");
    (
        error.code().as_str().to_owned(),
        error.field().map(|field| field.number),
    )
}

#[test]
fn each_answer_rule() {
    let (request, _) = pair();
    let cases: &[Case<'_>] = &[
        (&[(0, None)], "missing_field", 0),
        (&[(2, Some(""))], "unexpected_field", 2),
        (&[(12, Some(""))], "unexpected_field", 12),
        (&[(14, Some("01"))], "request_expired", 14),
        (&[(16, Some(""))], "answers_offer", 16),
        (&[(16, Some("PP01P0000"))], "answers_offer", 16),
        (&[(20, Some(""))], "unexpected_field", 20),
        (&[(22, Some("P"))], "answers_offer", 22),
        (&[(80, Some(&"00".repeat(32)))], "wrong_chain", 80),
        (&[(82, None)], "missing_field", 82),
        (&[(82, Some(""))], "amount_out_of_range", 82),
        (&[(82, Some("1d24b2dfac520001"))], "amount_out_of_range", 82),
        (&[(84, Some("01"))], "unknown_feature", 84),
        (&[(84, Some("0400"))], "unknown_feature", 84),
        (&[(88, None)], "missing_field", 88),
        (&[(90, Some(""))], "empty_paths", 90),
        (&[(90, Some("PP00"))], "empty_path", 90),
        (&[(90, Some("PP01P0000PP00"))], "empty_path", 90),
        (&[(91, Some("0161027a21"))], "invalid_name", 91),
        // An offer's fields are repeated where an offer is answered: then that is what is wrong.
        (
            &[
                (2, Some("")),
                (12, Some("")),
                (20, Some("")),
                (22, Some("P")),
                (82, None),
            ],
            "answers_offer",
            22,
        ),
        // The first broken rule is that of the lowest type.
        (&[(0, None), (2, Some("")), (88, None)], "missing_field", 0),
        (&[(2, Some("")), (14, Some("01"))], "unexpected_field", 2),
        (
            &[(14, Some("01")), (80, Some(&"00".repeat(32)))],
            "request_expired",
            14,
        ),
    ];
    for (changes, code, number) in cases {
        let request = InvoiceRequest::from_bytes(bytes(&changed(&request, changes))).unwrap();
        let error = check(&request, Some(BITCOIN), Some(NOW)).unwrap_err();
        assert_eq!(told(error), ((*code).to_owned(), Some(*number)), "{changes:?}");
    }
}

#[test]
fn what_is_only_unusual_is_a_warning() {
    let (request, _) = pair();
    let cases: &[(Changes<'_>, &[&str])] = &[
        (&[], &[]),
        (&[(0, Some(""))], &[]),
        (&[(4, Some(""))], &["offer_metadata_present"]),
        (&[(6, Some("555344"))], &["offer_currency_present"]),
        (&[(8, Some(""))], &["offer_amount_present"]),
        (&[(10, None)], &["description_missing"]),
        (&[(10, Some(""))], &[]),
        (&[(80, Some(&crate::common::hex(BITCOIN)))], &[]),
        (&[(82, Some("1d24b2dfac520000"))], &[]),
        (&[(84, Some(""))], &[]),
        (&[(84, Some("0002aa"))], &[]),
        (&[(86, Some(""))], &["quantity_present"]),
        (&[(90, Some("010000010000020003P01P0000"))], &[]),
        (&[(91, Some("0161027a2e"))], &["bip_353_name_present"]),
    ];
    for (changes, expected) in cases {
        let request = InvoiceRequest::from_bytes(bytes(&changed(&request, changes))).unwrap();
        let found = check(&request, Some(BITCOIN), Some(NOW)).unwrap();
        assert_eq!(found, warnings(&request));
        let codes: Vec<_> = found.iter().map(|warning| warning.code.as_str()).collect();
        assert_eq!(codes, [*expected, &["signature_missing"]].concat(), "{changes:?}");
    }
}

#[test]
fn each_payer_rule() {
    let (request, invoice) = pair();
    let request = InvoiceRequest::from_bytes(bytes(&request)).unwrap();
    let now = Some(1_700_000_000);
    assert!(check_as_payer(&sign(&invoice), Some(&request), Some(BITCOIN), now).is_ok());
    let info = "00000001000003e8002a0000000000000064000000e8d4a51000";
    let (known, unknown) = (format!("{info}0000"), format!("{info}000101"));
    let infos = format!("{unknown}{known}");
    let two_paths = "PP01P0000".repeat(2);
    let cases: &[Case<'_>] = &[
        (&[(10, None)], "invalid_value", 10),
        (&[(10, Some("41"))], "invalid_value", 10),
        (&[(1, Some(""))], "invalid_value", 1),
        (&[(1_000_000_001, Some(""))], "invalid_value", 1_000_000_001),
        (&[(89, None)], "invalid_value", 89),
        (&[(160, None)], "missing_field", 160),
        (&[(160, Some(""))], "empty_paths", 160),
        (&[(160, Some("PP00"))], "empty_path", 160),
        (&[(162, None)], "missing_field", 162),
        (&[(162, Some(""))], "invalid_value", 162),
        (&[(162, Some(&infos))], "invalid_value", 162),
        (&[(162, Some(&unknown))], "unknown_feature", 162),
        (&[(164, None)], "missing_field", 164),
        (&[(164, Some("01"))], "invoice_expired", 166),
        (
            &[(166, Some("")), (164, Some("6553f0ff"))],
            "invoice_expired",
            166,
        ),
        (&[(168, None)], "missing_field", 168),
        (&[(170, None)], "missing_field", 170),
        (&[(170, Some(""))], "amount_out_of_range", 170),
        (&[(170, Some("01"))], "amount_mismatch", 170),
        (&[(174, Some("01"))], "unknown_feature", 174),
    ];
    for (changes, code, number) in cases {
        let invoice = sign(&changed(&invoice, changes));
        let error = check_as_payer(&invoice, Some(&request), Some(BITCOIN), now).unwrap_err();
        assert_eq!(told(error), ((*code).to_owned(), Some(*number)), "{changes:?}");
    }
    // One usable path is enough, MPP/compulsory is known, odd features are ignored.
    let fine: [Changes<'_>; 3] = [
        &[(160, Some(&two_paths)), (162, Some(&infos))],
        &[(174, Some("030000"))],
        &[(174, Some("02"))],
    ];
    for changes in fine {
        check_as_payer(
            &sign(&changed(&invoice, changes)),
            Some(&request),
            Some(BITCOIN),
            now,
        )
        .unwrap();
    }
    let wrong = check_as_payer(&sign(&invoice), None, chain_hash("regtest"), now).unwrap_err();
    assert_eq!(told(wrong), ("wrong_chain".to_owned(), Some(80)));
}

/// Where an offer is answered, its issuer signs, or else the end of one of its paths.
#[test]
fn the_key_of_the_offer_signs() {
    let (_, invoice) = pair();
    let node_id = crate::common::hex(&invoice[&176]);
    let path = format!("PP01{node_id}0000");
    for (changes, right) in [
        ([(22, "P"), (82, "01312d01")], false),
        ([(22, node_id.as_str()), (82, "01312d01")], true),
        ([(16, "PP01P0000"), (82, "01312d01")], false),
        ([(16, path.as_str()), (82, "01312d01")], true),
    ] {
        let invoice = sign(&changed(
            &invoice,
            &changes.map(|(number, value)| (number, Some(value))),
        ));
        let verdict = check_as_payer(&invoice, None, None, None).map_err(told);
        assert_eq!(
            verdict,
            if right {
                Ok(())
            } else {
                Err(("invalid_value".to_owned(), Some(176)))
            },
            "{changes:?}"
        );
    }
}

#[test]
fn a_person_can_read_it() {
    let pairs = json("pairs/pairs.json");
    let decoded = decode(str(&list(&pairs)[2]["request"])).unwrap();
    assert_eq!(
        decoded.summary,
        "A payer asks for an invoice over 20,000.001 sat, for “ATM withdrawal”."
    );
    assert!(decoded.answerable && !decoded.signed && decoded.problem.is_none());
    let value = |number| {
        decoded
            .fields
            .iter()
            .find(|field| field.number == number)
            .unwrap()
            .value
            .as_str()
    };
    assert_eq!(value(14), "4000000000 = 2096-10-02 07:06:40 UTC");
    assert_eq!(value(82), "20000001 msat = 20,000.001 sat = 0.00020000001 BTC");
    let text = decoded.to_string();
    assert!(
        text.contains("It can be answered.") && text.contains("[signature_missing]"),
        "{text}"
    );

    let regtest = str(&list(&pairs)[0]["invoice"]);
    let decoded = decode(regtest).unwrap();
    assert_eq!(
        decoded.summary,
        "An invoice over 1,000 sat on regtest, for “Simple test”."
    );
    assert_eq!(decoded.problem.as_ref().unwrap().code, "wrong_chain");
    assert!(decoded.to_string().contains("It cannot be paid: "));
    let any = DecodeOptions::network("any").unwrap();
    assert!(decode_with(regtest, &any).unwrap().problem.is_none());
    assert!(DecodeOptions::network("litecoin").is_err());
    assert_eq!(MAX_MSAT, 2_100_000_000_000_000_000);
}
