//! Writes the glue between the library and the Kotlin, Swift and Python packages.
//!
//! It is built from the workspace's own lock file, so it always has the version of the macros in the library.

fn main() {
    uniffi::uniffi_bindgen_main();
}
