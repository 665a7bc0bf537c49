//! One context for the curve.

use std::sync::LazyLock;

use bitcoin::secp256k1::{All, Secp256k1};

/// For everything but the engine's own keys, whose context is blinded. Made once: that costs as much as a signature.
pub(crate) static CURVE: LazyLock<Secp256k1<All>> = LazyLock::new(Secp256k1::new);
