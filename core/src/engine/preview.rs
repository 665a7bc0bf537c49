//! What answering a request would mean, told before anything is done.

use crate::answer::Answerable;
use crate::bolt12::clean;
use crate::bolt12::limits::MAX_SHOWN_CHARS;
use crate::decode::{decode_with, DecodeOptions, Decoded};
use crate::engine::draft::{wrong_answer, Draft, Draw};
use crate::engine::layout::after;
use crate::engine::{Answer, CallId, Need, Outcome};
use crate::{Error, ErrorDetails};

/// What answering a request would mean.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// The request, field by field; all text in it is cleaned of control and bidi characters.
    pub decoded: Decoded,
    /// The amount that would arrive, in msat.
    pub amount_msat: Option<u64>,
    /// What the payer says it is for, cleaned for display.
    pub description: Option<String>,
    /// Who the payer says it is, cleaned for display. Nobody has checked it.
    pub issuer: Option<String>,
    /// The last second in which the request may be answered, in Unix seconds.
    pub expires_at: Option<u64>,
    /// Whether it can be answered here and now.
    pub answerable: bool,
    /// Why it cannot be answered.
    pub error: Option<ErrorDetails>,
    /// Whether the payment source could receive the amount now; `None` where it cannot tell.
    pub receivable: Option<bool>,
    /// Whether the request has an answer already that is open, being claimed or paid.
    pub already_answered: bool,
    /// Whether the request is signed with the payer's key. A signature proves only that whoever made the request has that
    /// key; without one, whoever passed the text on may have changed it, and the payer will then refuse the invoice.
    pub signed: bool,
}

pub(crate) fn preview(draft: &mut Draft<'_>, call: CallId, invreq: &str) -> Draw<()> {
    let request = draft.request(invreq)?;
    let (chain, now) = (Some(draft.config.chain()), Some(draft.now()));
    let decoded = decode_with(invreq, &DecodeOptions { chain, now })?;
    let id = request.invreq_id();
    let answers = draft.range(
        draft.layout.request(&id, 0),
        after(&draft.layout.request(&id, u64::MAX)),
        1,
    )?;
    let already_answered = !answers.is_empty();
    let clean = |text: Option<&str>| text.map(|text| clean(text, MAX_SHOWN_CHARS));
    let (description, issuer) = (clean(request.description()), clean(request.issuer()));
    let (amount_msat, expires_at, signed) = (
        request.amount_msat(),
        request.absolute_expiry(),
        request.is_signed(),
    );
    let checked = Answerable::new(request, chain, now);
    let receivable = match &checked {
        Ok(answerable) => can_receive(draft, answerable.amount_msat())?,
        Err(_) => None,
    };
    let error = checked.err().map(Error::into_details);
    let preview = Preview {
        decoded,
        amount_msat,
        description,
        issuer,
        expires_at,
        answerable: error.is_none(),
        error,
        receivable,
        already_answered,
        signed,
    };
    draft.reply(call, Ok(Outcome::Preview(preview)));
    Ok(())
}

fn can_receive(draft: &Draft<'_>, amount_msat: u64) -> Draw<Option<bool>> {
    match draft.ask(Need::CanReceive { amount_msat })? {
        Answer::CanReceive(can) => Ok(*can),
        Answer::Failed(_) => Ok(None),
        _ => Err(wrong_answer("whether the amount can be received")),
    }
}
