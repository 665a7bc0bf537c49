//! TLV streams as raw records: what is signed, mirrored and sent is these bytes, never a second encoding of values
//! read from them (BOLT 1, Type-Length-Value Format).

use super::bigsize::{read_bigsize, write_bigsize};
use super::limits::{MAX_BYTES, MAX_RECORDS};
use crate::{rules, Error, ErrorCode, Result};

/// A TLV stream: its bytes, and where each record stands in them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TlvStream {
    bytes: Vec<u8>,
    slots: Vec<Slot>,
}

/// One record of a [`TlvStream`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlvRecord<'a> {
    /// The type number.
    pub number: u64,
    /// The value.
    pub value: &'a [u8],
    /// The whole record as it stands in the stream: type, length and value.
    pub raw: &'a [u8],
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Slot {
    number: u64,
    start: usize,
    value: usize,
    end: usize,
}

impl TlvStream {
    /// Reads a stream. Nothing is said about types and values yet; zero bytes are a stream without records.
    ///
    /// # Errors
    /// `tlv_truncated`, `tlv_not_minimal`, `tlv_not_ascending`, and `limit_exceeded` for more than [`MAX_BYTES`] bytes
    /// or [`MAX_RECORDS`] records. The record is named where its type could be read.
    pub fn parse(bytes: Vec<u8>) -> Result<Self> {
        if bytes.len() > MAX_BYTES {
            return Err(over_limit(format!(
                "{} bytes are more than {MAX_BYTES}",
                bytes.len()
            )));
        }
        let mut slots: Vec<Slot> = Vec::with_capacity(24);
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let start = bytes.len().saturating_sub(rest.len());
            let (number, after_type) = read_bigsize(rest)?;
            if slots.last().is_some_and(|previous| previous.number >= number) {
                let message = format!("type {number} does not come after the type before it");
                return Err(Error::new(ErrorCode::TlvNotAscending, message)
                    .with_field(number)
                    .with_rule(rules::TLV_ASCENDING));
            }
            if slots.len() >= MAX_RECORDS {
                return Err(over_limit(format!("there are more than {MAX_RECORDS} records")));
            }
            let (length, after_length) =
                read_bigsize(after_type).map_err(|error| error.with_field(number))?;
            let value = bytes.len().saturating_sub(after_length.len());
            let (_, after) = usize::try_from(length)
                .ok()
                .and_then(|length| after_length.split_at_checked(length))
                .ok_or_else(|| truncated(number, length, after_length.len()))?;
            let end = bytes.len().saturating_sub(after.len());
            slots.push(Slot {
                number,
                start,
                value,
                end,
            });
            rest = after;
        }
        Ok(Self { bytes, slots })
    }

    /// The bytes of the whole stream.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The records, in ascending order of their types.
    pub fn records(&self) -> impl DoubleEndedIterator<Item = TlvRecord<'_>> + ExactSizeIterator + Clone {
        self.slots.iter().map(|slot| self.record(slot))
    }

    /// The value of the record with this type.
    pub fn get(&self, number: u64) -> Option<&[u8]> {
        let index = self
            .slots
            .binary_search_by_key(&number, |slot| slot.number)
            .ok()?;
        self.slots
            .get(index)
            .and_then(|slot| self.bytes.get(slot.value..slot.end))
    }

    /// Whether there is a record with this type, be it empty.
    pub fn contains(&self, number: u64) -> bool {
        self.slots
            .binary_search_by_key(&number, |slot| slot.number)
            .is_ok()
    }

    fn record(&self, slot: &Slot) -> TlvRecord<'_> {
        TlvRecord {
            number: slot.number,
            value: self.bytes.get(slot.value..slot.end).unwrap_or_default(),
            raw: self.bytes.get(slot.start..slot.end).unwrap_or_default(),
        }
    }
}

impl core::fmt::Debug for TlvStream {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.records()).finish()
    }
}

/// Writes a TLV stream, record by record.
#[derive(Clone, Debug, Default)]
pub struct TlvWriter {
    bytes: Vec<u8>,
    last: Option<u64>,
}

impl TlvWriter {
    /// An empty stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty stream with room for this many bytes.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            last: None,
        }
    }

    /// Adds a record with this type and value.
    ///
    /// # Errors
    /// `tlv_not_ascending` if a record with this type or a higher one was added before.
    pub fn record(&mut self, number: u64, value: &[u8]) -> Result<&mut Self> {
        self.advance(number)?;
        write_bigsize(&mut self.bytes, number);
        write_bigsize(&mut self.bytes, value.len() as u64);
        self.bytes.extend_from_slice(value);
        Ok(self)
    }

    /// Adds a record that holds a truncated integer: big-endian, without leading zero bytes (`tu16`, `tu32`, `tu64`).
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub fn integer(&mut self, number: u64, value: u64) -> Result<&mut Self> {
        let skipped = value.leading_zeros() >> 3;
        let digits = value.to_be_bytes();
        self.record(number, digits.get(skipped as usize..).unwrap_or_default())
    }

    /// Adds a record of another stream, byte for byte.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub fn copy(&mut self, record: TlvRecord<'_>) -> Result<&mut Self> {
        self.advance(record.number)?;
        self.bytes.extend_from_slice(record.raw);
        Ok(self)
    }

    /// The stream so far.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The finished stream.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn advance(&mut self, number: u64) -> Result<()> {
        if self.last.is_some_and(|last| last >= number) {
            let message = format!("type {number} does not come after the type before it");
            return Err(Error::new(ErrorCode::TlvNotAscending, message)
                .with_field(number)
                .with_rule(rules::TLV_ASCENDING));
        }
        self.last = Some(number);
        Ok(())
    }
}

fn truncated(number: u64, length: u64, left: usize) -> Error {
    let message = format!("record {number} says it has {length} bytes, and {left} are left");
    Error::new(ErrorCode::TlvTruncated, message)
        .with_field(number)
        .with_rule(rules::TLV_LENGTH)
}

fn over_limit(message: String) -> Error {
    Error::new(ErrorCode::LimitExceeded, message).with_rule(rules::LIMITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_that_was_asked_for_is_there() {
        assert!(TlvWriter::with_capacity(1_000).bytes.capacity() >= 1_000);
    }
}
