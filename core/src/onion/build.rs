use bitcoin::secp256k1::PublicKey;

use super::blind::{blinded_path, route};
use super::keys::expand_key;
use super::ldk;
use super::tlvs::HopData;
use crate::bolt12::BlindedPath;
use crate::{rules, Error, ErrorCode, Result};

/// The most hops of a path that is built or sent over, the nodes on the way to it included.
pub const MAX_HOPS: usize = 32;

/// An invoice on its way to the payer: what to send, and where.
#[derive(Clone, Debug)]
pub struct Outgoing<'a> {
    /// The invoice's TLV stream, the value of record 66; at most 32 KiB with everything around it.
    pub invoice: &'a [u8],
    /// Where it goes.
    pub destination: Destination<'a>,
    /// The nodes the host sends it through before the destination, its own peer first; often none.
    ///
    /// With the host's own node in front the packet starts there, as a node wants it that takes messages in as if
    /// they had arrived (Core Lightning's `injectonionmessage`).
    pub via: &'a [PublicKey],
    /// Where the payer answers, if it may.
    pub reply_path: Option<&'a BlindedPath>,
}

/// Where an invoice goes.
#[derive(Clone, Copy, Debug)]
pub enum Destination<'a> {
    /// Over one of the paths in `invreq_paths`.
    Path {
        /// The path.
        path: &'a BlindedPath,
        /// The node it starts at, looked up by the host where the path names a channel.
        introduction: PublicKey,
    },
    /// Straight to the node `invreq_payer_id`, for a request without paths.
    ///
    /// The message then carries no `path_id`, as a payer must refuse what came over somebody's published path.
    Node(PublicKey),
}

/// An onion message ready for the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnionPacket {
    /// The node to hand it to. It is the host's own where that is first in `via` or the path starts there; to send
    /// such a path to a peer instead, [`advance`](super::advance) it first.
    pub first_hop: PublicKey,
    /// The payload of message 513, without the type: path key, length, packet. 1,401 bytes where everything fits
    /// into the smaller of the two customary packets, else 32,869.
    pub message: Vec<u8>,
}

/// Builds the onion message that carries an invoice.
///
/// `entropy` is 32 fresh random bytes; the same input makes the same bytes. The packet has one of the two customary
/// sizes. The keys of the packet and of the way to the path are independent, and what the nodes in `via` are told has
/// one length, so that nothing in the message says to a relay who sent it (BOLT 4, Onion Messages).
///
/// # Errors
///
/// `empty_stream` without an invoice, `empty_path` for a path without hops, `limit_exceeded` if there are more than
/// [`MAX_HOPS`] hops or the message is larger than the larger packet.
pub fn build(outgoing: &Outgoing<'_>, entropy: [u8; 32]) -> Result<OnionPacket> {
    if outgoing.invoice.is_empty() {
        return Err(Error::new(ErrorCode::EmptyStream, "there is no invoice to send"));
    }
    if let Some(path) = outgoing.reply_path {
        check(path.hops.len(), "the reply path")?;
    }
    let (first_hop, path) = whole_path(outgoing, &entropy)?;
    check(path.hops.len(), "the path to the payer")?;
    let message = ldk::onion_message(first_hop, &path, outgoing.invoice, outgoing.reply_path, entropy)?;
    Ok(OnionPacket { first_hop, message })
}

/// The path from the first hop to the payer, blinded throughout.
///
/// LDK would blind the nodes in `via` itself, but with the session key of the packet: its first relay sees one
/// point in both places and knows that it talks to the sender. A way of our own in front avoids that.
fn whole_path(outgoing: &Outgoing<'_>, entropy: &[u8; 32]) -> Result<(PublicKey, BlindedPath)> {
    let session = || expand_key(entropy, b"way");
    match outgoing.destination {
        Destination::Node(node) => {
            let via = without_last(outgoing.via, &node);
            let path = blinded_path(&route(via, node, HopData::default()), session()?)?;
            Ok((*via.first().unwrap_or(&node), path))
        }
        Destination::Path { path, introduction } => {
            let via = without_last(outgoing.via, &introduction);
            check(path.hops.len(), "the path to the payer")?;
            let Some((last, before)) = via.split_last() else {
                return Ok((introduction, path.clone()));
            };
            let into_path = HopData {
                next_node_id: Some(introduction),
                next_path_key_override: Some(path.path_key),
                ..HopData::default()
            };
            let mut whole = blinded_path(&route(before, *last, into_path), session()?)?;
            whole.hops.extend_from_slice(&path.hops);
            Ok((*via.first().unwrap_or(last), whole))
        }
    }
}

/// A host may name the destination itself as the last node of the way: that is the same way.
fn without_last<'a>(via: &'a [PublicKey], destination: &PublicKey) -> &'a [PublicKey] {
    match via.split_last() {
        Some((last, before)) if last == destination => before,
        _ => via,
    }
}

fn check(hops: usize, what: &str) -> Result<()> {
    if hops == 0 {
        return Err(
            Error::new(ErrorCode::EmptyPath, format!("{what} has no hops")).with_rule(rules::ONION_PACKET)
        );
    }
    if hops > MAX_HOPS {
        return Err(Error::new(
            ErrorCode::LimitExceeded,
            format!("{what} has more than {MAX_HOPS} hops"),
        ));
    }
    Ok(())
}
