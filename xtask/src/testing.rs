//! The counts and the record of fuzzing in docs/TESTING.md, made from the tree.

use std::fs;

use crate::fuzz::Record;
use crate::generated::{only_check, put};
use crate::test::{long, LONG};
use crate::{shell, Done};

const PAGE: &str = "docs/TESTING.md";
const BEGIN: &str = "<!-- counts: written by `cargo xtask testing` -->";
const END: &str = "<!-- end of counts -->";

/// Counts what there is and writes it into the page, or only compares.
pub fn run(args: &[String]) -> Done {
    let check = only_check(args)?;
    let page = read(PAGE)?;
    let (before, rest) = page
        .split_once(BEGIN)
        .ok_or("the page has no place for the counts")?;
    let (_, after) = rest
        .split_once(END)
        .ok_or("the place for the counts has no end")?;
    let files = tracked()?;
    let text = format!(
        "{before}{BEGIN}\n\n{}\n{}\n{}\n{END}{after}",
        counts(&files),
        fuzzing(&files)?,
        long_forms()?
    );
    put(PAGE, &text, check, "cargo xtask testing")
}

/// What is counted: its name, the files, and what a line of them begins with; without that the files themselves.
struct Row {
    what: &'static str,
    within: &'static str,
    ends: &'static str,
    line: &'static [&'static str],
}

#[rustfmt::skip] // one line for each row
const ROWS: &[Row] = &[
    Row { what: "tests in Rust", within: "", ends: ".rs", line: &["#[test]"] },
    Row { what: "tests in TypeScript", within: "npm/test/", ends: ".ts", line: &["test(", "it("] },
    Row { what: "tests in Python", within: "bindings-uniffi/python/", ends: ".py", line: &["def test_", "async def test_"] },
    Row { what: "tests in Kotlin", within: "bindings-uniffi/kotlin/", ends: ".kt", line: &["@Test"] },
    Row { what: "tests in Swift", within: "bindings-uniffi/swift/", ends: ".swift", line: &["@Test", "func test"] },
    Row { what: "scenarios, told in every language", within: "tests/scenarios/cases/", ends: ".json", line: &[] },
    Row { what: "checks that any store has to pass", within: "core/src/store/conformance/mod.rs", ends: ".rs", line: &["\""] },
    Row { what: "official vector files of the BOLTs", within: "tests/vectors/bolts/", ends: ".json", line: &[] },
    Row { what: "strings that Core Lightning judged", within: "tests/vectors/cln/", ends: ".jsonl", line: &["{"] },
    Row { what: "fuzz targets", within: "core/fuzz/src/lib.rs", ends: ".rs", line: &["Target { name"] },
    Row { what: "fuzz inputs replayed in every run", within: "core/fuzz/seeds/", ends: "", line: &[] },
    Row { what: "fuzz inputs found by fuzzing, replayed too", within: "core/fuzz/corpus/", ends: "", line: &[] },
];

fn counts(files: &[String]) -> String {
    let mut text = String::from("| what | how many |\n| --- | --- |\n");
    for row in ROWS {
        let of_row = files
            .iter()
            .filter(|path| path.starts_with(row.within) && path.ends_with(row.ends));
        let count = match row.line {
            [] => of_row.count(),
            line => of_row.map(|path| lines(path, line)).sum(),
        };
        if count > 0 {
            text.push_str(&format!("| {} | {count} |\n", row.what));
        }
    }
    text
}

fn lines(path: &str, begins: &[&str]) -> usize {
    let text = read(path).unwrap_or_default();
    let begins_so = |line: &&str| begins.iter().any(|begin| line.trim_start().starts_with(begin));
    text.lines().filter(begins_so).count()
}

/// What each target proves, and how long it ran in all.
fn fuzzing(files: &[String]) -> Result<String, String> {
    let record = Record::read()?;
    let mut text = String::from(
        "| target | what it proves | minutes of processor time | of which with the address sanitizer | executions |\n\
         | --- | --- | --: | --: | --: |\n",
    );
    let source = files
        .iter()
        .find(|path| *path == "core/fuzz/src/lib.rs")
        .ok_or("there are no fuzz targets")?;
    for line in read(source)?.lines() {
        let Some((_, rest)) = line.split_once("Target { name: \"") else {
            continue;
        };
        let mut words = rest.split('"');
        let (name, about) = (words.next().unwrap_or_default(), words.nth(1).unwrap_or_default());
        let ran = record.of(name);
        text.push_str(&format!(
            "| `{name}` | {about} | {:.1} | {:.1} | {} |\n",
            ran.seconds / 60.0,
            ran.address_seconds / 60.0,
            ran.executions
        ));
    }
    Ok(text)
}

/// How long the long forms ran in all.
fn long_forms() -> Result<String, String> {
    let mut text = String::from("| long form | passed | minutes of processor time |\n| --- | --: | --: |\n");
    let ran = long::read()?;
    for step in LONG {
        let ran = ran.get(step.name).copied().unwrap_or_default();
        let minutes = ran.seconds as f64 / 60.0;
        text.push_str(&format!(
            "| `{}`: {} | {} | {minutes:.1} |\n",
            step.name, step.about, ran.passed
        ));
    }
    Ok(text)
}

fn tracked() -> Result<Vec<String>, String> {
    let git = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let list = shell::stdout(shell::program("git", &git))?;
    let there = |path: &&str| shell::root().join(path).is_file();
    Ok(list
        .split_terminator('\0')
        .filter(there)
        .map(str::to_owned)
        .collect())
}

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(shell::root().join(path)).map_err(|error| format!("{path}: {error}"))
}
