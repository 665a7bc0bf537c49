//! Stand-ins for other nodes, with the names of their calls: a node of this network that can do no more than they can.

use std::sync::Arc;

use async_channel::{Receiver, Sender};
use bitcoin::secp256k1::PublicKey;
use invreq::driver::{Clock, SystemClock};
use invreq::onion::{peel_to_end, Peeled, SharedSecret};

use crate::{Error, InvoiceDestination, MessageTo, Network, NodeIndex};

/// The most messages that wait for a host; what comes beyond is dropped.
pub const QUEUE: usize = 64;

/// An `invoice_error`, with the secret of the reply path it came over.
pub type Answer = ([u8; 32], Vec<u8>);

/// What Core Lightning offers a plugin.
pub struct Cln {
    node: Place,
    answers: Receiver<Answer>,
}

/// What LND offers an app, with `--protocol.custom-message=513`.
pub struct Lnd {
    node: Place,
    messages: Receiver<Vec<u8>>,
}

/// What a node with an onion messenger of its own offers, such as LDK's.
pub struct Messenger {
    node: Place,
}

impl Cln {
    /// Takes over this node: what comes over a reply path that ends there goes to the hook.
    pub fn new(net: Arc<Network>, node: NodeIndex) -> Cln {
        let (hook, answers) = async_channel::bounded(QUEUE);
        let (us, multiply) = (net.node_id(node), net.multiplier(node));
        net.listen(node, move |_, message| {
            let ecdh = |point: &PublicKey| Some(SharedSecret::new(multiply(point)));
            match peel_to_end(message, &us, ecdh) {
                Ok(Peeled::Final(opened)) => show(&hook, opened.path_id, opened.content),
                _ => false,
            }
        });
        let node = Place { net, node };
        Cln { node, answers }
    }

    /// The node's id.
    pub fn getinfo(&self) -> PublicKey {
        self.node.id()
    }

    /// Takes a message in as if it had come from outside: its path key, and the packet.
    pub fn injectonionmessage(&self, path_key: &[u8], message: &[u8]) -> Result<(), Error> {
        let len = u16::try_from(message.len()).map_err(|_| Error::Malformed("the packet"))?;
        let whole = [path_key, &len.to_be_bytes(), message].concat();
        self.node.net.send_onion(self.node.node, self.getinfo(), &whole)
    }

    /// The two ends of a channel, the lesser node id first.
    pub fn listchannels(&self, scid: u64) -> Result<Option<[PublicKey; 2]>, Error> {
        Ok(self.node.ends(scid))
    }

    /// The nodes between us and that one.
    pub fn getroute(&self, node_id: PublicKey) -> Result<Option<Vec<PublicKey>>, Error> {
        Ok(self.node.net.route(self.node.node, node_id))
    }

    /// The nodes by which others reach us: none where we are public, else a peer.
    pub fn way_in(&self) -> Vec<PublicKey> {
        self.node.way_in()
    }

    /// Waits for the hook.
    pub async fn onion_message_recv_secret(&self) -> Answer {
        next(&self.answers).await
    }
}

impl Lnd {
    /// Takes over this node: all its onion messages go to the app, and none to a messenger.
    pub fn new(net: Arc<Network>, node: NodeIndex) -> Lnd {
        let (subscription, messages) = async_channel::bounded(QUEUE);
        net.listen(node, move |_, message| {
            let _ = subscription.try_send(message.to_vec());
            true
        });
        let node = Place { net, node };
        Lnd { node, messages }
    }

    /// The node's id.
    pub fn get_info(&self) -> PublicKey {
        self.node.id()
    }

    /// Sends a message of this type to a peer; not to the node itself, which is no peer of its own.
    pub fn send_custom_message(&self, peer: PublicKey, number: u16, data: &[u8]) -> Result<(), Error> {
        if number != 513 || peer == self.get_info() {
            return Err(Error::NotConnected);
        }
        self.node.net.send_onion(self.node.node, peer, data)
    }

    /// Waits for the next message 513.
    pub async fn subscribe_custom_messages(&self) -> Vec<u8> {
        next(&self.messages).await
    }

    /// How many messages wait for the app.
    pub fn waiting(&self) -> usize {
        self.messages.len()
    }

    /// The shared secret of the node's key and a point.
    pub fn derive_shared_key(&self, point: &PublicKey) -> Result<[u8; 32], Error> {
        self.node.net.ecdh(self.node.node, point)
    }

    /// The two ends of a channel, the lesser node id first.
    pub fn get_chan_info(&self, scid: u64) -> Result<Option<[PublicKey; 2]>, Error> {
        Ok(self.node.ends(scid))
    }

    /// The nodes between us and that one.
    pub fn query_routes(&self, node_id: PublicKey) -> Result<Option<Vec<PublicKey>>, Error> {
        Ok(self.node.net.route(self.node.node, node_id))
    }

    /// The nodes by which others reach us: none where we are public, else a peer.
    pub fn way_in(&self) -> Vec<PublicKey> {
        self.node.way_in()
    }
}

impl Messenger {
    /// Takes over this node.
    pub fn new(net: Arc<Network>, node: NodeIndex) -> Messenger {
        let node = Place { net, node };
        Messenger { node }
    }

    /// Sends an invoice, with a reply path of the node's own where there is an id for it.
    pub fn send_invoice(
        &self,
        invoice: &[u8],
        to: MessageTo<'_>,
        reply_path_id: Option<[u8; 32]>,
    ) -> Result<(), Error> {
        let to = match to {
            MessageTo::Node(node_id) => InvoiceDestination::Node(node_id),
            MessageTo::Path(path) => {
                let mut bytes = Vec::new();
                path.write(&mut bytes).map_err(|_| Error::Malformed("the path"))?;
                InvoiceDestination::BlindedPath(bytes)
            }
        };
        self.node
            .net
            .send_invoice(self.node.node, invoice, &to, reply_path_id)
    }

    /// As [`Network::resolve_scid`].
    pub fn resolve_scid(&self, scid: u64, direction: u8) -> Option<PublicKey> {
        self.node.net.resolve_scid(self.node.node, scid, direction)
    }

    /// Waits for an answer over a reply path that the node made.
    pub async fn invoice_error(&self) -> Answer {
        loop {
            if let Some(error) = self.node.net.take_invoice_error(self.node.node) {
                return error;
            }
            SystemClock.sleep_until(SystemClock.now_ms() + 5).await;
        }
    }
}

struct Place {
    net: Arc<Network>,
    node: NodeIndex,
}

impl Place {
    fn id(&self) -> PublicKey {
        self.net.node_id(self.node)
    }

    fn ends(&self, scid: u64) -> Option<[PublicKey; 2]> {
        let end = |direction| self.net.resolve_scid(self.node, scid, direction);
        Some([end(0)?, end(1)?])
    }

    fn way_in(&self) -> Vec<PublicKey> {
        let mut way = self.net.reply_route(self.node);
        way.pop();
        way
    }
}

/// Shows the hook an `invoice_error` with a secret. Everything else is the node's own.
fn show(hook: &Sender<Answer>, path_id: Option<Vec<u8>>, content: Option<invreq::onion::Content>) -> bool {
    let secret = path_id.and_then(|secret| <[u8; 32]>::try_from(secret).ok());
    let error = content.filter(|content| content.number == 68);
    match secret.zip(error) {
        Some((secret, error)) => {
            let _ = hook.try_send((secret, error.value));
            true
        }
        None => false,
    }
}

/// The next of a queue; where its node is gone, none ever comes.
async fn next<T>(queue: &Receiver<T>) -> T {
    match queue.recv().await {
        Ok(next) => next,
        Err(_) => std::future::pending().await,
    }
}
