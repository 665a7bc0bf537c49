//! The suite that shows whether a store keeps the contract of [`Store`] (feature `testing`).
//!
//! An app that brings its own store runs [`run`] in one of its tests. It needs no test framework and no particular
//! runtime: it is a future, to be awaited where the store's own futures can be.
//!
//! ```
//! use invreq::store::{conformance, MemoryStore, StoreError};
//! use std::collections::BTreeMap;
//! use std::sync::Mutex;
//!
//! #[derive(Default)]
//! struct InMemory(Mutex<BTreeMap<String, MemoryStore>>);
//!
//! impl conformance::Harness for InMemory {
//!     type Store = MemoryStore;
//!
//!     async fn open(&self, name: &str) -> Result<MemoryStore, StoreError> {
//!         Ok(self.0.lock().unwrap().entry(name.to_owned()).or_default().clone())
//!     }
//! }
//!
//! let report = futures_lite::future::block_on(conformance::run(&InMemory::default())).unwrap();
//! println!("{report}");
//! ```

mod expect;
mod join;
mod lifecycle;
mod races;
mod reads;
mod revisions;
mod writes;

use core::fmt;
use core::future::Future;

use super::{Store, StoreError};
use expect::{Check, Fault, Space};

/// What the suite needs to know of a store: how to open one.
pub trait Harness: Sync {
    /// The store to be examined.
    type Store: Store;

    /// Whether data outlives the last handle on it. Where it does not, the checks of durability are skipped.
    fn is_durable(&self) -> bool {
        true
    }

    /// Whether the same data can be open more than once at a time. Where it cannot, the checks of several handles are
    /// skipped.
    fn is_shared(&self) -> bool {
        true
    }

    /// Opens the data of this name, which is made of small letters and hyphens.
    ///
    /// Under a name that has not been used before there is nothing; each name is data of its own, and the same name
    /// opens the same data. A database server can use a table for each, a store of files a file.
    fn open(&self, name: &str) -> impl Future<Output = Result<Self::Store, StoreError>> + Send;
}

/// What came out of every check.
///
/// It is an error as well, which names the checks that failed.
#[derive(Clone, PartialEq, Eq)]
pub struct Report {
    /// Every check in the order in which it was made, those skipped included.
    pub checks: Vec<(&'static str, Outcome)>,
}

/// What came out of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The store does as the contract says.
    Passed,
    /// The check does not apply to this store, for the reason given.
    Skipped(&'static str),
    /// The store broke the contract, in the way given.
    Failed(String),
}

impl Report {
    /// The names of the checks that failed.
    pub fn failed(&self) -> impl Iterator<Item = &'static str> + '_ {
        let failed = |outcome: &Outcome| matches!(outcome, Outcome::Failed(_));
        self.checks
            .iter()
            .filter(move |(_, outcome)| failed(outcome))
            .map(|(name, _)| *name)
    }
}

macro_rules! suite {
    ($($name:literal => $check:path;)*) => {
        /// The names of all checks, in the order in which they are made.
        pub const CHECKS: &[&str] = &[$($name),*];

        /// Makes every check, each on data of its own name, and goes on after a failure.
        ///
        /// `Err` holds the same report, where at least one check failed.
        pub async fn run<H: Harness>(harness: &H) -> Result<Report, Report> {
            let mut report = Report { checks: Vec::new() };
            $(
                let space = Space::new(harness, $name);
                report.checks.push(($name, outcome($check(&space).await)));
            )*
            let failures = report.failed().count();
            match failures {
                0 => Ok(report),
                _ => Err(report),
            }
        }
    };
}

suite! {
    "range-of-nothing" => reads::range_of_nothing;
    "range-order" => reads::range_order;
    "range-bounds" => reads::range_bounds;
    "range-limit" => reads::range_limit;
    "range-pages" => reads::range_pages;
    "keys-are-bytes" => reads::keys_are_bytes;
    "keys-of-every-length" => reads::keys_of_every_length;
    "values-of-every-size" => reads::values_of_every_size;
    "put-replaces" => writes::put_replaces;
    "delete-removes" => writes::delete_removes;
    "read-your-writes" => writes::read_your_writes;
    "large-batch" => writes::large_batch;
    "absent-refuses" => writes::absent_refuses;
    "absent-names-the-key" => writes::absent_names_the_key;
    "absent-looks-before-the-write" => writes::absent_looks_before_the_write;
    "conflict-writes-nothing" => writes::conflict_writes_nothing;
    "invalid-writes-nothing" => writes::invalid_writes_nothing;
    "revision-begins-at-one" => revisions::begins_at_one;
    "revision-is-the-next" => revisions::is_the_next;
    "revision-encoding" => revisions::encoding;
    "revision-comes-first" => revisions::comes_first;
    "revision-stale-writer" => revisions::stale_writer;
    "wallets-apart" => revisions::wallets_apart;
    "race-on-a-revision" => races::on_a_revision;
    "race-of-handles" => races::of_handles;
    "race-on-an-absent-key" => races::on_an_absent_key;
    "race-of-reads-and-writes" => races::of_reads_and_writes;
    "dropped-write" => races::dropped_write;
    "survives-closing" => lifecycle::survives_closing;
    "survives-dropping" => lifecycle::survives_dropping;
    "closed-refuses" => lifecycle::closed_refuses;
    "close-waits" => lifecycle::close_waits;
    "close-is-for-one-handle" => lifecycle::close_is_for_one_handle;
}

fn outcome(check: Check) -> Outcome {
    match check {
        Ok(()) => Outcome::Passed,
        Err(Fault::Skipped(why)) => Outcome::Skipped(why),
        Err(Fault::Failed(how)) => Outcome::Failed(how),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, outcome) in &self.checks {
            match outcome {
                Outcome::Passed => writeln!(f, "passed  {name}")?,
                Outcome::Skipped(why) => writeln!(f, "skipped {name}: {why}")?,
                Outcome::Failed(how) => writeln!(f, "FAILED  {name}: {how}")?,
            }
        }
        Ok(())
    }
}

/// The same text as `Display`, so that `unwrap` shows it.
impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{self}")
    }
}

impl std::error::Error for Report {}
