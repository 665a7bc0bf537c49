//! Waiting: `waitinvoice`, `waitanyinvoice`, the end of a wait, and giving up.

use crate::engine::draft::{corrupt_index, Draft, Draw};
use crate::engine::layout::{after, read_index};
use crate::engine::state::{Wait, WaitKind};
use crate::engine::status::expired;
use crate::engine::{CallId, Outcome, Status};
use crate::{Error, ErrorCode};

pub(crate) fn wait_invoice(draft: &mut Draft<'_>, call: CallId, label: &str) -> Draw<()> {
    let record = draft.label_or_not_found(label)?.record();
    match record.status {
        Status::Paid => draft.reply(call, Ok(Outcome::Record(record))),
        Status::Expired if !record.claiming => return Err(expired(&record).into()),
        Status::Unpaid | Status::Expired => {
            let kind = WaitKind::Invoice {
                index: record.created_index,
            };
            draft.set_wait(call, Wait { kind, until_ms: None });
        }
    }
    Ok(())
}

pub(crate) fn wait_any_invoice(
    draft: &mut Draft<'_>,
    call: CallId,
    last_pay_index: u64,
    timeout: Option<u32>,
) -> Draw<()> {
    if !answer_any_wait(draft, call, last_pay_index)? {
        let until_ms = timeout.map(|seconds| deadline(draft.now_ms, seconds));
        draft.set_wait(
            call,
            Wait {
                kind: WaitKind::Any { last_pay_index },
                until_ms,
            },
        );
    }
    Ok(())
}

/// Replies with the first payment after `last_pay_index`, if there is one.
pub(crate) fn answer_any_wait(draft: &mut Draft<'_>, call: CallId, last_pay_index: u64) -> Draw<bool> {
    if last_pay_index >= draft.changes.counters.paid {
        return Ok(false);
    }
    let start = draft.layout.paid(last_pay_index.saturating_add(1));
    let found = draft
        .range(start, after(&draft.layout.paid(u64::MAX)), 1)?
        .first();
    let Some(entry) = found else { return Ok(false) };
    let index = read_index(&entry.value).ok_or_else(corrupt_index)?;
    let record = draft.named_closed(index)?.record();
    if record.payment.is_none() {
        return Err(corrupt_index().into());
    }
    draft.reply(call, Ok(Outcome::Record(record)));
    Ok(true)
}

/// The time of a wait is over.
pub(crate) fn end_of_wait(draft: &mut Draft<'_>, call: CallId) -> Draw<()> {
    let Some(wait) = draft.state.wait(call).copied() else {
        return Ok(());
    };
    let error = match wait.kind.index() {
        None => Error::new(ErrorCode::WaitAnyTimeout, "no invoice was paid within the wait"),
        Some(index) => {
            let error = Error::new(
                ErrorCode::WaitTimeout,
                "the invoice was not paid within the wait; it can still be paid until it expires",
            );
            match draft.invoice(index)? {
                Some(invoice) => error.with_record(invoice.record()),
                None => error,
            }
        }
    };
    draft.reply(call, Err(error));
    Ok(())
}

/// The caller gives up. The invoice is not touched.
pub(crate) fn cancel(draft: &mut Draft<'_>, call: CallId) {
    if draft.state.wait(call).is_some() {
        draft.reply(
            call,
            Err(Error::new(ErrorCode::Cancelled, "the caller ended the wait")),
        );
    }
}

pub(crate) fn deadline(now_ms: u64, seconds: u32) -> u64 {
    now_ms.saturating_add(u64::from(seconds).saturating_mul(1000))
}
