//! Values on their way between the two sides.

use core::str::FromStr;

use invreq::{Error, ErrorCode, NodeKey, Preimage};
use serde::{Serialize, Serializer};
use wasm_bindgen::JsValue;
use zeroize::Zeroizing;

use crate::Js;

/// A plain object: 64-bit integers as `bigint`, bytes as `Uint8Array`, `None` as `undefined`.
pub(crate) fn give<T: Serialize>(value: &T) -> JsValue {
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_large_number_types_as_bigints(true);
    // Strings, numbers, bytes, lists and records only: there is nothing that cannot be written.
    value.serialize(&serializer).unwrap_or(JsValue::UNDEFINED)
}

/// Bytes that become a `Uint8Array`, where serde alone would make a list of numbers.
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// The error as the other side throws it.
pub(crate) fn throw(error: Error) -> JsValue {
    give(error.details())
}

/// A number of milliseconds or seconds, which JavaScript keeps as a float.
pub(crate) fn time(value: f64) -> u64 {
    value as u64
}

pub(crate) fn optional_time(value: Option<f64>) -> Option<u64> {
    value.map(time)
}

/// Bytes of a fixed length.
pub(crate) fn array<const N: usize>(bytes: &[u8], what: &str) -> Js<[u8; N]> {
    bytes
        .try_into()
        .map_err(|_| invalid(&format!("{what} has {N} bytes, not {}", bytes.len())))
}

/// Secret bytes of a fixed length: what crossed the boundary is wiped here, and the caller's copy when it is dropped.
pub(crate) fn secret<const N: usize>(bytes: Vec<u8>, what: &str) -> Js<Zeroizing<[u8; N]>> {
    let bytes = Zeroizing::new(bytes);
    array(&bytes, what).map(Zeroizing::new)
}

pub(crate) fn node_key(bytes: Vec<u8>) -> Js<NodeKey> {
    NodeKey::new(&*secret(bytes, "a secret key")?).map_err(throw)
}

pub(crate) fn preimage(bytes: Option<Vec<u8>>) -> Js<Option<Preimage>> {
    let preimage = |bytes| secret(bytes, "a preimage").map(|bytes| Preimage::new(*bytes));
    bytes.map(preimage).transpose()
}

/// A hash or a public key, written as hex.
pub(crate) fn parse<T: FromStr>(text: &str, what: &str) -> Js<T> {
    text.parse().map_err(|_| invalid(&format!("this is no {what}")))
}

pub(crate) fn parse_optional<T: FromStr>(text: Option<String>, what: &str) -> Js<Option<T>> {
    text.map(|text| parse(&text, what)).transpose()
}

pub(crate) fn invalid(message: &str) -> JsValue {
    throw(Error::new(ErrorCode::InvalidParameter, message))
}
