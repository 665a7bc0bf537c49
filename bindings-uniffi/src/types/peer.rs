//! What happens on a connection.

use bitcoin::secp256k1::PublicKey;
use invreq::peer::PeerEvent;
use invreq::{Error as Trouble, ErrorDetails};

uniffi::custom_type!(Trouble, ErrorDetails, {
    remote,
    try_lift: |details| Ok(details.into()),
    lower: |error| error.into_details(),
});

/// What happened on a connection.
#[uniffi::remote(Enum)]
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
    /// The peer's words about something, made safe to show.
    Warning(String),
    /// The peer's words about something it takes for an error, made safe to show. Mostly it hangs up afterwards.
    Error(String),
    /// The connection is over. Nothing comes after it, and the socket is to be closed.
    Closed(Trouble),
}
