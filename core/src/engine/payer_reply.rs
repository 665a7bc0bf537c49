//! What comes back from a payer. It is a hint, so it changes what is known of the delivery and never the money.

use bitcoin::secp256k1::PublicKey;

use crate::bolt12::limits::MAX_SHOWN_CHARS;
use crate::bolt12::{clean, InvoiceError};
use crate::engine::deliver::accepted;
use crate::engine::draft::{Draft, Draw};
use crate::engine::keys::{read_token, ReplyToken};
use crate::engine::state::WaitKind;
use crate::engine::status::end_calls;
use crate::engine::{DeliveryState, Event, PayerError, Record};
use crate::onion::{self, Peeled};
use crate::{rules, Error, ErrorCode};

/// The TLV record of an onion message that holds an `invoice_error`.
const INVOICE_ERROR: u64 = 68;

/// The longest suggested value that is kept, in bytes. It is a hint for a person, and the payer's to fill.
const MAX_SUGGESTED: usize = 1024;

/// Opens an onion message for our reply key. Whatever is not an answer to one of our copies is counted, nothing more.
pub(crate) fn onion_message(draft: &mut Draft<'_>, node_id: Option<PublicKey>, bytes: &[u8]) -> Draw<()> {
    if node_id.is_some() {
        ignore(draft);
        return Ok(());
    }
    let mut key = draft.keys.reply_key()?;
    let peeled = onion::peel_to_end(bytes, &draft.keys.reply_node_id()?, onion::ecdh_with(&key));
    key.non_secure_erase();
    let answer = match peeled {
        Ok(Peeled::Final(message)) => {
            let token = message
                .path_id
                .and_then(|path_id| ReplyToken::try_from(path_id.as_slice()).ok());
            token.zip(message.content.filter(|content| content.number == INVOICE_ERROR))
        }
        _ => None,
    };
    match answer {
        Some((token, error)) => invoice_error(draft, &token, &error.value),
        None => {
            ignore(draft);
            Ok(())
        }
    }
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
    let mut invoice = open.clone();
    if copy == invoice.next_copy {
        // The payer was faster than the host's word that the copy is out.
        invoice = accepted(draft, invoice)?;
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
            .map(|value| to_hex(&value)),
        received_at: draft.now(),
    });
    // With several copies out, the others may still be paid.
    let all_answered = invoice.next_path.is_none() && invoice.sent.is_subset(&invoice.answered);
    if all_answered && invoice.claim.is_none() {
        invoice.delivery = DeliveryState::Refused;
    }
    let record = invoice.record();
    draft.put(invoice)?;
    draft.event(Event::PayerError(record.clone()));
    if record.delivery.state == DeliveryState::Refused {
        end_calls(draft, index, |kind| match kind {
            WaitKind::Send { .. } => Some(Err(payer_error(&record))),
            _ => None,
        });
    }
    Ok(())
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

fn to_hex(bytes: &[u8]) -> String {
    use hex_conservative::DisplayHex;
    bytes.to_lower_hex_string()
}
