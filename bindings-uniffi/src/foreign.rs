//! A store of an app as the core sees it, and what the core does with a whole store.

use std::sync::Arc;
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
        &Foreign(store),
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
    block_on(import(&Foreign(store), &prefix, &revision_key, dump)).err()
}

/// Where a wallet lies in its store; the network has no part in it.
fn place(wallet_id: &str) -> Config {
    let mut config = Config::new(Network::Bitcoin);
    config.wallet_id = wallet_id.to_owned();
    config
}

/// A store whose calls block. Each is made on a thread of its own, so that calls of one task can be under way together.
pub(crate) struct Foreign(pub(crate) Arc<dyn HostStore>);

impl Foreign {
    async fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn HostStore) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (give, take) = oneshot::channel();
        let store = Arc::clone(&self.0);
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
        self.call(|store| store.close().map_or(Ok(()), Err)).await
    }
}
