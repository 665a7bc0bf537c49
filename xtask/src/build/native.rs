//! The library for Kotlin, Swift and Python, and the glue each of them loads it with.

use std::fs;
use std::path::{Path, PathBuf};

use super::Output;
use crate::{shell, Done};

/// What the languages load, and what Swift links.
pub struct Library {
    /// The shared library, with its symbols: the glue is read off it.
    pub shared: PathBuf,
    /// The static library.
    pub archive: PathBuf,
}

/// What of SQLite nothing of ours uses: full text, R-trees, statistics, extensions.
const SQLITE_WITHOUT: &str =
    "-USQLITE_ENABLE_FTS3 -USQLITE_ENABLE_FTS3_PARENTHESIS -USQLITE_ENABLE_FTS5 -USQLITE_ENABLE_RTREE \
     -USQLITE_ENABLE_STAT4 -USQLITE_ENABLE_DBSTAT_VTAB -USQLITE_ENABLE_LOAD_EXTENSION -USQLITE_SOUNDEX";

/// Builds the library as it is shipped.
pub fn library(output: &mut dyn Output) -> Result<Library, String> {
    build(output, &[])
}

/// Builds the smallest library: without SQLite, and without the suite for stores.
pub fn bare(output: &mut dyn Output) -> Result<Library, String> {
    build(output, &["--no-default-features"])
}

fn build(output: &mut dyn Output, features: &[&str]) -> Result<Library, String> {
    let mut cargo = shell::cargo(&["build", "--locked", "--profile", "native", "-p", "invreq-uniffi"]);
    cargo.args(features).env("LIBSQLITE3_FLAGS", SQLITE_WITHOUT);
    output.run(cargo)?;
    let folder = shell::target_dir().join("native");
    Ok(Library {
        shared: folder.join(format!(
            "{}invreq_uniffi{}",
            std::env::consts::DLL_PREFIX,
            std::env::consts::DLL_SUFFIX
        )),
        archive: folder.join("libinvreq_uniffi.a"),
    })
}

/// Writes the glue of a language into an emptied folder. `config` is the package's own `uniffi.toml`.
pub fn glue(
    output: &mut dyn Output,
    library: &Library,
    language: &str,
    config: &Path,
    folder: &Path,
) -> Done {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let [shared, config, folder] = [&library.shared, config, folder].map(|path| path.display().to_string());
    output.run(shell::cargo(&[
        "run",
        "--quiet",
        "--locked",
        "-p",
        "invreq-uniffi-bindgen",
        "--",
        "generate",
        "--no-format",
        "--language",
        language,
        "--config",
        &config,
        "--out-dir",
        &folder,
        &shared,
    ]))
}

/// Copies the shared library without what only a debugger reads. The functions the glue calls stay.
pub fn strip(output: &mut dyn Output, library: &Library, to: &Path) -> Done {
    let folder = to.parent().unwrap_or(to);
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let [from, to] = [&library.shared, to].map(|path| path.display().to_string());
    let unneeded = if cfg!(target_os = "macos") {
        "-x"
    } else {
        "--strip-unneeded"
    };
    output.run(shell::program("strip", &[unneeded, "-o", &to, &from]))
}
