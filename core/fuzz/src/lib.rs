//! What the fuzz targets do with the bytes they get.
//!
//! Each target is a function here, and a file in `fuzz_targets` that hands it the bytes of libFuzzer: the same bytes can
//! be replayed by an ordinary test. A find is a panic. In the folder `core`:
//!
//! ```text
//! cargo +nightly fuzz run --no-cfg-fuzzing onion_peel fuzz/corpus/onion_peel fuzz/seeds/onion_peel
//! RUSTC_BOOTSTRAP=1 cargo fuzz run --no-cfg-fuzzing --sanitizer none …    # without a nightly compiler
//! ```
//!
//! The crates on `lightning`'s side replace their ciphers by something else under `cfg(fuzzing)`, so that flag stays off.

#[cfg(fuzzing)]
compile_error!("run with --no-cfg-fuzzing: LDK has no real ciphers with it");

mod craft;
#[allow(dead_code)] // the tests use more of it
#[path = "../../tests/onion/ldk_node.rs"]
mod ldk_node;
mod onion_path;
mod onion_peel;
mod peer_stream;

pub use onion_path::onion_path;
pub use onion_peel::onion_peel;
pub use peer_stream::peer_stream;
