//! The npm package: what node_modules holds, and `npm/dist`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::system::{missing, says};
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
        return Err("npm is missing: install Node 20.16 or later".to_owned());
    }
    let lock = fs::read(folder().join("package-lock.json"))
        .map_err(|error| format!("npm/package-lock.json: {error}"))?;
    let installed = folder().join(INSTALLED);
    if fs::read(&installed).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    let mut command = npm(&["ci", "--prefer-offline", "--no-progress"]);
    if let Some(folder) = headers() {
        command.env("npm_config_nodedir", folder);
    }
    output.run(command)?;
    fs::write(&installed, lock).map_err(|error| format!("npm/{INSTALLED}: {error}"))
}

/// Where the headers of Node lie, if they came with it: an addon that is compiled then downloads none.
fn headers() -> Option<PathBuf> {
    let node = PathBuf::from(says("node", &["-p", "process.execPath"])?);
    let folder = node.parent()?.parent()?;
    folder
        .join("include/node/node.h")
        .is_file()
        .then(|| folder.to_owned())
}

/// A script of `npm/package.json`.
pub fn script(name: &str, args: &[&str]) -> Command {
    npm(&[&["run", "--silent", name, "--"], args].concat())
}

/// A program that came with the packages of `npm/package.json`.
pub fn tool(name: &str) -> Command {
    let path = folder().join("node_modules/.bin").join(name);
    shell::program("node", &[&path.to_string_lossy()])
}

fn npm(args: &[&str]) -> Command {
    let mut command = shell::program("npm", args);
    command.current_dir(folder());
    command
}

fn folder() -> PathBuf {
    shell::root().join("npm")
}
