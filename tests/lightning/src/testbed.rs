use std::sync::Arc;

use crate::{ChannelTerms, Network, NodeIndex};

/// A payer and a host with a way for payments from one to the other, ready to use.
pub struct Testbed {
    /// The network they are in.
    pub net: Arc<Network>,
    /// Issues invoice requests and pays the answers.
    pub payer: NodeIndex,
    /// Stands between the two, where the testbed has one.
    pub relay: Option<NodeIndex>,
    /// Receives the money for the wallet under test.
    pub host: NodeIndex,
}

impl Testbed {
    /// The capacity of every channel: 0.01 BTC.
    pub const CAPACITY_SAT: u64 = 1_000_000;

    /// payer — host, over a public channel.
    pub fn direct() -> Testbed {
        let net = Arc::new(Network::new());
        let (payer, host) = (net.add_node("payer"), net.add_node("host"));
        net.join(payer, host, ChannelTerms::public(Testbed::CAPACITY_SAT));
        Testbed {
            net,
            payer,
            relay: None,
            host,
        }
    }

    /// payer — relay over a public channel, relay — host over a private one.
    pub fn relayed() -> Testbed {
        let net = Arc::new(Network::new());
        let (payer, relay, host) = (net.add_node("payer"), net.add_node("relay"), net.add_node("host"));
        net.join(payer, relay, ChannelTerms::public(Testbed::CAPACITY_SAT));
        net.join(relay, host, ChannelTerms::private(Testbed::CAPACITY_SAT));
        Testbed {
            net,
            payer,
            relay: Some(relay),
            host,
        }
    }

    /// payer — host over a private channel: the payer's requests name the host as the way to it.
    pub fn behind_host() -> Testbed {
        let net = Arc::new(Network::new());
        let (payer, host) = (net.add_node("payer"), net.add_node("host"));
        net.join(payer, host, ChannelTerms::private(Testbed::CAPACITY_SAT));
        Testbed {
            net,
            payer,
            relay: None,
            host,
        }
    }

    /// Adds a payer that can answer but not pay: all funds of its public channel are on the other side, which is the
    /// relay's or else the host's.
    pub fn add_penniless_payer(&self) -> NodeIndex {
        let node = self.net.add_node("penniless");
        let rich = self.relay.unwrap_or(self.host);
        self.net
            .join(rich, node, ChannelTerms::public(Testbed::CAPACITY_SAT));
        node
    }
}

impl Network {
    fn join(&self, opener: NodeIndex, other: NodeIndex, terms: ChannelTerms) {
        self.connect(opener, other).expect("two live nodes connect");
        self.open_channel(opener, other, terms)
            .expect("two connected nodes open a channel");
    }
}
