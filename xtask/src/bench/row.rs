//! The results of the benchmarks: one line of JSON each.

use core::fmt;

use serde_json::Value;

/// A line that begins with this is a result.
const MARK: &str = "ratio: ";

/// One result.
pub struct Row {
    pub what: String,
    pub ours: String,
    pub against: String,
    pub theirs: String,
    pub ratio: f64,
    pub limit: String,
    pub ok: bool,
}

impl Row {
    /// The result in this line, if it is one.
    pub fn read(line: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(line.strip_prefix(MARK)?).ok()?;
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            what: text("what")?,
            ours: text("ours")?,
            against: text("against")?,
            theirs: text("theirs")?,
            ratio: value.get("ratio")?.as_f64()?,
            limit: text("limit")?,
            ok: value.get("ok")?.as_bool()?,
        })
    }

    /// The largest ratio that is allowed, where the limit is one.
    pub fn ratio_limit(&self) -> Option<f64> {
        match self.limit.as_str() {
            "below 1" => Some(1.0),
            limit => limit.strip_prefix("at most ")?.parse().ok(),
        }
    }

    /// Whether the limit was kept, in a word.
    fn verdict(&self) -> &'static str {
        match (self.ok, self.limit.is_empty()) {
            (false, _) => "NO",
            (true, true) => "",
            (true, false) => "ok",
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.3}  {} / {}  {}",
            self.ratio,
            self.what,
            self.against,
            self.verdict()
        )
    }
}

/// All results as a table in Markdown, its columns aligned.
pub fn table(rows: &[Row]) -> String {
    let head = [
        "what",
        "ours",
        "held against",
        "theirs",
        "ratio",
        "limit",
        "kept?",
    ]
    .map(str::to_owned);
    let cells = rows.iter().map(|row| {
        [
            row.what.clone(),
            row.ours.clone(),
            row.against.clone(),
            row.theirs.clone(),
            if row.ratio < 0.01 {
                format!("{:.0e}", row.ratio)
            } else {
                format!("{:.2}", row.ratio)
            },
            row.limit.clone(),
            row.verdict().to_owned(),
        ]
    });
    let all: Vec<[String; 7]> = std::iter::once(head).chain(cells).collect();
    let widths: [usize; 7] = core::array::from_fn(|column| {
        let lengths = all.iter().filter_map(|row| row.get(column));
        lengths.map(|cell| cell.chars().count()).max().unwrap_or(0)
    });
    let line = |cells: &[String; 7]| {
        let padded = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        format!("| {} |\n", padded.collect::<Vec<_>>().join(" | "))
    };
    let mut table = String::new();
    for (index, row) in all.iter().enumerate() {
        table.push_str(&line(row));
        if index == 0 {
            table.push_str(&line(&widths.map(|width| "-".repeat(width))));
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"ratio: {"what":"read","ours":"46 µs","against":"floor","theirs":"43 µs","ratio":1.07,
        "limit":"at most 1.20","ok":true}"#;

    #[test]
    fn a_result_is_read_and_shown() {
        let row = Row::read(&LINE.replace('\n', "")).unwrap();
        assert_eq!(row.ratio_limit(), Some(1.2));
        assert_eq!(row.to_string(), "1.070  read / floor  ok");
        let table = table(&[row]);
        assert_eq!(table.lines().count(), 3);
        assert!(
            table.ends_with("| read | 46 µs | floor        | 43 µs  | 1.07  | at most 1.20 | ok    |\n"),
            "{table}"
        );
    }

    #[test]
    fn other_lines_are_no_results() {
        assert!(Row::read("ratio: 1.2").is_none());
        assert!(Row::read("in turns: ratio 2").is_none());
    }
}
