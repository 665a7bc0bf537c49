use bitcoin::secp256k1::PublicKey;

use crate::Error;

/// What happened on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerEvent {
    /// The handshake is done and both sides have said what they do.
    Ready {
        /// Who is at the other end.
        node_id: PublicKey,
        /// Whether the peer takes onion messages. One that does not is of no use here.
        onion_messages: bool,
    },
    /// An onion message came: the payload of message 513, without the type.
    OnionMessage(Vec<u8>),
    /// The peer's words about something, made safe to show; at most [`MAX_TEXT_CHARS`](crate::peer::MAX_TEXT_CHARS).
    Warning(String),
    /// The peer's words about something it takes for an error, made safe to show. Mostly it hangs up afterwards.
    Error(String),
    /// The connection is over. Nothing comes after it, and the socket is to be closed.
    Closed(Error),
}
