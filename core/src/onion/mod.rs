//! Onion messages: the one that carries an invoice, our reply path, and what comes back over it (BOLT 4).
//!
//! ```text
//! reply_path(via, us, path_id, entropy)  -> the blinded path a payer answers over
//! message_len(outgoing)                  -> how large the message will be
//! build(outgoing, entropy)               -> the message, and the node it goes to first
//! peel(message, ecdh)                    -> what an answer says, and the path_id it came by
//! ```
//!
//! ```
//! use bitcoin::secp256k1::{PublicKey, Secp256k1, SecretKey};
//! use invreq::onion::{build, ecdh_with, peel, reply_path, Destination, Outgoing, Peeled};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let [payer_key, our_key] = [[1; 32], [2; 32]].map(|bytes| SecretKey::from_slice(&bytes).unwrap());
//! # let [payer, us] = [payer_key, our_key].map(|key| PublicKey::from_secret_key(&Secp256k1::new(), &key));
//! # let (path_id, random, more_random) = ([3; 32], [4; 32], [5; 32]);
//! # let invoice = b"\x05\x01x";
//! let reply = reply_path(&[], us, &path_id, random)?;
//! let packet = build(
//!     &Outgoing {
//!         invoice,
//!         destination: Destination::Node(payer),
//!         via: &[],
//!         reply_path: Some(&reply),
//!     },
//!     more_random,
//! )?;
//! assert_eq!(packet.first_hop, payer);
//!
//! // The payer's side of it:
//! let Peeled::Final(message) = peel(&packet.message, ecdh_with(&payer_key))? else {
//!     return Err("the message goes on".into());
//! };
//! assert_eq!(message.reply_path, Some(reply));
//! assert_eq!(message.content.map(|content| content.value), Some(invoice.to_vec()));
//! # Ok(())
//! # }
//! ```
//!
//! All of it is a function of its arguments: no clock, no randomness of its own, and no node key. Whoever peels
//! answers two questions "ECDH of the node key and this point" per layer ([`Ecdh`]); [`ecdh_with`] does it for a key at hand.
//!
//! What is built here every node can read: it is held against the vectors of the specification, against Core Lightning's recordings,
//! and against LDK in both directions.

mod blind;
mod build;
mod ecdh;
mod fault;
mod keys;
mod packet;
mod peel;
mod sphinx;
mod tlvs;

#[cfg(test)]
mod tests;

pub use crate::key::SharedSecret;
pub use blind::{advance, reply_path, MAX_PATH_ID_LEN};
pub use build::{build, message_len, Destination, OnionPacket, Outgoing, MAX_HOPS};
pub use ecdh::{ecdh_with, Ecdh};
pub use packet::MAX_PACKET_LEN;
pub use peel::{peel, peel_to_end, Content, Message, Peeled, MAX_LAYERS};
pub use tlvs::NextHop;
