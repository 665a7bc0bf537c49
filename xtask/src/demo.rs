//! `cargo xtask demo`.

use std::process::Stdio;

use crate::{shell, Done};

/// Builds and runs the demo; `args` may be a BOLT 12 string to explain.
pub fn run(args: &[String]) -> Done {
    println!(
        "Building the demo; the first time takes a few minutes, because a whole Lightning node is built …"
    );
    let mut command = shell::cargo(&["run", "--locked", "-p", "invreq-demo", "--"]);
    command.args(args).stdin(Stdio::inherit());
    let status = command
        .status()
        .map_err(|error| format!("{}: {error}", shell::describe(&command)))?;
    status
        .success()
        .then_some(())
        .ok_or_else(|| "the demo did not end well".to_owned())
}
