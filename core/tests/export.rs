//! Dumps: what goes in comes out, and nothing else gets in.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)] // a test

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use futures_lite::future::block_on;
use invreq::store::{
    export, import, is_importing, prefix_end, Batch, Conflict, Entry, MemoryStore, Store, StoreError,
    MAX_KEY_LEN, MAX_VALUE_LEN,
};
use proptest::prelude::*;

const PREFIX: &[u8] = b"w1/";
const REVISION: &[u8] = b"w1/revision";

#[test]
fn a_wallet_moves_to_another_store() {
    block_on(async {
        let from = small_wallet().await;
        let dump = export(&from, PREFIX, REVISION).await.unwrap();
        let to = MemoryStore::new();
        to.write(&Batch::new("w2/revision", 1).put("w2/a", "other"))
            .await
            .unwrap();
        import(&to, PREFIX, REVISION, &dump).await.unwrap();

        assert_eq!(content(&to, PREFIX).await, content(&from, PREFIX).await);
        assert_eq!(content(&to, b"").await.len(), 5);
        assert!(!is_importing(&to, PREFIX).await.unwrap());
        // The wallet goes on with the next revision.
        to.write(&Batch::new(REVISION, 2)).await.unwrap();
        // And a dump of the copy is the same dump.
        assert_eq!(export(&to, PREFIX, REVISION).await.unwrap(), dump);
    });
}

#[test]
fn prefix_and_revision_key_may_change() {
    block_on(async {
        let dump = export(&small_wallet().await, PREFIX, REVISION).await.unwrap();
        let to = MemoryStore::new();
        import(&to, b"", b"r", &dump).await.unwrap();
        let keys: Vec<_> = content(&to, b"")
            .await
            .into_iter()
            .map(|entry| entry.key)
            .collect();
        assert_eq!(keys, [&b"a"[..], b"b\0\xff", b"r"]);
    });
}

#[test]
fn a_wallet_that_is_not_there_has_no_dump() {
    block_on(async {
        let error = export(&small_wallet().await, b"w2/", b"w2/revision")
            .await
            .unwrap_err();
        assert!(matches!(error, StoreError::Foreign(_)), "{error}");
    });
}

#[test]
fn an_empty_wallet_has_a_dump() {
    block_on(async {
        let from = MemoryStore::new();
        from.write(&Batch::new(REVISION, 1)).await.unwrap();
        let dump = export(&from, PREFIX, REVISION).await.unwrap();
        let to = MemoryStore::new();
        import(&to, PREFIX, REVISION, &dump).await.unwrap();
        assert_eq!(
            content(&to, b"").await,
            [Entry::new(REVISION, 1u64.to_be_bytes())]
        );
    });
}

#[test]
fn the_format_stays() {
    let dump = block_on(async { export(&small_wallet().await, PREFIX, REVISION).await.unwrap() });
    let (content, _checksum) = dump.split_at(dump.len() - 32);
    let expected = b"invreq dump\0\0\x01\0\0\0\0\0\0\0\x02\
        \0\x01\0\0\0\x05aapple\
        \0\x03\0\0\0\0b\0\xff";
    assert_eq!(content, expected);
}

#[test]
fn nothing_is_imported_over_something() {
    block_on(async {
        let dump = export(&small_wallet().await, PREFIX, REVISION).await.unwrap();
        for key in ["w1/", "w1/a", "w1/zzz", "w1/revision"] {
            let to = MemoryStore::new();
            to.write(&Batch::new("other", 1).put(key, "here first"))
                .await
                .unwrap();
            let before = content(&to, b"").await;
            let refused = import(&to, PREFIX, REVISION, &dump).await;
            assert_eq!(refused, Err(StoreError::Conflict(Conflict::Present(key.into()))));
            assert_eq!(content(&to, b"").await, before);
        }
    });
}

#[test]
fn a_damaged_dump_is_refused_as_a_whole() {
    block_on(async {
        let dump = export(&small_wallet().await, PREFIX, REVISION).await.unwrap();
        let to = MemoryStore::new();
        for at in 0..dump.len() {
            for bit in [0x01, 0x80] {
                let mut altered = dump.clone();
                altered[at] ^= bit;
                refused(&to, &altered).await;
            }
            refused(&to, &dump[..at]).await;
            refused(&to, &dump[at + 1..]).await;
        }
        refused(&to, &[dump.clone(), vec![0]].concat()).await;
        refused(&to, &[dump.clone(), dump.clone()].concat()).await;
        let later = [b"invreq dump\0\0\x02", &dump[14..]].concat();
        assert!(matches!(
            import(&to, PREFIX, REVISION, &later).await,
            Err(StoreError::Foreign(_))
        ));
    });
}

#[test]
fn a_wrong_place_is_refused() {
    block_on(async {
        let store = small_wallet().await;
        let dump = export(&store, PREFIX, REVISION).await.unwrap();
        let invalid = |result| assert!(matches!(result, Err(StoreError::Invalid(_))), "{result:?}");
        invalid(export(&store, PREFIX, b"elsewhere").await.map(drop));
        invalid(import(&MemoryStore::new(), PREFIX, b"elsewhere", &dump).await);
        // The revision key would be one of the entries.
        invalid(import(&MemoryStore::new(), PREFIX, b"w1/a", &dump).await);
        // The last entries would have keys that are too long, and the first must not be there either.
        let large = export(&large_wallet().await, PREFIX, REVISION).await.unwrap();
        let to = MemoryStore::new();
        invalid(import(&to, b"longer/", b"longer/revision", &large).await);
        assert!(content(&to, b"").await.is_empty());
    });
}

#[test]
fn an_interrupted_import_is_taken_up_again() {
    block_on(async {
        let from = large_wallet().await;
        let dump = export(&from, PREFIX, REVISION).await.unwrap();
        let other = export(&small_wallet().await, PREFIX, REVISION).await.unwrap();
        let whole = without_revision(content(&from, PREFIX).await);
        let mut interruptions = 0;
        for writes in 0.. {
            let memory = MemoryStore::new();
            let to = Failing {
                store: memory.clone(),
                writes_left: AtomicUsize::new(writes),
            };
            if import(&to, PREFIX, REVISION, &dump).await.is_ok() {
                break;
            }
            interruptions += 1;
            if writes > 0 {
                assert!(is_importing(&memory, PREFIX).await.unwrap());
                let damaged = export(&memory, PREFIX, REVISION).await;
                assert!(matches!(damaged, Err(StoreError::Corrupt(_))));
                let conflict = import(&memory, PREFIX, REVISION, &other).await;
                assert!(matches!(
                    conflict,
                    Err(StoreError::Conflict(Conflict::Present(_)))
                ));
            }
            import(&memory, PREFIX, REVISION, &dump).await.unwrap();
            assert!(!is_importing(&memory, PREFIX).await.unwrap());
            assert!(without_revision(content(&memory, PREFIX).await) == whole);
        }
        assert!(interruptions > 10, "{interruptions}");
    });
}

#[test]
fn an_export_shows_one_moment() {
    block_on(async {
        let restless = Restless {
            store: small_wallet().await,
            reads: AtomicUsize::new(0),
            until: usize::MAX,
        };
        let refused = export(&restless, PREFIX, REVISION).await;
        assert_eq!(refused, Err(StoreError::Conflict(Conflict::Revision)));

        let restless = Restless {
            store: small_wallet().await,
            reads: AtomicUsize::new(0),
            until: 3,
        };
        let dump = export(&restless, PREFIX, REVISION).await.unwrap();
        let quiet = export(&restless.store, PREFIX, REVISION).await.unwrap();
        assert_eq!(dump, quiet);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_goes_in_comes_out(
        map in proptest::collection::btree_map(
            proptest::collection::vec(any::<u8>(), 1..20),
            proptest::collection::vec(any::<u8>(), 0..20),
            0..300,
        ),
    ) {
        block_on(async {
            let from = MemoryStore::new();
            from.write(&put_all(&map)).await.unwrap();
            let dump = export(&from, PREFIX, REVISION).await.unwrap();
            let to = MemoryStore::new();
            import(&to, PREFIX, REVISION, &dump).await.unwrap();
            let copied = without_revision(content(&to, PREFIX).await);
            assert!(copied == without_revision(content(&from, PREFIX).await));
        });
    }

    #[test]
    fn no_bytes_make_it_panic(tail in proptest::collection::vec(any::<u8>(), 0..100)) {
        use bitcoin::hashes::{sha256, Hash};
        // With a true checksum, so that the entries are looked at too.
        let mut dump = [b"invreq dump\0\0\x01\0\0\0\0\0\0\0", &tail[..]].concat();
        dump.extend(sha256::Hash::hash(&dump).to_byte_array());
        let _ = block_on(import(&MemoryStore::new(), PREFIX, REVISION, &dump));
    }
}

async fn small_wallet() -> MemoryStore {
    let store = MemoryStore::new();
    let batch = Batch::new(REVISION, 1)
        .put("w1/a", "apple")
        .put(&b"w1/b\0\xff"[..], "");
    store.write(&batch).await.unwrap();
    // Neighbours just before and just after.
    store
        .write(&Batch::new("w1.", 1).put("w10", "").put("w0", ""))
        .await
        .unwrap();
    store
}

/// More than one chunk by number, and more than one by size.
async fn large_wallet() -> MemoryStore {
    let store = MemoryStore::new();
    let small = (0..950u32).fold(Batch::new(REVISION, 1), |batch, number| {
        batch.put([PREFIX, b"n", &number.to_be_bytes()].concat(), number.to_string())
    });
    store.write(&small).await.unwrap();
    for number in 2..12u8 {
        let key = [PREFIX, &vec![number; MAX_KEY_LEN - PREFIX.len()]].concat();
        let batch = Batch::new(REVISION, number.into()).put(key, vec![number; MAX_VALUE_LEN]);
        store.write(&batch).await.unwrap();
    }
    store
}

fn put_all(map: &BTreeMap<Vec<u8>, Vec<u8>>) -> Batch {
    let entries = map
        .iter()
        .map(|(key, value)| Entry::new([PREFIX, b"e", key].concat(), value.as_slice()));
    Batch {
        puts: entries.collect(),
        ..Batch::new(REVISION, 1)
    }
}

async fn content(store: &impl Store, prefix: &[u8]) -> Vec<Entry> {
    store.range(prefix, &prefix_end(prefix), 10_000).await.unwrap()
}

fn without_revision(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.retain(|entry| entry.key != REVISION);
    entries
}

async fn refused(store: &MemoryStore, dump: &[u8]) {
    let result = import(store, PREFIX, REVISION, dump).await;
    assert!(
        matches!(result, Err(StoreError::Corrupt(_) | StoreError::Foreign(_))),
        "{result:?}"
    );
    assert!(content(store, b"").await.is_empty());
}

/// A store that fails after so many writes.
struct Failing {
    store: MemoryStore,
    writes_left: AtomicUsize,
}

impl Store for Failing {
    async fn range(&self, start: &[u8], end: &[u8], limit: usize) -> Result<Vec<Entry>, StoreError> {
        self.store.range(start, end, limit).await
    }

    async fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        let left = self
            .writes_left
            .fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1));
        left.map_err(|_| StoreError::Full("for the test".to_owned()))?;
        self.store.write(batch).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.store.close().await
    }
}

/// A store whose wallet is written at every one of the first reads.
struct Restless {
    store: MemoryStore,
    reads: AtomicUsize,
    until: usize,
}

impl Store for Restless {
    async fn range(&self, start: &[u8], end: &[u8], limit: usize) -> Result<Vec<Entry>, StoreError> {
        let reads = self.reads.fetch_add(1, SeqCst);
        if reads < self.until {
            let revision = u64::try_from(reads).unwrap() + 2;
            self.store
                .write(&Batch::new(REVISION, revision).put("w1/a", revision.to_string()))
                .await?;
        }
        self.store.range(start, end, limit).await
    }

    async fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        self.store.write(batch).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.store.close().await
    }
}
