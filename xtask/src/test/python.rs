//! The step of the Python package.

use super::log::Log;
use super::{web, Checked};
use crate::build::python::{build, folder, only, tool, tools};
use crate::shell;

/// The wheel, built and put to use as an app would: types, style, tests, what it weighs and how fast it is.
pub fn python(log: &mut Log) -> Checked {
    let wheel = only(&build(log)?)?;
    let python = tools(log)?;
    web::network(log)?;
    let file = wheel.to_string_lossy();
    let install = ["install", "--quiet", "--disable-pip-version-check", "--no-index"];
    let again = ["--no-deps", "--force-reinstall", &file];
    log.run(tool(&python, "pip", &[&install[..], &again].concat()))?;
    for (module, args) in [
        (
            "ruff",
            &[
                "format",
                "--config",
                "pyproject.toml",
                "--check",
                ".",
                "../../examples",
            ][..],
        ),
        (
            "ruff",
            &["check", "--config", "pyproject.toml", ".", "../../examples"],
        ),
        ("mypy", &[]),
        ("pyright", &[]),
        ("twine", &["check", "--strict", &file]),
    ] {
        log.run(tool(&python, module, args))?;
    }
    // Not as a module of Python: that would find the sources in place of the package that was installed.
    let mut pytest = shell::program(&python.with_file_name("pytest").to_string_lossy(), &[]);
    pytest
        .current_dir(folder())
        .env("INVREQ_WHEEL", &wheel)
        .env("CARGO_TARGET_DIR", shell::target_dir());
    log.run(pytest)?;
    let mut speed = shell::program(&python.to_string_lossy(), &["bench/speed.py", "--check"]);
    speed.current_dir(folder());
    log.run(speed)?;
    let text = log.text();
    let row = text
        .lines()
        .rev()
        .find(|line| line.starts_with("verify: an invoice"));
    Ok(row
        .unwrap_or_default()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" "))
}
