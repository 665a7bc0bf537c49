//! The one error type, its stable codes and the rules it can cite.

mod code;
mod rule;

use core::fmt;

pub use code::{Category, CodeInfo, ErrorCode};
pub use rule::{rules, Rule};

use crate::bolt12::field_name;
use crate::engine::Record;

/// What went wrong, in a form that a program and a person can both act on.
///
/// The stable part is [`code`](Self::code); the text of [`message`](Self::message) may be improved in any release.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<ErrorDetails>);

/// The contents of an [`Error`] as plain data, the same in every language.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorDetails {
    /// The stable code.
    pub code: ErrorCode,
    /// The number Core Lightning uses for this case, or -1 where it has none.
    pub rpc_code: i32,
    /// One sentence for a person, without any secret.
    pub message: String,
    /// The TLV record the error is about, where there is one.
    pub field: Option<Field>,
    /// The broken rule as a stable kebab-case id, where there is one.
    pub rule: Option<String>,
    /// The place in the BOLTs that states the rule.
    pub section: Option<String>,
    /// Whether the same call may succeed later without any change.
    pub retryable: bool,
    /// The invoice record concerned, where there is one.
    pub record: Option<Record>,
}

/// A TLV record, named.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Field {
    /// The TLV type number.
    pub number: u64,
    /// The name in BOLT 12, or `unknown`.
    pub name: String,
}

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = core::result::Result<T, E>;

impl Error {
    /// An error with this code and this sentence.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self(Box::new(ErrorDetails {
            code,
            rpc_code: code.rpc_code(),
            message: message.into(),
            field: None,
            rule: None,
            section: None,
            retryable: code.is_retryable(),
            record: None,
        }))
    }

    /// The same error, about this TLV record.
    #[must_use]
    pub fn with_field(mut self, number: u64) -> Self {
        self.0.field = Some(Field::tlv(number));
        self
    }

    /// The same error, citing this rule.
    #[must_use]
    pub fn with_rule(mut self, rule: Rule) -> Self {
        self.0.rule = Some(rule.id.to_owned());
        self.0.section = Some(rule.section.to_owned());
        self
    }

    /// The same error, carrying the record it is about.
    #[must_use]
    pub fn with_record(mut self, record: Record) -> Self {
        self.0.record = Some(record);
        self
    }

    /// The same error, where another try helps though it mostly does not with this code, or the other way round.
    #[must_use]
    pub(crate) fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// The number Core Lightning uses for this case, or -1 where it has none.
    pub fn rpc_code(&self) -> i32 {
        self.0.rpc_code
    }

    /// One sentence for a person.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The TLV record the error is about.
    pub fn field(&self) -> Option<&Field> {
        self.0.field.as_ref()
    }

    /// The stable id of the broken rule.
    pub fn rule(&self) -> Option<&str> {
        self.0.rule.as_deref()
    }

    /// Whether the same call may succeed later without any change.
    pub fn retryable(&self) -> bool {
        self.0.retryable
    }

    /// The invoice record concerned.
    pub fn record(&self) -> Option<&Record> {
        self.0.record.as_ref()
    }

    /// Everything as plain data.
    pub fn details(&self) -> &ErrorDetails {
        &self.0
    }

    /// Everything as plain data, without a copy.
    pub fn into_details(self) -> ErrorDetails {
        *self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl std::error::Error for Error {}

impl From<ErrorDetails> for Error {
    fn from(details: ErrorDetails) -> Self {
        Self(Box::new(details))
    }
}

impl Field {
    /// The record with this TLV type number in an offer, invoice request or invoice.
    pub fn tlv(number: u64) -> Self {
        Self {
            number,
            name: field_name(number).unwrap_or("unknown").to_owned(),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.number)
    }
}
