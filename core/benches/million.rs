//! A SQLite store with a million closed invoices: opening it, and reading a page of 100.
//!
//! The store is made once, without cryptography, and kept in cargo's target folder. Opening is measured in processes of
//! their own, so that the memory it takes can be told.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
#![allow(clippy::print_stdout, clippy::expect_used)]

mod support;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::Command;
use std::time::{Duration, Instant};

use bitcoin::Network;
use criterion::Criterion;
use futures_lite::future::block_on;
use futures_lite::FutureExt;
use invreq::driver::{HostError, Payee, PaymentSource, Transport};
use invreq::engine::{
    Config, Delivery, Fixture, InboundPayment, InboundPaymentRequest, ListIndex, ListInvoices, Page,
    SendOutcome,
};
use invreq::store::{Entry, SqliteStore, Store};
use rusqlite::{Connection, OpenFlags};
use support::data::point;
use support::pairs::{line, measure, median, report, show, Limit, Measured};

const SEED: [u8; 32] = [7; 32];
const CLOSED: u64 = 1_000_000;
/// Changed whenever the fixture has to be made anew.
const VERSION: u32 = 1;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(path) = arguments.iter().position(|argument| argument == "--open") {
        return open_once(Path::new(&arguments[path + 1]));
    }
    if support::quick() {
        return;
    }
    let path = fixture();
    if !support::only_criterion() {
        opening(&path);
        pages(&path);
    }
    support::criterion(|criterion| benches(criterion, &path));
}

/// A payee and its runner on one thread.
struct Wallet {
    payee: Payee,
    running: Pin<Box<dyn Future<Output = ()>>>,
}

impl Wallet {
    fn open(path: &Path) -> Self {
        let config = Config::new(Network::Bitcoin);
        let store = block_on(SqliteStore::open(path)).unwrap();
        let (payee, runner) = block_on(Payee::builder(config, SEED, store, Nobody, Nobody).open()).unwrap();
        Self {
            payee,
            running: Box::pin(runner.run()),
        }
    }

    fn page(&mut self, index: ListIndex, start: u64) -> Page {
        let query = ListInvoices {
            index,
            start,
            limit: Some(100),
            ..ListInvoices::default()
        };
        let running = async {
            self.running.as_mut().await;
            unreachable!("the payee is open")
        };
        let page = block_on(self.payee.list_invoices(query).or(running)).unwrap();
        assert_eq!(page.records.len(), 100);
        page
    }

    fn close(self) {
        block_on(self.payee.close()).unwrap();
    }
}

/// What a process does that is asked to open the store: it prints how long that took, and how much memory.
fn open_once(path: &Path) {
    let before = peak_kb();
    let begun = Instant::now();
    let wallet = Wallet::open(path);
    let took = begun.elapsed();
    println!("{} {}", took.as_nanos(), peak_kb() - before);
    wallet.close();
}

/// The most memory this process ever had, in KiB; 0 where the system does not say.
fn peak_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = peak.and_then(|peak| peak.split_whitespace().next()?.parse().ok());
    number.unwrap_or(0)
}

fn opening(path: &Path) {
    let (mut ours, mut floors, mut peaks) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..21 {
        let open = Command::new(std::env::current_exe().unwrap())
            .arg("--open")
            .arg(path)
            .output()
            .unwrap();
        let text = String::from_utf8(open.stdout).unwrap();
        let (nanos, peak) = text.trim().split_once(' ').unwrap();
        ours.push(Duration::from_nanos(nanos.parse().unwrap()));
        peaks.push(peak.parse::<u64>().unwrap());
        let begun = Instant::now();
        bare(path)
            .query_row("SELECT count(*) FROM (SELECT 1 FROM entries LIMIT 1)", (), |_| {
                Ok(())
            })
            .unwrap();
        floors.push(begun.elapsed());
    }
    let mut ratios: Vec<f64> = ours
        .iter()
        .zip(&floors)
        .map(|(one, other)| one.as_secs_f64() / other.as_secs_f64())
        .collect();
    ratios.sort_by(f64::total_cmp);
    let measured = Measured {
        ours: median(ours),
        theirs: median(floors),
        ratio: ratios[ratios.len() / 2],
    };
    let what = "open a store with 1,000,000 closed invoices";
    report(
        what,
        "SQLite alone: open, read one row",
        &measured,
        &Limit::Time(Duration::from_millis(100)),
    );
    let peak = peaks.into_iter().max().unwrap() as f64 / 1024.0;
    let file = std::fs::metadata(path).unwrap().len() as f64 / f64::from(1 << 20);
    let (ours, theirs) = (format!("{peak:.1} MB"), format!("{file:.0} MB"));
    line(
        &format!("{what}: memory at most"),
        &ours,
        "size of the file",
        &theirs,
        peak / file,
        "under 50 MB",
        peak < 50.0,
    );
}

fn pages(path: &Path) {
    let mut wallet = Wallet::open(path);
    let rows = bare(path);
    let limit = Limit::Time(Duration::from_millis(5));
    for (index, name) in [(ListIndex::Created, "creation"), (ListIndex::Updated, "change")] {
        let (mut ours, mut theirs) = (starts(), starts());
        let measured = measure(
            || wallet.page(index, ours.next().unwrap()),
            || read(&rows, theirs.next().unwrap()),
        );
        let what = format!("a page of 100 of 1,000,000, by {name}");
        report(&what, "SQLite alone: the same 100 rows", &measured, &limit);
    }
    wallet.close();
}

/// Where pages start: all over the store.
fn starts() -> impl Iterator<Item = u64> {
    (1..).map(|page: u64| 1 + page * 618_033 % (CLOSED - 100))
}

/// The rows of a page, with nothing made of them.
fn read(rows: &Connection, start: u64) -> Vec<(Vec<u8>, Vec<u8>)> {
    let start = [b"invreq/main/r".as_slice(), &start.to_be_bytes()].concat();
    let mut select = rows
        .prepare_cached("SELECT key, value FROM entries WHERE key >= ?1 ORDER BY key LIMIT 100")
        .unwrap();
    let rows = select
        .query_map([start], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    let rows: Vec<_> = rows.map(Result::unwrap).collect();
    assert_eq!(rows.len(), 100);
    rows
}

fn bare(path: &Path) -> Connection {
    Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .unwrap()
}

fn benches(c: &mut Criterion, path: &Path) {
    let mut wallet = Wallet::open(path);
    c.bench_function("million/page", |b| {
        b.iter(|| wallet.page(ListIndex::Created, 500_000))
    });
    wallet.close();
    c.bench_function("million/open", |b| b.iter(|| Wallet::open(path).close()));
}

/// The store, made if it is not there.
fn fixture() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("million");
    let path = folder.join(format!("v{VERSION}.sqlite"));
    if path.exists() {
        return path;
    }
    let begun = Instant::now();
    eprintln!("making a store with {CLOSED} invoices, once …");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let half = folder.join("half");
    block_on(async { SqliteStore::open(&half).await.unwrap().close().await.unwrap() });
    fill(&half);
    std::fs::rename(half, &path).unwrap();
    eprintln!("made in {}", show(begun.elapsed()));
    path
}

/// Writes everything in the order of the keys, which is how SQLite is fastest and its file smallest.
fn fill(path: &Path) {
    let fixture = Fixture::new(Config::new(Network::Bitcoin), &SEED, point(0x42));
    let all = || (1..=CLOSED).map(|index| fixture.closed(index).unwrap());
    let kind = |entry: &Entry| entry.key[b"invreq/main/".len()];
    let mut scattered: Vec<Entry> = all()
        .flatten()
        .filter(|entry| matches!(kind(entry), b'h' | b'l' | b'q'))
        .collect();
    scattered.extend(fixture.head(CLOSED, 0));
    scattered.sort_by(|one, other| one.key.cmp(&other.key));

    let db = Connection::open(path).unwrap();
    db.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN")
        .unwrap();
    let mut insert = db
        .prepare("INSERT INTO entries (key, value) VALUES (?1, ?2)")
        .unwrap();
    let mut put = |entry: &Entry| assert_eq!(insert.execute((&entry.key, &entry.value)), Ok(1));
    let mut scattered = scattered.iter().peekable();
    for sorted in [b'p', b'r', b'u'] {
        while let Some(entry) = scattered.next_if(|entry| kind(entry) < sorted) {
            put(entry);
        }
        all()
            .flatten()
            .filter(|entry| kind(entry) == sorted)
            .for_each(|entry| put(&entry));
    }
    scattered.for_each(put);
    drop(insert);
    db.execute_batch("COMMIT").unwrap();
    db.pragma_update(None, "journal_mode", "WAL").unwrap();
}

/// A host that is never asked.
struct Nobody;

impl PaymentSource for Nobody {
    async fn create_inbound_payment(&self, _: &InboundPaymentRequest) -> Result<InboundPayment, HostError> {
        Err(HostError("nobody is here".to_owned()))
    }
}

impl Transport for Nobody {
    async fn send(&self, _: &Delivery) -> SendOutcome {
        SendOutcome::Offline
    }
}
