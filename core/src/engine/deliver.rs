//! Getting an invoice to the payer: one copy after the other, path by path.

use crate::bolt12::{quoted, BlindedPath, Introduction, Invoice};
use crate::engine::copies::{make_delivery, reply_of};
use crate::engine::delivered::{changed, no_path_left};
use crate::engine::draft::{Draft, Draw, Stop};
use crate::engine::flight::{Flight, InHand, Stage};
use crate::engine::lines::{Peer, PAUSE_MS};
use crate::engine::payer_reply::keep_sent;
use crate::engine::stored::StoredInvoice;
use crate::engine::way::{way_to, Way};
use crate::engine::{Delivery, DeliveryState, Event, PathOutcome, PathReport, ReplyPath};
use crate::{Error, ErrorCode};
use bitcoin::secp256k1::PublicKey;

/// How many paths of one invoice are tried in one step; the next step goes on at once. All timers wait for what a step asks, and
/// it is a stranger who says how many paths there are.
const PATHS_AT_ONCE: usize = 4;

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
        Err(Stop::Need(needs))
    }
}

/// Hands the next copy to the host, over the first path that leads anywhere.
fn deliver(draft: &mut Draft<'_>, index: u64) -> Draw<()> {
    let open = draft.invoice(index)?.filter(StoredInvoice::is_open);
    let (mut invoice, paths) = match open {
        Some(invoice) => {
            let paths: Vec<u32> = invoice.paths_to_try().collect();
            (invoice, paths)
        }
        None => return stop(draft, index),
    };
    let Ok(parsed) = Invoice::from_bytes(invoice.invoice.clone()) else {
        return unreadable(draft, &invoice);
    };
    let too_late = parsed
        .absolute_expiry()
        .is_some_and(|expiry| draft.now() > expiry);
    if paths.is_empty() || (invoice.next_path.is_none() && too_late) {
        // A request that has expired is not answered, and a further copy is one more answer.
        stop(draft, index)?;
        return keep_sent(draft, invoice);
    }
    let paths = in_order(draft, &invoice, paths);
    let (paths, rest) = paths.split_at(paths.len().min(PATHS_AT_ONCE));
    ask_all(draft, &invoice, &parsed, paths)?;
    for path in paths.iter().copied() {
        let outcome = match way_over(draft, &invoice, &parsed, path)? {
            Way::Found(found) if !in_turn(draft, index, found.peer()) => return Ok(()),
            Way::Found(found) => {
                let (peer, reply) = (found.peer(), reply_of(&invoice, &found));
                match make_delivery(draft, &invoice, path, *found) {
                    Ok(delivery) => {
                        draft.changes.sent_to.insert(peer, draft.now_ms);
                        return hand_out(draft, invoice, path, delivery, reply);
                    }
                    // What does not fit into an onion message over this path never will.
                    Err(_) => PathOutcome::NoRoute,
                }
            }
            Way::None => PathOutcome::NoRoute,
            Way::Unknown => PathOutcome::Offline,
        };
        set_outcome(&mut invoice, path, outcome);
    }
    let fresh = |path: &&u32| invoice.next_path.is_some() || !is_offline(&invoice, **path);
    match rest.first().filter(fresh) {
        Some(next) => try_next(draft, invoice, *next),
        None => no_path_left(draft, invoice),
    }
}

/// A damaged invoice is told of and not sent. The others have nothing to do with it.
fn unreadable(draft: &mut Draft<'_>, invoice: &StoredInvoice) -> Draw<()> {
    let message = format!("the stored invoice {} cannot be read", quoted(&invoice.label));
    let damaged = Error::new(ErrorCode::StoreCorrupt, message).with_record(invoice.record());
    draft.event(Event::Trouble(damaged.into_details()));
    stop(draft, invoice.created_index)
}

/// The paths that are left, in the order in which they are tried now. Those of a further copy that could not be told before begin
/// with another one each time, so that each has its turn.
fn in_order(draft: &Draft<'_>, invoice: &StoredInvoice, mut paths: Vec<u32>) -> Vec<u32> {
    let flight = flight_of(draft, invoice.created_index);
    if invoice.next_path.is_some() {
        paths.retain(|path| *path >= flight.from_path);
        return paths;
    }
    let first = paths.iter().position(|path| is_offline(invoice, *path));
    let offline = paths.get_mut(first.unwrap_or(usize::MAX)..).unwrap_or_default();
    let by = usize::try_from(flight.retries).unwrap_or_default();
    offline.rotate_left(by.checked_rem(offline.len()).unwrap_or_default());
    paths
}

fn is_offline(invoice: &StoredInvoice, path: u32) -> bool {
    at(&invoice.paths, path).is_some_and(|report| report.outcome == PathOutcome::Offline)
}

/// Goes on with the next paths in a step of its own. Where this one told nothing new, nothing is written: to wait is no news.
fn try_next(draft: &mut Draft<'_>, invoice: StoredInvoice, path: u32) -> Draw<()> {
    let index = invoice.created_index;
    let mut flight = flight_of(draft, index).at(Stage::Due(draft.now_ms));
    flight.from_path = path;
    draft.set_flight(index, Some(flight));
    changed(draft, invoice)
}

fn flight_of(draft: &Draft<'_>, index: u64) -> Flight {
    draft.flight(index).unwrap_or(Flight::due(draft.now_ms, 0))
}

fn stop(draft: &mut Draft<'_>, index: u64) -> Draw<()> {
    draft.set_flight(index, None);
    Ok(())
}

/// Asks about all of these paths at once where the first is not known yet: one after the other would take longer.
fn ask_all(draft: &Draft<'_>, invoice: &StoredInvoice, parsed: &Invoice, paths: &[u32]) -> Draw<()> {
    let mut needs = Vec::new();
    for path in paths {
        match way_over(draft, invoice, parsed, *path) {
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

fn way_over<'a>(draft: &Draft<'a>, invoice: &StoredInvoice, parsed: &Invoice, path: u32) -> Draw<Way<'a>> {
    let Some(report) = at(&invoice.paths, path) else {
        return Ok(Way::None);
    };
    let blinded = parsed.invreq_paths().unwrap_or_default();
    let blinded = blinded.get(usize::try_from(path).unwrap_or(usize::MAX));
    way_to(draft, report.introduction, blinded)
}

/// Whether a copy may go to this peer now. If not, it gets in line, and nobody is asked about it until its turn comes.
fn in_turn(draft: &mut Draft<'_>, index: u64, peer: Peer) -> bool {
    let now_ms = draft.now_ms;
    let sent = draft.changes.sent_to.get(&peer).copied();
    let sent = sent.or_else(|| draft.state.lines.sent_ms(&peer));
    let free = sent.is_none_or(|sent| sent.saturating_add(PAUSE_MS) <= now_ms);
    let others_first = draft.state.lines.first(&peer);
    let others_first =
        others_first.is_some_and(|first| first != index && !draft.changes.flights.contains(&first));
    if free && !others_first {
        return true;
    }
    let flight = flight_of(draft, index);
    let place = draft
        .state
        .lines
        .next_place()
        .saturating_add(draft.changes.joined);
    draft.changes.joined = draft.changes.joined.saturating_add(1);
    draft.set_flight(index, Some(flight.at(Stage::InLine(peer, place))));
    false
}

fn hand_out(
    draft: &mut Draft<'_>,
    mut invoice: StoredInvoice,
    path: u32,
    delivery: Delivery,
    reply: &ReplyPath,
) -> Draw<()> {
    draft.changes.effects.deliveries.push(delivery);
    let index = invoice.created_index;
    let flight = flight_of(draft, index);
    let stage = Stage::InHand(InHand {
        copy: invoice.next_copy,
        path,
        reply_node: match reply {
            ReplyPath::Node { node_id, .. } => Some(*node_id),
            _ => None,
        },
    });
    draft.set_flight(index, Some(flight.at(stage)));
    if invoice.next_path.is_some() {
        invoice.next_path = Some(path);
    }
    show_sending(&mut invoice, path);
    changed(draft, invoice)
}

/// Marks an invoice of which the host has a copy. The store does not know: after a crash nobody has it. One of which the
/// payer has a copy already stays sent.
pub(crate) fn show_sending(invoice: &mut StoredInvoice, path: u32) {
    if invoice.next_path.is_some() {
        invoice.delivery = DeliveryState::Sending;
    }
    let report = at_mut(&mut invoice.paths, path);
    if let Some(report) = report.filter(|report| report.outcome == PathOutcome::Untried) {
        report.outcome = PathOutcome::Sending;
    }
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

/// Begins a new round with the first path. The bytes of the invoice stay as they are.
pub(crate) fn start_over(draft: &mut Draft<'_>, invoice: &mut StoredInvoice) {
    if let Some(hand) = in_hand(draft, invoice) {
        // The host may still send the copy it has, so the next one gets a number of its own.
        count_copy(invoice, hand);
    }
    invoice.next_path = Some(0);
    invoice.round = invoice.next_copy;
    for report in &mut invoice.paths {
        report.outcome = PathOutcome::Untried;
    }
    invoice.delivery = DeliveryState::Stored;
    draft.set_flight(invoice.created_index, Some(Flight::due(draft.now_ms, 0)));
}

/// What the host has, if it is the copy that comes next.
pub(crate) fn in_hand(draft: &Draft<'_>, invoice: &StoredInvoice) -> Option<InHand> {
    draft.flight(invoice.created_index)?.in_hand(invoice.next_copy)
}

pub(crate) fn set_outcome(invoice: &mut StoredInvoice, path: u32, outcome: PathOutcome) {
    if let Some(report) = at_mut(&mut invoice.paths, path) {
        report.outcome = outcome;
    }
}

/// How many nodes at which an invoice may be answered are kept: with a key of its own for every copy there is no end to them.
const MOST_REPLY_NODES: usize = 8;

/// This copy left, or may have.
pub(crate) fn count_copy(invoice: &mut StoredInvoice, hand: InHand) {
    if let Some(report) = at_mut(&mut invoice.paths, hand.path) {
        report.attempts = report.attempts.saturating_add(1);
    }
    invoice.next_copy = invoice.next_copy.max(hand.copy.saturating_add(1));
    if let Some(node_id) = hand.reply_node {
        invoice.reply_nodes.retain(|known| *known != node_id);
        invoice.reply_nodes.push(node_id);
        let too_many = invoice.reply_nodes.len().saturating_sub(MOST_REPLY_NODES);
        invoice.reply_nodes.drain(..too_many);
    }
}

pub(crate) fn at(paths: &[PathReport], path: u32) -> Option<&PathReport> {
    paths.get(usize::try_from(path).ok()?)
}

fn at_mut(paths: &mut [PathReport], path: u32) -> Option<&mut PathReport> {
    paths.get_mut(usize::try_from(path).ok()?)
}
