//! What comes by time alone: the end of a wait, the end of an invoice, the next copy.

use crate::engine::deliver::deliver_all;
use crate::engine::draft::{Draft, Draw};
use crate::engine::state::Timer;
use crate::engine::status::expire;
use crate::engine::wait::end_of_wait;

/// How many timers one step handles; the next step goes on at once. It keeps batches small and steps quick.
const TIMERS: usize = 256;
/// How many copies one step hands out.
const DELIVERIES: usize = 32;
/// About how many bytes of expired invoices one step writes: a batch has to stay below the limit of the store.
const MOST_WRITTEN: usize = 1 << 20;

pub(crate) fn tick(draft: &mut Draft<'_>) -> Draw<()> {
    let now_ms = draft.now_ms;
    draft.changes.tick_ms = Some(now_ms);
    let due: Vec<Timer> = draft
        .state
        .timers()
        .take_while(|(at, _)| *at <= now_ms)
        .take(TIMERS)
        .map(|(_, timer)| timer)
        .collect();
    let mut copies = Vec::new();
    let mut written = 0usize;
    for timer in due {
        match timer {
            // In the order of time: a wait that ended before the invoice expired did time out.
            Timer::CallEnds(call) => end_of_wait(draft, call)?,
            Timer::Expires(index) => {
                if let Some(invoice) = draft.invoice(index)? {
                    written = written.saturating_add(invoice.invoice.len());
                    expire(draft, invoice)?;
                }
                if written > MOST_WRITTEN {
                    break;
                }
            }
            Timer::Moves(peer) => copies.extend(draft.state.lines.first(&peer)),
            Timer::Delivers(index) => copies.push(index),
        }
    }
    if draft.has_changes() {
        // What time alone decides is not held up by questions about routes, and nothing that has expired is handed out.
        return Ok(());
    }
    copies.truncate(DELIVERIES);
    deliver_all(draft, &copies)
}
