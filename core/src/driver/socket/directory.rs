use core::future::{ready, Future};

use bitcoin::secp256k1::PublicKey;

use crate::driver::erased::Boxed;
use crate::driver::HostError;

/// Knows what a socket cannot hear: where nodes listen, and whose channel is whose.
///
/// A wallet has it from its service, from a node it may ask, or from a public explorer. It is asked more than once for one
/// message, and each time has a few seconds to answer: remember what was looked up.
pub trait Directory: Send + Sync {
    /// Where a node listens, `host:port` or `[v6]:port`, the best first; nothing where it is not known, an error where it
    /// cannot be told now.
    fn addresses(&self, node_id: PublicKey) -> impl Future<Output = Result<Vec<String>, HostError>> + Send;

    /// The nodes a message for this node goes through, the one to connect to first. By default none: we connect to the
    /// node itself. Each of them has to be connected to the next.
    fn via(&self, node_id: PublicKey) -> impl Future<Output = Result<Vec<PublicKey>, HostError>> + Send {
        let _ = node_id;
        ready(Ok(Vec::new()))
    }

    /// The node at one end of a channel, as [`Transport::resolve_scid`](crate::driver::Transport::resolve_scid).
    fn resolve_scid(
        &self,
        scid: u64,
        direction: u8,
    ) -> impl Future<Output = Result<Option<PublicKey>, HostError>> + Send {
        let _ = (scid, direction);
        ready(Ok(None))
    }
}

/// A directory behind a pointer, so that the transport has no type parameter.
pub(super) trait DynDirectory: Send + Sync {
    fn addresses(&self, node_id: PublicKey) -> Boxed<'_, Result<Vec<String>, HostError>>;
    fn via(&self, node_id: PublicKey) -> Boxed<'_, Result<Vec<PublicKey>, HostError>>;
    fn resolve_scid(&self, scid: u64, direction: u8) -> Boxed<'_, Result<Option<PublicKey>, HostError>>;
}

impl<D: Directory> DynDirectory for D {
    fn addresses(&self, node_id: PublicKey) -> Boxed<'_, Result<Vec<String>, HostError>> {
        Box::pin(Directory::addresses(self, node_id))
    }

    fn via(&self, node_id: PublicKey) -> Boxed<'_, Result<Vec<PublicKey>, HostError>> {
        Box::pin(Directory::via(self, node_id))
    }

    fn resolve_scid(&self, scid: u64, direction: u8) -> Boxed<'_, Result<Option<PublicKey>, HostError>> {
        Box::pin(Directory::resolve_scid(self, scid, direction))
    }
}

/// Knows nothing.
pub(super) struct NoDirectory;

impl Directory for NoDirectory {
    async fn addresses(&self, _: PublicKey) -> Result<Vec<String>, HostError> {
        Ok(Vec::new())
    }
}
