//! The steps of the npm package.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::log::Log;
use super::Checked;
use crate::build::{self, npm, Output};
use crate::{shell, Done};

impl Output for Log {
    fn run(&mut self, command: Command) -> Done {
        Log::run(self, command)
    }

    fn say(&mut self, line: &str) {
        self.line(line);
    }
}

/// The module and its glue, which every later step stands on.
pub fn wasm(log: &mut Log) -> Checked {
    build::wasm::build(&build::wasm::SHIPPED, log)
}

/// Everything about the package that Node alone can tell.
pub fn npm(log: &mut Log) -> Checked {
    npm::install(log)?;
    network(log)?;
    for script in ["format:check", "build", "check", "test", "check:package", "docs"] {
        log.run(npm::script(script, &[]))?;
    }
    Ok(String::new())
}

/// What a browser loads, against its budgets.
pub fn size(log: &mut Log) -> Checked {
    npm::build(log)?;
    let sizes = log.run(npm::script("size", &[]));
    let text = log.text();
    let rows = text
        .lines()
        .filter(|line| line.starts_with("invreq.wasm") || line.starts_with("facade"));
    let brotli: Vec<String> = rows
        .filter_map(|row| {
            let mut words = row.split_whitespace();
            Some(format!("{} {} KiB brotli", words.next()?, words.nth(2)?))
        })
        .collect();
    sizes
        .map(|()| brotli.join(", "))
        .map_err(|_| format!("over budget: {}", brotli.join(", ")))
}

/// The packed tarball in every kind of project.
pub fn smoke(log: &mut Log) -> Checked {
    chromium(log)?;
    npm::build(log)?;
    log.run(npm::script("smoke", &[]))?;
    let text = log.text();
    let missed: Vec<&str> = text
        .lines()
        .filter(|line| line.contains(" NOT RUN "))
        .map(str::trim)
        .collect();
    Ok(missed.join("; "))
}

/// The package in Chromium.
pub fn browser(log: &mut Log) -> Checked {
    chromium(log)?;
    npm::build(log)?;
    network(log)?;
    log.run(npm::script("test:browser", &[]))?;
    Ok(String::new())
}

/// The module from a copy of the workspace in another folder: byte for byte the same.
pub fn rebuild(log: &mut Log) -> Checked {
    build::wasm::build(&build::wasm::SHIPPED, log)?;
    let copy = shell::target_dir().join("xtask/another/folder");
    // What a failed run left behind; there mostly is none.
    let _ = log.run(worktree(&["remove", "--force"], &copy));
    log.run(worktree(&["add", "--force", "--detach"], &copy))?;
    let checked = build::wasm::module_of(&copy, log)
        .and_then(|other| Ok((read(&other)?, read(&build::wasm::module(&shell::root()))?)));
    log.run(worktree(&["remove", "--force"], &copy))?;
    let (other, ours) = checked?;
    if other == ours {
        Ok("the same in two folders".to_owned())
    } else {
        Err(
            "the module depends on the folder it is built in (or there are changes that are not committed)"
                .to_owned(),
        )
    }
}

/// The Lightning network of the tests and a wallet in Rust for it, with the features of the whole workspace: it shares its build with the other steps.
pub fn network(log: &mut Log) -> Done {
    let scope = ["build", "--locked", "--workspace", "--all-features"];
    let programs = ["--bin", "test-server", "--bin", "crash-client"];
    log.run(shell::cargo(&[&scope[..], &programs[..]].concat()))
}

fn worktree(words: &[&str], folder: &Path) -> Command {
    let mut command = shell::program("git", &[&["worktree"], words].concat());
    command.arg(folder);
    command
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    fs::read(file).map_err(|error| format!("{}: {error}", file.display()))
}

fn chromium(log: &mut Log) -> Done {
    if std::env::var_os("CHROMIUM").is_some() || !build::missing("chromium") {
        return Ok(());
    }
    build::install(log, &["chromium"], "the browser is missing")
}
