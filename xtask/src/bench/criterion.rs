//! Pairs in what criterion prints.
//!
//! Two measurements that follow each other and differ only in the last part of their name (`peel: invreq`, `peel: ldk`)
//! are a pair, if the second is one of [`BASES`]. They are measured one after the other and not in turns, so they are for information only.

/// What others are held against.
const BASES: [&str; 2] = ["floor", "ldk"];

struct Measurement {
    group: String,
    side: String,
    nanoseconds: f64,
}

/// How long each first one takes in units of the second, and the lines in which a benchmark itself speaks of a ratio.
pub fn ratios(output: &str) -> Vec<String> {
    let own = output
        .lines()
        .filter(|line| line.split_whitespace().any(|word| word == "ratio"));
    let mut ratios: Vec<String> = own.map(str::to_owned).collect();
    let measurements = measurements(output);
    for (ours, base) in measurements.iter().zip(measurements.iter().skip(1)) {
        if ours.group == base.group && BASES.contains(&base.side.as_str()) {
            let ratio = ours.nanoseconds / base.nanoseconds;
            ratios.push(format!(
                "{}: {} / {}, ratio {ratio:.2}",
                ours.group, ours.side, base.side
            ));
        }
    }
    ratios
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
    let (group, side) = name.rsplit_once(": ").or_else(|| name.rsplit_once('/'))?;
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
            a/ours                  time:   [1.9000 µs 2.0000 µs 2.1000 µs]\n\
            \u{20}                       change: [-1.0% +0.0% +1.0%] (p = 0.9 > 0.05)\n\
            a/floor                 time:   [990.00 ns 1000.0 ns 1010.0 ns]\n\
            Found 3 outliers among 100 measurements (3.00%)\n\
            peel, a large relay layer: invreq\n\
            \u{20}                       time:   [1.0000 ms 1.5000 ms 2.0000 ms]\n\
            peel, a large relay layer: ldk\n\
            \u{20}                       time:   [1.0000 ms 1.0000 ms 2.0000 ms]\n\
            alone/once              time:   [1.0000 s 1.0000 s 2.0000 s]\n\
            in turns: floor 1s, write 2s, ratio 2.00\n";
        let expected = [
            "in turns: floor 1s, write 2s, ratio 2.00",
            "a: ours / floor, ratio 2.00",
            "peel, a large relay layer: invreq / ldk, ratio 1.50",
        ];
        assert_eq!(ratios(output), expected);
    }

    #[test]
    fn no_pair_is_no_ratio() {
        assert!(ratios("running 0 tests\nrationale: none\n").is_empty());
    }
}
