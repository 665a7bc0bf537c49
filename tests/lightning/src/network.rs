use std::sync::{Mutex, MutexGuard, PoisonError};

use bitcoin::secp256k1::PublicKey;
use lightning::events::Event;
use lightning::ln::msgs::SocketAddress;

use crate::event::Happened;
use crate::node::{channel_config, Node};
use crate::state::{pair, Member, State};
use crate::{Error, NodeEvent};

/// Nodes, the connections between them and their chain.
pub struct Network {
    state: Mutex<State>,
}

/// Which node of a [`Network`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeIndex(pub(crate) usize);

/// How a channel is opened.
#[derive(Clone, Copy, Debug)]
pub struct ChannelTerms {
    /// Its capacity.
    pub capacity_sat: u64,
    /// Whether gossip announces it.
    pub public: bool,
    /// What the opener gives the other side at once.
    pub push_msat: u64,
}

impl ChannelTerms {
    /// A public channel with all funds on the opener's side.
    pub fn public(capacity_sat: u64) -> ChannelTerms {
        ChannelTerms {
            capacity_sat,
            public: true,
            push_msat: 0,
        }
    }

    /// An unannounced channel with all funds on the opener's side.
    pub fn private(capacity_sat: u64) -> ChannelTerms {
        ChannelTerms {
            public: false,
            ..ChannelTerms::public(capacity_sat)
        }
    }
}

impl Default for Network {
    fn default() -> Network {
        Network::new()
    }
}

impl Network {
    /// A network without nodes.
    pub fn new() -> Network {
        Network {
            state: Mutex::new(State::new()),
        }
    }

    /// Adds a node whose keys follow from its name, so that nodes of different networks that are to meet must have
    /// different names.
    pub fn add_node(&self, name: &str) -> NodeIndex {
        let mut state = self.state();
        let node = Node::new(name, &state.chain);
        state.nodes.push(Member::new(node));
        NodeIndex(state.nodes.len() - 1)
    }

    /// The public key by which others know the node.
    pub fn node_id(&self, node: NodeIndex) -> PublicKey {
        self.state().node(node).id()
    }

    /// The node with that name.
    pub fn find_node(&self, name: &str) -> Option<NodeIndex> {
        self.state()
            .nodes
            .iter()
            .position(|member| member.node.name == name)
            .map(NodeIndex)
    }

    /// All nodes, in the order they were added.
    pub fn nodes(&self) -> Vec<NodeIndex> {
        (0..self.state().nodes.len()).map(NodeIndex).collect()
    }

    /// The name a node was added with.
    pub fn name(&self, node: NodeIndex) -> String {
        self.state().node(node).name.clone()
    }

    /// The nodes it is connected to, in this network and outside.
    pub fn peers(&self, node: NodeIndex) -> Vec<PublicKey> {
        let peers = self.state().node(node).peers.list_peers();
        peers.iter().map(|peer| peer.counterparty_node_id).collect()
    }

    /// Whether the node was killed.
    pub fn is_down(&self, node: NodeIndex) -> bool {
        self.state().live(node).is_err()
    }

    /// The height of the chain.
    pub fn block_height(&self) -> u32 {
        self.state().chain.height()
    }

    /// Connects two nodes and waits for the handshake; does nothing where they are connected.
    pub fn connect(&self, a: NodeIndex, b: NodeIndex) -> Result<(), Error> {
        let mut state = self.state();
        let b_id = state.live(b)?.id();
        state.severed.remove(&pair(a, b));
        if state.live(a)?.peers.peer_by_node_id(&b_id).is_none() {
            state.link(a, b)?;
            state.pump();
        }
        match state.node(a).peers.peer_by_node_id(&b_id) {
            Some(_) => Ok(()),
            None => Err(Error::NotConnected),
        }
    }

    /// Cuts the connection between two nodes, if there is one. It does not come back by itself.
    pub fn disconnect(&self, a: NodeIndex, b: NodeIndex) {
        let mut state = self.state();
        state.severed.insert(pair(a, b));
        state.cut(|link| link.joins(a) && link.joins(b));
        state.pump();
    }

    /// Stops a node: all its connections break, and it takes part in nothing until [`Network::revive`].
    pub fn kill(&self, node: NodeIndex) {
        let mut state = self.state();
        state.cut(|link| link.joins(node));
        state.node(node).peers.disconnect_all_peers();
        state.nodes[node.0].is_down = true;
        state.pump();
    }

    /// Starts a killed node again, with the blocks it missed. Its connections do not come back by themselves.
    pub fn revive(&self, node: NodeIndex) {
        let mut state = self.state();
        state.nodes[node.0].is_down = false;
        state.catch_up();
        state.pump();
    }

    /// Opens a channel between two connected nodes and confirms it. The opener pays for it.
    pub fn open_channel(
        &self,
        opener: NodeIndex,
        other: NodeIndex,
        terms: ChannelTerms,
    ) -> Result<(), Error> {
        let mut state = self.state();
        let other_id = state.live(other)?.id();
        let opener_node = state.live(opener)?;
        let before = opener_node.manager.list_usable_channels().len();
        let config = channel_config(terms.public);
        opener_node
            .manager
            .create_channel(
                other_id,
                terms.capacity_sat,
                terms.push_msat,
                0,
                None,
                Some(config),
            )
            .map_err(Error::lightning)?;
        state.pump();
        // Six confirmations open and announce a channel, and one more leaves no doubt.
        state.mine(7);
        let opener_node = state.node(opener);
        if opener_node.manager.list_usable_channels().len() == before {
            return Err(Error::Lightning("the channel did not open".into()));
        }
        // Peers look at a node's own announcement to learn that it relays onion messages.
        for index in [opener, other] {
            // Nobody listens there; it is for hosts to know of.
            let port = u16::try_from(index.0).map_or(u16::MAX, |index| index.saturating_add(9735));
            let addresses = vec![SocketAddress::TcpIpV4 {
                addr: [127, 0, 0, 1],
                port,
            }];
            let node = state.node(index);
            node.peers.broadcast_node_announcement([0; 3], [0; 32], addresses);
        }
        state.pump();
        Ok(())
    }

    /// What a node could send over all its channels.
    pub fn spendable_msat(&self, node: NodeIndex) -> u64 {
        let channels = self.state().node(node).manager.list_channels();
        channels
            .iter()
            .map(|channel| channel.outbound_capacity_msat)
            .sum()
    }

    /// All short channel ids and aliases by which a node knows its channels.
    pub fn channel_names(&self, node: NodeIndex) -> Vec<u64> {
        let channels = self.state().node(node).manager.list_channels();
        let mut names: Vec<u64> = channels
            .iter()
            .flat_map(|channel| {
                [
                    channel.short_channel_id,
                    channel.inbound_scid_alias,
                    channel.outbound_scid_alias,
                ]
            })
            .flatten()
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Carries messages between the nodes until all are quiet.
    pub fn pump(&self) {
        self.state().pump();
    }

    /// Mines blocks, stamped with the time of now, and pumps after each.
    pub fn mine(&self, blocks: u32) {
        self.state().mine(blocks);
    }

    /// Lets the nodes do what they do every few seconds (pings, expiries), then pumps.
    pub fn tick(&self) {
        let mut state = self.state();
        state.live_nodes().for_each(|member| member.node.tick());
        state.pump();
    }

    /// What happened at the node since its events were last taken.
    pub fn take_events(&self, node: NodeIndex) -> Vec<NodeEvent> {
        let taken = self.state().take_events(|at, _| at == node).into_iter();
        taken.filter_map(|(_, event)| event.show()).collect()
    }

    /// What happened at any node, in the order in which it did.
    pub fn take_all_events(&self) -> Vec<(NodeIndex, NodeEvent)> {
        let taken = self.state().take_events(|_, _| true).into_iter();
        let shown = taken.filter_map(|(at, event)| event.show().map(|event| (at, event)));
        shown.collect()
    }

    /// What LDK said at the node since its events were last taken, for a host that is made of the node. What LDK did not say
    /// stays for [`take_events`](Self::take_events).
    pub fn take_ldk_events(&self, node: NodeIndex) -> Vec<Event> {
        let from_ldk = |at, event: &Happened| at == node && matches!(event, Happened::Ldk(_));
        let taken = self.state().take_events(from_ldk).into_iter();
        let events = taken.filter_map(|(_, event)| match event {
            Happened::Ldk(event) => Some(*event),
            Happened::Shown(_) => None,
        });
        events.collect()
    }

    /// Puts events back that could not be dealt with, so that they are the first to be taken, as LDK does.
    pub fn put_back(&self, node: NodeIndex, events: impl IntoIterator<Item = Event>) {
        let events = events
            .into_iter()
            .map(|event| (node, Happened::Ldk(Box::new(event))));
        let mut state = self.state();
        state.events.splice(0..0, events);
    }

    /// The next error that came back over a reply path this node made for [`send_invoice`](Self::send_invoice): the id of the
    /// path, and the error as LDK writes it.
    pub fn take_invoice_error(&self, node: NodeIndex) -> Option<([u8; 32], Vec<u8>)> {
        let mut state = self.state();
        let is_error = |(at, event): &(_, Happened)| *at == node && matches!(event, Happened::Shown(_));
        let place = state.events.iter().position(is_error)?;
        match state.events.remove(place).1.show()? {
            NodeEvent::InvoiceErrorReceived {
                reply_path_id, error, ..
            } => Some((reply_path_id, error)),
            _ => None,
        }
    }

    /// The payments a node holds or has received, as a host looks them up after a restart.
    pub fn payments(&self, node: NodeIndex) -> Vec<NodeEvent> {
        let state = self.state();
        let of_node = state.payments.iter().filter(|((at, _), _)| *at == node);
        of_node.map(|(_, event)| event.clone()).collect()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
