//! What comes back from a payer. It is a hint, so it changes what is known of the delivery and never the money.

use bitcoin::secp256k1::PublicKey;

use crate::bolt12::limits::MAX_SHOWN_CHARS;
use crate::bolt12::{clean, InvoiceError};
use crate::engine::deliver::in_hand;
use crate::engine::delivered::{accepted, changed};
use crate::engine::draft::{Draft, Draw};
use crate::engine::flight::InHand;
use crate::engine::keys::{read_token, ReplyToken};
use crate::engine::remote::RemoteKey;
use crate::engine::state::WaitKind;
use crate::engine::status::end_calls;
use crate::engine::stored::StoredInvoice;
use crate::engine::{DeliveryState, Event, PayerError, Record};
use crate::ids::hex;
use crate::onion::{self, Peeled};
use crate::{rules, Error, ErrorCode};

/// The TLV record of an onion message that holds an `invoice_error`.
const INVOICE_ERROR: u64 = 68;

/// The longest suggested value that is kept, in bytes. It is a hint for a person, and the payer's to fill.
const MAX_SUGGESTED: usize = 1024;

/// How many questions about the key of a node one message is worth: two for each of its layers that are for that node. A reply
/// path of ours has one such layer, and one more for each time its host names the node again at the end of the way.
const MOST_QUESTIONS: u32 = 8;

/// Opens an onion message. Whatever is not an answer to one of our copies is counted, nothing more.
pub(crate) fn onion_message(draft: &mut Draft<'_>, node_id: Option<PublicKey>, bytes: &[u8]) -> Draw<()> {
    let our_id = draft.keys.reply_node_id()?;
    let node_id = node_id.filter(|node_id| *node_id != our_id);
    let peeled = match node_id {
        None => {
            let key = draft.keys.reply_key()?;
            onion::peel_to_end(bytes, &our_id, onion::ecdh_with(key.expose())).ok()
        }
        // Nobody is asked anything about what cannot be a reply.
        Some(node_id) if !draft.state.awaits_reply_at(&node_id) => None,
        Some(node_id) => peel_at(draft, node_id, bytes)?,
    };
    let answer = match peeled {
        Some(Peeled::Final(message)) => {
            let token = message
                .path_id
                .and_then(|path_id| ReplyToken::try_from(path_id.as_slice()).ok());
            token.zip(message.content.filter(|content| content.number == INVOICE_ERROR))
        }
        _ => None,
    };
    let answer = answer.filter(|(token, _)| node_id.is_none_or(|node_id| awaits(draft, token, node_id)));
    match answer {
        Some((token, error)) => invoice_error(draft, &token, &error.value),
        None => {
            ignore(draft);
            Ok(())
        }
    }
}

/// Opens a message at a node whose key the host has, or some signer of the host's.
fn peel_at(draft: &Draft<'_>, node_id: PublicKey, bytes: &[u8]) -> Draw<Option<Peeled>> {
    let mut key = RemoteKey::new(draft, node_id, MOST_QUESTIONS);
    let peeled = onion::peel_to_end(bytes, &node_id, &mut key);
    let answered = key.answered()?;
    Ok(peeled.ok().filter(|_| answered))
}

/// Whether the invoice this token names may be answered at this node.
fn awaits(draft: &Draft<'_>, token: &ReplyToken, node_id: PublicKey) -> bool {
    let (index, copy) = read_token(token);
    let out = draft.state.open.get(&index);
    let in_hand = draft.flight(index).and_then(|flight| flight.in_hand(copy));
    out.is_some_and(|invoice| invoice.reply_nodes.contains(&node_id))
        || in_hand.is_some_and(|hand| hand.reply_node == Some(node_id))
}

/// Records what a payer answered, if it answers a copy of ours that is still open.
pub(crate) fn invoice_error(draft: &mut Draft<'_>, token: &ReplyToken, bytes: &[u8]) -> Draw<()> {
    let (index, copy) = read_token(token);
    let open = draft
        .state
        .open
        .get(&index)
        .filter(|invoice| draft.keys.is_reply_token(token, &invoice.nonce, index, copy));
    let (Some(open), Ok(error)) = (open, InvoiceError::from_bytes(bytes)) else {
        ignore(draft);
        return Ok(());
    };
    let mut invoice = (**open).clone();
    if copy >= invoice.next_copy {
        // The payer was faster than the host's word that the copy is out, or that word was lost.
        let hand = in_hand(draft, &invoice).filter(|hand| hand.copy == copy);
        let hand = hand.unwrap_or(InHand {
            copy,
            path: invoice.upcoming().unwrap_or(u32::MAX),
            reply_node: None,
        });
        invoice = accepted(draft, invoice, hand)?;
    }
    invoice.sent.insert(copy);
    if !invoice.answered.insert(copy) {
        // Anybody on the way can send a message once more: it is no news.
        ignore(draft);
        return Ok(());
    }
    invoice.error = Some(PayerError {
        message: clean(error.error.as_deref().unwrap_or_default(), MAX_SHOWN_CHARS),
        erroneous_field: error.erroneous_field,
        suggested_value: error
            .suggested_value
            .filter(|value| value.len() <= MAX_SUGGESTED)
            .map(|value| hex(&value)),
        received_at: draft.now(),
    });
    if invoice.upcoming().is_none() && in_hand(draft, &invoice).is_none() {
        // The payer has the invoice: the plan ends here.
        draft.set_flight(index, None);
    }
    let refused = is_refused(draft, &invoice);
    if refused {
        invoice.delivery = DeliveryState::Refused;
    }
    let record = invoice.record();
    draft.put(invoice)?;
    draft.event(Event::PayerError(record.clone()));
    if refused {
        end_refused(draft, &record);
    }
    Ok(())
}

/// Whether the payer refused every copy: with others out, in the host's hands or still to come, those may be paid.
pub(crate) fn is_refused(draft: &Draft<'_>, invoice: &StoredInvoice) -> bool {
    // One that could follow is not planned any more once the request has expired.
    let follows = invoice.upcoming().is_some() && draft.flight(invoice.created_index).is_some();
    let may_be_paid = follows || in_hand(draft, invoice).is_some();
    invoice.all_answered() && invoice.claim.is_none() && !may_be_paid
}

/// Keeps an invoice of which a copy is out. Where the payer has refused all of them, its calls end.
pub(crate) fn keep_sent(draft: &mut Draft<'_>, mut invoice: StoredInvoice) -> Draw<()> {
    let refused = is_refused(draft, &invoice);
    if refused {
        invoice.delivery = DeliveryState::Refused;
    }
    let record = invoice.record();
    changed(draft, invoice)?;
    if refused {
        end_refused(draft, &record);
    }
    Ok(())
}

pub(crate) fn end_refused(draft: &mut Draft<'_>, record: &Record) {
    end_calls(draft, record.created_index, |kind| match kind {
        WaitKind::Send { .. } => Some(Err(payer_error(record))),
        _ => None,
    });
}

fn ignore(draft: &mut Draft<'_>) {
    draft.changes.ignored_replies = draft.changes.ignored_replies.saturating_add(1);
}

pub(crate) fn payer_error(record: &Record) -> Error {
    let said = record.delivery.error.as_ref();
    let message = match said
        .map(|error| error.message.as_str())
        .filter(|text| !text.is_empty())
    {
        Some(text) => format!("the payer answered with an error: {text}"),
        None => "the payer answered with an error and did not say why".to_owned(),
    };
    let error = Error::new(ErrorCode::PayerError, message).with_rule(rules::INVOICE_ERROR);
    match said.and_then(|error| error.erroneous_field) {
        Some(field) => error.with_field(field),
        None => error,
    }
    .with_record(record.clone())
}
