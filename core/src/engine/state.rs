//! What the engine knows between two steps: the open invoices, who waits, and what comes when.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::engine::stored::StoredInvoice;
use crate::engine::CallId;
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

/// Something that comes at a certain time. The order of the variants is the order within one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    CallEnds(CallId),
    Expires(u64),
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

/// A copy the host was given, or is to be given. It lives in memory only: after a crash the same copy comes again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flight {
    /// When the copy is due, in Unix milliseconds; `None` while the host has it.
    pub(crate) due_ms: Option<u64>,
    /// The number of the copy in the host's hands.
    pub(crate) copy: u32,
    /// How often the host could not send it.
    pub(crate) retries: u32,
}

impl Flight {
    /// The next copy is to be handed out at this time.
    pub(crate) fn due(at_ms: u64, retries: u32) -> Self {
        Self {
            due_ms: Some(at_ms),
            copy: 0,
            retries,
        }
    }

    /// Whether the host has this copy.
    pub(crate) fn has(self, copy: u32) -> bool {
        self.due_ms.is_none() && self.copy == copy
    }
}

#[derive(Debug, Default)]
pub(crate) struct State {
    /// Whether the store has been read once.
    pub(crate) opened: bool,
    pub(crate) revision: u64,
    pub(crate) counters: Counters,
    pub(crate) open: BTreeMap<u64, StoredInvoice>,
    by_hash: HashMap<PaymentHash, u64>,
    by_label: HashMap<String, u64>,
    pub(crate) flights: BTreeMap<u64, Flight>,
    waits: BTreeMap<CallId, Wait>,
    waits_on: BTreeSet<(u64, CallId)>,
    waits_any: BTreeSet<CallId>,
    timers: BTreeSet<(u64, Timer)>,
    pub(crate) ignored_replies: u64,
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
            .range((index, CallId::MIN)..=(index, CallId::MAX))
            .map(|(_, call)| *call)
    }

    pub(crate) fn waits_any(&self) -> impl Iterator<Item = CallId> + '_ {
        self.waits_any.iter().copied()
    }

    pub(crate) fn timers(&self) -> impl Iterator<Item = (u64, Timer)> + '_ {
        self.timers.iter().copied()
    }

    pub(crate) fn wake_at(&self) -> Option<u64> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Puts an invoice in place of what was known under its index; only open ones are kept.
    pub(crate) fn set_invoice(&mut self, index: u64, invoice: Option<StoredInvoice>) {
        if let Some(old) = self.open.remove(&index) {
            self.by_hash.remove(&old.payment_hash);
            self.by_label.remove(&old.label);
            if let Some(at) = old.expires_ms() {
                self.timers.remove(&(at, Timer::Expires(index)));
            }
        }
        match invoice.filter(StoredInvoice::is_open) {
            Some(new) => {
                self.by_hash.insert(new.payment_hash, index);
                self.by_label.insert(new.label.clone(), index);
                if let Some(at) = new.expires_ms() {
                    self.timers.insert((at, Timer::Expires(index)));
                }
                self.open.insert(index, new);
            }
            None => self.set_flight(index, None),
        }
    }

    pub(crate) fn set_flight(&mut self, index: u64, flight: Option<Flight>) {
        if let Some(due) = self.flights.remove(&index).and_then(|old| old.due_ms) {
            self.timers.remove(&(due, Timer::Delivers(index)));
        }
        if let Some(flight) = flight {
            if let Some(due) = flight.due_ms {
                self.timers.insert((due, Timer::Delivers(index)));
            }
            self.flights.insert(index, flight);
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
                Some(index) => self.waits_on.insert((index, call)),
                None => self.waits_any.insert(call),
            };
            if let Some(until) = wait.until_ms {
                self.timers.insert((until, Timer::CallEnds(call)));
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
        self.timers
            .retain(|(_, timer)| matches!(timer, Timer::CallEnds(_)));
    }
}
