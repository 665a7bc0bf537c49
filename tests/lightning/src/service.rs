use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use bitcoin::secp256k1::PublicKey;
use invreq::driver::Payee;
use invreq::ldk::Preimages;
use serde_json::json;

use crate::{serve_remote, Error, HostNode, NodeHost, RemoteNode, Served, Server, Testbed};

/// A service that receives money for wallets without a node, and tells them what they cannot know: a test server's host, and
/// where its nodes listen.
pub struct Service {
    node: Arc<RemoteNode>,
    addresses: BTreeMap<PublicKey, String>,
    // It ends with the service.
    _server: Server,
}

impl Service {
    /// Serves this testbed on loopback.
    pub fn start(bed: Testbed) -> io::Result<Service> {
        let net = bed.net.clone();
        let ids: Vec<_> = net
            .nodes()
            .into_iter()
            .map(|node| (net.name(node), net.node_id(node)))
            .collect();
        let server = Server::start(bed)?;
        let greeting = server.greeting();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let addresses = ids
            .into_iter()
            .map(|(name, node_id)| (node_id, text(&greeting["nodes"][name]["tcp"])));
        Ok(Service {
            addresses: addresses.collect(),
            node: Arc::new(RemoteNode::connect(&text(&greeting["control"]["tcp"]), "host")?),
            _server: server,
        })
    }

    /// A request of this payer's, over an amount in msat.
    pub fn request(&self, payer: &str, amount_msat: u64) -> Result<String, Error> {
        let params = json!({ "amount_msat": amount_msat, "node": payer });
        let made = self.node.call("create_request", params)?;
        Ok(made["request"].as_str().unwrap_or_default().to_owned())
    }

    /// Where a node listens.
    pub fn addresses(&self, node_id: PublicKey) -> Vec<String> {
        self.addresses.get(&node_id).cloned().into_iter().collect()
    }

    /// The node at one end of a channel.
    pub fn channel_end(&self, scid: u64, direction: u8) -> Option<PublicKey> {
        self.node.resolve_scid(scid, direction)
    }

    /// Where a wallet's money comes in.
    pub fn source(&self) -> NodeHost<RemoteNode> {
        NodeHost::new(self.node.clone(), Preimages::Engine)
    }

    /// Tells a wallet of its payments, until the guard is dropped.
    pub fn serve(&self, payee: Payee) -> Served {
        serve_remote(self.node.clone(), payee)
    }
}
