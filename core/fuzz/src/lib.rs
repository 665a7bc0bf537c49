//! What the fuzz targets do with the bytes they get.
//!
//! Each target is a function here: libFuzzer calls it with bytes it makes up (the program in `libfuzzer`, built and run by
//! `cargo xtask fuzz`), and an ordinary test calls it with every file of the committed corpus. A find is a panic.
#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::large_enum_variant,
    clippy::panic,
    clippy::type_complexity,
    clippy::unwrap_used
)]

mod answer;
mod cln;
#[path = "../../tests/common/mod.rs"]
mod common;
mod craft;
mod engine;
mod ldk;
#[allow(dead_code)] // the tests use more of it
#[path = "../../tests/onion/ldk_node.rs"]
mod ldk_node;
mod onion_path;
mod onion_peel;
mod peer_stream;
mod records;
mod restore;
mod strings;
mod tlv;

/// A fuzz target.
pub struct Target {
    /// Its name: that of its folders, too.
    pub name: &'static str,
    /// What it proves, in one line.
    pub about: &'static str,
    /// What it does with some bytes.
    pub run: fn(&[u8]),
}

#[rustfmt::skip] // one line for each target
pub const TARGETS: &[Target] = &[
    Target { name: "strings", about: "any text is read or refused, and what is read comes back", run: strings::strings },
    Target { name: "tlv", about: "records, typed views and the merkle tree keep every byte", run: tlv::tlv },
    Target { name: "answer", about: "every invoice passes the payer's checks, and LDK's where it reads the request", run: answer::answer },
    Target { name: "onion_path", about: "what is sent over a path arrives; LDK relays the same bytes", run: onion_path::onion_path },
    Target { name: "onion_peel", about: "any message is peeled or refused", run: onion_peel::onion_peel },
    Target { name: "peer_stream", about: "any connection lives within its limits and ends once", run: peer_stream::peer_stream },
    Target { name: "engine", about: "any input with any answers at any time keeps the records consistent", run: engine::engine },
    Target { name: "restore", about: "a damaged store or backup is refused or read, and gives away no wrong preimage", run: restore::restore },
    Target { name: "ldk", about: "LDK's parsers agree, but for a table of rules", run: ldk::ldk },
    Target { name: "cln", about: "Core Lightning's verdicts hold in every spelling of its strings", run: cln::cln },
];
