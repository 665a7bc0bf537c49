//! Functions of text: nothing is kept.

use invreq::{DecodeOptions, Decoded, ErrorDetails};

/// What came of describing a string.
#[derive(uniffi::Enum)]
#[allow(clippy::large_enum_variant)] // it crosses at once
pub enum Described {
    /// The string says this.
    Decoded {
        /// Field by field.
        decoded: Decoded,
    },
    /// The string cannot be described.
    Failed {
        /// Why not.
        error: ErrorDetails,
    },
}

/// Everything a string says, field by field. `now` is in Unix seconds.
#[uniffi::export]
pub fn decode(text: &str, network: &str, now: Option<u64>) -> Described {
    let described = DecodeOptions::network(network).and_then(|mut options| {
        options.now = now;
        invreq::decode_with(text, &options)
    });
    match described {
        Ok(decoded) => Described::Decoded { decoded },
        Err(error) => Described::Failed {
            error: error.into_details(),
        },
    }
}
