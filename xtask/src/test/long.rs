//! The long forms take hours, so a run that was broken off goes on where it was, and what was run is added up: docs/long-log.json, which
//! is committed.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::{json, Value};

use crate::{rows, shell, Done};

const PATH: &str = "docs/long-log.json";

/// What the runs of one long form come to.
#[derive(Clone, Copy, Default)]
pub struct Ran {
    /// Processor time, in seconds.
    pub seconds: u64,
    /// How often it passed.
    pub passed: u64,
}

/// Whether this form has passed on this [`tree`] before.
pub fn has_passed(name: &str, tree: Option<&str>) -> bool {
    tree.is_some() && tree == fs::read_to_string(mark(name)).ok().as_deref()
}

/// Adds a run that passed on this [`tree`].
pub fn add(name: &str, seconds: f64, tree: Option<&str>) -> Done {
    let mut record = read()?;
    let row = record.entry(name.to_owned()).or_default();
    row.seconds = row.seconds.saturating_add(seconds.round() as u64);
    row.passed = row.passed.saturating_add(1);
    write(&record)?;
    let (mark, tree) = (mark(name), tree.unwrap_or_default());
    let folder = mark.parent().map_or(Ok(()), fs::create_dir_all);
    folder
        .and_then(|()| fs::write(&mark, tree))
        .map_err(|error| format!("{}: {error}", mark.display()))
}

/// What was run of every form.
pub fn read() -> Result<BTreeMap<String, Ran>, String> {
    let row = |(name, row): (String, Value)| {
        let number = |field| row.get(field).and_then(Value::as_u64).unwrap_or_default();
        let ran = Ran {
            seconds: number("cpuSeconds"),
            passed: number("passed"),
        };
        (name, ran)
    };
    Ok(rows::read(PATH)?.into_iter().map(row).collect())
}

fn write(record: &BTreeMap<String, Ran>) -> Done {
    let row = |ran: &Ran| json!({ "cpuSeconds": ran.seconds, "passed": ran.passed });
    rows::write(PATH, record.iter().map(|(name, ran)| (name, row(ran))))
}

/// What is committed, apart from the documents; `None` where something else is not.
pub fn tree() -> Option<String> {
    let but_documents = ["--", ".", ":!docs"];
    let git = |command: &[&str]| {
        let args = [command, &but_documents[..]].concat();
        shell::stdout(shell::program("git", &args)).ok()
    };
    let changes = git(&["status", "--porcelain"])?;
    changes.is_empty().then(|| git(&["ls-files", "-s"]))?
}

fn mark(name: &str) -> PathBuf {
    shell::target_dir().join("xtask/long").join(name)
}
