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
pub(crate) struct Lines(BTreeMap<Peer, Line>);

#[derive(Debug, Default)]
struct Line {
    /// When the latest message went to the peer, in Unix milliseconds.
    sent_ms: u64,
    /// Who waits: since when, and the index of the invoice.
    waiting: BTreeSet<(u64, u64)>,
}

impl Lines {
    /// When the latest message went to the peer, if that is not long ago.
    pub(crate) fn sent_ms(&self, peer: &Peer) -> Option<u64> {
        self.0.get(peer).map(|line| line.sent_ms)
    }

    /// The invoice that is first in line.
    pub(crate) fn first(&self, peer: &Peer) -> Option<u64> {
        self.0.get(peer)?.waiting.first().map(|(_, index)| *index)
    }

    /// When the first in line may go; `None` where nobody waits.
    pub(crate) fn moves_at(&self, peer: &Peer) -> Option<u64> {
        let line = self.0.get(peer).filter(|line| !line.waiting.is_empty())?;
        Some(line.sent_ms.saturating_add(PAUSE_MS))
    }

    pub(crate) fn join(&mut self, peer: Peer, since_ms: u64, index: u64) {
        self.0.entry(peer).or_default().waiting.insert((since_ms, index));
    }

    pub(crate) fn leave(&mut self, peer: &Peer, since_ms: u64, index: u64) {
        if let Some(line) = self.0.get_mut(peer) {
            line.waiting.remove(&(since_ms, index));
        }
    }

    pub(crate) fn sent(&mut self, peer: Peer, at_ms: u64) {
        self.0.entry(peer).or_default().sent_ms = at_ms;
    }

    /// Forgets the peers for which nobody waits and to which anybody may send.
    pub(crate) fn forget_idle(&mut self, now_ms: u64) {
        self.0
            .retain(|_, line| !line.waiting.is_empty() || line.sent_ms.saturating_add(PAUSE_MS) > now_ms);
    }

    /// Lets everybody go home.
    pub(crate) fn clear_waiting(&mut self) {
        self.0.values_mut().for_each(|line| line.waiting.clear());
    }

    pub(crate) fn peers(&self) -> Vec<Peer> {
        self.0.keys().copied().collect()
    }
}
