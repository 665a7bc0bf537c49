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
mod edges;
mod further_copies;
mod invoices;
mod lines;
mod lists;
mod model;
mod own_node;
mod parameters;
mod payer_errors;
mod plans;
mod properties;
mod received;
mod replies;
mod resend;
mod restarts;
mod rpc;
mod second_thoughts;
mod secrets;
mod stale;
mod stores;
mod timeouts;
mod transcript;
mod vectors;
mod waits;
mod writers;
