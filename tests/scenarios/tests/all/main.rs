//! Every scenario on the Rust driver, and what is true of all of them.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

#[path = "../../../../core/tests/common/mod.rs"]
mod common;

mod broken;
mod coverage;
mod crashes;
mod golden;
mod make;
mod requests;
mod secrets;
