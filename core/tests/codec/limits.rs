//! Limits at their border: the last that is read, and the first that is not.

use invreq::bolt12::limits::{MAX_BYTES, MAX_RECORDS, MAX_STRING};
use invreq::bolt12::{encode_string, InvoiceRequest, Kind, TlvStream, TlvWriter};
use invreq::ErrorCode;

/// A request of as many bytes as there may be, with spaces behind a join until its text is of this length.
fn spaced(length: usize) -> (Vec<u8>, String) {
    // One unknown odd record, whose type takes five bytes and whose length three.
    let mut writer = TlvWriter::new();
    writer.record(1_000_000_001, &vec![7; MAX_BYTES - 8]).unwrap();
    let bytes = writer.into_bytes();
    assert_eq!(bytes.len(), MAX_BYTES);
    let text = encode_string(Kind::InvoiceRequest, &bytes);
    assert_eq!(text.len(), 52_433);
    let (start, end) = text.split_at(100);
    let width = length.saturating_sub(101);
    let text = format!("{start}+{end:>width$}");
    assert_eq!(text.len(), length);
    (bytes, text)
}

#[test]
fn white_space_around_the_longest_text_does_not_count() {
    let (bytes, longest) = spaced(MAX_STRING);
    for text in [longest.clone(), format!("\n{longest}  ")] {
        assert_eq!(text.parse::<InvoiceRequest>().unwrap().as_bytes(), bytes);
    }
    let longer = spaced(MAX_STRING + 1).1.parse::<InvoiceRequest>();
    assert_eq!(longer.unwrap_err().code(), ErrorCode::StringTooLong);
}

#[test]
fn as_many_records_as_there_may_be_are_read_and_one_more_is_not() {
    let stream = |count: usize| {
        let mut writer = TlvWriter::new();
        for number in (1..).step_by(2).take(count) {
            writer.record(number, &[]).unwrap();
        }
        TlvStream::parse(writer.into_bytes())
    };
    assert_eq!(stream(MAX_RECORDS).unwrap().records().len(), MAX_RECORDS);
    let code = stream(MAX_RECORDS + 1).map_err(|error| error.code());
    assert_eq!(code, Err(ErrorCode::LimitExceeded));
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
    let code = stream(MAX_BYTES + 1).map_err(|error| error.code());
    assert_eq!(code, Err(ErrorCode::LimitExceeded));
}
