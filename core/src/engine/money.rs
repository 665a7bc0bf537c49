//! Claiming a payment and recording it: the two places where a preimage may leave.

use crate::engine::delivered::{go_on, reached};
use crate::engine::draft::{Draft, Draw, Stop};
use crate::engine::payer_reply::{end_refused, is_refused};
use crate::engine::status::{already_paid, end_calls, expired, pay, Paid};
use crate::engine::stored::{ClaimBegun, Holder, StoredInvoice};
use crate::engine::{CallId, Claim, ClaimApproval, DeliveryState, Event, Outcome, PaymentReceived, Status};
use crate::{rules, Error, ErrorCode, PaymentHash, Preimage, Result};

/// Does something about money. What it says without writing anything, a refusal too, has to be so in the store: another writer
/// may have claimed the payment, taken the claim back or recorded the money.
pub(crate) fn about_money(draft: &mut Draft<'_>, work: impl FnOnce(&mut Draft<'_>) -> Draw<()>) -> Draw<()> {
    let done = work(draft);
    let needs = matches!(done, Err(Stop::Need(_)));
    if !needs && (done.is_err() || !draft.changes_invoices()) {
        draft.check_up_to_date()?;
    }
    done
}

/// Checks a payment that waits to be claimed, marks it, and lets the preimage go once that is written.
pub(crate) fn claim(draft: &mut Draft<'_>, call: CallId, claim: &Claim) -> Draw<()> {
    let mut invoice = by_hash_or_not_found(draft, &claim.payment_hash)?;
    if invoice.status == Status::Paid {
        return Err(already_paid(&invoice.record()).into());
    }
    check_amount(&invoice, claim.total_msat)?;
    if invoice.claim.is_none() {
        check_begun_in_time(&invoice, claim.first_htlc_at)?;
        invoice.claim = Some(ClaimBegun {
            total_msat: claim.total_msat,
            first_htlc_at: claim.first_htlc_at,
        });
        reached(draft, &mut invoice);
        draft.put(invoice.clone())?;
        draft.event(Event::Claiming(invoice.record()));
    }
    let preimage = held_preimage(draft, &invoice)?;
    draft.reply(
        call,
        Ok(Outcome::Claim(ClaimApproval {
            preimage,
            record: invoice.record(),
        })),
    );
    Ok(())
}

/// Takes back a claim that came to nothing, so that the invoice can expire, be sent again or be deleted.
pub(crate) fn claim_failed(draft: &mut Draft<'_>, call: CallId, payment_hash: &PaymentHash) -> Draw<()> {
    let mut invoice = by_hash_or_not_found(draft, payment_hash)?;
    if invoice.status == Status::Paid {
        return Err(already_paid(&invoice.record()).into());
    }
    if invoice.claim.take().is_some() {
        go_on(draft, &invoice);
        // What the payer said meanwhile was only noted.
        let refused = invoice.is_open() && is_refused(draft, &invoice);
        if refused {
            invoice.delivery = DeliveryState::Refused;
        }
        draft.put(invoice.clone())?;
        let record = invoice.record();
        draft.event(Event::ClaimFailed(record.clone()));
        if record.status == Status::Expired {
            end_calls(draft, record.created_index, |_| Some(Err(expired(&record))));
        } else if refused {
            end_refused(draft, &record);
        }
    }
    draft.reply(call, Ok(Outcome::Record(invoice.record())));
    Ok(())
}

/// Records money that arrived for good, however late and however often it is reported.
pub(crate) fn payment_received(draft: &mut Draft<'_>, call: CallId, received: &PaymentReceived) -> Draw<()> {
    let invoice = by_hash_or_not_found(draft, &received.payment_hash)?;
    check_seconds("paid_at", received.paid_at)?;
    if let Some(given) = &received.preimage {
        if given.payment_hash() != received.payment_hash {
            let message = "the preimage does not hash to the payment hash";
            return Err(Error::new(ErrorCode::PreimageMismatch, message).into());
        }
    }
    if invoice.status == Status::Paid {
        draft.reply(call, Ok(Outcome::Record(invoice.record())));
        return Ok(());
    }
    if received.amount_msat < invoice.amount_msat {
        let record = invoice.record();
        let error = too_low(&invoice, received.amount_msat);
        draft.event(Event::Underpaid {
            record,
            amount_received_msat: received.amount_msat,
        });
        draft.reply(call, Err(error));
        return Ok(());
    }
    let preimage = match &received.preimage {
        Some(given) => given.clone(),
        None => held_preimage(draft, &invoice)?.ok_or_else(|| {
            let message = "the host holds the preimage of this payment and has to report it";
            Error::new(ErrorCode::PreimageRequired, message).with_record(invoice.record())
        })?,
    };
    let paid = Paid {
        amount_received_msat: received.amount_msat,
        paid_at: received.paid_at,
        preimage,
    };
    let record = pay(draft, invoice, paid)?;
    draft.reply(call, Ok(Outcome::Record(record)));
    Ok(())
}

fn by_hash_or_not_found(draft: &Draft<'_>, hash: &PaymentHash) -> Draw<StoredInvoice> {
    draft.by_payment_hash(hash)?.ok_or_else(|| {
        Error::new(
            ErrorCode::NotFound,
            format!("there is no invoice with the payment hash {hash}"),
        )
        .into()
    })
}

/// The preimage, unless the host holds it.
fn held_preimage(draft: &Draft<'_>, invoice: &StoredInvoice) -> Result<Option<Preimage>> {
    let preimage = match &invoice.holder {
        Holder::Engine => draft.keys.preimage(&invoice.nonce),
        Holder::Sealed(sealed) => draft.keys.unseal(&invoice.nonce, sealed)?,
        Holder::Host => return Ok(None),
    };
    // A wrong preimage would lose the payment, and give away whatever it is the preimage of.
    if preimage.payment_hash() != invoice.payment_hash {
        return Err(Error::new(
            ErrorCode::StoreCorrupt,
            "the stored preimage is of another payment",
        ));
    }
    Ok(Some(preimage))
}

fn check_amount(invoice: &StoredInvoice, total_msat: u64) -> Result<()> {
    if total_msat < invoice.amount_msat {
        return Err(too_low(invoice, total_msat));
    }
    if total_msat > invoice.amount_msat.saturating_mul(2) {
        let message = format!(
            "{total_msat} msat is more than twice the {} msat of the invoice",
            invoice.amount_msat
        );
        return Err(Error::new(ErrorCode::AmountTooHigh, message)
            .with_rule(rules::AMOUNT_RECEIVED)
            .with_record(invoice.record()));
    }
    Ok(())
}

fn check_begun_in_time(invoice: &StoredInvoice, first_htlc_at: u64) -> Result<()> {
    check_seconds("first_htlc_at", first_htlc_at)?;
    if first_htlc_at > invoice.expires_at {
        let message = format!(
            "the payment began at {first_htlc_at}, after the invoice had expired at {}",
            invoice.expires_at
        );
        return Err(Error::new(ErrorCode::ClaimTooLate, message)
            .with_rule(rules::PAYMENT_IN_TIME)
            .with_record(invoice.record()));
    }
    Ok(())
}

/// The year 5138, in Unix seconds; in milliseconds it is 1973.
const NO_SECONDS: u64 = 100_000_000_000;

/// Milliseconds would look like a payment that is far too late, and be kept for good as the time it was paid.
fn check_seconds(name: &str, time: u64) -> Result<()> {
    if time < NO_SECONDS {
        return Ok(());
    }
    let message =
        format!("{name} is in Unix seconds, and {time} is none of this age: is it in milliseconds?");
    Err(Error::new(ErrorCode::InvalidParameter, message))
}

fn too_low(invoice: &StoredInvoice, amount_msat: u64) -> Error {
    let message = format!(
        "{amount_msat} msat is less than the {} msat of the invoice",
        invoice.amount_msat
    );
    Error::new(ErrorCode::AmountTooLow, message)
        .with_rule(rules::AMOUNT_RECEIVED)
        .with_record(invoice.record())
}
