//! Values on their way between the two sides.

use core::str::FromStr;

use invreq::{Error, ErrorCode};
use serde::Serialize;
use wasm_bindgen::JsValue;

use crate::plain::Plain;
use crate::Js;

/// A plain object: 64-bit integers as `bigint`, bytes as `Uint8Array`, `None` as `undefined`.
pub(crate) fn give<T: Serialize>(value: &T) -> JsValue {
    // Strings, numbers, bytes, lists and records only: there is nothing that cannot be written.
    value.serialize(Plain).unwrap_or(JsValue::UNDEFINED)
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
