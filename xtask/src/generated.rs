//! Files that are made from the code, and are held against it.

use std::fs;

use crate::{shell, testing, Done, Run};

/// Every generated file: the command that makes it.
pub const ALL: &[(&str, Run)] = &[("errors", errors), ("schema", schema), ("testing", testing::run)];

const SEED: &str = "tests/vectors/seed/sendinvoice.json";
const SCHEMA: &str = "tests/schema/sendinvoice.schema.json";

/// Writes docs/errors.md, npm/src/codes.ts and the exceptions of Python, or only compares them. The tables are in the library, and the
/// files are made by a test of this package; all features of the whole workspace, so that it shares its build with the other tests.
pub fn errors(args: &[String]) -> Done {
    let check = only_check(args)?;
    let scope = ["test", "--quiet", "--locked", "--workspace", "--all-features"];
    let mut test = shell::cargo(&[&scope[..], &["--test", "errors_page"]].concat());
    if !check {
        test.env("XTASK_WRITE", "1");
    }
    shell::stdout(test).map(drop)
}

/// Writes the JSON Schema of the contract, or only compares it.
pub fn schema(args: &[String]) -> Done {
    let check = only_check(args)?;
    let seed = fs::read_to_string(shell::root().join(SEED)).map_err(|error| format!("{SEED}: {error}"))?;
    let schema = invreq_schema::translate(&seed).map_err(|error| format!("{SEED}: {error}"))?;
    put(SCHEMA, &schema, check, "cargo xtask schema")
}

pub fn only_check(args: &[String]) -> Result<bool, String> {
    match args {
        [] => Ok(false),
        [flag] if flag == "--check" => Ok(true),
        _ => Err("the only option is --check".to_owned()),
    }
}

pub fn put(path: &str, text: &str, check: bool, made_by: &str) -> Done {
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
