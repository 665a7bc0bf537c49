//! A ready host for Rust wallets on LDK 0.2: payment source and transport over the parts of a node the wallet has anyway.
//!
//! ```text
//! LdkHost::new(LdkNode { channel_manager, onion_messenger, peer_manager, router, network_graph, keys })
//!     -> give it to Payee::builder as source and as transport
//! host.handle_event(&payee, &event)
//!     -> call it first in the handler of LDK's events
//! ```
//!
//! ```
//! use invreq::driver::Payee;
//! use invreq::engine::Config;
//! use invreq::ldk::LdkHost;
//! use invreq::store::MemoryStore;
//! use lightning::events::{Event, ReplayEvent};
//!
//! async fn open(host: LdkHost, seed: [u8; 32]) -> invreq::Result<Payee> {
//!     let config = Config::new(bitcoin::Network::Bitcoin);
//!     let (payee, runner) = Payee::builder(config, seed, MemoryStore::new(), host.clone(), host).open().await?;
//!     runner.spawn().expect("there is room for a thread");
//!     Ok(payee)
//! }
//!
//! async fn handle(host: &LdkHost, payee: &Payee, event: Event) -> Result<(), ReplayEvent> {
//!     if host.handle_event(payee, &event).await? {
//!         return Ok(());
//!     }
//!     match event {
//!         // What the wallet did before goes here.
//!         _ => Ok(()),
//!     }
//! }
//! ```
//!
//! **How messages travel.** Out as raw onion packets, through `OnionMessenger::forward_onion_message`. A payer's answer comes to a key
//! of the engine's own that seems to lie behind the node: LDK, made with `OnionMessenger::new_with_offline_peer_interception`, then
//! emits `OnionMessageIntercepted`. LDK's messenger does not get to read it, because it drops errors in the encoding of BOLT 12. A wallet
//! whose messenger is made with `OnionMessenger::new` says [`without_replies`](LdkHost::without_replies): it is paid all the same, and
//! does not learn why a payer refuses.
//!
//! **What LDK has to be like.** Synced to the chain, or invoices live shorter than they say: LDK counts a payment's lifetime from the
//! time of the latest block it knows. And persisted as LDK asks for, its events included.

mod events;
mod node;
mod path;
mod route;
mod source;
mod transport;

use core::future::Future;
use core::ops::Deref;
use core::sync::atomic::AtomicBool;
use std::sync::Arc;

use lightning::ln::channelmanager::AChannelManager;
use lightning::ln::peer_handler::APeerManager;
use lightning::onion_message::messenger::AOnionMessenger;
use lightning::routing::gossip::NetworkGraph;
use lightning::routing::router::Router;
use lightning::sign::{EntropySource, NodeSigner};
use lightning::util::logger::Logger;

use bitcoin::secp256k1::PublicKey;

pub use node::LdkNode;

/// A [`PaymentSource`](crate::driver::PaymentSource) and [`Transport`](crate::driver::Transport) over a node of LDK's. Clones are
/// the same host.
#[derive(Clone)]
pub struct LdkHost {
    node: Arc<dyn node::Node>,
    connector: Option<Arc<transport::Connector>>,
    preimages: Preimages,
    replies: bool,
    /// Whether LDK was told to show an event again, and nothing was dealt with since.
    replaying: Arc<AtomicBool>,
}

/// Who makes the preimages of a host's invoices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Preimages {
    /// The engine, from its seed. A payment can only be claimed with the payee's store and seed.
    #[default]
    Engine,
    /// LDK, which can make them again from the payment. The engine is told and keeps them sealed, so that a record has its proof
    /// of payment whatever happens at the node.
    Node,
    /// LDK, which keeps them to itself until the payment comes.
    NodeOnly,
}

impl LdkHost {
    /// A host over these parts of a node. The engine makes the preimages, payers can answer, and nobody is connected to who
    /// is no peer: see the methods that change that.
    pub fn new<C, O, P, R, G, L, K>(node: LdkNode<C, O, P, R, G, K>) -> Self
    where
        C: Deref<Target: AChannelManager> + Send + Sync + 'static,
        O: Deref<Target: AOnionMessenger> + Send + Sync + 'static,
        P: Deref<Target: APeerManager> + Send + Sync + 'static,
        R: Deref<Target: Router> + Send + Sync + 'static,
        G: Deref<Target = NetworkGraph<L>> + Send + Sync + 'static,
        L: Deref<Target: Logger> + 'static,
        K: Deref<Target: NodeSigner + EntropySource> + Send + Sync + 'static,
    {
        Self {
            node: Arc::new(node),
            connector: None,
            preimages: Preimages::default(),
            replies: true,
            replaying: Arc::default(),
        }
    }

    /// Says who makes the preimages of new invoices. Earlier invoices stay as they are.
    #[must_use]
    pub fn preimages(mut self, preimages: Preimages) -> Self {
        self.preimages = preimages;
        self
    }

    /// Gives payers no reply path, for a messenger that does not intercept messages.
    #[must_use]
    pub fn without_replies(mut self) -> Self {
        self.replies = false;
        self
    }

    /// Connects to a node that no way over peers leads to, if its addresses are known.
    ///
    /// `connect` gets the node and its addresses as in [`Route::connect`](crate::engine::Route), best first, and ends when it has
    /// tried; with `lightning-net-tokio` it is `connect_outbound`. The host then waits up to ten seconds for the handshake.
    #[must_use]
    pub fn connect_with<F, Fut>(mut self, connect: F) -> Self
    where
        F: Fn(PublicKey, Vec<String>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.connector = Some(Arc::new(move |node_id, addresses| {
            Box::pin(connect(node_id, addresses))
        }));
        self
    }
}

impl core::fmt::Debug for LdkHost {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("LdkHost")
            .field("node_id", &self.node.id())
            .field("preimages", &self.preimages)
            .field("replies", &self.replies)
            .field("connects", &self.connector.is_some())
            .finish()
    }
}
