//! Many invoices through one payee on SQLite: sent, half of them paid, the other half expired, a thousand at a time.
//!
//! ```text
//! cargo test -p invreq --features sqlite --test load                        # 3,000 invoices, in every run of the tests
//! INVREQ_LOAD=100000 cargo test --release -p invreq --features sqlite --test load -- --nocapture
//! ```
#![cfg(feature = "sqlite")]
#![allow(
    dead_code,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../driver/host.rs"]
mod host;

use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bitcoin::secp256k1::{Secp256k1, SecretKey};
use futures_lite::future::{block_on, zip};
use futures_lite::StreamExt;
use futures_util::stream::FuturesUnordered;
use invreq::bolt12::{BlindedPath, Introduction};
use invreq::driver::Payee;
use invreq::engine::{ListInvoices, SendInvoice, Status};
use invreq::store::{Batch, Entry, SqliteStore, Store, StoreError};
use invreq::ErrorCode;

use common::request::path_over;
use common::{params, Request};
use host::{money, World};
use peak_alloc::PeakAlloc;

/// Counts every byte that Rust holds, to the byte; SQLite's are its own.
#[global_allocator]
static HELD: PeakAlloc = PeakAlloc;

/// How many wait at the same time.
const AT_ONCE: u32 = 1_000;

/// What one closed invoice may leave behind, in bytes: an engine keeps nothing of it, and the smallest part of a record is more.
const MOST_HELD: usize = 16;

/// What may be left of a thousand invoices in a round besides, in bytes.
const SLACK: usize = 16 << 10;

/// What lists and maps may grow by in all rounds together, in bytes: they are made twice as large when more came together than ever
/// before. That is now and then; what an invoice leaves behind, it leaves in every round.
const ROOM: usize = 256 << 10;

/// The same for the memory of the whole process, SQLite and what the allocators do not give back included: pages tell nothing
/// about two thousand invoices, but about a hundred thousand.
const MOST_RESIDENT: u64 = 64;
const NOISE: u64 = 16 << 20;

/// SQLite with its writes counted.
#[derive(Clone)]
struct Counted(Arc<SqliteStore>, Arc<AtomicU64>);

impl Store for Counted {
    async fn range(&self, start: &[u8], end: &[u8], limit: usize) -> Result<Vec<Entry>, StoreError> {
        self.0.range(start, end, limit).await
    }

    async fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.write(batch).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.0.close().await
    }
}

#[test]
fn many_invoices() {
    let asked = std::env::var("INVREQ_LOAD").ok();
    let rounds = asked.map_or(3, |count| count.parse::<u32>().unwrap().div_ceil(AT_ONCE).max(3));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wallet");
    let store = block_on(SqliteStore::open(&file)).unwrap();
    let store = Counted(Arc::new(store), Arc::default());
    let world = World::default();
    let payee = world.run(store.clone());

    let (mut spent, mut floors) = (Duration::ZERO, Vec::new());
    let (mut first, mut before, mut least) = ((0, 0), 0, usize::MAX);
    let a_round = SLACK + usize::try_from(AT_ONCE).unwrap() * MOST_HELD;
    for number in 0..rounds {
        let begun = Instant::now();
        block_on(round(&world, &payee, number));
        spent += begun.elapsed();
        floors.extend(floor(&store, number));
        let held = held(before + a_round);
        if number == 0 {
            first = (held, resident());
        } else {
            least = least.min(held.saturating_sub(before));
        }
        before = held;
    }
    let count = u64::from(rounds * AT_ONCE);
    let closed = count - u64::from(AT_ONCE);
    assert!(
        least <= a_round,
        "every round of {AT_ONCE} invoices leaves {least} bytes or more"
    );
    let held = before.saturating_sub(first.0);
    assert!(
        held <= ROOM + usize::try_from(closed).unwrap() * MOST_HELD,
        "{held} bytes more are held after {closed} closed invoices"
    );
    let grown = resident().saturating_sub(first.1);
    assert!(
        grown <= NOISE + closed * MOST_RESIDENT,
        "{grown} bytes more after {closed} closed invoices"
    );
    block_on(everything_is_there(&payee, count));
    block_on(payee.close()).unwrap();

    floors.sort();
    let floor = floors[floors.len() / 2];
    let writes = store.1.load(Ordering::SeqCst);
    let each = spent / u32::try_from(count).unwrap();
    println!(
        "load: {count} invoices in {:.1} s, {:.2} ms and {:.2} writes each; an empty durable write takes {:.2} ms, so an \
         invoice takes {:.2} times what its writes alone would; {:.1} MB in memory, {:.1} MB more than after the first {AT_ONCE}, \
         and {:.1} KB more held",
        spent.as_secs_f64(),
        each.as_secs_f64() * 1e3,
        writes as f64 / count as f64,
        floor.as_secs_f64() * 1e3,
        spent.as_secs_f64() / (floor.as_secs_f64() * writes as f64),
        resident() as f64 / 1e6,
        grown as f64 / 1e6,
        held as f64 / 1e3,
    );
}

/// A thousand invoices from the request to the end, all waited for at once.
async fn round(world: &World, payee: &Payee, number: u32) {
    let numbers = number * AT_ONCE..(number + 1) * AT_ONCE;
    let send = |number: u32| async move {
        let text = Request::number(number).path(path_of_its_own(number)).text();
        let params = SendInvoice {
            timeout: Some(7_200),
            expiry: Some(3_600),
            ..params(&text, &number.to_string())
        };
        (number, payee.send_invoice(params).await)
    };
    let mut waits: FuturesUnordered<_> = numbers.clone().map(send).collect();
    let ends = async {
        let mut ended = 0;
        while let Some((number, end)) = waits.next().await {
            match number % 2 {
                0 => assert_eq!(end.unwrap().status, Status::Paid),
                _ => assert_eq!(end.unwrap_err().code(), ErrorCode::InvoiceExpired),
            }
            ended += 1;
        }
        assert_eq!(ended, AT_ONCE, "each wait has an end");
    };
    let payers = async {
        for _ in numbers {
            let copy = world.wire.sent.recv().await.unwrap();
            if copy.label.parse::<u32>().unwrap() % 2 == 0 {
                let paid = payee.payment_received(money(copy.payment_hash)).await.unwrap();
                assert_eq!(paid.status, Status::Paid);
            }
        }
        world.clock.go(3_601);
    };
    zip(ends, payers).await;
    assert_eq!(world.wire.sent.len(), 0);
}

/// Every payer is somewhere else: copies for one peer would wait in a line.
fn path_of_its_own(number: u32) -> BlindedPath {
    let mut key = [1; 32];
    key[..4].copy_from_slice(&number.to_be_bytes());
    let node = SecretKey::from_slice(&key).unwrap().public_key(&Secp256k1::new());
    BlindedPath {
        introduction: Introduction::NodeId(node),
        ..path_over(10)
    }
}

/// How long the store takes to write durably what says nothing.
fn floor(store: &Counted, number: u32) -> Vec<Duration> {
    const WRITES: u32 = 20;
    let write = |write: u32| {
        let revision = u64::from(number * WRITES + write + 1);
        let begun = Instant::now();
        block_on(store.0.write(&Batch::new("floor", revision))).unwrap();
        begun.elapsed()
    };
    (0..WRITES).map(write).collect()
}

async fn everything_is_there(payee: &Payee, count: u64) {
    let (mut start, mut seen) = (0, [0, 0]);
    loop {
        let query = ListInvoices {
            start,
            limit: Some(1_000),
            ..ListInvoices::default()
        };
        let page = payee.list_invoices(query).await.unwrap();
        for record in page.records {
            match record.status {
                Status::Paid => seen[0] += 1,
                Status::Expired => seen[1] += 1,
                Status::Unpaid => panic!("{record:?}"),
            }
        }
        match page.next {
            Some(next) => start = next,
            None => break,
        }
    }
    assert_eq!(seen, [count / 2, count / 2]);
}

/// How much is held once it is so little, or at least. The runner may still be busy letting go of what its last write was made of.
fn held(enough: usize) -> usize {
    let mut least = usize::MAX;
    for _ in 0..50 {
        least = least.min(HELD.current_usage());
        if least <= enough {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    least
}

/// How much memory the process has, in bytes; 0 where the system does not say.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes: Option<u64> = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kilobytes.unwrap_or(0) * 1024
}
