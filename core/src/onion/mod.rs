//! Onion messages: the one that carries an invoice, our reply path, and what comes back over it (BOLT 4).
//!
//! ```text
//! reply_path(via, us, path_id, entropy)  -> the blinded path a payer answers over
//! build(outgoing, entropy)               -> the packet, and the node it goes to first
//! peel(message, ecdh)                    -> what an answer says, and the path_id it came by
//! ```
//!
//! All of it is a function of its arguments: no clock, no randomness of its own, and no node key. Whoever peels
//! answers two questions "ECDH of the node key and this point" per layer; [`ecdh_with`] does it for a key at hand.
//!
//! Blinding and peeling are ours, because LDK's peel drops errors in the encoding of the specification and final
//! hops with a `path_id`. The Sphinx packet itself is put together by LDK.

mod blind;
mod build;
mod fault;
mod keys;
mod ldk;
mod peel;
mod tlvs;

#[cfg(test)]
mod tests;

pub use blind::{advance, reply_path, MAX_PATH_ID_LEN};
pub use build::{build, Destination, OnionPacket, Outgoing, MAX_HOPS};
pub use keys::{ecdh_with, SharedSecret};
pub use peel::{peel, peel_to_end, Content, Message, Peeled, MAX_LAYERS, MAX_PACKET_LEN};
pub use tlvs::NextHop;
