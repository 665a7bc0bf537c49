//! What a node is to do with a payment it holds: every answer to a claim, sorted.

use crate::driver::Payee;
use crate::engine::Claim;
use crate::{Error, ErrorCode, Preimage, Result};

/// What a node is to do with a payment whose HTLCs it holds.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Settle them with this preimage; `None` where the node holds it itself. The claim is written down.
    Settle(Option<Preimage>),
    /// Fail them back: too little, too much or too late.
    Fail(Error),
    /// No invoice of this wallet has the payment hash. It is the node's own business what becomes of them.
    Unknown,
    /// Keep holding them and ask again: the claim may have been written, only nobody can say so now.
    Hold(Error),
}

impl Payee {
    /// Decides about a payment whose HTLCs the node holds: [`claim`](Self::claim), with its errors sorted into what a node
    /// can do.
    ///
    /// A payment that was paid before is settled again: the node has forgotten that it did.
    ///
    /// # Errors
    /// Only `invalid_parameter`, for a time that is not in Unix seconds: to hold the payment and ask again would end the same way.
    pub async fn judge(&self, claim: Claim) -> Result<Verdict> {
        use ErrorCode::{AlreadyPaid, AmountTooHigh, AmountTooLow, ClaimTooLate, InvalidParameter, NotFound};
        let error = match self.claim(claim).await {
            Ok(approval) => return Ok(Verdict::Settle(approval.preimage)),
            Err(error) => error,
        };
        Ok(match error.code() {
            // Dice that failed for a moment are one too, and worth another try.
            InvalidParameter if !error.retryable() => return Err(error),
            NotFound => Verdict::Unknown,
            AmountTooLow | AmountTooHigh | ClaimTooLate => Verdict::Fail(error),
            AlreadyPaid => {
                let payment = error.record().and_then(|record| record.payment.as_ref());
                match payment {
                    Some(payment) => Verdict::Settle(Some(payment.payment_preimage.clone())),
                    None => Verdict::Hold(error),
                }
            }
            _ => Verdict::Hold(error),
        })
    }
}
