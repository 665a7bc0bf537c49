use core::fmt;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Batch, Conflict, Entry, Store, StoreError};

type Entries = BTreeMap<Vec<u8>, Vec<u8>>;

/// A store that lives as long as the process: for tests, and for a host that keeps nothing.
///
/// A wallet in it forgets its invoices when the process ends, and with them the preimages of payments that are still
/// to come. Its writes are as atomic as those of any store, but they are not durable.
///
/// A clone is another handle on the same entries, as if one file were opened twice: it is closed for itself, and the
/// clone of a closed handle is open.
#[derive(Default)]
pub struct MemoryStore {
    entries: Arc<Mutex<Entries>>,
    closed: AtomicBool,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn entries(&self) -> Result<MutexGuard<'_, Entries>, StoreError> {
        let entries = self.lock();
        if self.closed.load(Ordering::Acquire) {
            return Err(StoreError::Closed);
        }
        Ok(entries)
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        // Nothing that could panic runs under the lock after the first change, so a poisoned map is still whole.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    async fn range(&self, start: &[u8], end: &[u8], limit: usize) -> Result<Vec<Entry>, StoreError> {
        let entries = self.entries()?;
        if start >= end {
            return Ok(Vec::new()); // BTreeMap::range panics on such bounds
        }
        let found =
            entries.range::<[u8], _>((core::ops::Bound::Included(start), core::ops::Bound::Excluded(end)));
        Ok(found
            .take(limit)
            .map(|(key, value)| Entry::new(key.as_slice(), value.as_slice()))
            .collect())
    }

    async fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        batch.check()?;
        let mut entries = self.entries()?;
        let revision = entries.get(&batch.revision_key).map(Vec::as_slice);
        if revision != batch.expected_revision().as_ref().map(<[u8; 8]>::as_slice) {
            return Err(StoreError::Conflict(Conflict::Revision));
        }
        if let Some(key) = batch.absent.iter().find(|key| entries.contains_key(*key)) {
            return Err(StoreError::Conflict(Conflict::Present(key.clone())));
        }
        for key in &batch.deletes {
            entries.remove(key);
        }
        for put in &batch.puts {
            entries.insert(put.key.clone(), put.value.clone());
        }
        entries.insert(batch.revision_key.clone(), batch.new_revision().to_vec());
        Ok(())
    }

    async fn close(&self) -> Result<(), StoreError> {
        // Under the lock, so that a write on another thread is either done or not begun.
        let _entries = self.lock();
        self.closed.store(true, Ordering::Release);
        Ok(())
    }
}

impl Clone for MemoryStore {
    fn clone(&self) -> Self {
        Self {
            entries: Arc::clone(&self.entries),
            closed: AtomicBool::new(false),
        }
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryStore({} entries)", self.lock().len())
    }
}
