//! What was run so far: docs/fuzz-log.json, which is committed.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{json, Value};

use crate::{rows, Done};

const PATH: &str = "docs/fuzz-log.json";

/// What was run of every target.
pub struct Record(BTreeMap<String, Ran>);

/// What runs of one target come to.
#[derive(Clone, Copy, Default)]
pub struct Ran {
    /// Processor time, in seconds.
    pub seconds: f64,
    /// Those of it that ran with the address sanitizer.
    pub address_seconds: f64,
    pub executions: u64,
}

impl Record {
    pub fn read() -> Result<Self, String> {
        let rows = rows::read(PATH)?.into_iter().map(|(name, value)| {
            let row = Ran::read(&value).ok_or_else(|| format!("{PATH}: {name} cannot be read"))?;
            Ok((name, row))
        });
        rows.collect::<Result<_, String>>().map(Self)
    }

    /// Adds what one run came to.
    pub fn add(target: &str, ran: Ran) -> Done {
        let mut record = Self::read()?;
        let row = record.0.entry(target.to_owned()).or_default();
        row.seconds += ran.seconds;
        row.address_seconds += ran.address_seconds;
        row.executions = row.executions.saturating_add(ran.executions);
        record.write()
    }

    pub fn of(&self, target: &str) -> Ran {
        self.0.get(target).copied().unwrap_or_default()
    }

    fn write(&self) -> Done {
        let row = |ran: &Ran| {
            json!({
                "cpuSeconds": ran.seconds.round() as u64,
                "ofWhichAddressSanitizer": ran.address_seconds.round() as u64,
                "executions": ran.executions,
            })
        };
        rows::write(PATH, self.0.iter().map(|(name, ran)| (name, row(ran))))
    }
}

impl Ran {
    fn read(row: &Value) -> Option<Self> {
        Some(Self {
            seconds: row["cpuSeconds"].as_f64()?,
            address_seconds: row["ofWhichAddressSanitizer"].as_f64().unwrap_or_default(),
            executions: row["executions"].as_u64()?,
        })
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
