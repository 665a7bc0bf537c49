//! `sendinvoice` and `resend`.

use bitcoin::secp256k1::PublicKey;

use crate::answer::{self, Answerable, Terms};
use crate::bolt12::{quoted, Invoice, InvoiceRequest};
use crate::engine::deliver::{start_over, untried_paths};
use crate::engine::draft::{key_index, wrong_answer, Draft, Draw};
use crate::engine::flight::Flight;
use crate::engine::layout::after;
use crate::engine::payer_reply::payer_error;
use crate::engine::state::{Wait, WaitKind};
use crate::engine::status::{already_paid, being_claimed, expired, next};
use crate::engine::stored::{Holder, StoredInvoice};
use crate::engine::wait::deadline;
use crate::engine::{
    Answer, CallId, DeliveryState, Event, Existing, InboundPayment, InboundPaymentRequest, Need, Outcome,
    SendInvoice, SignRequest, Status,
};
use crate::{rules, Error, ErrorCode, PaymentHash, Result};

/// The wait, and the lifetime of the invoice, where neither is given: 90 seconds, as `sendinvoice` has it.
const DEFAULT_TIMEOUT: u32 = 90;

pub(crate) fn send_invoice(draft: &mut Draft<'_>, call: CallId, params: &SendInvoice) -> Draw<()> {
    check_label(&params.label)?;
    let times = Times::of(draft.now(), params)?;
    if params.quantity.is_some() {
        return Err(no_quantity().into());
    }
    let request = draft.request(&params.invreq)?;
    if let Some(existing) = draft.by_label(&params.label)? {
        return join(draft, call, params, &request, &times, existing);
    }
    let answerable = Answerable::new(request, Some(draft.config.chain()), Some(draft.now()))?;
    answerable.check_amount(params.amount_msat)?;
    if !params.again {
        check_not_answered(draft, &answerable)?;
    }
    let invoice = make_invoice(draft, params, &answerable, &times)?;
    let index = invoice.created_index;
    let record = invoice.record();
    draft.create(invoice);
    draft.changes.counters.created = index;
    draft.set_flight(index, Some(Flight::due(draft.now_ms, 0)));
    draft.event(Event::Created(record));
    wait_for(draft, call, index, &times);
    Ok(())
}

/// Sends the same bytes once more, from the first path on.
pub(crate) fn resend(draft: &mut Draft<'_>, call: CallId, label: &str) -> Draw<()> {
    let mut invoice = draft.label_or_not_found(label)?;
    let record = invoice.record();
    match record.status {
        Status::Paid => return Err(already_paid(&record).into()),
        Status::Expired => return Err(expired(&record).into()),
        Status::Unpaid if record.claiming => return Err(being_claimed(&record).into()),
        Status::Unpaid => {}
    }
    if draft.now() > record.expires_at {
        return Err(expired(&record).into());
    }
    check_request_lives(draft, &invoice)?;
    start_over(draft, &mut invoice);
    let record = invoice.record();
    draft.put(invoice)?;
    draft.event(Event::Delivery(record.clone()));
    draft.reply(call, Ok(Outcome::Record(record)));
    Ok(())
}

/// A request that has expired is not answered, and a copy that is sent anew is an answer.
fn check_request_lives(draft: &Draft<'_>, invoice: &StoredInvoice) -> Result<()> {
    let sent = Invoice::from_bytes(invoice.invoice.clone())?;
    match sent.absolute_expiry().filter(|expiry| draft.now() > *expiry) {
        Some(expiry) => Err(answer::request_expired(expiry, draft.now()).with_record(invoice.record())),
        None => Ok(()),
    }
}

/// When a call and an invoice end.
struct Times {
    timeout: u32,
    expiry: u32,
    /// Whether the caller named an expiry, or took the timeout's.
    expiry_given: bool,
    created_at: u64,
}

impl Times {
    fn of(now: u64, params: &SendInvoice) -> Result<Self> {
        let timeout = params.timeout.unwrap_or(DEFAULT_TIMEOUT);
        let expiry = params.expiry.unwrap_or(timeout);
        if timeout == 0 || expiry == 0 {
            let what = if timeout == 0 { "timeout" } else { "expiry" };
            let message = format!("a {what} of 0 seconds leaves no time to pay");
            return Err(Error::new(ErrorCode::InvalidExpiry, message).with_rule(rules::INVOICE_EXPIRY));
        }
        Ok(Self {
            timeout,
            expiry,
            expiry_given: params.expiry.is_some(),
            created_at: now,
        })
    }

    fn expires_at(&self) -> u64 {
        self.created_at.saturating_add(u64::from(self.expiry))
    }
}

/// The label is in use: either that is an error, or the caller means that very invoice.
fn join(
    draft: &mut Draft<'_>,
    call: CallId,
    params: &SendInvoice,
    request: &InvoiceRequest,
    times: &Times,
    mut invoice: StoredInvoice,
) -> Draw<()> {
    let record = invoice.record();
    if params.existing == Existing::Error {
        let message = format!("another invoice has the label {}", quoted(&params.label));
        return Err(Error::new(ErrorCode::LabelInUse, message)
            .with_record(record)
            .into());
    }
    if !same_terms(params, request, times, &invoice)? {
        let message = format!(
            "the invoice with the label {} is for another request or other terms",
            quoted(&params.label)
        );
        return Err(Error::new(ErrorCode::LabelInUse, message)
            .with_record(record)
            .into());
    }
    match record.status {
        Status::Paid => draft.reply(call, Ok(Outcome::Record(record))),
        Status::Expired if !record.claiming => return Err(expired(&record).into()),
        // What the payer said before the wait was taken up again ends it all the same.
        Status::Unpaid if record.delivery.state == DeliveryState::Refused && !record.claiming => {
            draft.reply(call, Err(payer_error(&record)));
        }
        Status::Unpaid | Status::Expired => {
            if record.delivery.state == DeliveryState::Unreachable && !record.claiming {
                check_request_lives(draft, &invoice)?;
                start_over(draft, &mut invoice);
                let record = invoice.record();
                draft.put(invoice)?;
                draft.event(Event::Delivery(record));
            }
            wait_for(draft, call, record.created_index, times);
        }
    }
    Ok(())
}

fn same_terms(
    params: &SendInvoice,
    request: &InvoiceRequest,
    times: &Times,
    invoice: &StoredInvoice,
) -> Result<bool> {
    let same_expiry = !times.expiry_given
        || invoice.expires_at == invoice.created_at.saturating_add(u64::from(times.expiry));
    let same_amount = params
        .amount_msat
        .is_none_or(|amount| amount == invoice.amount_msat);
    let same_key = match params.invoice_node_id {
        Some(key) => Invoice::from_bytes(invoice.invoice.clone())?.node_id() == key,
        None => true,
    };
    let same_replies = params.replies == invoice.replies;
    Ok(request.invreq_id() == invoice.invreq_id && same_expiry && same_amount && same_key && same_replies)
}

fn wait_for(draft: &mut Draft<'_>, call: CallId, index: u64, times: &Times) {
    let until_ms = Some(deadline(draft.now_ms, times.timeout));
    draft.set_wait(
        call,
        Wait {
            kind: WaitKind::Send { index },
            until_ms,
        },
    );
}

/// One answer per request, unless the caller asks for another.
fn check_not_answered(draft: &Draft<'_>, answerable: &Answerable) -> Draw<()> {
    let id = answerable.request().invreq_id();
    let (start, end) = (
        draft.layout.request(&id, 0),
        after(&draft.layout.request(&id, u64::MAX)),
    );
    let Some(entry) = draft.range(start, end, 1)?.first() else {
        return Ok(());
    };
    let record = draft.named(key_index(entry)?)?.record();
    let message = format!(
        "the request has an answer already: the invoice {}, which is {}",
        quoted(&record.label),
        record.status.as_str()
    );
    Err(Error::new(ErrorCode::AlreadyAnswered, message)
        .with_record(record)
        .into())
}

fn make_invoice(
    draft: &Draft<'_>,
    params: &SendInvoice,
    answerable: &Answerable,
    times: &Times,
) -> Draw<StoredInvoice> {
    let nonce = *draft.entropy;
    let request = answerable.request();
    let ours = draft.keys.preimage(&nonce).payment_hash();
    let inbound = inbound_payment(draft, params, answerable, times, ours)?;
    let payment_hash = inbound.payment_hash.unwrap_or(ours);
    let holder = holder(draft, inbound, &nonce, payment_hash, ours)?;
    if let Some(other) = draft.by_payment_hash(&payment_hash)? {
        let message = format!("another invoice has the payment hash {payment_hash}");
        return Err(Error::new(ErrorCode::PaymentHashInUse, message)
            .with_record(other.record())
            .into());
    }
    let (node_id, key) = match params.invoice_node_id {
        Some(node_id) => (node_id, None),
        None => {
            let key = draft.keys.invoice_key(&nonce)?;
            (key.node_id(), Some(key))
        }
    };
    let terms = Terms {
        created_at: times.created_at,
        relative_expiry: times.expiry,
        payment_hash,
        node_id,
        mpp: inbound.mpp,
        paths: inbound.paths.clone(),
        paths_expire_at: inbound.paths_expire_at,
    };
    let unsigned = answer::prepare(answerable, &terms)?;
    let digest = unsigned.digest();
    let signature = match key {
        Some(key) => key.sign(&digest),
        None => ask_signer(draft, node_id, digest, unsigned.as_bytes())?,
    };
    let signed = unsigned
        .finish(&signature)
        .map_err(|error| match params.invoice_node_id {
            Some(_) if error.code() == ErrorCode::InvalidSignature => Error::new(
                ErrorCode::SignerFailed,
                "the signature from the signer is not correct",
            ),
            _ => error,
        })?;
    Ok(StoredInvoice {
        created_index: next(draft.changes.counters.created)?,
        label: params.label.clone(),
        description: request.description().unwrap_or_default().to_owned(),
        payment_hash,
        invreq_id: request.invreq_id(),
        amount_msat: answerable.amount_msat(),
        created_at: times.created_at,
        expires_at: times.expires_at(),
        nonce,
        holder,
        status: Status::Unpaid,
        updated_index: None,
        claim: None,
        payment: None,
        delivery: DeliveryState::Stored,
        paths: untried_paths(request.paths().unwrap_or_default(), answerable.payer_id()),
        next_path: Some(0),
        next_copy: 0,
        sent: Default::default(),
        answered: Default::default(),
        error: None,
        replies: params.replies,
        round: 0,
        reply_nodes: Vec::new(),
        invoice: signed.as_bytes().to_vec(),
    })
}

fn inbound_payment<'a>(
    draft: &Draft<'a>,
    params: &SendInvoice,
    answerable: &Answerable,
    times: &Times,
    payment_hash: PaymentHash,
) -> Draw<&'a InboundPayment> {
    let need = Need::CreateInboundPayment(InboundPaymentRequest {
        amount_msat: answerable.amount_msat(),
        expires_at: times.expires_at(),
        payment_hash,
        label: params.label.clone(),
        invreq_id: answerable.request().invreq_id(),
    });
    match draft.ask(need)? {
        Answer::InboundPayment(inbound) => Ok(inbound),
        Answer::Failed(reason) => {
            let message = format!("the payment source could not create an inbound payment: {reason}");
            Err(Error::new(ErrorCode::SourceFailed, message).into())
        }
        _ => Err(wrong_answer("an inbound payment")),
    }
}

/// Who holds the preimage of the payment hash that was agreed on.
fn holder(
    draft: &Draft<'_>,
    inbound: &InboundPayment,
    nonce: &[u8; 32],
    payment_hash: PaymentHash,
    ours: PaymentHash,
) -> Result<Holder> {
    match &inbound.preimage {
        Some(preimage) if preimage.payment_hash() != payment_hash => {
            let message = "the preimage from the payment source does not hash to its payment hash";
            Err(Error::new(ErrorCode::PreimageMismatch, message))
        }
        _ if payment_hash == ours => Ok(Holder::Engine),
        Some(preimage) => Ok(Holder::Sealed(draft.keys.seal(nonce, preimage)?)),
        None => Ok(Holder::Host),
    }
}

fn ask_signer(draft: &Draft<'_>, node_id: PublicKey, digest: [u8; 32], invoice: &[u8]) -> Draw<[u8; 64]> {
    let tag = answer::INVOICE_SIGNATURE_TAG.to_owned();
    match draft.ask(Need::Sign(SignRequest {
        digest,
        tag,
        invoice: invoice.to_vec(),
        node_id,
    }))? {
        Answer::Signature(signature) => Ok(*signature),
        Answer::Failed(reason) => {
            Err(Error::new(ErrorCode::SignerFailed, format!("the signer refused: {reason}")).into())
        }
        _ => Err(wrong_answer("a signature")),
    }
}

/// A label is 1 to 256 bytes without NUL, compared byte by byte.
fn check_label(label: &str) -> Result<()> {
    if label.is_empty() || label.len() > 256 || label.contains('\0') {
        return Err(Error::new(
            ErrorCode::InvalidLabel,
            "a label is 1 to 256 bytes of text without NUL",
        ));
    }
    Ok(())
}

fn no_quantity() -> Error {
    let message = "a quantity belongs to an offer with a maximum quantity; this request has no offer";
    Error::new(ErrorCode::QuantityNotAllowed, message)
        .with_field(86)
        .with_rule(rules::INVREQ_QUANTITY)
}
