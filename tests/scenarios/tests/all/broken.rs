//! Texts that cannot be answered, one for each way of being wrong.

use std::collections::BTreeMap;

use bitcoin::constants::ChainHash;
use bitcoin::Network;
use invreq::bolt12::{encode_string, Kind, TlvStream};

use crate::common::Request;

type Records = BTreeMap<u64, Vec<u8>>;

/// All of them, by their names.
pub fn all() -> Vec<(&'static str, String)> {
    let good = Request::number(40).text();
    let raw = |bytes: &[u8]| encode_string(Kind::InvoiceRequest, bytes);
    let mut mixed = good.clone();
    mixed.replace_range(10..11, &good[10..11].to_uppercase());
    mixed.replace_range(4..5, "Q");
    vec![
        ("tooLong", format!("lnr1{}", "q".repeat(65_536))),
        ("otherPrefix", good.replacen("lnr1", "lnx1", 1)),
        ("mixedCase", mixed),
        ("noBech32", good.replacen("lnr1q", "lnr1b", 1)),
        ("endsInPlus", format!("{good}+")),
        ("padded", format!("{good}q")),
        ("empty", "lnr1".to_owned()),
        ("truncated", raw(&[0, 5, 1])),
        ("notMinimal", raw(&[0xfd, 0, 0, 1, 1])),
        ("notAscending", raw(&[2, 0, 0, 1, 1])),
        ("unknownEven", edited(|records| _ = records.insert(94, vec![1]))),
        ("outOfRange", edited(|records| _ = records.insert(181, vec![1]))),
        (
            "shortChain",
            edited(|records| _ = records.insert(80, vec![1; 31])),
        ),
        (
            "longInteger",
            edited(|records| _ = records.insert(82, vec![0, 1])),
        ),
        ("noPoint", edited(|records| _ = records.insert(88, vec![5; 33]))),
        (
            "noUtf8",
            edited(|records| _ = records.insert(10, vec![0xff, 0xfe])),
        ),
        (
            "tooManyPaths",
            edited(|records| _ = records.insert(90, many_paths())),
        ),
        (
            "noIntroduction",
            edited(|records| {
                let mut path = path_bytes(1);
                path[0] = 5;
                records.insert(90, path);
            }),
        ),
        ("noMetadata", edited(|records| _ = records.remove(&0))),
        (
            "offerChains",
            edited(|records| _ = records.insert(2, vec![6; 32])),
        ),
        ("quantity", edited(|records| _ = records.insert(86, vec![1]))),
        ("emptyPaths", edited(|records| _ = records.insert(90, Vec::new()))),
        (
            "emptyPath",
            edited(|records| _ = records.insert(90, path_bytes(0))),
        ),
        ("feature", edited(|records| _ = records.insert(84, vec![1]))),
        (
            "badName",
            edited(|records| _ = records.insert(91, [&[3][..], b"a b", &[3], b"x.y"].concat())),
        ),
        (
            "badSignature",
            edited(|records| _ = records.insert(240, vec![1; 64])),
        ),
        (
            "forOffer",
            edited(|records| _ = records.insert(22, records[&88].clone())),
        ),
        (
            "otherChain",
            edited(|records| {
                records.insert(
                    80,
                    ChainHash::using_genesis_block(Network::Signet)
                        .to_bytes()
                        .to_vec(),
                );
            }),
        ),
        ("noAmount", edited(|records| _ = records.remove(&82))),
        ("zeroAmount", edited(|records| _ = records.insert(82, vec![]))),
        ("noPayer", edited(|records| _ = records.remove(&88))),
        ("offer", encode_string(Kind::Offer, &offer())),
    ]
}

/// An unsigned request with something changed.
fn edited(change: impl FnOnce(&mut Records)) -> String {
    let stream = TlvStream::parse(Request::number(41).unsigned().bytes()).unwrap();
    let mut records: Records = stream
        .records()
        .map(|record| (record.number, record.value.to_vec()))
        .collect();
    change(&mut records);
    encode_string(Kind::InvoiceRequest, &written(&records))
}

fn written(records: &Records) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (number, value) in records {
        size(&mut bytes, *number);
        size(&mut bytes, u64::try_from(value.len()).unwrap());
        bytes.extend_from_slice(value);
    }
    bytes
}

/// A BigSize.
fn size(bytes: &mut Vec<u8>, number: u64) {
    match number {
        0..=0xfc => bytes.push(u8::try_from(number).unwrap()),
        _ => {
            bytes.push(0xfd);
            bytes.extend_from_slice(&u16::try_from(number).unwrap().to_be_bytes());
        }
    }
}

/// A path with so many hops.
fn path_bytes(hops: u8) -> Vec<u8> {
    let node = crate::common::node(10).serialize();
    let mut bytes = [node, node].concat();
    bytes.push(hops);
    for _ in 0..hops {
        bytes.extend_from_slice(&node);
        bytes.extend_from_slice(&[0, 1, 9]);
    }
    bytes
}

fn many_paths() -> Vec<u8> {
    (0..65).flat_map(|_| path_bytes(1)).collect()
}

fn offer() -> Vec<u8> {
    let issuer = crate::common::node(10).serialize();
    [&[10, 1, b'x', 22, 33][..], &issuer].concat()
}
