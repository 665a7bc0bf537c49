//! What was run so far: docs/fuzz-log.json, which is committed.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{json, Value};

use crate::{shell, Done};

const PATH: &str = "docs/fuzz-log.json";

/// Processor time in seconds and executions of every target.
pub struct Record(BTreeMap<String, (f64, u64)>);

impl Record {
    pub fn read() -> Result<Self, String> {
        let Ok(text) = fs::read_to_string(shell::root().join(PATH)) else {
            return Ok(Self(BTreeMap::new()));
        };
        let read: Value = serde_json::from_str(&text).map_err(|error| format!("{PATH}: {error}"))?;
        let targets = read.as_object().ok_or_else(|| format!("{PATH} is no object"))?;
        let row = |row: &Value| Some((row["cpuSeconds"].as_f64()?, row["executions"].as_u64()?));
        let rows = targets.iter().map(|(name, value)| {
            let row = row(value).ok_or_else(|| format!("{PATH}: {name} cannot be read"))?;
            Ok((name.clone(), row))
        });
        rows.collect::<Result<_, String>>().map(Self)
    }

    /// Adds what one run came to.
    pub fn add(target: &str, seconds: f64, executions: u64) -> Done {
        let mut record = Self::read()?;
        let row = record.0.entry(target.to_owned()).or_default();
        row.0 += seconds;
        row.1 = row.1.saturating_add(executions);
        record.write()
    }

    pub fn seconds(&self, target: &str) -> f64 {
        self.0.get(target).map_or(0.0, |row| row.0)
    }

    pub fn executions(&self, target: &str) -> u64 {
        self.0.get(target).map_or(0, |row| row.1)
    }

    /// One line for each target.
    fn write(&self) -> Done {
        let rows = self.0.iter().map(|(name, (seconds, executions))| {
            let row = json!({ "cpuSeconds": seconds.round() as u64, "executions": executions });
            format!("  \"{name}\": {row}")
        });
        let text = format!("{{\n{}\n}}\n", rows.collect::<Vec<_>>().join(",\n"));
        fs::write(shell::root().join(PATH), text).map_err(|error| format!("{PATH}: {error}"))
    }
}

/// The processor time of all programs that this one waited for, in seconds; Linux tells it in hundredths. Elsewhere it is the
/// time of the clock.
pub fn processor_time() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name before the last parenthesis can hold spaces; the fields 16 and 17 of all stand at 13 and 14 behind it.
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks = fields.get(13..15).map(|pair| {
        pair.iter()
            .filter_map(|field| field.parse::<u64>().ok())
            .sum::<u64>()
    });
    match ticks {
        Some(ticks) => ticks as f64 / 100.0,
        None => std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0.0, |since| since.as_secs_f64()),
    }
}
