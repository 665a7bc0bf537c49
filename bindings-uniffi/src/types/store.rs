//! What a store reads and writes.

use invreq::store::{Batch, Conflict, Entry, StoreError};

/// A key and its value.
///
/// `Debug` prints the key, and of the value only the length: values can hold secrets.
#[uniffi::remote(Record)]
pub struct Entry {
    /// The key, 1 to [`MAX_KEY_LEN`] bytes.
    pub key: Vec<u8>,
    /// The value, 0 to [`MAX_VALUE_LEN`] bytes.
    pub value: Vec<u8>,
}

/// One write: what to change, and what must hold for it.
///
/// Its rules are those of [`check`](Self::check); what it means is said at [`Store::write`](super::Store::write).
/// `Debug` prints keys, and of the values only their lengths.
#[uniffi::remote(Record)]
pub struct Batch {
    /// The entries to write. They replace what is there.
    pub puts: Vec<Entry>,
    /// The keys to remove. Those that do not exist are passed over.
    pub deletes: Vec<Vec<u8>>,
    /// The keys that must not exist before the write. They may be among the puts.
    pub absent: Vec<Vec<u8>>,
    /// Where the wallet keeps its revision.
    pub revision_key: Vec<u8>,
    /// The revision that the wallet has after this write, from 1. It must be the next one.
    pub revision: u64,
}

/// Why a store did not do what it was asked. The texts are sentences for a person, without keys and values.
#[uniffi::remote(Enum)]
pub enum StoreError {
    /// A condition of the batch does not hold, so nothing was written: `store_conflict`.
    Conflict(Conflict),
    /// There is no room left for the write, and nothing was written: `store_failed`.
    Full(String),
    /// The store can be read but not written: `store_failed`, not retryable.
    ReadOnly(String),
    /// The store could not read or write: `store_failed`. A write may have been done all the same.
    Failed(String),
    /// What is stored is damaged: `store_corrupt`.
    Corrupt(String),
    /// What was opened belongs to another application or to another version of this library: `wrong_store`.
    Foreign(String),
    /// The caller broke the contract, and nothing was written: `internal`.
    Invalid(String),
    /// The store was closed before the call: `store_failed`, not retryable.
    Closed,
}

/// Which condition of a batch does not hold.
#[uniffi::remote(Enum)]
pub enum Conflict {
    /// The revision is not the next one: another writer was first.
    Revision,
    /// This key exists, and the batch needs it to be absent.
    Present(Vec<u8>),
}
