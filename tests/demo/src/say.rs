//! How the story looks: chapters, steps with their time, and quiet detail.

use std::io::{self, IsTerminal};
use std::time::Instant;

/// Tells a story; knows when it began.
pub struct Teller {
    begun: Instant,
    colour: bool,
}

impl Teller {
    pub fn new() -> Self {
        let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self {
            begun: Instant::now(),
            colour,
        }
    }

    /// A new chapter.
    pub fn chapter(&self, title: &str) {
        println!("\n{}", self.paint("1", title));
        println!("{}", self.paint("2", &"─".repeat(title.chars().count())));
    }

    /// Something that happened just now.
    pub fn step(&self, what: &str) {
        let time = format!("{:>7.3} s", self.begun.elapsed().as_secs_f64());
        println!("{}  {what}", self.paint("36", &time));
    }

    /// More about the step before.
    pub fn detail(&self, text: &str) {
        for line in text.lines() {
            println!("           {}", self.paint("2", line));
        }
    }

    /// Good news.
    pub fn good(&self, what: &str) {
        let time = format!("{:>7.3} s", self.begun.elapsed().as_secs_f64());
        println!("{}  {}", self.paint("36", &time), self.paint("1;32", what));
    }

    fn paint(&self, style: &str, text: &str) -> String {
        match self.colour {
            true => format!("\u{1b}[{style}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        }
    }
}

/// A long string in lines of at most 76 characters.
pub fn wrap(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let lines: Vec<String> = characters.chunks(76).map(|line| line.iter().collect()).collect();
    lines.join("\n")
}

/// An amount for a person.
pub fn sat(msat: u64) -> String {
    let sat = msat.checked_div(1000).unwrap_or_default().to_string();
    let mut out = String::new();
    for (place, digit) in sat.chars().enumerate() {
        let left = sat.len().saturating_sub(place);
        if place > 0 && left.checked_rem(3) == Some(0) {
            out.push(',');
        }
        out.push(digit);
    }
    out + " sat"
}
