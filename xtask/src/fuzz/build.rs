//! The program with all targets, with plain cargo: libFuzzer needs the compiler to count what is reached, and the stable one does.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::folder;
use crate::shell;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sanitizer {
    None,
    Address,
}

const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";

/// Builds it for this machine, named as a target: what runs during the build is then built without these flags.
pub fn build(sanitizer: Sanitizer) -> Result<PathBuf, String> {
    let host = host()?;
    let (name, flags) = match sanitizer {
        Sanitizer::None => ("build", COVERAGE.to_owned()),
        Sanitizer::Address => ("address", format!("{COVERAGE} -Zsanitizer=address")),
    };
    let target_dir = folder().join(name);
    let manifest = shell::root().join("core/fuzz/libfuzzer/Cargo.toml");
    let mut command = shell::cargo(&["build", "--release", "--locked", "--target", &host]);
    command
        .arg("--manifest-path")
        .arg(manifest)
        .env("CARGO_TARGET_DIR", &target_dir)
        .env("RUSTFLAGS", flags);
    if sanitizer == Sanitizer::Address {
        command.env("RUSTC_BOOTSTRAP", "1");
    }
    println!("Building the fuzz targets; the first time takes a few minutes …");
    shell::stdout(command)?;
    Ok(target_dir.join(host).join("release/invreq-libfuzzer"))
}

/// The names of the targets: the program knows them.
pub fn targets(program: &Path) -> Result<Vec<String>, String> {
    let mut command = Command::new(program);
    command.env("INVREQ_FUZZ", "list").arg("-runs=0");
    let output = command
        .output()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let list = said
        .lines()
        .find_map(|line| line.strip_prefix("INVREQ_FUZZ is one of "));
    let list = list.ok_or_else(|| format!("{} does not name its targets", program.display()))?;
    Ok(list.split(", ").map(str::to_owned).collect())
}

fn host() -> Result<String, String> {
    let about = shell::stdout(shell::program("rustc", &["-vV"]))?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| "rustc does not say what machine this is".to_owned())
}
