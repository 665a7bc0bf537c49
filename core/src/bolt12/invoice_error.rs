//! Invoice errors: what a payer sends back instead of paying.

use super::limits::{MAX_BYTES, MAX_SHOWN_CHARS};
use super::text::clean;
use super::tlv::{TlvStream, TlvWriter};
use super::value::{text, truncated_integer};
use super::{field_name, read_bigsize};
use crate::{rules, Error, ErrorCode, Result};

/// An answer to an invoice request or an invoice that says what is wrong with it (BOLT 12, Invoice Errors).
///
/// It is a hint: nothing in it is signed, and nothing says that it is final.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InvoiceError {
    /// The TLV type number of the field that is objected to (`erroneous_field`, 1).
    pub erroneous_field: Option<u64>,
    /// A value that would be accepted for that field (`suggested_value`, 3).
    pub suggested_value: Option<Vec<u8>>,
    /// What is wrong, in words and untrusted (`error`, 5). BOLT 12 demands it of the writer; not everybody writes it.
    pub error: Option<String>,
}

impl InvoiceError {
    /// Reads the value of the onion message field `invoice_error` (68).
    ///
    /// Two encodings are found in the wild and read: the TLV stream of BOLT 12, and that of LDK up to at least 0.2.7,
    /// which puts the length of the stream in front of it as a BigSize. Bytes that can be read as BOLT 12 with a text are
    /// never taken for the other.
    ///
    /// # Errors
    /// Those of a [`TlvStream`], `unknown_even_field`, `invalid_integer` and `invalid_utf8`. Where neither encoding fits,
    /// the error is that of BOLT 12's.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let plain = Self::read(bytes);
        if plain.as_ref().is_ok_and(|read| read.error.is_some()) {
            return plain;
        }
        match read_bigsize(bytes) {
            Ok((length, rest)) if usize::try_from(length) == Ok(rest.len()) && !rest.is_empty() => {
                Self::read(rest).or(plain)
            }
            _ => plain,
        }
    }

    /// The encoding of BOLT 12.
    ///
    /// # Errors
    /// `missing_field` for a suggested value without the field it is for.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut writer = TlvWriter::new();
        if let Some(field) = self.erroneous_field {
            writer.integer(ERRONEOUS_FIELD, field)?;
        }
        if let Some(value) = &self.suggested_value {
            if self.erroneous_field.is_none() {
                let message = "there is a suggested_value, but no erroneous_field that it is for";
                return Err(Error::new(ErrorCode::MissingField, message).with_rule(rules::INVOICE_ERROR));
            }
            writer.record(SUGGESTED_VALUE, value)?;
        }
        if let Some(error) = &self.error {
            writer.record(ERROR, error.as_bytes())?;
        }
        Ok(writer.into_bytes())
    }

    /// The text for display, in one line: cleaned, cut, and with the name of the field where one is named.
    pub fn message(&self) -> String {
        let error = self.error.as_deref().unwrap_or("no reason given");
        let mut message = clean(error, MAX_SHOWN_CHARS);
        if let Some(number) = self.erroneous_field {
            let name = field_name(number).unwrap_or("unknown field");
            message.push_str(&format!(" [{name} ({number})]"));
        }
        message
    }

    fn read(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > MAX_BYTES {
            let message = format!("{} bytes are more than {MAX_BYTES}", bytes.len());
            return Err(Error::new(ErrorCode::LimitExceeded, message).with_rule(rules::LIMITS));
        }
        let mut read = Self::default();
        // The numbers of these records are not those of the field table, so the errors do not name a field.
        for record in TlvStream::parse(bytes.to_vec())?.records() {
            match record.number {
                ERRONEOUS_FIELD => read.erroneous_field = Some(truncated_integer(record.value, 8)?),
                SUGGESTED_VALUE => read.suggested_value = Some(record.value.to_vec()),
                ERROR => read.error = Some(text(record.value)?.to_owned()),
                odd if odd & 1 == 1 => {}
                even => {
                    let message = format!("the unknown record {even} of an invoice_error is even");
                    return Err(
                        Error::new(ErrorCode::UnknownEvenField, message).with_rule(rules::TLV_UNKNOWN_EVEN)
                    );
                }
            }
        }
        Ok(read)
    }
}

const ERRONEOUS_FIELD: u64 = 1;
const SUGGESTED_VALUE: u64 = 3;
const ERROR: u64 = 5;
