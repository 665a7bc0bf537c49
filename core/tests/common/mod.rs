//! A host for tests: everything it says is scripted, and the same script gives the same bytes.
#![allow(
    dead_code,
    unused_imports,
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

pub mod calls;
pub mod host;
pub mod payer;
pub mod request;
pub mod source;

pub use host::Host;
pub use payer::{error_bytes, onion_error};
pub use request::Request;
pub use source::{payment_path, PaysWith, Source};

use std::sync::OnceLock;

use bitcoin::secp256k1::{PublicKey, Secp256k1, SecretKey};
use bitcoin::Network;
use invreq::engine::{Config, SendInvoice};

/// When every test begins, in Unix seconds.
pub const START: u64 = 1_700_000_000;
pub const NETWORK: Network = Network::Regtest;
pub const SEED: [u8; 32] = [7; 32];

pub fn config() -> Config {
    Config::new(NETWORK)
}

pub fn secret(number: u8) -> SecretKey {
    SecretKey::from_slice(&[number; 32]).unwrap()
}

/// The same key is asked for again and again, and making it takes longer than most of what tests do with it.
pub fn node(number: u8) -> PublicKey {
    static NODES: [OnceLock<PublicKey>; 256] = [const { OnceLock::new() }; 256];
    *NODES[usize::from(number)].get_or_init(|| secret(number).public_key(&Secp256k1::new()))
}

/// Parameters for this request and label, with all the rest left to the defaults.
pub fn params(invreq: &str, label: &str) -> SendInvoice {
    SendInvoice {
        invreq: invreq.to_owned(),
        label: label.to_owned(),
        ..SendInvoice::default()
    }
}
