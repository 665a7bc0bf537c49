//! The 32-byte values that name and prove a payment.

use core::fmt;
use core::str::FromStr;

use bitcoin::hashes::{sha256, Hash};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{Error, ErrorCode, Result};

/// The hash of a payment preimage: what a payment is known by on the network.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PaymentHash(pub [u8; 32]);

/// The id of an invoice request: SHA-256 over the records an invoice mirrors, without the signature.
///
/// It is the same for the signed and the unsigned form of a request, and for every invoice that answers it. Core
/// Lightning calls it `invreq_id`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InvreqId(pub [u8; 32]);

/// The preimage of a payment hash: whoever holds it can take the payment, so it is secret until then.
///
/// It is compared in constant time, cleared when dropped, and never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Preimage([u8; 32]);

impl Preimage {
    /// The preimage with these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for whoever has to send or store them.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Its payment hash, SHA-256 of the bytes.
    pub fn payment_hash(&self) -> PaymentHash {
        PaymentHash(sha256::Hash::hash(&self.0).to_byte_array())
    }
}

impl PartialEq for Preimage {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Preimage {}

impl fmt::Debug for Preimage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Preimage(secret)")
    }
}

impl fmt::Display for PaymentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for PaymentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Display for InvreqId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for InvreqId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl FromStr for PaymentHash {
    type Err = Error;

    /// Reads 64 hex digits.
    fn from_str(text: &str) -> Result<Self> {
        read_hex(text).map(Self)
    }
}

impl FromStr for InvreqId {
    type Err = Error;

    /// Reads 64 hex digits.
    fn from_str(text: &str) -> Result<Self> {
        read_hex(text).map(Self)
    }
}

fn read_hex(text: &str) -> Result<[u8; 32]> {
    hash_of(text).ok_or_else(|| Error::new(ErrorCode::InvalidParameter, "a hash or an id is 64 hex digits"))
}

fn hash_of(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let mut digits = text.chars().map(|digit| digit.to_digit(16));
    for byte in &mut bytes {
        let (high, low) = (digits.next()??, digits.next()??);
        *byte = u8::try_from(high << 4 | low).ok()?;
    }
    digits.next().is_none().then_some(bytes)
}

/// Bytes as lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16);
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    digits.filter_map(digit).collect()
}

fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    f.write_str(&hex(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_read_as_they_are_written() {
        let hash = Preimage::new([7; 32]).payment_hash();
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!(hash.to_string().to_uppercase().parse(), Ok(hash));
        for bad in ["", "00", &"0".repeat(63), &"0".repeat(66), &"g".repeat(64)] {
            let error = bad.parse::<InvreqId>().unwrap_err();
            assert_eq!(error.code(), ErrorCode::InvalidParameter, "{bad}");
        }
    }

    #[test]
    fn a_preimage_is_not_printed() {
        assert_eq!(format!("{:?}", Preimage::new([7; 32])), "Preimage(secret)");
    }
}
