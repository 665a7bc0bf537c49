//! A model of a store that can be broken in one way at a time.

mod fault;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

pub use fault::Fault;
use futures_lite::future::yield_now;
use invreq::store::conformance::Harness;
use invreq::store::{Batch, Conflict, Entry, Store, StoreError};

pub type Map = BTreeMap<Vec<u8>, Vec<u8>>;

/// Opens models that have this fault.
pub struct Broken {
    fault: Fault,
    disks: Mutex<BTreeMap<String, Arc<Disk>>>,
}

/// What all handles on the same data share.
#[derive(Default)]
struct Disk {
    entries: Mutex<Map>,
    saved: Mutex<Map>,
    closed: AtomicBool,
    stuck: AtomicBool,
}

/// A handle. Its calls wait once before they do anything, as calls to a server would.
pub struct Model {
    fault: Fault,
    disk: Arc<Disk>,
    closed: AtomicBool,
    under_way: AtomicUsize,
    /// What the data was before the last write.
    before: Mutex<Map>,
    /// What the data was when the handle was opened.
    opened: Mutex<Map>,
}

impl Broken {
    pub fn new(fault: Fault) -> Self {
        let disks = Mutex::default();
        Self { fault, disks }
    }
}

impl Harness for Broken {
    type Store = Model;

    async fn open(&self, name: &str) -> Result<Model, StoreError> {
        let disk = Arc::clone(self.disks.lock().unwrap().entry(name.to_owned()).or_default());
        let mut entries = disk.entries.lock().unwrap();
        match self.fault {
            Fault::Forgets => entries.clear(),
            // Those deleted since come back.
            Fault::ForgetsDeletes => {
                for (key, value) in disk.saved.lock().unwrap().iter() {
                    entries.entry(key.clone()).or_insert_with(|| value.clone());
                }
            }
            Fault::SavesOnClose => *entries = disk.saved.lock().unwrap().clone(),
            _ => {}
        }
        let opened = Mutex::new(entries.clone());
        drop(entries);
        disk.closed.store(false, SeqCst);
        Ok(Model {
            fault: self.fault,
            disk,
            closed: AtomicBool::new(false),
            under_way: AtomicUsize::new(0),
            before: Mutex::default(),
            opened,
        })
    }
}

impl Store for Model {
    async fn range(&self, start: &[u8], end: &[u8], limit: usize) -> Result<Vec<Entry>, StoreError> {
        let _call = self.begin()?;
        yield_now().await;
        self.cut_off()?;
        let entries = match self.fault {
            Fault::ReadsLagBehind => &self.before,
            Fault::HandlesDoNotShare => &self.opened,
            _ => &self.disk.entries,
        };
        let found = self.fault.range(&entries.lock().unwrap(), start, end, limit);
        found
    }

    async fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        if self.fault != Fault::NoCheck {
            batch.check()?;
        }
        let _call = self.begin()?;
        if self.fault == Fault::StuckAfterDrop && self.disk.stuck.swap(true, SeqCst) {
            return Err(StoreError::Failed("the lock is taken".to_owned()));
        }
        yield_now().await;
        self.cut_off()?;
        let result = self.transact(batch).await;
        self.disk.stuck.store(false, SeqCst);
        match result {
            Err(StoreError::Conflict(_)) if self.fault == Fault::ConflictIsFailure => {
                Err(StoreError::Failed("conflict".to_owned()))
            }
            result => result,
        }
    }

    async fn close(&self) -> Result<(), StoreError> {
        let again = self.closed.swap(true, SeqCst);
        if again && self.fault == Fault::ClosesOnce {
            return Err(StoreError::Closed);
        }
        self.disk.closed.store(true, SeqCst);
        while self.under_way.load(SeqCst) > 0 && self.fault != Fault::CloseDoesNotWait {
            yield_now().await;
        }
        if self.fault == Fault::SavesOnClose {
            *self.disk.saved.lock().unwrap() = self.disk.entries.lock().unwrap().clone();
        }
        Ok(())
    }
}

impl Model {
    async fn transact(&self, batch: &Batch) -> Result<(), StoreError> {
        let fault = self.fault;
        let waits = match fault {
            Fault::CheckThenWrite | Fault::PutsOneByOne => true,
            Fault::CloseDoesNotWait => {
                yield_now().await;
                yield_now().await;
                false
            }
            _ => false,
        };
        if waits {
            fault.conditions(&self.disk.entries.lock().unwrap(), batch)?;
            yield_now().await;
        }
        if fault == Fault::PutsOneByOne {
            for put in &batch.puts {
                self.disk
                    .entries
                    .lock()
                    .unwrap()
                    .insert(put.key.clone(), put.value.clone());
                yield_now().await;
            }
        }
        let mut entries = self.disk.entries.lock().unwrap();
        *self.before.lock().unwrap() = entries.clone();
        fault.early(&mut entries, batch);
        if !waits {
            fault.conditions(&entries, batch)?;
        }
        fault.apply(&mut entries, batch)?;
        if fault == Fault::ForgetsDeletes {
            self.disk.saved.lock().unwrap().extend(entries.clone());
        }
        if fault == Fault::HandlesDoNotShare {
            let mut opened = self.opened.lock().unwrap();
            fault.apply(&mut opened, batch)?;
        }
        Ok(())
    }

    fn begin(&self) -> Result<Call<'_>, StoreError> {
        let closed = match self.fault {
            Fault::ServesAfterClose => false,
            Fault::CloseIsForAll => self.disk.closed.load(SeqCst),
            _ => self.closed.load(SeqCst),
        };
        if closed {
            return Err(StoreError::Closed);
        }
        self.under_way.fetch_add(1, SeqCst);
        Ok(Call(&self.under_way))
    }

    fn cut_off(&self) -> Result<(), StoreError> {
        match self.fault == Fault::CloseCutsOff && self.closed.load(SeqCst) {
            true => Err(StoreError::Closed),
            false => Ok(()),
        }
    }
}

/// Counts a call as under way, until it is over or dropped.
struct Call<'a>(&'a AtomicUsize);

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

/// A conflict about this key.
pub fn present(key: &[u8]) -> StoreError {
    StoreError::Conflict(Conflict::Present(key.to_vec()))
}
