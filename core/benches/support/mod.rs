//! What the benchmarks share: data, floors, peers, and measuring two things against each other.

#![allow(dead_code)] // each benchmark uses a part of it

pub mod data;
pub mod floor;
pub mod messenger;
pub mod pairs;
pub mod peer;

use std::time::Duration;

use criterion::Criterion;

/// Whether only a quick look is wanted: `INVREQ_BENCH=quick`.
pub fn quick() -> bool {
    std::env::var_os("INVREQ_BENCH").is_some_and(|value| value == "quick")
}

/// Whether criterion was asked for something by itself: a name, `--profile-time`. Then there are no ratios.
pub fn only_criterion() -> bool {
    std::env::args().skip(1).any(|argument| argument != "--bench")
}

/// Criterion, for the absolute times; a quick look does without them.
pub fn criterion(benches: impl FnOnce(&mut Criterion)) {
    if quick() {
        return;
    }
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .sample_size(30)
        .configure_from_args();
    benches(&mut criterion);
    criterion.final_summary();
}
