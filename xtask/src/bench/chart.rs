//! The results as a picture: one bar for each ratio that has a limit.

use core::fmt::Write;

use super::row::Row;

const WIDTH: f64 = 860.0;
/// Where the bars begin, and how long a ratio of 1 is.
const LEFT: f64 = 430.0;
const ONE: f64 = 290.0;
const LINE: f64 = 30.0;
const TOP: f64 = 40.0;

/// Colours for light and for dark pages.
const STYLE: &str = "
  text { font: 13px system-ui, sans-serif; fill: #1f2328 } .small { font-size: 11px; fill: #59636e }
  .bar { fill: #2f81f7 } .broken { fill: #d1242f } .one { stroke: #59636e } .limit { stroke: #d1242f; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #9198a1 } .one { stroke: #9198a1 } .bar { fill: #388bfd } }
";

/// The picture, in SVG. Bars end where ours is; the red mark is what it must not pass.
pub fn draw(rows: &[Row]) -> String {
    let bars: Vec<(&Row, f64)> = rows
        .iter()
        .filter_map(|row| Some((row, row.ratio_limit()?)))
        .collect();
    let height = bars.iter().fold(TOP + 20.0, |height, _| height + LINE);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-label=\"Time taken, in units of the floor or of LDK\">\n<style>{STYLE}</style>\n"
    );
    text(
        &mut svg,
        LEFT,
        16.0,
        "small",
        "start",
        "time taken, in units of what it is held against; red: the limit",
    );
    let mut y = TOP;
    for (row, limit) in &bars {
        let class = if row.ok { "bar" } else { "broken" };
        let length = row.ratio.min(1.4) * ONE;
        text(&mut svg, LEFT - 10.0, y + 9.0, "", "end", &row.what);
        text(&mut svg, LEFT - 10.0, y + 21.0, "small", "end", &row.against);
        let _ = writeln!(
            svg,
            "<rect class=\"{class}\" x=\"{LEFT}\" y=\"{y:.0}\" width=\"{length:.1}\" height=\"18\" rx=\"2\"/>"
        );
        mark(&mut svg, "limit", LEFT + limit * ONE, y - 2.0, y + 20.0);
        text(
            &mut svg,
            LEFT + length.max(limit * ONE) + 8.0,
            y + 14.0,
            "",
            "start",
            &format!("{:.2}", row.ratio),
        );
        y += LINE;
    }
    mark(&mut svg, "one", LEFT + ONE, TOP - 10.0, y);
    text(&mut svg, LEFT + ONE, TOP - 13.0, "small", "middle", "1");
    svg.push_str("</svg>\n");
    svg
}

fn mark(svg: &mut String, class: &str, x: f64, from: f64, to: f64) {
    let _ = writeln!(
        svg,
        "<line class=\"{class}\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{from:.0}\" y2=\"{to:.0}\"/>"
    );
}

fn text(svg: &mut String, x: f64, y: f64, class: &str, anchor: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(
        svg,
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.0}\" text-anchor=\"{anchor}\">{text}</text>"
    );
}
