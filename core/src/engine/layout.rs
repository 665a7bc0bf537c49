//! Where things lie in the store. docs/STORE.md describes it for readers of the raw data.

use bitcoin::hashes::{sha256, Hash};

use crate::store::IMPORTING;
use crate::{InvreqId, PaymentHash};

/// The keys of one wallet. Everything lies under `invreq/<wallet id>/`, so many wallets can share a store.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    prefix: Vec<u8>,
}

impl Layout {
    pub(crate) fn new(wallet_id: &str) -> Self {
        Self {
            prefix: [b"invreq/", wallet_id.as_bytes(), b"/"].concat(),
        }
    }

    pub(crate) fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    /// Which wallet the store belongs to, and its counters.
    pub(crate) fn meta(&self) -> Vec<u8> {
        self.key(b'm', &[])
    }

    /// What lies under the prefix while an import is unfinished.
    pub(crate) fn importing(&self) -> Vec<u8> {
        [&self.prefix, IMPORTING].concat()
    }

    /// The number of the latest batch.
    pub(crate) fn revision(&self) -> Vec<u8> {
        self.key(b'v', &[])
    }

    /// An invoice that can still be paid.
    pub(crate) fn open(&self, created_index: u64) -> Vec<u8> {
        self.key(b'o', &created_index.to_be_bytes())
    }

    /// An invoice that is paid or expired.
    pub(crate) fn closed(&self, created_index: u64) -> Vec<u8> {
        self.key(b'r', &created_index.to_be_bytes())
    }

    /// A label, by its hash: label to created index.
    pub(crate) fn label(&self, label: &str) -> Vec<u8> {
        self.key(b'l', sha256::Hash::hash(label.as_bytes()).as_byte_array())
    }

    pub(crate) fn payment_hash(&self, hash: &PaymentHash) -> Vec<u8> {
        self.key(b'h', &hash.0)
    }

    /// An answer that stands for its request.
    pub(crate) fn request(&self, id: &InvreqId, created_index: u64) -> Vec<u8> {
        self.key(b'q', &[id.0.as_slice(), &created_index.to_be_bytes()].concat())
    }

    pub(crate) fn updated(&self, updated_index: u64) -> Vec<u8> {
        self.key(b'u', &updated_index.to_be_bytes())
    }

    pub(crate) fn paid(&self, pay_index: u64) -> Vec<u8> {
        self.key(b'p', &pay_index.to_be_bytes())
    }

    fn key(&self, kind: u8, rest: &[u8]) -> Vec<u8> {
        let mut key = self.prefix.clone();
        key.push(kind);
        key.extend_from_slice(rest);
        key
    }
}

/// The smallest key after this one.
pub(crate) fn after(key: &[u8]) -> Vec<u8> {
    let mut next = key.to_vec();
    next.push(0);
    next
}

/// The number a key ends with.
pub(crate) fn index_of(key: &[u8]) -> Option<u64> {
    key.last_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes))
}

/// The number an index entry points to.
pub(crate) fn read_index(value: &[u8]) -> Option<u64> {
    <[u8; 8]>::try_from(value).ok().map(u64::from_be_bytes)
}
