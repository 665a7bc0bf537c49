//! Every store of the library against the conformance suite, and what is special to SQLite.

#![cfg(all(feature = "sqlite", feature = "testing"))]
#![allow(clippy::unwrap_used, clippy::panic)] // a test

use std::collections::BTreeMap;
use std::sync::{Barrier, Mutex};
use std::thread;

use futures_lite::future::block_on;
use invreq::store::conformance::{self, Harness, Outcome, Report};
use invreq::store::{Batch, Conflict, MemoryStore, SqliteStore, Store, StoreError};

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

    fn is_durable(&self) -> bool {
        false
    }

    fn is_shared(&self) -> bool {
        false
    }

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

#[test]
fn threads_race_and_one_wins_each_time() {
    block_on(async {
        race(MemoryStore::new());
        let folder = tempfile::tempdir().unwrap();
        race(SqliteStore::open(folder.path().join("store")).await.unwrap());
        race(SqliteStore::open_in_memory().await.unwrap());
    });
}

/// The suite has no threads, for it knows no runtime; these stores are the same from every thread.
fn race(store: impl Store) {
    const THREADS: u64 = 8;
    const ROUNDS: u64 = 50;
    let start = Barrier::new(THREADS as usize);
    let wins: Vec<u64> = thread::scope(|scope| {
        let (store, start) = (&store, &start);
        let run = move |thread: u64| {
            let wins = (1..=ROUNDS).map(|revision| {
                start.wait();
                let batch = Batch::new("revision", revision).put("winner", thread.to_be_bytes());
                match block_on(store.write(&batch)) {
                    Ok(()) => 1,
                    Err(StoreError::Conflict(Conflict::Revision)) => 0,
                    Err(error) => panic!("{error}"),
                }
            });
            wins.sum::<u64>()
        };
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| scope.spawn(move || run(thread)))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    // One of them in each round: were it two in one round and none in another, the others could not go on.
    assert_eq!(wins.iter().sum::<u64>(), ROUNDS);
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
