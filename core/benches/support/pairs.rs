//! Two things measured against each other.
//!
//! A machine drifts: other programs run, clocks change. So the two take turns every fraction of a millisecond, first one
//! then the other and the other way round, each turn gives one ratio, and the median of thousands of ratios is the
//! result. A turn that something else interrupted is one outlier among them.

use std::time::{Duration, Instant};

use serde_json::json;

/// What one turn of each takes, so that reading the clock does not count and an interruption is rare.
const TURN: Duration = Duration::from_micros(100);

/// The medians of a comparison.
pub struct Measured {
    pub ours: Duration,
    pub theirs: Duration,
    pub ratio: f64,
}

/// Runs both in turns for some seconds.
pub fn measure<A, B>(mut ours: impl FnMut() -> A, mut theirs: impl FnMut() -> B) -> Measured {
    let total = Duration::from_secs_f64(if super::quick() { 0.5 } else { 4.0 });
    for _ in 0..20 {
        std::hint::black_box((ours(), theirs()));
    }
    let slower = time(20, &mut ours).max(time(20, &mut theirs)) / 20;
    let repeat = u32::try_from(TURN.as_nanos() / slower.as_nanos().max(1))
        .unwrap_or(1)
        .max(1);
    let (mut ratios, mut ours_took, mut theirs_took) = (Vec::new(), Vec::new(), Vec::new());
    let begun = Instant::now();
    while begun.elapsed() < total {
        let (one, other) = if ratios.len() % 2 == 0 {
            let one = time(repeat, &mut ours);
            (one, time(repeat, &mut theirs))
        } else {
            let other = time(repeat, &mut theirs);
            (time(repeat, &mut ours), other)
        };
        ratios.push(one.as_secs_f64() / other.as_secs_f64());
        ours_took.push(one / repeat);
        theirs_took.push(other / repeat);
    }
    ratios.sort_by(f64::total_cmp);
    Measured {
        ours: median(ours_took),
        theirs: median(theirs_took),
        ratio: ratios[ratios.len() / 2],
    }
}

fn time<T>(repeat: u32, run: &mut impl FnMut() -> T) -> Duration {
    let begun = Instant::now();
    for _ in 0..repeat {
        std::hint::black_box(run());
    }
    begun.elapsed()
}

pub fn median(mut all: Vec<Duration>) -> Duration {
    all.sort_unstable();
    all[all.len() / 2]
}

/// What a result must not exceed.
pub enum Limit {
    /// A ratio.
    Ratio(f64),
    /// A ratio that has to stay below 1.
    Faster,
    /// A time of ours.
    Time(Duration),
    /// Nothing: it is for information.
    None,
}

/// Prints a result for `cargo xtask bench`: one line of JSON after `ratio: `.
pub fn report(what: &str, against: &str, measured: &Measured, limit: &Limit) {
    let (text, ok) = match limit {
        Limit::Ratio(most) => (format!("at most {most:.2}"), measured.ratio <= *most),
        Limit::Faster => ("below 1".to_owned(), measured.ratio < 1.0),
        Limit::Time(most) => (format!("under {}", show(*most)), measured.ours < *most),
        Limit::None => (String::new(), true),
    };
    line(
        what,
        &show(measured.ours),
        against,
        &show(measured.theirs),
        measured.ratio,
        &text,
        ok,
    );
}

/// Prints a line of the table.
pub fn line(what: &str, ours: &str, against: &str, theirs: &str, ratio: f64, limit: &str, ok: bool) {
    let line = json!({
        "what": what, "ours": ours, "against": against, "theirs": theirs, "ratio": ratio, "limit": limit, "ok": ok,
    });
    println!("ratio: {line}");
}

/// A time in a unit that suits it.
pub fn show(time: Duration) -> String {
    match time.as_nanos() {
        nanos @ 0..=999 => format!("{nanos} ns"),
        nanos @ 1_000..=999_999 => format!("{:.1} µs", nanos as f64 / 1e3),
        nanos => format!("{:.1} ms", nanos as f64 / 1e6),
    }
}
