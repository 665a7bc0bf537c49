//! The Kotlin package: a jar with the facade, the glue, and the library for this machine.

mod quiet;
mod signed;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::native::{self, Library};
use super::system::{missing, says};
use super::Output;
use crate::{shell, Done};

const LIBRARY: &str = "libinvreq_uniffi.so";

/// Builds the jar, and returns where it lies.
pub fn build(output: &mut dyn Output) -> Result<PathBuf, String> {
    prepare(output)?;
    output.run(maven(&["package", "-Dmaven.test.skip=true"]))?;
    jar()
}

/// Lays the library and the glue to it where Maven looks for them.
pub fn prepare(output: &mut dyn Output) -> Done {
    if missing("mvn") || missing("javac") {
        super::install(
            output,
            &["maven", "default-jdk-headless"],
            "Maven or a JDK is missing",
        )?;
    }
    let library = native::library(output)?;
    glue(&library, output)?;
    native::strip(
        output,
        &library,
        &made().join("natives").join(machine()?).join(LIBRARY),
    )
}

/// Maven on this package: quiet, and without a look at what may be newer.
pub fn maven(args: &[&str]) -> Command {
    let mut command = maven_in(&folder());
    command.args(args);
    command
}

/// The same on another project.
pub fn maven_in(folder: &Path) -> Command {
    let quiet = [
        "--batch-mode",
        "--no-transfer-progress",
        "--quiet",
        "--no-snapshot-updates",
    ];
    let mut command = shell::program("mvn", &quiet);
    command.current_dir(folder);
    command
}

/// Where the package lies.
pub fn folder() -> PathBuf {
    shell::root().join("bindings-uniffi/kotlin")
}

/// What Maven and this build make.
pub fn made() -> PathBuf {
    folder().join("target")
}

/// Where the jar lies.
pub fn jar() -> Result<PathBuf, String> {
    let jar = made().join(format!("invreq-{}.jar", env!("CARGO_PKG_VERSION")));
    let problem =
        || "Maven made no jar of this version: is it the same in pom.xml and in Cargo.toml?".to_owned();
    jar.is_file().then_some(jar).ok_or_else(problem)
}

/// Writes the glue, with signed integers in it, and with classes that do not print their secrets.
fn glue(library: &Library, output: &mut dyn Output) -> Done {
    let out = made().join("glue");
    native::glue(output, library, "kotlin", &folder().join("uniffi.toml"), &out)?;
    let package = out.join("invreq/core");
    let file = package.join("invreq.kt");
    let text = fs::read_to_string(&file).map_err(problem(&file))?;
    fs::write(&file, quiet::quiet(&signed::signed(&text)?)?).map_err(problem(&file))?;
    let ours = folder().join("glue/Unsigned.kt");
    fs::copy(&ours, package.join("Unsigned.kt")).map_err(problem(&ours))?;
    Ok(())
}

/// The folder JNA looks into on this machine.
fn machine() -> Result<&'static str, String> {
    match says("uname", &["-sm"]).unwrap_or_default().as_str() {
        "Linux x86_64" => Ok("linux-x86-64"),
        "Linux aarch64" => Ok("linux-aarch64"),
        other => Err(format!(
            "the jar is built on Linux on x86-64 and ARM; this is {other}"
        )),
    }
}

fn problem(path: &Path) -> impl Fn(std::io::Error) -> String + '_ {
    |error| format!("{}: {error}", path.display())
}
