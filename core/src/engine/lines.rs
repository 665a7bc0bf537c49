//! One line per peer. A peer takes a message now and then and drops what comes faster, so copies for it wait their turn.

use bitcoin::secp256k1::PublicKey;

use crate::sorted::Sorted;

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
    lines: Sorted<Peer, Line>,
    /// The place of whoever joins next; each has one of its own, whatever the clock does.
    next_place: u64,
}

#[derive(Debug, Default)]
struct Line {
    /// When the latest message went to the peer, in Unix milliseconds.
    sent_ms: u64,
    /// Who waits: the place, and the index of the invoice.
    waiting: Sorted<(u64, u64)>,
}

impl Lines {
    /// When the latest message went to the peer, if that is not long ago.
    pub(crate) fn sent_ms(&self, peer: &Peer) -> Option<u64> {
        self.lines.get(peer).map(|line| line.sent_ms)
    }

    /// The invoice that is first in line.
    pub(crate) fn first(&self, peer: &Peer) -> Option<u64> {
        self.lines
            .get(peer)?
            .waiting
            .first()
            .map(|((_, index), ())| *index)
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
        self.line(peer, |line| line.waiting.insert((place, index), ()));
    }

    pub(crate) fn leave(&mut self, peer: &Peer, place: u64, index: u64) {
        if let Some(line) = self.lines.get_mut(peer) {
            line.waiting.remove(&(place, index));
        }
    }

    pub(crate) fn sent(&mut self, peer: Peer, at_ms: u64) {
        self.line(peer, |line| line.sent_ms = at_ms);
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
        self.lines.iter().map(|(peer, _)| *peer).collect()
    }

    fn line(&mut self, peer: Peer, change: impl FnOnce(&mut Line)) {
        if !self.lines.contains(&peer) {
            self.lines.insert(peer, Line::default());
        }
        if let Some(line) = self.lines.get_mut(&peer) {
            change(line);
        }
    }
}
