//! BOLT 12 strings, described for a person.
//!
//! It stands beside the codec and the answer rules, and needs both: what a message says, and whether it can be answered.

mod display;
mod inspect;
mod units;
mod values;

use crate::ids::hex;
use serde::Serialize;

pub use inspect::{inspect, Inspection};

use crate::answer::Warning;
use crate::bolt12::limits::MAX_SHOWN_CHARS;
use crate::bolt12::{chain_hash, clean, field_info, Bolt12, Kind, BITCOIN};
use crate::{Error, ErrorCode, Field, Result};

/// What a message is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeOptions {
    /// The chain it must be for, as the hash of its genesis block; `None` is any. By default bitcoin.
    pub chain: Option<[u8; 32]>,
    /// The time, in Unix seconds; `None` checks no expiry, and is the default.
    pub now: Option<u64>,
}

impl Default for DecodeOptions {
    fn default() -> Self {
        Self {
            chain: Some(BITCOIN),
            now: None,
        }
    }
}

impl DecodeOptions {
    /// The options for a network by its name: `bitcoin`, `testnet`, `testnet4`, `signet`, `regtest` or `any`.
    ///
    /// # Errors
    /// `invalid_parameter` for another name.
    pub fn network(name: &str) -> Result<Self> {
        let chain = match name {
            "any" => None,
            name => Some(chain_hash(name).ok_or_else(|| {
                let message = format!(
                    "'{}' is no network; there are bitcoin, testnet, testnet4, signet, regtest and any",
                    clean(name, 20)
                );
                Error::new(ErrorCode::InvalidParameter, message)
            })?),
        };
        Ok(Self {
            chain,
            ..Self::default()
        })
    }
}

/// A message, described. All text in it is cleaned: it can be shown as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Decoded {
    /// What it is.
    pub kind: Kind,
    /// One sentence that says what it is about.
    pub summary: String,
    /// Whether it is signed. A signature that is there is correct.
    pub signed: bool,
    /// `offer_id` of an offer, `invreq_id` of an invoice request or an invoice, as hex;
    /// `None` if there are no records it is made of.
    pub id: Option<String>,
    /// The merkle root, as hex.
    pub merkle_root: String,
    /// Whether it is an invoice request that can be answered.
    pub answerable: bool,
    /// The first rule that keeps a request from being answered, or an invoice from being paid.
    pub problem: Option<Problem>,
    /// What is unusual about it.
    pub warnings: Vec<Warning>,
    /// Every field, in ascending order of the numbers.
    pub fields: Vec<DecodedField>,
}

/// A field of a message, described.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecodedField {
    /// The TLV type number.
    pub number: u64,
    /// The name in BOLT 12, or `unknown`.
    pub name: String,
    /// The value for a person.
    pub value: String,
    /// What the field means, in one line.
    pub meaning: String,
    /// The length of the value, in bytes.
    pub length: u32,
    /// The value as it stands in the message, as hex.
    pub hex: String,
}

/// A broken rule, as plain data: the part of an [`Error`] that is about the message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// The stable code.
    pub code: String,
    /// The TLV record it is about.
    pub field: Option<Field>,
    /// The stable id of the rule.
    pub rule: Option<String>,
    /// Where the rule stands in the BOLTs.
    pub section: Option<String>,
    /// One sentence for a person.
    pub message: String,
}

/// Describes an offer, an invoice request or an invoice, held against bitcoin and no time.
///
/// # Errors
/// Those of the message's own type, [`Bolt12`]: only what is well-formed is described. [`inspect`] says as much as can
/// be said of any text.
pub fn decode(text: &str) -> Result<Decoded> {
    decode_with(text, &DecodeOptions::default())
}

/// [`decode`], held against this chain and time.
///
/// # Errors
/// As [`decode`].
pub fn decode_with(text: &str, options: &DecodeOptions) -> Result<Decoded> {
    let message: Bolt12 = text.parse()?;
    let (warnings, error) = inspect::judge(&message, options);
    let records = message.records();
    Ok(Decoded {
        kind: message.kind(),
        summary: values::summary(&message),
        signed: message.is_signed(),
        id: message.id().map(|id| hex(&id)),
        merkle_root: hex(&message.merkle_root()),
        answerable: message.kind() == Kind::InvoiceRequest && error.is_none(),
        problem: error.as_ref().map(Problem::from),
        warnings,
        fields: records
            .iter()
            .map(|record| {
                let info = field_info(record.number);
                DecodedField {
                    number: record.number,
                    name: info.map_or("unknown", |info| info.name).to_owned(),
                    value: values::show(record, &records),
                    meaning: info
                        .map_or("a field BOLT 12 does not define", |info| info.meaning)
                        .to_owned(),
                    length: length(record.value),
                    hex: hex(record.value),
                }
            })
            .collect(),
    })
}

/// A message is far smaller than 4 GiB: see the limits of the codec.
fn length(value: &[u8]) -> u32 {
    u32::try_from(value.len()).unwrap_or(u32::MAX)
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let details = error.details();
        Self {
            code: details.code.as_str().to_owned(),
            field: details.field.clone(),
            rule: details.rule.clone(),
            section: details.section.clone(),
            message: clean(&details.message, MAX_SHOWN_CHARS),
        }
    }
}
