use std::process::Command;

use super::log::Log;
use super::{house, kotlin, licences, native, python, swift, web, Checked};
use crate::{bench, fuzz, generated, shell};

/// One thing to check.
pub struct Step {
    pub name: &'static str,
    pub about: &'static str,
    pub run: fn(&mut Log) -> Checked,
}

/// Every step of a pull request; what fails fastest comes first.
#[rustfmt::skip] // one line for each step
pub const STEPS: &[Step] = &[
    Step { name: "fmt", about: "formatting", run: fmt },
    Step { name: "house", about: "house rules of tracked files", run: house::check },
    Step { name: "licences", about: "licences and sources of dependencies", run: licences::check },
    Step { name: "package", about: "the crate packs, nothing in it is yanked", run: package },
    Step { name: "clippy", about: "lints", run: clippy },
    Step { name: "doc", about: "documentation and its links", run: doc },
    Step { name: "bare", about: "the library without features, and with each alone", run: bare },
    Step { name: "test", about: "all tests", run: test },
    Step { name: "generated", about: "generated files are up to date", run: generated },
    Step { name: "wasm", about: "the WebAssembly module and its glue", run: web::wasm },
    Step { name: "npm", about: "the npm package: types, tests, attw, publint, docs", run: web::npm },
    Step { name: "size", about: "what a browser loads, against its budgets", run: web::size },
    Step { name: "smoke", about: "the packed tarball in every kind of project", run: web::smoke },
    Step { name: "browser", about: "the npm package in Chromium", run: web::browser },
    Step { name: "native", about: "the library for Kotlin, Swift and Python, against its budgets", run: native::library },
    Step { name: "python", about: "the Python package: types, style, tests on the wheel, speed", run: python::python },
    Step { name: "kotlin", about: "the jar: tests, the main job, a project that uses it", run: kotlin::check },
    Step { name: "swift", about: "the Swift package, its tests, a package that uses it, its API", run: swift::check },
];

/// What `--long` adds. Hours of fuzzing and mutation testing have commands of their own: `cargo xtask fuzz --long`, `cargo xtask mutants`.
#[rustfmt::skip] // one line for each step
pub const LONG: &[Step] = &[
    Step { name: "fuzz", about: "ten minutes of fuzzing", run: fuzz },
    Step { name: "model", about: "5,000 stories beside the model", run: model },
    Step { name: "load", about: "100,000 invoices through one payee", run: load },
    Step { name: "bench", about: "a quick look at the benchmarks: every ratio keeps its limit", run: bench },
    Step { name: "crashes", about: "every scenario dies twice: after each write and send, and after each that follows", run: crashes },
    Step { name: "rebuild", about: "the module built in another folder is the same, byte for byte", run: web::rebuild },
];

fn fmt(log: &mut Log) -> Checked {
    component(log, "fmt", "rustfmt")?;
    log.cargo(&["fmt", "--all", "--check"])?;
    nothing_to_say()
}

fn clippy(log: &mut Log) -> Checked {
    component(log, "clippy", "clippy")?;
    let scope = [
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--all-features",
    ];
    log.cargo(&[&scope[..], &["--", "-D", "warnings"]].concat())?;
    nothing_to_say()
}

fn doc(log: &mut Log) -> Checked {
    let mut command = shell::cargo(&["doc", "--locked", "--workspace", "--no-deps", "--all-features"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    log.run(command)?;
    nothing_to_say()
}

/// With no features, and with each alone: in the workspace they are all on together, so what one lacks would not be noticed.
fn bare(log: &mut Log) -> Checked {
    for feature in ["", "driver", "ldk", "peer", "sqlite"] {
        let alone = ["--no-default-features", "--features", feature];
        log.cargo(&[&["check", "--locked", "-p", "invreq"], &alone[..]].concat())?;
    }
    nothing_to_say()
}

fn test(log: &mut Log) -> Checked {
    log.cargo(&[
        "test",
        "--locked",
        "--workspace",
        "--all-features",
        "--no-fail-fast",
    ])?;
    nothing_to_say()
}

/// Packing the crate is the one place where cargo itself asks the registry whether a locked version was withdrawn.
fn package(log: &mut Log) -> Checked {
    log.cargo(&["package", "--locked", "-p", "invreq", "--allow-dirty", "--list"])?;
    check_packed(&log.text())?;
    log.cargo(&[
        "package",
        "--locked",
        "-p",
        "invreq",
        "--no-verify",
        "--allow-dirty",
    ])?;
    match log
        .text()
        .lines()
        .filter(|line| line.contains(" is yanked "))
        .count()
    {
        0 => nothing_to_say(),
        yanked => Err(format!(
            "{yanked} locked versions are yanked: cargo update -p NAME"
        )),
    }
}

/// The files of the crate: what everybody looks for is there, and nothing that a build left behind.
fn check_packed(files: &str) -> Result<(), String> {
    let has = |name: &str| files.lines().any(|file| file.trim() == name);
    if let Some(missing) = ["README.md", "LICENSE-APACHE", "LICENSE-MIT", "src/lib.rs"]
        .into_iter()
        .find(|name| !has(name))
    {
        return Err(format!("the crate has no {missing}"));
    }
    match files.lines().find(|file| file.contains("target/")) {
        Some(built) => Err(format!("the crate has what a build left behind: {built}")),
        None => Ok(()),
    }
}

fn generated(log: &mut Log) -> Checked {
    let check = ["--check".to_owned()];
    for (name, run) in generated::ALL {
        log.line(name);
        run(&check)?;
    }
    nothing_to_say()
}

fn bench(log: &mut Log) -> Checked {
    log.line("cargo xtask bench --quick");
    bench::run(&["--quick".to_owned()])?;
    nothing_to_say()
}

/// The short form, which dies once in each run, is among all tests.
fn crashes(log: &mut Log) -> Checked {
    let mut command = shell::cargo(&[
        "test",
        "--locked",
        "-p",
        "invreq-scenarios",
        "--test",
        "all",
        "crashes",
    ]);
    command.env("INVREQ_LONG", "1");
    log.run(command)?;
    nothing_to_say()
}

fn fuzz(log: &mut Log) -> Checked {
    log.line("cargo xtask fuzz --minutes 10");
    fuzz::run(&["--minutes".to_owned(), "10".to_owned()])?;
    nothing_to_say()
}

fn model(log: &mut Log) -> Checked {
    let mut command = release("engine", &["model"]);
    command.env("INVREQ_MODEL_CASES", "5000");
    log.run(command)?;
    nothing_to_say()
}

fn load(log: &mut Log) -> Checked {
    let mut command = release("load", &["--nocapture"]);
    command.env("INVREQ_LOAD", "100000");
    log.run(command)?;
    let text = log.text();
    let figures = text.lines().find_map(|line| line.strip_prefix("load: "));
    Ok(figures.unwrap_or_default().to_owned())
}

/// One test program of the library, built to be fast.
fn release(test: &str, args: &[&str]) -> Command {
    let scope = [
        "test",
        "--release",
        "--locked",
        "-p",
        "invreq",
        "--all-features",
        "--test",
        test,
        "--",
    ];
    shell::cargo(&[&scope[..], args].concat())
}

fn component(log: &mut Log, command: &str, component: &str) -> Result<(), String> {
    log.cargo(&[command, "--version"])
        .map_err(|_| format!("{component} is not installed: rustup component add {component}"))
}

fn nothing_to_say() -> Checked {
    Ok(String::new())
}
