//! The loop over the [engine](crate::engine), for async Rust on any runtime.
//!
//! A host brings four things: a [`Store`](crate::store::Store), a [`PaymentSource`], a [`Transport`] and a seed. It gets a
//! [`Payee`], and a [`Runner`] that it gives to its runtime or to a thread of its own.

mod erased;
mod host;
mod payee;
mod run;
mod runner;
mod system;

pub use host::{Clock, Entropy, HostError, PaymentSource, Signer, Transport};
pub use payee::{Events, Payee, PayeeBuilder};
pub use runner::Runner;
pub use system::{SystemClock, SystemEntropy};
