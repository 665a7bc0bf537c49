//! Reading the store: at the start, and again after another writer changed it.

use crate::engine::draft::{key_index, Draft, Draw, Restored};
use crate::engine::layout::after;
use crate::engine::state::{Counters, Flight, WaitKind};
use crate::engine::status::expired;
use crate::engine::stored::StoredInvoice;
use crate::engine::wait::answer_any_wait;
use crate::engine::{meta, Event, Outcome, Status};
use crate::{Error, ErrorCode};

/// How many open invoices are read at a time.
const PAGE: usize = 1000;

pub(crate) fn restore(draft: &mut Draft<'_>) -> Draw<()> {
    let found = draft.get(draft.layout.meta())?;
    let counters = match found {
        Some(bytes) => meta::decode(draft.config, draft.keys, bytes)?,
        None => Counters::default(),
    };
    let revision = match draft.get(draft.layout.revision())? {
        Some(bytes) => crate::engine::layout::read_index(bytes).ok_or_else(|| {
            Error::new(
                ErrorCode::StoreCorrupt,
                "the revision of the store cannot be read",
            )
        })?,
        None => 0,
    };
    let open = read_open(draft)?;
    if draft.now_ms < counters.last_ms {
        draft.event(Event::ClockBehind {
            stored_ms: counters.last_ms,
            now_ms: draft.now_ms,
        });
    }
    draft.changes.counters = counters;
    take_up_deliveries(draft, &open);
    draft.changes.restored = Some(Restored {
        revision,
        new_store: found.is_none(),
        open,
    });
    take_up_waits(draft)
}

fn read_open(draft: &Draft<'_>) -> Draw<Vec<StoredInvoice>> {
    let end = after(&draft.layout.open(u64::MAX));
    let mut start = draft.layout.open(0);
    let mut open = Vec::new();
    loop {
        let page = draft.range(start, end.clone(), PAGE)?;
        for entry in page {
            open.push(StoredInvoice::decode(key_index(entry)?, &entry.value)?);
        }
        match page.last() {
            Some(last) if page.len() >= PAGE => start = after(&last.key),
            _ => return Ok(open),
        }
    }
}

/// Copies that were written and never left are due now, unless the host has them in hand.
fn take_up_deliveries(draft: &mut Draft<'_>, open: &[StoredInvoice]) {
    for invoice in open.iter().filter(|invoice| invoice.next_path.is_some()) {
        let in_hand = draft
            .flight(invoice.created_index)
            .is_some_and(|flight| flight.due_ms.is_none());
        if !in_hand {
            let flight = Flight {
                due_ms: Some(draft.now_ms),
                retries: 0,
            };
            draft.set_flight(invoice.created_index, Some(flight));
        }
    }
}

/// What other writers did may be what a call here waits for.
fn take_up_waits(draft: &mut Draft<'_>) -> Draw<()> {
    let waits: Vec<_> = draft
        .state
        .waits()
        .map(|(call, wait)| (call, wait.kind))
        .collect();
    for (call, kind) in waits {
        match kind {
            WaitKind::Any { last_pay_index } => {
                answer_any_wait(draft, call, last_pay_index)?;
            }
            WaitKind::Send { index } | WaitKind::Invoice { index } => {
                if draft
                    .changes
                    .restored
                    .as_ref()
                    .is_some_and(|restored| restored.open(index).is_some())
                {
                    continue;
                }
                let record = match draft.get(draft.layout.closed(index))? {
                    Some(bytes) => Some(StoredInvoice::decode(index, bytes)?.record()),
                    None => None,
                };
                let result = match record {
                    Some(record) if record.status == Status::Paid => Ok(Outcome::Record(record)),
                    Some(record) => Err(expired(&record)),
                    None => Err(Error::new(ErrorCode::NotFound, "the invoice was deleted")),
                };
                draft.reply(call, result);
            }
        }
    }
    Ok(())
}
