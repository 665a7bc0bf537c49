//! The suite that shows whether a store of an app keeps the contract.

use std::sync::Arc;

use futures_lite::future::block_on;
use invreq::store::conformance::{self, Harness, Outcome, Report};
use invreq::store::StoreError;

use crate::foreign::Foreign;
use crate::store::HostStore;
use crate::BadValue;

/// What the suite needs to know of a store: how to open one.
#[uniffi::export(with_foreign)]
pub trait HostStores: Send + Sync {
    /// Opens the data of this name: nothing at first, and the same data again under the same name.
    fn open(&self, name: String) -> HostStoreOpened;
}

/// What came of opening a store of an app.
#[derive(uniffi::Enum)]
pub enum HostStoreOpened {
    /// It is open.
    Store {
        /// The store.
        store: Arc<dyn HostStore>,
    },
    /// It cannot be opened.
    Failed {
        /// Why not.
        error: StoreError,
    },
}

/// What came out of a check.
#[derive(uniffi::Record)]
pub struct ConformanceCheck {
    /// Its name, which does not change.
    pub name: String,
    /// Why it does not apply to this store.
    pub skipped: Option<String>,
    /// How the store broke the contract.
    pub failed: Option<String>,
}

/// Makes every check. `durable`: the data outlives its last handle; `shared`: it can be open more than once at a time.
#[uniffi::export]
pub fn store_conformance(
    stores: Arc<dyn HostStores>,
    durable: bool,
    shared: bool,
) -> Result<Vec<ConformanceCheck>, BadValue> {
    let opener = Opener {
        stores,
        durable,
        shared,
    };
    let (Ok(Report { checks }) | Err(Report { checks })) = block_on(conformance::run(&opener));
    let told = |(name, outcome): (&str, Outcome)| {
        let (skipped, failed) = match outcome {
            Outcome::Passed => (None, None),
            Outcome::Skipped(why) => (Some(why.to_owned()), None),
            Outcome::Failed(how) => (None, Some(how)),
        };
        ConformanceCheck {
            name: name.to_owned(),
            skipped,
            failed,
        }
    };
    Ok(checks.into_iter().map(told).collect())
}

struct Opener {
    stores: Arc<dyn HostStores>,
    durable: bool,
    shared: bool,
}

impl Harness for Opener {
    type Store = Foreign;

    fn is_durable(&self) -> bool {
        self.durable
    }

    fn is_shared(&self) -> bool {
        self.shared
    }

    async fn open(&self, name: &str) -> Result<Foreign, StoreError> {
        match self.stores.open(name.to_owned()) {
            HostStoreOpened::Store { store } => Ok(Foreign::new(store)),
            HostStoreOpened::Failed { error } => Err(error),
        }
    }
}
