use bitcoin::secp256k1::PublicKey;

use super::blind::{blinded_path, route, sealed_len, Hop};
use super::fault::too_large;
use super::keys::expand_key;
use super::packet::{self, compose};
use super::sphinx::{layer_len, wrap, Layer};
use super::tlvs::{payload, payload_len, FinalRecords, HopData};
use crate::bolt12::{BlindedHop, BlindedPath, Introduction};
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
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OnionPacket {
    /// The node to hand it to. It is the host's own where that is first in `via` or the path starts there; to send
    /// such a path to a peer instead, [`advance`](super::advance) it first.
    #[serde(serialize_with = "crate::shapes::point")]
    pub first_hop: PublicKey,
    /// The payload of message 513, without the type: path key, length, packet. 1,401 bytes where everything fits
    /// into the smaller of the two customary packets, else 32,869.
    #[serde(serialize_with = "crate::shapes::bytes")]
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
/// `empty_stream` without an invoice, `empty_path` for a path without hops, `invalid_parameter` for a reply path that
/// begins at neither end of a channel, `limit_exceeded` if there are more than [`MAX_HOPS`] hops or the message is larger
/// than the larger packet.
pub fn build(outgoing: &Outgoing<'_>, entropy: [u8; 32]) -> Result<OnionPacket> {
    let plan = Plan::new(outgoing)?;
    let room = plan.room()?;
    let (path_key, layers) = plan.blind(&entropy)?;
    // Not the key of the way: a first relay that saw one point in both places would know that it talks to the sender.
    let session = expand_key(&entropy, b"packet")?;
    let message = compose(&path_key, room, |payloads| wrap(session, &layers, &[], payloads))?;
    Ok(OnionPacket {
        first_hop: plan.first_hop,
        message,
    })
}

/// How long the message of [`build`] is, in bytes, without building it: 1,401 or 32,869.
///
/// # Errors
///
/// As for [`build`].
pub fn message_len(outgoing: &Outgoing<'_>) -> Result<usize> {
    Ok(packet::message_len(Plan::new(outgoing)?.room()?))
}

/// The two customary sizes of the payloads in a packet, in bytes. Any other would tell messages apart.
const ROOMS: [usize; 2] = [1_300, 32_768];

/// A message before anything in it is encrypted.
struct Plan<'a> {
    first_hop: PublicKey,
    /// The nodes on the way to the path or to the destination, which we blind.
    way: Vec<Hop<'a>>,
    /// The path behind the way, blinded by the payer.
    path: Option<&'a BlindedPath>,
    last: FinalRecords<'a>,
}

impl<'a> Plan<'a> {
    fn new(outgoing: &Outgoing<'a>) -> Result<Self> {
        if outgoing.invoice.is_empty() {
            return Err(Error::new(ErrorCode::EmptyStream, "there is no invoice to send"));
        }
        let last = FinalRecords {
            reply_path: outgoing.reply_path.map(encode).transpose()?,
            invoice: outgoing.invoice,
        };
        let (destination, path) = match outgoing.destination {
            Destination::Node(node) => (node, None),
            Destination::Path { path, introduction } => (introduction, Some(path)),
        };
        let via = without_last(outgoing.via, &destination);
        let way = match (path, via.split_last()) {
            (None, _) => route(via, destination, HopData::default()),
            (Some(_), None) => Vec::new(),
            (Some(path), Some((node, before))) => {
                let into_path = HopData {
                    next_node_id: Some(destination),
                    next_path_key_override: Some(path.path_key),
                    ..HopData::default()
                };
                route(before, *node, into_path)
            }
        };
        if let Some(path) = path {
            check(path.hops.len(), "the path to the payer")?;
        }
        let plan = Self {
            first_hop: *via.first().unwrap_or(&destination),
            way,
            path,
            last,
        };
        check(plan.hops(), "the path to the payer")?;
        Ok(plan)
    }

    /// How much room the payloads need: the smaller of the customary sizes, if it is enough.
    fn room(&self) -> Result<usize> {
        let ours = sealed_len(&self.way)?;
        let ours = self.way.iter().map(|_| ours);
        let theirs = self
            .hops_of_path()
            .iter()
            .map(|hop| hop.encrypted_recipient_data.len());
        let layers = ours
            .chain(theirs)
            .enumerate()
            .map(|(index, len)| layer_len(payload_len(len, self.last_for(index))));
        let needed = layers.fold(0, usize::saturating_add);
        ROOMS
            .into_iter()
            .find(|room| needed <= *room)
            .ok_or_else(too_large)
    }

    /// The path key for the first hop, and a layer for each.
    fn blind(&self, entropy: &[u8; 32]) -> Result<(PublicKey, Vec<Layer>)> {
        let (path_key, ours) = match self.path {
            Some(path) if self.way.is_empty() => (path.path_key, Vec::new()),
            _ => {
                let way = blinded_path(&self.way, expand_key(entropy, b"way")?)?;
                (way.path_key, way.hops)
            }
        };
        let mut layers = Vec::with_capacity(self.hops());
        for (index, hop) in ours.iter().chain(self.hops_of_path()).enumerate() {
            layers.push(Layer {
                node: hop.blinded_node_id,
                payload: payload(&hop.encrypted_recipient_data, self.last_for(index))?,
            });
        }
        Ok((path_key, layers))
    }

    fn hops(&self) -> usize {
        self.way.len().saturating_add(self.hops_of_path().len())
    }

    fn hops_of_path(&self) -> &'a [BlindedHop] {
        self.path.map_or(&[], |path| path.hops.as_slice())
    }

    fn last_for(&self, hop: usize) -> Option<&FinalRecords<'a>> {
        (hop.saturating_add(1) == self.hops()).then_some(&self.last)
    }
}

fn encode(reply_path: &BlindedPath) -> Result<Vec<u8>> {
    check(reply_path.hops.len(), "the reply path")?;
    if matches!(reply_path.introduction, Introduction::Scid { direction: 2.., .. }) {
        let message = "the reply path begins at neither end of its channel";
        return Err(Error::new(ErrorCode::InvalidParameter, message).with_rule(rules::ONION_PACKET));
    }
    let mut bytes = Vec::new();
    reply_path.write(&mut bytes)?;
    Ok(bytes)
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
