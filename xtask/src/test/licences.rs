//! Which licences and which sources dependencies may have.
//!
//! The list of licences is the one in deny.toml. Where `cargo deny` is installed it has the second word, and it alone can
//! ask for security advisories: their database is a git repository, which no package registry carries.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;
use spdx::{Expression, Licensee, ParseMode};

use super::log::Log;
use super::Checked;
use crate::shell;

pub fn check(log: &mut Log) -> Checked {
    let policy = Policy::read(
        &fs::read_to_string(shell::root().join("deny.toml")).map_err(|e| format!("deny.toml: {e}"))?,
    )?;
    let packages = packages()?;
    let complaints: Vec<String> = packages
        .iter()
        .filter_map(|package| policy.complaint(package))
        .collect();
    for line in &complaints {
        log.line(line);
    }
    let sources: BTreeSet<&str> = packages
        .iter()
        .filter_map(|package| package.source.as_deref())
        .collect();
    let twice = duplicates(&packages);
    for line in &twice {
        log.line(format_args!("more than one version: {line}"));
    }
    if !complaints.is_empty() {
        return Err(format!(
            "{} of {} packages are not allowed",
            complaints.len(),
            packages.len()
        ));
    }
    if sources.len() > 1 {
        return Err(format!(
            "more than one registry: {}",
            sources.into_iter().collect::<Vec<_>>().join(", ")
        ));
    }
    let advisories = cargo_deny(log)?;
    Ok(format!(
        "{} packages, {} in more than one version; {advisories}",
        packages.len(),
        twice.len()
    ))
}

/// The part of `cargo metadata` that is looked at.
struct Package {
    name: String,
    version: String,
    licence: Option<String>,
    /// Absent for the packages of this workspace.
    source: Option<String>,
}

fn packages() -> Result<Vec<Package>, String> {
    let metadata = shell::stdout(shell::cargo(&[
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--all-features",
    ]))?;
    let metadata: Value =
        serde_json::from_str(&metadata).map_err(|error| format!("cargo metadata: {error}"))?;
    let list = metadata
        .get("packages")
        .and_then(Value::as_array)
        .ok_or("cargo metadata lists no packages")?;
    Ok(list.iter().map(package).collect())
}

fn package(value: &Value) -> Package {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    Package {
        name: text("name").unwrap_or_default(),
        version: text("version").unwrap_or_default(),
        licence: text("license"),
        source: text("source"),
    }
}

struct Policy {
    allowed: Vec<Licensee>,
}

impl Policy {
    fn read(deny: &str) -> Result<Self, String> {
        let deny: toml::Table = deny.parse().map_err(|error| format!("deny.toml: {error}"))?;
        let list = deny
            .get("licenses")
            .and_then(|licences| licences.get("allow"))
            .and_then(toml::Value::as_array);
        let list = list
            .ok_or("deny.toml has no list licenses.allow")?
            .iter()
            .filter_map(toml::Value::as_str);
        let allowed: Result<_, _> = list.map(Licensee::parse).collect();
        Ok(Self {
            allowed: allowed.map_err(|error| format!("deny.toml: {error}"))?,
        })
    }

    fn complaint(&self, package: &Package) -> Option<String> {
        let Package { name, version, .. } = package;
        if let Some(source) = package
            .source
            .as_deref()
            .filter(|source| !source.starts_with("registry+"))
        {
            return Some(format!(
                "{name} {version} does not come from the registry: {source}"
            ));
        }
        let Some(licence) = &package.licence else {
            return Some(format!("{name} {version} names no licence"));
        };
        match self.allows(licence) {
            Ok(true) => None,
            Ok(false) => Some(format!(
                "{name} {version} has a licence that deny.toml does not allow: {licence}"
            )),
            Err(error) => Some(format!(
                "{name} {version} has a licence that cannot be read: {licence}: {error}"
            )),
        }
    }

    /// Whether the licence can be met with the allowed ones alone. The old `MIT/Apache-2.0` counts as `OR`.
    fn allows(&self, licence: &str) -> Result<bool, String> {
        let expression =
            Expression::parse_mode(licence, ParseMode::LAX).map_err(|error| error.reason.to_string())?;
        Ok(expression.evaluate(|required| self.allowed.iter().any(|allowed| allowed.satisfies(required))))
    }
}

fn duplicates(packages: &[Package]) -> Vec<String> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in packages {
        versions.entry(&package.name).or_default().push(&package.version);
    }
    let twice = versions.into_iter().filter(|(_, versions)| versions.len() > 1);
    twice
        .map(|(name, versions)| format!("{name} {}", versions.join(", ")))
        .collect()
}

fn cargo_deny(log: &mut Log) -> Checked {
    if log.cargo(&["deny", "--version"]).is_err() {
        return Ok(
            "advisories NOT checked: cargo-deny is not installed (cargo install --locked cargo-deny)"
                .to_owned(),
        );
    }
    log.cargo(&["deny", "check", "bans", "licenses", "sources"])?;
    match log.cargo(&["deny", "check", "advisories"]) {
        Ok(()) => Ok("no advisories".to_owned()),
        Err(_) if log.text().contains("failed to fetch advisory database") => {
            Ok("advisories NOT checked: their database cannot be reached from here".to_owned())
        }
        Err(reason) => Err(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Policy {
        Policy::read("[licenses]\nallow = ['MIT', 'Apache-2.0', 'Unicode-3.0']").unwrap()
    }

    fn package(licence: Option<&str>, source: Option<&str>) -> Package {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Package {
            name: "a".to_owned(),
            version: "1.0.0".to_owned(),
            licence: owned(licence),
            source: owned(source),
        }
    }

    #[test]
    fn expressions_are_evaluated() {
        let allowed = [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0-only OR MIT",
            "(MIT OR GPL-2.0-only) AND Unicode-3.0",
        ];
        let refused = [
            "GPL-3.0-only",
            "MIT AND GPL-3.0-only",
            "Apache-2.0 WITH LLVM-exception",
        ];
        for licence in allowed {
            assert_eq!(policy().allows(licence), Ok(true), "{licence}");
        }
        for licence in refused {
            assert_eq!(policy().allows(licence), Ok(false), "{licence}");
        }
        assert!(policy().allows("do what you like").is_err());
    }

    #[test]
    fn a_package_needs_a_licence_and_comes_from_the_registry() {
        let registry = Some("registry+https://example.com/index");
        assert_eq!(policy().complaint(&package(Some("MIT"), registry)), None);
        assert_eq!(policy().complaint(&package(Some("MIT"), None)), None);
        assert!(policy()
            .complaint(&package(None, registry))
            .unwrap()
            .contains("names no licence"));
        assert!(policy()
            .complaint(&package(Some("MIT"), Some("git+https://example.com")))
            .is_some());
    }

    #[test]
    fn duplicates_are_listed_with_their_versions() {
        let mut newer = package(Some("MIT"), None);
        newer.version = "2.0.0".to_owned();
        assert_eq!(duplicates(&[package(None, None), newer]), ["a 1.0.0, 2.0.0"]);
        assert!(duplicates(&[package(None, None)]).is_empty());
    }
}
