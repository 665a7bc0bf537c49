use std::sync::{Arc, Mutex, PoisonError, RwLock};

use bitcoin::hashes::{sha256, Hash, HashEngine};
use bitcoin::secp256k1::PublicKey;
use bitcoin::Network as BitcoinNetwork;
use invreq::ldk::{LdkHost, LdkNode};
use lightning::chain::chainmonitor::ChainMonitor;
use lightning::chain::Filter;
use lightning::events::{Event, EventsProvider};
use lightning::ln::channelmanager::{ChainParameters, ChannelManager, SimpleArcChannelManager};
use lightning::ln::peer_handler::{IgnoringMessageHandler, MessageHandler, PeerManager};
use lightning::onion_message::messenger::{DefaultMessageRouter, OnionMessenger};
use lightning::routing::gossip::{NetworkGraph, P2PGossipSync};
use lightning::routing::router::DefaultRouter;
use lightning::routing::scoring::{ProbabilisticScorer, ProbabilisticScoringFeeParameters};
use lightning::routing::utxo::UtxoLookup;
use lightning::sign::{InMemorySigner, KeysManager, NodeSigner};
use lightning::util::config::UserConfig;

use crate::chain::{unix_time, Chain};
use crate::offers::OffersTap;
use crate::plugs::{Discard, FlatFee, Log};
use crate::socket::Socket;
use crate::tap::OnionTap;

/// A whole LDK node.
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) keys: Arc<KeysManager>,
    pub(crate) manager: Arc<Manager>,
    pub(crate) messenger: Arc<Messenger>,
    pub(crate) peers: Arc<Peers>,
    pub(crate) graph: Arc<Graph>,
    pub(crate) offers: Arc<OffersTap>,
    pub(crate) onions: Arc<OnionTap>,
    router: Arc<Router>,
    monitor: Arc<Monitor>,
    chain_height: u32,
}

pub(crate) type Manager = SimpleArcChannelManager<Monitor, Discard, FlatFee, Log>;
pub(crate) type Graph = NetworkGraph<Arc<Log>>;
pub(crate) type Parts =
    LdkNode<Arc<Manager>, Arc<Messenger>, Arc<Peers>, Arc<Router>, Arc<Graph>, Arc<KeysManager>>;
type Router = DefaultRouter<
    Arc<Graph>,
    Arc<Log>,
    Arc<KeysManager>,
    Arc<RwLock<Scorer>>,
    ProbabilisticScoringFeeParameters,
    Scorer,
>;
pub(crate) type Messenger = OnionMessenger<
    Arc<KeysManager>,
    Arc<KeysManager>,
    Arc<Log>,
    Arc<Manager>,
    Arc<DefaultMessageRouter<Arc<Graph>, Arc<Log>, Arc<KeysManager>>>,
    Arc<OffersTap>,
    Arc<Manager>,
    IgnoringMessageHandler,
    IgnoringMessageHandler,
>;
pub(crate) type Peers = PeerManager<
    Socket,
    Arc<Manager>,
    Arc<Gossip>,
    Arc<OnionTap>,
    Arc<Log>,
    IgnoringMessageHandler,
    Arc<KeysManager>,
    Arc<Monitor>,
>;
type Scorer = ProbabilisticScorer<Arc<Graph>, Arc<Log>>;
type Gossip = P2PGossipSync<Arc<Graph>, Arc<dyn UtxoLookup + Send + Sync>, Arc<Log>>;
type Monitor = ChainMonitor<
    InMemorySigner,
    Arc<dyn Filter + Send + Sync>,
    Arc<Discard>,
    Arc<FlatFee>,
    Arc<Log>,
    Arc<Discard>,
    Arc<KeysManager>,
>;

impl Node {
    /// A node whose keys follow from its name.
    pub(crate) fn new(name: &str, chain: &Chain) -> Node {
        let now = unix_time();
        let seconds = now.as_secs() as u32;
        let log = Arc::new(Log::new(name));
        let (fee, discard) = (Arc::new(FlatFee), Arc::new(Discard));
        let keys = Arc::new(KeysManager::new(
            &seed("node", name),
            now.as_secs(),
            now.subsec_nanos(),
            true,
        ));
        let storage_key = keys.get_peer_storage_key();
        let monitor = Arc::new(Monitor::new(
            None,
            discard.clone(),
            log.clone(),
            fee.clone(),
            discard.clone(),
            keys.clone(),
            storage_key,
        ));
        let graph = Arc::new(Graph::new(BitcoinNetwork::Regtest, log.clone()));
        let scorer = Scorer::new(Default::default(), graph.clone(), log.clone());
        let router = Arc::new(Router::new(
            graph.clone(),
            log.clone(),
            keys.clone(),
            Arc::new(RwLock::new(scorer)),
            Default::default(),
        ));
        let message_router = Arc::new(DefaultMessageRouter::new(graph.clone(), keys.clone()));
        let manager: Arc<Manager> = Arc::new(ChannelManager::new(
            fee,
            monitor.clone(),
            discard,
            router.clone(),
            message_router.clone(),
            log.clone(),
            keys.clone(),
            keys.clone(),
            keys.clone(),
            config(),
            ChainParameters {
                network: BitcoinNetwork::Regtest,
                best_block: chain.tip(),
            },
            seconds,
        ));
        let offers = Arc::new(OffersTap::new(manager.clone()));
        let messenger: Arc<Messenger> = Arc::new(OnionMessenger::new_with_offline_peer_interception(
            keys.clone(),
            keys.clone(),
            log.clone(),
            manager.clone(),
            message_router,
            offers.clone(),
            manager.clone(),
            IgnoringMessageHandler {},
            IgnoringMessageHandler {},
        ));
        let onions = Arc::new(OnionTap::new(messenger.clone()));
        let handlers = MessageHandler {
            chan_handler: manager.clone(),
            route_handler: Arc::new(Gossip::new(graph.clone(), None, log.clone())),
            onion_message_handler: onions.clone(),
            custom_message_handler: IgnoringMessageHandler {},
            send_only_message_handler: monitor.clone(),
        };
        let peers = PeerManager::new(handlers, seconds, &seed("handshakes", name), log, keys.clone());
        let peers = Arc::new(peers);
        let (name, chain_height) = (name.to_owned(), chain.height());
        Node {
            name,
            keys,
            manager,
            messenger,
            peers,
            graph,
            offers,
            onions,
            router,
            monitor,
            chain_height,
        }
    }

    pub(crate) fn id(&self) -> PublicKey {
        self.manager.get_our_node_id()
    }

    /// What a wallet's host is made of.
    pub(crate) fn parts(&self) -> Parts {
        LdkNode {
            channel_manager: self.manager.clone(),
            onion_messenger: self.messenger.clone(),
            peer_manager: self.peers.clone(),
            router: self.router.clone(),
            network_graph: self.graph.clone(),
            keys: self.keys.clone(),
        }
    }

    pub(crate) fn host(&self) -> LdkHost {
        LdkHost::new(self.parts())
    }

    /// Learns of the blocks that were mined since the last call.
    pub(crate) fn catch_up(&mut self, chain: &Chain) {
        chain.replay(self.chain_height, &*self.manager);
        chain.replay(self.chain_height, &*self.monitor);
        self.chain_height = chain.height();
    }

    /// Lets time-driven work happen: pings, expiries, retries.
    pub(crate) fn tick(&self) {
        self.manager.timer_tick_occurred();
        self.peers.timer_tick_occurred();
    }

    /// Forwards, claims and fails what is due, and returns what LDK has to say.
    pub(crate) fn work(&self) -> Vec<Event> {
        if self.manager.needs_pending_htlc_processing() {
            self.manager.process_pending_htlc_forwards();
        }
        // Acting on an event from inside the handler could deadlock, so the events are only collected in it.
        let events = Mutex::new(Vec::new());
        let collect = |event| {
            events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
            Ok(())
        };
        self.manager.process_pending_events(&collect);
        self.monitor.process_pending_events(&collect);
        self.messenger.process_pending_events(&collect);
        events.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

fn config() -> UserConfig {
    let mut config = UserConfig::default();
    // One payment may use a whole channel, and public and private channels are accepted alike.
    config
        .channel_handshake_config
        .max_inbound_htlc_value_in_flight_percent_of_channel = 100;
    config.channel_handshake_limits.force_announced_channel_preference = false;
    config.accept_forwards_to_priv_channels = true;
    config
}

/// The configuration of a channel that this node opens.
pub(crate) fn channel_config(public: bool) -> UserConfig {
    let mut config = config();
    config.channel_handshake_config.announce_for_forwarding = public;
    config
}

fn seed(purpose: &str, name: &str) -> [u8; 32] {
    let mut engine = sha256::Hash::engine();
    for part in ["invreq-lightning", purpose, name] {
        engine.input(part.as_bytes());
        engine.input(&[0]);
    }
    sha256::Hash::from_engine(engine).to_byte_array()
}
