//! The last value that is allowed and the first that is not, and what a signer is shown.

use bitcoin::secp256k1::Secp256k1;
use invreq::answer::{answer, check, check_as_payer, prepare, Answerable, Terms};
use invreq::bolt12::{Invoice, InvoiceRequest, TlvWriter};
use invreq::{rules, ErrorCode};

use crate::{answerable, key, pair, point, terms_of_a_3};

/// The longest message.
const MAX_BYTES: usize = 32_768;
/// What the record of a signature takes: type, length and value.
const SIGNATURE: usize = 66;

fn a_3() -> Answerable {
    answerable(&pair("A-3").0, "bitcoin")
}

/// The request of A-3 with another amount, or with a record that nobody knows.
fn request_with(amount_msat: Option<u64>, unknown: usize) -> InvoiceRequest {
    let request: InvoiceRequest = pair("A-3").0.parse().unwrap();
    let mut bytes = TlvWriter::new();
    for record in request.records().filter(|record| record.number < 88) {
        match amount_msat {
            Some(amount) if record.number == 82 => _ = bytes.integer(82, amount).unwrap(),
            _ => _ = bytes.copy(record).unwrap(),
        }
    }
    bytes.record(88, &point(0x42).serialize()).unwrap();
    bytes.record(93, &vec![7; unknown]).unwrap();
    InvoiceRequest::from_bytes(bytes.into_bytes()).unwrap()
}

fn changed(change: impl FnOnce(&mut Terms)) -> Terms {
    let mut terms = terms_of_a_3();
    change(&mut terms);
    terms
}

fn refusal(terms: &Terms) -> ErrorCode {
    prepare(&a_3(), terms).unwrap_err().code()
}

#[test]
fn an_invoice_is_as_long_as_a_message_at_most() {
    let prepared = |unknown| {
        let answerable = Answerable::new(request_with(None, unknown), None, None).unwrap();
        prepare(&answerable, &terms_of_a_3())
    };
    let short = prepared(300).unwrap().as_bytes().len();
    let longest = 300 + MAX_BYTES - SIGNATURE - short;
    let unsigned = prepared(longest).unwrap();
    assert_eq!(unsigned.as_bytes().len() + SIGNATURE, MAX_BYTES);
    let error = prepared(longest + 1).unwrap_err();
    assert_eq!(
        (error.code(), error.rule()),
        (ErrorCode::LimitExceeded, Some(rules::LIMITS.id))
    );
}

#[test]
fn what_is_to_be_signed_is_the_invoice_without_its_signature() {
    let unsigned = prepare(&a_3(), &terms_of_a_3()).unwrap();
    let signed: Invoice = pair("A-3").1.parse().unwrap();
    let rest = signed.records().filter(|record| record.number != 240);
    let rest: Vec<u8> = rest.flat_map(|record| record.raw.to_vec()).collect();
    assert_eq!(unsigned.as_bytes(), rest);
}

#[test]
fn the_largest_and_the_smallest_that_works_is_taken() {
    let amount = a_3().amount_msat();
    let works: [Terms; 4] = [
        changed(|terms| terms.paths = vec![terms.paths[0].clone(); 64]),
        changed(|terms| terms.paths_expire_at = Some(terms.expires_at())),
        changed(|terms| terms.paths_expire_at = Some(u64::MAX)),
        changed(|terms| {
            let payinfo = &mut terms.paths[0].payinfo;
            (payinfo.htlc_minimum_msat, payinfo.htlc_maximum_msat) = (amount, amount);
        }),
    ];
    for (place, terms) in works.iter().enumerate() {
        let invoice = answer(&a_3(), terms, &key(0x43), &Secp256k1::new());
        assert_eq!(
            invoice.map(|invoice| invoice.node_id()),
            Ok(point(0x43)),
            "case {place}"
        );
    }
}

#[test]
fn a_path_has_255_hops_of_65535_bytes_at_most() {
    let hops = |count, length| {
        changed(|terms| {
            let path = &mut terms.paths[0].path;
            path.hops[0].encrypted_recipient_data = vec![0; length];
            path.hops = vec![path.hops[0].clone(); count];
        })
    };
    assert!(prepare(&a_3(), &hops(255, 0)).is_ok());
    assert_eq!(refusal(&hops(256, 0)), ErrorCode::InvalidPaymentPath);
    // Such data can be written, but no message can carry it.
    assert_eq!(refusal(&hops(1, 65_535)), ErrorCode::LimitExceeded);
    assert_eq!(refusal(&hops(1, 65_536)), ErrorCode::InvalidPaymentPath);
}

#[test]
fn a_caller_can_only_name_the_amount_of_the_request() {
    let (answerable, amount) = (a_3(), a_3().amount_msat());
    assert_eq!(answerable.check_amount(None), Ok(()));
    assert_eq!(answerable.check_amount(Some(amount)), Ok(()));
    for other in [0, amount - 1, amount + 1] {
        let error = answerable.check_amount(Some(other)).unwrap_err();
        assert_eq!(error.code(), ErrorCode::AmountMismatch);
        assert_eq!(error.field().unwrap().number, 82);
    }
}

#[test]
fn an_amount_of_zero_breaks_another_rule_than_one_that_is_too_large() {
    for (amount, rule) in [
        (0, rules::INVREQ_AMOUNT),
        (2_100_000_000_000_000_001, rules::MSAT_MAXIMUM),
    ] {
        let error = check(&request_with(Some(amount), 1), None, None).unwrap_err();
        assert_eq!(
            (error.code(), error.rule()),
            (ErrorCode::AmountOutOfRange, Some(rule.id))
        );
    }
    assert!(check(&request_with(Some(2_100_000_000_000_000_000), 1), None, None).is_ok());
}

#[test]
fn an_answerable_request_still_tells_what_is_unusual_about_it() {
    let request: InvoiceRequest = pair("A-3").0.parse().unwrap();
    let expected = check(&request, None, None).unwrap();
    assert_eq!(a_3().warnings(), expected);
    assert!(expected.iter().any(|warning| warning.code == "signature_missing"));
}

#[test]
fn a_mirrored_record_that_differs_is_not_called_missing() {
    let invoice: Invoice = pair("A-3").1.parse().unwrap();
    let other = request_with(Some(1), 1);
    let error = check_as_payer(&invoice, Some(&other), None, None).unwrap_err();
    assert_eq!(
        (error.code(), error.field().unwrap().number),
        (ErrorCode::InvalidValue, 82)
    );
    assert!(
        error.message().ends_with("differs from that of the request"),
        "{error}"
    );
}
