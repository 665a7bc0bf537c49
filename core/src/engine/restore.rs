//! Reading the store: at the start, and again after another writer changed it.

use crate::engine::deliver::show_sending;
use crate::engine::delivered::no_route;
use crate::engine::draft::{corrupt_index, key_index, Draft, Draw, Restored, Stop};
use crate::engine::flight::{Flight, Stage};
use crate::engine::layout::{after, read_index};
use crate::engine::payer_reply::{is_refused, payer_error};
use crate::engine::plan::pause_after;
use crate::engine::state::{Counters, Sending, WaitKind};
use crate::engine::status::expired;
use crate::engine::stored::StoredInvoice;
use crate::engine::wait::answer_any_wait;
use crate::engine::{meta, CallId, DeliveryState, Event, Outcome, Record, Status};
use crate::sorted::Sorted;
use crate::store::Entry;
use crate::{Error, ErrorCode};

/// How many entries are read at a time.
const PAGE: usize = 1000;

/// How far two writers of one store may be apart in telling the time, before one of them is told that its clock is behind.
const APART_MS: u64 = 1000;

pub(crate) fn restore(draft: &mut Draft<'_>) -> Draw<()> {
    // The revision comes first and by itself: whatever another writer changes while the rest is read, the next write is
    // then a conflict, and the store is read again.
    let revision = match draft.get(draft.layout.revision())? {
        Some(bytes) => {
            read_index(bytes).ok_or_else(|| corrupt("the revision of the store cannot be read"))?
        }
        None => 0,
    };
    if draft.get(draft.layout.importing())?.is_some() {
        return Err(corrupt("an import into the store was not finished; import the same dump again").into());
    }
    let found = draft.get(draft.layout.meta())?;
    let counters = match found {
        Some(bytes) => meta::decode(draft.config, draft.keys, bytes)?,
        None => Counters::default(),
    };
    let entries = read_all(draft, draft.layout.open(0), draft.layout.open(u64::MAX))?;
    if found.is_none() && (revision > 0 || !entries.is_empty()) {
        return Err(corrupt("the first entry of the store is missing").into());
    }
    let changed = read_changed(draft)?;
    let mut open = Vec::new();
    for entry in entries {
        open.push(StoredInvoice::decode(key_index(entry)?, &entry.value)?);
    }
    // What another writer closes between these reads is told now, so it is known from here on, and not told again.
    let counters = Counters {
        updated: changed
            .iter()
            .filter_map(|invoice| invoice.updated_index)
            .fold(counters.updated, u64::max),
        ..counters
    };
    let closed = by_index(changed.iter());
    open.retain(|invoice| !closed.contains(&invoice.created_index));
    if draft.now_ms.saturating_add(APART_MS) < counters.last_ms {
        draft.event(Event::ClockBehind {
            stored_ms: counters.last_ms,
            now_ms: draft.now_ms,
        });
    }
    draft.changes.counters = counters;
    take_up_deliveries(draft, &mut open);
    if draft.state.opened {
        tell_changes(draft, &open, &changed);
    }
    draft.changes.restored = Some(Restored {
        revision,
        new_store: found.is_none(),
        open,
    });
    take_up_waits(draft, &changed)
}

/// Every entry from the first to the last key, page by page.
fn read_all<'a>(draft: &Draft<'a>, first: Vec<u8>, last: Vec<u8>) -> Draw<Vec<&'a Entry>> {
    let end = after(&last);
    let mut start = first;
    let mut all = Vec::new();
    loop {
        let page = draft.range(start, end.clone(), PAGE)?;
        all.extend(page);
        match page.last() {
            Some(last) if page.len() >= PAGE => start = after(&last.key),
            _ => return Ok(all),
        }
    }
}

/// The closed invoices this engine does not know to be closed, in the order in which they were.
fn read_changed(draft: &Draft<'_>) -> Draw<Vec<StoredInvoice>> {
    if !draft.state.opened {
        return Ok(Vec::new());
    }
    let first = draft.state.counters.updated.saturating_add(1);
    let pointers = read_all(draft, draft.layout.updated(first), draft.layout.updated(u64::MAX))?;
    let mut changed = Vec::new();
    let mut needs = Vec::new();
    for pointer in pointers {
        let index = read_index(&pointer.value).ok_or_else(corrupt_index)?;
        match draft.get(draft.layout.closed(index)) {
            Ok(found) => changed.extend(
                found
                    .map(|bytes| StoredInvoice::decode(index, bytes))
                    .transpose()?,
            ),
            Err(Stop::Need(more)) => needs.extend(more),
            Err(stop) => return Err(stop),
        }
    }
    if needs.is_empty() {
        Ok(changed)
    } else {
        Err(Stop::Need(needs))
    }
}

/// Copies that were written and never left are due now, and the plan of those that are sent goes on, unless the host has the
/// next copy in hand.
fn take_up_deliveries(draft: &mut Draft<'_>, open: &mut [StoredInvoice]) {
    // Whoever else sends may have a copy in hand, and that is not in the store.
    let knows_hands = match draft.state.sending {
        Sending::Everyone => !draft.state.opened,
        Sending::Only => true,
        Sending::None => false,
    };
    for invoice in open {
        let index = invoice.created_index;
        let flight = draft.flight(index);
        if let Some((hand, flight)) =
            flight.and_then(|flight| Some((flight.in_hand(invoice.next_copy)?, flight)))
        {
            show_sending(invoice, hand.path);
            draft.set_flight(index, Some(flight));
        } else if invoice.upcoming().is_some() {
            let flight = next_flight(draft, invoice, flight);
            draft.set_flight(index, Some(flight));
        } else if knows_hands && invoice.delivery == DeliveryState::Sent && is_refused(draft, invoice) {
            // The answer came while one more copy was in the host's hands, and nobody knows what became of that.
            invoice.delivery = DeliveryState::Refused;
        }
    }
}

/// When the next copy of an invoice that was just read is due.
fn next_flight(draft: &Draft<'_>, invoice: &StoredInvoice, flight: Option<Flight>) -> Flight {
    let now_ms = draft.now_ms;
    let retries = flight.map_or(0, |flight| flight.retries);
    let known = draft.state.open.get(&invoice.created_index);
    let known =
        known.filter(|known| (known.next_copy, known.next_path) == (invoice.next_copy, invoice.next_path));
    let is_further = invoice.next_path.is_none();
    let others_send = draft.state.opened && draft.state.sending != Sending::Only;
    match (known.and(flight), known) {
        // We are at it, and nothing came between.
        (Some(flight), _) if is_further || matches!(flight.stage, Stage::InLine(..)) => flight,
        // Another writer is at it, who may have it in hand: its word is awaited for a while.
        (_, None) if others_send && is_further => Flight::due(invoice.further_at(now_ms), retries),
        (_, None) if others_send => Flight::due(now_ms.saturating_add(pause_after(retries)), retries),
        _ if is_further => Flight::due(invoice.further_after_restart(now_ms), retries),
        _ => Flight::due(now_ms, retries),
    }
}

/// Events for what happened while another writer was at it, or in a step whose write came through unnoticed.
fn tell_changes(draft: &mut Draft<'_>, open: &[StoredInvoice], changed: &[StoredInvoice]) {
    let known = draft.state.counters.created;
    for invoice in open {
        let event = match draft.state.open.get(&invoice.created_index) {
            Some(before) => change(before, invoice),
            None if invoice.created_index > known => Some(Event::Created(invoice.record())),
            None => None,
        };
        draft.changes.effects.events.extend(event);
    }
    for invoice in changed {
        match invoice.status {
            Status::Paid => draft.event(Event::Paid(invoice.record())),
            Status::Expired => draft.event(Event::Expired(invoice.record())),
            Status::Unpaid => {}
        }
    }
    let there = by_index(open.iter().chain(changed));
    let before = &draft.state.open;
    let gone = before
        .iter()
        .filter(|(index, _)| !there.contains(*index))
        .map(|(_, invoice)| invoice.record());
    let gone: Vec<Record> = gone.collect();
    for record in gone {
        draft.event(Event::Deleted(record));
    }
}

/// What became of an open invoice. Most are as they were, and of those no record is made.
fn change(before: &StoredInvoice, after: &StoredInvoice) -> Option<Event> {
    let delivery = |invoice: &StoredInvoice| (invoice.delivery, invoice.next_copy);
    let event = match (before.claim.is_some(), after.claim.is_some()) {
        (false, true) => Event::Claiming,
        (true, false) => Event::ClaimFailed,
        _ if after.error.is_some() && after.error != before.error => Event::PayerError,
        _ if delivery(before) != delivery(after) || before.paths != after.paths => Event::Delivery,
        _ => return None,
    };
    Some(event(after.record()))
}

/// What other writers did may be what a call here waits for.
fn take_up_waits(draft: &mut Draft<'_>, changed: &[StoredInvoice]) -> Draw<()> {
    let waits: Vec<(CallId, WaitKind)> = draft
        .state
        .waits()
        .map(|(call, wait)| (call, wait.kind))
        .collect();
    let changed = by_index(changed.iter());
    for (call, kind) in waits {
        match kind {
            WaitKind::Any { last_pay_index } => {
                answer_any_wait(draft, call, last_pay_index)?;
            }
            WaitKind::Send { index } | WaitKind::Invoice { index } => {
                let restored = draft.changes.restored.as_ref();
                if let Some(open) = restored.and_then(|restored| restored.open(index)) {
                    let ends = matches!(kind, WaitKind::Send { .. });
                    if let Some(error) = Some(open).filter(|_| ends).and_then(undeliverable) {
                        draft.reply(call, Err(error));
                    }
                    continue;
                }
                let record = match changed.get(&index) {
                    Some(invoice) => Some(invoice.record()),
                    None => closed(draft, index)?,
                };
                let result = match record {
                    Some(record) if record.status == Status::Paid => Ok(Outcome::Record(record)),
                    // Its money may still come.
                    Some(record) if record.claiming => continue,
                    Some(record) => Err(expired(&record)),
                    None => Err(Error::new(ErrorCode::NotFound, "the invoice was deleted")),
                };
                draft.reply(call, result);
            }
        }
    }
    Ok(())
}

/// Why another writer could not deliver an invoice.
fn undeliverable(invoice: &StoredInvoice) -> Option<Error> {
    match invoice.delivery {
        _ if invoice.claim.is_some() => None,
        DeliveryState::Unreachable => Some(no_route(&invoice.record())),
        DeliveryState::Refused => Some(payer_error(&invoice.record())),
        DeliveryState::Stored | DeliveryState::Sending | DeliveryState::Sent => None,
    }
}

fn by_index<'a>(invoices: impl Iterator<Item = &'a StoredInvoice>) -> Sorted<u64, &'a StoredInvoice> {
    let mut list = Sorted::default();
    invoices.for_each(|invoice| list.insert(invoice.created_index, invoice));
    list
}

/// An invoice that was closed before, and that somebody still waits for.
fn closed(draft: &Draft<'_>, index: u64) -> Draw<Option<Record>> {
    let found = draft.get(draft.layout.closed(index))?;
    let invoice = found
        .map(|bytes| StoredInvoice::decode(index, bytes))
        .transpose()?;
    Ok(invoice.map(|invoice| invoice.record()))
}

fn corrupt(why: &str) -> Error {
    Error::new(ErrorCode::StoreCorrupt, why)
}
