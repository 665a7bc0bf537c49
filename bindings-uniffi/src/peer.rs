//! A connection to another node over any socket, and what its key is good for besides.

use core::str::FromStr;
use std::sync::{Arc, Mutex};

use bitcoin::secp256k1::PublicKey;
use bitcoin::Network;
use invreq::peer::PeerEvent;
use invreq::{Error, ErrorDetails};

use crate::values::{lock, node_key, secret};
use crate::BadValue;

/// One connection, without the socket: bytes in, bytes out. Times are Unix milliseconds.
#[derive(uniffi::Object)]
pub struct Peer(Mutex<invreq::peer::Peer>);

/// What came of beginning a connection.
#[derive(uniffi::Enum)]
#[allow(clippy::large_enum_variant)] // it crosses at once
pub enum PeerBegun {
    /// The first bytes wait to be written.
    Peer {
        /// The connection.
        peer: Arc<Peer>,
    },
    /// It cannot begin.
    Failed {
        /// Why not.
        error: ErrorDetails,
    },
}

/// Begins a connection to a node, as the node of this key, with 32 fresh random bytes.
#[uniffi::export]
pub fn connect_peer(
    node_id: PublicKey,
    key: Vec<u8>,
    network: &str,
    entropy: Vec<u8>,
    now_ms: u64,
) -> Result<PeerBegun, BadValue> {
    let network = Network::from_str(network).map_err(|_| BadValue::new("there is no such network"))?;
    let entropy = secret(entropy, "entropy is 32 bytes")?;
    let key = node_key(key)?;
    let peer = invreq::peer::Peer::connect(node_id, key.expose(), network, *entropy, now_ms);
    Ok(match peer {
        Ok(peer) => PeerBegun::Peer {
            peer: Arc::new(Peer(Mutex::new(peer))),
        },
        Err(error) => PeerBegun::Failed {
            error: error.into_details(),
        },
    })
}

#[uniffi::export]
impl Peer {
    /// Takes bytes that came in, and says what happened.
    pub fn receive(&self, bytes: Vec<u8>, now_ms: u64) -> Result<Vec<PeerEvent>, BadValue> {
        Ok(lock(&self.0)?.receive(&bytes, now_ms))
    }

    /// Takes all bytes that are to be written now.
    pub fn outgoing(&self) -> Result<Vec<u8>, BadValue> {
        Ok(lock(&self.0)?.outgoing())
    }

    /// How many bytes are to be written.
    pub fn outgoing_len(&self) -> Result<u32, BadValue> {
        Ok(u32::try_from(lock(&self.0)?.outgoing_len()).unwrap_or(u32::MAX))
    }

    /// Sends the payload of an onion message; says why it could not.
    pub fn send_onion_message(&self, payload: Vec<u8>) -> Result<Option<ErrorDetails>, BadValue> {
        Ok(why_not(lock(&self.0)?.send_onion_message(&payload)))
    }

    /// Asks for a sign of life; says why it could not.
    pub fn ping(&self, now_ms: u64) -> Result<Option<ErrorDetails>, BadValue> {
        Ok(why_not(lock(&self.0)?.ping(now_ms)))
    }

    /// How many pings are not answered yet.
    pub fn pongs_due(&self) -> Result<u32, BadValue> {
        Ok(lock(&self.0)?.pongs_due())
    }

    /// When `tick` has something to do; `None` once it is closed.
    pub fn wake_at(&self) -> Result<Option<u64>, BadValue> {
        Ok(lock(&self.0)?.wake_at())
    }

    /// Does what is due, and says what happened.
    pub fn tick(&self, now_ms: u64) -> Result<Vec<PeerEvent>, BadValue> {
        Ok(lock(&self.0)?.tick(now_ms))
    }

    /// Says that the stream has ended.
    pub fn disconnected(&self) -> Result<Vec<PeerEvent>, BadValue> {
        Ok(lock(&self.0)?.disconnected())
    }
}

/// The node id of a secret key.
#[uniffi::export]
pub fn public_key(key: Vec<u8>) -> Result<PublicKey, BadValue> {
    Ok(node_key(key)?.node_id())
}

/// SHA-256 of the compressed product of a secret key and a point (BOLT 4, Shared Secret).
#[uniffi::export]
pub fn ecdh(key: Vec<u8>, point: PublicKey) -> Result<Vec<u8>, BadValue> {
    Ok(node_key(key)?.ecdh(&point).expose().to_vec())
}

fn why_not(result: Result<(), Error>) -> Option<ErrorDetails> {
    result.err().map(Error::into_details)
}
