//! Every store of the library against the conformance suite, and what is special to SQLite.

#![cfg(all(feature = "sqlite", feature = "testing"))]

use std::collections::BTreeMap;
use std::sync::Mutex;

use futures_lite::future::block_on;
use invreq::store::conformance::{self, Harness, Outcome, Report};
use invreq::store::{MemoryStore, SqliteStore, StoreError};

#[derive(Default)]
struct InMemory(Mutex<BTreeMap<String, MemoryStore>>);

impl Harness for InMemory {
    type Store = MemoryStore;

    async fn open(&self, name: &str) -> Result<MemoryStore, StoreError> {
        Ok(self.0.lock().unwrap().entry(name.to_owned()).or_default().clone())
    }
}

struct InFiles(tempfile::TempDir);

impl Harness for InFiles {
    type Store = SqliteStore;

    async fn open(&self, name: &str) -> Result<SqliteStore, StoreError> {
        SqliteStore::open(self.0.path().join(name)).await
    }
}

struct SqliteInMemory;

impl Harness for SqliteInMemory {
    type Store = SqliteStore;
    const DURABLE: bool = false;
    const SHARED: bool = false;

    async fn open(&self, _name: &str) -> Result<SqliteStore, StoreError> {
        SqliteStore::open_in_memory().await
    }
}

#[test]
fn memory_store_conforms() {
    let report = block_on(conformance::run(&InMemory::default())).unwrap();
    assert_eq!(names(&report), conformance::CHECKS);
    assert_eq!(skipped(&report), 0);
}

#[test]
fn sqlite_store_conforms() {
    let report = block_on(conformance::run(&InFiles(tempfile::tempdir().unwrap()))).unwrap();
    assert_eq!(skipped(&report), 0);
}

#[test]
fn sqlite_store_conforms_in_memory() {
    let report = block_on(conformance::run(&SqliteInMemory)).unwrap();
    assert_eq!(skipped(&report), 4);
}

fn names(report: &Report) -> Vec<&'static str> {
    report.checks.iter().map(|(name, _)| *name).collect()
}

fn skipped(report: &Report) -> usize {
    let skipped = |outcome: &Outcome| matches!(outcome, Outcome::Skipped(_));
    report
        .checks
        .iter()
        .filter(|(_, outcome)| skipped(outcome))
        .count()
}
