//! Sorted lists: the maps and sets of this crate.
//!
//! The standard library's tree is compiled anew for every pair of types, some eight kilobytes each, and on the web that was
//! a seventh of the whole library. This is a sorted list of sorted pieces instead: the same order, a binary search to find,
//! and a short move within one piece to insert and to remove.

use core::borrow::Borrow;

/// The most entries of one piece. A million entries lie in about ten thousand pieces.
const PIECE: usize = 128;

/// Values by key, in the order of the keys.
#[derive(Clone, Debug)]
pub(crate) struct Sorted<K, V = ()> {
    /// No piece is empty, and the keys of each come before those of the next.
    pieces: Vec<Vec<(K, V)>>,
}

/// Where a key is, or where it would be.
struct Place {
    piece: usize,
    at: usize,
}

impl<K: Ord, V> Sorted<K, V> {
    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let place = self.find(key).ok()?;
        let (_, value) = self.pieces.get(place.piece)?.get(place.at)?;
        Some(value)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let place = self.find(key).ok()?;
        let (_, value) = self.pieces.get_mut(place.piece)?.get_mut(place.at)?;
        Some(value)
    }

    pub(crate) fn contains(&self, key: &K) -> bool {
        self.find(key).is_ok()
    }

    /// Puts a value in place of what was there under its key.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        if let Some(old) = self.get_mut(&key) {
            *old = value;
            return;
        }
        let (Ok(place) | Err(place)) = self.find(&key);
        let Some(piece) = self.pieces.get_mut(place.piece) else {
            self.pieces.push(vec![(key, value)]);
            return;
        };
        piece.insert(place.at, (key, value));
        if piece.len() > PIECE {
            // What comes in order fills its pieces.
            let kept = if place.at < PIECE { PIECE / 2 } else { PIECE };
            let rest = piece.split_off(kept);
            self.pieces.insert(place.piece.saturating_add(1), rest);
        }
    }

    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let place = self.find(key).ok()?;
        let piece = self.pieces.get_mut(place.piece)?;
        let (_, value) = piece.remove(place.at);
        if piece.is_empty() {
            self.pieces.remove(place.piece);
        }
        Some(value)
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        for piece in &mut self.pieces {
            piece.retain(|(key, value)| keep(key, value));
        }
        self.pieces.retain(|piece| !piece.is_empty());
    }

    /// All entries, in the order of their keys.
    pub(crate) fn iter(&self) -> Iter<'_, K, V> {
        self.iter_at(Place { piece: 0, at: 0 })
    }

    /// The entries whose keys are not below this one.
    pub(crate) fn iter_from(&self, key: &K) -> Iter<'_, K, V> {
        let (Ok(place) | Err(place)) = self.find(key);
        self.iter_at(place)
    }

    fn iter_at(&self, place: Place) -> Iter<'_, K, V> {
        Iter {
            pieces: self.pieces.get(place.piece..).unwrap_or_default(),
            at: place.at,
        }
    }

    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<Place, Place>
    where
        K: Borrow<Q>,
    {
        // Compared as below, so that a key has one comparison and not two.
        let begins_before = |piece: &Vec<(K, V)>| {
            piece
                .first()
                .is_some_and(|(first, _)| first.borrow().cmp(key).is_le())
        };
        let piece = self.pieces.partition_point(begins_before).saturating_sub(1);
        let entries = self.pieces.get(piece).map_or(&[][..], Vec::as_slice);
        match entries.binary_search_by(|(known, _)| known.borrow().cmp(key)) {
            Ok(at) => Ok(Place { piece, at }),
            Err(at) => Err(Place { piece, at }),
        }
    }
}

impl<K, V> Sorted<K, V> {
    pub(crate) fn first(&self) -> Option<&(K, V)> {
        self.pieces.first()?.first()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.pieces.iter().map(Vec::len).sum()
    }

    pub(crate) fn clear(&mut self) {
        self.pieces.clear();
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.pieces.iter_mut().flatten().map(|(_, value)| value)
    }
}

impl<K, V> Default for Sorted<K, V> {
    fn default() -> Self {
        Self { pieces: Vec::new() }
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for Sorted<K, V> {
    fn eq(&self, other: &Self) -> bool {
        // The same entries may lie in other pieces.
        self.pieces.iter().flatten().eq(other.pieces.iter().flatten())
    }
}

impl<K: Eq, V: Eq> Eq for Sorted<K, V> {}

impl<K, V> IntoIterator for Sorted<K, V> {
    type Item = (K, V);
    type IntoIter = core::iter::Flatten<std::vec::IntoIter<Vec<(K, V)>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.pieces.into_iter().flatten()
    }
}

/// Entries in the order of their keys.
pub(crate) struct Iter<'a, K, V> {
    pieces: &'a [Vec<(K, V)>],
    at: usize,
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (piece, behind) = self.pieces.split_first()?;
            if let Some((key, value)) = piece.get(self.at) {
                self.at = self.at.saturating_add(1);
                return Some((key, value));
            }
            (self.pieces, self.at) = (behind, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Clone, Debug)]
    enum Step {
        Insert(u16, u8),
        Remove(u16),
        Run(u16, u16),
        Keep(u8),
        Change(u16, u8),
    }

    fn step() -> impl Strategy<Value = Step> {
        let key = || 0..2000u16;
        prop_oneof![
            8 => (key(), any::<u8>()).prop_map(|(key, value)| Step::Insert(key, value)),
            8 => key().prop_map(Step::Remove),
            3 => (key(), 0..600u16).prop_map(|(key, count)| Step::Run(key, count)),
            1 => (2..250u8).prop_map(Step::Keep),
            2 => (key(), any::<u8>()).prop_map(|(key, value)| Step::Change(key, value)),
        ]
    }

    fn check(ours: &Sorted<u16, u8>, theirs: &BTreeMap<u16, u8>) {
        assert!(ours.iter().eq(theirs.iter()));
        assert_eq!(ours.len(), theirs.len());
        assert_eq!(ours.is_empty(), theirs.is_empty());
        assert_eq!(
            ours.first().copied(),
            theirs.first_key_value().map(|(k, v)| (*k, *v))
        );
        assert!(ours
            .pieces
            .iter()
            .all(|piece| !piece.is_empty() && piece.len() <= PIECE));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn it_does_what_a_tree_does(steps in proptest::collection::vec(step(), 1..60), from in 0..2100u16) {
            let mut ours = Sorted::default();
            let mut theirs = BTreeMap::new();
            for step in steps {
                match step {
                    Step::Insert(key, value) => {
                        ours.insert(key, value);
                        theirs.insert(key, value);
                    }
                    Step::Remove(key) => assert_eq!(ours.remove(&key), theirs.remove(&key)),
                    Step::Run(key, count) => (key..key.saturating_add(count)).for_each(|key| {
                        ours.insert(key, 7);
                        theirs.insert(key, 7);
                    }),
                    Step::Keep(part) => {
                        ours.retain(|key, _| key.checked_rem(u16::from(part)) == Some(0));
                        theirs.retain(|key, _| key.checked_rem(u16::from(part)) == Some(0));
                    }
                    Step::Change(key, value) => {
                        assert_eq!(ours.contains(&key), theirs.contains_key(&key));
                        assert_eq!(ours.get(&key), theirs.get(&key));
                        ours.get_mut(&key).into_iter().for_each(|old| *old = value);
                        theirs.get_mut(&key).into_iter().for_each(|old| *old = value);
                    }
                }
                check(&ours, &theirs);
            }
            assert!(ours.iter_from(&from).eq(theirs.range(from..)));
            let mut again = Sorted::default();
            theirs.iter().rev().for_each(|(key, value)| again.insert(*key, *value));
            assert_eq!(ours, again);
            ours.values_mut().for_each(|value| *value = 9);
            theirs.values_mut().for_each(|value| *value = 9);
            check(&ours, &theirs);
            assert!(ours.clone().into_iter().eq(theirs));
            ours.clear();
            check(&ours, &BTreeMap::new());
        }
    }

    #[test]
    fn what_comes_in_order_fills_its_pieces() {
        let mut list = Sorted::default();
        (0..10 * PIECE).for_each(|key| list.insert(key, ()));
        assert_eq!(list.pieces.len(), 10);
    }
}
