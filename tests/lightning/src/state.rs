use std::collections::{BTreeMap, BTreeSet};

use bitcoin::secp256k1::PublicKey;
use bitcoin::Amount;
use lightning::events::Event;
use lightning::ln::peer_handler::SocketDescriptor;
use lightning::util::ser::Writeable;

use crate::chain::Chain;
use crate::event::Happened;
use crate::node::Node;
use crate::socket::Socket;
use crate::{Error, NodeEvent, NodeIndex, StreamId};

/// All that a network consists of, and how it moves.
pub(crate) struct State {
    pub(crate) chain: Chain,
    pub(crate) nodes: Vec<Member>,
    pub(crate) links: Vec<Link>,
    /// Pairs of nodes that were cut off from each other, and stay so.
    pub(crate) severed: BTreeSet<(NodeIndex, NodeIndex)>,
    pub(crate) streams: BTreeMap<StreamId, (NodeIndex, Socket)>,
    pub(crate) events: Vec<(NodeIndex, Happened)>,
    /// The latest event of every payment that is held or was received.
    pub(crate) payments: BTreeMap<(NodeIndex, [u8; 32]), NodeEvent>,
}

pub(crate) struct Member {
    pub(crate) node: Node,
    pub(crate) is_down: bool,
    claimable: BTreeSet<[u8; 32]>,
}

impl Member {
    pub(crate) fn new(node: Node) -> Member {
        Member {
            node,
            is_down: false,
            claimable: BTreeSet::new(),
        }
    }
}

/// A connection between two nodes of the network.
pub(crate) struct Link {
    pub(crate) ends: [(NodeIndex, Socket); 2],
}

impl Link {
    pub(crate) fn joins(&self, node: NodeIndex) -> bool {
        self.ends.iter().any(|(end, _)| *end == node)
    }
}

impl State {
    pub(crate) fn new() -> State {
        State {
            chain: Chain::new(),
            nodes: Vec::new(),
            links: Vec::new(),
            severed: BTreeSet::new(),
            streams: BTreeMap::new(),
            events: Vec::new(),
            payments: BTreeMap::new(),
        }
    }

    pub(crate) fn node(&self, index: NodeIndex) -> &Node {
        &self.nodes[index.0].node
    }

    pub(crate) fn live(&self, index: NodeIndex) -> Result<&Node, Error> {
        match self.nodes[index.0].is_down {
            true => Err(Error::NodeIsDown),
            false => Ok(self.node(index)),
        }
    }

    pub(crate) fn stream(&self, id: StreamId) -> Result<(NodeIndex, Socket), Error> {
        self.streams.get(&id).cloned().ok_or(Error::StreamClosed)
    }

    /// Takes out what happened, in order, as far as it is wanted; the rest stays.
    pub(crate) fn take_events(
        &mut self,
        is_wanted: impl Fn(NodeIndex, &Happened) -> bool,
    ) -> Vec<(NodeIndex, Happened)> {
        let all = std::mem::take(&mut self.events);
        let (taken, left): (Vec<_>, _) = all.into_iter().partition(|(node, event)| is_wanted(*node, event));
        self.events = left;
        taken
    }

    /// Takes a payment off those that wait to be settled or failed.
    pub(crate) fn release_claimable(
        &mut self,
        index: NodeIndex,
        payment_hash: [u8; 32],
    ) -> Result<(), Error> {
        match self.nodes[index.0].claimable.remove(&payment_hash) {
            true => Ok(()),
            false => Err(Error::NothingToSettle),
        }
    }

    pub(crate) fn live_nodes(&mut self) -> impl Iterator<Item = &mut Member> {
        self.nodes.iter_mut().filter(|member| !member.is_down)
    }

    pub(crate) fn mine(&mut self, blocks: u32) {
        for _ in 0..blocks {
            self.chain.mine();
            self.catch_up();
            self.pump();
        }
    }

    pub(crate) fn catch_up(&mut self) {
        let State { chain, nodes, .. } = self;
        nodes
            .iter_mut()
            .filter(|member| !member.is_down)
            .for_each(|member| member.node.catch_up(chain));
    }

    pub(crate) fn pump(&mut self) {
        // Two nodes could in theory talk for ever; no test has come near this many rounds.
        for _ in 0..1000 {
            self.live_nodes()
                .for_each(|member| member.node.peers.process_events());
            let bytes_moved = self.carry_bytes();
            let events_seen = self.handle_events();
            if !bytes_moved && !events_seen {
                break;
            }
        }
    }

    fn carry_bytes(&mut self) -> bool {
        let mut moved = false;
        for link in &self.links {
            let [a, b] = &link.ends;
            for ((_, from), (to, to_socket)) in [(a, b), (b, a)] {
                loop {
                    let bytes = from.take(Socket::CHUNK);
                    if bytes.is_empty() || to_socket.is_closed() {
                        break;
                    }
                    moved = true;
                    if self
                        .node(*to)
                        .peers
                        .read_event(&mut to_socket.clone(), &bytes)
                        .is_err()
                    {
                        // LDK has forgotten this end; the sweep below tells the other one.
                        to_socket.clone().disconnect_socket();
                    }
                }
            }
        }
        let has_closed = self
            .links
            .iter()
            .any(|link| link.ends.iter().any(|(_, socket)| socket.is_closed()));
        if has_closed {
            self.cut(|link| link.ends.iter().any(|(_, socket)| socket.is_closed()));
        }
        moved || has_closed
    }

    pub(crate) fn cut(&mut self, which: impl Fn(&Link) -> bool) {
        let (gone, kept) = std::mem::take(&mut self.links).into_iter().partition(which);
        self.links = kept;
        for (node, socket) in Vec::into_iter(gone).flat_map(|link: Link| link.ends) {
            self.node(node).peers.socket_disconnected(&socket);
        }
    }

    fn handle_events(&mut self) -> bool {
        let mut seen = false;
        let mut wanted = Vec::new();
        let State {
            chain,
            nodes,
            events,
            payments,
            ..
        } = self;
        for (index, Member { node, claimable, .. }) in
            nodes.iter_mut().enumerate().filter(|(_, member)| !member.is_down)
        {
            let index = NodeIndex(index);
            for event in node.work() {
                seen = true;
                if let Event::FundingGenerationReady { .. } = event {
                    fund(node, chain, event);
                    continue;
                }
                if let Event::ConnectionNeeded { node_id, .. } = event {
                    wanted.push((index, node_id));
                    continue;
                }
                if let Event::PaymentClaimable { payment_hash, .. } = event {
                    claimable.insert(payment_hash.0);
                }
                if let Some(
                    shown @ (NodeEvent::PaymentClaimable { payment_hash, .. }
                    | NodeEvent::PaymentClaimed { payment_hash, .. }),
                ) = NodeEvent::from_ldk(event.clone())
                {
                    payments.insert((index, payment_hash), shown);
                }
                events.push((index, Happened::Ldk(Box::new(event))));
            }
            for (reply_path_id, error) in node.offers.take_errors() {
                let (message, error) = (error.to_string(), error.encode());
                let event = NodeEvent::InvoiceErrorReceived {
                    reply_path_id,
                    error,
                    message,
                };
                events.push((index, Happened::Shown(event)));
            }
        }
        for (node, peer) in wanted {
            self.connect_if_possible(node, peer);
        }
        seen
    }

    /// Begins a connection.
    pub(crate) fn link(&mut self, a: NodeIndex, b: NodeIndex) -> Result<(), Error> {
        let (node_a, node_b) = (self.live(a)?, self.live(b)?);
        let (socket_a, socket_b) = (Socket::new(usize::MAX), Socket::new(usize::MAX));
        let first_act = node_a
            .peers
            .new_outbound_connection(node_b.id(), socket_a.clone(), None);
        socket_a.push(&first_act.map_err(Error::lightning)?);
        let accepted = node_b.peers.new_inbound_connection(socket_b.clone(), None);
        accepted.map_err(Error::lightning)?;
        self.links.push(Link {
            ends: [(a, socket_a), (b, socket_b)],
        });
        Ok(())
    }

    /// LDK's messenger asks for a connection to where a message goes, and keeps the message until it is there.
    fn connect_if_possible(&mut self, node: NodeIndex, peer: PublicKey) {
        let nodes = (0..self.nodes.len()).map(NodeIndex);
        let Some(other) = nodes.into_iter().find(|other| self.node(*other).id() == peer) else {
            return;
        };
        if other != node && !self.severed.contains(&pair(node, other)) {
            // Fails only where a node is down, and then the message is lost.
            let _ = self.link(node, other);
        }
    }
}

/// Two nodes, whichever comes first.
pub(crate) fn pair(a: NodeIndex, b: NodeIndex) -> (NodeIndex, NodeIndex) {
    (a.min(b), a.max(b))
}

fn fund(node: &Node, chain: &mut Chain, request: Event) {
    if let Event::FundingGenerationReady {
        temporary_channel_id: channel,
        counterparty_node_id: peer,
        channel_value_satoshis,
        output_script,
        ..
    } = request
    {
        let transaction = chain.fund(output_script, Amount::from_sat(channel_value_satoshis));
        // Fails only where the channel is gone already, and then nobody waits for it.
        let _ = node
            .manager
            .funding_transaction_generated(channel, peer, transaction);
    }
}
