//! Questions that a transport or a source left open: nobody else would hear of them.

use crate::engine::{Answer, Answers, Event, Input, Need};
use crate::{Error, ErrorCode, ErrorDetails};

/// How much of it one step tells. A stranger says how many paths there are to look up.
const MOST_TOLD: usize = 8;

/// Puts what the host could not answer before what came of it. A reason that ends a call is in its error instead.
pub(crate) fn tell(input: &Input, answers: &Answers, events: &mut Vec<Event>) {
    let is_told = match input {
        // What a stranger sends is no reason to tell anybody anything.
        Input::OnionMessage { .. } | Input::InvoiceError { .. } => false,
        // Nor is it that there is still no answer.
        Input::Tick => !events.is_empty(),
        _ => true,
    };
    if is_told {
        let trouble = |(need, answer): (&Need, &Answer)| match answer {
            Answer::Failed(reason) => unanswered(need, reason).map(Event::Trouble),
            _ => None,
        };
        let told: Vec<Event> = answers.iter().filter_map(trouble).take(MOST_TOLD).collect();
        events.splice(..0, told);
    }
}

fn unanswered(need: &Need, reason: &str) -> Option<ErrorDetails> {
    let what = match need {
        Need::FindRoute { node_id } => format!("no route to {node_id} could be looked up"),
        Need::ResolveScid { scid, .. } => {
            let (block, transaction, output) = (scid >> 40, scid >> 16 & 0xff_ffff, scid & 0xffff);
            format!("the channel {block}x{transaction}x{output} could not be looked up")
        }
        Need::Ecdh { node_id, .. } => format!("the key of {node_id} could not be used"),
        Need::CanReceive { amount_msat } => {
            format!("the payment source could not tell whether it can receive {amount_msat} msat")
        }
        Need::Range { .. } | Need::CreateInboundPayment(_) | Need::Sign(_) => return None,
    };
    let error = Error::new(ErrorCode::MissingAnswer, format!("{what}: {reason}"));
    // It is asked again, by itself or with the next call.
    Some(error.with_retryable(true).into_details())
}
