//! Values that no vector holds: fallback addresses, the request in an invoice, invoice errors of any shape.

use invreq::bolt12::limits::MAX_BYTES;
use invreq::bolt12::{Bolt12, Fallback, Invoice, InvoiceError, InvoiceRequest, TlvWriter};
use invreq::ErrorCode;

use crate::common::{hex, json, list, str, unhex};
use crate::rules::{bytes, changed, pair, sign};

/// A path of one hop, as hex: where it begins, its key, and the hop with two bytes for it.
const PATH: &str = "PP01P00020102";

#[test]
fn fallback_addresses_are_read_whether_usable_or_not() {
    let cases = [
        (0, 20, true),
        (0, 32, true),
        (0, 21, false),
        (1, 1, false),
        (1, 2, true),
        (16, 40, true),
        (16, 41, false),
        (17, 32, false),
    ];
    let mut value = String::new();
    for (version, length, _) in cases {
        value.push_str(&format!("{version:02x}{length:04x}{}", "ab".repeat(length)));
    }
    let invoice = sign(&changed(&pair().1, &[(172, Some(&value))]));
    let expected = cases.map(|(version, length, _)| Fallback {
        version,
        program: vec![0xab; length],
    });
    assert_eq!(invoice.fallbacks(), expected);
    let usable: Vec<bool> = invoice.fallbacks().iter().map(Fallback::is_usable).collect();
    assert_eq!(usable, cases.map(|(_, _, usable)| usable));
}

#[test]
fn an_invoice_tells_what_the_request_said() {
    let changes = [(84, Some("0200")), (90, Some(PATH))];
    let request = InvoiceRequest::from_bytes(bytes(&changed(&pair().0, &changes))).unwrap();
    let invoice = sign(&changed(&pair().1, &changes));
    assert_eq!(invoice.invreq_features(), Some([2, 0].as_slice()));
    assert_eq!(invoice.invreq_features(), request.features());
    assert_eq!(invoice.invreq_paths().map(<[_]>::len), Some(1));
    assert_eq!(invoice.invreq_paths(), request.paths());
    let signature = invoice.records().find(|record| record.number == 240).unwrap();
    assert_eq!(invoice.signature().as_slice(), signature.value);
}

#[test]
fn any_message_has_the_root_and_the_signature_of_its_kind() {
    for pair in list(&json("pairs/pairs.json")) {
        let request: InvoiceRequest = str(&pair["request"]).parse().unwrap();
        let invoice: Invoice = str(&pair["invoice"]).parse().unwrap();
        let any = Bolt12::InvoiceRequest(request.clone());
        assert_eq!(any.merkle_root(), request.merkle_root());
        assert_eq!(any.is_signed(), request.is_signed());
        let any = Bolt12::Invoice(invoice.clone());
        assert_eq!(
            (any.merkle_root(), any.is_signed()),
            (invoice.merkle_root(), true)
        );
    }
    let signed = list(&json("pairs/pairs.json"))
        .iter()
        .filter(|pair| str(&pair["request"]).parse::<Bolt12>().unwrap().is_signed())
        .count();
    assert!(signed > 0 && signed < list(&json("pairs/pairs.json")).len());
}

#[test]
fn an_invoice_error_may_hold_what_nobody_knows_if_its_type_is_odd() {
    for (number, understood) in [(2, false), (7, true), (8, false), (1_001, true)] {
        let mut out = TlvWriter::new();
        if number > 5 {
            out.record(5, b"no").unwrap();
        }
        out.record(number, b"?").unwrap();
        match InvoiceError::from_bytes(out.as_bytes()) {
            Ok(read) => assert_eq!((understood, read.error.as_deref()), (true, Some("no"))),
            Err(error) => assert_eq!(
                (understood, error.code()),
                (false, ErrorCode::UnknownEvenField),
                "{number}"
            ),
        }
    }
}

#[test]
fn an_invoice_error_is_as_long_as_a_message_at_most() {
    let with = |length: usize| {
        let error = Some("a".repeat(length - 4));
        let written = InvoiceError {
            error,
            ..Default::default()
        };
        let written = written.to_bytes().unwrap();
        assert_eq!(written.len(), length);
        InvoiceError::from_bytes(&written).map_err(|error| error.code())
    };
    assert!(with(MAX_BYTES).is_ok());
    assert_eq!(with(MAX_BYTES + 1), Err(ErrorCode::LimitExceeded));
}

/// Both readings are possible here; only the length in front would tell LDK's, and it is not that of the rest.
#[test]
fn what_only_looks_like_the_encoding_of_ldk_is_read_as_bolt_12_has_it() {
    let read = InvoiceError::from_bytes(&unhex("010302bbcc")).unwrap();
    assert_eq!(
        (read.erroneous_field, read.suggested_value),
        (Some(0x02_bbcc), None)
    );
    let read = InvoiceError::from_bytes(&unhex("040302bbcc")).unwrap();
    assert_eq!(read.erroneous_field, None);
    assert_eq!(read.suggested_value.map(hex).as_deref(), Some("bbcc"));
}
