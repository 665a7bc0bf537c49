//! A transport for hosts that have nothing but a socket.

mod connection;
mod dial;
mod directory;
mod keeper;
mod lookup;
mod shared;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_channel::{Receiver, Sender};
use async_lock::Mutex;
use bitcoin::secp256k1::PublicKey;
use bitcoin::Network;
use futures_lite::{FutureExt, StreamExt};
use futures_util::stream::FuturesUnordered;

use crate::driver::erased::Boxed;
use crate::driver::{HostError, Received, Transport};
use crate::engine::{Delivery, ReplyPath, Route, SendOutcome};
use crate::onion::SharedSecret;
use crate::NodeKey;
use directory::{DynDirectory, NoDirectory};
use shared::{Command, Shared};

pub use directory::Directory;

/// A transport over TCP that connects to the node an invoice has to reach, with a node key of its own and no node.
///
/// It *sends* invoices: it needs no channel, no gossip and no node. Receiving the money always takes the host's node or
/// service, whose payment paths are in the invoice (the [`PaymentSource`](crate::driver::PaymentSource)).
///
/// Where nodes listen it is told with [`address`](SocketTransportBuilder::address), or by a [`Directory`]: a socket hears
/// no gossip. A path that starts at a channel takes a directory that can look the channel up.
///
/// ```
/// use invreq::driver::SocketTransport;
/// # use bitcoin::secp256k1::{Secp256k1, SecretKey};
/// # let payer = SecretKey::from_slice(&[2; 32]).unwrap().public_key(&Secp256k1::new());
///
/// let transport = SocketTransport::builder(bitcoin::Network::Bitcoin)
///     .address(payer, "203.0.113.7:9735")
///     .build()?;
/// println!("to payers we are {}", transport.node_id());
/// # Ok::<(), invreq::driver::HostError>(())
/// ```
///
/// A connection stays open until the last invoice sent over it has expired, because the payer's errors come back over it;
/// one that breaks is made again, with pauses, and at once after [`online`](SocketTransport::online). There are at most 32; when one more is needed, the one whose invoices
/// expire first is closed. [`SendOutcome::Accepted`] means that the node has read the message: it has answered a ping that was
/// sent behind it.
///
/// All of it happens inside of [`receive`](Transport::receive) and [`send`](Transport::send), which the
/// [`Runner`](crate::driver::Runner) calls; only names are looked up on threads. Names and addresses are IPv4 and IPv6:
/// for `.onion` and for WebSockets, write a transport around [`Peer`](crate::peer::Peer).
pub struct SocketTransport {
    shared: Arc<Shared>,
    tasks: Mutex<Tasks>,
    new_tasks: Sender<Boxed<'static, ()>>,
    inbox: Receiver<Vec<u8>>,
}

/// Collects what a [`SocketTransport`] needs.
pub struct SocketTransportBuilder {
    network: Network,
    key: Option<NodeKey>,
    addresses: BTreeMap<PublicKey, Vec<String>>,
    directory: Box<dyn DynDirectory>,
}

/// What runs while somebody drives it.
struct Tasks {
    running: FuturesUnordered<Boxed<'static, ()>>,
    new: Receiver<Boxed<'static, ()>>,
}

/// The most messages that wait to be taken in. What comes then is dropped: no reply is needed for the money.
const MAX_WAITING: usize = 16;

impl SocketTransport {
    /// Begins a transport for this network.
    pub fn builder(network: Network) -> SocketTransportBuilder {
        SocketTransportBuilder {
            network,
            key: None,
            addresses: BTreeMap::new(),
            directory: Box::new(NoDirectory),
        }
    }

    /// The node id other nodes see.
    pub fn node_id(&self) -> PublicKey {
        self.shared.node_id()
    }

    /// Tries at once again whatever waits for a pause to end, and looks whether open connections still are: call it when the network
    /// is back.
    pub fn online(&self) {
        self.shared.online();
    }

    /// Lets the connections get on, for as long as it is polled. Whoever waits for one of them does it.
    async fn drive<T>(&self) -> T {
        let mut tasks = self.tasks.lock().await;
        let Tasks { running, new } = &mut *tasks;
        loop {
            let done = async {
                match running.next().await {
                    Some(()) => None,
                    None => futures_lite::future::pending().await,
                }
            };
            let added = async { new.recv().await.ok() };
            if let Some(task) = added.or(done).await {
                running.push(task);
            }
        }
    }
}

impl SocketTransportBuilder {
    /// Is this node to others, instead of one that nobody knows and that lives as long as the transport. The key is cleared with it.
    #[must_use]
    pub fn key(mut self, key: impl Into<NodeKey>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Says where a node listens: `host:port` or `[v6]:port`. Several addresses are tried in the order they are given in.
    #[must_use]
    pub fn address(mut self, node_id: PublicKey, address: impl Into<String>) -> Self {
        self.addresses.entry(node_id).or_default().push(address.into());
        self
    }

    /// Asks this directory about nodes and channels.
    #[must_use]
    pub fn directory(mut self, directory: impl Directory + 'static) -> Self {
        self.directory = Box::new(directory);
        self
    }

    /// The transport.
    ///
    /// # Errors
    /// If the system has no randomness.
    pub fn build(self) -> Result<SocketTransport, HostError> {
        let (new_tasks, new) = async_channel::unbounded();
        let (arrivals, inbox) = async_channel::bounded(MAX_WAITING);
        let shared = Shared::new(self.network, self.key, self.addresses, self.directory, arrivals)?;
        Ok(SocketTransport {
            shared: Arc::new(shared),
            tasks: Mutex::new(Tasks {
                running: FuturesUnordered::new(),
                new,
            }),
            new_tasks,
            inbox,
        })
    }
}

impl Transport for SocketTransport {
    async fn send(&self, delivery: &Delivery) -> SendOutcome {
        let (done, outcome) = async_channel::bounded(1);
        let peer = delivery.packet.first_hop;
        let command = Command {
            message: delivery.packet.message.clone(),
            addresses: self.shared.addresses_of(&peer, &delivery.connect),
            keep_until_ms: delivery.expires_at.saturating_mul(1000),
            done,
        };
        let new = match self.shared.hand_over(peer, command) {
            Ok(new) => new,
            Err(outcome) => return outcome,
        };
        if let Some(commands) = new {
            let keeper = keeper::keep(self.shared.clone(), peer, commands);
            let _ = self.new_tasks.try_send(Box::pin(keeper));
        }
        let said = async { outcome.recv().await.unwrap_or(SendOutcome::Failed) };
        said.or(self.drive()).await
    }

    async fn resolve_scid(&self, scid: u64, direction: u8) -> Result<Option<PublicKey>, HostError> {
        self.shared.directory.resolve_scid(scid, direction).await
    }

    async fn find_route(&self, node_id: PublicKey) -> Result<Option<Route>, HostError> {
        let via = self.shared.directory.via(node_id).await?;
        let peer = via.first().copied().unwrap_or(node_id);
        let connect = self.shared.look_up(peer).await?;
        if connect.is_empty() {
            return Ok(None);
        }
        // The payer's answer goes to our peer, which has us connected.
        let reply = ReplyPath::Node {
            via: vec![peer],
            node_id: self.node_id(),
        };
        Ok(Some(Route {
            via,
            connect,
            own_node: false,
            reply,
        }))
    }

    async fn receive(&self) -> Received {
        let message = async {
            match self.inbox.recv().await {
                Ok(bytes) => bytes,
                Err(_) => futures_lite::future::pending().await,
            }
        };
        let bytes = message.or(self.drive()).await;
        let node_id = Some(self.node_id());
        Received::OnionMessage { node_id, bytes }
    }

    async fn ecdh(&self, node_id: PublicKey, point: PublicKey) -> Result<SharedSecret, HostError> {
        let secret = (node_id == self.node_id()).then(|| self.shared.key().ecdh(&point));
        secret.ok_or_else(|| HostError("this transport has another node key".to_owned()))
    }
}
