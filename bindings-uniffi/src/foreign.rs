//! A store of an app as the core sees it, and what the core does with a whole store.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use bitcoin::Network;
use futures_channel::oneshot;
use futures_lite::future::block_on;
use invreq::engine::Config;
use invreq::store::{export, import, Batch, Entry, Store, StoreError};

use crate::store::{HostStore, StoreRead};

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
pub fn export_wallet(store: Arc<dyn HostStore>, wallet_id: &str) -> Exported {
    let config = place(wallet_id);
    let dumped = block_on(export(
        &Foreign::new(store),
        &config.store_prefix(),
        &config.revision_key(),
    ));
    match dumped {
        Ok(dump) => Exported::Dump { dump },
        Err(error) => Exported::Failed { error },
    }
}

/// Writes a dump into a store that holds nothing of the wallet yet.
#[uniffi::export]
pub fn import_wallet(store: Arc<dyn HostStore>, wallet_id: &str, dump: &[u8]) -> Option<StoreError> {
    let config = place(wallet_id);
    let (prefix, revision_key) = (config.store_prefix(), config.revision_key());
    block_on(import(&Foreign::new(store), &prefix, &revision_key, dump)).err()
}

/// Where a wallet lies in its store; the network has no part in it.
fn place(wallet_id: &str) -> Config {
    let mut config = Config::new(Network::Bitcoin);
    config.wallet_id = wallet_id.to_owned();
    config
}

/// A store whose calls block. Each is made on a thread of its own, so that calls of one task can be under way together.
pub(crate) struct Foreign {
    store: Arc<dyn HostStore>,
    under_way: Arc<UnderWay>,
}

/// How many calls are under way: which thread comes to its call first is chance, and `close` must not overtake what was begun before it.
#[derive(Default)]
struct UnderWay {
    calls: Mutex<usize>,
    ended: Condvar,
}

impl Foreign {
    pub(crate) fn new(store: Arc<dyn HostStore>) -> Self {
        let under_way = Arc::default();
        Self { store, under_way }
    }

    async fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn HostStore) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (store, under_way) = (Arc::clone(&self.store), Call::begin(&self.under_way));
        on_a_thread(move || {
            let called = call(&*store);
            drop(under_way);
            called
        })
        .await
    }
}

async fn on_a_thread<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let (give, take) = oneshot::channel();
    let started = thread::Builder::new().spawn(move || {
        // A caller that is gone wants no answer.
        let _ = give.send(call());
    });
    let lost = |why: &str| StoreError::Failed(why.to_owned());
    started.map_err(|_| lost("there is no thread to call it on"))?;
    take.await
        .unwrap_or_else(|_| Err(lost("it gave up in the middle of a call")))
}

/// A call that is under way until it is dropped.
struct Call(Arc<UnderWay>);

impl Call {
    fn begin(under_way: &Arc<UnderWay>) -> Self {
        under_way.change(|calls| calls.saturating_add(1));
        Self(Arc::clone(under_way))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.0.change(|calls| calls.saturating_sub(1));
        self.0.ended.notify_all();
    }
}

impl UnderWay {
    fn change(&self, to: impl Fn(usize) -> usize) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        *calls = to(*calls);
    }

    /// Blocks until no call is under way.
    fn wait(&self) {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let over = self.ended.wait_while(calls, |calls| *calls > 0);
        drop(over.unwrap_or_else(PoisonError::into_inner));
    }
}

impl Store for Foreign {
    async fn range(&self, start: &[u8], end: &[u8], limit: usize) -> Result<Vec<Entry>, StoreError> {
        let (start, end) = (start.to_vec(), end.to_vec());
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        self.call(move |store| match store.range(start, end, limit) {
            StoreRead::Entries { entries } => Ok(entries),
            StoreRead::Failed { error } => Err(error),
        })
        .await
    }

    async fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        let batch = batch.clone();
        self.call(move |store| store.write(batch).map_or(Ok(()), Err))
            .await
    }

    async fn close(&self) -> Result<(), StoreError> {
        let (store, under_way) = (Arc::clone(&self.store), Arc::clone(&self.under_way));
        on_a_thread(move || {
            under_way.wait();
            store.close().map_or(Ok(()), Err)
        })
        .await
    }
}
