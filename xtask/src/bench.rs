//! `cargo xtask bench`.

use serde_json::Value;

use crate::{shell, Done};

/// What a benchmark prints to be heard here, before one line of JSON: `what` was measured, how long it took (`ours`),
/// `against` what, how long that took (`theirs`), the `ratio`, its `limit`, and whether it is `ok`.
const RATIO: &str = "ratio: ";

/// Runs the benchmarks of the library and prints how long each thing takes in units of what it is held against; `args`
/// go to cargo. A ratio beyond its limit is an error.
pub fn run(args: &[String]) -> Done {
    let mut command = shell::cargo(&["bench", "--locked", "-p", "invreq", "--all-features"]);
    command.args(args);
    println!("{} …", shell::describe(&command));
    let output = shell::stdout(command)?;
    let mut beyond = 0_usize;
    for line in output.lines().filter_map(|line| line.strip_prefix(RATIO)) {
        let (text, ok) = limited(line)?;
        println!("{text}");
        beyond = beyond.saturating_add(usize::from(!ok));
    }
    let plain = plain(&output);
    for line in &plain {
        println!("{line}");
    }
    if plain.is_empty() && !output.lines().any(|line| line.starts_with(RATIO)) {
        return Err(format!("{output}\nno benchmark printed a ratio"));
    }
    match beyond {
        0 => Ok(()),
        _ => Err(format!("{beyond} ratios are beyond their limit")),
    }
}

/// A ratio with its limit, as a line to read.
fn limited(json: &str) -> Result<(String, bool), String> {
    let value: Value = serde_json::from_str(json).map_err(|error| format!("not a ratio: {json}: {error}"))?;
    let text = |key: &str| {
        value
            .get(key)
            .and_then(Value::as_str)
            .ok_or(format!("no {key} in {json}"))
    };
    let ratio = value
        .get("ratio")
        .and_then(Value::as_f64)
        .ok_or(format!("no ratio in {json}"))?;
    let ok = value
        .get("ok")
        .and_then(Value::as_bool)
        .ok_or(format!("no ok in {json}"))?;
    let verdict = if ok { "ok" } else { "BEYOND" };
    let [what, ours, against, theirs, limit] = [
        text("what")?,
        text("ours")?,
        text("against")?,
        text("theirs")?,
        text("limit")?,
    ];
    Ok((
        format!("{ratio:6.2}  {limit:14} {verdict:6}  {what} ({ours}) against {against} ({theirs})"),
        ok,
    ))
}

/// Lines in which a benchmark speaks of a ratio without a limit, and what was measured once here and once in LDK.
fn plain(output: &str) -> Vec<String> {
    let own = output
        .lines()
        .filter(|line| line.split_whitespace().any(|word| word == "ratio"));
    let mut ratios: Vec<String> = own.map(str::to_owned).collect();
    let measurements = measurements(output);
    for (ours, ldk) in measurements.iter().zip(measurements.iter().skip(1)) {
        if ours.group == ldk.group && ours.side == "invreq" && ldk.side == "ldk" {
            let ratio = ours.nanoseconds / ldk.nanoseconds;
            ratios.push(format!("{ratio:6.2}  {} against LDK", ours.group));
        }
    }
    ratios
}

struct Measurement {
    group: String,
    side: String,
    nanoseconds: f64,
}

/// The middle estimates of criterion, in the order of its report. A long name stands on a line of its own.
fn measurements(output: &str) -> Vec<Measurement> {
    let mut measurements = Vec::new();
    let mut line_before = "";
    for line in output.lines() {
        if let Some((name, estimates)) = line.split_once("time:   [") {
            let name = if name.trim().is_empty() { line_before } else { name };
            measurements.extend(measurement(name.trim(), estimates));
        }
        line_before = line;
    }
    measurements
}

fn measurement(name: &str, estimates: &str) -> Option<Measurement> {
    let (group, side) = name.rsplit_once(": ")?;
    let mut words = estimates.split_whitespace().skip(2);
    let (number, unit): (f64, &str) = (words.next()?.parse().ok()?, words.next()?);
    let factor = match unit {
        "ps" => 1e-3,
        "ns" => 1.0,
        "µs" | "us" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        _ => return None,
    };
    Some(Measurement {
        group: group.to_owned(),
        side: side.to_owned(),
        nanoseconds: number * factor,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_found_in_what_criterion_prints() {
        let output = "\
            peel: invreq            time:   [400.00 ns 500.00 ns 600.00 ns]\n\
            \u{20}                       change: [-1.0% +0.0% +1.0%] (p = 0.9 > 0.05)\n\
            peel: ldk               time:   [1.9000 µs 2.0000 µs 2.1000 µs]\n\
            Found 3 outliers among 100 measurements (3.00%)\n\
            build, a large relay layer: invreq\n\
            \u{20}                       time:   [1.0000 ms 1.5000 ms 2.0000 ms]\n\
            build, a large relay layer: ldk\n\
            \u{20}                       time:   [1.0000 ms 1.0000 ms 2.0000 ms]\n\
            codec/read              time:   [1.0000 s 1.0000 s 2.0000 s]\n\
            codec/write             time:   [1.0000 s 1.0000 s 2.0000 s]\n\
            in turns: floor 1s, write 2s, ratio 2.00\n";
        let expected = [
            "in turns: floor 1s, write 2s, ratio 2.00",
            "  0.25  peel against LDK",
            "  1.50  build, a large relay layer against LDK",
        ];
        assert_eq!(plain(output), expected);
        assert!(plain("running 0 tests\nrationale: none\n").is_empty());
    }

    #[test]
    fn a_ratio_with_a_limit_says_whether_it_holds() {
        let line = |ok| {
            format!(
                r#"{{"what":"read","ours":"2 µs","against":"the curve","theirs":"1 µs","ratio":2.0,"limit":"at most 1.50","ok":{ok}}}"#
            )
        };
        let (text, ok) = limited(&line("false")).unwrap();
        assert!(!ok);
        assert_eq!(
            text,
            "  2.00  at most 1.50   BEYOND  read (2 µs) against the curve (1 µs)"
        );
        assert!(limited(&line("true")).unwrap().1);
        assert!(limited("{}").is_err() && limited("fast").is_err());
    }
}
