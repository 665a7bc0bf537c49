//! Running other programs from the root of the workspace.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The root of the workspace.
pub fn root() -> PathBuf {
    let here =
        env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    here.parent().map(Path::to_path_buf).unwrap_or(here)
}

/// Where cargo builds.
pub fn target_dir() -> PathBuf {
    root().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// Where the system looks for libraries first.
const LIBRARY_PATHS: [&str; 2] = ["LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"];

/// A program that will run in the root of the workspace, with nothing to read. Its libraries are its own, and not what cargo has
/// built under the same name: cargo names its folders to the programs it runs, as this one.
pub fn program(name: &str, args: &[&str]) -> Command {
    let mut command = in_root(name, args);
    for variable in LIBRARY_PATHS {
        let Some(paths) = env::var_os(variable) else {
            continue;
        };
        let others = env::split_paths(&paths).filter(|path| !is_cargos(path));
        match env::join_paths(others) {
            Ok(others) if !others.is_empty() => command.env(variable, others),
            _ => command.env_remove(variable),
        };
    }
    command
}

fn is_cargos(path: &Path) -> bool {
    let own = env::current_exe().ok();
    let own = own.as_deref().and_then(Path::parent);
    path.starts_with(target_dir()) || own.is_some_and(|own| path.starts_with(own))
}

fn in_root(name: &str, args: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(args).current_dir(root()).stdin(Stdio::null());
    command
}

/// Cargo, as a user would start it: without the variables that `cargo run` set for this process.
pub fn cargo(args: &[&str]) -> Command {
    let mut command = in_root(&env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()), args);
    for (name, _) in env::vars_os() {
        let own = name.to_str().is_some_and(|name| {
            ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
        });
        if own {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a program and returns what it printed. Where it fails, everything it said is the reason.
pub fn stdout(mut command: Command) -> Result<String, String> {
    let name = describe(&command);
    let output = command.output().map_err(|error| format!("{name}: {error}"))?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        return Err(format!("{name} failed\n{}", String::from_utf8_lossy(&said)));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("{name}: {error}"))
}

/// A command as one would type it.
pub fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_stem().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
