//! The engine, driven step by step by a host whose every word is scripted.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

#[path = "../common/mod.rs"]
mod common;

mod answered;
mod claims;
mod crashes;
mod delivery;
mod invoices;
mod lists;
mod parameters;
mod payer_errors;
mod properties;
mod received;
mod resend;
mod restarts;
mod rpc;
mod secrets;
mod stores;
mod timeouts;
mod vectors;
mod waits;
mod writers;
