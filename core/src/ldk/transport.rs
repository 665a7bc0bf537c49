//! How messages go out: raw onion packets, through LDK's messenger.

use core::future::Future;
use core::pin::Pin;

use bitcoin::secp256k1::PublicKey;
use lightning::ln::msgs::{OnionMessage, SocketAddress};
use lightning::routing::gossip::NodeId;
use lightning::util::ser::LengthReadable;

use super::route::shortest;
use super::LdkHost;
use crate::driver::{Clock, HostError, SystemClock, Transport};
use crate::engine::{Delivery, ReplyPath, Route, SendOutcome};

pub(super) type Connector =
    dyn Fn(PublicKey, Vec<String>) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync;

/// How long the handshake with a new peer may take, and how often it is looked whether it is done.
const HANDSHAKE_MS: u64 = 10_000;
const LOOK_MS: u64 = 50;

/// The most addresses of a node that are tried.
const MOST_ADDRESSES: usize = 8;

impl Transport for LdkHost {
    /// Hands the packet to its first hop, after connecting to it where that is needed. `Offline` means that it did not leave:
    /// the peer is not there, or LDK's queue for it is full.
    async fn send(&self, delivery: &Delivery) -> SendOutcome {
        let peer = delivery.packet.first_hop;
        self.connect(peer, &delivery.connect).await;
        self.send_onion(peer, &delivery.packet.message)
    }

    /// Looks among the node's own channels, aliases included, and then in the graph.
    async fn resolve_scid(&self, scid: u64, direction: u8) -> Result<Option<PublicKey>, HostError> {
        if let Some(peer) = self.other_end(scid) {
            let mut ends = [self.node.id(), peer];
            ends.sort_by_key(PublicKey::serialize);
            let [one, two] = ends;
            return Ok(pick(direction, one, two));
        }
        let graph = self.node.graph();
        if let Some(channel) = graph.channel(scid) {
            let end = pick(direction, channel.node_one, channel.node_two);
            return Ok(end.and_then(|node| node.as_pubkey().ok()));
        }
        match graph.channels().is_empty() {
            true => Err("the node knows no channels yet".into()),
            false => Ok(None),
        }
    }

    /// Takes the shortest way over peers and over nodes that relay onion messages; else the node itself, if it can be connected
    /// to.
    async fn find_route(&self, node_id: PublicKey) -> Result<Option<Route>, HostError> {
        let peers = self.node.peers();
        let reply = self.reply_path(&peers);
        let mut route = Route {
            reply,
            ..Route::default()
        };
        if node_id == self.node.id() || peers.contains(&node_id) {
            return Ok(Some(route));
        }
        if let Some(via) = self.way_to(&node_id, &peers) {
            route.via = via;
            return Ok(Some(route));
        }
        if self.connector.is_some() {
            route.connect = self.addresses(&node_id);
            if !route.connect.is_empty() {
                return Ok(Some(route));
            }
        }
        match peers.is_empty() {
            true => Err("the node has no peers now".into()),
            false => Ok(None),
        }
    }
}

impl LdkHost {
    /// Hands the payload of an `onion_message` (513), without its type, to a connected peer. What is for the node itself, it
    /// handles as if it had come from outside.
    pub fn send_onion(&self, peer: PublicKey, message: &[u8]) -> SendOutcome {
        let Some(message) = read(message) else {
            return SendOutcome::Failed;
        };
        if peer == self.node.id() {
            self.node.take_in(&message);
            return SendOutcome::Accepted;
        }
        match self.node.forward(message, &peer) {
            Ok(()) => SendOutcome::Accepted,
            // It did not leave, so the same bytes can be tried again.
            Err(_) => SendOutcome::Offline,
        }
    }

    async fn connect(&self, peer: PublicKey, addresses: &[String]) {
        let Some(connect) = self.connector.as_ref().filter(|_| !addresses.is_empty()) else {
            return;
        };
        let is_there = || self.node.peers().contains(&peer);
        if is_there() {
            return;
        }
        connect(peer, addresses.to_vec()).await;
        let until = SystemClock.now_ms().saturating_add(HANDSHAKE_MS);
        while !is_there() && SystemClock.now_ms() < until {
            SystemClock
                .sleep_until(SystemClock.now_ms().saturating_add(LOOK_MS))
                .await;
        }
    }

    /// Peers with a channel come first: some nodes relay for nobody else.
    fn way_to(&self, node_id: &PublicKey, peers: &[PublicKey]) -> Option<Vec<PublicKey>> {
        let (us, friends) = (self.node.id(), self.peers_with_channel(peers));
        let graph = self.node.graph();
        shortest(&graph, &us, &friends, node_id).or_else(|| shortest(&graph, &us, peers, node_id))
    }

    /// Back to the engine's own key, which seems to lie behind our node. A private node is reached through a peer that others
    /// can find.
    fn reply_path(&self, peers: &[PublicKey]) -> ReplyPath {
        if !self.replies {
            return ReplyPath::None;
        }
        let us = self.node.id();
        if self.is_public(&us) {
            return ReplyPath::Ours { via: vec![us] };
        }
        let mut doors = self.peers_with_channel(peers);
        if doors.is_empty() {
            doors = peers.to_vec();
        }
        // The same one every time, so that the same copy is the same bytes.
        doors.sort_by_key(|peer| (!self.is_public(peer), peer.serialize()));
        let via = doors.first().copied().into_iter().chain([us]);
        ReplyPath::Ours { via: via.collect() }
    }

    fn peers_with_channel(&self, peers: &[PublicKey]) -> Vec<PublicKey> {
        let mut friends: Vec<_> = self
            .node
            .usable_channels()
            .iter()
            .map(|channel| channel.counterparty.node_id)
            .filter(|peer| peers.contains(peer))
            .collect();
        friends.sort_by_key(PublicKey::serialize);
        friends.dedup();
        friends
    }

    fn is_public(&self, node_id: &PublicKey) -> bool {
        self.node.graph().node(&NodeId::from_pubkey(node_id)).is_some()
    }

    fn addresses(&self, node_id: &PublicKey) -> Vec<String> {
        let addresses = self.node.graph().get_addresses(node_id).unwrap_or_default();
        let usable = addresses
            .iter()
            .filter(|address| !matches!(address, SocketAddress::OnionV2(_)));
        usable.take(MOST_ADDRESSES).map(ToString::to_string).collect()
    }

    /// The peer at the other end of a channel of ours.
    fn other_end(&self, scid: u64) -> Option<PublicKey> {
        let mut channels = self.node.channels().into_iter();
        let channel = channels.find(|channel| {
            let names = [
                channel.short_channel_id,
                channel.inbound_scid_alias,
                channel.outbound_scid_alias,
            ];
            names.contains(&Some(scid))
        })?;
        Some(channel.counterparty.node_id)
    }
}

fn pick<T>(direction: u8, one: T, two: T) -> Option<T> {
    match direction {
        0 => Some(one),
        1 => Some(two),
        _ => None,
    }
}

fn read(mut bytes: &[u8]) -> Option<OnionMessage> {
    let message = OnionMessage::read_from_fixed_length_buffer(&mut bytes).ok()?;
    bytes.is_empty().then_some(message)
}
