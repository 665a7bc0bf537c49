//! The encodings of values (BOLT 1, Fundamental Types; BOLT 12, field tables).

use bitcoin::secp256k1::PublicKey;

use super::points::Points;
use crate::{rules, Error, ErrorCode, Result};

/// Reads a value from its start, and never past its end.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(value: &'a [u8]) -> Self {
        Self { rest: value }
    }

    /// What is left.
    #[cfg(feature = "peer")]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(|| {
            let message = format!(
                "the value ends where {count} bytes are due, with {} left",
                self.rest.len()
            );
            Error::new(ErrorCode::InvalidLength, message).with_rule(rules::TLV_EXACT_LENGTH)
        })?;
        self.rest = rest;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N).map(|bytes| bytes.try_into().unwrap_or([0; N]))
    }

    pub fn u8(&mut self) -> Result<u8> {
        self.array().map(u8::from_be_bytes)
    }

    pub fn u16(&mut self) -> Result<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub fn u64(&mut self) -> Result<u64> {
        self.array().map(u64::from_be_bytes)
    }

    pub fn point(&mut self, points: &mut Points) -> Result<PublicKey> {
        points.read(self.take(33)?)
    }

    /// The next byte, without taking it.
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// That nothing is left.
    pub fn end(&self) -> Result<()> {
        if self.rest.is_empty() {
            return Ok(());
        }
        let message = format!("{} bytes follow the end of the value", self.rest.len());
        Err(Error::new(ErrorCode::InvalidLength, message).with_rule(rules::TLV_EXACT_LENGTH))
    }
}

/// A value of exactly this many bytes.
pub(crate) fn exact<const N: usize>(value: &[u8]) -> Result<[u8; N]> {
    value.try_into().map_err(|_| {
        let message = format!("the value has {} bytes instead of {N}", value.len());
        Error::new(ErrorCode::InvalidLength, message).with_rule(rules::TLV_EXACT_LENGTH)
    })
}

/// A truncated integer of at most `width` bytes: big-endian, without leading zero bytes; 0 has none at all.
pub(crate) fn truncated_integer(value: &[u8], width: usize) -> Result<u64> {
    if value.len() > width {
        let message = format!("an integer of {} bytes is longer than {width}", value.len());
        return Err(Error::new(ErrorCode::InvalidInteger, message).with_rule(rules::TRUNCATED_INTEGER));
    }
    if value.first() == Some(&0) {
        let message = "a truncated integer starts with a zero byte";
        return Err(Error::new(ErrorCode::InvalidInteger, message).with_rule(rules::TRUNCATED_INTEGER));
    }
    Ok(value
        .iter()
        .fold(0, |number, digit| number << 8 | u64::from(*digit)))
}

/// Text in UTF-8.
pub(crate) fn text(value: &[u8]) -> Result<&str> {
    core::str::from_utf8(value).map_err(|error| {
        let message = format!("the text is not valid UTF-8 after byte {}", error.valid_up_to());
        Error::new(ErrorCode::InvalidUtf8, message).with_rule(rules::UTF8)
    })
}

pub(crate) fn invalid_point(bytes: &[u8]) -> Error {
    let (code, rule, message) = match bytes.len() {
        33 => (
            ErrorCode::InvalidPoint,
            rules::POINT,
            "the public key is not a point on the curve".to_owned(),
        ),
        other => {
            let message = format!("a public key has {other} bytes instead of 33");
            (ErrorCode::InvalidLength, rules::TLV_EXACT_LENGTH, message)
        }
    };
    Error::new(code, message).with_rule(rule)
}

/// The least even feature bit that is set and not in `known` (BOLT 9: an even bit must be understood).
pub(crate) fn unknown_even_bit(features: &[u8], known: &[usize]) -> Option<usize> {
    set_bits(features).find(|bit| bit & 1 == 0 && !known.contains(bit))
}

/// The bits that are set, from the least: the last byte holds bits 0 to 7.
pub(crate) fn set_bits(features: &[u8]) -> impl Iterator<Item = usize> + '_ {
    features.iter().rev().enumerate().flat_map(|(index, byte)| {
        (0..8usize)
            .filter(move |bit| byte >> bit & 1 == 1)
            .map(move |bit| index.saturating_mul(8).saturating_add(bit))
    })
}
