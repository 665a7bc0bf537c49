//! Questions that a transport or a source left open: nobody else would hear of them.

use crate::engine::{Answer, Answers, Event, Input, Need};
use crate::{Error, ErrorCode, ErrorDetails};

/// What the host could not answer, though the input came to its end without it. A reason that ends a call is in its error instead.
pub(crate) fn left_open(input: &Input, answers: &Answers) -> Vec<Event> {
    // What a stranger sends is no reason to tell anybody anything.
    if matches!(input, Input::OnionMessage { .. } | Input::InvoiceError { .. }) {
        return Vec::new();
    }
    let trouble = |(need, answer): (&Need, &Answer)| match answer {
        Answer::Failed(reason) => unanswered(need, reason).map(Event::Trouble),
        _ => None,
    };
    answers.iter().filter_map(trouble).collect()
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
    let mut details = Error::new(ErrorCode::MissingAnswer, format!("{what}: {reason}")).into_details();
    // It is asked again, by itself or with the next call.
    details.retryable = true;
    Some(details)
}
