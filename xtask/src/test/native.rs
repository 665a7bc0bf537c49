//! The library of the Kotlin, Swift and Python packages.

use std::fs;

use super::log::Log;
use super::Checked;
use crate::build::native::{self, Library};
use crate::shell;

/// What a stripped library may have, in KiB: with SQLite, and without.
const LIMIT: u64 = 4 * 1024;
const LIMIT_BARE: u64 = 5 * 1024 / 2;

/// How large the library is, against its budgets. What is shipped is built last, so that the packages find it.
pub fn library(log: &mut Log) -> Checked {
    let bare = native::bare(log)?;
    let bare = kib(log, &bare, "bare")?;
    let whole = native::library(log)?;
    let whole = kib(log, &whole, "whole")?;
    let told = format!("{whole} KiB stripped, {bare} KiB without SQLite");
    if whole > LIMIT || bare > LIMIT_BARE {
        return Err(format!("{told}: over its budget of {LIMIT} and {LIMIT_BARE} KiB"));
    }
    Ok(told)
}

fn kib(log: &mut Log, library: &Library, name: &str) -> Result<u64, String> {
    let stripped = shell::target_dir().join("native/stripped").join(name);
    native::strip(log, library, &stripped)?;
    let size = fs::metadata(&stripped).map_err(|error| format!("{}: {error}", stripped.display()))?;
    Ok(size.len().div_ceil(1024))
}
