//! Files that are made from the code, and are held against it.

use std::fs;

use crate::{shell, Done};

/// Every generated file: the command that makes it.
pub const ALL: &[(&str, fn(&[String]) -> Done)] = &[("errors", errors)];

const ERRORS: &str = "docs/errors.md";

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
