use arbitrary::Unstructured;
use bitcoin::hashes::{sha256, Hash};
use invreq::bolt12::{
    encode_string, is_mirrored, merkle_root, read_bigsize, write_bigsize, Bolt12, Invoice, InvoiceError,
    InvoiceRequest, Kind, TlvStream, TlvWriter,
};

use crate::records::{records, sign, stream};
use crate::strings::{any_text, named, options};

/// Reads a stream as records, and as every kind of message.
///
/// The first byte says whether the others are the stream, or make up records that are mostly in order.
pub fn tlv(data: &[u8]) {
    let Some((head, rest)) = data.split_first() else {
        return;
    };
    match head & 3 {
        0 => check(rest, head >> 2),
        choice => {
            let Ok(mut made) = records(&mut Unstructured::new(rest)) else {
                return;
            };
            match choice {
                1 => {}
                2 => sign(&mut made, Kind::InvoiceRequest),
                _ => sign(&mut made, Kind::Invoice),
            }
            check(&stream(&made), head >> 2);
        }
    }
}

fn check(bytes: &[u8], choices: u8) {
    bigsize(bytes);
    invoice_error(bytes);
    let stream = match TlvStream::parse(bytes.to_vec()) {
        Ok(stream) => stream,
        Err(error) => {
            named(&error);
            for kind in Kind::ALL {
                let read = Bolt12::from_bytes(kind, bytes.to_vec());
                assert_eq!(read.unwrap_err().code(), error.code());
            }
            return;
        }
    };
    let raw: Vec<u8> = stream.records().flat_map(|record| record.raw).copied().collect();
    assert_eq!(raw, bytes);
    let mut written = TlvWriter::new();
    for record in stream.records() {
        assert_eq!(stream.get(record.number), Some(record.value));
        written.record(record.number, record.value).unwrap();
    }
    assert_eq!(written.as_bytes(), bytes, "there is one encoding");
    let root = merkle_root(&stream);
    assert_eq!(root, root_by_the_book(&stream));
    for kind in Kind::ALL {
        match Bolt12::from_bytes(kind, bytes.to_vec()) {
            Ok(message) => typed(&message, bytes, root),
            Err(error) => named(&error),
        }
        if !bytes.is_empty() {
            any_text(&encode_string(kind, bytes), &options(choices));
        }
    }
}

fn typed(message: &Bolt12, bytes: &[u8], root: Option<[u8; 32]>) {
    assert_eq!(message.as_bytes(), bytes);
    assert_eq!(message.merkle_root(), root.unwrap_or_default());
    let mirrored: Vec<u8> = message
        .records()
        .iter()
        .filter(|record| is_mirrored(record.number))
        .flat_map(|record| record.raw)
        .copied()
        .collect();
    match message {
        Bolt12::Offer(_) => {}
        Bolt12::InvoiceRequest(request) => {
            let kept: Vec<u8> = request
                .mirrored()
                .flat_map(|record| record.raw)
                .copied()
                .collect();
            assert_eq!(kept, mirrored);
            assert_eq!(
                request.invreq_id().0,
                sha256::Hash::hash(&mirrored).to_byte_array()
            );
            paths_of_a_request(request);
        }
        Bolt12::Invoice(invoice) => {
            let kept: Vec<u8> = invoice
                .mirrored()
                .flat_map(|record| record.raw)
                .copied()
                .collect();
            assert_eq!(kept, mirrored);
            assert_eq!(
                invoice.invreq_id().0,
                sha256::Hash::hash(&mirrored).to_byte_array()
            );
            paths_of_an_invoice(invoice);
        }
    }
}

/// What is read from a record and written again is the record.
fn paths_of_a_request(request: &InvoiceRequest) {
    let mut written = Vec::new();
    for path in request.paths().unwrap_or_default() {
        path.write(&mut written).unwrap();
    }
    let record = request.records().find(|record| record.number == 90);
    assert_eq!(written, record.map_or(&[][..], |record| record.value));
}

fn paths_of_an_invoice(invoice: &Invoice) {
    let (mut paths, mut infos) = (Vec::new(), Vec::new());
    invoice.paths().for_each(|path| path.write(&mut paths).unwrap());
    invoice
        .payinfos()
        .for_each(|info| info.write(&mut infos).unwrap());
    let value = |number| {
        let record = invoice.records().find(|record| record.number == number);
        record.map_or(&[][..], |record| record.value)
    };
    assert_eq!(paths, value(160));
    assert_eq!(infos, value(162));
    let fallbacks = invoice.fallbacks();
    assert_eq!(fallbacks.is_empty(), value(172).is_empty());
    let expires_at = invoice
        .created_at()
        .map(|at| at.saturating_add(invoice.relative_expiry().into()));
    assert_eq!(invoice.expires_at(), expires_at);
}

fn bigsize(bytes: &[u8]) {
    if let Ok((number, rest)) = read_bigsize(bytes) {
        let mut written = Vec::new();
        write_bigsize(&mut written, number);
        assert_eq!([&written, rest].concat(), bytes);
    }
}

fn invoice_error(bytes: &[u8]) {
    match InvoiceError::from_bytes(bytes) {
        Ok(read) => {
            assert!(read.message().chars().count() <= 1_100);
            match read.to_bytes() {
                Ok(written) => assert_eq!(InvoiceError::from_bytes(&written), Ok(read)),
                Err(_) => assert!(read.suggested_value.is_some() && read.erroneous_field.is_none()),
            }
        }
        Err(error) => named(&error),
    }
}

/// The merkle root as BOLT 12 describes it, with no tricks.
fn root_by_the_book(stream: &TlvStream) -> Option<[u8; 32]> {
    let tagged = |tag: &[u8], message: &[u8]| {
        let tag = sha256::Hash::hash(tag).to_byte_array();
        sha256::Hash::hash(&[&tag[..], &tag, message].concat()).to_byte_array()
    };
    let branch = |mut pair: [[u8; 32]; 2]| {
        pair.sort();
        tagged(b"LnBranch", pair.as_flattened())
    };
    let first = stream.records().next()?;
    let nonce = [b"LnNonce", first.raw].concat();
    let mut level: Vec<[u8; 32]> = stream
        .records()
        .filter(|record| !(240..=1_000).contains(&record.number))
        .map(|record| {
            let mut number = Vec::new();
            write_bigsize(&mut number, record.number);
            branch([tagged(b"LnLeaf", record.raw), tagged(&nonce, &number)])
        })
        .collect();
    while level.len() > 1 {
        let up = level.chunks(2).map(|pair| match pair {
            [left, right] => branch([*left, *right]),
            rest => rest[0],
        });
        level = up.collect();
    }
    level.first().copied()
}
