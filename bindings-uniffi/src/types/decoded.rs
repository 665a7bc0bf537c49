//! Strings, described for a person.

use invreq::answer::Warning;
use invreq::bolt12::Kind;
use invreq::{Decoded, DecodedField, Field, Problem};

/// A message, described. All text in it is cleaned: it can be shown as it is.
#[uniffi::remote(Record)]
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
#[uniffi::remote(Record)]
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
#[uniffi::remote(Record)]
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

/// Something about a request that is unusual, but does not keep it from being answered.
#[uniffi::remote(Record)]
pub struct Warning {
    /// A stable snake_case id.
    pub code: String,
    /// The TLV record it is about.
    pub field: Option<Field>,
    /// One sentence for a person.
    pub message: String,
}

/// What a BOLT 12 string is, by its prefix.
#[uniffi::remote(Enum)]
pub enum Kind {
    /// An offer, `lno1…`: somebody wants to be paid.
    Offer,
    /// An invoice request, `lnr1…`: somebody wants to pay, and asks for an invoice.
    InvoiceRequest,
    /// An invoice, `lni1…`: what a payment is made against.
    Invoice,
}
