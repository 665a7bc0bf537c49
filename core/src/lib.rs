//! Answer BOLT 12 invoice requests: read any `lnr1…`, sign the invoice, have it delivered, track it until it is paid.
//!
//! This crate has no node, no network and no clock. The host supplies payment paths, a transport, a store, the time and
//! randomness; the crate supplies the rules, the secrets, and a record that survives a crash at any point.
//!
//! Reading a string takes one line:
//!
//! ```
//! let text = "lnr1qqgypua5g7rp293k00s66ayvnv26czst2d5k6urvv5s8getnw3gzqp3zderpzxstt8927ynqg044h0egcd8n5h3n9g0u0v4h8ncc3yg02gps7\
//!     sjqtqssytfzxcs2xkdy0lml0tzy0jzugmyj8kjn8zfzrgq9fsgurc72x82e7pq947t0ks7a4yejz8w79x4zj25s3pu6zrnw2e0v2ugdescpcqsq307z4p2dlxe92\
//!     fv7xd43qut0pjkg4y094hupqyhsj8dlhvmmfng6sv";
//! let decoded = invreq::decode(text)?;
//! assert!(decoded.signed);
//! assert_eq!(decoded.summary, "A payer asks for an invoice over 1,000 sat on regtest, for “Simple test”.");
//! # Ok::<(), invreq::Error>(())
//! ```
//!
//! The layers, each of which knows only those before it:
//!
//! 1. [`bolt12`]: strings, records, values, signatures.
//! 2. [`answer`]: the rules, and building and signing the invoice.
//! 3. [`onion`]: the message that carries it, and what comes back.
//! 4. [`engine`]: the state machine that tracks it; data in, data out.
//! 5. `driver` (feature `driver`, on by default): the loop over the engine for async Rust, with a complete example.
//!    `ldk` (feature `ldk`) is a ready host for it, over the parts of an LDK node.
//!
//! Beside them stand [`decode`](mod@decode) for people, [`store`] for what is kept, `peer` (a feature) for hosts that have
//! nothing but a socket, [`NodeKey`] for keys at hand, and [`Error`] with its table of codes.

pub mod answer;
pub mod bolt12;
mod curve;
pub mod decode;
#[cfg(feature = "driver")]
pub mod driver;
pub mod engine;
mod error;
mod ids;
mod key;
#[cfg(feature = "ldk")]
pub mod ldk;
pub mod onion;
#[cfg(feature = "peer")]
pub mod peer;
mod shapes;
mod sorted;
pub mod store;

pub use decode::{decode, decode_with, DecodeOptions, Decoded, DecodedField, Problem};
pub use error::{rules, Category, CodeInfo, Error, ErrorCode, ErrorDetails, Field, Result, Rule};
pub use ids::{InvreqId, PaymentHash, Preimage};
pub use key::NodeKey;
