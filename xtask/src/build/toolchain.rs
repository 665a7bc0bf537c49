//! What can build for WebAssembly here.
//!
//! The small module needs the sources of the standard library, which is then built for size and without the texts of panics. They
//! come with rustup, or on Debian in `rust-web-src`. Without them the module still builds, but is larger.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::system::{find, first, install, missing, says};
use super::Output;
use crate::shell;

pub const TARGET: &str = "wasm32-unknown-unknown";

const SOURCES: &str = "lib/rustlib/src/rust";
const DEBIAN: &str = "/usr/bin";
const CLANGS: &[&str] = &["clang-19", "clang-20", "clang-21", "clang-22", "clang"];
const LINKERS: &[&str] = &["wasm-ld-19", "wasm-ld-20", "wasm-ld-21", "wasm-ld-22", "wasm-ld"];

/// A Rust compiler with a C compiler for WebAssembly.
pub struct Toolchain {
    /// One line for a person.
    pub name: String,
    /// Where the sources of the standard library lie; without them it is used as it comes.
    pub sources: Option<PathBuf>,
    /// The folder of its cargo and rustc; cargo as it was started, where there is none.
    folder: Option<PathBuf>,
    /// The linker; rustup's toolchains have their own.
    linker: Option<String>,
    clang: String,
}

impl Toolchain {
    /// The best that is here or can be installed.
    pub fn find(output: &mut dyn Output) -> Result<Self, String> {
        let clang = clang(output)?;
        if let Some(sources) = rustup_sources(output) {
            return Ok(Self::new("rustup's Rust", Some(sources), None, None, clang));
        }
        match debian(output) {
            Ok((sources, linker)) => {
                let folder = Some(DEBIAN.into());
                Ok(Self::new(
                    "Debian's Rust",
                    Some(sources),
                    folder,
                    Some(linker),
                    clang,
                ))
            }
            Err(reason) if has_target(output) => {
                output.say(&format!(
                    "no sources of the standard library ({reason}): the module will be larger than the published one"
                ));
                Ok(Self::new(
                    "rustup's Rust without rust-src",
                    None,
                    None,
                    None,
                    clang,
                ))
            }
            Err(reason) => Err(format!(
                "no Rust for {TARGET}: rustup target add {TARGET}, rustup component add rust-src; or {reason}"
            )),
        }
    }

    fn new(
        name: &str,
        sources: Option<PathBuf>,
        folder: Option<PathBuf>,
        linker: Option<String>,
        clang: String,
    ) -> Self {
        let name = name.to_owned();
        Self {
            name,
            sources,
            folder,
            linker,
            clang,
        }
    }

    /// Its cargo, with what it takes to build for WebAssembly.
    pub fn cargo(&self, args: &[&str]) -> Command {
        let mut command = shell::cargo(args);
        if let Some(folder) = &self.folder {
            let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
            command = shell::program(&folder.join("cargo").to_string_lossy(), &[]);
            command.args(arguments);
            command
                .env("RUSTC", folder.join("rustc"))
                .env("RUSTDOC", folder.join("rustdoc"));
        }
        if let Some(linker) = &self.linker {
            command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
        command.env("CC_wasm32_unknown_unknown", &self.clang).env(
            "AR_wasm32_unknown_unknown",
            self.clang.replace("clang", "llvm-ar"),
        );
        command
    }
}

fn clang(output: &mut dyn Output) -> Result<String, String> {
    let usable = || first(CLANGS).filter(|clang| !missing(&clang.replace("clang", "llvm-ar")));
    if let Some(clang) = usable() {
        return Ok(clang);
    }
    install(
        output,
        &["clang-19", "llvm-19"],
        "the curve is C: clang is missing",
    )?;
    usable().ok_or_else(|| "clang was installed but is not found".to_owned())
}

/// The sources that came with rustup's toolchain, or that it fetches now.
fn rustup_sources(output: &mut dyn Output) -> Option<PathBuf> {
    let folder = find("rustup").and(sysroot("rustc"))?;
    if !has_library(&folder) {
        let _ = output.run(shell::program("rustup", &["component", "add", "rust-src"]));
    }
    has_library(&folder).then(|| folder.join(SOURCES))
}

fn debian(output: &mut dyn Output) -> Result<(PathBuf, String), String> {
    let usable = || {
        let folder = sysroot(Path::new(DEBIAN).join("rustc")).filter(|folder| has_library(folder))?;
        Some((folder.join(SOURCES), first(LINKERS)?))
    };
    if let Some(found) = usable() {
        return Ok(found);
    }
    let packages = ["rustc-web", "cargo-web", "rust-web-src", "lld-19"];
    install(output, &packages, "Debian's Rust for WebAssembly is missing")?;
    usable().ok_or_else(|| "Debian's Rust was installed but is not found".to_owned())
}

fn has_target(output: &mut dyn Output) -> bool {
    output
        .run(shell::program("rustup", &["target", "add", TARGET]))
        .is_ok()
}

fn sysroot(rustc: impl AsRef<Path>) -> Option<PathBuf> {
    says(rustc, &["--print", "sysroot"]).map(PathBuf::from)
}

fn has_library(sysroot: &Path) -> bool {
    sysroot.join(SOURCES).join("library/Cargo.lock").is_file()
}
