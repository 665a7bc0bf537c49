//! Every fuzz target in one program under libFuzzer; `INVREQ_FUZZ` names the one to run. `cargo xtask fuzz` starts it.
#![no_main]

use std::sync::LazyLock;

use invreq_fuzz::{Target, TARGETS};

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("INVREQ_FUZZ").unwrap_or_default();
    let found = TARGETS.iter().find(|target| target.name == name);
    found.unwrap_or_else(|| {
        let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        eprintln!("INVREQ_FUZZ is one of {}", names.join(", "));
        std::process::exit(2)
    })
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| (TARGET.run)(data));
