//! `cargo xtask bench`.

mod chart;
mod criterion;
mod page;
mod row;

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::{shell, Done};
use row::Row;

const USAGE: &str = "usage: cargo xtask bench [--quick] [--write] [-- CARGO_ARGUMENT…]

  --quick   ratios only, each for half a second, and nothing of the store with a million invoices
  --write   write the results to docs/BENCHMARKS.md and docs/benchmarks.svg
  --        what follows goes to cargo bench: `-- --bench codec`";

/// Runs the benchmarks of the library, prints what they came to beside what they must not exceed, and fails where one
/// does.
pub fn run(args: &[String]) -> Done {
    let (ours, cargo) = match args.iter().position(|argument| argument == "--") {
        Some(end) => (args.get(..end), args.get(end.saturating_add(1)..)),
        None => (Some(args), None),
    };
    let (mut quick, mut write) = (false, false);
    for argument in ours.unwrap_or_default() {
        match argument.as_str() {
            "--quick" => quick = true,
            "--write" => write = true,
            _ => return Err(USAGE.to_owned()),
        }
    }
    let output = measure(quick, cargo.unwrap_or_default())?;
    for line in criterion::ratios(&output) {
        println!("{line}");
    }
    let rows: Vec<Row> = output.lines().filter_map(Row::read).collect();
    if rows.is_empty() {
        return Err("no benchmark printed a result".to_owned());
    }
    println!("\n{}", row::table(&rows));
    if write {
        page::write(&rows)?;
    }
    match rows.iter().filter(|row| !row.ok).count() {
        0 => Ok(()),
        broken => Err(format!("{broken} of {} results break their limit", rows.len())),
    }
}

/// Runs cargo and returns what it printed. Its own progress and each result are shown as they come.
fn measure(quick: bool, args: &[String]) -> Result<String, String> {
    let mut command = shell::cargo(&["bench", "--locked", "-p", "invreq", "--all-features"]);
    if quick {
        for bench in ["codec", "answer", "engine", "onion"] {
            command.args(["--bench", bench]);
        }
        command.env("INVREQ_BENCH", "quick");
    }
    command.args(args);
    let name = shell::describe(&command);
    println!("{name} …");
    let failed = |error: std::io::Error| format!("{name}: {error}");
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(failed)?;
    let mut output = String::new();
    for line in child
        .stdout
        .take()
        .into_iter()
        .flat_map(|out| BufReader::new(out).lines())
    {
        let line = line.map_err(failed)?;
        if let Some(row) = Row::read(&line) {
            println!("{row}");
        }
        output.push_str(&line);
        output.push('\n');
    }
    match child.wait().map_err(failed)?.success() {
        true => Ok(output),
        false => Err(format!("{output}\n{name} failed")),
    }
}
