//! What all connections share: the key, who is to be reached where, and which connections there are.

use core::sync::atomic::{AtomicBool, Ordering};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_channel::{Receiver, Sender, TrySendError};
use bitcoin::secp256k1::PublicKey;
use bitcoin::Network;

use super::directory::DynDirectory;
use super::lookup::{is_usable, Lookup};
use crate::driver::{Clock, Entropy, HostError, SystemClock, SystemEntropy};
use crate::engine::SendOutcome;
use crate::NodeKey;

/// The most connections at a time.
pub(super) const MAX_LINKS: usize = 32;

/// The most messages that wait for one connection.
const MAX_COMMANDS: usize = 16;

/// The most addresses of a node that are tried.
const MAX_ADDRESSES: usize = 8;

pub(super) struct Shared {
    key: NodeKey,
    node_id: PublicKey,
    addresses: BTreeMap<PublicKey, Vec<String>>,
    links: Mutex<BTreeMap<PublicKey, Link>>,
    arrivals: Sender<Vec<u8>>,
    pub(super) network: Network,
    pub(super) directory: Box<dyn DynDirectory>,
    pub(super) lookup: Lookup,
}

/// A connection that is there or is to be made, as seen from outside.
struct Link {
    commands: Sender<Command>,
    /// Says that the network is back.
    online: Sender<()>,
    /// Whether a message is being sent. A link that sends is not closed for another.
    sending: Arc<AtomicBool>,
    /// Until when replies may come, in Unix milliseconds.
    until_ms: u64,
}

/// The inner end of a [`Link`].
pub(super) struct Commands {
    pub(super) queue: Receiver<Command>,
    pub(super) online: Receiver<()>,
    pub(super) sending: Arc<AtomicBool>,
}

/// A message to send.
pub(super) struct Command {
    pub(super) message: Vec<u8>,
    pub(super) addresses: Vec<String>,
    pub(super) keep_until_ms: u64,
    pub(super) done: Sender<SendOutcome>,
}

impl Command {
    pub(super) fn answer(self, outcome: SendOutcome) {
        let _ = self.done.try_send(outcome);
    }

    /// Waits until nobody waits for it any more.
    pub(super) async fn forgotten(&self) {
        self.done.closed().await;
    }

    /// Whether nobody waits for it any more.
    pub(super) fn is_forgotten(&self) -> bool {
        self.done.is_closed()
    }
}

impl Shared {
    pub(super) fn new(
        network: Network,
        key: Option<NodeKey>,
        addresses: BTreeMap<PublicKey, Vec<String>>,
        directory: Box<dyn DynDirectory>,
        arrivals: Sender<Vec<u8>>,
    ) -> Result<Self, HostError> {
        let key = match key {
            Some(key) => key,
            None => NodeKey::new(&SystemEntropy.bytes()?)
                .map_err(|_| HostError("the system's randomness makes no key".to_owned()))?,
        };
        Ok(Self {
            node_id: key.node_id(),
            key,
            addresses,
            links: Mutex::default(),
            arrivals,
            network,
            directory,
            lookup: Lookup::new(),
        })
    }

    pub(super) fn key(&self) -> &NodeKey {
        &self.key
    }

    pub(super) fn node_id(&self) -> PublicKey {
        self.node_id
    }

    /// Takes in an onion message, or drops it where too many wait.
    pub(super) fn arrive(&self, message: Vec<u8>) {
        let _ = self.arrivals.try_send(message);
    }

    /// Where a node listens: what we were told when we were made, then what the directory says.
    pub(super) async fn look_up(&self, node_id: PublicKey) -> Result<Vec<String>, HostError> {
        let known = self.addresses.get(&node_id).cloned().unwrap_or_default();
        let mut all = known;
        match self.directory.addresses(node_id).await {
            Ok(more) => all.extend(more),
            Err(error) if all.is_empty() => return Err(error),
            Err(_) => {}
        }
        Ok(usable(&all))
    }

    /// The addresses of a delivery, or what we know ourselves.
    pub(super) fn addresses_of(&self, node_id: &PublicKey, connect: &[String]) -> Vec<String> {
        let known = self.addresses.get(node_id).map(Vec::as_slice).unwrap_or_default();
        let addresses = if connect.is_empty() { known } else { connect };
        usable(addresses)
    }

    /// Hands a message to the connection to this node. Where there is none yet, the receiver of its commands comes back.
    pub(super) fn hand_over(
        &self,
        node_id: PublicKey,
        command: Command,
    ) -> Result<Option<Commands>, SendOutcome> {
        let mut links = self.links();
        if let Some(link) = links.get(&node_id) {
            return match link.commands.try_send(command) {
                Ok(()) => Ok(None),
                // There is too much to do just now.
                Err(TrySendError::Full(_) | TrySendError::Closed(_)) => Err(SendOutcome::Offline),
            };
        }
        if links.len() >= MAX_LINKS && !make_room(&mut links) {
            return Err(SendOutcome::Offline);
        }
        let (commands, queue) = async_channel::bounded(MAX_COMMANDS);
        let _ = commands.try_send(command);
        let sending = Arc::new(AtomicBool::new(true));
        let (tell, online) = async_channel::bounded(1);
        let link = Link {
            commands,
            online: tell,
            sending: sending.clone(),
            until_ms: 0,
        };
        links.insert(node_id, link);
        Ok(Some(Commands {
            queue,
            online,
            sending,
        }))
    }

    /// Has no connection wait any longer.
    pub(super) fn online(&self) {
        for link in self.links().values() {
            let _ = link.online.try_send(());
        }
    }

    /// Remembers until when replies may come over a connection.
    pub(super) fn await_replies(&self, node_id: &PublicKey, commands: &Commands, until_ms: u64) {
        let mut links = self.links();
        if let Some(link) = links.get_mut(node_id).filter(|_| !commands.queue.is_closed()) {
            link.until_ms = until_ms;
        }
    }

    /// Lets go of a connection, unless something came up that is to be sent.
    pub(super) fn leave(&self, node_id: &PublicKey, commands: &Commands) -> bool {
        let mut links = self.links();
        if commands.queue.is_closed() {
            // Another has its place.
            return true;
        }
        if !commands.queue.is_empty() {
            return false;
        }
        links.remove(node_id);
        true
    }

    #[cfg(test)]
    pub(super) fn link_count(&self) -> usize {
        self.links().len()
    }

    fn links(&self) -> MutexGuard<'_, BTreeMap<PublicKey, Link>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first addresses of those a socket can connect to.
fn usable(addresses: &[String]) -> Vec<String> {
    let usable = addresses.iter().filter(|address| is_usable(address));
    usable.take(MAX_ADDRESSES).cloned().collect()
}

/// Closes the connection that is of least use.
fn make_room(links: &mut BTreeMap<PublicKey, Link>) -> bool {
    let idle = links
        .iter()
        .filter(|(_, link)| link.commands.is_empty() && !link.sending.load(Ordering::SeqCst));
    let least = idle
        .min_by_key(|(_, link)| link.until_ms)
        .map(|(node_id, _)| *node_id);
    // With the link goes the only sender of its commands, and that ends it.
    least.is_some_and(|node_id| links.remove(&node_id).is_some())
}

pub(super) fn now_ms() -> u64 {
    SystemClock.now_ms()
}
