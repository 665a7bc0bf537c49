//! The contract of `sendinvoice` as JSON Schema, for the tests of every language.
//!
//! Core Lightning describes its commands in a dialect of JSON Schema with types of its own (`msat`, `u64`, `hash`).
//! [`translate`] turns that description into plain JSON Schema, draft 2020-12; the result is kept as
//! `tests/schema/sendinvoice.schema.json`, where any validator can use it.

mod translate;
mod types;
#[cfg(feature = "validate")]
mod validate;

pub use translate::translate;
#[cfg(feature = "validate")]
pub use validate::{validate_request, validate_response};
