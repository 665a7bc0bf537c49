//! What becomes of a copy: the host's word on it, and what follows from that.

use crate::engine::copies::read_id;
use crate::engine::deliver::{at, count_copy, in_hand, set_outcome};
use crate::engine::draft::{Draft, Draw};
use crate::engine::flight::{Flight, InHand};
use crate::engine::payer_reply::keep_sent;
use crate::engine::plan::pause_after;
use crate::engine::state::WaitKind;
use crate::engine::status::end_calls;
use crate::engine::stored::StoredInvoice;
use crate::engine::{DeliveryState, Event, PathOutcome, PathReport, Record, SendOutcome};
use crate::{Error, ErrorCode};

/// Records what the host said of a copy. What is said of a copy that is not in its hands is passed over.
pub(crate) fn delivered(draft: &mut Draft<'_>, id: &str, outcome: SendOutcome) -> Draw<()> {
    let Some((index, copy)) = read_id(id) else {
        return Ok(());
    };
    let Some(mut invoice) = draft.state.open.get(&index).map(|open| (**open).clone()) else {
        return Ok(());
    };
    let Some(hand) = in_hand(draft, &invoice).filter(|hand| hand.copy == copy) else {
        // A copy that a resend overtook: if it left, its answer is waited for like any other.
        let left = outcome == SendOutcome::Accepted && copy < invoice.next_copy;
        if left && invoice.sent.insert(copy) {
            return changed(draft, invoice);
        }
        return Ok(());
    };
    let retries = draft.flight(index).map_or(0, |flight| flight.retries);
    match outcome {
        SendOutcome::Accepted => accepted(draft, invoice, hand).map(|_| ()),
        SendOutcome::NoRoute => {
            set_outcome(&mut invoice, hand.path, PathOutcome::NoRoute);
            invoice.next_path = invoice.next_path.map(|_| hand.path.saturating_add(1));
            if invoice.upcoming().is_none() {
                return no_path_left(draft, invoice);
            }
            draft.set_flight(index, Some(Flight::due(draft.now_ms, retries)));
            changed(draft, invoice)
        }
        SendOutcome::Offline => {
            // What this path's peer cannot be told now, another path's may.
            set_outcome(&mut invoice, hand.path, PathOutcome::Offline);
            take_next_path(&mut invoice, hand);
            again_later(draft, invoice, retries)
        }
        SendOutcome::Failed => {
            // It may have left all the same, so the next copy has its own number and takes the next path.
            set_outcome(&mut invoice, hand.path, PathOutcome::Failed);
            count_copy(&mut invoice, hand);
            take_next_path(&mut invoice, hand);
            again_later(draft, invoice, retries)
        }
    }
}

/// The host has sent the copy. The next one follows if nothing comes of it.
pub(crate) fn accepted(
    draft: &mut Draft<'_>,
    mut invoice: StoredInvoice,
    hand: InHand,
) -> Draw<StoredInvoice> {
    count_sent(&mut invoice, hand);
    let due = invoice.upcoming().map(|_| invoice.further_at(draft.now_ms));
    let flight = due.map(|at| Flight::due(at, 0));
    draft.set_flight(invoice.created_index, flight);
    changed(draft, invoice.clone())?;
    Ok(invoice)
}

/// Whoever pays has the invoice, so nothing more is sent, and a copy in the host's hands did arrive.
pub(crate) fn reached(draft: &mut Draft<'_>, invoice: &mut StoredInvoice) {
    if let Some(hand) = in_hand(draft, invoice) {
        count_sent(invoice, hand);
    }
    if invoice.next_path.take().is_some() {
        invoice.delivery = DeliveryState::Sent;
    }
    draft.set_flight(invoice.created_index, None);
}

/// Takes up the plan where a claim that came to nothing broke it off.
pub(crate) fn go_on(draft: &mut Draft<'_>, invoice: &StoredInvoice) {
    if invoice.upcoming().is_some() {
        let flight = Flight::due(invoice.further_at(draft.now_ms), 0);
        draft.set_flight(invoice.created_index, Some(flight));
    }
}

fn count_sent(invoice: &mut StoredInvoice, hand: InHand) {
    invoice.next_path = None;
    set_outcome(invoice, hand.path, PathOutcome::Accepted);
    invoice.sent.insert(hand.copy);
    count_copy(invoice, hand);
    invoice.delivery = DeliveryState::Sent;
}

/// The first path comes after the last.
fn take_next_path(invoice: &mut StoredInvoice, hand: InHand) {
    let next = hand.path.saturating_add(1);
    let next = at(&invoice.paths, next).map_or(0, |_| next);
    invoice.next_path = invoice.next_path.map(|_| next);
}

fn again_later(draft: &mut Draft<'_>, mut invoice: StoredInvoice, retries: u32) -> Draw<()> {
    if invoice.upcoming().is_none() {
        return no_path_left(draft, invoice);
    }
    if invoice.next_path.is_some() {
        invoice.delivery = DeliveryState::Sending;
    }
    wait_out(draft, &invoice, retries);
    changed(draft, invoice)
}

/// The next try comes after a pause.
fn wait_out(draft: &mut Draft<'_>, invoice: &StoredInvoice, retries: u32) {
    let due = draft.now_ms.saturating_add(pause_after(retries));
    let flight = Flight::due(due, retries.saturating_add(1));
    draft.set_flight(invoice.created_index, Some(flight));
}

/// No path takes the next copy now.
pub(crate) fn no_path_left(draft: &mut Draft<'_>, mut invoice: StoredInvoice) -> Draw<()> {
    let index = invoice.created_index;
    let retries = draft.flight(index).map_or(0, |flight| flight.retries);
    invoice.next_path = None;
    draft.set_flight(index, None);
    if !invoice.sent.is_empty() || invoice.claim.is_some() {
        // The payer has a copy already, or could not pay; what could not be sent is one more.
        invoice.delivery = DeliveryState::Sent;
        if invoice.upcoming().is_some() {
            wait_out(draft, &invoice, retries);
        }
        return keep_sent(draft, invoice);
    }
    let untold = |path: &PathReport| path.outcome != PathOutcome::NoRoute || path.attempts > 0;
    if invoice.paths.iter().any(untold) {
        // Some path could work, or a copy may have left: it is worth another round.
        invoice.next_path = Some(0);
        wait_out(draft, &invoice, retries);
        return changed(draft, invoice);
    }
    invoice.delivery = DeliveryState::Unreachable;
    let record = invoice.record();
    changed(draft, invoice)?;
    end_calls(draft, record.created_index, |kind| match kind {
        WaitKind::Send { .. } => Some(Err(no_route(&record))),
        _ => None,
    });
    Ok(())
}

/// Keeps an invoice whose delivery changed, and tells of it; where nothing changed, nothing is told.
pub(crate) fn changed(draft: &mut Draft<'_>, invoice: StoredInvoice) -> Draw<()> {
    if draft.invoice(invoice.created_index)?.as_ref() == Some(&invoice) {
        return Ok(());
    }
    let record = invoice.record();
    draft.put(invoice)?;
    draft.event(Event::Delivery(record));
    Ok(())
}

pub(crate) fn no_route(record: &Record) -> Error {
    let message = "no path leads to the payer; the invoice is stored and can be sent again";
    Error::new(ErrorCode::NoRoute, message).with_record(record.clone())
}
