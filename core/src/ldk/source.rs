//! Where money comes in: payments LDK will know, and paths to them.

use lightning::ln::channel_state::ChannelDetails;

use super::path::from_ldk;
use super::{LdkHost, Preimages};
use crate::driver::{Clock, HostError, PaymentSource, SystemClock};
use crate::engine::{InboundPayment, InboundPaymentRequest};
use crate::{PaymentHash, Preimage};

/// How long a block takes at least, for reckoning; they come every 600 seconds, and faster while miners join.
const BLOCK_SECONDS: u32 = 540;

/// How far ahead of the tip a payer's HTLC may end, which it picks at random for the sake of its privacy: two weeks, the most
/// that LDK and Core Lightning lock money for.
const LONGEST_LOCK_BLOCKS: u32 = 2016;

impl PaymentSource for LdkHost {
    /// Registers the payment with LDK and has its router make the paths.
    ///
    /// It is refused where the channels cannot receive the amount: LDK's router would, for a public node, make a path
    /// that nobody can pay over.
    async fn create_inbound_payment(
        &self,
        request: &InboundPaymentRequest,
    ) -> Result<InboundPayment, HostError> {
        let (now, seconds) = lifetime(request.expires_at)?;
        self.check_capacity(request.amount_msat)?;
        let hash = match self.preimages {
            Preimages::Engine => Some(lightning::types::payment::PaymentHash(request.payment_hash.0)),
            Preimages::Node | Preimages::NodeOnly => None,
        };
        let registered = self
            .node
            .register(hash, request.amount_msat, seconds)
            .ok_or("LDK refuses to expect this amount")?;
        let max_cltv_expiry = self
            .node
            .height()
            .saturating_add(seconds.div_ceil(BLOCK_SECONDS))
            .saturating_add(LONGEST_LOCK_BLOCKS);
        let paths = self
            .node
            .payment_paths(registered.secret, request.amount_msat, max_cltv_expiry)
            .ok_or(
                "no single channel can receive this amount over a blinded path; its peer has to support route blinding",
            )?;
        let preimage = registered.preimage.filter(|_| self.preimages == Preimages::Node);
        Ok(InboundPayment {
            payment_hash: Some(PaymentHash(registered.hash.0)),
            preimage: preimage.map(|preimage| Preimage::new(preimage.0)),
            paths: paths.iter().map(from_ldk).collect(),
            mpp: true,
            // After that LDK takes the secret in the paths for expired, give or take the times of blocks.
            paths_expire_at: Some(now.saturating_add(u64::from(seconds))),
        })
    }

    async fn can_receive(&self, amount_msat: u64) -> Option<bool> {
        Some(self.check_capacity(amount_msat).is_ok())
    }
}

impl LdkHost {
    fn check_capacity(&self, amount_msat: u64) -> Result<(), HostError> {
        let most = receivable_msat(&self.node.channels());
        if amount_msat > most {
            let message = format!("the channels can receive at most {most} msat, not {amount_msat}");
            return Err(HostError(message));
        }
        Ok(())
    }
}

fn receivable_msat(channels: &[ChannelDetails]) -> u64 {
    channels.iter().fold(0, |sum, channel| {
        sum.saturating_add(channel.inbound_capacity_msat)
    })
}

/// Now, and how many seconds it is until after `expires_at`.
fn lifetime(expires_at: u64) -> Result<(u64, u32), HostError> {
    let now = SystemClock.now_ms() / 1000;
    let left = expires_at
        .checked_sub(now)
        .ok_or("the invoice would have expired already")?;
    // The last second counts.
    let seconds = u32::try_from(left.saturating_add(1)).map_err(|_| "the invoice would live too long")?;
    Ok((now, seconds))
}
