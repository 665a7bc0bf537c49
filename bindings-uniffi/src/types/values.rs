//! Values that cross as text or bytes: points and hashes as hex, secrets as bytes.

use core::str::FromStr;

use bitcoin::secp256k1::PublicKey;
use invreq::onion::SharedSecret;
use invreq::{InvreqId, PaymentHash, Preimage};

use crate::BadValue;

/// 32 bytes.
pub(crate) type Bytes32 = [u8; 32];

/// 64 bytes.
pub(crate) type Bytes64 = [u8; 64];

uniffi::custom_type!(PublicKey, String, {
    remote,
    try_lift: |text| parse(&text, "a public key is 66 hex digits"),
    lower: |key| key.to_string(),
});

uniffi::custom_type!(PaymentHash, String, {
    remote,
    try_lift: |text| parse(&text, "a payment hash is 64 hex digits"),
    lower: |hash| hash.to_string(),
});

uniffi::custom_type!(InvreqId, String, {
    remote,
    try_lift: |text| parse(&text, "an invreq_id is 64 hex digits"),
    lower: |id| id.to_string(),
});

uniffi::custom_type!(Preimage, Vec<u8>, {
    remote,
    try_lift: |bytes| array(zeroize::Zeroizing::new(bytes).as_slice(), "a preimage is 32 bytes").map(Preimage::new),
    lower: |preimage| preimage.expose().to_vec(),
});

uniffi::custom_type!(SharedSecret, Vec<u8>, {
    remote,
    try_lift: |bytes| array(zeroize::Zeroizing::new(bytes).as_slice(), "a shared secret is 32 bytes").map(SharedSecret::new),
    lower: |_secret| Vec::new(),
});

uniffi::custom_type!(Bytes32, Vec<u8>, {
    remote,
    try_lift: |bytes| array(&bytes, "there have to be 32 bytes"),
    lower: |bytes| bytes.to_vec(),
});

uniffi::custom_type!(Bytes64, Vec<u8>, {
    remote,
    try_lift: |bytes| array(&bytes, "there have to be 64 bytes"),
    lower: |bytes| bytes.to_vec(),
});

fn parse<T: FromStr>(text: &str, rule: &str) -> uniffi::Result<T> {
    text.parse().map_err(|_| BadValue::new(rule).into())
}

fn array<const N: usize>(bytes: &[u8], rule: &str) -> uniffi::Result<[u8; N]> {
    bytes.try_into().map_err(|_| BadValue::new(rule).into())
}
