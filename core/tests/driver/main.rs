//! The driver: a payee with a runner on a thread of its own, a clock that goes when it is told to, and a host that fails.
#![cfg(feature = "driver")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

#[path = "../common/mod.rs"]
mod common;

mod backup;
mod calls;
mod events;
mod host;
mod incoming;
#[cfg(all(unix, feature = "sqlite"))]
mod kills;
mod trouble;
mod unheard;
mod verdicts;
mod writers;
