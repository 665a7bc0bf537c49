//! Strangers on a real network: answers that are forged, replayed or lead elsewhere, floods, and connections that come to
//! nothing. None of it touches money, and the main job goes on.

mod connections;
mod floods;
mod forged;
#[path = "../payee/mod.rs"]
mod payee;

use std::time::{Duration, Instant};

const AMOUNT: u64 = 50_000_000;

/// The record of an onion message that holds an error.
const INVOICE_ERROR: u64 = 68;

fn wait_until(mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not happen");
        std::thread::sleep(Duration::from_millis(5));
    }
}
