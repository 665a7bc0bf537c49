//! The Python package: a wheel by maturin.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::system::{first, says};
use super::{native, Output};
use crate::shell;

/// The tools, with their versions.
const TOOLS: &str = "requirements.txt";

/// Builds the wheel into an emptied folder, and gives the folder.
pub fn build(output: &mut dyn Output) -> Result<PathBuf, String> {
    let python = tools(output)?;
    for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
        let (from, to) = (shell::root().join(licence), folder().join(licence));
        fs::copy(&from, &to).map_err(|error| format!("{}: {error}", to.display()))?;
    }
    let made = shell::target_dir().join("python/maturin");
    // The glue of the last build lies beside the sources, and would be packed as one of them.
    for old in [&made, &folder().join("invreq/_ffi")] {
        if old.exists() {
            fs::remove_dir_all(old).map_err(|error| format!("{}: {error}", old.display()))?;
        }
    }
    output.run(maturin(&python, &made))?;
    let wheels = shell::target_dir().join("python/wheels");
    let mut finish = shell::program(&python.to_string_lossy(), &[]);
    finish
        .current_dir(folder())
        .arg("tools/finish.py")
        .arg(only(&made)?)
        .arg(&wheels);
    output.run(finish)?;
    Ok(wheels)
}

/// The one wheel in a folder.
pub fn only(folder: &Path) -> Result<PathBuf, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut wheels = entries.flatten().map(|entry| entry.path());
    match (wheels.next(), wheels.next()) {
        (Some(wheel), None) => Ok(wheel),
        _ => Err(format!("{} has to hold one wheel", folder.display())),
    }
}

/// The Python of a venv that has the tools.
pub fn tools(output: &mut dyn Output) -> Result<PathBuf, String> {
    let venv = shell::target_dir().join("python/venv");
    let python = venv.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    });
    let list = folder().join(TOOLS);
    let wanted = fs::read(&list).map_err(|error| format!("{}: {error}", list.display()))?;
    let installed = venv.join(TOOLS);
    if fs::read(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    let system = first(&["python3", "python"]).ok_or("Python is missing: install 3.10 or later")?;
    // Debian's Python comes without them.
    if says(&system, &["-c", "import ensurepip, venv"]).is_none() {
        super::install(output, &["python3-venv"], "Python cannot make a venv")?;
    }
    let mut make = shell::program(&system, &["-m", "venv", "--clear"]);
    make.arg(&venv);
    if let Err(error) = output.run(make) {
        // A half of it is of no use to anybody.
        let _ = fs::remove_dir_all(&venv);
        return Err(error);
    }
    let words = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-r",
    ];
    let mut install = shell::program(&python.to_string_lossy(), &words);
    install.arg(&list);
    output.run(install)?;
    fs::write(&installed, wanted).map_err(|error| format!("{}: {error}", installed.display()))?;
    Ok(python)
}

/// A tool of the venv, run in the folder of the package.
pub fn tool(python: &Path, module: &str, args: &[&str]) -> Command {
    let mut command = shell::program(&python.to_string_lossy(), &["-m", module]);
    command.args(args).current_dir(folder());
    command
}

/// Where the package lies.
pub fn folder() -> PathBuf {
    shell::root().join("bindings-uniffi/python")
}

/// It builds the library as [`native::library`] does, and runs the program of the workspace that writes the glue.
fn maturin(python: &Path, to: &Path) -> Command {
    let mut command = tool(python, "maturin", &["build", "--locked", "--profile", "native"]);
    command
        .arg("--out")
        .arg(to)
        .env("CARGO_TARGET_DIR", shell::target_dir())
        .env("LIBSQLITE3_FLAGS", native::SQLITE_WITHOUT);
    command
}
