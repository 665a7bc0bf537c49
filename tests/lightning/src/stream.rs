use bitcoin::secp256k1::PublicKey;

use crate::node::Node;
use crate::socket::Socket;
use crate::{Error, Network, NodeIndex};

/// A BOLT 8 byte stream of a node whose other end lies outside of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(pub(crate) u64);

/// Streams to the outside: whoever owns the socket, file or queue at the other end carries the bytes.
impl Network {
    /// Waits for the other end to begin the handshake.
    pub fn accept_stream(&self, node: NodeIndex) -> Result<StreamId, Error> {
        self.open_stream(node, |node, socket| {
            node.peers
                .new_inbound_connection(socket.clone(), None)
                .map_err(Error::lightning)
        })
    }

    /// Begins the handshake with `peer`.
    pub fn dial_stream(&self, node: NodeIndex, peer: PublicKey) -> Result<StreamId, Error> {
        self.open_stream(node, |node, socket| {
            let first_act = node.peers.new_outbound_connection(peer, socket.clone(), None);
            socket.push(&first_act.map_err(Error::lightning)?);
            Ok(())
        })
    }

    /// Hands the node bytes that came in; it answers by the next [`Network::pump`]. An error means the stream is
    /// over.
    pub fn feed_stream(&self, stream: StreamId, bytes: &[u8]) -> Result<(), Error> {
        let mut state = self.state();
        let (node, mut socket) = state.stream(stream)?;
        let fed = bytes.chunks(Socket::CHUNK).try_for_each(|chunk| {
            state
                .node(node)
                .peers
                .read_event(&mut socket, chunk)
                .map_err(Error::lightning)
        });
        if fed.is_err() {
            state.streams.remove(&stream);
        }
        fed
    }

    /// Whether the node wants no more bytes for now.
    pub fn is_stream_paused(&self, stream: StreamId) -> bool {
        self.state()
            .stream(stream)
            .is_ok_and(|(_, socket)| socket.is_read_paused())
    }

    /// Takes up to `max` bytes to carry to the other end. An error means that the node closed the stream and nothing
    /// is left.
    pub fn drain_stream(&self, stream: StreamId, max: usize) -> Result<Vec<u8>, Error> {
        let mut state = self.state();
        let (node, mut socket) = state.stream(stream)?;
        let bytes = socket.take(max);
        if bytes.is_empty() && socket.is_closed() {
            state.streams.remove(&stream);
            return Err(Error::StreamClosed);
        }
        if socket.wants_to_resume_writing() {
            // An error here means that LDK has dropped the peer, and then the socket says so at the next call.
            let _ = state.node(node).peers.write_buffer_space_avail(&mut socket);
        }
        Ok(bytes)
    }

    /// Tells the node that the other end is gone.
    pub fn close_stream(&self, stream: StreamId) {
        let mut state = self.state();
        if let Some((node, socket)) = state.streams.remove(&stream) {
            state.node(node).peers.socket_disconnected(&socket);
        }
    }

    fn open_stream(
        &self,
        index: NodeIndex,
        start: impl FnOnce(&Node, &Socket) -> Result<(), Error>,
    ) -> Result<StreamId, Error> {
        let mut state = self.state();
        let socket = Socket::new(Socket::EXTERNAL_LIMIT);
        start(state.live(index)?, &socket)?;
        let id = StreamId(socket.id());
        state.streams.insert(id, (index, socket));
        Ok(id)
    }
}
