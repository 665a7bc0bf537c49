//! What a store costs, beside what the disk costs: a durable transaction of SQLite that does next to nothing.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::arithmetic_side_effects,
    missing_docs
)] // a benchmark

use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{criterion_group, criterion_main, Criterion};
use futures_lite::future::block_on;
use invreq::store::{Batch, MemoryStore, SqliteStore, Store};
use rusqlite::Connection;

fn stores(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();

    let floor = Connection::open(folder.path().join("floor")).unwrap();
    floor
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO t VALUES (1, 0)",
        )
        .unwrap();
    c.bench_function("durable transaction of one number (the floor)", |b| {
        b.iter(|| floor.execute("UPDATE t SET n = n + 1", ()).unwrap());
    });

    ratio(&floor, folder.path());

    let sqlite = block_on(SqliteStore::open(folder.path().join("store"))).unwrap();
    let mut written = 0;
    c.bench_function("sqlite: write an answer", |b| {
        b.iter(|| {
            written += 1;
            block_on(sqlite.write(&answer(written))).unwrap();
        });
    });
    c.bench_function("sqlite: read a page of 100 answers", |b| {
        b.iter(|| block_on(sqlite.range(b"i/", b"i0", 100)).unwrap());
    });
    c.bench_function("sqlite: read one entry", |b| {
        b.iter(|| block_on(sqlite.range(b"r", b"r\0", 1)).unwrap());
    });

    let memory = MemoryStore::new();
    let mut written = 0;
    c.bench_function("memory: write an answer", |b| {
        b.iter(|| {
            written += 1;
            block_on(memory.write(&answer(written))).unwrap();
        });
    });
    c.bench_function("memory: read a page of 100 answers", |b| {
        b.iter(|| block_on(memory.range(b"i/", b"i0", 100)).unwrap());
    });
}

/// Takes turns between the two, because the disk of one minute is not the disk of the next.
fn ratio(floor: &Connection, folder: &Path) {
    let store = block_on(SqliteStore::open(folder.join("ratio"))).unwrap();
    let (mut floors, mut writes) = (Vec::new(), Vec::new());
    for number in 1..=400 {
        floors.push(timed(|| {
            assert_eq!(floor.execute("UPDATE t SET n = n + 1", ()), Ok(1))
        }));
        writes.push(timed(|| block_on(store.write(&answer(number))).unwrap()));
    }
    let (floor, write) = (median(floors), median(writes));
    let ratio = write.as_secs_f64() / floor.as_secs_f64();
    println!("in turns: floor {floor:?}, write of an answer {write:?}, ratio {ratio:.2}\n");
}

fn timed(work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The batch of a new answer: its record, what finds it by label, hash and request, and the counters.
fn answer(number: u64) -> Batch {
    let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    let hash = |kind: &[u8]| [kind, &spread, &[7; 24]].concat();
    let keys = [hash(b"l/"), hash(b"h/"), hash(b"q/")];
    let batch = Batch::new("r", number)
        .put([b"i/", &number.to_be_bytes()[..]].concat(), [9; 1_200])
        .put("c", [1; 40]);
    keys.into_iter().fold(batch, |batch, key| {
        batch.require_absent(key.clone()).put(key, number.to_be_bytes())
    })
}

criterion_group!(benches, stores);
criterion_main!(benches);
