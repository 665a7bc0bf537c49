//! Where wallets are kept: the contract of a store, and the stores that come with the library.
//!
//! A [`Store`] is an ordered key-value store with one conditional, atomic, durable write. That is little enough for
//! any database to offer it, so an app that outgrows one file brings its own store and changes nothing else.
//!
//! ```
//! use invreq::store::{Batch, Conflict, MemoryStore, Store, StoreError};
//!
//! # futures_lite::future::block_on(async {
//! let store = MemoryStore::new();
//! store.write(&Batch::new(b"w1/revision", 1).put(b"w1/a", b"apple").put(b"w1/b", b"pear")).await?;
//!
//! let page = store.range(b"w1/a", b"w1/c", 100).await?;
//! assert_eq!(page[1].value, b"pear");
//!
//! // Whoever has not seen revision 1 cannot overwrite it.
//! let late = store.write(&Batch::new(b"w1/revision", 1).delete(b"w1/a")).await;
//! assert_eq!(late, Err(StoreError::Conflict(Conflict::Revision)));
//! # Ok::<(), StoreError>(())
//! # }).unwrap();
//! ```

mod batch;
#[cfg(feature = "testing")]
pub mod conformance;
mod error;
mod export;
mod memory;
#[cfg(feature = "sqlite")]
mod sqlite;

use core::future::Future;
use std::sync::Arc;

pub use batch::{prefix_end, Batch, Entry, MAX_BATCH_LEN, MAX_KEY_LEN, MAX_VALUE_LEN};
pub use error::{Conflict, StoreError};
pub(crate) use export::MARK as IMPORTING;
pub use export::{export, import, is_importing};
pub use memory::MemoryStore;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;

/// An ordered key-value store with one conditional, atomic, durable write.
///
/// Keys are 1 to [`MAX_KEY_LEN`] bytes and values 0 to [`MAX_VALUE_LEN`] bytes, of any content; a batch is at most
/// [`MAX_BATCH_LEN`] bytes. Keys are ordered as unsigned bytes, a key before its own extensions: `a`, `a\0`, `a\xff`,
/// `b`.
///
/// **Wallets.** One store holds any number of wallets. Each uses keys of its own prefix and a revision key of its
/// own, so the write of one never conflicts with the write of another. There is one writer at a time per wallet; the
/// revision is what stops a second one, in this process or another, from overwriting what it has not seen.
///
/// **Calls at the same time.** Any method may be called while other calls are under way, from any thread. Writes take
/// effect one after another, each as a whole, and a read sees each write as a whole or not at all. A read that is
/// begun after a write has returned sees that write.
///
/// **Dropped calls.** A call is begun when its future is first polled. A write whose future is dropped after that may
/// be done or not done, but never half. The futures may need the host's own runtime, and are polled wherever the
/// caller of the library polls.
///
/// **Errors.** After [`Conflict`](StoreError::Conflict), [`Full`](StoreError::Full), [`Invalid`](StoreError::Invalid)
/// and [`Closed`](StoreError::Closed) a write has changed nothing. After [`Failed`](StoreError::Failed) it may have
/// been done all the same (a connection can break between the commit and its answer). Then the same batch can be
/// written again without harm: if it had been done, the answer is a revision conflict. But once it has failed it is over:
/// a read that is begun afterwards sees what became of it, and it takes no effect later.
///
/// An implementation can prove itself with the suite in `store::conformance` (feature `testing`).
pub trait Store: Send + Sync {
    /// The first `limit` entries with `start <= key < end`, in ascending order of keys.
    ///
    /// Fewer than `limit` entries mean that there are no more: a store that cannot return as many at once reads again
    /// until it can. The result is empty where `start >= end` or `limit` is 0. A bound is any bytes: it need not be a
    /// key, and it can be one byte longer than [`MAX_KEY_LEN`] (see [`prefix_end`]).
    ///
    /// Fails with [`StoreError::Closed`] after [`close`](Self::close), and otherwise only where the entries could not
    /// be read.
    fn range(
        &self,
        start: &[u8],
        end: &[u8],
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Entry>, StoreError>> + Send;

    /// Does everything in `batch`, or nothing.
    ///
    /// In one transaction: the conditions of the batch are checked against what the store holds *before* the write;
    /// where they hold, every put, every delete and the new revision take effect together. A put replaces what was
    /// there; a delete of a missing key is no error; a key that must be absent may be put by the same batch. The
    /// conditions are:
    ///
    /// 1. for revision 1, there is nothing at `revision_key`; for any later one, there are exactly the 8 bytes of
    ///    `revision - 1`, big-endian; otherwise it is [`Conflict::Revision`];
    /// 2. no key of `absent` exists; the first one that does is named by [`Conflict::Present`].
    ///
    /// The first condition comes first: where both are broken, the conflict is about the revision.
    ///
    /// When it returns `Ok`, the write is durable: it survives the end of the process and, as far as the medium keeps
    /// its word, a loss of power. Batches outside the limits are [`StoreError::Invalid`]; [`Batch::check`] finds
    /// them.
    fn write(&self, batch: &Batch) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Waits for the calls under way and gives back what the store occupies.
    ///
    /// Calls begun before it finish as if nothing had happened; `range` and `write` begun after it fail with
    /// [`StoreError::Closed`]. Closing again is no error. Other handles on the same data stay open.
    fn close(&self) -> impl Future<Output = Result<(), StoreError>> + Send;
}

impl<S: Store> Store for &S {
    fn range(
        &self,
        start: &[u8],
        end: &[u8],
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Entry>, StoreError>> + Send {
        (**self).range(start, end, limit)
    }

    fn write(&self, batch: &Batch) -> impl Future<Output = Result<(), StoreError>> + Send {
        (**self).write(batch)
    }

    fn close(&self) -> impl Future<Output = Result<(), StoreError>> + Send {
        (**self).close()
    }
}

impl<S: Store> Store for Arc<S> {
    fn range(
        &self,
        start: &[u8],
        end: &[u8],
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Entry>, StoreError>> + Send {
        (**self).range(start, end, limit)
    }

    fn write(&self, batch: &Batch) -> impl Future<Output = Result<(), StoreError>> + Send {
        (**self).write(batch)
    }

    fn close(&self) -> impl Future<Output = Result<(), StoreError>> + Send {
        (**self).close()
    }
}
