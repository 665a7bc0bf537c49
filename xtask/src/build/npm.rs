//! The npm package: what node_modules holds, and `npm/dist`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::system::missing;
use super::Output;
use crate::{shell, Done};

/// The lock file that node_modules was made from lies in it under this name.
const INSTALLED: &str = "node_modules/.installed-package-lock.json";

/// Builds `npm/dist` from `npm/src`, with the module that lies there.
pub fn build(output: &mut dyn Output) -> Done {
    install(output)?;
    output.run(script("build", &[]))
}

/// Installs what the lock file says, unless that is what is there.
pub fn install(output: &mut dyn Output) -> Done {
    if missing("npm") {
        return Err("npm is missing: install Node 20 or later".to_owned());
    }
    let lock = fs::read(folder().join("package-lock.json"))
        .map_err(|error| format!("npm/package-lock.json: {error}"))?;
    let installed = folder().join(INSTALLED);
    if fs::read(&installed).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    output.run(npm(&["ci", "--prefer-offline", "--no-progress"]))?;
    fs::write(&installed, lock).map_err(|error| format!("npm/{INSTALLED}: {error}"))
}

/// A script of `npm/package.json`.
pub fn script(name: &str, args: &[&str]) -> Command {
    npm(&[&["run", "--silent", name, "--"], args].concat())
}

fn npm(args: &[&str]) -> Command {
    let mut command = shell::program("npm", args);
    command.current_dir(folder());
    command
}

fn folder() -> PathBuf {
    shell::root().join("npm")
}
