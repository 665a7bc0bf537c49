use std::sync::Arc;

use bitcoin::secp256k1::PublicKey;
use invreq::driver::{Directory, HostError};

use crate::Service;

/// What a host with nothing but a socket has to be told, for a [`SocketTransport`](invreq::driver::SocketTransport): its
/// service knows.
pub struct Lookup {
    service: Arc<Service>,
    gateway: Option<PublicKey>,
}

impl Lookup {
    /// Asks this service. Messages go to the payer's node directly, or all through one node that has many peers.
    pub fn new(service: Arc<Service>, gateway: Option<PublicKey>) -> Lookup {
        Lookup { service, gateway }
    }
}

impl Directory for Lookup {
    async fn addresses(&self, node_id: PublicKey) -> Result<Vec<String>, HostError> {
        Ok(self.service.addresses(node_id))
    }

    async fn via(&self, node_id: PublicKey) -> Result<Vec<PublicKey>, HostError> {
        Ok(self
            .gateway
            .into_iter()
            .filter(|gateway| *gateway != node_id)
            .collect())
    }

    async fn resolve_scid(&self, scid: u64, direction: u8) -> Result<Option<PublicKey>, HostError> {
        Ok(self.service.channel_end(scid, direction))
    }
}
