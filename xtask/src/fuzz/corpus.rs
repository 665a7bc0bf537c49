//! What the targets are fed with: seeds and a small corpus that are committed, and a large one that is not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::folder;
use crate::shell;

/// The most that is committed of one target: every file is replayed by the tests.
const MOST_FILES: usize = 150;
const MOST_BYTES: u64 = 100_000;

/// The corpus that grows from run to run.
pub fn working(target: &str) -> Result<PathBuf, String> {
    let path = folder().join("corpus").join(target);
    fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

/// Where the finds of a target lie.
pub fn finds(target: &str) -> PathBuf {
    folder().join("finds").join(target)
}

/// The committed folders of a target, as far as there are any.
pub fn committed(target: &str) -> Vec<PathBuf> {
    let fuzz = shell::root().join("core/fuzz");
    let folders = ["seeds", "corpus"].map(|name| fuzz.join(name).join(target));
    folders.into_iter().filter(|folder| folder.is_dir()).collect()
}

/// The words that a target's input is likely to hold.
pub fn dictionary(target: &str) -> Option<PathBuf> {
    let path = shell::root()
        .join("core/fuzz/dictionaries")
        .join(format!("{target}.dict"));
    path.is_file().then_some(path)
}

/// Chooses the smallest files that reach everything the working corpus reaches, and puts as many as there is room for into the
/// committed corpus; says how many.
pub fn keep(program: &Path, target: &str) -> Result<usize, String> {
    let failed = |error: std::io::Error| format!("{target}: {error}");
    let merged = folder().join("merged").join(target);
    let _ = fs::remove_dir_all(&merged);
    fs::create_dir_all(&merged).map_err(failed)?;
    let mut command = Command::new(program);
    command
        .env("INVREQ_FUZZ", target)
        .args(["-merge=1", "-verbosity=0"])
        .arg(&merged)
        .args(committed(target))
        .arg(working(target)?);
    shell::stdout(command)?;
    let mut files = Vec::new();
    for entry in fs::read_dir(&merged).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        files.push((entry.metadata().map_err(failed)?.len(), entry.path()));
    }
    files.sort();
    let place = shell::root().join("core/fuzz/corpus").join(target);
    let _ = fs::remove_dir_all(&place);
    fs::create_dir_all(&place).map_err(failed)?;
    let (mut count, mut bytes) = (0_usize, 0_u64);
    for (len, path) in spread(&files) {
        bytes = bytes.saturating_add(*len);
        if bytes > MOST_BYTES {
            break;
        }
        // libFuzzer's names are the SHA-1 of the content; a part of it is enough to tell files apart.
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let name = name.get(..12).unwrap_or(name);
        fs::copy(path, place.join(name)).map_err(failed)?;
        count = count.saturating_add(1);
    }
    Ok(count)
}

/// Not only the smallest: every so many-th of the list, so that long inputs are among them.
fn spread(files: &[(u64, PathBuf)]) -> impl Iterator<Item = &(u64, PathBuf)> {
    let step = files.len().div_ceil(MOST_FILES).max(1);
    files.iter().step_by(step)
}
