use bitcoin::secp256k1::PublicKey;
use invreq::driver::{HostError, Received, Transport};
use invreq::engine::{Delivery, ReplyPath, Route, SendOutcome};

use super::nodes::Messenger;
use crate::MessageTo;

/// A host whose node has an onion messenger of its own: it hands over the invoice, and gets opened answers.
pub struct MessengerHost {
    node: Messenger,
}

impl MessengerHost {
    /// A host over this node.
    pub fn new(node: Messenger) -> MessengerHost {
        MessengerHost { node }
    }
}

impl Transport for MessengerHost {
    async fn send(&self, delivery: &Delivery) -> SendOutcome {
        let to = match &delivery.path {
            Some(path) => MessageTo::Path(path),
            None => MessageTo::Node(delivery.node_id),
        };
        match self
            .node
            .send_invoice(&delivery.invoice, to, delivery.reply_path_id)
        {
            Ok(()) => SendOutcome::Accepted,
            Err(_) => SendOutcome::Failed,
        }
    }

    async fn resolve_scid(&self, scid: u64, direction: u8) -> Result<Option<PublicKey>, HostError> {
        Ok(self.node.resolve_scid(scid, direction))
    }

    async fn find_route(&self, _: PublicKey) -> Result<Option<Route>, HostError> {
        // The messenger finds its own way, and makes the reply path.
        Ok(Some(Route {
            reply: ReplyPath::Host,
            ..Route::default()
        }))
    }

    async fn receive(&self) -> Received {
        let (reply_path_id, bytes) = self.node.invoice_error().await;
        Received::InvoiceError { reply_path_id, bytes }
    }
}
