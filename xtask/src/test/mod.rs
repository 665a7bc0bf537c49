//! `cargo xtask test`: everything a pull request has to pass.

mod house;
mod kotlin;
mod licences;
mod log;
pub mod long;
mod native;
mod python;
mod report;
mod steps;
mod swift;
mod web;

use std::io::Write;
use std::time::Instant;

use crate::fuzz::processor_time;
use crate::Done;
use log::Log;
use report::{Report, Row};
use steps::{Step, STEPS};

pub use steps::LONG;

/// What a step returns: a remark for the table, or one line that says what went wrong.
type Checked = Result<String, String>;

const USAGE: &str = "usage: cargo xtask test [--long] [--only STEP]… [--verbose]";

/// Runs the steps one after the other, all of them even where one fails.
pub fn run(args: &[String]) -> Done {
    let options = Options::parse(args)?;
    let steps = options.steps()?;
    let mut report = Report::default();
    for (index, step) in steps.iter().enumerate() {
        print!(
            "[{}/{}] {:10} {} … ",
            index.saturating_add(1),
            steps.len(),
            step.name,
            step.about
        );
        flush();
        let is_long = LONG.iter().any(|long| long.name == step.name);
        let tree = is_long.then(long::tree).flatten();
        // A step that is asked for by name is always run.
        if options.only.is_empty() && long::has_passed(step.name, tree.as_deref()) {
            println!("passed before, and nothing has changed");
            continue;
        }
        let before = processor_time();
        let row = run_step(step, options.verbose)?;
        if is_long && row.result.is_ok() {
            long::add(step.name, processor_time() - before, tree.as_deref())?;
        }
        report.add(row);
    }
    report.finish()
}

fn run_step(step: &Step, verbose: bool) -> Result<Row, String> {
    let mut log = Log::create(step.name)?;
    let start = Instant::now();
    let result = (step.run)(&mut log);
    let seconds = start.elapsed().as_secs_f64();
    let counts = report::test_results(&log.text());
    let result = result.map_err(|reason| log.first_line(&reason));
    println!("{} {seconds:.1} s", if result.is_ok() { "ok" } else { "FAILED" });
    if result.is_err() || verbose {
        println!("{}", log.text());
    }
    if let Err(reason) = &result {
        println!("{}: {reason}", step.name);
    }
    if !verbose && result.is_ok() {
        counts
            .iter()
            .filter(|result| !result.is_empty())
            .for_each(|result| println!("{}", result.line));
    }
    flush();
    Ok(Row {
        name: step.name,
        seconds,
        result,
        counts,
        log: log.shown_path(),
    })
}

/// What is printed is seen at once; a reader that went away is no reason to stop.
fn flush() {
    let _ = std::io::stdout().flush();
}

#[derive(Default)]
struct Options {
    long: bool,
    verbose: bool,
    only: Vec<String>,
}

impl Options {
    fn parse(args: &[String]) -> Result<Self, String> {
        let mut options = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--long" => options.long = true,
                "--verbose" => options.verbose = true,
                "--only" => options.only.push(args.next().ok_or(USAGE)?.clone()),
                _ => return Err(USAGE.to_owned()),
            }
        }
        Ok(options)
    }

    fn steps(&self) -> Result<Vec<&'static Step>, String> {
        if let Some(unknown) = self
            .only
            .iter()
            .find(|only| !known().any(|step| step.name == only.as_str()))
        {
            let names: Vec<&str> = known().map(|step| step.name).collect();
            return Err(format!(
                "there is no step `{unknown}`; the steps are {}",
                names.join(", ")
            ));
        }
        if !self.only.is_empty() {
            return Ok(known()
                .filter(|step| self.only.iter().any(|only| only == step.name))
                .collect());
        }
        if !self.long {
            return Ok(STEPS.iter().collect());
        }
        if LONG.is_empty() {
            println!("--long adds nothing: no long step is registered");
        }
        Ok(known().collect())
    }
}

fn known() -> impl Iterator<Item = &'static Step> {
    STEPS.iter().chain(LONG)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(args: &[&str]) -> Result<Vec<&'static str>, String> {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        Ok(Options::parse(&args)?
            .steps()?
            .iter()
            .map(|step| step.name)
            .collect())
    }

    #[test]
    fn only_picks_steps_in_the_order_of_the_table() {
        assert_eq!(
            names(&["--only", "test", "--only", "fmt"]).unwrap(),
            ["fmt", "test"]
        );
        assert_eq!(names(&[]).unwrap().len(), STEPS.len());
        assert_eq!(names(&["--long"]).unwrap().len(), STEPS.len() + LONG.len());
    }

    #[test]
    fn an_unknown_step_or_option_is_refused() {
        assert!(names(&["--only", "nothing"]).unwrap_err().contains("fmt, "));
        assert_eq!(names(&["--only"]).unwrap_err(), USAGE);
        assert_eq!(names(&["--fast"]).unwrap_err(), USAGE);
    }
}
