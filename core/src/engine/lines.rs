//! One line per peer. A peer takes a message now and then and drops what comes faster, so copies for it wait their turn.

use std::collections::{BTreeMap, BTreeSet};

use bitcoin::secp256k1::PublicKey;

/// The pause between two messages to one peer. Core Lightning takes one in 250 ms and drops the rest without a word.
pub(crate) const PAUSE_MS: u64 = 250;

/// A node that messages are handed to first. Its bytes are quicker to compare than the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Peer([u8; 33]);

impl From<&PublicKey> for Peer {
    fn from(node_id: &PublicKey) -> Self {
        Self(node_id.serialize())
    }
}

/// The lines of all peers. There are never more of them than copies that wait, and peers of the last moment.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    lines: BTreeMap<Peer, Line>,
    /// The place of whoever joins next; each has one of its own, whatever the clock does.
    next_place: u64,
}

#[derive(Debug, Default)]
struct Line {
    /// When the latest message went to the peer, in Unix milliseconds.
    sent_ms: u64,
    /// Who waits: the place, and the index of the invoice.
    waiting: BTreeSet<(u64, u64)>,
}

impl Lines {
    /// When the latest message went to the peer, if that is not long ago.
    pub(crate) fn sent_ms(&self, peer: &Peer) -> Option<u64> {
        self.lines.get(peer).map(|line| line.sent_ms)
    }

    /// The invoice that is first in line.
    pub(crate) fn first(&self, peer: &Peer) -> Option<u64> {
        self.lines.get(peer)?.waiting.first().map(|(_, index)| *index)
    }

    /// When the first in line may go; `None` where nobody waits.
    pub(crate) fn moves_at(&self, peer: &Peer) -> Option<u64> {
        let line = self.lines.get(peer).filter(|line| !line.waiting.is_empty())?;
        Some(line.sent_ms.saturating_add(PAUSE_MS))
    }

    /// The place behind everybody else.
    pub(crate) fn next_place(&self) -> u64 {
        self.next_place
    }

    pub(crate) fn join(&mut self, peer: Peer, place: u64, index: u64) {
        self.next_place = self.next_place.max(place.saturating_add(1));
        let line = self.lines.entry(peer).or_default();
        line.waiting.insert((place, index));
    }

    pub(crate) fn leave(&mut self, peer: &Peer, place: u64, index: u64) {
        if let Some(line) = self.lines.get_mut(peer) {
            line.waiting.remove(&(place, index));
        }
    }

    pub(crate) fn sent(&mut self, peer: Peer, at_ms: u64) {
        self.lines.entry(peer).or_default().sent_ms = at_ms;
    }

    /// Forgets the peers for which nobody waits and to which anybody may send.
    pub(crate) fn forget_idle(&mut self, now_ms: u64) {
        self.lines
            .retain(|_, line| !line.waiting.is_empty() || line.sent_ms.saturating_add(PAUSE_MS) > now_ms);
    }

    /// Lets everybody go home.
    pub(crate) fn clear_waiting(&mut self) {
        self.lines.values_mut().for_each(|line| line.waiting.clear());
    }

    pub(crate) fn peers(&self) -> Vec<Peer> {
        self.lines.keys().copied().collect()
    }
}
