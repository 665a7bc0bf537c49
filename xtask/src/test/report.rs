use super::Checked;
use crate::Done;

/// How one step went.
pub struct Row {
    pub name: &'static str,
    pub seconds: f64,
    pub result: Checked,
    pub counts: Vec<TestResult>,
    pub log: String,
}

/// How all steps went.
#[derive(Default)]
pub struct Report(Vec<Row>);

impl Report {
    pub fn add(&mut self, row: Row) {
        self.0.push(row);
    }

    /// Prints the table, and the number of tests as the last line.
    pub fn finish(&self) -> Done {
        println!();
        for row in &self.0 {
            let (word, remark) = match &row.result {
                Ok(remark) => ("ok", remark.clone()),
                Err(reason) => ("FAILED", format!("{reason} ({})", row.log)),
            };
            println!(
                "{}",
                format!("{:10} {word:6} {:>7.1} s  {remark}", row.name, row.seconds).trim_end()
            );
        }
        let seconds: f64 = self.0.iter().map(|row| row.seconds).sum();
        println!("{:10} {:6} {seconds:>7.1} s", "all", "");

        let counts = || self.0.iter().flat_map(|row| &row.counts);
        if counts().next().is_some() {
            let passed: u64 = counts().map(|count| count.passed).sum();
            let failed: u64 = counts().map(|count| count.failed).sum();
            println!("{passed} passed, {failed} failed");
        }
        match self.0.iter().filter(|row| row.result.is_err()).count() {
            0 => Ok(()),
            failed => Err(format!("{failed} of {} steps failed", self.0.len())),
        }
    }
}

/// One summary: a `test result:` line of cargo, the last lines of Node's runner, or the last line of the smoke matrix, of pytest or of
/// Swift's tests.
#[derive(Debug, PartialEq, Eq)]
pub struct TestResult {
    pub line: String,
    pub passed: u64,
    pub failed: u64,
    pub ignored: u64,
}

impl TestResult {
    pub fn is_empty(&self) -> bool {
        self.passed == 0 && self.failed == 0 && self.ignored == 0
    }
}

/// The results in what a step printed, one for each summary.
pub fn test_results(output: &str) -> Vec<TestResult> {
    let mut results = Vec::new();
    let mut lines = output.lines();
    while let Some(line) = lines.next() {
        let node = line.strip_prefix("ℹ tests ").map(|_| node_result(lines.clone()));
        let result = node
            .or_else(|| cargo_result(line))
            .or_else(|| smoke_result(line))
            .or_else(|| pytest_result(line))
            .or_else(|| swift_result(line));
        results.extend(result);
    }
    results
}

fn cargo_result(line: &str) -> Option<TestResult> {
    let counts = line.strip_prefix("test result: ")?.split_once(". ")?.1;
    let count = |word: &str| {
        let part = counts
            .split(';')
            .find_map(|part| part.trim().strip_suffix(word))?;
        part.trim().parse().ok()
    };
    Some(TestResult {
        line: line.to_owned(),
        passed: count("passed")?,
        failed: count("failed")?,
        ignored: count("ignored")?,
    })
}

/// The lines after `ℹ tests N`: `ℹ pass N`, `ℹ fail N` and others, in any order.
fn node_result<'a>(lines: impl Iterator<Item = &'a str>) -> TestResult {
    let counts: Vec<(&str, u64)> = lines
        .map_while(|line| line.strip_prefix("ℹ "))
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(word, count)| Some((word, count.parse().ok()?)))
        .collect();
    let count = |words: &[&str]| {
        let found = counts.iter().filter(|(word, _)| words.contains(word));
        found.map(|(_, count)| count).sum()
    };
    let (passed, failed, ignored) = (
        count(&["pass"]),
        count(&["fail", "cancelled"]),
        count(&["skipped", "todo"]),
    );
    let line = format!("node: {passed} passed; {failed} failed; {ignored} skipped");
    TestResult {
        line,
        passed,
        failed,
        ignored,
    }
}

/// `12 passed, 0 failed, 1 not run`.
fn smoke_result(line: &str) -> Option<TestResult> {
    let mut counts = line.split(", ");
    let mut count = |word: &str| counts.next()?.strip_suffix(word)?.trim().parse().ok();
    Some(TestResult {
        passed: count("passed")?,
        failed: count("failed")?,
        ignored: count("not run")?,
        line: format!("smoke: {line}"),
    })
}

/// `=== 12 passed, 1 skipped in 3.21s ===`, with or without the rules around it.
fn pytest_result(line: &str) -> Option<TestResult> {
    let line = line.trim_matches(['=', ' ']);
    let (counts, time) = line.rsplit_once(" in ")?;
    let counts: Option<Vec<(u64, &str)>> = counts
        .split(", ")
        .map(|part| {
            let (count, word) = part.split_once(' ')?;
            Some((count.parse().ok()?, word))
        })
        .collect();
    let (counts, true) = (counts?, time.starts_with(|first: char| first.is_ascii_digit())) else {
        return None;
    };
    let count = |words: &[&str]| {
        let found = counts.iter().filter(|(_, word)| words.contains(word));
        found.map(|(count, _)| count).sum()
    };
    Some(TestResult {
        line: format!("pytest: {line}"),
        passed: count(&["passed"]),
        failed: count(&["failed", "error", "errors"]),
        ignored: count(&["skipped", "xfailed"]),
    })
}

/// `✔ Test run with 12 tests passed after 3.2 seconds.`; one that failed has no count of what passed.
fn swift_result(line: &str) -> Option<TestResult> {
    let (_, told) = line.split_once("Test run with ")?;
    let (count, rest) = told.split_once(" test")?;
    let count = count.parse().ok()?;
    let has_passed = rest.contains(" passed ");
    Some(TestResult {
        line: format!(
            "swift: {count} tests{}",
            if has_passed { " passed" } else { ", and a failure" }
        ),
        passed: if has_passed { count } else { 0 },
        failed: u64::from(!has_passed),
        ignored: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_cargo_are_read() {
        let output = "running 3 tests\n\
            test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
            test result: FAILED. 4 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
            test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 7 filtered out; finished in 0.00s\n";
        let results = test_results(output);
        let counts: Vec<_> = results.iter().map(|r| (r.passed, r.failed, r.ignored)).collect();
        assert_eq!(counts, [(2, 0, 1), (4, 1, 0), (0, 0, 0)]);
        assert!(results[2].is_empty() && !results[0].is_empty());
    }

    #[test]
    fn results_of_python_and_swift_are_read() {
        let output = "350 passed in 162.41s (0:02:42)\n\
            ========= 1 failed, 2 passed, 3 skipped in 0.12s =========\n\
            passed in time\n\
            ✔ Test run with 51 tests passed after 31.034 seconds.\n\
            ✘ Test run with 7 tests failed after 0.031 seconds with 2 issues.\n";
        let results = test_results(output);
        let counts: Vec<_> = results.iter().map(|r| (r.passed, r.failed, r.ignored)).collect();
        assert_eq!(counts, [(350, 0, 0), (2, 1, 3), (51, 0, 0), (0, 1, 0)]);
    }

    #[test]
    fn results_of_node_and_of_the_smoke_matrix_are_read() {
        let output = "✔ decode (84.2ms)\n\
            ℹ tests 9\nℹ suites 0\nℹ pass 5\nℹ fail 1\nℹ cancelled 1\nℹ skipped 2\nℹ todo 0\nℹ duration_ms 511.3\n\
            ✖ failing tests:\n\
            deno           NOT RUN     0.3 s  Deno\n\
            12 passed, 2 failed, 1 not run\n\
            3 passed, which is no summary\n";
        let results = test_results(output);
        let counts: Vec<_> = results.iter().map(|r| (r.passed, r.failed, r.ignored)).collect();
        assert_eq!(counts, [(5, 2, 2), (12, 2, 1)]);
    }
}
