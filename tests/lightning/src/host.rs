use std::collections::{HashMap, VecDeque};

use bitcoin::hashes::{sha256, Hash};
use bitcoin::secp256k1::{PublicKey, Secp256k1};
use invreq::bolt12::PaymentPath;
use lightning::blinded_path::message::{BlindedMessagePath, MessageContext, OffersContext};
use lightning::blinded_path::payment::{
    Bolt12RefundContext, PaymentConstraints, PaymentContext, UnauthenticatedReceiveTlvs,
};
use lightning::ln::msgs::{OnionMessage, OnionMessageHandler};
use lightning::offers::invoice::Bolt12Invoice;
use lightning::offers::nonce::Nonce;
use lightning::onion_message::messenger::{Destination, MessageSendInstructions};
use lightning::onion_message::offers::OffersMessage;
use lightning::routing::gossip::NodeId;
use lightning::routing::router::Router as _;
use lightning::sign::NodeSigner;
use lightning::types::payment::{PaymentHash, PaymentPreimage, PaymentSecret};
use lightning::util::ser::{LengthReadable, Readable};

use crate::node::Node;
use crate::payment_path::from_ldk;
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
    /// Registers a payment to come and makes paths for it. Without a `payment_hash` the node makes one, whose
    /// preimage it can rebuild; with one, the preimage stays with the caller.
    pub fn create_inbound_payment(
        &self,
        node: NodeIndex,
        amount_msat: u64,
        expiry_secs: u32,
        payment_hash: Option<[u8; 32]>,
    ) -> Result<InboundPayment, Error> {
        let state = self.state();
        let node = state.live(node)?;
        let refused = |()| Error::Lightning("the inbound payment's terms are invalid".into());
        let (hash, secret, preimage) = match payment_hash {
            Some(hash) => {
                let hash = PaymentHash(hash);
                let secret =
                    node.manager
                        .create_inbound_payment_for_hash(hash, Some(amount_msat), expiry_secs, None);
                (hash, secret.map_err(refused)?, None)
            }
            None => {
                let made = node
                    .manager
                    .create_inbound_payment(Some(amount_msat), expiry_secs, None);
                let (hash, secret) = made.map_err(refused)?;
                let preimage = node
                    .manager
                    .get_payment_preimage(hash, secret)
                    .map_err(Error::lightning)?;
                (hash, secret, Some(preimage.0))
            }
        };
        let paths = payment_paths(node, amount_msat, secret)?;
        Ok(InboundPayment {
            payment_hash: hash.0,
            preimage,
            paths,
        })
    }

    /// The node at one end of a public channel: that of the lesser node id for direction 0, the other for 1.
    pub fn resolve_scid(&self, node: NodeIndex, scid: u64, direction: u8) -> Option<PublicKey> {
        let state = self.state();
        let graph = state.live(node).ok()?.graph.read_only();
        let channel = graph.channel(scid)?;
        let end = match direction {
            0 => channel.node_one,
            1 => channel.node_two,
            _ => return None,
        };
        end.as_pubkey().ok()
    }

    /// The nodes an onion message from `node` passes on its way to `target`: none where the two are connected, and
    /// `None` where there is no way.
    pub fn route(&self, node: NodeIndex, target: PublicKey) -> Option<Vec<PublicKey>> {
        let state = self.state();
        shortest_route(state.live(node).ok()?, target)
    }

    /// The nodes an onion message passes on its way from elsewhere to `node`, which is the last of them: what to put
    /// in front of a mailbox in a reply path. A private node is reached through its first peer.
    pub fn reply_route(&self, node: NodeIndex) -> Vec<PublicKey> {
        let state = self.state();
        let node = state.node(node);
        let is_public = node
            .graph
            .read_only()
            .node(&NodeId::from_pubkey(&node.id()))
            .is_some();
        let channels = node.manager.list_usable_channels();
        let through = channels
            .first()
            .filter(|_| !is_public)
            .map(|channel| channel.counterparty.node_id);
        through.into_iter().chain([node.id()]).collect()
    }

    /// Sends the payload of an `onion_message` (without its type) to a connected peer. With the node's own id as
    /// first hop the node handles it as if it had come from outside, as CLN's `injectonionmessage` does.
    pub fn send_onion(&self, node: NodeIndex, first_hop: PublicKey, message: &[u8]) -> Result<(), Error> {
        let state = self.state();
        let node = state.live(node)?;
        let message = parse_onion_message(message)?;
        if first_hop == node.id() {
            node.messenger.handle_onion_message(first_hop, &message);
            return Ok(());
        }
        node.messenger
            .forward_onion_message(message, &first_hop)
            .map_err(|_| Error::NotConnected)
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

    /// The shared secret of the node's key and a point: SHA-256 of the compressed product.
    pub fn ecdh(&self, node: NodeIndex, point: &PublicKey) -> Result<[u8; 32], Error> {
        Ok(self.state().live(node)?.ecdh(point))
    }
}

fn payment_paths(node: &Node, amount_msat: u64, secret: PaymentSecret) -> Result<Vec<PaymentPath>, Error> {
    // Two weeks of blocks: the paths outlive any invoice a test makes.
    let max_cltv_expiry = node.manager.current_best_block().height + 2016;
    let tlvs = UnauthenticatedReceiveTlvs {
        payment_secret: secret,
        payment_constraints: PaymentConstraints {
            max_cltv_expiry,
            htlc_minimum_msat: 1,
        },
        payment_context: PaymentContext::Bolt12Refund(Bolt12RefundContext {}),
    };
    let nonce = Nonce::from_entropy_source(&*node.keys);
    let tlvs = tlvs.authenticate(nonce, &node.keys.get_expanded_key());
    let channels = node.manager.list_usable_channels();
    let paths = node
        .router
        .create_blinded_payment_paths(node.id(), channels, tlvs, Some(amount_msat), &Secp256k1::new())
        .map_err(|()| Error::Lightning("no channel can receive the amount".into()))?;
    Ok(paths.iter().map(from_ldk).collect())
}

/// Searches from the target towards us, so that the first connected peer it meets is the first hop.
fn shortest_route(node: &Node, target: PublicKey) -> Option<Vec<PublicKey>> {
    let graph = node.graph.read_only();
    let (us, target) = (NodeId::from_pubkey(&node.id()), NodeId::from_pubkey(&target));
    let mut towards_target = HashMap::from([(target, target)]);
    let mut queue = VecDeque::from([target]);
    while let Some(here) = queue.pop_front() {
        if node.peers.peer_by_node_id(&here.as_pubkey().ok()?).is_some() {
            let hops = std::iter::successors(Some(here), |hop| towards_target.get(hop).copied());
            return hops
                .take_while(|hop| *hop != target)
                .map(|hop| hop.as_pubkey().ok())
                .collect();
        }
        let channels = graph.node(&here).into_iter().flat_map(|info| &info.channels);
        for channel in channels.filter_map(|scid| graph.channel(*scid)) {
            let next = if channel.node_one == here {
                channel.node_two
            } else {
                channel.node_one
            };
            if next != us && !towards_target.contains_key(&next) {
                towards_target.insert(next, here);
                queue.push_back(next);
            }
        }
    }
    None
}

fn parse_onion_message(mut bytes: &[u8]) -> Result<OnionMessage, Error> {
    let message = OnionMessage::read_from_fixed_length_buffer(&mut bytes);
    match message {
        Ok(message) if bytes.is_empty() => Ok(message),
        _ => Err(Error::Malformed("the onion message")),
    }
}

fn parse_message_path(mut bytes: &[u8]) -> Result<BlindedMessagePath, Error> {
    let path = BlindedMessagePath::read(&mut bytes);
    match path {
        Ok(path) if bytes.is_empty() => Ok(path),
        _ => Err(Error::Malformed("the blinded path")),
    }
}
