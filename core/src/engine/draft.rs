//! A step in the making: it reads through to the state, the answers and the store, and changes none of them.

use crate::bolt12::{quoted, InvoiceRequest};
use crate::engine::flight::Flight;
use crate::engine::layout::{index_of, read_index, Layout};
use crate::engine::lines::Peer;
use crate::engine::state::{Counters, State, Wait};
use crate::engine::stored::StoredInvoice;
use crate::engine::{keys::Keys, meta};
use crate::engine::{Answer, Answers, CallId, Config, Effects, Event, Need, Outcome, Reply};
use crate::sorted::Sorted;
use crate::store::{Batch, Entry};
use crate::{Error, ErrorCode, PaymentHash, Result};

/// Why a handler stops before its end.
pub(crate) enum Stop {
    Need(Vec<Need>),
    Error(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

pub(crate) type Draw<T> = core::result::Result<T, Stop>;

pub(crate) struct Draft<'a> {
    pub(crate) config: &'a Config,
    pub(crate) keys: &'a Keys,
    pub(crate) layout: &'a Layout,
    pub(crate) state: &'a State,
    /// The last request that was read, for the next call of `begin` with the same input.
    pub(crate) request: &'a mut Option<(String, InvoiceRequest)>,
    pub(crate) answers: &'a Answers,
    pub(crate) entropy: &'a [u8; 32],
    pub(crate) now_ms: u64,
    pub(crate) changes: Changes,
}

/// All that a step changes.
#[derive(Default)]
pub(crate) struct Changes {
    /// Set by a restore: everything known from the store is replaced.
    pub(crate) restored: Option<Restored>,
    pub(crate) counters: Counters,
    pub(crate) invoices: Sorted<u64, Box<Change>>,
    pub(crate) flights: Sorted<u64, Option<Flight>>,
    /// How many copies got in line.
    pub(crate) joined: u64,
    /// To which peers messages went, and when.
    pub(crate) sent_to: Sorted<Peer, u64>,
    /// The time of a tick.
    pub(crate) tick_ms: Option<u64>,
    pub(crate) waits: Sorted<CallId, Option<Wait>>,
    pub(crate) ignored_replies: u64,
    pub(crate) effects: Effects,
}

pub(crate) struct Restored {
    pub(crate) revision: u64,
    /// Whether the store is new, so that it has to be marked as ours.
    pub(crate) new_store: bool,
    pub(crate) open: Vec<StoredInvoice>,
}

impl Restored {
    /// The open invoice with this index; the list is in the order of the indexes.
    pub(crate) fn open(&self, index: u64) -> Option<&StoredInvoice> {
        let place = self
            .open
            .binary_search_by_key(&index, |invoice| invoice.created_index)
            .ok()?;
        self.open.get(place)
    }
}

pub(crate) struct Change {
    old: Option<StoredInvoice>,
    pub(crate) new: Option<StoredInvoice>,
}

impl<'a> Draft<'a> {
    pub(crate) fn now(&self) -> u64 {
        self.now_ms / 1000
    }

    // --- reading

    /// The request in this text. An input begins again after every need, and its request is read and verified once.
    pub(crate) fn request(&mut self, text: &str) -> Result<InvoiceRequest> {
        match self.request {
            Some((last, request)) if last == text => Ok(request.clone()),
            _ => {
                let request: InvoiceRequest = text.parse()?;
                *self.request = Some((text.to_owned(), request.clone()));
                Ok(request)
            }
        }
    }

    /// The answer to a need, or a stop that asks for it.
    pub(crate) fn ask(&self, need: Need) -> Draw<&'a Answer> {
        match self.answers.get(&need) {
            Some(answer) => Ok(answer),
            None => Err(Stop::Need(vec![need])),
        }
    }

    pub(crate) fn range(&self, start: Vec<u8>, end: Vec<u8>, limit: usize) -> Draw<&'a [Entry]> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        match self.ask(Need::Range { start, end, limit })? {
            Answer::Entries(entries) => Ok(entries),
            Answer::Failed(reason) => Err(Error::new(ErrorCode::StoreFailed, reason.clone()).into()),
            _ => Err(wrong_answer("a range of the store")),
        }
    }

    /// The value under one key.
    pub(crate) fn get(&self, key: Vec<u8>) -> Draw<Option<&'a [u8]>> {
        let end = crate::engine::layout::after(&key);
        Ok(self
            .range(key, end, 1)?
            .first()
            .map(|entry| entry.value.as_slice()))
    }

    /// The invoice with this index, as this step leaves it.
    pub(crate) fn invoice(&self, index: u64) -> Draw<Option<StoredInvoice>> {
        if let Some(change) = self.changes.invoices.get(&index) {
            return Ok(change.new.clone());
        }
        let open = match &self.changes.restored {
            Some(restored) => restored.open(index),
            None => self.state.open.get(&index).map(Box::as_ref),
        };
        if let Some(open) = open {
            return Ok(Some(open.clone()));
        }
        match self.get(self.layout.closed(index))? {
            Some(bytes) => Ok(Some(StoredInvoice::decode(index, bytes)?)),
            None => Ok(None),
        }
    }

    pub(crate) fn by_label(&self, label: &str) -> Draw<Option<StoredInvoice>> {
        match self.state.open_by_label(label) {
            Some(index) => self.invoice(index),
            None => self.by_index_key(self.layout.label(label), |found| found.label == label),
        }
    }

    pub(crate) fn by_payment_hash(&self, hash: &PaymentHash) -> Draw<Option<StoredInvoice>> {
        match self.state.open_by_hash(hash) {
            Some(index) => self.invoice(index),
            None => self.by_index_key(self.layout.payment_hash(hash), |found| {
                found.payment_hash == *hash
            }),
        }
    }

    /// What an index entry names has to be what was asked for: a damaged one could name the invoice of another payment.
    fn by_index_key(
        &self,
        key: Vec<u8>,
        is_meant: impl Fn(&StoredInvoice) -> bool,
    ) -> Draw<Option<StoredInvoice>> {
        let Some(value) = self.get(key)? else {
            return Ok(None);
        };
        let found = self.named(read_index(value).ok_or_else(corrupt_index)?)?;
        if !is_meant(&found) {
            return Err(corrupt_index().into());
        }
        Ok(Some(found))
    }

    /// The invoice that an index entry of the store names. If it is neither open nor closed, another writer made it since
    /// the store was last read as a whole.
    pub(crate) fn named(&self, index: u64) -> Draw<StoredInvoice> {
        self.invoice(index)?.ok_or_else(out_of_date)
    }

    /// The closed invoice that an index entry of the store names. It is asked of the store: memory may have it as open still,
    /// where another writer closed it.
    pub(crate) fn named_closed(&self, index: u64) -> Draw<StoredInvoice> {
        match self.get(self.layout.closed(index))? {
            Some(bytes) => Ok(StoredInvoice::decode(index, bytes)?),
            None => Err(out_of_date()),
        }
    }

    /// What is known of the store has to be what is in it now. A write says so by itself; this is for what is answered without
    /// one.
    pub(crate) fn check_up_to_date(&self) -> Draw<()> {
        let stored = self.get(self.layout.revision())?.map_or(Some(0), read_index);
        match stored == Some(self.state.revision) {
            true => Ok(()),
            false => Err(out_of_date()),
        }
    }

    pub(crate) fn label_or_not_found(&self, label: &str) -> Draw<StoredInvoice> {
        self.by_label(label)?.ok_or_else(|| {
            Error::new(
                ErrorCode::NotFound,
                format!("there is no invoice with the label {}", quoted(label)),
            )
            .into()
        })
    }

    /// Whether this step changes an invoice so far, so that there is something to write.
    pub(crate) fn changes_invoices(&self) -> bool {
        !self.changes.invoices.is_empty()
    }

    /// Whether anything came of this step so far.
    pub(crate) fn has_changes(&self) -> bool {
        let changes = &self.changes;
        !changes.invoices.is_empty() || !changes.effects.replies.is_empty()
    }

    // --- changing

    /// Puts an invoice in place of what was there under its index.
    pub(crate) fn put(&mut self, invoice: StoredInvoice) -> Draw<()> {
        self.change(invoice.created_index, Some(invoice))
    }

    pub(crate) fn delete(&mut self, index: u64) -> Draw<()> {
        self.change(index, None)
    }

    /// Adds an invoice that was never there.
    pub(crate) fn create(&mut self, invoice: StoredInvoice) {
        self.changes.invoices.insert(
            invoice.created_index,
            Box::new(Change {
                old: None,
                new: Some(invoice),
            }),
        );
    }

    fn change(&mut self, index: u64, new: Option<StoredInvoice>) -> Draw<()> {
        if let Some(change) = self.changes.invoices.get_mut(&index) {
            change.new = new;
            return Ok(());
        }
        let old = self.invoice(index)?;
        self.changes.invoices.insert(index, Box::new(Change { old, new }));
        Ok(())
    }

    pub(crate) fn set_flight(&mut self, index: u64, flight: Option<Flight>) {
        self.changes.flights.insert(index, flight);
    }

    pub(crate) fn flight(&self, index: u64) -> Option<Flight> {
        match self.changes.flights.get(&index) {
            Some(changed) => *changed,
            None => self.state.flights.get(&index).copied(),
        }
    }

    pub(crate) fn set_wait(&mut self, call: CallId, wait: Wait) {
        self.changes.waits.insert(call, Some(wait));
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.changes.effects.events.push(event);
    }

    /// Replies to a call and ends its wait.
    pub(crate) fn reply(&mut self, call: CallId, result: Result<Outcome>) {
        if self.state.wait(call).is_some() || self.changes.waits.contains(&call) {
            self.changes.waits.insert(call, None);
        }
        self.changes.effects.replies.push(Reply { call, result });
    }

    /// The waits on one invoice that this step has not ended yet. None begins in a step that could end it.
    pub(crate) fn waits_on(&self, index: u64) -> Vec<(CallId, Wait)> {
        self.state
            .waits_on(index)
            .filter(|call| !self.changes.waits.contains(call))
            .filter_map(|call| self.state.wait(call).map(|wait| (call, *wait)))
            .collect()
    }

    // --- finishing

    /// The batch that makes the changes durable; `None` where there is nothing to write.
    pub(crate) fn batch(&mut self) -> Option<Batch> {
        let restored = self.changes.restored.as_ref();
        let revision = restored.map_or(self.state.revision, |restored| restored.revision);
        let mut batch = Batch::new(self.layout.revision(), revision.saturating_add(1));
        for (_, change) in self.changes.invoices.iter() {
            diff(self.layout, change, &mut batch);
        }
        if restored.is_some_and(|restored| restored.new_store) {
            batch.absent.push(self.layout.meta());
        } else if batch.puts.is_empty() && batch.deletes.is_empty() {
            return None;
        }
        self.changes.counters.last_ms = self.changes.counters.last_ms.max(self.now_ms);
        let meta = meta::encode(self.config, self.keys, &self.changes.counters);
        batch.puts.push(Entry {
            key: self.layout.meta(),
            value: meta,
        });
        Some(batch)
    }
}

/// Writes what an invoice's change means for the store: new entries put, changed ones replaced, old ones deleted.
fn diff(layout: &Layout, change: &Change, batch: &mut Batch) {
    let entries = |invoice: &Option<StoredInvoice>| -> Vec<Entry> {
        invoice
            .as_ref()
            .map(|invoice| invoice.entries(layout))
            .unwrap_or_default()
    };
    let (old, new) = (entries(&change.old), entries(&change.new));
    if let (None, Some(created)) = (&change.old, &change.new) {
        // Were the counter ever behind, nothing is overwritten.
        batch.absent.push(layout.open(created.created_index));
        batch.absent.push(layout.label(&created.label));
        batch.absent.push(layout.payment_hash(&created.payment_hash));
    }
    let gone = old
        .iter()
        .filter(|entry| new.iter().all(|kept| kept.key != entry.key));
    batch.deletes.extend(gone.map(|entry| entry.key.clone()));
    batch
        .puts
        .extend(new.into_iter().filter(|entry| !old.contains(entry)));
}

pub(crate) fn wrong_answer(wanted: &str) -> Stop {
    Error::new(ErrorCode::MissingAnswer, format!("the answer is not {wanted}")).into()
}

fn out_of_date() -> Stop {
    let message = "another writer changed the store since it was read";
    Error::new(ErrorCode::StoreConflict, message).into()
}

pub(crate) fn corrupt_index() -> Error {
    Error::new(
        ErrorCode::StoreCorrupt,
        "an index entry of the store cannot be read",
    )
}

/// The index at the end of a key, for entries whose key names their invoice.
pub(crate) fn key_index(entry: &Entry) -> Result<u64> {
    index_of(&entry.key).ok_or_else(corrupt_index)
}
