//! A store of an app as the core sees it, and what the core does with a whole store.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use bitcoin::Network;
use futures_channel::oneshot;
use futures_lite::future::block_on;
use invreq::engine::Config;
use invreq::store::{export, import, Batch, Entry, Store, StoreError};

use crate::store::{HostStore, StoreRead};
use crate::BadValue;

/// What came of an export.
#[derive(uniffi::Enum)]
pub enum Exported {
    /// The wallet.
    Dump {
        /// As secret as the store itself.
        dump: Vec<u8>,
    },
    /// There is none.
    Failed {
        /// Why not.
        error: StoreError,
    },
}

/// Everything a store holds of a wallet, as bytes.
#[uniffi::export]
pub fn export_wallet(store: Arc<dyn HostStore>, wallet_id: &str) -> Result<Exported, BadValue> {
    let config = place(wallet_id)?;
    let dumped = block_on(export(
        &Foreign::new(store),
        &config.store_prefix(),
        &config.revision_key(),
    ));
    Ok(match dumped {
        Ok(dump) => Exported::Dump { dump },
        Err(error) => Exported::Failed { error },
    })
}

/// Writes a dump into a store that holds nothing of the wallet yet.
#[uniffi::export]
pub fn import_wallet(
    store: Arc<dyn HostStore>,
    wallet_id: &str,
    dump: Vec<u8>,
) -> Result<Option<StoreError>, BadValue> {
    let config = place(wallet_id)?;
    let (prefix, revision_key) = (config.store_prefix(), config.revision_key());
    let imported = block_on(import(&Foreign::new(store), &prefix, &revision_key, &dump));
    Ok(imported.err())
}

/// Where a wallet lies in its store; the network has no part in it. An id that no wallet can be opened by is refused: it could reach
/// into the entries of another one.
fn place(wallet_id: &str) -> Result<Config, BadValue> {
    let mut config = Config::new(Network::Bitcoin);
    config.wallet_id = wallet_id.to_owned();
    config.check().map_err(|error| BadValue::new(error.message()))?;
    Ok(config)
}

/// A store whose calls block. Each is made on a thread of its own, so that calls of one task can be under way together.
pub(crate) struct Foreign {
    store: Arc<dyn HostStore>,
    under_way: Arc<UnderWay>,
}

impl Foreign {
    pub(crate) fn new(store: Arc<dyn HostStore>) -> Self {
        let under_way = Arc::default();
        Self { store, under_way }
    }

    /// A read or a write: a close waits for it.
    async fn take_turn<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn HostStore) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = Turn::begin(&self.under_way);
        self.call(move |store| {
            let _turn = turn;
            call(store)
        })
        .await
    }

    async fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn HostStore) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (give, take) = oneshot::channel();
        let store = Arc::clone(&self.store);
        let started = thread::Builder::new().spawn(move || {
            // A caller that is gone wants no answer.
            let _ = give.send(call(&*store));
        });
        let lost = |why: &str| StoreError::Failed(why.to_owned());
        started.map_err(|_| lost("there is no thread to call it on"))?;
        take.await
            .unwrap_or_else(|_| Err(lost("it gave up in the middle of a call")))
    }
}

impl Store for Foreign {
    async fn range(&self, start: &[u8], end: &[u8], limit: usize) -> Result<Vec<Entry>, StoreError> {
        let (start, end) = (start.to_vec(), end.to_vec());
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        self.take_turn(move |store| match store.range(start, end, limit) {
            StoreRead::Entries { entries } => Ok(entries),
            StoreRead::Failed { error } => Err(error),
        })
        .await
    }

    async fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        let batch = batch.clone();
        self.take_turn(move |store| store.write(batch).map_or(Ok(()), Err))
            .await
    }

    async fn close(&self) -> Result<(), StoreError> {
        let under_way = Arc::clone(&self.under_way);
        self.call(move |store| {
            // Which thread comes first nobody can say: what was begun before is not to find the store closed.
            under_way.wait();
            store.close().map_or(Ok(()), Err)
        })
        .await
    }
}

/// How many reads and writes are under way.
#[derive(Default)]
struct UnderWay {
    count: Mutex<usize>,
    ended: Condvar,
}

/// How long a close waits for them. A store that needs longer has to wait for them by itself.
const PATIENCE: Duration = Duration::from_secs(1);

/// A read or a write, until it is dropped.
struct Turn(Arc<UnderWay>);

impl UnderWay {
    /// A number is never left half-changed.
    fn count(&self) -> MutexGuard<'_, usize> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there are none, but not for ever.
    fn wait(&self) {
        let count = self.count();
        drop(self.ended.wait_timeout_while(count, PATIENCE, |count| *count > 0));
    }
}

impl Turn {
    fn begin(under_way: &Arc<UnderWay>) -> Self {
        let mut count = under_way.count();
        *count = count.saturating_add(1);
        Self(Arc::clone(under_way))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut count = self.0.count();
        *count = count.saturating_sub(1);
        self.0.ended.notify_all();
    }
}
