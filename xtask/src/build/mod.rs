//! `cargo xtask build`: the packages of other languages.

pub mod kotlin;
pub mod native;
pub mod npm;
pub mod python;
pub mod swift;
mod system;
mod toolchain;
pub mod wasm;

use std::process::Command;

use crate::{shell, Done};

pub use system::{install, missing};

const USAGE: &str = "usage: cargo xtask build wasm|npm|python|kotlin|swift|bench";

/// Builds what the first word names.
pub fn run(args: &[String]) -> Done {
    match args {
        [what] if what == "wasm" => wasm::build(&wasm::SHIPPED, &mut Terminal).map(drop),
        [what] if what == "bench" => {
            run(&["npm".to_owned()])?;
            wasm::build(&wasm::BENCH, &mut Terminal)?;
            println!("now run `npm run bench` in npm/");
            Ok(())
        }
        [what] if what == "npm" => {
            wasm::build(&wasm::SHIPPED, &mut Terminal)?;
            npm::build(&mut Terminal)?;
            println!("npm/dist is complete; `npm pack` in npm/ gives the tarball");
            Ok(())
        }
        [what] if what == "python" => {
            let wheels = python::build(&mut Terminal)?;
            println!("the wheel is {}", python::only(&wheels)?.display());
            Ok(())
        }
        [what] if what == "kotlin" => {
            let jar = kotlin::build(&mut Terminal)?;
            println!("the jar is {}", jar.display());
            Ok(())
        }
        [what] if what == "swift" => {
            swift::build(&mut Terminal)?;
            println!("the Swift package lies in bindings-uniffi/swift; name its folder in .package(path:)");
            Ok(())
        }
        _ => Err(USAGE.to_owned()),
    }
}

/// Where the programs of a build show what they do: the terminal, or the log of a step.
pub trait Output {
    /// Runs a program to its end.
    fn run(&mut self, command: Command) -> Done;
    /// Shows a line.
    fn say(&mut self, line: &str);
}

/// The terminal, as it comes.
pub struct Terminal;

impl Output for Terminal {
    fn run(&mut self, mut command: Command) -> Done {
        let name = shell::describe(&command);
        self.say(&format!("$ {name}"));
        let status = command.status().map_err(|error| format!("{name}: {error}"))?;
        status
            .success()
            .then_some(())
            .ok_or_else(|| format!("`{name}` failed"))
    }

    fn say(&mut self, line: &str) {
        println!("{line}");
    }
}
