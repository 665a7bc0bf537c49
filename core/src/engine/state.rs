//! What the engine knows between two steps: the open invoices, who waits, and what comes when.

use bitcoin::secp256k1::PublicKey;

use crate::engine::flight::{Flight, Stage};
use crate::engine::lines::{Lines, Peer};
use crate::engine::plan::LONGEST_WAIT_MS;
use crate::engine::stored::StoredInvoice;
use crate::engine::CallId;
use crate::sorted::Sorted;
use crate::PaymentHash;

/// The counters of the store, each counting up from 0 and never back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) created: u64,
    pub(crate) updated: u64,
    pub(crate) paid: u64,
    /// The latest time a step was made at, in Unix milliseconds.
    pub(crate) last_ms: u64,
}

/// Who hands out copies, where several engines work on one wallet: see [`Engine::set_sending`](crate::engine::Engine).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sending {
    /// Every engine does, and each leaves the others a moment to say what became of a copy.
    #[default]
    Everyone,
    /// This one alone.
    Only,
    /// Another one.
    None,
}

/// Something that comes at a certain time. The order of the variants is the order within one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    CallEnds(CallId),
    Expires(u64),
    /// Whoever is first in the line of this peer may go.
    Moves(Peer),
    Delivers(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wait {
    pub(crate) kind: WaitKind,
    /// When the wait ends, in Unix milliseconds.
    pub(crate) until_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitKind {
    /// A `sendinvoice`: it also ends when the invoice cannot be delivered.
    Send { index: u64 },
    /// A `waitinvoice`.
    Invoice { index: u64 },
    /// A `waitanyinvoice`.
    Any { last_pay_index: u64 },
}

impl WaitKind {
    pub(crate) fn index(self) -> Option<u64> {
        match self {
            Self::Send { index } | Self::Invoice { index } => Some(index),
            Self::Any { .. } => None,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct State {
    /// Whether the store has been read once.
    pub(crate) opened: bool,
    pub(crate) revision: u64,
    pub(crate) counters: Counters,
    pub(crate) open: Sorted<u64, Box<StoredInvoice>>,
    by_hash: Sorted<PaymentHash, u64>,
    by_label: Sorted<String, u64>,
    pub(crate) flights: Sorted<u64, Flight>,
    waits: Sorted<CallId, Wait>,
    waits_on: Sorted<(u64, CallId)>,
    waits_any: Sorted<CallId>,
    timers: Sorted<(u64, Timer)>,
    pub(crate) lines: Lines,
    /// How many copies may be answered at which node.
    reply_nodes: Sorted<Peer, u64>,
    /// When the latest tick was, in Unix milliseconds. Ticks come one after the other, so a later one at an earlier time
    /// means that the clock was set back.
    last_tick_ms: u64,
    pub(crate) ignored_replies: u64,
    pub(crate) sending: Sending,
}

impl State {
    pub(crate) fn open_by_hash(&self, hash: &PaymentHash) -> Option<u64> {
        self.by_hash.get(hash).copied()
    }

    pub(crate) fn open_by_label(&self, label: &str) -> Option<u64> {
        self.by_label.get(label).copied()
    }

    pub(crate) fn wait(&self, call: CallId) -> Option<&Wait> {
        self.waits.get(&call)
    }

    pub(crate) fn waits(&self) -> impl Iterator<Item = (CallId, &Wait)> {
        self.waits.iter().map(|(call, wait)| (*call, wait))
    }

    pub(crate) fn waits_on(&self, index: u64) -> impl Iterator<Item = CallId> + '_ {
        self.waits_on
            .iter_from(&(index, CallId::MIN))
            .map(|(wait, ())| *wait)
            .take_while(move |(of, _)| *of == index)
            .map(|(_, call)| call)
    }

    pub(crate) fn waits_any(&self) -> impl Iterator<Item = CallId> + '_ {
        self.waits_any.iter().map(|(call, ())| *call)
    }

    /// What comes when, without what another engine sees to.
    pub(crate) fn timers(&self) -> impl Iterator<Item = (u64, Timer)> + '_ {
        let sends = self.sending != Sending::None;
        let ours = move |timer: &Timer| sends || !matches!(timer, Timer::Moves(_) | Timer::Delivers(_));
        self.timers
            .iter()
            .map(|(timer, ())| *timer)
            .filter(move |(_, timer)| ours(timer))
    }

    pub(crate) fn wake_at(&self) -> Option<u64> {
        self.timers().next().map(|(at, _)| at)
    }

    /// Puts an invoice in place of what was known under its index; only open ones are kept.
    pub(crate) fn set_invoice(&mut self, index: u64, invoice: Option<StoredInvoice>) {
        if let Some(old) = self.open.remove(&index) {
            self.by_hash.remove(&old.payment_hash);
            self.by_label.remove(&old.label);
            if let Some(at) = old.expires_ms() {
                self.timers.remove(&(at, Timer::Expires(index)));
            }
            old.reply_nodes.iter().for_each(|node| self.no_reply_at(node));
        }
        match invoice.filter(StoredInvoice::is_open) {
            Some(new) => {
                self.by_hash.insert(new.payment_hash, index);
                self.by_label.insert(new.label.clone(), index);
                if let Some(at) = new.expires_ms() {
                    self.timers.insert((at, Timer::Expires(index)), ());
                }
                new.reply_nodes.iter().for_each(|node| self.reply_at(*node));
                self.open.insert(index, Box::new(new));
            }
            None => self.set_flight(index, None),
        }
    }

    pub(crate) fn set_flight(&mut self, index: u64, flight: Option<Flight>) {
        if let Some(old) = self.flights.remove(&index) {
            match old.stage {
                Stage::Due(at) => _ = self.timers.remove(&(at, Timer::Delivers(index))),
                Stage::InLine(peer, place) => self.move_line(peer, |lines| lines.leave(&peer, place, index)),
                Stage::InHand(_) => {}
            }
            if let Some(node) = old.reply_node() {
                self.no_reply_at(&node);
            }
        }
        if let Some(flight) = flight {
            match flight.stage {
                Stage::Due(at) => self.timers.insert((at, Timer::Delivers(index)), ()),
                Stage::InLine(peer, place) => self.move_line(peer, |lines| lines.join(peer, place, index)),
                Stage::InHand(_) => {}
            }
            if let Some(node) = flight.reply_node() {
                self.reply_at(node);
            }
            self.flights.insert(index, flight);
        }
    }

    /// A message went to this peer.
    pub(crate) fn set_sent(&mut self, peer: Peer, at_ms: u64) {
        self.move_line(peer, |lines| lines.sent(peer, at_ms));
    }

    /// Changes a line, and with it when its first may go.
    fn move_line(&mut self, peer: Peer, change: impl FnOnce(&mut Lines)) {
        let timer = Timer::Moves(peer);
        if let Some(at) = self.lines.moves_at(&peer) {
            self.timers.remove(&(at, timer));
        }
        change(&mut self.lines);
        if let Some(at) = self.lines.moves_at(&peer) {
            self.timers.insert((at, timer), ());
        }
    }

    /// Notes the time of a tick. Where the clock was set back, what was due soon is still due soon.
    pub(crate) fn set_tick(&mut self, now_ms: u64) {
        self.lines.forget_idle(now_ms);
        let back_ms = self.last_tick_ms.saturating_sub(now_ms);
        self.last_tick_ms = now_ms;
        if back_ms == 0 {
            return;
        }
        for peer in self.lines.peers() {
            let sent = self.lines.sent_ms(&peer).unwrap_or_default();
            self.set_sent(peer, sent.saturating_sub(back_ms));
        }
        let latest = now_ms.saturating_add(LONGEST_WAIT_MS);
        let due = self
            .flights
            .iter()
            .filter_map(|(index, flight)| match flight.stage {
                Stage::Due(at) => Some((*index, at, flight.retries)),
                Stage::InLine(..) | Stage::InHand(_) => None,
            });
        for (index, at, retries) in due.collect::<Vec<_>>() {
            let at = at.saturating_sub(back_ms).min(latest);
            self.set_flight(index, Some(Flight::due(at, retries)));
        }
    }

    /// Whether a copy of an open invoice may be answered at this node.
    pub(crate) fn awaits_reply_at(&self, node_id: &PublicKey) -> bool {
        self.reply_nodes.contains(&Peer::from(node_id))
    }

    fn reply_at(&mut self, node_id: PublicKey) {
        let node = Peer::from(&node_id);
        let count = self.reply_nodes.get(&node).copied().unwrap_or_default();
        self.reply_nodes.insert(node, count.saturating_add(1));
    }

    fn no_reply_at(&mut self, node_id: &PublicKey) {
        let node = Peer::from(node_id);
        match self.reply_nodes.get(&node).copied().unwrap_or_default() {
            0 | 1 => _ = self.reply_nodes.remove(&node),
            count => self.reply_nodes.insert(node, count.saturating_sub(1)),
        }
    }

    pub(crate) fn set_wait(&mut self, call: CallId, wait: Option<Wait>) {
        if let Some(old) = self.waits.remove(&call) {
            if let Some(index) = old.kind.index() {
                self.waits_on.remove(&(index, call));
            }
            if let Some(until) = old.until_ms {
                self.timers.remove(&(until, Timer::CallEnds(call)));
            }
            self.waits_any.remove(&call);
        }
        if let Some(wait) = wait {
            match wait.kind.index() {
                Some(index) => self.waits_on.insert((index, call), ()),
                None => self.waits_any.insert(call, ()),
            };
            if let Some(until) = wait.until_ms {
                self.timers.insert((until, Timer::CallEnds(call)), ());
            }
            self.waits.insert(call, wait);
        }
    }

    /// Forgets what came from the store, and keeps who waits.
    pub(crate) fn forget_stored(&mut self) {
        self.open.clear();
        self.by_hash.clear();
        self.by_label.clear();
        self.flights.clear();
        self.lines.clear_waiting();
        self.reply_nodes.clear();
        self.timers
            .retain(|(_, timer), ()| matches!(timer, Timer::CallEnds(_)));
    }
}
