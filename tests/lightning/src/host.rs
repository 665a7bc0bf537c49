use std::ops::Deref;
use std::sync::Arc;

use bitcoin::hashes::{sha256, Hash};
use bitcoin::secp256k1::PublicKey;
use futures_lite::future::block_on;
use invreq::bolt12::PaymentPath;
use invreq::driver::{PaymentSource, Transport};
use invreq::engine::{InboundPaymentRequest, ReplyPath, Route, SendOutcome};
use invreq::ldk::{LdkHost, LdkNode, Preimages};
use invreq::InvreqId;
use lightning::blinded_path::message::{BlindedMessagePath, MessageContext, OffersContext};
use lightning::ln::channelmanager::AChannelManager;
use lightning::ln::peer_handler::APeerManager;
use lightning::offers::invoice::Bolt12Invoice;
use lightning::onion_message::messenger::{AOnionMessenger, Destination, MessageSendInstructions};
use lightning::onion_message::offers::OffersMessage;
use lightning::routing::gossip::NetworkGraph;
use lightning::routing::router::Router;
use lightning::sign::{EntropySource, KeysManager, NodeSigner, Recipient};
use lightning::types::payment::{PaymentHash, PaymentPreimage};
use lightning::util::logger::Logger;
use lightning::util::ser::Readable;

use crate::chain::unix_time;
use crate::{Error, Network, NodeIndex};

/// What a host promises to receive.
#[derive(Clone, Debug)]
pub struct InboundPayment {
    /// The hash the HTLCs must have.
    pub payment_hash: [u8; 32],
    /// Its preimage, where the node made the hash.
    pub preimage: Option<[u8; 32]>,
    /// How to reach the host.
    pub paths: Vec<PaymentPath>,
}

/// Where an invoice goes.
#[derive(Clone, Debug)]
pub enum InvoiceDestination {
    /// Straight to a node.
    Node(PublicKey),
    /// Over a blinded message path, as BOLT 4 encodes it in `invreq_paths`.
    BlindedPath(Vec<u8>),
}

/// What the host app's node does for a wallet.
impl Network {
    /// The parts of the node, as a wallet built on LDK has them.
    pub fn ldk_node(
        &self,
        node: NodeIndex,
    ) -> LdkNode<
        impl Deref<Target: AChannelManager> + Send + Sync + 'static,
        impl Deref<Target: AOnionMessenger> + Send + Sync + 'static,
        impl Deref<Target: APeerManager> + Send + Sync + 'static,
        impl Deref<Target: Router> + Send + Sync + 'static,
        impl Deref<Target = NetworkGraph<impl Deref<Target: Logger> + 'static>> + Send + Sync + 'static,
        impl Deref<Target: NodeSigner + EntropySource> + Send + Sync + 'static,
    > {
        self.state().node(node).parts()
    }

    /// The library's own host, made of the node.
    pub fn ldk_host(&self, node: NodeIndex) -> LdkHost {
        self.state().node(node).host()
    }

    /// Registers a payment to come and makes paths for it. Without a `payment_hash` the node makes one, whose
    /// preimage it can rebuild; with one, the preimage stays with the caller.
    pub fn create_inbound_payment(
        &self,
        node: NodeIndex,
        amount_msat: u64,
        expiry_secs: u32,
        payment_hash: Option<[u8; 32]>,
    ) -> Result<InboundPayment, Error> {
        let host = self.live_host(node)?;
        let host = match payment_hash {
            Some(_) => host.preimages(Preimages::Engine),
            None => host.preimages(Preimages::Node),
        };
        let request = InboundPaymentRequest {
            amount_msat,
            expires_at: unix_time().as_secs().saturating_add(expiry_secs.into()),
            payment_hash: invreq::PaymentHash(payment_hash.unwrap_or_default()),
            label: String::new(),
            invreq_id: InvreqId([0; 32]),
        };
        let made =
            block_on(host.create_inbound_payment(&request)).map_err(|error| Error::Lightning(error.0))?;
        let hash = made.payment_hash.ok_or(Error::Malformed("the payment"))?;
        Ok(InboundPayment {
            payment_hash: hash.0,
            preimage: made.preimage.map(|preimage| *preimage.expose()),
            paths: made.paths,
        })
    }

    /// The node at one end of a channel: that of the lesser node id for direction 0, the other for 1.
    pub fn resolve_scid(&self, node: NodeIndex, scid: u64, direction: u8) -> Option<PublicKey> {
        let host = self.live_host(node).ok()?;
        block_on(host.resolve_scid(scid, direction)).ok()?
    }

    /// The nodes an onion message from `node` passes on its way to `target`: none where the two are connected, and
    /// `None` where there is no way.
    pub fn route(&self, node: NodeIndex, target: PublicKey) -> Option<Vec<PublicKey>> {
        let host = self.live_host(node).ok()?;
        let route = block_on(host.find_route(target)).ok()?;
        route.map(|route| route.via)
    }

    /// The nodes an onion message passes on its way from elsewhere to `node`, which is the last of them: what to put
    /// in front of a mailbox in a reply path. A private node is reached through a peer.
    pub fn reply_route(&self, node: NodeIndex) -> Vec<PublicKey> {
        let (host, node_id) = (self.ldk_host(node), self.node_id(node));
        match block_on(host.find_route(node_id)) {
            Ok(Some(Route {
                reply: ReplyPath::Ours { via },
                ..
            })) => via,
            _ => Vec::new(),
        }
    }

    /// Sends the payload of an `onion_message` (without its type) to a connected peer. With the node's own id as
    /// first hop the node handles it as if it had come from outside, as CLN's `injectonionmessage` does.
    pub fn send_onion(&self, node: NodeIndex, first_hop: PublicKey, message: &[u8]) -> Result<(), Error> {
        match self.live_host(node)?.send_onion(first_hop, message) {
            SendOutcome::Accepted => Ok(()),
            SendOutcome::Failed => Err(Error::Malformed("the onion message")),
            SendOutcome::Offline | SendOutcome::NoRoute => Err(Error::NotConnected),
        }
    }

    /// Listens in front of the node's messenger: the listener gets the peer a message came from, and the message's payload
    /// without its type. `true` keeps it from the messenger. There is one listener at a time.
    pub fn listen(
        &self,
        node: NodeIndex,
        listener: impl Fn(PublicKey, &[u8]) -> bool + Send + Sync + 'static,
    ) {
        self.state().node(node).onions.listen(Some(Arc::new(listener)));
    }

    /// Sends an invoice through the node's own onion messenger. With a `reply_path_id` the node adds a reply path of
    /// its own, and an error that comes back over it is an `InvoiceErrorReceived` with this id.
    pub fn send_invoice(
        &self,
        node: NodeIndex,
        invoice: &[u8],
        destination: &InvoiceDestination,
        reply_path_id: Option<[u8; 32]>,
    ) -> Result<(), Error> {
        let state = self.state();
        let node = state.live(node)?;
        let invoice =
            Bolt12Invoice::try_from(invoice.to_vec()).map_err(|_| Error::Malformed("the invoice"))?;
        let destination = match destination {
            InvoiceDestination::Node(id) => Destination::Node(*id),
            InvoiceDestination::BlindedPath(path) => Destination::BlindedPath(parse_message_path(path)?),
        };
        let instructions = match reply_path_id {
            None => MessageSendInstructions::WithoutReplyPath { destination },
            Some(id) => {
                let context = OffersContext::InboundPayment {
                    payment_hash: PaymentHash(id),
                };
                MessageSendInstructions::WithReplyPath {
                    destination,
                    context: MessageContext::Offers(context),
                }
            }
        };
        let message = OffersMessage::Invoice(invoice);
        node.messenger
            .send_onion_message(message, instructions)
            .map(drop)
            .map_err(Error::lightning)
    }

    /// Claims the HTLCs held for a payment hash; `PaymentClaimed` follows.
    pub fn settle(&self, node: NodeIndex, payment_hash: [u8; 32], preimage: [u8; 32]) -> Result<(), Error> {
        if sha256::Hash::hash(&preimage).to_byte_array() != payment_hash {
            return Err(Error::Malformed("the preimage: it is not of this payment hash"));
        }
        let mut state = self.state();
        state.release_claimable(node, payment_hash)?;
        state.live(node)?.manager.claim_funds(PaymentPreimage(preimage));
        Ok(())
    }

    /// Fails the HTLCs held for a payment hash back to the payer.
    pub fn fail(&self, node: NodeIndex, payment_hash: [u8; 32]) -> Result<(), Error> {
        let mut state = self.state();
        state.release_claimable(node, payment_hash)?;
        state
            .live(node)?
            .manager
            .fail_htlc_backwards(&PaymentHash(payment_hash));
        state.payments.remove(&(node, payment_hash));
        Ok(())
    }

    /// As [`ecdh`](Self::ecdh), to be called at any time, within [`listen`](Self::listen) too.
    pub fn multiplier(&self, node: NodeIndex) -> impl Fn(&PublicKey) -> [u8; 32] + Send + Sync + 'static {
        let keys = self.state().node(node).keys.clone();
        move |point| ecdh(&keys, point)
    }

    /// The shared secret of the node's key and a point: SHA-256 of the compressed product.
    pub fn ecdh(&self, node: NodeIndex, point: &PublicKey) -> Result<[u8; 32], Error> {
        Ok(ecdh(&self.state().live(node)?.keys, point))
    }

    fn live_host(&self, node: NodeIndex) -> Result<LdkHost, Error> {
        Ok(self.state().live(node)?.host())
    }
}

fn ecdh(keys: &KeysManager, point: &PublicKey) -> [u8; 32] {
    let shared = keys.ecdh(Recipient::Node, point, None);
    shared.expect("a KeysManager has its node key").secret_bytes()
}

fn parse_message_path(mut bytes: &[u8]) -> Result<BlindedMessagePath, Error> {
    let path = BlindedMessagePath::read(&mut bytes);
    match path {
        Ok(path) if bytes.is_empty() => Ok(path),
        _ => Err(Error::Malformed("the blinded path")),
    }
}
