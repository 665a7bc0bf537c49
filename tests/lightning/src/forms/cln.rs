use bitcoin::secp256k1::PublicKey;
use invreq::driver::{HostError, Received, Transport};
use invreq::engine::{Delivery, ReplyPath, Route, SendOutcome};

use super::nodes::Cln;
use crate::Error;

/// A host behind Core Lightning: it injects raw packets, and gets opened answers from a hook.
pub struct ClnHost {
    rpc: Cln,
}

impl ClnHost {
    /// A host over this node.
    pub fn new(rpc: Cln) -> ClnHost {
        ClnHost { rpc }
    }
}

impl Transport for ClnHost {
    async fn send(&self, delivery: &Delivery) -> SendOutcome {
        // Message 513 is a path key, two bytes of length, and the packet: the node wants it in two parts.
        let Some((path_key, packet)) = delivery.packet.message.split_at_checked(33) else {
            return SendOutcome::Failed;
        };
        match self
            .rpc
            .injectonionmessage(path_key, packet.get(2..).unwrap_or_default())
        {
            Ok(()) => SendOutcome::Accepted,
            Err(_) => SendOutcome::Failed,
        }
    }

    async fn resolve_scid(&self, scid: u64, direction: u8) -> Result<Option<PublicKey>, HostError> {
        let ends = self.rpc.listchannels(scid).map_err(unknown)?;
        Ok(ends.and_then(|ends| ends.get(usize::from(direction)).copied()))
    }

    async fn find_route(&self, node_id: PublicKey) -> Result<Option<Route>, HostError> {
        let us = self.rpc.getinfo();
        let Some(hops) = self.rpc.getroute(node_id).map_err(unknown)? else {
            return Ok(None);
        };
        Ok(Some(Route {
            // The packet starts at the node itself, which takes it in as if it had come from outside.
            via: [us].into_iter().chain(hops).collect(),
            // An answer ends at the node, which opens it and shows it to the hook.
            reply: ReplyPath::Node {
                via: self.rpc.way_in(),
                node_id: us,
            },
            ..Route::default()
        }))
    }

    async fn receive(&self) -> Received {
        // The hook onion_message_recv_secret: the secret of the path is the id of the delivery's reply path.
        let (pathsecret, invoice_error) = self.rpc.onion_message_recv_secret().await;
        Received::InvoiceError {
            reply_path_id: pathsecret,
            bytes: invoice_error,
        }
    }
}

/// The node cannot say now, so the engine asks again. `None` would say for good that there is no such channel, or no way.
fn unknown(error: Error) -> HostError {
    HostError(error.to_string())
}
