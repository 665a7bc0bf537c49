//! The BOLT 12 codec: offers, invoice requests and invoices, from and to strings and bytes.
//!
//! ```
//! use invreq::bolt12::InvoiceRequest;
//!
//! let request: InvoiceRequest = "lnr1qqsqzqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqg2peq4gnfqwa5hg6rywfshwctvp\
//!     czwu6egqqfq7ct5d4qx27rpd4cxcefwvdhk65syqycj6q2cyypjgef743p5fzqq9nqxh0ah7y87rzv3ud0eleps9kl2d5348hq2k8zeqe6xsctwddes"
//!     .parse()?;
//! assert_eq!(request.amount_msat(), Some(20_000_001));
//! assert_eq!(request.description(), Some("ATM withdrawal"));
//! assert!(!request.is_signed());
//! # Ok::<(), invreq::Error>(())
//! ```
//!
//! A message is its bytes: [records](TlvRecord) are found in them, values are read from the records, and whatever is
//! signed, mirrored or sent on is those bytes and never a second encoding. What comes from outside is bounded by
//! [`limits`], and every error names the TLV record and the rule.

mod accessors;
mod any;
mod bigsize;
mod chain;
mod fields;
mod invoice;
mod invoice_error;
mod invoice_request;
pub mod limits;
mod merkle;
mod message;
mod offer;
mod path;
mod points;
mod signature;
mod string;
mod text;
mod tlv;
mod types;
mod value;
#[cfg(test)]
mod vectors;

pub use any::Bolt12;
pub(crate) use bigsize::bigsize_len;
pub use bigsize::{read_bigsize, write_bigsize};
pub use chain::{chain_hash, chain_name, BITCOIN};
pub use fields::{field_info, field_name, is_mirrored, number, FieldInfo, ValueType, FIELDS};
pub use invoice::{Invoice, DEFAULT_RELATIVE_EXPIRY};
pub use invoice_error::InvoiceError;
pub use invoice_request::InvoiceRequest;
pub use merkle::{merkle_root, tagged_hash, SIGNATURE_TYPES};
pub(crate) use merkle::{KnownTree, Tree};
pub(crate) use message::invreq_id_of;
pub use offer::Offer;
pub(crate) use path::{read_paths, read_payinfos};
pub use path::{BlindedHop, BlindedPath, Introduction, PayInfo, PaymentPath};
pub(crate) use points::Points;
pub use signature::{invoice_digest, invoice_request_digest, signature_tag, verify_signature};
pub use string::{decode_string, encode_string, Kind};
pub(crate) use string::{kind_of, strip};
pub use text::clean;
pub(crate) use text::quoted;
pub use tlv::{TlvRecord, TlvStream, TlvWriter};
pub(crate) use types::read_fallbacks;
pub use types::{Bip353Name, Fallback};
pub(crate) use value::{exact, set_bits, unknown_even_bit, Reader};
