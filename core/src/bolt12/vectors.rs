//! The TLV vectors of BOLT 1, whose namespaces are not those of any message.

use hex_conservative::FromHex;
use serde_json::Value;

use super::points::Points;
use super::tlv::TlvStream;
use super::value::{exact, truncated_integer, Reader};
use crate::{Error, ErrorCode, Result};

fn read(namespace: &str, bytes: Vec<u8>) -> Result<()> {
    for record in TlvStream::parse(bytes)?.records() {
        match (namespace, record.number) {
            ("n1", 1) | ("n2", 0) => _ = truncated_integer(record.value, 8)?,
            ("n1", 2) => _ = exact::<8>(record.value)?,
            ("n1", 3) => {
                let mut reader = Reader::new(record.value);
                reader.point(&mut Points::default())?;
                reader.u64()?;
                reader.u64()?;
                reader.end()?;
            }
            ("n1", 254) => _ = exact::<2>(record.value)?,
            ("n2", 11) => _ = truncated_integer(record.value, 4)?,
            (_, number) if number & 1 == 0 => return Err(Error::new(ErrorCode::UnknownEvenField, "")),
            _ => {}
        }
    }
    Ok(())
}

fn cases() -> Vec<(String, bool, Vec<u8>)> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/vectors/bolts/bolt01/tlv-stream-test.json"
    );
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 57);
    let mut all = Vec::new();
    for case in cases {
        for namespace in case["namespaces"].as_array().unwrap() {
            let bytes = Vec::from_hex(case["stream"].as_str().unwrap()).unwrap();
            all.push((
                namespace.as_str().unwrap().to_owned(),
                case["valid"].as_bool().unwrap(),
                bytes,
            ));
        }
    }
    all
}

#[test]
fn every_stream_has_its_verdict() {
    for (namespace, valid, bytes) in cases() {
        assert_eq!(
            read(&namespace, bytes.clone()).is_ok(),
            valid,
            "{namespace} {bytes:02x?}"
        );
    }
}

/// BOLT 1: an invalid stream after a valid one is invalid, and a valid one of higher types is valid.
#[test]
fn streams_can_be_joined() {
    let cases = cases();
    for (namespace, first_valid, first) in &cases {
        for (other_namespace, second_valid, second) in &cases {
            if namespace != other_namespace || !first_valid {
                continue;
            }
            let joined = [first.as_slice(), second].concat();
            let types = |bytes: &Vec<u8>| -> Vec<u64> {
                TlvStream::parse(bytes.clone())
                    .unwrap()
                    .records()
                    .map(|record| record.number)
                    .collect()
            };
            if !second_valid {
                assert!(read(namespace, joined).is_err(), "{first:02x?} {second:02x?}");
            } else if types(first).last() < types(second).first() || second.is_empty() {
                assert!(read(namespace, joined).is_ok(), "{first:02x?} {second:02x?}");
            } else {
                let code = read(namespace, joined).map_err(|error| error.code());
                assert_eq!(
                    code,
                    Err(ErrorCode::TlvNotAscending),
                    "{first:02x?} {second:02x?}"
                );
            }
        }
    }
}
