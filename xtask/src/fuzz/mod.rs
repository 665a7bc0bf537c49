//! `cargo xtask fuzz`.

mod build;
mod corpus;
mod record;

use std::process::{Command, Stdio};
use std::time::Instant;

use crate::{shell, testing, Done};
use build::Sanitizer;
pub use record::{processor_time, Ran, Record};

const USAGE: &str = "usage: cargo xtask fuzz [--minutes N] [--long] [--target NAME]… [--keep] [--address]

  --minutes N     how long in all, shared among the targets; 5 where it is not given
  --long          go on until the record has an hour of processor time for each target
  --target NAME   only this target
  --keep          afterwards put what is new and small into the committed corpus
  --address       with the address sanitizer, which needs the switches of a nightly compiler";

/// What `--long` wants of each target, in seconds of processor time.
const HOUR: f64 = 3_600.0;

/// The longest time for one target in one go, in seconds: with `--long` all of them come on together.
const SLICE: u64 = 300;

/// An input that takes longer, in seconds, is a find.
const SLOW: u32 = 25;

/// Builds every target and runs them one after the other. What they find lies in `target/fuzz/finds`; the corpus they make
/// lies in `target/fuzz/corpus` and is taken up by the next run.
pub fn run(args: &[String]) -> Done {
    let options = Options::parse(args)?;
    let program = build::build(options.sanitizer)?;
    let targets = options.targets(&build::targets(&program)?)?;
    let started = Instant::now();
    let mut finds = Vec::new();
    while let Some((target, seconds)) = options.next(&targets, started, &finds)? {
        let (mut ran, found) = one(&program, &target, seconds)?;
        if options.sanitizer == Sanitizer::Address {
            ran.address_seconds = ran.seconds;
        }
        Record::add(&target, ran)?;
        println!(
            "{target:12} {:7.1} s of processor time, {:9} executions{}",
            ran.seconds,
            ran.executions,
            if found { ", and a FIND" } else { "" }
        );
        finds.push((target, found));
    }
    if options.keep {
        for target in &targets {
            let kept = corpus::keep(&program, target)?;
            println!("{target:12} {kept} files in the committed corpus");
        }
    }
    // The page with the record is one of the generated files.
    testing::run(&[])?;
    let found: Vec<_> = finds
        .into_iter()
        .filter(|(_, found)| *found)
        .map(|(target, _)| target)
        .collect();
    match found.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "finds of {} in {}",
            found.join(", "),
            corpus::finds("").display()
        )),
    }
}

/// What it came to, and whether it found something.
fn one(program: &std::path::Path, target: &str, seconds: u64) -> Result<(Ran, bool), String> {
    let corpus = corpus::working(target)?;
    let finds = corpus::finds(target);
    std::fs::create_dir_all(&finds).map_err(|error| format!("{}: {error}", finds.display()))?;
    let mut command = Command::new(program);
    command
        .env("INVREQ_FUZZ", target)
        .arg(&corpus)
        .args(corpus::committed(target))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={SLOW}"))
        .arg(format!("-artifact_prefix={}/", finds.display()))
        .args(["-rss_limit_mb=2048", "-print_final_stats=1", "-verbosity=0"])
        .args(corpus::dictionary(target).map(|path| format!("-dict={}", path.display())))
        .stdin(Stdio::null());
    let before = record::processor_time();
    let output = command.output().map_err(|error| format!("{target}: {error}"))?;
    let seconds = record::processor_time() - before;
    let said = String::from_utf8_lossy(&output.stderr);
    let executions = said
        .lines()
        .find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))
        .and_then(|number| number.trim().parse().ok())
        .unwrap_or_default();
    if !output.status.success() {
        println!("{said}");
    }
    let ran = Ran {
        seconds,
        executions,
        ..Ran::default()
    };
    Ok((ran, !output.status.success()))
}

struct Options {
    minutes: u64,
    long: bool,
    only: Vec<String>,
    keep: bool,
    sanitizer: Sanitizer,
}

impl Options {
    fn parse(args: &[String]) -> Result<Self, String> {
        let mut options = Self {
            minutes: 5,
            long: false,
            only: Vec::new(),
            keep: false,
            sanitizer: Sanitizer::None,
        };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--minutes" => {
                    let minutes = args.next().and_then(|minutes| minutes.parse().ok());
                    options.minutes = minutes.filter(|minutes| *minutes > 0).ok_or(USAGE)?;
                }
                "--long" => options.long = true,
                "--target" => options.only.push(args.next().ok_or(USAGE)?.clone()),
                "--keep" => options.keep = true,
                "--address" => options.sanitizer = Sanitizer::Address,
                _ => return Err(USAGE.to_owned()),
            }
        }
        Ok(options)
    }

    fn targets(&self, all: &[String]) -> Result<Vec<String>, String> {
        if let Some(unknown) = self.only.iter().find(|only| !all.contains(only)) {
            return Err(format!(
                "there is no target `{unknown}`; the targets are {}",
                all.join(", ")
            ));
        }
        let wanted = all
            .iter()
            .filter(|name| self.only.is_empty() || self.only.contains(name));
        Ok(wanted.cloned().collect())
    }

    /// The target to run now, and for how many seconds.
    fn next(
        &self,
        targets: &[String],
        started: Instant,
        done: &[(String, bool)],
    ) -> Result<Option<(String, u64)>, String> {
        // Whoever found something is not asked again: it would only find the same.
        let mut left: Vec<_> = targets
            .iter()
            .filter(|name| !done.contains(&((*name).clone(), true)))
            .collect();
        if self.long {
            // The one with the least time comes first, so that none is left behind where the run is broken off.
            let record = Record::read()?;
            let seconds = |name: &String| record.of(name).seconds;
            left.retain(|name| seconds(name) < HOUR);
            left.sort_by(|one, other| seconds(one).total_cmp(&seconds(other)));
            // No longer than is left: what comes on top of the hour is time that another target waits for.
            return Ok(left.first().map(|name| {
                let rest = (HOUR - seconds(name)).ceil() as u64;
                ((*name).clone(), rest.clamp(1, SLICE))
            }));
        }
        let share = self.minutes.saturating_mul(60).checked_div(targets.len() as u64);
        let share = share.unwrap_or_default().max(1);
        let over = started.elapsed().as_secs() >= self.minutes.saturating_mul(60).saturating_mul(2);
        let next = targets.get(done.len()).filter(|_| !over);
        Ok(next.map(|name| (name.clone(), share)))
    }
}

/// Where everything that fuzzing makes lies.
fn folder() -> std::path::PathBuf {
    shell::target_dir().join("fuzz")
}
