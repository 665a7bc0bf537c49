//! Records that are committed: JSON with one line for each name, so that a change of one shows as one.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::{shell, Done};

/// The rows of a record; none where there is no such file yet.
pub fn read(path: &str) -> Result<BTreeMap<String, Value>, String> {
    let Ok(text) = fs::read_to_string(shell::root().join(path)) else {
        return Ok(BTreeMap::new());
    };
    serde_json::from_str(&text).map_err(|error| format!("{path}: {error}"))
}

/// Writes all rows.
pub fn write<'a>(path: &str, rows: impl Iterator<Item = (&'a String, Value)>) -> Done {
    let lines: Vec<String> = rows.map(|(name, row)| format!("  \"{name}\": {row}")).collect();
    let text = format!("{{\n{}\n}}\n", lines.join(",\n"));
    fs::write(shell::root().join(path), text).map_err(|error| format!("{path}: {error}"))
}
