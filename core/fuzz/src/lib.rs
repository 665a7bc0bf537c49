//! What the fuzz targets do with the bytes they get.
//!
//! Each target is a function here, and a file in `fuzz_targets` that hands it the bytes of libFuzzer: the same bytes can
//! be replayed by an ordinary test. A find is a panic.
//!
//! ```text
//! cd core && cargo fuzz run onion_peel fuzz/corpus/onion_peel fuzz/seeds/onion_peel
//! ```

mod onion_peel;
mod peer_stream;

pub use onion_peel::onion_peel;
pub use peer_stream::peer_stream;
