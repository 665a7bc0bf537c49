//! What a store reads and writes.

use invreq::store::{Batch, Entry};

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
