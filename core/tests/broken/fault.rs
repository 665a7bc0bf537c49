use invreq::store::{Batch, Conflict, Entry, StoreError};

use super::{present, Map};

/// The ways to break the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    // Reading
    NothingIsAnError,
    Descending,
    SignedBytes,
    ShortKeysFirst,
    EndIncluded,
    StartExcluded,
    ReversedBoundsFail,
    NoLimit,
    LimitIsOneMore,
    LimitHasThirtyTwoBits,
    PagesOfFifty,
    PageOf2MiB,
    ReadsLagBehind,
    // Keys and values
    KeysAreText,
    KeysEndAtNul,
    KeysFoldCase,
    KeysAreTrimmed,
    KeysOf255,
    ValuesOf64KiB,
    EmptyValueIsNothing,
    // Writing
    PutKeepsTheOld,
    NoDeletes,
    DeleteOfNothingFails,
    DeleteByPrefix,
    BatchesOf1000,
    NoCheck,
    PutsBeforeConditions,
    DeletesBeforeConditions,
    RevisionBeforeAbsent,
    // Conditions
    NoAbsent,
    AbsentByPrefix,
    AbsentOnlyOfPuts,
    AbsentNamesTheFirst,
    AbsentAfterPuts,
    AbsentAfterDeletes,
    AbsentComesFirst,
    BeginsAnywhere,
    NoRevision,
    RepeatsAllowed,
    GapsAllowed,
    RevisionIsNotKept,
    RevisionLittleEndian,
    RevisionIsDecimal,
    RevisionIsSigned,
    RevisionIsFloat,
    OddRevisionIsNone,
    OneRevisionForAll,
    ConflictIsFailure,
    // Several calls, several handles
    CheckThenWrite,
    PutsOneByOne,
    StuckAfterDrop,
    HandlesDoNotShare,
    // Opening and closing
    Forgets,
    ForgetsDeletes,
    SavesOnClose,
    ServesAfterClose,
    ClosesOnce,
    CloseCutsOff,
    CloseDoesNotWait,
    CloseIsForAll,
}

impl Fault {
    pub fn range(
        self,
        entries: &Map,
        start: &[u8],
        end: &[u8],
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        if self == Self::NothingIsAnError && entries.is_empty() {
            return Err(StoreError::Failed("there is no table yet".to_owned()));
        }
        if self == Self::ReversedBoundsFail && start > end {
            return Err(StoreError::Failed("the bounds are reversed".to_owned()));
        }
        let (start, end) = (self.key(start), self.key(end));
        let inside = |key: &Vec<u8>| match self {
            Self::EndIncluded => start <= *key && *key <= end,
            Self::StartExcluded => start < *key && *key < end,
            _ => start <= *key && *key < end,
        };
        let mut found: Vec<Entry> = entries
            .iter()
            .filter(|(key, value)| inside(key) && !(self == Self::EmptyValueIsNothing && value.is_empty()))
            .map(|(key, value)| Entry::new(key.clone(), value.clone()))
            .collect();
        match self {
            Self::Descending => found.reverse(),
            Self::SignedBytes => {
                found.sort_by_key(|entry| entry.key.iter().map(|byte| *byte as i8).collect::<Vec<_>>())
            }
            Self::ShortKeysFirst => found.sort_by_key(|entry| (entry.key.len(), entry.key.clone())),
            _ => {}
        }
        found.truncate(match self {
            Self::NoLimit => usize::MAX,
            Self::LimitIsOneMore => limit.saturating_add(1),
            // As a signed number of 32 bits: no entries for a negative limit.
            Self::LimitHasThirtyTwoBits => usize::try_from(limit as i32).unwrap_or(0),
            Self::PagesOfFifty => limit.min(50),
            _ => limit,
        });
        if self == Self::PageOf2MiB {
            let mut room = 2usize << 20;
            found.retain(|entry| {
                let fits = entry.value.len() <= room;
                room = room.saturating_sub(entry.value.len());
                fits
            });
        }
        Ok(found)
    }

    /// Whether the write may be done.
    pub fn conditions(self, entries: &Map, batch: &Batch) -> Result<(), StoreError> {
        let revision = || match self.revision_holds(entries, batch) {
            true => Ok(()),
            false => Err(StoreError::Conflict(Conflict::Revision)),
        };
        if self != Self::AbsentComesFirst {
            revision()?;
        }
        for key in &batch.absent {
            let is_there = match self {
                Self::NoAbsent => false,
                Self::AbsentByPrefix => entries.keys().any(|other| other.starts_with(key)),
                Self::AbsentOnlyOfPuts => {
                    entries.contains_key(key) && batch.puts.iter().any(|put| put.key == *key)
                }
                _ => entries.contains_key(&self.key(key)),
            };
            if is_there {
                return Err(match self {
                    Self::AbsentNamesTheFirst => present(&batch.absent[0]),
                    _ => present(key),
                });
            }
        }
        revision()
    }

    fn revision_holds(self, entries: &Map, batch: &Batch) -> bool {
        let revision = batch.revision;
        let stored = match self {
            Self::OneRevisionForAll => entries.get(&b"one revision"[..]),
            _ => entries.get(&batch.revision_key),
        };
        let bytes = stored.and_then(|value| <[u8; 8]>::try_from(&value[..]).ok());
        let number = match self {
            Self::RevisionLittleEndian => bytes.map(u64::from_le_bytes),
            _ => bytes.map(u64::from_be_bytes),
        };
        match (self, stored, number) {
            (Self::NoRevision | Self::RevisionIsNotKept, ..) => true,
            // These write the revision before they look at it.
            (Self::RevisionBeforeAbsent, ..) if number == Some(revision) => true,
            (Self::BeginsAnywhere, None, _) => true,
            (_, None, _) => revision <= 1,
            (Self::RevisionIsDecimal, Some(text), _) => {
                let number = String::from_utf8_lossy(text).parse::<u64>().ok();
                number.and_then(|number| number.checked_add(1)) == Some(revision)
            }
            (Self::OddRevisionIsNone, Some(_), None) => revision == 1,
            (_, Some(_), None) => false,
            (Self::RepeatsAllowed, _, Some(number)) if number == revision => true,
            (Self::GapsAllowed, _, Some(number)) => number < revision,
            (Self::RevisionIsSigned, _, Some(number)) => i64::try_from(number)
                .is_ok_and(|number| number.checked_add(1) == i64::try_from(revision).ok()),
            (Self::RevisionIsFloat, _, Some(number)) => number as f64 + 1.0 == revision as f64,
            (_, _, Some(number)) => revision > 1 && number.checked_add(1) == Some(revision),
        }
    }

    /// What is changed too early: before the conditions are looked at.
    pub fn early(self, entries: &mut Map, batch: &Batch) {
        match self {
            Self::PutsBeforeConditions => self.put(entries, batch),
            Self::AbsentAfterPuts if self.revision_holds(entries, batch) => self.put(entries, batch),
            Self::DeletesBeforeConditions => entries.retain(|key, _| !batch.deletes.contains(key)),
            Self::AbsentAfterDeletes if self.revision_holds(entries, batch) => {
                entries.retain(|key, _| !batch.deletes.contains(key));
            }
            Self::RevisionBeforeAbsent if self.revision_holds(entries, batch) => {
                entries.insert(batch.revision_key.clone(), batch.new_revision().to_vec());
            }
            _ => {}
        }
    }

    pub fn apply(self, entries: &mut Map, batch: &Batch) -> Result<(), StoreError> {
        for key in &batch.deletes {
            let key = self.key(key);
            match self {
                Self::NoDeletes => {}
                Self::DeleteByPrefix => entries.retain(|other, _| !other.starts_with(&key)),
                Self::DeleteOfNothingFails if !entries.contains_key(&key) => {
                    return Err(StoreError::Failed("nothing to delete".to_owned()));
                }
                _ => drop(entries.remove(&key)),
            }
        }
        self.put(entries, batch);
        let revision = batch.revision;
        let (key, value) = match self {
            Self::RevisionIsNotKept => return Ok(()),
            Self::RevisionLittleEndian => (&batch.revision_key, revision.to_le_bytes().to_vec()),
            Self::RevisionIsDecimal => (&batch.revision_key, revision.to_string().into_bytes()),
            _ => (&batch.revision_key, batch.new_revision().to_vec()),
        };
        if self == Self::OneRevisionForAll {
            entries.insert(b"one revision".to_vec(), value.clone());
        }
        entries.insert(key.clone(), value);
        Ok(())
    }

    fn put(self, entries: &mut Map, batch: &Batch) {
        let count = if self == Self::BatchesOf1000 {
            1_000
        } else {
            usize::MAX
        };
        for put in batch.puts.iter().take(count) {
            let key = self.key(&put.key);
            let mut value = put.value.clone();
            if self == Self::ValuesOf64KiB {
                value.truncate(65_536);
            }
            match self {
                Self::PutKeepsTheOld => drop(entries.entry(key).or_insert(value)),
                _ => drop(entries.insert(key, value)),
            }
        }
    }

    /// What the key is for a store that does not take keys as they are.
    fn key(self, key: &[u8]) -> Vec<u8> {
        let until = |end: Option<usize>| key[..end.unwrap_or(key.len())].to_vec();
        match self {
            Self::KeysAreText => String::from_utf8_lossy(key).into_owned().into_bytes(),
            Self::KeysEndAtNul => until(key.iter().position(|byte| *byte == 0)),
            Self::KeysFoldCase => key.to_ascii_lowercase(),
            Self::KeysAreTrimmed => key.trim_ascii_end().to_vec(),
            Self::KeysOf255 => until((key.len() > 255).then_some(255)),
            _ => key.to_vec(),
        }
    }
}
