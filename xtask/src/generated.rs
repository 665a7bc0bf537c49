//! Files that are made from the code, and are held against it.

use std::fs;

use crate::{shell, Done, Run};

/// Every generated file: the command that makes it.
pub const ALL: &[(&str, Run)] = &[("errors", errors), ("schema", schema)];

const ERRORS: &str = "docs/errors.md";
const SEED: &str = "tests/vectors/seed/sendinvoice.json";
const SCHEMA: &str = "tests/schema/sendinvoice.schema.json";

/// Writes docs/errors.md, or only compares it.
pub fn errors(args: &[String]) -> Done {
    let check = only_check(args)?;
    // All features of the whole workspace, so that this shares its build with the tests.
    let page = shell::cargo(&[
        "run",
        "--quiet",
        "--locked",
        "--all-features",
        "--bin",
        "errors-page",
    ]);
    put(ERRORS, &shell::stdout(page)?, check, "cargo xtask errors")
}

/// Writes the JSON Schema of the contract, or only compares it.
pub fn schema(args: &[String]) -> Done {
    let check = only_check(args)?;
    let seed = fs::read_to_string(shell::root().join(SEED)).map_err(|error| format!("{SEED}: {error}"))?;
    let schema = invreq_schema::translate(&seed).map_err(|error| format!("{SEED}: {error}"))?;
    put(SCHEMA, &schema, check, "cargo xtask schema")
}

fn only_check(args: &[String]) -> Result<bool, String> {
    match args {
        [] => Ok(false),
        [flag] if flag == "--check" => Ok(true),
        _ => Err("the only option is --check".to_owned()),
    }
}

fn put(path: &str, text: &str, check: bool, made_by: &str) -> Done {
    let file = shell::root().join(path);
    let current = fs::read_to_string(&file).unwrap_or_default();
    if current == text {
        return Ok(());
    }
    if check {
        return Err(format!("{path} is not up to date: run `{made_by}`"));
    }
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(|error| format!("{path}: {error}"))?;
    }
    fs::write(&file, text).map_err(|error| format!("{path}: {error}"))?;
    println!("wrote {path}");
    Ok(())
}
