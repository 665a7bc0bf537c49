//! Reading the vector files.

use hex_conservative::{DisplayHex, FromHex};
use invreq::bolt12::Bolt12;
use serde_json::Value;

pub fn text(path: &str) -> String {
    let path = format!("{}/../tests/vectors/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub fn json(path: &str) -> Value {
    serde_json::from_str(&text(path)).unwrap()
}

pub fn lines(path: &str) -> Vec<Value> {
    text(path)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

pub fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

pub fn str(value: &Value) -> &str {
    value.as_str().unwrap()
}

pub fn unhex(text: &str) -> Vec<u8> {
    Vec::from_hex(text).unwrap()
}

pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().to_lower_hex_string()
}

/// The outcome of reading a string: `ok`, or the code of the error.
pub fn verdict(text: &str) -> &'static str {
    text.parse::<Bolt12>()
        .map_or_else(|error| error.code().as_str(), |_| "ok")
}

/// The type number and the hex value of every record.
pub fn fields(message: &Bolt12) -> Vec<(u64, String)> {
    message
        .records()
        .iter()
        .map(|record| (record.number, hex(record.value)))
        .collect()
}

/// The same of a list of `{"type", "hex"}`.
pub fn expected_fields(list: &Value) -> Vec<(u64, String)> {
    let field = |field: &Value| (field["type"].as_u64().unwrap(), str(&field["hex"]).to_owned());
    list.as_array().unwrap().iter().map(field).collect()
}
