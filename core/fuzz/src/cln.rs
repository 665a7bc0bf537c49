use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use invreq::bolt12::{decode_string, encode_string, Bolt12, Kind, TlvStream};
use serde_json::Value;

use crate::records::{stream, Records};
use crate::strings::respelled;

/// A string of Core Lightning's corpora, and whether its decoder reads it.
struct Judged {
    string: String,
    read: bool,
    records: Vec<(u64, u64)>,
}

static CORPORA: LazyLock<Vec<Judged>> = LazyLock::new(|| {
    let corpora = [
        include_str!("../../../tests/vectors/cln/fuzz-invrequest-decode.jsonl"),
        include_str!("../../../tests/vectors/cln/fuzz-invoice-decode.jsonl"),
        include_str!("../../../tests/vectors/cln/fuzz-offer-decode.jsonl"),
    ];
    corpora
        .iter()
        .flat_map(|corpus| corpus.lines())
        .filter_map(judged)
        .collect()
});

fn judged(line: &str) -> Option<Judged> {
    let case: Value = serde_json::from_str(line).unwrap();
    let pair = |field: &Value| (field[0].as_u64().unwrap(), field[1].as_u64().unwrap());
    Some(Judged {
        string: case["string"].as_str()?.to_owned(),
        read: case["ok"].as_bool()?,
        records: case["fields"]
            .as_array()
            .into_iter()
            .flatten()
            .map(pair)
            .collect(),
    })
}

/// Takes a string that Core Lightning judged, writes it in another spelling or changes it in a way whose outcome is known.
pub fn cln(data: &[u8]) {
    // Too few bytes are no find.
    let _ = check(&mut Unstructured::new(data));
}

fn check(input: &mut Unstructured<'_>) -> Result<()> {
    let case = &CORPORA[input.int_in_range(0..=CORPORA.len() - 1)?];
    let ours = case.string.parse::<Bolt12>();
    check_verdict(case, ours.is_ok());

    // Where a string of theirs is joined already, another join may be one too many.
    let joined = case.string.contains('+');
    let joins = if joined {
        Vec::new()
    } else {
        input.arbitrary::<Vec<u8>>()?
    };
    let again = respelled(&case.string, &joins, input.arbitrary()?).parse::<Bolt12>();
    assert_eq!(
        again.as_ref().map(Bolt12::as_bytes).map_err(invreq::Error::code),
        ours.as_ref().map(Bolt12::as_bytes).map_err(invreq::Error::code)
    );

    let Ok((kind, bytes)) = decode_string(&case.string) else {
        return Ok(());
    };
    if let Ok(stream) = TlvStream::parse(bytes) {
        let records = stream
            .records()
            .map(|record| (record.number, record.value.to_vec()));
        changed(kind, &records.collect(), &ours, input)?;
    }
    Ok(())
}

/// The fields that hold text: `offer_description`, `offer_issuer`, `invreq_payer_note`.
const TEXTS: [u64; 3] = [10, 18, 89];

/// We refuse what Core Lightning refuses, but for a NUL in a text; and of what it reads only what has no right signature or
/// no records (its minimal decoder looks at neither: core/tests/codec/cln.rs has the table).
fn check_verdict(case: &Judged, ours: bool) {
    let Ok((_, bytes)) = decode_string(&case.string) else {
        assert!(!case.read || case.records.is_empty());
        return;
    };
    if case.read {
        let stream = TlvStream::parse(bytes).expect("they could tell the records apart");
        let records = stream
            .records()
            .map(|record| (record.number, record.value.len() as u64));
        assert!(records.eq(case.records.iter().copied()));
    } else if ours {
        let stream = TlvStream::parse(bytes).expect("we read it");
        let mut texts = stream.records().filter(|record| TEXTS.contains(&record.number));
        assert!(
            texts.any(|text| text.value.contains(&0)),
            "only a NUL in a text makes a difference"
        );
    }
}

/// One record more, of which it is known what follows.
fn changed(
    kind: Kind,
    records: &Records,
    ours: &invreq::Result<Bolt12>,
    input: &mut Unstructured<'_>,
) -> Result<()> {
    let number = input.int_in_range(1_000_000_000..=1_999_999_999)?;
    let mut records = records.clone();
    if records.insert(number, input.arbitrary()?).is_some() {
        return Ok(());
    }
    let read = encode_string(kind, &stream(&records)).parse::<Bolt12>();
    let Ok(before) = ours else {
        return Ok(());
    };
    let expected = match (number % 2, before.is_signed()) {
        (0, _) => Some("unknown_even_field"),
        (_, true) => Some("invalid_signature"),
        (_, false) => None,
    };
    match (read, expected) {
        (Ok(read), None) => {
            assert_eq!(read.records().len(), before.records().len() + 1);
            assert_ne!(read.merkle_root(), before.merkle_root());
            assert_ne!(read.id(), before.id());
        }
        (Err(error), None) => assert_eq!(error.code().as_str(), "limit_exceeded"),
        (read, Some(code)) => assert_eq!(read.map_err(|error| error.code().as_str()), Err(code)),
    }
    Ok(())
}
