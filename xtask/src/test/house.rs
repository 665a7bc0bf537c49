//! The house rules that a program can check, over every file that is tracked or about to be.

use std::env;
use std::fs;

use super::log::Log;
use super::Checked;
use crate::shell;

const LINES: usize = 500;
const HAND_WRITTEN: &[&str] = &[
    "rs", "ts", "js", "mjs", "kt", "swift", "py", "sh", "toml", "md", "html", "css", "yml", "yaml",
];

/// Names of package registries: the project builds from any mirror, so only cargo's lock files may name one.
const REGISTRIES: &[&str] = &[
    concat!("crates", ".io"),
    concat!("npmjs", ".org"),
    concat!("npmjs", ".com"),
    concat!("pypi", ".org"),
    concat!("pythonhosted", ".org"),
    concat!("maven", ".org"),
    concat!("maven.apache", ".org"),
];

pub fn check(log: &mut Log) -> Checked {
    let list = shell::stdout(shell::program(
        "git",
        &["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    ))?;
    let rules = Rules::of_this_machine();
    let (mut files, mut broken) = (0_usize, 0_usize);
    for path in list.split_terminator('\0') {
        // A file that was deleted but not yet committed, or one that is not text, has nothing to check.
        let Ok(text) = fs::read_to_string(shell::root().join(path)) else {
            continue;
        };
        files = files.saturating_add(1);
        for complaint in rules.complaints(path, &text) {
            broken = broken.saturating_add(1);
            log.line(format_args!("{path}{complaint}"));
        }
    }
    match broken {
        0 => Ok(format!("{files} files")),
        _ => Err(format!("{broken} house rules broken")),
    }
}

struct Rules {
    /// Folders of this machine that no file may name.
    folders: Vec<String>,
}

impl Rules {
    fn of_this_machine() -> Self {
        let named = ["HOME", "CARGO_HOME", "RUSTUP_HOME", "CARGO_TARGET_DIR"]
            .iter()
            .filter_map(|name| env::var(name).ok());
        let root = shell::root().display().to_string();
        // A single component such as /src says nothing: it also stands in the middle of ordinary text.
        let folders = named
            .chain([root])
            .filter(|folder| folder.starts_with('/') && folder.matches('/').count() > 1);
        Self {
            folders: folders.collect(),
        }
    }

    fn complaints(&self, path: &str, text: &str) -> Vec<String> {
        let mut complaints = Vec::new();
        let lines = text.lines().count();
        if lines > LINES && hand_written(path) {
            complaints.push(format!(": {lines} lines, more than {LINES}"));
        }
        for (index, line) in text.lines().enumerate() {
            let number = index.saturating_add(1);
            if self.folders.iter().any(|folder| line.contains(folder.as_str())) {
                complaints.push(format!(":{number}: names a folder of this machine"));
            }
            if !lock_file(path) && REGISTRIES.iter().any(|host| line.contains(host)) {
                complaints.push(format!(":{number}: names a package registry"));
            }
        }
        complaints
    }
}

fn lock_file(path: &str) -> bool {
    path.rsplit('/').next() == Some("Cargo.lock")
}

/// Vectors are data with a source of their own, however long.
fn hand_written(path: &str) -> bool {
    let extension = path.rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(|extension| HAND_WRITTEN.contains(&extension))
        && !path.starts_with("tests/vectors/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, text: &str) -> usize {
        let rules = Rules {
            folders: vec!["/home/someone/invreq".to_owned()],
        };
        rules.complaints(path, text).len()
    }

    #[test]
    fn long_files_are_named_unless_they_are_data() {
        let long = "x\n".repeat(LINES + 1);
        assert_eq!(complaints("core/src/lib.rs", &long), 1);
        assert_eq!(complaints("core/src/lib.rs", &"x\n".repeat(LINES)), 0);
        assert_eq!(complaints("tests/vectors/cln/README.md", &long), 0);
        assert_eq!(complaints("tests/scenarios/refund.json", &long), 0);
    }

    #[test]
    fn folders_of_this_machine_are_named() {
        assert_eq!(
            complaints("README.md", "run /home/someone/invreq/target/debug/xtask"),
            1
        );
        assert_eq!(complaints("README.md", "run target/debug/xtask"), 0);
    }

    #[test]
    fn registries_are_named_outside_the_lock_file() {
        let line = format!("from https://static.{}/crates", REGISTRIES[0]);
        assert_eq!(complaints("README.md", &line), 1);
        assert_eq!(complaints("npm/package-lock.json", &line), 1);
        assert_eq!(complaints("Cargo.lock", &line), 0);
        assert_eq!(complaints("core/fuzz/Cargo.lock", &line), 0);
        assert_eq!(complaints("core/fuzz/NotCargo.lock", &line), 1);
    }
}
