//! A connection to another node, for hosts that have nothing but a socket (BOLT 8, BOLT 1).
//!
//! A [`Peer`] turns what a socket gives into [events](PeerEvent), and onion messages into what the socket is to be
//! given. It does no I/O, has no clock and throws no dice, so it works with any socket in any language: TCP, WebSocket,
//! a tunnel. It wants three things of its host:
//!
//! ```text
//! after connect, receive, tick, send_onion_message   write all of outgoing() to the socket
//! when the socket has bytes                          receive(bytes, now); at its end, disconnected()
//! at wake_at()                                       tick(now)
//! ```
//!
//! A node of one's own is not needed: a fresh key is as good as any, and so one sends an invoice. The money still comes
//! in over the host's node or service, whose payment paths are in the invoice.
//!
//! ```
//! use bitcoin::secp256k1::{PublicKey, Secp256k1, SecretKey};
//! use bitcoin::Network;
//! use invreq::peer::{Peer, PeerEvent};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let [our_key, their_key] = [[1; 32], [2; 32]].map(|bytes| SecretKey::from_slice(&bytes).unwrap());
//! # let their_id = PublicKey::from_secret_key(&Secp256k1::new(), &their_key);
//! # let (random, more_random, now_ms) = ([3; 32], [4; 32], 1_700_000_000_000);
//! # let message = [[2; 33].as_slice(), &[0, 1, 0]].concat();
//! // Real hosts have a socket between the two.
//! let mut us = Peer::connect(their_id, &our_key, Network::Regtest, random, now_ms)?;
//! let mut them = Peer::accept(&their_key, Network::Regtest, more_random, now_ms)?;
//! let mut events = Vec::new();
//! while !events.iter().any(|event| matches!(event, PeerEvent::Ready { .. })) {
//!     them.receive(&us.outgoing(), now_ms);
//!     events.extend(us.receive(&them.outgoing(), now_ms));
//! }
//!
//! us.send_onion_message(&message)?;
//! assert_eq!(them.receive(&us.outgoing(), now_ms), [PeerEvent::OnionMessage(message)]);
//!
//! // A quiet while later it looks whether the other side is still there.
//! let at = us.wake_at().ok_or("it is open")?;
//! us.tick(at);
//! them.receive(&us.outgoing(), at);
//! us.receive(&them.outgoing(), at);
//! assert_eq!(us.closed(), None);
//! # Ok(())
//! # }
//! ```
//!
//! What a node sends besides, such as gossip, is read and passed over. What comes in is bounded by the size of one
//! message, what goes out by [`MAX_OUTGOING_LEN`]; nothing is allocated for a length before its tag has been checked.
//! After anything that breaks the transport's rules the connection is over, with a [reason](PeerEvent::Closed).

mod cipher;
mod connection;
mod event;
mod handshake;
mod init;
mod noise;
mod reading;
mod timers;
mod wire;

#[cfg(test)]
mod tests;

pub use connection::{Peer, MAX_OUTGOING_LEN};
pub use event::PeerEvent;
pub use timers::{HANDSHAKE_MS, PINGS_AT_ONCE, PING_AFTER_MS, PONG_MS};
pub use wire::{MAX_PAYLOAD_LEN, MAX_TEXT_CHARS};
