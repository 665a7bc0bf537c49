//! Answering invoice requests: the rules for a request and for the invoice that answers it.

mod payer;
mod rules;

pub use payer::check_as_payer;
pub use rules::{check, warnings, Warning};
