//! The small encodings inside a stored invoice.

use bitcoin::secp256k1::PublicKey;

use crate::bolt12::{read_bigsize, Introduction};
use crate::engine::{DeliveryState, PathOutcome, PathReport, Status};
use crate::{Error, ErrorCode, Result};

pub(crate) fn corrupt(what: &str) -> Error {
    Error::new(
        ErrorCode::StoreCorrupt,
        format!("the store holds {what} that cannot be read"),
    )
}

/// A truncated big-endian integer.
pub(crate) fn read_integer(value: &[u8]) -> Result<u64> {
    if value.len() > 8 {
        return Err(corrupt("a number"));
    }
    Ok(value
        .iter()
        .fold(0, |number, byte| (number << 8) | u64::from(*byte)))
}

pub(crate) fn read_fixed<const N: usize>(value: &[u8]) -> Result<[u8; N]> {
    <[u8; N]>::try_from(value).map_err(|_| corrupt("a value of the wrong length"))
}

pub(crate) fn read_text(value: &[u8]) -> Result<String> {
    core::str::from_utf8(value)
        .map(str::to_owned)
        .map_err(|_| corrupt("a text"))
}

/// A stored TLV stream. It is our own, so it has none of the limits of a message from outside: a record can hold a whole
/// message and more.
pub(crate) struct Fields<'a>(Vec<(u64, &'a [u8])>);

impl<'a> Fields<'a> {
    pub(crate) fn parse(mut bytes: &'a [u8]) -> Option<Self> {
        let mut fields: Vec<(u64, &[u8])> = Vec::new();
        while !bytes.is_empty() {
            let (number, rest) = read_bigsize(bytes).ok()?;
            let (length, rest) = read_bigsize(rest).ok()?;
            let (value, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            if fields.last().is_some_and(|(last, _)| *last >= number) {
                return None;
            }
            fields.push((number, value));
            bytes = rest;
        }
        Some(Self(fields))
    }

    pub(crate) fn get(&self, number: u64) -> Option<&'a [u8]> {
        self.0
            .iter()
            .find_map(|(known, value)| (*known == number).then_some(*value))
    }

    pub(crate) fn numbers(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.iter().map(|(number, _)| *number)
    }
}

/// Reads the values of an invoice one by one and keeps the first error to the end: what is read meanwhile is thrown away.
pub(crate) struct Reader<'r, 'a> {
    get: &'r dyn Fn(u64) -> Option<&'a [u8]>,
    error: Option<Error>,
}

impl<'r, 'a> Reader<'r, 'a> {
    pub(crate) fn new(get: &'r dyn Fn(u64) -> Option<&'a [u8]>) -> Self {
        Self { get, error: None }
    }

    pub(crate) fn optional<T>(&mut self, number: u64, read: impl FnOnce(&'a [u8]) -> Result<T>) -> Option<T> {
        match read((self.get)(number)?) {
            Ok(value) => Some(value),
            Err(error) => {
                self.error.get_or_insert(error);
                None
            }
        }
    }

    pub(crate) fn needed<T: Default>(&mut self, number: u64, read: impl FnOnce(&'a [u8]) -> Result<T>) -> T {
        let value = self.optional(number, read);
        value.unwrap_or_else(|| self.refuse("an invoice", T::default()))
    }

    /// A value that stands for one of a few things, of which `other` is one.
    pub(crate) fn named<T>(
        &mut self,
        number: u64,
        named: impl FnOnce(u64) -> Option<T>,
        what: &str,
        other: T,
    ) -> T {
        let value = self.needed(number, read_integer);
        named(value).unwrap_or_else(|| self.refuse(what, other))
    }

    /// Notes that something cannot be read, and goes on with something else.
    pub(crate) fn refuse<T>(&mut self, what: &str, other: T) -> T {
        self.error.get_or_insert_with(|| corrupt(what));
        other
    }

    pub(crate) fn end(self) -> Result<()> {
        self.error.map_or(Ok(()), Err)
    }
}

/// Numbers of copies, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Copies(Vec<u32>);

impl Copies {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a copy; whether it is new.
    pub(crate) fn insert(&mut self, copy: u32) -> bool {
        let place = self.0.binary_search(&copy);
        if let Err(place) = place {
            self.0.insert(place, copy);
        }
        place.is_err()
    }

    /// Whether this copy or a later one is among them.
    pub(crate) fn reach(&self, copy: u32) -> bool {
        self.0.last().is_some_and(|last| *last >= copy)
    }

    pub(crate) fn are_all_in(&self, others: &Self) -> bool {
        self.0.iter().all(|copy| others.0.binary_search(copy).is_ok())
    }

    /// 4 bytes each.
    pub(crate) fn write(&self) -> Vec<u8> {
        self.0.iter().flat_map(|copy| copy.to_be_bytes()).collect()
    }

    pub(crate) fn read(value: &[u8]) -> Result<Self> {
        let mut copies = Self::default();
        for chunk in value.chunks(4) {
            copies.insert(u32::from_be_bytes(read_fixed(chunk)?));
        }
        Ok(copies)
    }
}

/// Node ids, 33 bytes each.
pub(crate) fn write_nodes(nodes: &[PublicKey]) -> Vec<u8> {
    nodes.iter().flat_map(PublicKey::serialize).collect()
}

pub(crate) fn read_nodes(value: &[u8]) -> Result<Vec<PublicKey>> {
    let node = |bytes| PublicKey::from_slice(bytes).map_err(|_| corrupt("a node id"));
    value.chunks(33).map(node).collect()
}

fn write_introduction(introduction: &Introduction) -> Vec<u8> {
    match introduction {
        Introduction::NodeId(node_id) => node_id.serialize().to_vec(),
        Introduction::Scid { direction, scid } => {
            let mut out = vec![*direction];
            out.extend_from_slice(&scid.to_be_bytes());
            out
        }
    }
}

fn read_introduction(value: &[u8]) -> Result<Introduction> {
    match value {
        [direction @ (0 | 1), scid @ ..] => Ok(Introduction::Scid {
            direction: *direction,
            scid: u64::from_be_bytes(read_fixed(scid)?),
        }),
        _ => PublicKey::from_slice(value)
            .map(Introduction::NodeId)
            .map_err(|_| corrupt("a path")),
    }
}

/// Paths: outcome (1 byte), attempts (4 bytes), length of the introduction (1 byte), introduction.
pub(crate) fn write_paths(paths: &[PathReport]) -> Vec<u8> {
    let mut out = Vec::new();
    for path in paths {
        let introduction = write_introduction(&path.introduction);
        out.push(path.outcome.number());
        out.extend_from_slice(&path.attempts.to_be_bytes());
        out.push(u8::try_from(introduction.len()).unwrap_or(u8::MAX));
        out.extend_from_slice(&introduction);
    }
    out
}

pub(crate) fn read_paths(mut value: &[u8]) -> Result<Vec<PathReport>> {
    let mut paths = Vec::new();
    while let Some((head, rest)) = value.split_first_chunk::<6>() {
        let [outcome, a, b, c, d, len] = *head;
        let (introduction, rest) = rest
            .split_at_checked(usize::from(len))
            .ok_or_else(|| corrupt("a path"))?;
        paths.push(PathReport {
            introduction: read_introduction(introduction)?,
            outcome: PathOutcome::from_number(outcome).ok_or_else(|| corrupt("a path"))?,
            attempts: u32::from_be_bytes([a, b, c, d]),
        });
        value = rest;
    }
    if value.is_empty() {
        Ok(paths)
    } else {
        Err(corrupt("a path"))
    }
}

// The numbers of the store never change, whatever the order of the variants.

impl Status {
    pub(crate) fn number(self) -> u64 {
        match self {
            Self::Unpaid => 0,
            Self::Paid => 1,
            Self::Expired => 2,
        }
    }

    pub(crate) fn from_number(number: u64) -> Option<Self> {
        [Self::Unpaid, Self::Paid, Self::Expired]
            .into_iter()
            .find(|status| status.number() == number)
    }
}

impl DeliveryState {
    pub(crate) fn number(self) -> u64 {
        match self {
            // What the host has in its hands is lost with the process: the store does not know it as sending.
            Self::Stored | Self::Sending => 0,
            Self::Sent => 2,
            Self::Refused => 3,
            Self::Unreachable => 4,
        }
    }

    pub(crate) fn from_number(number: u64) -> Option<Self> {
        let all = [Self::Stored, Self::Sent, Self::Refused, Self::Unreachable];
        all.into_iter().find(|state| state.number() == number)
    }
}

impl PathOutcome {
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Untried | Self::Sending => 0,
            Self::Accepted => 2,
            Self::NoRoute => 3,
            Self::Offline => 4,
            Self::Failed => 5,
        }
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        let all = [
            Self::Untried,
            Self::Accepted,
            Self::NoRoute,
            Self::Offline,
            Self::Failed,
        ];
        all.into_iter().find(|outcome| outcome.number() == number)
    }
}
