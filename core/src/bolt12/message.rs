//! What offers, invoice requests and invoices have in common: records, read and checked by one table.

use std::sync::OnceLock;

use bitcoin::hashes::{sha256, Hash, HashEngine};
use bitcoin::secp256k1::PublicKey;

use super::chain::BITCOIN;
use super::fields::{field_info, field_name, is_mirrored, is_offer_field, number, FieldInfo, ValueType};
use super::merkle::{KnownTree, Tree};
use super::path::{read_paths, read_payinfos, BlindedPath, PayInfo};
use super::points::Points;
use super::string::Kind;
use super::tlv::{TlvRecord, TlvStream};
use super::types::{read_fallbacks, Bip353Name};
use super::value::{exact, text, truncated_integer};
use crate::{rules, Error, ErrorCode, InvreqId, Result};

/// A message whose records are all well-formed: every accessor below can rely on it.
///
/// Points and paths are kept as read, because reading them again is dear. Everything else is read from its record when
/// it is asked for.
#[derive(Clone)]
pub(crate) struct Message {
    pub stream: TlvStream,
    tree: OnceLock<Tree>,
    pub issuer_id: Option<PublicKey>,
    pub payer_id: Option<PublicKey>,
    pub node_id: Option<PublicKey>,
    pub offer_paths: Option<Vec<BlindedPath>>,
    pub invreq_paths: Option<Vec<BlindedPath>>,
    pub invoice_paths: Option<Vec<BlindedPath>>,
    pub payinfos: Option<Vec<PayInfo>>,
}

/// Everything in a message follows from its records.
impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        self.stream == other.stream
    }
}

impl Eq for Message {}

impl Message {
    /// Reads the values of a stream by the rules for this kind: first those of BOLT 1 for every record, then the ranges.
    pub fn read(kind: Kind, stream: TlvStream, points: &mut Points) -> Result<Self> {
        let mut message = Self {
            tree: OnceLock::new(),
            issuer_id: None,
            payer_id: None,
            node_id: None,
            offer_paths: None,
            invreq_paths: None,
            invoice_paths: None,
            payinfos: None,
            stream: TlvStream::default(),
        };
        if stream.records().len() == 0 {
            let message = format!("the {} has no records", kind.spoken());
            return Err(Error::new(ErrorCode::EmptyStream, message).with_rule(rules::NOT_EMPTY));
        }
        for record in stream.records() {
            match field_info(record.number).filter(|_| kind.defines(record.number)) {
                Some(info) => message
                    .read_value(info, record.value, points)
                    .map_err(|error| named(error, info))?,
                None if record.number & 1 == 0 => return Err(unknown_even(kind, record.number)),
                None => {}
            }
        }
        if let Some(record) = stream.records().find(|record| !kind.allows(record.number)) {
            return Err(out_of_range(kind, record.number));
        }
        message.stream = stream;
        Ok(message)
    }

    /// The merkle root, made with the help of a tree that is known already.
    pub fn merkle_root_with(&self, known: Option<KnownTree<'_>>) -> [u8; 32] {
        let tree = self.tree.get_or_init(|| Tree::new(&self.stream, known));
        tree.root.unwrap_or_default()
    }

    /// The merkle tree, if it was needed so far.
    pub fn known_tree(&self) -> Option<KnownTree<'_>> {
        let stream = &self.stream;
        self.tree.get().map(|tree| KnownTree { stream, tree })
    }

    fn read_value(&mut self, info: &FieldInfo, value: &[u8], points: &mut Points) -> Result<()> {
        match info.value {
            ValueType::Bytes | ValueType::Features => {}
            ValueType::Text => _ = text(value)?,
            ValueType::Number | ValueType::Msat | ValueType::Time => _ = truncated_integer(value, 8)?,
            ValueType::Seconds => _ = truncated_integer(value, 4)?,
            ValueType::Chain | ValueType::Hash => _ = exact::<32>(value)?,
            ValueType::Signature => _ = exact::<64>(value)?,
            ValueType::Chains if value.len() & 31 == 0 => {}
            ValueType::Chains => {
                let message = format!("{} bytes are no whole number of chain hashes", value.len());
                return Err(Error::new(ErrorCode::InvalidLength, message).with_rule(rules::TLV_EXACT_LENGTH));
            }
            ValueType::Name => _ = Bip353Name::read(value)?,
            ValueType::Fallbacks => _ = read_fallbacks(value)?,
            ValueType::PayInfos => self.payinfos = Some(read_payinfos(value)?),
            ValueType::Point => {
                let point = Some(points.read(value)?);
                match info.number {
                    number::OFFER_ISSUER_ID => self.issuer_id = point,
                    number::INVREQ_PAYER_ID => self.payer_id = point,
                    _ => self.node_id = point,
                }
            }
            ValueType::Paths => {
                let paths = Some(read_paths(value, points)?);
                match info.number {
                    number::OFFER_PATHS => self.offer_paths = paths,
                    number::INVREQ_PATHS => self.invreq_paths = paths,
                    _ => self.invoice_paths = paths,
                }
            }
        }
        Ok(())
    }

    pub fn integer(&self, number: u64) -> Option<u64> {
        self.stream
            .get(number)
            .and_then(|value| truncated_integer(value, 8).ok())
    }

    pub fn text(&self, number: u64) -> Option<&str> {
        self.stream.get(number).and_then(|value| text(value).ok())
    }

    pub fn array<const N: usize>(&self, number: u64) -> Option<[u8; N]> {
        self.stream.get(number).and_then(|value| value.try_into().ok())
    }

    pub fn chain(&self) -> [u8; 32] {
        self.array(number::INVREQ_CHAIN).unwrap_or(BITCOIN)
    }

    pub fn mirrored(&self) -> impl DoubleEndedIterator<Item = TlvRecord<'_>> + Clone {
        self.stream.records().filter(|record| is_mirrored(record.number))
    }

    pub fn invreq_id(&self) -> InvreqId {
        invreq_id_of(&self.stream)
    }

    /// SHA-256 over the offer's records, wherever they stand: in an offer, or in what answers one.
    pub fn offer_id(&self) -> Option<[u8; 32]> {
        let mut records = self
            .stream
            .records()
            .filter(|record| is_offer_field(record.number))
            .peekable();
        records.peek()?;
        Some(hash_of(records))
    }
}

/// The id of the request that this stream is, or mirrors.
pub(crate) fn invreq_id_of(stream: &TlvStream) -> InvreqId {
    InvreqId(hash_of(
        stream.records().filter(|record| is_mirrored(record.number)),
    ))
}

fn hash_of<'a>(records: impl Iterator<Item = TlvRecord<'a>>) -> [u8; 32] {
    let mut engine = sha256::Hash::engine();
    records.for_each(|record| engine.input(record.raw));
    sha256::Hash::from_engine(engine).to_byte_array()
}

/// The error of a value, with the field it is in.
fn named(error: Error, info: &FieldInfo) -> Error {
    let mut details = error.into_details();
    details.message = format!("{}: {}", info.name, details.message);
    Error::from(details).with_field(info.number)
}

fn unknown_even(kind: Kind, number: u64) -> Error {
    let message = match field_name(number) {
        Some(name) => format!("{name} ({number}) is no field of an {}", kind.spoken()),
        None => format!(
            "the unknown field {number} is even: it must be understood to use the {}",
            kind.spoken()
        ),
    };
    Error::new(ErrorCode::UnknownEvenField, message)
        .with_field(number)
        .with_rule(rules::TLV_UNKNOWN_EVEN)
}

fn out_of_range(kind: Kind, number: u64) -> Error {
    let rule = match kind {
        Kind::Offer => rules::OFFER_RANGE,
        Kind::InvoiceRequest | Kind::Invoice => rules::INVREQ_RANGE,
    };
    let message = format!("field {number} lies outside the ranges of an {}", kind.spoken());
    Error::new(ErrorCode::FieldOutOfRange, message)
        .with_field(number)
        .with_rule(rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An invoice takes the leaves of its request from here.
    #[test]
    fn the_tree_is_kept_once_the_root_was_needed() {
        let stream = TlvStream::parse(vec![0, 1, 7, 10, 1, b'x']).unwrap();
        let message = Message::read(Kind::InvoiceRequest, stream, &mut Points::default()).unwrap();
        assert!(message.known_tree().is_none());
        let root = message.merkle_root_with(None);
        let known = message.known_tree().unwrap();
        assert_eq!((known.tree.root, known.stream), (Some(root), &message.stream));
    }
}
