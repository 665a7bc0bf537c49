use super::Harness;
use crate::store::{prefix_end, Batch, Entry, Store, StoreError};

/// Where the checks keep the revision, unless they are about several wallets. It sorts after the keys they use.
pub(super) const REVISION: &[u8] = b"~revision";

pub(super) type Check = Result<(), Fault>;

/// Why a check did not pass.
pub(super) enum Fault {
    Failed(String),
    Skipped(&'static str),
}

/// The data of one check.
pub(super) struct Space<'a, H> {
    harness: &'a H,
    name: &'static str,
}

impl<'a, H: Harness> Space<'a, H> {
    pub(super) fn new(harness: &'a H, name: &'static str) -> Self {
        Self { harness, name }
    }

    pub(super) async fn open(&self) -> Result<H::Store, Fault> {
        let opened = self.harness.open(self.name).await;
        opened.map_err(|error| Fault::Failed(format!("it does not open: {error}")))
    }

    pub(super) fn is_durable(&self) -> bool {
        self.harness.is_durable()
    }

    pub(super) fn is_shared(&self) -> bool {
        self.harness.is_shared()
    }

    pub(super) fn needs_durable(&self) -> Check {
        match self.is_durable() {
            true => Ok(()),
            false => Err(Fault::Skipped("its data does not outlive the last handle")),
        }
    }

    pub(super) fn needs_shared(&self) -> Check {
        match self.is_shared() {
            true => Ok(()),
            false => Err(Fault::Skipped("its data cannot be open twice")),
        }
    }
}

/// A batch of the only wallet of a check.
pub(super) fn batch(revision: u64) -> Batch {
    Batch::new(REVISION, revision)
}

/// A write that the contract demands to be done.
pub(super) async fn write(store: &impl Store, batch: Batch) -> Check {
    let written = store.write(&batch).await;
    written.map_err(|error| Fault::Failed(format!("it refused the write of {batch:?}: {error}")))
}

/// A write that the contract demands to be refused, with this error.
pub(super) async fn refuse(store: &impl Store, batch: Batch, why: StoreError) -> Check {
    let found = match store.write(&batch).await {
        Ok(()) => "it was done".to_owned(),
        // The text is the store's own.
        Err(StoreError::Invalid(_)) if matches!(why, StoreError::Invalid(_)) => return Ok(()),
        Err(error) if error == why => return Ok(()),
        Err(error) => format!("the answer was {error:?}"),
    };
    fail(format!(
        "the write of {batch:?} has to be refused with {why:?}, but {found}"
    ))
}

/// The entries that the contract demands in this range.
pub(super) async fn range(
    store: &impl Store,
    start: &[u8],
    end: &[u8],
    limit: usize,
    expected: &[Entry],
) -> Check {
    let found = store.range(start, end, limit).await?;
    if found == expected {
        return Ok(());
    }
    fail(format!(
        "the range from {} to {} with limit {limit} holds {}, but the answer was {}",
        start.escape_ascii(),
        end.escape_ascii(),
        list(expected),
        list(&found),
    ))
}

/// Everything the store holds.
pub(super) async fn all(store: &impl Store) -> Result<Vec<Entry>, Fault> {
    Ok(store.range(b"", &prefix_end(b""), 10_000).await?)
}

/// The one value at this key, if it exists.
pub(super) async fn value(store: &impl Store, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    let end = [key, b"\0"].concat();
    Ok(store.range(key, &end, 1).await?.pop().map(|entry| entry.value))
}

/// The value that the contract demands at this key.
pub(super) async fn holds(store: &impl Store, key: &[u8], expected: Option<&[u8]>) -> Check {
    let found = value(store, key).await?;
    if found.as_deref() == expected {
        return Ok(());
    }
    let show = |value: Option<&[u8]>| match value {
        None => "nothing".to_owned(),
        Some(value) if value.len() <= 32 => format!("`{}`", value.escape_ascii()),
        Some(value) => format!("{} bytes", value.len()),
    };
    let (expected, found) = (show(expected), show(found.as_deref()));
    fail(format!(
        "at {} there is {found} in place of {expected}",
        key.escape_ascii()
    ))
}

pub(super) fn require(holds: bool, otherwise: &str) -> Check {
    match holds {
        true => Ok(()),
        false => fail(otherwise.to_owned()),
    }
}

pub(super) fn fail(how: String) -> Check {
    Err(Fault::Failed(how))
}

/// Entries of these keys, each with a value that names it.
pub(super) fn entries<K: AsRef<[u8]>>(keys: impl IntoIterator<Item = K>) -> Vec<Entry> {
    let value = |key: &[u8]| [b"value of ", key].concat();
    keys.into_iter()
        .map(|key| Entry::new(key.as_ref(), value(key.as_ref())))
        .collect()
}

fn list(entries: &[Entry]) -> String {
    let shown: Vec<_> = entries
        .iter()
        .take(12)
        .map(|entry| format!("{entry:?}"))
        .collect();
    let more = if entries.len() > shown.len() { ", ..." } else { "" };
    format!("{} entries [{}{more}]", entries.len(), shown.join(", "))
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Failed(format!("unexpected error: {error}"))
    }
}
