//! What is left in the memory of the process once an engine, or a payee with its runner, is dropped: neither its
//! seed, nor what it derived from it.
//!
//! The memory is read as the system shows it, all that can be written but the stack: what was there is overwritten by the next
//! function, and no library can wipe what the compiler copies on it. So there is one thread, and no test harness.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used
)]

#[path = "../../../../core/tests/common/mod.rs"]
mod common;
#[cfg(target_os = "linux")]
mod driver;
#[cfg(target_os = "linux")]
mod engine;
#[cfg(target_os = "linux")]
mod search;

#[cfg(target_os = "linux")]
fn main() {
    use search::{copies, derived, masked_seed, seed};
    use std::hint::black_box;

    let kept = black_box(seed().to_vec());
    assert!(copies(&masked_seed()) > 0, "a copy is found");
    let mut kept = kept;
    kept.fill(0);
    black_box(&kept);
    assert_eq!(copies(&masked_seed()), 0, "a copy that was wiped is not found");

    let [nonce, sealed_with] = engine::live();
    nothing_is_left(&nonce);
    let sealing = copies(&derived("seal", &[&sealed_with]));
    assert_eq!(sealing, 0, "the key that seals");

    let nonce = driver::live();
    nothing_is_left(&nonce);
    println!("nothing is left in memory");
}

#[cfg(target_os = "linux")]
fn nothing_is_left(nonce: &[u8; 32]) {
    use search::{copies, derived, masked_seed};

    let secrets = [
        ("the seed", masked_seed()),
        ("a preimage that nobody claimed", derived("preimage", &[nonce])),
        (
            "the key of an invoice",
            derived("invoice-node-id", &[nonce, &[0]]),
        ),
        ("the key of replies", derived("reply-key", &[&[0]])),
    ];
    for (what, secret) in secrets {
        assert_eq!(copies(&secret), 0, "{what}");
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("could not be run here: it reads the memory as Linux shows it");
}
