//! Getting an invoice to the payer: one copy after the other, path by path, until one is accepted.

use crate::bolt12::{BlindedPath, Introduction, Invoice};
use crate::engine::copies::{make_delivery, read_id, route_to, Way};
use crate::engine::draft::{Draft, Draw, Stop};
use crate::engine::state::{Flight, WaitKind};
use crate::engine::status::end_calls;
use crate::engine::stored::StoredInvoice;
use crate::engine::{Delivery, DeliveryState, Event, PathOutcome, PathReport, Record, SendOutcome};
use crate::{Error, ErrorCode};
use bitcoin::secp256k1::PublicKey;

/// The first pause after a copy could not be sent; each further one is twice as long, up to `LONGEST_PAUSE_MS`.
const FIRST_PAUSE_MS: u64 = 1_000;
const LONGEST_PAUSE_MS: u64 = 30_000;

/// What an invoice goes to: the request's paths, or the payer itself where it has none.
pub(crate) fn untried_paths(paths: &[BlindedPath], payer_id: PublicKey) -> Vec<PathReport> {
    let introductions: Vec<Introduction> = match paths {
        [] => vec![Introduction::NodeId(payer_id)],
        paths => paths.iter().map(|path| path.introduction).collect(),
    };
    let untried = |introduction| PathReport {
        introduction,
        outcome: PathOutcome::Untried,
        attempts: 0,
    };
    introductions.into_iter().map(untried).collect()
}

/// Hands the next copy to the host, over the first path that leads anywhere.
pub(crate) fn deliver(draft: &mut Draft<'_>, index: u64) -> Draw<()> {
    let open = draft.invoice(index)?.filter(StoredInvoice::is_open);
    let Some((mut invoice, first)) = open.and_then(|invoice| {
        let path = invoice.next_path?;
        Some((invoice, path))
    }) else {
        draft.set_flight(index, None);
        return Ok(());
    };
    let parsed = Invoice::from_bytes(invoice.invoice.clone())?;
    ask_all_paths(draft, &invoice, first)?;
    let mut path = first;
    while let Some(report) = at(&invoice.paths, path) {
        let outcome = match route_to(draft, report.introduction)? {
            Way::Found(node_id, route) => {
                match make_delivery(draft, &invoice, &parsed, path, node_id, route) {
                    Ok(delivery) => return hand_out(draft, invoice, path, delivery),
                    // What does not fit into an onion message over this path never will.
                    Err(_) => PathOutcome::NoRoute,
                }
            }
            Way::None => PathOutcome::NoRoute,
            Way::Unknown => PathOutcome::Offline,
        };
        set_outcome(&mut invoice, path, outcome);
        path = path.saturating_add(1);
    }
    no_path_left(draft, invoice)
}

/// Asks about every path at once where the first is not known yet: one after the other, a request with many paths that nobody
/// knows would hold up all else.
fn ask_all_paths(draft: &Draft<'_>, invoice: &StoredInvoice, first: u32) -> Draw<()> {
    let mut needs = Vec::new();
    for report in invoice
        .paths
        .iter()
        .skip(usize::try_from(first).unwrap_or(usize::MAX))
    {
        match route_to(draft, report.introduction) {
            Err(Stop::Need(more)) => needs.extend(more),
            Err(stop) => return Err(stop),
            Ok(Way::Found(..)) if needs.is_empty() => return Ok(()),
            Ok(_) => {}
        }
    }
    if needs.is_empty() {
        return Ok(());
    }
    Err(Stop::Need(needs))
}

fn hand_out(draft: &mut Draft<'_>, mut invoice: StoredInvoice, path: u32, delivery: Delivery) -> Draw<()> {
    draft.changes.effects.deliveries.push(delivery);
    let index = invoice.created_index;
    let retries = draft.flight(index).map_or(0, |flight| flight.retries);
    let flight = Flight {
        due_ms: None,
        copy: invoice.next_copy,
        retries,
    };
    draft.set_flight(index, Some(flight));
    let news = invoice.delivery != DeliveryState::Sending;
    invoice.next_path = Some(path);
    show_sending(&mut invoice);
    if news {
        return changed(draft, invoice);
    }
    draft.put(invoice)
}

/// Marks an invoice of which the host has a copy. The store does not know: after a crash nobody has it.
pub(crate) fn show_sending(invoice: &mut StoredInvoice) {
    invoice.delivery = DeliveryState::Sending;
    let report = invoice
        .next_path
        .and_then(|path| at_mut(&mut invoice.paths, path));
    if let Some(report) = report.filter(|report| report.outcome == PathOutcome::Untried) {
        report.outcome = PathOutcome::Sending;
    }
}

/// Records what the host said of a copy. What is said of a copy that is not in its hands is passed over.
pub(crate) fn delivered(draft: &mut Draft<'_>, id: &str, outcome: SendOutcome) -> Draw<()> {
    let Some((index, copy)) = read_id(id) else {
        return Ok(());
    };
    let Some(mut invoice) = draft.state.open.get(&index).cloned() else {
        return Ok(());
    };
    let in_hand = draft.flight(index).filter(|flight| flight.has(copy));
    let due = in_hand.zip(invoice.next_path.filter(|_| invoice.next_copy == copy));
    let Some((flight, path)) = due else {
        // A copy that a resend overtook: if it left, its answer is waited for like any other.
        let left = outcome == SendOutcome::Accepted && copy < invoice.next_copy;
        if left && invoice.sent.insert(copy) {
            return changed(draft, invoice);
        }
        return Ok(());
    };
    match outcome {
        SendOutcome::Accepted => accepted(draft, invoice).map(|_| ()),
        SendOutcome::NoRoute => {
            set_outcome(&mut invoice, path, PathOutcome::NoRoute);
            let next = path.saturating_add(1);
            if at(&invoice.paths, next).is_none() {
                return no_path_left(draft, invoice);
            }
            invoice.next_path = Some(next);
            draft.set_flight(index, Some(Flight::due(draft.now_ms, flight.retries)));
            changed(draft, invoice)
        }
        SendOutcome::Offline => again_later(draft, invoice, flight, path, PathOutcome::Offline),
        SendOutcome::Failed => again_later(draft, invoice, flight, path, PathOutcome::Failed),
    }
}

/// The host has sent the copy that is in its hands.
pub(crate) fn accepted(draft: &mut Draft<'_>, mut invoice: StoredInvoice) -> Draw<StoredInvoice> {
    if count_sent(&mut invoice) {
        draft.set_flight(invoice.created_index, None);
        changed(draft, invoice.clone())?;
    }
    Ok(invoice)
}

/// Whoever pays has the invoice, so nothing more is sent, and a copy in the host's hands did arrive.
pub(crate) fn reached(draft: &mut Draft<'_>, invoice: &mut StoredInvoice) {
    if in_hand(draft, invoice) {
        count_sent(invoice);
    }
    if invoice.next_path.take().is_some() {
        invoice.delivery = DeliveryState::Sent;
    }
    draft.set_flight(invoice.created_index, None);
}

/// What the host did not get rid of in time counts as never sent.
pub(crate) fn forget_sending(invoice: &mut StoredInvoice) {
    if invoice.delivery == DeliveryState::Sending {
        invoice.delivery = DeliveryState::Stored;
    }
    for report in &mut invoice.paths {
        if report.outcome == PathOutcome::Sending {
            report.outcome = PathOutcome::Untried;
        }
    }
}

fn count_sent(invoice: &mut StoredInvoice) -> bool {
    let Some(path) = invoice.next_path.take() else {
        return false;
    };
    set_outcome(invoice, path, PathOutcome::Accepted);
    invoice.sent.insert(invoice.next_copy);
    count_copy(invoice, path);
    invoice.delivery = DeliveryState::Sent;
    true
}

/// Whether the host has the copy that comes next.
fn in_hand(draft: &Draft<'_>, invoice: &StoredInvoice) -> bool {
    draft
        .flight(invoice.created_index)
        .is_some_and(|flight| flight.has(invoice.next_copy))
}

/// Starts over with the first path. The bytes of the invoice stay as they are.
pub(crate) fn start_over(draft: &mut Draft<'_>, invoice: &mut StoredInvoice) {
    if let Some(path) = invoice.next_path.filter(|_| in_hand(draft, invoice)) {
        // The host may still send the copy it has, so the next one gets a number of its own.
        count_copy(invoice, path);
    }
    invoice.next_path = Some(0);
    invoice.delivery = DeliveryState::Stored;
    draft.set_flight(invoice.created_index, Some(Flight::due(draft.now_ms, 0)));
}

fn again_later(
    draft: &mut Draft<'_>,
    mut invoice: StoredInvoice,
    flight: Flight,
    path: u32,
    outcome: PathOutcome,
) -> Draw<()> {
    let due = Flight::due(
        draft.now_ms.saturating_add(pause_after(flight.retries)),
        flight.retries.saturating_add(1),
    );
    draft.set_flight(invoice.created_index, Some(due));
    let before = invoice.clone();
    set_outcome(&mut invoice, path, outcome);
    invoice.delivery = DeliveryState::Sending;
    if outcome == PathOutcome::Failed {
        // It may have left all the same, so the next copy has its own number and takes the next path.
        count_copy(&mut invoice, path);
        let next = path.saturating_add(1);
        invoice.next_path = Some(if at(&invoice.paths, next).is_some() {
            next
        } else {
            0
        });
    }
    if invoice == before {
        return Ok(());
    }
    changed(draft, invoice)
}

/// The pause after a copy could not be sent so often before.
pub(crate) fn pause_after(retries: u32) -> u64 {
    FIRST_PAUSE_MS
        .saturating_mul(1 << retries.min(5))
        .min(LONGEST_PAUSE_MS)
}

fn no_path_left(draft: &mut Draft<'_>, mut invoice: StoredInvoice) -> Draw<()> {
    let retries = draft
        .flight(invoice.created_index)
        .map_or(0, |flight| flight.retries);
    invoice.next_path = None;
    draft.set_flight(invoice.created_index, None);
    if !invoice.sent.is_empty() {
        // The payer has a copy already; what could not be sent is one more.
        invoice.delivery = DeliveryState::Sent;
        return changed(draft, invoice);
    }
    let untold = |path: &PathReport| path.outcome != PathOutcome::NoRoute || path.attempts > 0;
    if invoice.paths.iter().any(untold) {
        // Some path could work, or a copy may have left: it is worth another round.
        let due = draft.now_ms.saturating_add(pause_after(retries));
        invoice.next_path = Some(0);
        let flight = Flight::due(due, retries.saturating_add(1));
        draft.set_flight(invoice.created_index, Some(flight));
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

fn changed(draft: &mut Draft<'_>, invoice: StoredInvoice) -> Draw<()> {
    let record = invoice.record();
    draft.put(invoice)?;
    draft.event(Event::Delivery(record));
    Ok(())
}

fn no_route(record: &Record) -> Error {
    let message = "no path leads to the payer; the invoice is stored and can be sent again";
    Error::new(ErrorCode::NoRoute, message).with_record(record.clone())
}

fn set_outcome(invoice: &mut StoredInvoice, path: u32, outcome: PathOutcome) {
    if let Some(report) = at_mut(&mut invoice.paths, path) {
        report.outcome = outcome;
    }
}

/// The copy that was next went over this path, or may have.
fn count_copy(invoice: &mut StoredInvoice, path: u32) {
    if let Some(report) = at_mut(&mut invoice.paths, path) {
        report.attempts = report.attempts.saturating_add(1);
    }
    invoice.next_copy = invoice.next_copy.saturating_add(1);
}

fn at(paths: &[PathReport], path: u32) -> Option<&PathReport> {
    paths.get(usize::try_from(path).ok()?)
}

fn at_mut(paths: &mut [PathReport], path: u32) -> Option<&mut PathReport> {
    paths.get_mut(usize::try_from(path).ok()?)
}

/// Hands out every copy that is due, and asks all questions at once.
pub(crate) fn deliver_all(draft: &mut Draft<'_>, due: &[u64]) -> Draw<()> {
    let mut needs = Vec::new();
    for index in due {
        match deliver(draft, *index) {
            Err(Stop::Need(more)) => needs.extend(more),
            other => other?,
        }
    }
    if needs.is_empty() {
        Ok(())
    } else {
        needs.sort();
        needs.dedup();
        Err(Stop::Need(needs))
    }
}
