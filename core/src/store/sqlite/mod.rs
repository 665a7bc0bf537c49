mod database;
mod failure;
#[cfg(test)]
mod tests;
mod worker;

use core::fmt;
use std::path::Path;

use super::{Batch, Entry, Store, StoreError};
use database::Database;
use failure::Failure;
use worker::Worker;

/// A durable store in one SQLite file.
///
/// SQLite is built into the library. The file is in WAL mode, so `-wal` and `-shm` files stand beside it while it is
/// open; it belongs on a local disk, for network file systems do not lock as SQLite needs it. Any number of processes
/// can open the same file: the conditions of a batch hold between them too.
///
/// All work is done on one thread that the store owns, in the order in which it was asked for, so callers never block
/// and need no particular runtime. A store that is dropped without [`close`](Store::close) still does what it was
/// asked.
///
/// ```no_run
/// use invreq::store::{SqliteStore, Store};
///
/// # futures_lite::future::block_on(async {
/// let store = SqliteStore::open("wallet.invreq").await?;
/// // ... hand it to the wallet, and at the end:
/// store.close().await?;
/// # Ok::<(), invreq::store::StoreError>(())
/// # }).unwrap();
/// ```
///
/// Where another process keeps the file locked for more than 5 seconds, a call fails with [`StoreError::Failed`].
pub struct SqliteStore {
    worker: Worker,
}

impl SqliteStore {
    /// Opens the store in this file, which is made where it does not exist; its folder must exist.
    ///
    /// Opening takes the same few milliseconds however much the store holds. On Unix a new file is readable by its
    /// owner alone.
    ///
    /// Fails with [`StoreError::Foreign`] and leaves the file as it is where it holds something else: no SQLite
    /// database, one of another application, or a store of a later version. Fails with [`StoreError::ReadOnly`] where
    /// the file cannot be written, with [`StoreError::Corrupt`] where it is damaged, and with [`StoreError::Failed`]
    /// otherwise.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref().to_owned();
        Self::start(move || Database::open(&path)).await
    }

    /// Opens an empty store that is kept in memory, for tests: everything of SQLite but the file.
    pub async fn open_in_memory() -> Result<Self, StoreError> {
        Self::start(Database::open_in_memory).await
    }

    async fn start(
        open: impl FnOnce() -> Result<Database, Failure> + Send + 'static,
    ) -> Result<Self, StoreError> {
        let worker = Worker::start(open).await?;
        Ok(Self { worker })
    }
}

impl Store for SqliteStore {
    async fn range(&self, start: &[u8], end: &[u8], limit: usize) -> Result<Vec<Entry>, StoreError> {
        let (start, end) = (start.to_vec(), end.to_vec());
        self.worker.run(move |db| db.range(&start, &end, limit)).await
    }

    async fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        batch.check()?;
        let batch = batch.clone();
        self.worker.run(move |db| db.write(&batch)).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.worker.close().await
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqliteStore")
    }
}
