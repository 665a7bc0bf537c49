//! What a writer of streams refuses, and when two messages are the same.

use invreq::bolt12::{Invoice, InvoiceRequest, TlvWriter};
use invreq::{Error, ErrorCode};

use crate::common::{json, list, str};

fn code<T>(result: Result<T, Error>) -> Option<ErrorCode> {
    result.err().map(|error| error.code())
}

#[test]
fn a_writer_takes_ascending_types_only() {
    let mut out = TlvWriter::new();
    out.record(4, b"four").unwrap();
    for number in [0, 3, 4] {
        let error = out.record(number, b"").unwrap_err();
        assert_eq!(error.code(), ErrorCode::TlvNotAscending);
        assert_eq!(error.field().unwrap().number, number);
        assert_eq!(code(out.integer(number, 1)), Some(ErrorCode::TlvNotAscending));
    }
    out.record(5, b"").unwrap();
    assert_eq!(
        out.as_bytes(),
        b"\x04\x04four\x05\x00",
        "what was refused is not written"
    );
}

#[test]
fn records_are_copied_byte_for_byte() {
    let pairs = json("pairs/pairs.json");
    let invoice: Invoice = str(&list(&pairs)[0]["invoice"]).parse().unwrap();
    let mut out = TlvWriter::new();
    for record in invoice.records() {
        out.copy(record).unwrap();
    }
    assert_eq!(out.as_bytes(), invoice.as_bytes());
    let first = invoice.records().next().unwrap();
    assert_eq!(code(out.copy(first)), Some(ErrorCode::TlvNotAscending));
}

#[test]
fn messages_are_the_same_if_their_bytes_are() {
    let pairs = json("pairs/pairs.json");
    let request = |pair: usize| -> InvoiceRequest { str(&list(&pairs)[pair]["request"]).parse().unwrap() };
    assert_eq!(request(0), request(0));
    assert_ne!(request(0), request(1));
}
