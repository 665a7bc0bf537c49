//! The parts of an LDK node behind one pointer, so that [`LdkHost`](super::LdkHost) has no type parameters.

use core::ops::Deref;

use bitcoin::secp256k1::{PublicKey, Secp256k1};
use lightning::blinded_path::payment::{
    BlindedPaymentPath, Bolt12RefundContext, PaymentConstraints, PaymentContext, UnauthenticatedReceiveTlvs,
};
use lightning::ln::channel_state::ChannelDetails;
use lightning::ln::channelmanager::AChannelManager;
use lightning::ln::msgs::{OnionMessage, OnionMessageHandler};
use lightning::ln::peer_handler::APeerManager;
use lightning::offers::nonce::Nonce;
use lightning::onion_message::messenger::{AOnionMessenger, SendError};
use lightning::routing::gossip::{NetworkGraph, ReadOnlyNetworkGraph};
use lightning::routing::router::Router;
use lightning::sign::{EntropySource, NodeSigner};
use lightning::types::payment::{PaymentHash, PaymentPreimage, PaymentSecret};
use lightning::util::logger::Logger;

/// The parts of an LDK node that take part in answering requests, as the wallet has them already: `Arc`s, or other pointers
/// that live as long as the wallet.
///
/// They have to be parts of one node: the same keys, the same graph.
pub struct LdkNode<C, O, P, R, G, K> {
    /// The `ChannelManager`: registers payments, claims and fails them.
    pub channel_manager: C,
    /// The `OnionMessenger`: takes onion messages to peers. Made with `new_with_offline_peer_interception`, it also hands over
    /// what payers answer.
    pub onion_messenger: O,
    /// The `PeerManager`: knows who is connected.
    pub peer_manager: P,
    /// The `Router`: makes payment paths. `DefaultRouter` does.
    pub router: R,
    /// The graph of the public network, from gossip or from a rapid gossip sync.
    pub network_graph: G,
    /// The node's keys. `KeysManager` is both a `NodeSigner` and an `EntropySource`.
    pub keys: K,
}

/// A payment that the node will know when it comes.
pub(super) struct Registered {
    pub(super) hash: PaymentHash,
    pub(super) secret: PaymentSecret,
    /// Where LDK made the hash.
    pub(super) preimage: Option<PaymentPreimage>,
}

/// What LDK is asked for. Every answer is there at once.
pub(super) trait Node: Send + Sync {
    fn id(&self) -> PublicKey;
    fn height(&self) -> u32;
    fn channels(&self) -> Vec<ChannelDetails>;
    fn usable_channels(&self) -> Vec<ChannelDetails>;
    /// The connected peers that speak onion messages.
    fn peers(&self) -> Vec<PublicKey>;
    fn graph(&self) -> ReadOnlyNetworkGraph<'_>;
    /// Makes a payment known, for this hash or for one of LDK's own.
    fn register(&self, hash: Option<PaymentHash>, amount_msat: u64, seconds: u32) -> Option<Registered>;
    fn payment_paths(
        &self,
        secret: PaymentSecret,
        amount_msat: u64,
        max_cltv_expiry: u32,
    ) -> Option<Vec<BlindedPaymentPath>>;
    fn forward(&self, message: OnionMessage, peer: &PublicKey) -> Result<(), SendError>;
    /// Handles a message as if it had come from outside.
    fn take_in(&self, message: &OnionMessage);
    fn claim(&self, preimage: PaymentPreimage);
    fn fail(&self, hash: &PaymentHash);
}

impl<C, O, P, R, G, L, K> Node for LdkNode<C, O, P, R, G, K>
where
    C: Deref<Target: AChannelManager> + Send + Sync,
    O: Deref<Target: AOnionMessenger> + Send + Sync,
    P: Deref<Target: APeerManager> + Send + Sync,
    R: Deref<Target: Router> + Send + Sync,
    G: Deref<Target = NetworkGraph<L>> + Send + Sync,
    L: Deref<Target: Logger> + 'static,
    K: Deref<Target: NodeSigner + EntropySource> + Send + Sync,
{
    fn id(&self) -> PublicKey {
        self.channel_manager.get_cm().get_our_node_id()
    }

    fn height(&self) -> u32 {
        self.channel_manager.get_cm().current_best_block().height
    }

    fn channels(&self) -> Vec<ChannelDetails> {
        self.channel_manager.get_cm().list_channels()
    }

    fn usable_channels(&self) -> Vec<ChannelDetails> {
        self.channel_manager.get_cm().list_usable_channels()
    }

    fn peers(&self) -> Vec<PublicKey> {
        let peers = APeerManager::as_ref(&*self.peer_manager).list_peers().into_iter();
        let speakers = peers.filter(|peer| peer.init_features.supports_onion_messages());
        speakers.map(|peer| peer.counterparty_node_id).collect()
    }

    fn graph(&self) -> ReadOnlyNetworkGraph<'_> {
        self.network_graph.read_only()
    }

    fn register(&self, hash: Option<PaymentHash>, amount_msat: u64, seconds: u32) -> Option<Registered> {
        let manager = self.channel_manager.get_cm();
        let amount = Some(amount_msat);
        if let Some(hash) = hash {
            let secret = manager.create_inbound_payment_for_hash(hash, amount, seconds, None);
            return Some(Registered {
                hash,
                secret: secret.ok()?,
                preimage: None,
            });
        }
        let (hash, secret) = manager.create_inbound_payment(amount, seconds, None).ok()?;
        let preimage = manager.get_payment_preimage(hash, secret).ok()?;
        Some(Registered {
            hash,
            secret,
            preimage: Some(preimage),
        })
    }

    fn payment_paths(
        &self,
        secret: PaymentSecret,
        amount_msat: u64,
        max_cltv_expiry: u32,
    ) -> Option<Vec<BlindedPaymentPath>> {
        let tlvs = UnauthenticatedReceiveTlvs {
            payment_secret: secret,
            payment_constraints: PaymentConstraints {
                max_cltv_expiry,
                htlc_minimum_msat: 1,
            },
            payment_context: PaymentContext::Bolt12Refund(Bolt12RefundContext {}),
        };
        let nonce = Nonce::from_entropy_source(&*self.keys);
        let tlvs = tlvs.authenticate(nonce, &self.keys.get_expanded_key());
        let channels = self.usable_channels();
        let secp = Secp256k1::new();
        let made =
            self.router
                .create_blinded_payment_paths(self.id(), channels, tlvs, Some(amount_msat), &secp);
        made.ok().filter(|paths| !paths.is_empty())
    }

    fn forward(&self, message: OnionMessage, peer: &PublicKey) -> Result<(), SendError> {
        self.onion_messenger
            .get_om()
            .forward_onion_message(message, peer)?;
        // The message is in a queue that LDK looks at every few seconds, unless it is told to look now.
        APeerManager::as_ref(&*self.peer_manager).process_events();
        Ok(())
    }

    fn take_in(&self, message: &OnionMessage) {
        let messenger = self.onion_messenger.get_om();
        messenger.handle_onion_message(self.id(), message);
        APeerManager::as_ref(&*self.peer_manager).process_events();
    }

    fn claim(&self, preimage: PaymentPreimage) {
        self.channel_manager.get_cm().claim_funds(preimage);
    }

    fn fail(&self, hash: &PaymentHash) {
        self.channel_manager.get_cm().fail_htlc_backwards(hash);
    }
}
