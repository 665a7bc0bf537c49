//! The BOLT 12 codec.

mod path;

pub use path::{BlindedHop, BlindedPath, Introduction, PayInfo, PaymentPath};

/// stub
pub fn field_name(_number: u64) -> Option<&'static str> {
    None
}
