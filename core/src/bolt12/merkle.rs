//! The merkle root over the records of a message (BOLT 12, Signature Calculation).

use std::sync::LazyLock;

use bitcoin::hashes::{sha256, Hash, HashEngine};

use super::bigsize::write_bigsize;
use super::tlv::{TlvRecord, TlvStream};

/// The types that hold signatures and are therefore no leaves of the tree.
pub const SIGNATURE_TYPES: core::ops::RangeInclusive<u64> = 240..=1000;

/// The merkle root over all records outside [`SIGNATURE_TYPES`]; `None` if there are none.
///
/// The records are hashed as they stand in the stream: values that were read and encoded again would be another
/// message wherever an encoding is not the one we would have chosen.
pub fn merkle_root(stream: &TlvStream) -> Option<[u8; 32]> {
    Tree::new(stream, None).root
}

/// The merkle tree of a stream.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    leaves: Vec<[u8; 32]>,
    pub root: Option<[u8; 32]>,
}

/// A stream whose tree was made before.
#[derive(Clone, Copy)]
pub(crate) struct KnownTree<'a> {
    pub stream: &'a TlvStream,
    pub tree: &'a Tree,
}

impl Tree {
    /// The tree of a stream. What it has in common with the other one is not hashed again.
    pub fn new(stream: &TlvStream, known: Option<KnownTree<'_>>) -> Self {
        let leaves = leaves(stream, known);
        let root = match known {
            Some(known) if known.tree.leaves == leaves => known.tree.root,
            _ => root_of(&leaves),
        };
        Self { leaves, root }
    }
}

/// The leaves of a stream. A leaf depends on its record and on the first record alone, so those of an invoice that stand
/// in its request with the same bytes are taken from there.
fn leaves(stream: &TlvStream, known: Option<KnownTree<'_>>) -> Vec<[u8; 32]> {
    let Some(first) = stream.records().next() else {
        return Vec::new();
    };
    let same_first = |known: &KnownTree<'_>| known.stream.records().next() == Some(first);
    let known = known.filter(same_first);
    let mut known = known
        .into_iter()
        .flat_map(|known| signed_records(known.stream).zip(&known.tree.leaves))
        .peekable();
    let mut nonce_tag = Vec::with_capacity(NONCE_TAG.len().saturating_add(first.raw.len()));
    nonce_tag.extend_from_slice(NONCE_TAG);
    nonce_tag.extend_from_slice(first.raw);
    let nonce = tagged_engine(&nonce_tag);

    let mut number = Vec::with_capacity(9);
    let mut leaves = Vec::with_capacity(stream.records().len());
    for record in signed_records(stream) {
        while known.next_if(|(other, _)| other.number < record.number).is_some() {}
        if let Some((_, leaf)) = known.next_if(|(other, _)| other.raw == record.raw) {
            leaves.push(*leaf);
            continue;
        }
        number.clear();
        write_bigsize(&mut number, record.number);
        leaves.push(branch(finish(&LEAF, record.raw), finish(&nonce, &number)));
    }
    leaves
}

/// The root over these leaves; `None` if there are none.
fn root_of(leaves: &[[u8; 32]]) -> Option<[u8; 32]> {
    // Neighbours are paired from the left; one without a partner moves up as it is.
    let up = |level: &[[u8; 32]]| -> Vec<[u8; 32]> {
        level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => branch(*left, *right),
                _ => pair.first().copied().unwrap_or_default(),
            })
            .collect()
    };
    let mut level = up(leaves);
    while level.len() > 1 {
        level = up(&level);
    }
    level.first().copied()
}

fn signed_records(stream: &TlvStream) -> impl Iterator<Item = TlvRecord<'_>> {
    stream
        .records()
        .filter(|record| !SIGNATURE_TYPES.contains(&record.number))
}

/// The hash `H(tag, message)` of BOLT 12: SHA-256 over twice the hash of the tag, then the message.
pub fn tagged_hash(tag: &[u8], message: &[u8]) -> [u8; 32] {
    finish(&tagged_engine(tag), message)
}

const NONCE_TAG: &[u8] = b"LnNonce";

static LEAF: LazyLock<sha256::HashEngine> = LazyLock::new(|| tagged_engine(b"LnLeaf"));
static BRANCH: LazyLock<sha256::HashEngine> = LazyLock::new(|| tagged_engine(b"LnBranch"));

/// The state after the tag, which fills one block: from here a hash costs only its message.
pub(crate) fn tagged_engine(tag: &[u8]) -> sha256::HashEngine {
    let tag = sha256::Hash::hash(tag);
    let mut engine = sha256::Hash::engine();
    engine.input(tag.as_byte_array());
    engine.input(tag.as_byte_array());
    engine
}

/// The hash of the message from the state of its tag.
pub(crate) fn finish(engine: &sha256::HashEngine, message: &[u8]) -> [u8; 32] {
    let mut engine = engine.clone();
    let mut blocks = [0; 128];
    let length = message.len();
    let used = if length < 56 { 64 } else { 128 };
    match blocks.split_at_mut_checked(length) {
        // Nearly all messages are this short, and to pad them in one piece makes the whole tree a quarter faster.
        Some((start, [end, ..])) if length < 120 => {
            start.copy_from_slice(message);
            *end = 0x80;
            // The tag counts as one block.
            let bits = (length as u64).saturating_add(64).saturating_mul(8).to_be_bytes();
            if let Some((padded, _)) = blocks.split_at_mut_checked(used) {
                if let Some(last) = padded.last_chunk_mut() {
                    *last = bits;
                }
                engine.input(padded);
            }
            engine.midstate().to_byte_array()
        }
        _ => {
            engine.input(message);
            sha256::Hash::from_engine(engine).to_byte_array()
        }
    }
}

/// The padding after the tag and a pair: 128 bytes are 1,024 bits.
const AFTER_A_PAIR: [u8; 64] = {
    let mut block = [0; 64];
    block[0] = 0x80;
    block[62] = 4;
    block
};

fn branch(one: [u8; 32], other: [u8; 32]) -> [u8; 32] {
    let (less, greater) = if one <= other { (one, other) } else { (other, one) };
    let mut pair = [0; 64];
    let (left, right) = pair.split_at_mut(32);
    left.copy_from_slice(&less);
    right.copy_from_slice(&greater);
    let mut engine = BRANCH.clone();
    engine.input(&pair);
    engine.input(&AFTER_A_PAIR);
    engine.midstate().to_byte_array()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_any_length_has_its_hash() {
        let tag = sha256::Hash::hash(b"tag").to_byte_array();
        for length in 0..300u16 {
            let message: Vec<u8> = (0..length).map(|i| i as u8).collect();
            let whole = [tag.as_slice(), &tag, &message].concat();
            assert_eq!(
                tagged_hash(b"tag", &message),
                sha256::Hash::hash(&whole).to_byte_array(),
                "{length}"
            );
        }
    }

    #[test]
    fn what_is_known_is_what_would_be_made() {
        let stream = |bytes: &[u8]| TlvStream::parse(bytes.to_vec()).unwrap();
        let request = stream(&[0, 1, 7, 8, 1, 1, 10, 1, 2, 88, 1, 3, 240, 1, 9]);
        let made = Tree::new(&request, None);
        assert_eq!(made.leaves.len(), 4);
        for other in [
            &[0, 1, 7, 8, 1, 1, 10, 1, 2, 88, 1, 3, 170, 1, 4][..],
            &[0, 1, 7, 10, 1, 5, 20, 0, 88, 1, 3],
            &[0, 1, 7, 2, 0, 9, 0, 88, 1, 3, 240, 0],
            &[0, 1, 6, 8, 1, 1, 10, 1, 2, 88, 1, 3],
            &[8, 1, 1, 10, 1, 2, 88, 1, 3],
            &[0, 1, 7, 8, 1, 1, 10, 1, 2, 88, 1, 3, 240, 1, 8],
            &[0, 1, 7],
            &[],
        ] {
            let other = stream(other);
            let known = KnownTree {
                stream: &request,
                tree: &made,
            };
            let (fast, slow) = (Tree::new(&other, Some(known)), Tree::new(&other, None));
            assert_eq!((fast.leaves, fast.root), (slow.leaves, slow.root), "{other:?}");
        }
    }

    /// The leaves of the request are marked, so that a leaf that was taken over can be told from one that was hashed: here
    /// 0 stands for the latter.
    #[test]
    fn a_leaf_is_taken_over_where_its_record_stands_in_the_request_with_the_same_bytes() {
        let stream = |bytes: &[u8]| TlvStream::parse(bytes.to_vec()).unwrap();
        let request = stream(&[0, 1, 7, 8, 1, 1, 10, 1, 2, 88, 1, 3, 240, 1, 9]);
        let mut tree = Tree::new(&request, None);
        for (leaf, mark) in tree.leaves.iter_mut().zip(1..) {
            *leaf = [mark; 32];
        }
        let cases: [(&[u8], &[u8]); 5] = [
            // Mirrored as a whole, with what an invoice adds.
            (
                &[0, 1, 7, 8, 1, 1, 10, 1, 2, 88, 1, 3, 170, 1, 4],
                &[1, 2, 3, 4, 0],
            ),
            // One record changed, and others before and after it that the request has not.
            (
                &[0, 1, 7, 5, 0, 8, 1, 9, 9, 0, 10, 1, 2, 88, 1, 3],
                &[1, 0, 0, 0, 3, 4],
            ),
            // Some of the request's records left out.
            (&[0, 1, 7, 88, 1, 3], &[1, 4]),
            // Another first record, on which every leaf depends.
            (&[0, 1, 6, 8, 1, 1, 10, 1, 2, 88, 1, 3], &[0, 0, 0, 0]),
            (&[8, 1, 1, 10, 1, 2, 88, 1, 3], &[0, 0, 0]),
        ];
        for (bytes, marks) in cases {
            let other = stream(bytes);
            let known = KnownTree {
                stream: &request,
                tree: &tree,
            };
            let mut expected = Tree::new(&other, None).leaves;
            assert_eq!(expected.len(), marks.len());
            for (leaf, mark) in expected.iter_mut().zip(marks).filter(|(_, mark)| **mark != 0) {
                *leaf = [*mark; 32];
            }
            assert_eq!(Tree::new(&other, Some(known)).leaves, expected, "{bytes:?}");
        }
    }

    #[test]
    fn signatures_alone_have_no_root() {
        let stream = |bytes: &[u8]| TlvStream::parse(bytes.to_vec()).unwrap();
        assert_eq!(merkle_root(&stream(&[])), None);
        assert_eq!(merkle_root(&stream(&[0xf1, 0])), None);
        assert!(merkle_root(&stream(&[0x51, 0, 0xf1, 0])).is_some());
    }
}
