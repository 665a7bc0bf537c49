//! Blinded paths and onion messages.

use bitcoin::secp256k1::PublicKey;
use invreq::bolt12::{BlindedHop, BlindedPath, Introduction, PayInfo, PaymentPath};
use invreq::onion::OnionPacket;

/// Where a blinded path begins.
#[uniffi::remote(Enum)]
pub enum Introduction {
    /// At a node with this public key.
    NodeId(PublicKey),
    /// At one end of a channel, which the host has to look up (BOLT 1, `sciddir_or_pubkey`).
    Scid {
        /// 0 for the end with the lesser node id, 1 for the other.
        direction: u8,
        /// The short channel id: block (3 bytes), transaction (3 bytes), output (2 bytes).
        scid: u64,
    },
}

/// A blinded path: the way to a recipient who does not show who it is (BOLT 4, Route Blinding).
#[uniffi::remote(Record)]
pub struct BlindedPath {
    /// Where the path begins.
    pub introduction: Introduction,
    /// The key for the first hop, `first_path_key`.
    pub path_key: PublicKey,
    /// The hops, the introduction node's first; at least one where the path is to be used.
    pub hops: Vec<BlindedHop>,
}

/// One hop of a blinded path.
#[uniffi::remote(Record)]
pub struct BlindedHop {
    /// The node's blinded id.
    pub blinded_node_id: PublicKey,
    /// What only that node can read, at most 65,535 bytes.
    pub encrypted_recipient_data: Vec<u8>,
}

/// What it costs to pay over a blinded path (BOLT 12, `blinded_payinfo`).
#[uniffi::remote(Record)]
pub struct PayInfo {
    /// The fixed fee of the whole path, in msat.
    pub fee_base_msat: u32,
    /// The proportional fee of the whole path, in millionths.
    pub fee_proportional_millionths: u32,
    /// The CLTV delta of the whole path, the recipient's minimum included, in blocks.
    pub cltv_expiry_delta: u16,
    /// The smallest HTLC the path carries, in msat.
    pub htlc_minimum_msat: u64,
    /// The largest HTLC the path carries, in msat.
    pub htlc_maximum_msat: u64,
    /// The feature bits a payer must know to use the path, big-endian; mostly empty.
    pub features: Vec<u8>,
}

/// A payment path from the host: a blinded path to the payee, and what it costs.
#[uniffi::remote(Record)]
pub struct PaymentPath {
    /// The path.
    pub path: BlindedPath,
    /// What it costs.
    pub payinfo: PayInfo,
}

/// An onion message ready for the wire.
#[uniffi::remote(Record)]
pub struct OnionPacket {
    /// The node to hand it to. It is the host's own where that is first in `via` or the path starts there; to send
    /// such a path to a peer instead, [`advance`](super::advance) it first.
    pub first_hop: PublicKey,
    /// The payload of message 513, without the type: path key, length, packet. 1,401 bytes where everything fits
    /// into the smaller of the two customary packets, else 32,869.
    pub message: Vec<u8>,
}
