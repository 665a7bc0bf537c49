//! What happens at the node: payments are claimed and reported, answers handed over.

use core::sync::atomic::Ordering;

use lightning::events::{Event, HTLCHandlingFailureReason, HTLCHandlingFailureType, ReplayEvent};
use lightning::ln::LocalHTLCFailureReason;
use lightning::types::payment::{PaymentHash as LdkHash, PaymentPreimage};
use lightning::util::ser::Writeable;

use super::LdkHost;
use crate::driver::{Payee, Verdict};
use crate::engine::{Claim, ListInvoices, PaymentReceived};
use crate::{Error, ErrorCode, PaymentHash, Preimage, Result};

/// The pause before LDK is asked to show an event again, which it does at once.
const PAUSE_MS: u64 = 500;

impl LdkHost {
    /// Deals with one of LDK's events, if it concerns an invoice of this payee: call it first in the wallet's event handler.
    ///
    /// `true` means that it is dealt with. `false` means that it is the wallet's own: another kind of event, a payment no
    /// invoice here asks for, or one whose invoice is damaged in the store for good, as the event
    /// [`Trouble`](crate::engine::Event::Trouble) then says.
    ///
    /// | event | what happens |
    /// | --- | --- |
    /// | `PaymentClaimable` | the claim is checked and written, then `claim_funds` or `fail_htlc_backwards` |
    /// | `PaymentClaimed` | the invoice becomes paid |
    /// | `HTLCHandlingFailed` of a payment that was to be claimed | the claim is taken back |
    /// | `OnionMessageIntercepted` for [`Payee::reply_node_id`] | what the payer answered is read |
    ///
    /// It makes no difference how often LDK shows an event, or whether the process dies once the claim is written. LDK does not say
    /// when the parts of a payment came: what is shown for the first time after the invoice has expired counts as late and is
    /// failed, so give invoices an expiry that outlives a process that was killed.
    ///
    /// # Errors
    /// `ReplayEvent` where the event could not be dealt with now, after half a second: the store fails, or the payee is closed.
    /// Return it to LDK, which then keeps the event, across restarts too, and shows it again; until then it shows no other. The
    /// first time, the event [`Trouble`](crate::engine::Event::Trouble) says why. Money is safe: the HTLCs stay held, and a payment
    /// that was claimed stays to be reported.
    pub async fn handle_event(&self, payee: &Payee, event: &Event) -> Result<bool, ReplayEvent> {
        let error = match self.deal_with(payee, event).await {
            Ok(false) => return Ok(false),
            Ok(true) => {
                self.replaying.store(false, Ordering::Relaxed);
                return Ok(true);
            }
            Err(error) => error,
        };
        let again = may_pass(&error);
        let was_told = self.replaying.swap(again, Ordering::Relaxed);
        if !(was_told && again) {
            payee.tell_trouble(error);
        }
        if again {
            payee.pause(PAUSE_MS).await;
            return Err(ReplayEvent());
        }
        Ok(false)
    }

    async fn deal_with(&self, payee: &Payee, event: &Event) -> Result<bool> {
        match event {
            Event::PaymentClaimable {
                payment_hash,
                amount_msat,
                purpose,
                ..
            } => {
                let claim = Claim {
                    payment_hash: PaymentHash(payment_hash.0),
                    total_msat: *amount_msat,
                    // LDK does not say when the first part came; the last one came just now.
                    first_htlc_at: payee.now(),
                };
                self.settle_or_fail(payee, claim, purpose.preimage()).await
            }
            Event::PaymentClaimed {
                payment_hash,
                amount_msat,
                purpose,
                ..
            } => {
                let payment = PaymentReceived {
                    payment_hash: PaymentHash(payment_hash.0),
                    amount_msat: *amount_msat,
                    paid_at: payee.now(),
                    preimage: purpose.preimage().map(|preimage| Preimage::new(preimage.0)),
                };
                report(payee, payment).await
            }
            Event::HTLCHandlingFailed {
                failure_type: HTLCHandlingFailureType::Receive { payment_hash },
                failure_reason,
                ..
            } => take_back(payee, PaymentHash(payment_hash.0), failure_reason.as_ref()).await,
            Event::OnionMessageIntercepted {
                peer_node_id,
                message,
            } => {
                if payee.reply_node_id().await.ok() != Some(*peer_node_id) {
                    return Ok(false);
                }
                // What a payer says is a hint. It is not worth to hold up LDK's other events.
                let _ = payee.receive_onion_message(message.encode()).await;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    async fn settle_or_fail(
        &self,
        payee: &Payee,
        claim: Claim,
        known_to_ldk: Option<PaymentPreimage>,
    ) -> Result<bool> {
        let hash = LdkHash(claim.payment_hash.0);
        match payee.judge(claim).await? {
            Verdict::Settle(preimage) => {
                let ours = preimage.map(|preimage| PaymentPreimage(*preimage.expose()));
                match ours.or(known_to_ldk) {
                    Some(preimage) => self.node.claim(preimage),
                    // The wallet made the hash by other means, so it is the one to settle.
                    None => return Ok(false),
                }
                Ok(true)
            }
            Verdict::Fail(_) => {
                self.node.fail(&hash);
                Ok(true)
            }
            Verdict::Unknown => Ok(false),
            Verdict::Hold(error) => Err(error),
        }
    }
}

async fn report(payee: &Payee, payment: PaymentReceived) -> Result<bool> {
    match payee.payment_received(payment).await {
        Ok(_) => Ok(true),
        Err(error) => match error.code() {
            ErrorCode::NotFound => Ok(false),
            // The invoice is not paid with it, and an event has said so.
            ErrorCode::AmountTooLow => Ok(true),
            // Nobody told LDK the preimage of this hash but whoever settled it.
            ErrorCode::PreimageRequired | ErrorCode::PreimageMismatch => Ok(false),
            _ => Err(error),
        },
    }
}

/// A payment that was to be claimed has failed: LDK gave up on it before it was told the preimage.
async fn take_back(
    payee: &Payee,
    payment_hash: PaymentHash,
    reason: Option<&HTLCHandlingFailureReason>,
) -> Result<bool> {
    if !fails_the_whole(reason) {
        return is_ours(payee, payment_hash).await;
    }
    match payee.claim_failed(payment_hash).await {
        Err(error) if error.code() == ErrorCode::NotFound => Ok(false),
        Err(error) if error.code() != ErrorCode::AlreadyPaid => Err(error),
        _ => Ok(true),
    }
}

/// Whether there is an invoice of this hash.
async fn is_ours(payee: &Payee, payment_hash: PaymentHash) -> Result<bool> {
    let query = ListInvoices {
        payment_hash: Some(payment_hash),
        ..ListInvoices::default()
    };
    let page = payee.list_invoices(query).await?;
    Ok(!page.records.is_empty())
}

/// LDK settles all parts of a payment or none. These two reasons are those for which a payment that was complete fails: nobody
/// claimed it in time, or it came with demands that nobody knows. Others are for a part that came on top.
fn fails_the_whole(reason: Option<&HTLCHandlingFailureReason>) -> bool {
    use LocalHTLCFailureReason::{InvalidOnionPayload, PaymentClaimBuffer};
    matches!(
        reason,
        Some(HTLCHandlingFailureReason::Local {
            reason: PaymentClaimBuffer | InvalidOnionPayload
        })
    )
}

/// Whether the event may be dealt with later. A store that is gone for good comes back with the next process, and so does a payee
/// that is closed; a record that cannot be read never will, and would keep all of LDK's other events from being shown.
fn may_pass(error: &Error) -> bool {
    error.retryable() || matches!(error.code(), ErrorCode::StoreFailed | ErrorCode::Cancelled)
}
