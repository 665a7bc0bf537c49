//! Answer BOLT 12 invoice requests.

pub mod answer;
pub mod bolt12;
pub mod decode;
#[cfg(feature = "driver")]
pub mod driver;
pub mod engine;
mod error;
mod ids;
pub mod onion;
pub mod store;

pub use decode::{decode, decode_with, DecodeOptions, Decoded, DecodedField, Problem};
pub use error::{rules, Category, CodeInfo, Error, ErrorCode, ErrorDetails, Field, Result, Rule};
pub use ids::{InvreqId, PaymentHash, Preimage};
