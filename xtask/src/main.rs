//! The project's own commands: `cargo xtask`.

mod bench;
mod build;
mod demo;
mod fuzz;
mod generated;
mod mutants;
mod rows;
mod shell;
mod test;
mod testing;

use std::process::ExitCode;

/// What a command returns: nothing, or one line that says what went wrong.
type Done = Result<(), String>;

/// A command: it gets the words after its name.
type Run = fn(&[String]) -> Done;

struct Command {
    name: &'static str,
    about: &'static str,
    run: Run,
}

#[rustfmt::skip] // one line for each command
const COMMANDS: &[Command] = &[
    Command { name: "demo", about: "the main job on real nodes, as a story; with a string: what it says; --web: in a browser", run: demo::run },
    Command { name: "test", about: "check everything a pull request has to pass", run: test::run },
    Command { name: "build", about: "wasm: the module and its glue; npm, python, kotlin, swift: the whole package; bench: for the benchmarks of npm", run: build::run },
    Command { name: "bench", about: "run the benchmarks and print their ratios", run: bench::run },
    Command { name: "errors", about: "write docs/errors.md, npm/src/codes.ts and the exceptions of Python (--check: only compare)", run: generated::errors },
    Command { name: "fuzz", about: "run the fuzz targets and add to their record (--minutes N, --long, --target NAME, --keep)", run: fuzz::run },
    Command { name: "mutants", about: "change the library line by line and see whether a test notices (FILE…)", run: mutants::run },
    Command { name: "testing", about: "write the counts in docs/TESTING.md (--check: only compare)", run: testing::run },
    Command { name: "schema", about: "write the JSON Schema of the contract (--check: only compare)", run: generated::schema },
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = args.split_first() else {
        help();
        return ExitCode::SUCCESS;
    };
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        help();
        let asked_for_help = matches!(name.as_str(), "help" | "--help" | "-h");
        return if asked_for_help {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        };
    };
    match (command.run)(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("cargo xtask {name}: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn help() {
    println!("cargo xtask COMMAND");
    println!();
    for command in COMMANDS {
        println!("  {:10} {}", command.name, command.about);
    }
}
