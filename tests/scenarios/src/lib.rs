//! Scenarios: what every language has to do in the same way, byte for byte.
//!
//! A scenario is a JSON file in `cases/`; what comes of it is a transcript in `transcripts/`. `README.md` describes both. This crate
//! is the runner on the Rust driver, which writes the transcripts; its tests check what it writes against what was expected
//! by hand.
#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod calls;
pub mod lines;
mod run;
pub mod scenario;
pub mod stage;
mod texts;
mod turns;
mod values;

pub use run::{run, Ran};
pub use scenario::Scenario;
