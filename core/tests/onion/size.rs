//! How large a message gets, at the borders of the two customary sizes.

use bitcoin::secp256k1::PublicKey;
use invreq::bolt12::{BlindedPath, Introduction};
use invreq::onion::{build, message_len, reply_path, Destination, Outgoing};
use invreq::ErrorCode;

use crate::ldk_node::{LdkNode, Raw};
use crate::support::{id, secret};

const SMALL: usize = 1401;
const LARGE: usize = 32_869;

/// What is said, what is built, and, where LDK can be asked for the same message, what LDK builds. Nothing: too large.
fn len(outgoing: &Outgoing<'_>) -> Option<usize> {
    let said = message_len(outgoing);
    let built = build(outgoing, [7; 32]).map(|packet| packet.message.len());
    assert_eq!(said, built);
    if let (Destination::Path { path, .. }, []) = (outgoing.destination, outgoing.via) {
        let content = Raw(66, outgoing.invoice.to_vec());
        let theirs = LdkNode::new(77).try_send(&[], path, content, outgoing.reply_path);
        assert_eq!(
            theirs.map(|(_, message)| message.len()),
            said.as_ref().ok().copied()
        );
    }
    match said {
        Ok(len) => Some(len),
        Err(error) => {
            assert_eq!(
                (error.code(), error.rule()),
                (ErrorCode::LimitExceeded, Some("onion-packet"))
            );
            None
        }
    }
}

/// The room that a payload takes: its length, itself and a checksum.
fn layer(payload: usize) -> usize {
    payload + 32 + if payload < 0xfd { 1 } else { 3 }
}

/// What a record with a value of this length takes.
fn record(value: usize) -> usize {
    value + 1 + if value < 0xfd { 1 } else { 3 }
}

/// The longest invoice that fits into so much room: of all lengths, as the lengths of lengths leave holes.
fn longest(room: usize, before: usize, around: usize) -> usize {
    let needed = |invoice: usize| before + layer(around + record(invoice));
    (1..=room).rev().find(|invoice| needed(*invoice) <= room).unwrap()
}

#[test]
fn the_borders_are_exact() {
    let ids: Vec<PublicKey> = (1..=4).map(|byte| id(&secret(byte))).collect();
    // Each hop is told 35 bytes of the next node or 34 of the path_id, padded to 37, and 16 are added by the encryption.
    let data = 37 + 16;
    for hops in 1..=3 {
        let path = reply_path(&ids[..hops - 1], ids[3], &[9; 32], [1; 32]).unwrap();
        assert!(path
            .hops
            .iter()
            .all(|hop| hop.encrypted_recipient_data.len() == data || hops == 1));
        let data = path.hops[0].encrypted_recipient_data.len();
        let reply_len = 33 + 33 + 1 + hops * (33 + 2 + data);
        for reply in [None, Some(&path)] {
            let before = (hops - 1) * layer(record(data));
            let around = record(data) + reply.map_or(0, |_| record(reply_len));
            for (room, size, over) in [(1_300, SMALL, Some(LARGE)), (32_768, LARGE, None)] {
                let longest = longest(room, before, around);
                let len = |invoice: usize| {
                    let invoice = vec![7; invoice];
                    let introduction = ids[if hops == 1 { 3 } else { 0 }];
                    assert_eq!(path.introduction, Introduction::NodeId(introduction));
                    len(&Outgoing {
                        invoice: &invoice,
                        destination: Destination::Path {
                            path: &path,
                            introduction,
                        },
                        via: &[],
                        reply_path: reply,
                    })
                };
                assert_eq!(len(longest), Some(size));
                assert_eq!(len(longest + 1), over);
            }
        }
    }
}

/// A way in front takes room as well: each of its nodes is told the path key of the next path, or the next node.
#[test]
fn a_way_in_front_counts() {
    let ids: Vec<PublicKey> = (1..=5).map(|byte| id(&secret(byte))).collect();
    let path = reply_path(&ids[3..4], ids[4], &[9; 32], [1; 32]).unwrap();
    let data = path.hops[0].encrypted_recipient_data.len();
    let cases: [(Destination<'_>, usize, usize); 2] = [
        // The last node of the way is told two points, and the others are padded to that.
        (
            Destination::Path {
                path: &path,
                introduction: ids[3],
            },
            35 + 35 + 2 + 16,
            data,
        ),
        // The destination itself is a hop of the way, told nothing but padding.
        (Destination::Node(ids[3]), 35 + 2 + 16, 35 + 2 + 16),
    ];
    for (destination, way, last) in cases {
        for count in 1..=3 {
            let mut before = count * layer(record(way));
            if matches!(destination, Destination::Path { .. }) {
                before += layer(record(data));
            }
            for (room, size, over) in [(1_300, SMALL, Some(LARGE)), (32_768, LARGE, None)] {
                let longest = longest(room, before, record(last));
                let len = |invoice: usize| {
                    let invoice = vec![7; invoice];
                    len(&Outgoing {
                        invoice: &invoice,
                        destination,
                        via: &ids[..count],
                        reply_path: None,
                    })
                };
                assert_eq!(len(longest), Some(size));
                assert_eq!(len(longest + 1), over);
            }
        }
    }
}

#[test]
fn a_length_is_refused_for_the_reasons_of_building() {
    let ids: Vec<PublicKey> = (1..=2).map(|byte| id(&secret(byte))).collect();
    let path = reply_path(&ids[..1], ids[1], &[9; 32], [1; 32]).unwrap();
    let good = Outgoing {
        invoice: b"x",
        destination: Destination::Node(ids[0]),
        via: &[],
        reply_path: None,
    };
    let empty = BlindedPath {
        hops: Vec::new(),
        ..path
    };
    let refused = [
        (
            Outgoing {
                invoice: b"",
                ..good.clone()
            },
            ErrorCode::EmptyStream,
        ),
        (
            Outgoing {
                reply_path: Some(&empty),
                ..good.clone()
            },
            ErrorCode::EmptyPath,
        ),
        (
            Outgoing {
                via: &[ids[1]; 32],
                ..good.clone()
            },
            ErrorCode::LimitExceeded,
        ),
    ];
    for (outgoing, code) in refused {
        let error = message_len(&outgoing).unwrap_err();
        assert_eq!(error.code(), code);
        assert_eq!(build(&outgoing, [7; 32]), Err(error));
    }
}
