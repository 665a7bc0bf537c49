//! The answer without the engine: known invoices rebuilt byte for byte, and what `finish` does not let through.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod bounds;

use bitcoin::secp256k1::{Keypair, Message, PublicKey, Secp256k1, SecretKey};
use invreq::answer::{answer, check_as_payer, prepare, prepare_str, Answerable, Terms};
use invreq::bolt12::{
    chain_hash, merkle_root, BlindedHop, BlindedPath, Introduction, Invoice, InvoiceRequest, PayInfo,
    PaymentPath, TlvStream, TlvWriter,
};
use invreq::{ErrorCode, NodeKey, Preimage};
use lightning::offers::invoice::Bolt12Invoice;
use serde_json::Value;

const PAIRS: &str = include_str!("../../../tests/vectors/pairs/pairs.json");

fn pair(name: &str) -> (String, String) {
    let pairs: Value = serde_json::from_str(PAIRS).unwrap();
    let pair = pairs
        .as_array()
        .unwrap()
        .iter()
        .find(|pair| pair["name"] == name)
        .unwrap();
    (
        pair["request"].as_str().unwrap().to_owned(),
        pair["invoice"].as_str().unwrap().to_owned(),
    )
}

fn key(byte: u8) -> Keypair {
    Keypair::from_secret_key(&Secp256k1::new(), &SecretKey::from_slice(&[byte; 32]).unwrap())
}

fn point(byte: u8) -> PublicKey {
    key(byte).public_key()
}

/// The terms of pair A-3, as notes on it say.
fn terms_of_a_3() -> Terms {
    let hop = |byte, length| BlindedHop {
        blinded_node_id: point(byte),
        encrypted_recipient_data: vec![0; length],
    };
    let path = BlindedPath {
        introduction: Introduction::NodeId(point(0x40)),
        path_key: point(0x41),
        hops: vec![hop(0x44, 43), hop(0x45, 44)],
    };
    let payinfo = PayInfo {
        fee_base_msat: 1,
        fee_proportional_millionths: 1000,
        cltv_expiry_delta: 42,
        htlc_minimum_msat: 100,
        htlc_maximum_msat: 1_000_000_000_000,
        features: Vec::new(),
    };
    Terms {
        created_at: 1_700_000_000,
        relative_expiry: 3600,
        payment_hash: Preimage::new([0x44; 32]).payment_hash(),
        node_id: point(0x43),
        mpp: true,
        paths: vec![PaymentPath { path, payinfo }],
        paths_expire_at: None,
    }
}

fn answerable(text: &str, network: &str) -> Answerable {
    Answerable::new(text.parse().unwrap(), chain_hash(network), Some(1_700_000_000)).unwrap()
}

#[test]
fn ldks_own_answer_is_rebuilt_byte_for_byte() {
    let (request, invoice) = pair("A-3");
    let answerable = answerable(&request, "bitcoin");
    let ours = answer(&answerable, &terms_of_a_3(), &key(0x43), &Secp256k1::new()).unwrap();
    assert_eq!(ours.to_string(), invoice);

    let unsigned = prepare(&answerable, &terms_of_a_3()).unwrap();
    let signature =
        Secp256k1::new().sign_schnorr_no_aux_rand(&Message::from_digest(unsigned.digest()), &key(0x43));
    assert_eq!(
        unsigned.finish(&signature.serialize()).unwrap().to_string(),
        invoice
    );
}

#[test]
fn a_string_is_answered_in_one_step() {
    let (request, invoice) = pair("A-3");
    let key = NodeKey::new(&[0x43; 32]).unwrap();
    let ours = |text: &str, network, amount_msat, terms: &Terms, key| {
        let unsigned = prepare_str(text, chain_hash(network), amount_msat, terms)?;
        unsigned.sign(key).map(|invoice| invoice.to_string())
    };
    let terms = terms_of_a_3();
    let amount_msat = answerable(&request, "bitcoin").amount_msat();
    for given in [None, Some(amount_msat)] {
        assert_eq!(
            ours(&request, "bitcoin", given, &terms, &key),
            Ok(invoice.clone())
        );
    }

    let late = Terms {
        created_at: u64::MAX,
        ..terms.clone()
    };
    let for_nothing = Terms {
        relative_expiry: 0,
        ..terms.clone()
    };
    let other_key = NodeKey::new(&[0x44; 32]).unwrap();
    let refused = [
        (
            ours("lnr1", "bitcoin", None, &terms, &key),
            ErrorCode::EmptyStream,
        ),
        (
            ours(&request, "regtest", None, &terms, &key),
            ErrorCode::WrongChain,
        ),
        (
            ours(&request, "bitcoin", Some(1), &terms, &key),
            ErrorCode::AmountMismatch,
        ),
        (
            ours(&request, "bitcoin", None, &late, &key),
            ErrorCode::RequestExpired,
        ),
        (
            ours(&request, "bitcoin", None, &for_nothing, &key),
            ErrorCode::InvalidExpiry,
        ),
        (
            ours(&request, "bitcoin", None, &terms, &other_key),
            ErrorCode::InvalidSignature,
        ),
    ];
    for (refused, code) in refused {
        assert_eq!(refused.map_err(|error| error.code()), Err(code));
    }
}

#[test]
fn the_invoices_of_core_lightning_pass_the_payers_rules() {
    for name in ["A-1", "A-2"] {
        let (request, invoice) = pair(name);
        let (request, invoice): (InvoiceRequest, Invoice) =
            (request.parse().unwrap(), invoice.parse().unwrap());
        let created_at = invoice.created_at().unwrap();
        let check = |now| check_as_payer(&invoice, Some(&request), chain_hash("regtest"), Some(now));
        assert_eq!(check(created_at + 90), Ok(()), "{name}");
        assert_eq!(
            check(created_at + 91).unwrap_err().code(),
            ErrorCode::InvoiceExpired,
            "{name}"
        );
    }
}

#[test]
fn ldk_accepts_the_answer_to_a_request_it_cannot_read() {
    let (request, _) = pair("A-1");
    assert!(request.parse::<lightning::offers::refund::Refund>().is_err());
    let ours = answer(
        &answerable(&request, "regtest"),
        &terms_of_a_3(),
        &key(0x43),
        &Secp256k1::new(),
    )
    .unwrap();
    let theirs = Bolt12Invoice::try_from(ours.as_bytes().to_vec()).unwrap();
    assert_eq!(theirs.amount_msats(), 1_000_000);
    assert_eq!(theirs.signing_pubkey(), point(0x43));
}

#[test]
fn nothing_leaves_with_a_wrong_signature() {
    let (request, _) = pair("A-3");
    let unsigned = prepare(&answerable(&request, "bitcoin"), &terms_of_a_3()).unwrap();
    let other =
        Secp256k1::new().sign_schnorr_no_aux_rand(&Message::from_digest(unsigned.digest()), &key(0x42));
    for signature in [[0; 64], other.serialize()] {
        let error = unsigned.finish(&signature).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidSignature);
        assert_eq!(error.field().unwrap().number, 240);
    }
}

#[test]
fn unknown_records_are_mirrored_and_signed() {
    let (request, _) = pair("A-3");
    let request: InvoiceRequest = request.parse().unwrap();
    let mut bytes = TlvWriter::new();
    for record in request.records().take_while(|record| record.number < 88) {
        bytes.copy(record).unwrap();
    }
    bytes.record(88, &point(0x42).serialize()).unwrap();
    bytes.record(93, b"nobody knows").unwrap();
    bytes.record(1_000_000_001, b"").unwrap();
    bytes.record(2_999_999_999, &[0xff; 300]).unwrap();
    let request = InvoiceRequest::from_bytes(bytes.into_bytes()).unwrap();
    let answerable = Answerable::new(request.clone(), None, None).unwrap();
    let invoice = answer(&answerable, &terms_of_a_3(), &key(0x43), &Secp256k1::new()).unwrap();

    assert!(request
        .mirrored()
        .map(|record| record.raw)
        .eq(invoice.mirrored().map(|record| record.raw)));
    assert_eq!(invoice.invreq_id(), request.invreq_id());
    let numbers: Vec<u64> = invoice.records().map(|record| record.number).collect();
    assert_eq!(numbers[numbers.len() - 3..], [240, 1_000_000_001, 2_999_999_999]);
    // The merkle tree of the finished invoice is the one that was signed.
    let stream = TlvStream::parse(invoice.as_bytes().to_vec()).unwrap();
    assert_eq!(merkle_root(&stream), Some(invoice.merkle_root()));
}

#[test]
fn terms_that_cannot_work_are_refused() {
    let (request, _) = pair("A-3");
    let answerable = answerable(&request, "bitcoin");
    type Change = fn(&mut Terms);
    let cases: [(Change, ErrorCode); 9] = [
        (|terms| terms.relative_expiry = 0, ErrorCode::InvalidExpiry),
        (|terms| terms.paths.clear(), ErrorCode::InvalidPaymentPath),
        (
            |terms| terms.paths = vec![terms.paths[0].clone(); 65],
            ErrorCode::InvalidPaymentPath,
        ),
        (
            |terms| terms.paths[0].path.hops.clear(),
            ErrorCode::InvalidPaymentPath,
        ),
        (
            |terms| terms.paths[0].payinfo.features = vec![1],
            ErrorCode::InvalidPaymentPath,
        ),
        (
            |terms| terms.paths[0].payinfo.htlc_maximum_msat = 99,
            ErrorCode::InvalidPaymentPath,
        ),
        (
            |terms| terms.paths[0].payinfo.htlc_maximum_msat = 20_000_000,
            ErrorCode::InsufficientInbound,
        ),
        (
            |terms| terms.paths[0].payinfo.htlc_minimum_msat = 20_000_002,
            ErrorCode::InsufficientInbound,
        ),
        (
            |terms| terms.paths_expire_at = Some(1_700_003_599),
            ErrorCode::PathExpiresEarly,
        ),
    ];
    for (place, (change, code)) in cases.into_iter().enumerate() {
        let mut terms = terms_of_a_3();
        change(&mut terms);
        let error = prepare(&answerable, &terms).unwrap_err();
        assert_eq!(error.code(), code, "case {place}: {error}");
        assert!(error.field().is_some() && error.rule().is_some(), "case {place}");
    }
    // What one path cannot carry, two can, if the payment may come in parts.
    let mut two = terms_of_a_3();
    two.paths[0].payinfo.htlc_maximum_msat = 15_000_000;
    two.paths = vec![two.paths[0].clone(); 2];
    assert!(prepare(&answerable, &two).is_ok());
    two.mpp = false;
    assert_eq!(
        prepare(&answerable, &two).unwrap_err().code(),
        ErrorCode::InsufficientInbound
    );
}
