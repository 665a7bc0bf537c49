//! Made-up input: nothing panics, everything that is read comes back byte for byte.

use std::sync::LazyLock;

use bitcoin::secp256k1::{Keypair, Message, Secp256k1, SecretKey};
use invreq::answer::{check, check_as_payer};
use invreq::bolt12::{
    encode_string, invoice_request_digest, merkle_root, Bolt12, InvoiceError, InvoiceRequest, Kind,
    TlvStream, TlvWriter,
};
use invreq::decode::inspect;
use invreq::{decode, DecodeOptions, ErrorCode};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use crate::common::{lines, str};

static INVOICES: LazyLock<Vec<serde_json::Value>> = LazyLock::new(|| lines("cln/fuzz-invoice-decode.jsonl"));

/// Everything that can be asked of a text, whatever it is.
fn ask(text: &str) {
    let found = inspect(
        text,
        &DecodeOptions {
            chain: None,
            now: Some(1_700_000_000),
        },
    );
    let read = text.parse::<Bolt12>();
    assert_eq!(found.well_formed, read.is_ok(), "{text}");
    assert_eq!(decode(text).is_ok(), read.is_ok(), "{text}");
    match &read {
        Ok(message) => {
            let string = message.to_string();
            let again: Bolt12 = string.parse().unwrap();
            assert_eq!(again.as_bytes(), message.as_bytes());
            assert_eq!(
                string.to_ascii_uppercase().parse::<Bolt12>().unwrap().as_bytes(),
                message.as_bytes()
            );
            let joined: Vec<u8> = message
                .records()
                .iter()
                .flat_map(|record| record.raw)
                .copied()
                .collect();
            assert_eq!(joined, message.as_bytes());
            assert!(!decode(text).unwrap().to_string().contains('\u{202e}'));
        }
        Err(error) => assert!(
            ErrorCode::ALL.contains(&error.code()) && error.rule().is_some(),
            "{text}: {error:?}"
        ),
    }
}

fn kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(Kind::ALL.to_vec())
}

/// Types that lie near the borders of ranges, and any others.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 0..=260u64,
        1 => 990..=1010u64,
        1 => 999_999_990..=1_000_000_040u64,
        1 => 1_999_999_990..=2_000_000_100u64,
        1 => 2_999_999_990..=3_000_000_010u64,
        1 => any::<u64>(),
    ]
}

/// Unknown odd types in the ranges that an invoice mirrors.
fn unknown_odd() -> impl Strategy<Value = u64> {
    prop_oneof![92..=158u64, 1_000_000_000..=2_999_999_998u64].prop_map(|number| number | 1)
}

fn stream(records: impl IntoIterator<Item = (u64, Vec<u8>)>) -> Vec<u8> {
    let mut writer = TlvWriter::new();
    for (number, value) in records {
        writer.record(number, &value).unwrap();
    }
    writer.into_bytes()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in ".*") {
        ask(&text);
    }

    #[test]
    fn any_text_with_a_prefix(text in "(lightning:|LIGHTNING:)?(lno|lnr|lni|LNR)1[qpzry9x8gf2tvdw0s3jn54khce6mua7lQ+ \n]{0,200}") {
        ask(&text);
    }

    #[test]
    fn any_bytes(kind in kind(), bytes in vec(any::<u8>(), 0..300)) {
        ask(&encode_string(kind, &bytes));
        let _ = InvoiceError::from_bytes(&bytes);
    }

    #[test]
    fn any_records(kind in kind(), records in btree_map(number(), vec(any::<u8>(), 0..40), 0..12)) {
        ask(&encode_string(kind, &stream(records)));
    }

    /// One byte of a real message changed, removed or added.
    #[test]
    fn damaged(index in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(), byte in any::<u8>(), how in 0..3u8) {
        let text = str(&INVOICES[index.index(INVOICES.len())]["string"]);
        let Ok((kind, mut bytes)) = invreq::bolt12::decode_string(text) else { return Ok(()) };
        let place = place.index(bytes.len());
        match how {
            0 => bytes[place] = byte,
            1 => drop(bytes.remove(place)),
            _ => bytes.insert(place, byte),
        }
        ask(&encode_string(kind, &bytes));
    }

    /// Unknown odd records are kept, signed and mirrored, whatever they are.
    #[test]
    fn unknown_odd_records_are_kept(unknown in btree_map(unknown_odd(), vec(any::<u8>(), 0..60), 0..10), signed in any::<bool>()) {
        let secp = Secp256k1::new();
        let keys = Keypair::from_secret_key(&secp, &SecretKey::from_slice(&[0x41; 32]).unwrap());
        let mut records = unknown.clone();
        records.insert(0, vec![7; 16]);
        records.insert(10, b"x".to_vec());
        records.insert(82, vec![1]);
        records.insert(88, keys.public_key().serialize().to_vec());
        let unsigned = stream(records.clone());
        let mirrored = unsigned.clone();
        let bytes = if signed {
            let root = merkle_root(&TlvStream::parse(unsigned).unwrap()).unwrap();
            let digest = Message::from_digest(invoice_request_digest(&root));
            records.insert(240, secp.sign_schnorr_no_aux_rand(&digest, &keys).serialize().to_vec());
            stream(records)
        } else {
            unsigned
        };
        let request = InvoiceRequest::from_bytes(bytes.clone()).unwrap();
        prop_assert_eq!(request.as_bytes(), bytes.as_slice());
        prop_assert_eq!(request.is_signed(), signed);
        let raw: Vec<u8> = request.mirrored().flat_map(|record| record.raw).copied().collect();
        prop_assert_eq!(raw, mirrored);
        let warnings = check(&request, None, None).unwrap();
        prop_assert_eq!(warnings.len(), usize::from(!signed));
        let again: InvoiceRequest = request.to_string().parse().unwrap();
        prop_assert_eq!(again, request);
    }
}

/// Hostile input is refused early, and in time that grows no faster than it does.
#[test]
fn hostile_input_is_refused_in_linear_time() {
    let started = std::time::Instant::now();
    let megabyte = 1 << 20;
    for text in [
        "q".repeat(4 * megabyte),
        " ".repeat(4 * megabyte),
        "+".repeat(4 * megabyte),
        "lnr1".to_owned() + &"q".repeat(4 * megabyte),
        "lnr1".to_owned() + &"q+ ".repeat(20_000),
        "lnr1".to_owned() + &"+".repeat(60_000),
    ] {
        ask(&text);
    }
    // As many records, paths and distinct points as fit.
    let records = (0..1_024u64).map(|i| (1_000_000_001 + 2 * i, vec![0; 20]));
    ask(&encode_string(Kind::InvoiceRequest, &stream(records)));
    let records = (0..10_000u64).map(|i| (2 * i + 1, vec![]));
    ask(&encode_string(Kind::Invoice, &stream(records)));
    let point = |i: u16| [&[2; 31], i.to_be_bytes().as_slice()].concat();
    let mut path = [&[0; 9][..], &[2; 33], &[255]].concat();
    (0..255).for_each(|i| path.extend([point(i), vec![0, 0]].concat()));
    ask(&encode_string(
        Kind::InvoiceRequest,
        &stream([(90, path.repeat(3))]),
    ));
    let empty = [&[0; 9][..], &[2; 33], &[0]].concat();
    ask(&encode_string(
        Kind::InvoiceRequest,
        &stream([(90, empty.repeat(64))]),
    ));
    let too_many = encode_string(Kind::InvoiceRequest, &stream([(90, empty.repeat(65))]));
    assert_eq!(crate::common::verdict(&too_many), "limit_exceeded");
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
}

/// Errors of the payer's rules have a code and a field too.
#[test]
fn every_corpus_string_can_be_asked() {
    for corpus in ["invrequest", "invoice", "offer"] {
        for case in lines(&format!("cln/fuzz-{corpus}-decode.jsonl")) {
            ask(str(&case["string"]));
            if let Ok(Bolt12::Invoice(invoice)) = str(&case["string"]).parse() {
                if let Err(error) = check_as_payer(&invoice, None, None, None) {
                    assert!(error.field().is_some() && error.rule().is_some());
                }
            }
        }
    }
}
