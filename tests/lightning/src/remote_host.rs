//! A wallet's host made of a node behind an API: where money comes in and how messages go out.
//!
//! [`NodeHost`] is what a [`Payee`] is given, [`serve_remote`] is what happens at the node from then on.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bitcoin::secp256k1::PublicKey;
use futures_lite::future::block_on;
use invreq::driver::{HostError, Payee, PaymentSource, Transport, Verdict};
use invreq::engine::{
    Claim, Delivery, InboundPayment, InboundPaymentRequest, PaymentReceived, ReplyPath, Route, SendOutcome,
};
use invreq::ldk::Preimages;
use invreq::{PaymentHash, Preimage};

use crate::{Error, NodeEvent, Served};

/// The pause before a busy store is asked again.
const AGAIN: Duration = Duration::from_millis(100);

/// What a wallet needs of its node.
pub trait HostNode: Send + Sync + 'static {
    /// As [`Network::create_inbound_payment`](crate::Network::create_inbound_payment).
    fn create_inbound_payment(
        &self,
        amount_msat: u64,
        expiry_secs: u32,
        payment_hash: Option<[u8; 32]>,
    ) -> Result<crate::InboundPayment, Error>;
    /// As [`Network::resolve_scid`](crate::Network::resolve_scid).
    fn resolve_scid(&self, scid: u64, direction: u8) -> Option<PublicKey>;
    /// As [`Network::route`](crate::Network::route).
    fn route(&self, target: PublicKey) -> Option<Vec<PublicKey>>;
    /// As [`Network::reply_route`](crate::Network::reply_route).
    fn reply_route(&self) -> Vec<PublicKey>;
    /// As [`Network::send_onion`](crate::Network::send_onion).
    fn send_onion(&self, first_hop: PublicKey, message: &[u8]) -> Result<(), Error>;
    /// As [`Network::settle`](crate::Network::settle).
    fn settle(&self, payment_hash: [u8; 32], preimage: [u8; 32]) -> Result<(), Error>;
    /// As [`Network::fail`](crate::Network::fail).
    fn fail(&self, payment_hash: [u8; 32]) -> Result<(), Error>;
    /// What happened at the node since the last call; waits a moment where nothing did.
    fn events(&self) -> Vec<NodeEvent>;
}

/// A wallet's host: payment source and transport over one node. It sends raw onion packets, and answers come back over a
/// reply path of ours that ends behind the node.
pub struct NodeHost<N> {
    node: Arc<N>,
    preimages: Preimages,
}

impl<N: HostNode> NodeHost<N> {
    /// A host over this node.
    pub fn new(node: Arc<N>, preimages: Preimages) -> Self {
        Self { node, preimages }
    }
}

impl<N> Clone for NodeHost<N> {
    fn clone(&self) -> Self {
        Self {
            node: self.node.clone(),
            preimages: self.preimages,
        }
    }
}

impl<N: HostNode> PaymentSource for NodeHost<N> {
    async fn create_inbound_payment(
        &self,
        request: &InboundPaymentRequest,
    ) -> Result<InboundPayment, HostError> {
        let seconds = request.expires_at.saturating_sub(unix_seconds()).max(1);
        let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
        let hash = (self.preimages == Preimages::Engine).then_some(request.payment_hash.0);
        let made = self
            .node
            .create_inbound_payment(request.amount_msat, seconds, hash)
            .map_err(|error| HostError(error.to_string()))?;
        let preimage = made.preimage.filter(|_| self.preimages == Preimages::Node);
        Ok(InboundPayment {
            payment_hash: Some(PaymentHash(made.payment_hash)),
            preimage: preimage.map(Preimage::new),
            paths: made.paths,
            mpp: true,
            paths_expire_at: None,
        })
    }
}

impl<N: HostNode> Transport for NodeHost<N> {
    async fn send(&self, delivery: &Delivery) -> SendOutcome {
        match self
            .node
            .send_onion(delivery.packet.first_hop, &delivery.packet.message)
        {
            Ok(()) => SendOutcome::Accepted,
            Err(Error::NotConnected) => SendOutcome::Offline,
            Err(_) => SendOutcome::Failed,
        }
    }

    async fn resolve_scid(&self, scid: u64, direction: u8) -> Result<Option<PublicKey>, HostError> {
        Ok(self.node.resolve_scid(scid, direction))
    }

    async fn find_route(&self, node_id: PublicKey) -> Result<Option<Route>, HostError> {
        let Some(via) = self.node.route(node_id) else {
            return Ok(None);
        };
        Ok(Some(Route {
            via,
            reply: ReplyPath::Ours {
                via: self.node.reply_route(),
            },
            ..Route::default()
        }))
    }
}

/// Lets a payee deal with what happens at its node, on a thread of its own: payments are claimed and reported, answers
/// handed over. It ends when the guard is dropped.
pub fn serve_remote<N: HostNode>(node: Arc<N>, payee: Payee) -> Served {
    Served::new(move || {
        for event in node.events() {
            block_on(handle(&*node, &payee, event));
        }
    })
}

/// Deals with one event, as a wallet has to whose node is behind an API.
async fn handle<N: HostNode>(node: &N, payee: &Payee, event: NodeEvent) {
    match event {
        NodeEvent::PaymentClaimable {
            payment_hash,
            amount_msat,
            preimage,
            ..
        } => {
            let claim = Claim {
                payment_hash: PaymentHash(payment_hash),
                total_msat: amount_msat,
                first_htlc_at: unix_seconds(),
            };
            loop {
                match payee.judge(claim.clone()).await {
                    Ok(Verdict::Settle(ours)) => {
                        if let Some(preimage) = ours.map(|ours| *ours.expose()).or(preimage) {
                            let _ = node.settle(payment_hash, preimage);
                        }
                        return;
                    }
                    Ok(Verdict::Fail(_) | Verdict::Unknown) => {
                        let _ = node.fail(payment_hash);
                        return;
                    }
                    // A store that is busy for a moment must not cost a payment.
                    Ok(Verdict::Hold(error)) if error.retryable() => std::thread::sleep(AGAIN),
                    // It stays held, and the node shows it again.
                    Ok(Verdict::Hold(_)) | Err(_) => return,
                }
            }
        }
        NodeEvent::PaymentClaimed {
            payment_hash,
            amount_msat,
            preimage,
        } => {
            let payment = PaymentReceived {
                payment_hash: PaymentHash(payment_hash),
                amount_msat,
                paid_at: unix_seconds(),
                preimage: preimage.map(Preimage::new),
            };
            while let Err(error) = payee.payment_received(payment.clone()).await {
                if !error.retryable() {
                    return;
                }
                std::thread::sleep(AGAIN);
            }
        }
        NodeEvent::OnionMessageIntercepted { message, .. } => {
            let _ = payee.receive_onion_message(message).await;
        }
        _ => {}
    }
}

fn unix_seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
