//! What a stream may hold at most, what its writer refuses, and when two messages are the same.

use invreq::bolt12::limits::MAX_BYTES;
use invreq::bolt12::{Bolt12, Invoice, InvoiceRequest, Kind, Offer, TlvStream, TlvWriter};
use invreq::{Error, ErrorCode};

use crate::common::{json, list, str};

fn code<T>(result: Result<T, Error>) -> Option<ErrorCode> {
    result.err().map(|error| error.code())
}

#[test]
fn a_stream_has_32768_bytes_at_most() {
    // One record: its type in one byte, its length in three.
    let stream = |length: usize| {
        let mut out = TlvWriter::new();
        out.record(1, &vec![7; length - 4]).unwrap();
        assert_eq!(out.as_bytes().len(), length);
        TlvStream::parse(out.into_bytes())
    };
    let longest = stream(MAX_BYTES).unwrap();
    assert_eq!(longest.as_bytes().len(), MAX_BYTES);
    assert_eq!(code(stream(MAX_BYTES + 1)), Some(ErrorCode::LimitExceeded));
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

#[test]
fn each_kind_has_its_name() {
    assert_eq!(Kind::ALL.map(Kind::name), ["offer", "invoice_request", "invoice"]);
    let empty = [
        Offer::from_bytes(Vec::new()).map(Bolt12::Offer),
        InvoiceRequest::from_bytes(Vec::new()).map(Bolt12::InvoiceRequest),
        Invoice::from_bytes(Vec::new()).map(Bolt12::Invoice),
    ];
    let names = ["offer", "invoice request", "invoice"];
    for (read, name) in empty.into_iter().zip(names) {
        let error = read.unwrap_err();
        assert_eq!(error.code(), ErrorCode::EmptyStream);
        assert_eq!(error.message(), format!("the {name} has no records"));
    }
}
