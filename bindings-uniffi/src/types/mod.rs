//! The core's own types, declared: field for field, so that a change of the core breaks the build here.
//!
//! What is declared as it is in the core compiles:
//!
//! ```
//! uniffi::setup_scaffolding!("example");
//! use invreq::{Category, Field};
//!
//! #[uniffi::remote(Record)]
//! pub struct Field {
//!     pub number: u64,
//!     pub name: String,
//! }
//!
//! #[uniffi::remote(Enum)]
//! pub enum Category {
//!     Format,
//!     Rule,
//!     Parameter,
//!     State,
//!     Delivery,
//!     Host,
//!     Internal,
//! }
//! # fn main() {}
//! ```
//!
//! A field that only the core has does not:
//!
//! ```compile_fail,E0063
//! uniffi::setup_scaffolding!("example");
//! use invreq::Field;
//!
//! #[uniffi::remote(Record)]
//! pub struct Field {
//!     pub number: u64,
//! }
//! # fn main() {}
//! ```
//!
//! Nor does a variant that only the core has:
//!
//! ```compile_fail,E0004
//! uniffi::setup_scaffolding!("example");
//! use invreq::Category;
//!
//! #[uniffi::remote(Enum)]
//! pub enum Category {
//!     Format,
//!     Rule,
//!     Parameter,
//!     State,
//!     Delivery,
//!     Host,
//! }
//! # fn main() {}
//! ```

mod decoded;
mod error;
mod input;
mod need;
mod path;
mod peer;
mod record;
mod step;
mod store;
pub(crate) mod values;
