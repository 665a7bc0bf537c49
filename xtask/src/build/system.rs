//! Programs of the system: whether they are there, and how they get there on Debian.

use std::env;
use std::path::{Path, PathBuf};

use super::Output;
use crate::{shell, Done};

/// Where a program lies, if it is installed.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// Whether a program is missing.
pub fn missing(program: &str) -> bool {
    find(program).is_none()
}

/// Installs Debian packages, and shows that it does. Where that is not possible, the reason says what to install.
pub fn install(output: &mut dyn Output, packages: &[&str], why: &str) -> Done {
    let names = packages.join(" ");
    if missing("apt-get") {
        return Err(format!("{why}: on Debian that is in {names}"));
    }
    if !is_root() {
        return Err(format!("{why}: as root, apt-get install {names}"));
    }
    output.say(&format!("{why}: installing {names}"));
    let install = [
        &["install", "--yes", "--no-install-recommends", "--quiet"],
        packages,
    ]
    .concat();
    if output.run(apt(&install)).is_ok() {
        return Ok(());
    }
    // The lists of a fresh image are empty.
    output.run(apt(&["update", "--quiet"]))?;
    output
        .run(apt(&install))
        .map_err(|error| format!("{why}; {error}"))
}

fn apt(args: &[&str]) -> std::process::Command {
    let mut command = shell::program("apt-get", args);
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn is_root() -> bool {
    shell::stdout(shell::program("id", &["-u"])).is_ok_and(|id| id.trim() == "0")
}

/// The first of these programs that is installed.
pub fn first(programs: &[&str]) -> Option<String> {
    let found = programs.iter().find(|program| !missing(program))?;
    Some((*found).to_owned())
}

/// What a program prints, without the line's end; nothing where it cannot run.
pub fn says(program: impl AsRef<Path>, args: &[&str]) -> Option<String> {
    let command = shell::program(&program.as_ref().to_string_lossy(), args);
    shell::stdout(command).ok().map(|text| text.trim().to_owned())
}
