//! docs/BENCHMARKS.md: written by hand but for the table, which stands between two comments.

use std::fs;

use super::row::Row;
use super::{chart, row};
use crate::{shell, Done};

const PAGE: &str = "docs/BENCHMARKS.md";
const CHART: &str = "docs/benchmarks.svg";
const BEGIN: &str = "<!-- results: written by `cargo xtask bench --write` -->\n";
const END: &str = "<!-- end of results -->";

/// Puts the results in place of those before.
pub fn write(rows: &[Row]) -> Done {
    let page = fs::read_to_string(shell::root().join(PAGE)).map_err(|error| format!("{PAGE}: {error}"))?;
    let parts = page.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let (before, after) = parts.ok_or_else(|| format!("{PAGE} has no place for the results"))?;
    let page = format!(
        "{before}{BEGIN}\n{}\n{}\n\n{END}{after}",
        row::table(rows),
        machine()
    );
    put(PAGE, &page)?;
    put(CHART, &chart::draw(rows))
}

/// What it was measured on, without anything that would tell one machine from another of its kind.
fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = |name: &str| {
        let found = cpu.lines().find(|line| line.starts_with(name));
        found
            .and_then(|line| line.split_once(": "))
            .map(|(_, value)| value.to_owned())
    };
    let model = line("model name").unwrap_or_else(|| "an unnamed processor".to_owned());
    let sha = line("flags").is_some_and(|flags| flags.split(' ').any(|flag| flag == "sha_ni"));
    let with = if sha { "with" } else { "without" };
    format!("Measured on {model}, {with} instructions for SHA-256.")
}

fn put(path: &str, text: &str) -> Done {
    fs::write(shell::root().join(path), text).map_err(|error| format!("{path}: {error}"))?;
    println!("wrote {path}");
    Ok(())
}
