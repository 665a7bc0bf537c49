//! The changes of status, each with its counters, its event and the calls it ends.

use crate::bolt12::quoted;
use crate::engine::deliver::forget_sending;
use crate::engine::delivered::reached;
use crate::engine::draft::{Draft, Draw};
use crate::engine::state::WaitKind;
use crate::engine::stored::StoredInvoice;
use crate::engine::{Event, Outcome, Payment, Record, Status};
use crate::{Error, ErrorCode, Result};

/// `unpaid` or `expired` becomes `paid`.
pub(crate) fn pay(draft: &mut Draft<'_>, mut invoice: StoredInvoice, paid: Paid) -> Draw<Record> {
    let counters = &mut draft.changes.counters;
    counters.paid = next(counters.paid)?;
    counters.updated = next(counters.updated)?;
    let pay_index = counters.paid;
    invoice.status = Status::Paid;
    invoice.updated_index = Some(counters.updated);
    invoice.claim = None;
    reached(draft, &mut invoice);
    invoice.payment = Some(Payment {
        pay_index,
        amount_received_msat: paid.amount_received_msat,
        paid_at: paid.paid_at,
        payment_preimage: paid.preimage,
    });
    let record = invoice.record();
    draft.put(invoice)?;
    draft.event(Event::Paid(record.clone()));
    end_calls(draft, record.created_index, |_| {
        Some(Ok(Outcome::Record(record.clone())))
    });
    end_any_waits(draft, &record);
    Ok(record)
}

pub(crate) struct Paid {
    pub(crate) amount_received_msat: u64,
    pub(crate) paid_at: u64,
    pub(crate) preimage: crate::Preimage,
}

/// `unpaid` becomes `expired`.
pub(crate) fn expire(draft: &mut Draft<'_>, mut invoice: StoredInvoice) -> Draw<()> {
    let counters = &mut draft.changes.counters;
    counters.updated = next(counters.updated)?;
    invoice.status = Status::Expired;
    invoice.updated_index = Some(counters.updated);
    invoice.next_path = None;
    forget_sending(&mut invoice);
    let record = invoice.record();
    draft.put(invoice)?;
    draft.event(Event::Expired(record.clone()));
    end_calls(draft, record.created_index, |_| Some(Err(expired(&record))));
    Ok(())
}

/// Ends the calls that wait on an invoice and for which there is a result.
pub(crate) fn end_calls(
    draft: &mut Draft<'_>,
    index: u64,
    result: impl Fn(WaitKind) -> Option<Result<Outcome>>,
) {
    for (call, wait) in draft.waits_on(index) {
        if let Some(result) = result(wait.kind) {
            draft.reply(call, result);
        }
    }
}

fn end_any_waits(draft: &mut Draft<'_>, record: &Record) {
    let index = record.payment.as_ref().map_or(0, |payment| payment.pay_index);
    let waiting: Vec<_> = draft
        .state
        .waits_any()
        .filter(|call| !draft.changes.waits.contains(call))
        .collect();
    for call in waiting {
        let after = draft.state.wait(call).map(|wait| wait.kind);
        if matches!(after, Some(WaitKind::Any { last_pay_index }) if last_pay_index < index) {
            draft.reply(call, Ok(Outcome::Record(record.clone())));
        }
    }
}

pub(crate) fn expired(record: &Record) -> Error {
    let message = format!("the invoice {} expired before it was paid", quoted(&record.label));
    Error::new(ErrorCode::InvoiceExpired, message).with_record(record.clone())
}

pub(crate) fn already_paid(record: &Record) -> Error {
    let message = format!("the invoice {} is paid already", quoted(&record.label));
    Error::new(ErrorCode::AlreadyPaid, message).with_record(record.clone())
}

pub(crate) fn being_claimed(record: &Record) -> Error {
    let message = format!(
        "a payment of the invoice {} is being claimed",
        quoted(&record.label)
    );
    Error::new(ErrorCode::Claiming, message).with_record(record.clone())
}

/// The next number of a counter; no wallet gets near the end.
pub(crate) fn next(counter: u64) -> Result<u64> {
    counter
        .checked_add(1)
        .ok_or_else(|| Error::new(ErrorCode::Internal, "a counter is full"))
}
