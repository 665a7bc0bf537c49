//! What the Kotlin, Swift and Python packages call: the core, declared for uniffi.
//!
//! Nothing in here decides anything, and nothing is async: the packages own the loop and the public API, in the concurrency of
//! their language.
//!
//! ```text
//! types    the core's own types, declared field for field
//! text     decode, verify, answer: functions of their arguments
//! engine   Engine.begin(Input, now, entropy, Answers) -> needs or a step; Engine.commit(step) -> effects
//! store    the stores of the core, blocking; stores of an app, called back
//! foreign  what the core does with a whole store of an app: export and import
//! peer     a BOLT 8 connection: bytes in, bytes out
//! testing  the suite that shows whether a store keeps the contract
//! ```
//!
//! Errors of the core come back as values, with everything there is to say; the packages throw them. What is no value of its
//! type at all is a [`BadValue`].
//! Whatever does more than make something empty or look into the table of errors returns a `Result`: only so a defect of the core
//! reaches Swift as an error and not as the end of the app.

mod engine;
mod foreign;
mod peer;
mod store;
#[cfg(feature = "testing")]
mod testing;
mod text;
mod types;
mod values;

use std::alloc::System;

use zeroizing_alloc::ZeroAlloc;

uniffi::setup_scaffolding!("invreq");

/// Wipes what is freed: keys and preimages cross in buffers that nobody else could wipe.
#[global_allocator]
static WIPING: ZeroAlloc<System> = ZeroAlloc(System);

/// Why a call was not made: mostly an argument that is no value of its type.
#[derive(Debug, thiserror::Error, uniffi::Error)]
#[uniffi(flat_error)]
pub enum BadValue {
    /// The rule it breaks.
    #[error("{0}")]
    Malformed(String),
    /// It is none of the arguments: a defect ended an earlier call in its middle, and what it was at cannot be relied on.
    #[error("an earlier call ended in its middle: open it again")]
    Broken,
}

impl BadValue {
    pub(crate) fn new(rule: &str) -> Self {
        Self::Malformed(rule.to_owned())
    }
}
