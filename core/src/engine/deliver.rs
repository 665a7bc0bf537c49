//! Getting an invoice to the payer: one copy after the other, path by path, until one is accepted.

use crate::bolt12::{BlindedPath, Introduction, Invoice};
use crate::engine::draft::{Draft, Draw, Stop};
use crate::engine::state::{Flight, WaitKind};
use crate::engine::status::end_calls;
use crate::engine::stored::StoredInvoice;
use crate::engine::{
    Answer, Delivery, DeliveryState, Event, Need, PathOutcome, PathReport, Record, ReplyPath, Route,
    SendOutcome,
};
use crate::onion;
use crate::{Error, ErrorCode, Result};
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
    let Some(mut invoice) = draft.invoice(index)? else {
        return Ok(());
    };
    let Some(first) = invoice
        .next_path
        .filter(|_| invoice.is_open() && invoice.claim.is_none())
    else {
        draft.set_flight(index, None);
        return Ok(());
    };
    let parsed = Invoice::from_bytes(invoice.invoice.clone())?;
    let mut path = first;
    let mut skipped = false;
    while let Some(report) = at(&invoice.paths, path) {
        let found = route_to(draft, report.introduction)?;
        let delivery = found
            .and_then(|(node_id, route)| make_delivery(draft, &invoice, &parsed, path, node_id, route).ok());
        if let Some(delivery) = delivery {
            if skipped {
                invoice.next_path = Some(path);
                draft.put(invoice.clone())?;
            }
            draft.changes.effects.deliveries.push(delivery);
            let retries = draft.flight(index).map_or(0, |flight| flight.retries);
            draft.set_flight(
                index,
                Some(Flight {
                    due_ms: None,
                    retries,
                }),
            );
            return Ok(());
        }
        set_outcome(&mut invoice, path, PathOutcome::NoRoute);
        skipped = true;
        path = path.saturating_add(1);
    }
    no_path_left(draft, invoice)
}

/// Records what the host said of a copy. What is said of a copy that is not in its hands is passed over.
pub(crate) fn delivered(draft: &mut Draft<'_>, id: &str, outcome: SendOutcome) -> Draw<()> {
    let Some((index, copy)) = read_id(id) else {
        return Ok(());
    };
    let in_hand = draft.flight(index).filter(|flight| flight.due_ms.is_none());
    let (Some(flight), Some(invoice)) = (in_hand, draft.invoice(index)?) else {
        return Ok(());
    };
    let Some(path) = invoice.next_path.filter(|_| invoice.next_copy == copy) else {
        return Ok(());
    };
    match outcome {
        SendOutcome::Accepted => accepted(draft, invoice).map(|_| ()),
        SendOutcome::NoRoute => {
            let mut invoice = invoice;
            set_outcome(&mut invoice, path, PathOutcome::NoRoute);
            let next = path.saturating_add(1);
            if at(&invoice.paths, next).is_none() {
                return no_path_left(draft, invoice);
            }
            invoice.next_path = Some(next);
            draft.set_flight(
                index,
                Some(Flight {
                    due_ms: Some(draft.now_ms),
                    retries: flight.retries,
                }),
            );
            changed(draft, invoice)
        }
        SendOutcome::Offline => again_later(draft, invoice, flight, path, PathOutcome::Offline),
        SendOutcome::Failed => again_later(draft, invoice, flight, path, PathOutcome::Failed),
    }
}

/// The host has sent the copy that is in its hands.
pub(crate) fn accepted(draft: &mut Draft<'_>, mut invoice: StoredInvoice) -> Draw<StoredInvoice> {
    let Some(path) = invoice.next_path.take() else {
        return Ok(invoice);
    };
    set_outcome(&mut invoice, path, PathOutcome::Accepted);
    count_attempt(&mut invoice, path);
    invoice.sent.insert(invoice.next_copy);
    invoice.next_copy = invoice.next_copy.saturating_add(1);
    invoice.delivery = DeliveryState::Sent;
    draft.set_flight(invoice.created_index, None);
    changed(draft, invoice.clone())?;
    Ok(invoice)
}

/// Starts over with the first path. The bytes of the invoice stay as they are.
pub(crate) fn start_over(draft: &mut Draft<'_>, invoice: &mut StoredInvoice) {
    invoice.next_path = Some(0);
    invoice.delivery = DeliveryState::Stored;
    draft.set_flight(
        invoice.created_index,
        Some(Flight {
            due_ms: Some(draft.now_ms),
            retries: 0,
        }),
    );
}

fn again_later(
    draft: &mut Draft<'_>,
    mut invoice: StoredInvoice,
    flight: Flight,
    path: u32,
    outcome: PathOutcome,
) -> Draw<()> {
    let pause = FIRST_PAUSE_MS
        .checked_shl(flight.retries)
        .unwrap_or(LONGEST_PAUSE_MS)
        .min(LONGEST_PAUSE_MS);
    let due_ms = Some(draft.now_ms.saturating_add(pause));
    draft.set_flight(
        invoice.created_index,
        Some(Flight {
            due_ms,
            retries: flight.retries.saturating_add(1),
        }),
    );
    let before = invoice.clone();
    set_outcome(&mut invoice, path, outcome);
    invoice.delivery = DeliveryState::Sending;
    if outcome == PathOutcome::Failed {
        // It may have left all the same, so the next copy has its own number and takes the next path.
        count_attempt(&mut invoice, path);
        invoice.next_copy = invoice.next_copy.saturating_add(1);
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

fn no_path_left(draft: &mut Draft<'_>, mut invoice: StoredInvoice) -> Draw<()> {
    invoice.next_path = None;
    draft.set_flight(invoice.created_index, None);
    if invoice
        .paths
        .iter()
        .any(|path| path.outcome != PathOutcome::NoRoute)
    {
        // Some path could have worked: it is worth another round.
        let pause = draft.now_ms.saturating_add(LONGEST_PAUSE_MS);
        invoice.next_path = Some(0);
        draft.set_flight(
            invoice.created_index,
            Some(Flight {
                due_ms: Some(pause),
                retries: 0,
            }),
        );
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

/// The node a path begins at, and the way there; `None` where the host knows either not.
fn route_to<'a>(draft: &Draft<'a>, introduction: Introduction) -> Draw<Option<(PublicKey, &'a Route)>> {
    let node_id = match introduction {
        Introduction::NodeId(node_id) => node_id,
        Introduction::Scid { direction, scid } => match draft.ask(Need::ResolveScid { scid, direction })? {
            Answer::NodeId(Some(node_id)) => *node_id,
            Answer::NodeId(None) | Answer::Failed(_) => return Ok(None),
            _ => return Err(crate::engine::draft::wrong_answer("a node id")),
        },
    };
    let route = draft.route(Need::FindRoute { node_id })?;
    Ok(route.map(|route| (node_id, route)))
}

fn make_delivery(
    draft: &Draft<'_>,
    invoice: &StoredInvoice,
    parsed: &Invoice,
    path: u32,
    node_id: PublicKey,
    route: &Route,
) -> Result<Delivery> {
    let (index, copy) = (invoice.created_index, invoice.next_copy);
    let token = draft.keys.reply_token(&invoice.nonce, index, copy);
    let our_id = draft.keys.reply_node_id()?;
    let reply_path = match &route.reply {
        ReplyPath::Ours { via } => {
            let entropy = draft.keys.reply_entropy(&invoice.nonce, copy);
            Some(onion::reply_path(via, our_id, &token, entropy)?)
        }
        ReplyPath::Host | ReplyPath::None => None,
    };
    let blinded = parsed
        .invreq_paths()
        .unwrap_or_default()
        .get(usize::try_from(path).unwrap_or(usize::MAX));
    let destination = match blinded {
        Some(path) => onion::Destination::Path {
            path,
            introduction: node_id,
        },
        None => onion::Destination::Node(node_id),
    };
    let outgoing = onion::Outgoing {
        invoice: &invoice.invoice,
        destination,
        via: &route.via,
        reply_path: reply_path.as_ref(),
    };
    let packet = onion::build(&outgoing, draft.keys.onion_entropy(&invoice.nonce, copy))?;
    Ok(Delivery {
        id: write_id(index, copy),
        label: invoice.label.clone(),
        payment_hash: invoice.payment_hash,
        expires_at: invoice.expires_at,
        invoice: invoice.invoice.clone(),
        path: blinded.cloned(),
        node_id,
        via: route.via.clone(),
        packet,
        reply_path_id: matches!(route.reply, ReplyPath::Host).then_some(token),
    })
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

fn count_attempt(invoice: &mut StoredInvoice, path: u32) {
    if let Some(report) = at_mut(&mut invoice.paths, path) {
        report.attempts = report.attempts.saturating_add(1);
    }
}

fn at(paths: &[PathReport], path: u32) -> Option<&PathReport> {
    paths.get(usize::try_from(path).ok()?)
}

fn at_mut(paths: &mut [PathReport], path: u32) -> Option<&mut PathReport> {
    paths.get_mut(usize::try_from(path).ok()?)
}

/// A copy's id: the created index and the number of the copy.
fn write_id(index: u64, copy: u32) -> String {
    format!("{index}-{copy}")
}

fn read_id(id: &str) -> Option<(u64, u32)> {
    let (index, copy) = id.split_once('-')?;
    Some((index.parse().ok()?, copy.parse().ok()?))
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
