//! `cargo xtask demo`.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::build::{npm, wasm, Terminal};
use crate::{shell, Done};

/// Builds and runs the demo. `args` may be a BOLT 12 string to explain, or `--web` for the demo wallet in a browser.
pub fn run(args: &[String]) -> Done {
    match args {
        [flag] if flag == "--web" => web(),
        _ => story(args),
    }
}

/// The main job on real nodes, told in the terminal.
fn story(args: &[String]) -> Done {
    println!(
        "Building the demo; the first time takes a few minutes, because a whole Lightning node is built …"
    );
    let mut command = shell::cargo(&["run", "--locked", "-p", "invreq-demo", "--"]);
    command.args(args).stdin(Stdio::inherit());
    finish(command)
}

/// Builds the package, the page and the network, and serves them until Ctrl-C.
fn web() -> Done {
    println!("Building the demo wallet; the first time takes a few minutes …");
    wasm::build(&wasm::SHIPPED, &mut Terminal)?;
    npm::build(&mut Terminal)?;
    finish(shell::cargo(&[
        "build",
        "--locked",
        "-p",
        "invreq-lightning",
        "--bin",
        "test-server",
    ]))?;
    let mut page = npm::script("demo", &[]);
    page.env("INVREQ_TEST_SERVER", test_server());
    finish(page)
}

/// Where cargo puts the test network.
fn test_server() -> PathBuf {
    shell::target_dir().join("debug/test-server")
}

fn finish(mut command: Command) -> Done {
    let name = shell::describe(&command);
    let status = command.status().map_err(|error| format!("{name}: {error}"))?;
    status
        .success()
        .then_some(())
        .ok_or_else(|| format!("`{name}` did not end well"))
}
