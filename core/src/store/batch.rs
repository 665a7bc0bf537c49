use core::fmt;
use std::collections::BTreeSet;

use super::StoreError;

/// The longest key, in bytes.
pub const MAX_KEY_LEN: usize = 512;

/// The longest value, in bytes: 1 MiB.
pub const MAX_VALUE_LEN: usize = 1 << 20;

/// The most bytes that the keys and values of one batch can have together: 4 MiB.
pub const MAX_BATCH_LEN: usize = 4 << 20;

/// A key and its value.
///
/// `Debug` prints the key, and of the value only the length: values can hold secrets.
#[derive(Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The key, 1 to [`MAX_KEY_LEN`] bytes.
    #[serde(serialize_with = "crate::shapes::bytes")]
    pub key: Vec<u8>,
    /// The value, 0 to [`MAX_VALUE_LEN`] bytes.
    #[serde(serialize_with = "crate::shapes::bytes")]
    pub value: Vec<u8>,
}

/// One write: what to change, and what must hold for it.
///
/// Its rules are those of [`check`](Self::check); what it means is said at [`Store::write`](super::Store::write).
/// `Debug` prints keys, and of the values only their lengths.
#[derive(Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Batch {
    /// The entries to write. They replace what is there.
    pub puts: Vec<Entry>,
    /// The keys to remove. Those that do not exist are passed over.
    #[serde(serialize_with = "crate::shapes::byte_strings")]
    pub deletes: Vec<Vec<u8>>,
    /// The keys that must not exist before the write. They may be among the puts.
    #[serde(serialize_with = "crate::shapes::byte_strings")]
    pub absent: Vec<Vec<u8>>,
    /// Where the wallet keeps its revision.
    #[serde(serialize_with = "crate::shapes::bytes")]
    pub revision_key: Vec<u8>,
    /// The revision that the wallet has after this write, from 1. It must be the next one.
    pub revision: u64,
}

/// The end of the range of all keys with this prefix: the smallest bound above every one of them.
///
/// For the empty prefix, and for one of nothing but `0xff`, it is a bound above every key there can be.
pub fn prefix_end(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return end;
        }
    }
    vec![0xff; MAX_KEY_LEN.saturating_add(1)]
}

impl Entry {
    /// The entry of this key and this value.
    pub fn new(key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        Self {
            key: key.into(),
            value: value.into(),
        }
    }
}

impl Batch {
    /// A batch that changes nothing but the revision.
    pub fn new(revision_key: impl Into<Vec<u8>>, revision: u64) -> Self {
        Self {
            puts: Vec::new(),
            deletes: Vec::new(),
            absent: Vec::new(),
            revision_key: revision_key.into(),
            revision,
        }
    }

    /// The same batch, which also writes this entry.
    #[must_use]
    pub fn put(mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        self.puts.push(Entry::new(key, value));
        self
    }

    /// The same batch, which also removes this key.
    #[must_use]
    pub fn delete(mut self, key: impl Into<Vec<u8>>) -> Self {
        self.deletes.push(key.into());
        self
    }

    /// The same batch, under the condition that this key does not exist.
    #[must_use]
    pub fn require_absent(mut self, key: impl Into<Vec<u8>>) -> Self {
        self.absent.push(key.into());
        self
    }

    /// What must be at the revision key before the write: nothing for revision 1, else exactly these 8 bytes.
    pub fn expected_revision(&self) -> Option<[u8; 8]> {
        match self.revision {
            0 | 1 => None,
            revision => Some(revision.wrapping_sub(1).to_be_bytes()),
        }
    }

    /// What is at the revision key after the write.
    pub fn new_revision(&self) -> [u8; 8] {
        self.revision.to_be_bytes()
    }

    /// Whether the batch is one that a store has to accept; every store asks this first.
    ///
    /// [`StoreError::Invalid`] where the revision is 0, a key is empty or longer than [`MAX_KEY_LEN`], a value longer
    /// than [`MAX_VALUE_LEN`], the whole longer than [`MAX_BATCH_LEN`], a key is named twice among the puts, the
    /// deletes and the revision key, or the revision key is to be absent.
    pub fn check(&self) -> Result<(), StoreError> {
        if self.revision == 0 {
            return invalid("revisions begin at 1");
        }
        let puts = self.puts.iter().map(|put| &put.key);
        let keys = || puts.clone().chain(&self.deletes).chain([&self.revision_key]);
        if keys().chain(&self.absent).any(Vec::is_empty) {
            return invalid("a key is empty");
        }
        if keys().chain(&self.absent).any(|key| key.len() > MAX_KEY_LEN) {
            return invalid("a key is longer than 512 bytes");
        }
        if self.puts.iter().any(|put| put.value.len() > MAX_VALUE_LEN) {
            return invalid("a value is longer than 1 MiB");
        }
        let key_lens = keys().chain(&self.absent).map(Vec::len);
        let value_lens = self.puts.iter().map(|put| put.value.len());
        if key_lens.chain(value_lens).fold(0, usize::saturating_add) > MAX_BATCH_LEN {
            return invalid("the batch is larger than 4 MiB");
        }
        let mut seen = BTreeSet::new();
        if !keys().all(|key| seen.insert(key)) {
            return invalid("a key is changed twice");
        }
        if self.absent.contains(&self.revision_key) {
            return invalid("the revision key is to be absent");
        }
        Ok(())
    }
}

fn invalid(why: &str) -> Result<(), StoreError> {
    Err(StoreError::Invalid(why.to_owned()))
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = ({} bytes)", self.key.escape_ascii(), self.value.len())
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("puts", &self.puts)
            .field("deletes", &Keys(&self.deletes))
            .field("absent", &Keys(&self.absent))
            .field(
                "revision_key",
                &format_args!("{}", self.revision_key.escape_ascii()),
            )
            .field("revision", &self.revision)
            .finish()
    }
}

struct Keys<'a>(&'a [Vec<u8>]);

impl fmt::Debug for Keys<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        for key in self.0 {
            list.entry(&format_args!("{}", key.escape_ascii()));
        }
        list.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_prints_no_value() {
        let batch = Batch::new("rev", 7)
            .put("key\n", "sesame")
            .delete("gone")
            .require_absent("new");
        let text = format!("{batch:?}");
        assert_eq!(
            text,
            r"Batch { puts: [key\n = (6 bytes)], deletes: [gone], absent: [new], revision_key: rev, revision: 7 }"
        );
    }

    #[test]
    fn prefix_end_bounds_the_prefix() {
        assert_eq!(prefix_end(b"ab"), b"ac");
        assert_eq!(prefix_end(b"a\xff\xff"), b"b");
        for endless in [&b""[..], b"\xff\xff"] {
            assert!(prefix_end(endless) > vec![0xff; MAX_KEY_LEN]);
        }
    }

    #[test]
    fn check_knows_the_limits() {
        let batch = || Batch::new("rev", 1);
        let long = |len| vec![1; len];
        let good = [
            batch(),
            batch().put(long(MAX_KEY_LEN), long(MAX_VALUE_LEN)),
            batch()
                .put("a", "")
                .delete("b")
                .require_absent("a")
                .require_absent("a"),
            Batch::new("rev", u64::MAX),
        ];
        for batch in good {
            assert_eq!(batch.check(), Ok(()), "{batch:?}");
        }
        let bad = [
            Batch::new("rev", 0),
            Batch::new("", 1),
            batch().put("", "a"),
            batch().delete(""),
            batch().require_absent(long(MAX_KEY_LEN + 1)),
            batch().put("a", long(MAX_VALUE_LEN + 1)),
            (0..4u8).fold(batch(), |batch, key| batch.put([key], long(MAX_VALUE_LEN))),
            batch().put("a", "").put("a", ""),
            batch().put("a", "").delete("a"),
            batch().put("rev", ""),
            batch().require_absent("rev"),
        ];
        for batch in bad {
            assert!(matches!(batch.check(), Err(StoreError::Invalid(_))), "{batch:?}");
        }
    }
}
