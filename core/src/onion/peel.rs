use core::fmt;

use bitcoin::secp256k1::PublicKey;
use subtle::ConstantTimeEq;

use super::ecdh::{answer, Ecdh};
use super::fault::{failed, invalid, malformed, misplaced};
use super::keys::{next_point, open};
use super::packet::Packet;
use super::tlvs::{parse, HopData, NextHop, Payload};
use crate::bolt12::BlindedPath;
use crate::{ErrorCode, Result};

/// The most layers [`peel_to_end`] takes off one message.
pub const MAX_LAYERS: usize = 32;

/// What is under one layer of an onion message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peeled {
    /// The message ends here.
    Final(Message),
    /// The message goes on to another node, or once more to this one if the layer was a dummy hop.
    Forward {
        /// Where it goes.
        next: NextHop,
        /// The payload of message 513 for that node, without the type.
        message: Vec<u8>,
    },
}

/// An onion message that has arrived.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// The secret of the path it came by; none if it came straight to the node id.
    ///
    /// Only a path's maker and those it gave the path to can bring this about. Compare it with
    /// [`came_by`](Self::came_by).
    pub path_id: Option<Vec<u8>>,
    /// Where the sender wants an answer.
    pub reply_path: Option<BlindedPath>,
    /// What it says; none in an empty message.
    pub content: Option<Content>,
}

/// The one record an onion message may carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The TLV type in the message's payload, 64 or more: 64 invoice_request, 66 invoice, 68 invoice_error.
    pub number: u64,
    /// The value, for `invoice_error` in the encoding of the specification or of LDK.
    pub value: Vec<u8>,
}

/// Takes one layer off an onion message.
///
/// `message` is the payload of message 513, without the type. `ecdh` is asked for the shared secret of the node key
/// and a point, twice per layer with different points; the points depend only on `message` and the answers, so a
/// host that has to ask a remote signer returns `None`, fetches the answer, and peels again. Bytes after the packet
/// are ignored, as BOLT 1 wants it.
///
/// The work is what `ecdh` takes, one point multiplication more if it is a closure, two more where the message goes on,
/// and a pass over at most [`MAX_PACKET_LEN`](super::MAX_PACKET_LEN) bytes (BOLT 4, Onion Messages).
///
/// # Errors
///
/// Every error means: ignore the message. `onion_invalid` if it is not for this key, was altered, or breaks a rule
/// of BOLT 4; `missing_answer` if `ecdh` returned `None`; `limit_exceeded` for a larger packet; the codes of the TLV
/// stream for a malformed one.
pub fn peel(message: &[u8], mut ecdh: impl Ecdh) -> Result<Peeled> {
    layer(message, &mut ecdh)
}

/// Takes off all layers that are meant for one node: dummy hops are messages to itself.
///
/// `node_id` is the node whose key answers the questions of `ecdh`, as in [`peel`].
///
/// # Errors
///
/// As for [`peel`], and `limit_exceeded` after [`MAX_LAYERS`] layers.
pub fn peel_to_end(message: &[u8], node_id: &PublicKey, mut ecdh: impl Ecdh) -> Result<Peeled> {
    layers(message, node_id, &mut ecdh)
}

fn layers(message: &[u8], node_id: &PublicKey, ecdh: &mut dyn Ecdh) -> Result<Peeled> {
    let mut peeled = layer(message, ecdh)?;
    for _ in 1..MAX_LAYERS {
        match peeled {
            Peeled::Forward { next, message } if next == NextHop::Node(*node_id) => {
                peeled = layer(&message, ecdh)?;
            }
            end => return Ok(end),
        }
    }
    match peeled {
        Peeled::Forward { next, .. } if next == NextHop::Node(*node_id) => Err(failed(
            ErrorCode::LimitExceeded,
            "the message has too many layers",
        )),
        end => Ok(end),
    }
}

impl Message {
    /// Whether the message came by the path with this secret, compared in constant time.
    pub fn came_by(&self, path_id: &[u8]) -> bool {
        self.path_id
            .as_ref()
            .is_some_and(|ours| ours.as_slice().ct_eq(path_id).into())
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("path_id", &self.path_id.as_ref().map(|_| "secret"))
            .field("reply_path", &self.reply_path)
            .field("content", &self.content)
            .finish()
    }
}

fn layer(message: &[u8], ecdh: &mut dyn Ecdh) -> Result<Peeled> {
    let packet = Packet::read(message).map_err(malformed)?;
    let path_secret = answer(ecdh.ecdh(&packet.path_key))?;
    // A packet is for the node's blinded key, which is its key times a factor we know.
    let factor = path_secret.blinding_factor()?;
    let packet_secret = answer(ecdh.blinded_ecdh(&packet.public_key, &factor))?;

    let opened = packet.open(&packet_secret)?;
    let shown = parse(opened.payload().to_vec())?;
    let payload = Payload::read(&shown)?;
    let told = parse(open(&path_secret.rho(), payload.encrypted_recipient_data)?)?;
    let data = HopData::read(&told)?;
    if opened.is_last() {
        return arrived(payload, &data).map(Peeled::Final);
    }

    let next = data.next().ok_or_else(misplaced)?;
    if payload.has_more || data.path_id.is_some() {
        return Err(misplaced());
    }
    let path_key = match data.next_path_key_override {
        Some(key) => key,
        None => next_point(&packet.path_key, &path_secret)?,
    };
    let public_key = next_point(&packet.public_key, &packet_secret)?;
    let message = opened.onward(&path_key, public_key)?;
    Ok(Peeled::Forward { next, message })
}

fn arrived(payload: Payload<'_>, data: &HopData<'_>) -> Result<Message> {
    if data.next().is_some() {
        return Err(misplaced());
    }
    let mut contents = payload.contents.into_iter();
    let content = contents.next().map(|(number, value)| Content {
        number,
        value: value.to_vec(),
    });
    if contents.next().is_some() {
        return Err(invalid("the message carries more than one payload"));
    }
    Ok(Message {
        path_id: data.path_id.map(<[u8]>::to_vec),
        reply_path: payload.reply_path,
        content,
    })
}
