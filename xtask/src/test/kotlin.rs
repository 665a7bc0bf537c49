//! The step of the Kotlin package.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::log::Log;
use super::{web, Checked};
use crate::build::kotlin;
use crate::{shell, Done};

/// Builds the jar, tests it, and uses it as somebody else's project does.
pub fn check(log: &mut Log) -> Checked {
    kotlin::prepare(log)?;
    web::network(log)?;
    // To a repository of its own: nothing of this build is left in the user's.
    let repository = kotlin::made().join("repository");
    let _ = fs::remove_dir_all(&repository);
    let to = format!("-DaltDeploymentRepository=local::file:{}", repository.display());
    log.run(kotlin::maven(&["deploy", &to]))?;
    let count = counted(&kotlin::folder().join("target/surefire-reports"))?;
    log.line(format_args!(
        "test result: ok. {count} passed; 0 failed; 0 ignored; by Maven's reports"
    ));
    let jar = kotlin::jar()?;
    contents(log, &jar)?;
    consumer(log)?;
    let text = log.text();
    let cost = text
        .lines()
        .find_map(|line| line.split_once("one call of the library: "));
    let cost = cost.map_or("an unknown time", |(_, cost)| cost.trim());
    let size = fs::metadata(&jar).map_err(|error| format!("{}: {error}", jar.display()))?;
    Ok(format!(
        "{count} tests passed; {} KiB; a call of the library takes {cost}",
        size.len().div_euclid(1024)
    ))
}

/// How many tests Maven says it has run; it has failed by now if one of them did.
fn counted(reports: &Path) -> Result<u64, String> {
    let told = |error| format!("{}: {error}", reports.display());
    let mut count = 0u64;
    for report in fs::read_dir(reports).map_err(told)? {
        let path = report.map_err(told)?.path();
        if path.extension().is_some_and(|extension| extension == "xml") {
            let text = fs::read_to_string(&path).map_err(told)?;
            let suite = text.split("<testsuite").nth(1).unwrap_or_default();
            let tests = suite
                .split(" tests=\"")
                .nth(1)
                .and_then(|rest| rest.split('"').next());
            let tests: u64 = tests.and_then(|tests| tests.parse().ok()).unwrap_or_default();
            count = count.saturating_add(tests);
        }
    }
    if count == 0 {
        return Err("Maven ran no test".to_owned());
    }
    Ok(count)
}

/// What has to be in the jar, and nothing of anybody else's.
fn contents(log: &mut Log, jar: &Path) -> Done {
    let list = shell::stdout(shell::program("jar", &["tf", &jar.to_string_lossy()]))?;
    log.line(&list);
    let files: Vec<&str> = list.lines().filter(|line| !line.ends_with('/')).collect();
    let wanted = [
        "META-INF/LICENSE-APACHE",
        "META-INF/LICENSE-MIT",
        "META-INF/proguard/invreq.pro",
        "invreq/Payee.class",
        "invreq/core/InvoiceRecord.class",
    ];
    if let Some(missing) = wanted.iter().find(|file| !files.contains(file)) {
        return Err(format!("the jar has no {missing}"));
    }
    let libraries = files
        .iter()
        .filter(|file| file.ends_with("/libinvreq_uniffi.so"))
        .count();
    if libraries != 1 {
        return Err(format!("the jar has {libraries} libraries instead of one"));
    }
    let ours = |file: &str| {
        ["META-INF/", "invreq/", "linux-"]
            .iter()
            .any(|folder| file.starts_with(folder))
    };
    match files.iter().find(|file| !ours(file)) {
        Some(other) => Err(format!("nobody knows what {other} does in the jar")),
        None => Ok(()),
    }
}

/// A project that knows nothing but the jar's name, and a repository in which that is all there is of ours.
fn consumer(log: &mut Log) -> Done {
    let settings = kotlin::made().join("consumer-settings.xml");
    fs::write(
        &settings,
        SETTINGS.replace("FETCHED", &fetched().to_string_lossy()),
    )
    .map_err(|error| format!("{}: {error}", settings.display()))?;
    let local = kotlin::made().join("consumer-repository");
    let _ = fs::remove_dir_all(local.join("io/github/invreq"));
    let mut command = kotlin::maven_in(&kotlin::folder().join("consumer"));
    command.arg("--settings").arg(&settings);
    command.arg(format!("-Dmaven.repo.local={}", local.display()));
    command.args(["clean", "compile", "exec:java"]);
    let said = shell::stdout(command)?;
    log.line(&said);
    for expected in ["ATM withdrawal", "20000001 msat: source_failed: "] {
        if !said.contains(expected) {
            return Err(format!("the project that uses the jar did not say `{expected}`"));
        }
    }
    Ok(())
}

/// What Maven has fetched for this user; it serves as a registry, so that nothing is fetched twice.
fn fetched() -> PathBuf {
    PathBuf::from(env::var_os("HOME").unwrap_or_default()).join(".m2/repository")
}

/// What is not there comes from the registry.
const SETTINGS: &str = "\
<settings>
  <profiles>
    <profile>
      <id>fetched</id>
      <repositories>
        <repository>
          <id>fetched</id>
          <url>file://FETCHED</url>
          <releases><checksumPolicy>ignore</checksumPolicy></releases>
        </repository>
      </repositories>
      <pluginRepositories>
        <pluginRepository>
          <id>fetched</id>
          <url>file://FETCHED</url>
          <releases><checksumPolicy>ignore</checksumPolicy></releases>
        </pluginRepository>
      </pluginRepositories>
    </profile>
  </profiles>
  <activeProfiles><activeProfile>fetched</activeProfile></activeProfiles>
</settings>
";
