//! Answering a request: from the request and the terms to a signed invoice.
//!
//! ```text
//! Answerable::new(request)        the rules of the request's reader, in one place
//! prepare(answerable, terms)      the invoice without its signature
//!   .digest()                     what the key of the invoice has to sign
//!   .finish(signature)            the signed invoice, checked once more as the payer will
//! ```
//!
//! [`answer`] does all of it for a key at hand.

mod build;
mod payer;
mod rules;
mod terms;

pub use build::{answer, prepare, UnsignedInvoice, INVOICE_SIGNATURE_TAG};
pub use payer::check_as_payer;
pub use rules::{check, warnings, Warning};
pub use terms::{Answerable, Terms};

pub(crate) use rules::expired as request_expired;
