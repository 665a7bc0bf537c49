//! The step of the Swift package.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::log::Log;
use super::Checked;
use crate::build::swift::{self, Swift};
use crate::{shell, Done};

/// There are more tests of the package than that.
const FEWEST: u32 = 50;
/// How the lines begin that `LoadTests` print.
const MEASURED: [&str; 3] = [
    "100,000 decodes and refusals: ",
    "10,000 payees opened and dropped: ",
    "one call over the boundary, ",
];

/// The public API as it was last agreed on.
const API: &str = "tests/api/swift.txt";

/// Builds the package as a user gets it, runs its tests and those of a package that uses it, and looks at its public API.
pub fn check(log: &mut Log) -> Checked {
    let swift = swift::build(log)?;
    format(log, &swift)?;
    log.run(swift.package("test", &swift::package(), &[]))?;
    enough(&log.text())?;
    let mut alone = swift.package("test", &swift::package(), &["--filter", "LoadTests"]);
    alone.env("INVREQ_LOAD", "1");
    log.run(alone)?;
    log.cargo(&[
        "build",
        "--locked",
        "--workspace",
        "--all-features",
        "--bin",
        "test-server",
    ])?;
    let mut consumer = swift.package("test", &swift::package().join("consumer"), &[]);
    consumer.env(
        "INVREQ_TEST_SERVER",
        shell::target_dir().join("debug/test-server"),
    );
    log.run(consumer)?;
    api(log, &swift)?;
    measured(&log.text())
}

fn format(log: &mut Log, swift: &Swift) -> Done {
    let config = swift::package().join(".swift-format").display().to_string();
    let mut words = vec!["lint", "--strict", "--recursive", "--configuration", &config];
    let folders =
        ["Package.swift", "Sources/Invreq", "Tests", "consumer"].map(|name| swift::package().join(name));
    let folders = folders.map(|folder| folder.display().to_string());
    words.extend(folders.iter().map(String::as_str));
    words.push("examples/claim_refund.swift");
    log.run(swift.run("swift", &[&["format"], &words[..]].concat()))
}

/// Says so where the tests of the package were not run: a filter or a build that finds none of them passes as well.
fn enough(text: &str) -> Done {
    let ran = text.rsplit_once("Test run with ").and_then(|(_, rest)| {
        let (count, _) = rest.split_once(' ')?;
        count.parse::<u32>().ok()
    });
    match ran {
        Some(count) if count > FEWEST => Ok(()),
        Some(count) => Err(format!("only {count} tests ran")),
        None => Err("nothing says how many tests ran".to_owned()),
    }
}

/// What the tests measured, for the table: all of it, or they did not run.
fn measured(text: &str) -> Result<String, String> {
    let row = |what: &&str| {
        let row = text.lines().find(|line| line.contains(what));
        row.map(str::trim)
            .ok_or_else(|| format!("nothing was measured of: {what}"))
    };
    let rows = MEASURED.iter().map(row).collect::<Result<Vec<_>, _>>()?;
    Ok(rows.join("; "))
}

/// Holds the public API against `tests/api/swift.txt`; `INVREQ_WRITE_API=1` writes it.
fn api(log: &mut Log, swift: &Swift) -> Done {
    let folder = shell::target_dir().join("xtask/swift-api");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let dump = ["--minimum-access-level", "public", "--skip-synthesized-members"];
    log.run(swift.package(
        "package",
        &swift::package(),
        &[&["dump-symbol-graph"], &dump[..]].concat(),
    ))?;
    let found = symbols(&graphs(&shell::target_dir().join("xtask/swift"))?)?;
    let agreed = shell::root().join(API);
    if std::env::var_os("INVREQ_WRITE_API").is_some() {
        return fs::write(&agreed, found).map_err(|error| format!("{API}: {error}"));
    }
    let expected = fs::read_to_string(&agreed).unwrap_or_default();
    if expected == found {
        return Ok(());
    }
    let [expected, found]: [BTreeSet<&str>; 2] = [&expected, &found].map(|text| text.lines().collect());
    expected
        .difference(&found)
        .for_each(|line| log.line(format_args!("- {line}")));
    found
        .difference(&expected)
        .for_each(|line| log.line(format_args!("+ {line}")));
    Err(format!("the public API differs from {API}; if that is meant: INVREQ_WRITE_API=1 cargo xtask test --only swift"))
}

/// The graphs of the facade and of what it hands on, wherever the build laid them.
fn graphs(scratch: &Path) -> Result<Vec<Value>, String> {
    let mut folders = vec![scratch.to_owned()];
    let mut graphs = Vec::new();
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            } else if is_graph(&path) {
                let text = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                graphs.push(
                    serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))?,
                );
            }
        }
    }
    Ok(graphs)
}

fn is_graph(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("Invreq") && !name.starts_with("InvreqTests") && name.ends_with(".symbols.json")
}

/// A line for each public declaration: all of the facade, and of the generated module the types the facade gives a name.
fn symbols(graphs: &[Value]) -> Result<String, String> {
    let named: BTreeSet<&str> = all(graphs, "Invreq")
        .filter(|symbol| text(symbol, "/kind/identifier") == Some("swift.typealias"))
        .filter_map(|symbol| text(symbol, "/pathComponents/0"))
        .chain(["Record", "ErrorDetails"])
        .collect();
    let handed_on =
        |symbol: &&Value| text(symbol, "/pathComponents/0").is_some_and(|name| named.contains(name));
    let lines: BTreeSet<String> = all(graphs, "Invreq")
        .chain(all(graphs, "InvreqCore").filter(handed_on))
        .filter_map(line)
        .collect();
    if lines.len() < 100 {
        return Err(format!("there are only {} public declarations", lines.len()));
    }
    Ok(lines.iter().map(|line| format!("{line}\n")).collect())
}

/// Everything a module declares.
fn all<'a>(graphs: &'a [Value], module: &'static str) -> impl Iterator<Item = &'a Value> {
    let graphs = graphs
        .iter()
        .filter(move |graph| text(graph, "/module/name") == Some(module));
    graphs.flat_map(|graph| {
        graph
            .get("symbols")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    })
}

/// `Payee.open(_:): static func open(_ options: PayeeOptions) async throws(InvreqError) -> Payee`
fn line(symbol: &Value) -> Option<String> {
    let path: Vec<&str> = symbol
        .get("pathComponents")?
        .as_array()?
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let fragments = symbol.get("declarationFragments")?.as_array()?;
    let spelled: String = fragments
        .iter()
        .filter_map(|fragment| text(fragment, "/spelling"))
        .collect();
    let declaration = spelled.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(format!("{}: {declaration}", path.join(".")))
}

fn text<'a>(value: &'a Value, place: &str) -> Option<&'a str> {
    value.pointer(place)?.as_str()
}
