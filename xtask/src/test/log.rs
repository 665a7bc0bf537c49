use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use crate::shell;

/// Everything one step has to say, in `target/xtask/logs/NAME.log`.
pub struct Log {
    file: File,
    path: PathBuf,
}

impl Log {
    /// An empty log for this step.
    pub fn create(name: &str) -> Result<Self, String> {
        let path = shell::target_dir()
            .join("xtask/logs")
            .join(name)
            .with_extension("log");
        let open = || {
            fs::create_dir_all(path.parent().unwrap_or(&path))?;
            File::create(&path)
        };
        let file = open().map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self { file, path })
    }

    /// Runs cargo into the log.
    pub fn cargo(&mut self, args: &[&str]) -> Result<(), String> {
        self.run(shell::cargo(args))
    }

    /// Runs a program into the log.
    pub fn run(&mut self, mut command: Command) -> Result<(), String> {
        let name = shell::describe(&command);
        self.line(format_args!("$ {name}"));
        let mut start = || {
            command
                .stdout(self.file.try_clone()?)
                .stderr(self.file.try_clone()?);
            command.status()
        };
        let status = start().map_err(|error| format!("{name}: {error}"))?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("`{name}` failed"))
        }
    }

    /// Adds a line.
    pub fn line(&mut self, line: impl std::fmt::Display) {
        // A log that cannot be written is no reason to fail a check that passed.
        let _ = writeln!(self.file, "{line}");
    }

    /// The first line of a reason; all of it where there are more goes into the log.
    pub fn first_line(&mut self, reason: &str) -> String {
        let Some((first, _)) = reason.split_once('\n') else {
            return reason.to_owned();
        };
        self.line(reason);
        first.to_owned()
    }

    /// The log so far.
    pub fn text(&self) -> String {
        fs::read(&self.path)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// The log's path, from the root of the workspace where it lies below it.
    pub fn shown_path(&self) -> String {
        self.path
            .strip_prefix(shell::root())
            .unwrap_or(&self.path)
            .display()
            .to_string()
    }
}
