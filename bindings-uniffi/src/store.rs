//! The stores of the core, blocking, and the stores of an app, called back.
//!
//! Every call blocks until it is done: the packages make it on a thread that may wait. Bytes are taken as a copy: what is borrowed from
//! a runtime with a collector may be collected in the middle of the call.

use std::sync::Arc;

use futures_lite::future::block_on;
#[cfg(feature = "sqlite")]
use invreq::store::SqliteStore;
use invreq::store::{Batch, Entry, MemoryStore, Store, StoreError};
use invreq::{Error, ErrorDetails};

use crate::BadValue;

/// A store of the core.
#[derive(uniffi::Object)]
pub struct NativeStore(Kind);

enum Kind {
    Memory(MemoryStore),
    #[cfg(feature = "sqlite")]
    Sqlite(SqliteStore),
}

/// A store of an app.
#[uniffi::export(with_foreign)]
pub trait HostStore: Send + Sync {
    /// The first `limit` entries with `start <= key < end`, in ascending order of keys.
    fn range(&self, start: Vec<u8>, end: Vec<u8>, limit: u32) -> StoreRead;
    /// Writes a batch as a whole, durably, or says why not.
    fn write(&self, batch: Batch) -> Option<StoreError>;
    /// Closes this handle, once what was asked of it is done.
    fn close(&self) -> Option<StoreError>;
}

/// What came of a read.
#[derive(uniffi::Enum)]
pub enum StoreRead {
    /// It found these.
    Entries {
        /// In ascending order of keys.
        entries: Vec<Entry>,
    },
    /// The store did not do it.
    Failed {
        /// Why not.
        error: StoreError,
    },
}

/// What came of opening a store.
#[derive(uniffi::Enum)]
pub enum StoreOpened {
    /// It is open.
    Store {
        /// The store.
        store: Arc<NativeStore>,
    },
    /// It cannot be opened.
    Failed {
        /// Why not.
        error: StoreError,
    },
}

/// An empty store that is kept in memory.
#[uniffi::export]
pub fn open_memory_store() -> Arc<NativeStore> {
    Arc::new(NativeStore(Kind::Memory(MemoryStore::new())))
}

/// Opens the store in this SQLite file, which is made where it does not exist; its folder must exist.
#[cfg(feature = "sqlite")]
#[uniffi::export]
pub fn open_sqlite_store(path: &str) -> Result<StoreOpened, BadValue> {
    Ok(match block_on(SqliteStore::open(path)) {
        Ok(store) => StoreOpened::Store {
            store: Arc::new(NativeStore(Kind::Sqlite(store))),
        },
        Err(error) => StoreOpened::Failed { error },
    })
}

/// What a store's error is to a caller of the library.
#[uniffi::export]
pub fn store_error_details(error: StoreError) -> ErrorDetails {
    Error::from(error).into_details()
}

#[uniffi::export]
impl NativeStore {
    /// Another handle on what a store in memory holds; `None` for other stores, which are opened once more.
    pub fn reopen(&self) -> Option<Arc<Self>> {
        match &self.0 {
            Kind::Memory(store) => Some(Arc::new(Self(Kind::Memory(store.clone())))),
            #[cfg(feature = "sqlite")]
            Kind::Sqlite(_) => None,
        }
    }

    /// The first `limit` entries with `start <= key < end`, in ascending order of keys.
    pub fn range(&self, start: Vec<u8>, end: Vec<u8>, limit: u32) -> Result<StoreRead, BadValue> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let read = match &self.0 {
            Kind::Memory(store) => block_on(store.range(&start, &end, limit)),
            #[cfg(feature = "sqlite")]
            Kind::Sqlite(store) => block_on(store.range(&start, &end, limit)),
        };
        Ok(match read {
            Ok(entries) => StoreRead::Entries { entries },
            Err(error) => StoreRead::Failed { error },
        })
    }

    /// Writes a batch as a whole, durably, or says why not.
    pub fn write(&self, batch: Batch) -> Result<Option<StoreError>, BadValue> {
        let written = match &self.0 {
            Kind::Memory(store) => block_on(store.write(&batch)),
            #[cfg(feature = "sqlite")]
            Kind::Sqlite(store) => block_on(store.write(&batch)),
        };
        Ok(written.err())
    }

    /// Closes this handle, once what was asked of it is done.
    pub fn close(&self) -> Result<Option<StoreError>, BadValue> {
        let closed = match &self.0 {
            Kind::Memory(store) => block_on(store.close()),
            #[cfg(feature = "sqlite")]
            Kind::Sqlite(store) => block_on(store.close()),
        };
        Ok(closed.err())
    }
}
