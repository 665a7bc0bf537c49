//! A wallet's host made of a node of this network: where money comes in and how messages go out.
//!
//! [`NodeHost`] is what a [`Payee`] is given, [`serve`] is what happens at the node from then on. Both work with a node in
//! this process and, through [`RemoteNode`](crate::RemoteNode), with one of a test server.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bitcoin::secp256k1::PublicKey;
use futures_lite::future::block_on;
use invreq::driver::{HostError, Payee, PaymentSource, Transport};
use invreq::engine::{
    Claim, Delivery, InboundPayment, InboundPaymentRequest, PaymentReceived, ReplyPath, Route, SendOutcome,
};
use invreq::{ErrorCode, PaymentHash, Preimage};

use crate::{Error, Network, NodeEvent, NodeIndex};

/// What a wallet needs of its node.
pub trait HostNode: Send + Sync + 'static {
    /// As [`Network::create_inbound_payment`].
    fn create_inbound_payment(
        &self,
        amount_msat: u64,
        expiry_secs: u32,
        payment_hash: Option<[u8; 32]>,
    ) -> Result<crate::InboundPayment, Error>;
    /// As [`Network::resolve_scid`].
    fn resolve_scid(&self, scid: u64, direction: u8) -> Option<PublicKey>;
    /// As [`Network::route`].
    fn route(&self, target: PublicKey) -> Option<Vec<PublicKey>>;
    /// As [`Network::reply_route`].
    fn reply_route(&self) -> Vec<PublicKey>;
    /// As [`Network::send_onion`].
    fn send_onion(&self, first_hop: PublicKey, message: &[u8]) -> Result<(), Error>;
    /// As [`Network::settle`].
    fn settle(&self, payment_hash: [u8; 32], preimage: [u8; 32]) -> Result<(), Error>;
    /// As [`Network::fail`].
    fn fail(&self, payment_hash: [u8; 32]) -> Result<(), Error>;
    /// What happened at the node since the last call; waits a moment where nothing did.
    fn events(&self) -> Vec<NodeEvent>;
}

/// Who makes the preimages of a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preimages {
    /// The engine.
    #[default]
    Engine,
    /// The node, which hands them over.
    Node,
    /// The node, which keeps them to itself.
    NodeOnly,
}

/// A wallet's host: payment source and transport over one node. It sends raw onion packets, and answers come back over a
/// reply path of ours that ends behind the node.
pub struct NodeHost<N> {
    node: Arc<N>,
    preimages: Preimages,
    offline: Arc<AtomicBool>,
}

impl<N: HostNode> NodeHost<N> {
    /// A host over this node.
    pub fn new(node: Arc<N>, preimages: Preimages) -> Self {
        Self {
            node,
            preimages,
            offline: Arc::default(),
        }
    }

    fn check_online(&self) -> Result<(), HostError> {
        match self.offline.load(Ordering::SeqCst) {
            true => Err("there is no network".into()),
            false => Ok(()),
        }
    }

    /// While this is set, the host says it has no network.
    pub fn offline_switch(&self) -> Arc<AtomicBool> {
        self.offline.clone()
    }
}

impl<N> Clone for NodeHost<N> {
    fn clone(&self) -> Self {
        Self {
            node: self.node.clone(),
            preimages: self.preimages,
            offline: self.offline.clone(),
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
        if self.offline.load(Ordering::SeqCst) {
            return SendOutcome::Offline;
        }
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
        self.check_online()?;
        Ok(self.node.resolve_scid(scid, direction))
    }

    async fn find_route(&self, node_id: PublicKey) -> Result<Option<Route>, HostError> {
        self.check_online()?;
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
pub fn serve<N: HostNode>(node: Arc<N>, payee: Payee) -> Served {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    let thread = std::thread::spawn(move || {
        while !stopped.load(Ordering::SeqCst) {
            for event in node.events() {
                block_on(handle(&*node, &payee, event));
            }
        }
    });
    Served {
        stop,
        thread: Some(thread),
    }
}

/// Ends [`serve`] when dropped.
pub struct Served {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Deals with one event, as a wallet has to.
pub async fn handle<N: HostNode>(node: &N, payee: &Payee, event: NodeEvent) {
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
            let claimed = insist(|| payee.claim(claim.clone())).await;
            let known = match claimed {
                Ok(approval) => approval.preimage.map(|ours| *ours.expose()).or(preimage),
                // The node has forgotten that it settled, and shows the payment again.
                Err(error) if error.code() == ErrorCode::AlreadyPaid => {
                    let payment = error.record().and_then(|record| record.payment.clone());
                    payment.map(|payment| *payment.payment_preimage.expose())
                }
                Err(error) if is_reason_to_fail(error.code()) => {
                    let _ = node.fail(payment_hash);
                    return;
                }
                // Whether it may be claimed is not known: it stays held, and the node shows it again.
                Err(_) => return,
            };
            if let Some(preimage) = known {
                let _ = node.settle(payment_hash, preimage);
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
            let _ = insist(|| payee.payment_received(payment.clone())).await;
        }
        NodeEvent::OnionMessageIntercepted { message, .. } => {
            let _ = payee.receive_onion_message(message).await;
        }
        _ => {}
    }
}

/// The only answers to a claim after which the payment is to be failed.
fn is_reason_to_fail(code: ErrorCode) -> bool {
    use ErrorCode::{AmountTooHigh, AmountTooLow, ClaimTooLate, NotFound};
    matches!(code, NotFound | AmountTooLow | AmountTooHigh | ClaimTooLate)
}

/// Calls again while it may help: a store that is busy for a moment must not cost a payment.
async fn insist<T, F: Future<Output = invreq::Result<T>>>(call: impl Fn() -> F) -> invreq::Result<T> {
    for _ in 0..20 {
        match call().await {
            Err(error) if error.retryable() => std::thread::sleep(Duration::from_millis(100)),
            done => return done,
        }
    }
    call().await
}

/// A node of a network in this process.
pub struct LocalNode {
    net: Arc<Network>,
    node: NodeIndex,
}

impl LocalNode {
    /// This node of this network.
    pub fn new(net: Arc<Network>, node: NodeIndex) -> Self {
        Self { net, node }
    }
}

impl HostNode for LocalNode {
    fn create_inbound_payment(
        &self,
        amount_msat: u64,
        expiry_secs: u32,
        payment_hash: Option<[u8; 32]>,
    ) -> Result<crate::InboundPayment, Error> {
        self.net
            .create_inbound_payment(self.node, amount_msat, expiry_secs, payment_hash)
    }

    fn resolve_scid(&self, scid: u64, direction: u8) -> Option<PublicKey> {
        self.net.resolve_scid(self.node, scid, direction)
    }

    fn route(&self, target: PublicKey) -> Option<Vec<PublicKey>> {
        self.net.route(self.node, target)
    }

    fn reply_route(&self) -> Vec<PublicKey> {
        self.net.reply_route(self.node)
    }

    fn send_onion(&self, first_hop: PublicKey, message: &[u8]) -> Result<(), Error> {
        self.net.send_onion(self.node, first_hop, message)
    }

    fn settle(&self, payment_hash: [u8; 32], preimage: [u8; 32]) -> Result<(), Error> {
        self.net.settle(self.node, payment_hash, preimage)
    }

    fn fail(&self, payment_hash: [u8; 32]) -> Result<(), Error> {
        self.net.fail(self.node, payment_hash)
    }

    fn events(&self) -> Vec<NodeEvent> {
        self.net.pump();
        let events = self.net.take_events(self.node);
        if events.is_empty() {
            std::thread::sleep(Duration::from_millis(5));
        }
        events
    }
}

fn unix_seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
