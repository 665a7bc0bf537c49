use std::sync::Arc;

use bitcoin::secp256k1::PublicKey;
use invreq::driver::{HostError, Received, Transport};
use invreq::engine::{Delivery, ReplyPath, Route, SendOutcome};
use invreq::onion::SharedSecret;

use super::nodes::Lnd;
use crate::Error;

/// A host behind LND: it sends raw messages to peers and multiplies points with the node's key, and nothing else.
pub struct LndHost {
    rpc: Arc<Lnd>,
}

impl LndHost {
    /// A host over this node.
    pub fn new(rpc: Arc<Lnd>) -> LndHost {
        LndHost { rpc }
    }
}

impl Transport for LndHost {
    async fn send(&self, delivery: &Delivery) -> SendOutcome {
        let (peer, message) = (delivery.packet.first_hop, &delivery.packet.message);
        match self.rpc.send_custom_message(peer, 513, message) {
            Ok(()) => SendOutcome::Accepted,
            // The peer is not connected.
            Err(_) => SendOutcome::Offline,
        }
    }

    async fn resolve_scid(&self, scid: u64, direction: u8) -> Result<Option<PublicKey>, HostError> {
        let ends = self.rpc.get_chan_info(scid).map_err(unknown)?;
        Ok(ends.and_then(|ends| ends.get(usize::from(direction)).copied()))
    }

    async fn find_route(&self, node_id: PublicKey) -> Result<Option<Route>, HostError> {
        let us = self.rpc.get_info();
        let reply = ReplyPath::Node {
            via: self.rpc.way_in(),
            node_id: us,
        };
        if node_id == us {
            // The payer's path starts at this very node, which cannot send to itself: the engine steps over it.
            return Ok(Some(Route {
                own_node: true,
                reply,
                ..Route::default()
            }));
        }
        let route = |via| Route {
            via,
            reply,
            ..Route::default()
        };
        Ok(self.rpc.query_routes(node_id).map_err(unknown)?.map(route))
    }

    async fn receive(&self) -> Received {
        Received::OnionMessage {
            node_id: Some(self.rpc.get_info()),
            bytes: self.rpc.subscribe_custom_messages().await,
        }
    }

    async fn ecdh(&self, _: PublicKey, point: PublicKey) -> Result<SharedSecret, HostError> {
        let secret = self.rpc.derive_shared_key(&point);
        secret.map(SharedSecret::new).map_err(unknown)
    }
}

/// The node cannot say now, so the engine asks again. `None` would say for good that there is no such channel, or no way.
fn unknown(error: Error) -> HostError {
    HostError(error.to_string())
}
