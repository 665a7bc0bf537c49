//! `cargo xtask bench`.

use crate::{shell, Done};

/// A benchmark that compares two things prints one line that begins with this.
const RATIO: &str = "ratio:";

/// Runs the benchmarks of the library; `args` go to cargo.
pub fn run(args: &[String]) -> Done {
    let mut command = shell::cargo(&["bench", "--locked", "-p", "invreq", "--all-features"]);
    command.args(args);
    println!("{} …", shell::describe(&command));
    let output = shell::stdout(command)?;
    let ratios: Vec<&str> = output.lines().filter(|line| line.starts_with(RATIO)).collect();
    if ratios.is_empty() {
        println!("{output}");
        println!("no benchmark printed a line that begins with `{RATIO}`");
    }
    for ratio in ratios {
        println!("{ratio}");
    }
    Ok(())
}
