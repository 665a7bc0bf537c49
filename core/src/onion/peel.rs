use core::fmt;

use bitcoin::secp256k1::PublicKey;
use subtle::ConstantTimeEq;

use super::blind::ask;
use super::fault::{failed, invalid, malformed, misplaced};
use super::keys::{checksum, open, stream, Curve, SharedSecret};
use super::tlvs::{parse, HopData, NextHop, Payload};
use crate::bolt12::{read_bigsize, BlindedPath, Points, Reader};
use crate::{ErrorCode, Result};

/// The largest packet that is opened, in bytes: 32 KiB of payloads and 66 bytes around them.
pub const MAX_PACKET_LEN: usize = 32_834;

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
/// The work is one point multiplication beside those of `ecdh`, two more where the message goes on, and a pass over at
/// most [`MAX_PACKET_LEN`] bytes (BOLT 4, Onion Messages).
///
/// # Errors
///
/// Every error means: ignore the message. `onion_invalid` if it is not for this key, was altered, or breaks a rule
/// of BOLT 4; `missing_answer` if `ecdh` returned `None`; `limit_exceeded` for a larger packet; the codes of the TLV
/// stream for a malformed one.
pub fn peel(message: &[u8], mut ecdh: impl FnMut(&PublicKey) -> Option<SharedSecret>) -> Result<Peeled> {
    let packet = Packet::read(message).map_err(malformed)?;
    let curve = Curve::new();
    let path_secret = ask(&mut ecdh, &packet.path_key)?;
    // The node's blinded key is its key times a factor we know, so the factor goes into the point instead.
    let packet_secret = ask(&mut ecdh, &curve.blind(&packet.public_key, &path_secret)?)?;

    let Opened { payload, hmac, rest } = packet.open(&packet_secret)?;
    let shown = parse(payload)?;
    let payload = Payload::read(&shown)?;
    let told = parse(open(&path_secret.key(b"rho"), payload.encrypted_recipient_data)?)?;
    let data = HopData::read(&told)?;
    if hmac == [0; 32] {
        return arrived(payload, &data).map(Peeled::Final);
    }

    let next = data.next().ok_or_else(misplaced)?;
    if payload.has_more || data.path_id.is_some() {
        return Err(misplaced());
    }
    let path_key = match data.next_path_key_override {
        Some(key) => key,
        None => curve.next_point(&packet.path_key, &path_secret)?,
    };
    let public_key = curve.next_point(&packet.public_key, &packet_secret)?;
    let message = encode(&path_key, &public_key, &rest, &hmac)?;
    Ok(Peeled::Forward { next, message })
}

/// Takes off all layers that are meant for one node: dummy hops are messages to itself.
///
/// `node_id` is the node whose key answers the questions of `ecdh`, as in [`peel`].
///
/// # Errors
///
/// As for [`peel`], and `limit_exceeded` after [`MAX_LAYERS`] layers.
pub fn peel_to_end(
    message: &[u8],
    node_id: &PublicKey,
    mut ecdh: impl FnMut(&PublicKey) -> Option<SharedSecret>,
) -> Result<Peeled> {
    let mut layer = message.to_vec();
    for _ in 0..MAX_LAYERS {
        match peel(&layer, &mut ecdh)? {
            Peeled::Forward { next, message } if next == NextHop::Node(*node_id) => layer = message,
            end => return Ok(end),
        }
    }
    Err(failed(
        ErrorCode::LimitExceeded,
        "the message has too many layers",
    ))
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

/// The parts of an onion message on the wire.
struct Packet<'a> {
    path_key: PublicKey,
    public_key: PublicKey,
    payloads: &'a [u8],
    hmac: [u8; 32],
}

/// A packet with one layer off.
struct Opened {
    payload: Vec<u8>,
    hmac: [u8; 32],
    rest: Vec<u8>,
}

impl<'a> Packet<'a> {
    const AROUND_PAYLOADS: usize = 1 + 33 + 32;

    fn read(message: &'a [u8]) -> Result<Self> {
        let mut points = Points::default();
        let mut reader = Reader::new(message);
        let path_key = reader.point(&mut points)?;
        let len = usize::from(reader.u16()?);
        if len > MAX_PACKET_LEN {
            return Err(failed(
                ErrorCode::LimitExceeded,
                "the packet is larger than any that is sent",
            ));
        }
        let mut reader = Reader::new(reader.take(len)?);
        if reader.u8()? != 0 {
            return Err(failed(
                ErrorCode::InvalidValue,
                "the packet is of an unknown version",
            ));
        }
        let public_key = reader.point(&mut points)?;
        let payloads = reader.take(len.saturating_sub(Self::AROUND_PAYLOADS))?;
        let hmac = reader.array()?;
        Ok(Self {
            path_key,
            public_key,
            payloads,
            hmac,
        })
    }

    fn open(&self, secret: &SharedSecret) -> Result<Opened> {
        let expected = checksum(&secret.key(b"mu"), self.payloads);
        if !bool::from(expected.ct_eq(&self.hmac)) {
            return Err(invalid("the message is not meant for this node, or was altered"));
        }
        // The zeros that take the place of what this hop removes are encrypted like the rest, or the next hop's
        // checksum would not fit.
        let size = self.payloads.len();
        let mut shown = self.payloads.to_vec();
        shown.resize(size.saturating_mul(2), 0);
        stream(&secret.key(b"rho"), &mut shown);

        let (own, _) = shown.split_at_checked(size).unwrap_or_default();
        let (len, after) = read_bigsize(own).map_err(malformed)?;
        let mut reader = Reader::new(after);
        let payload = reader
            .take(usize::try_from(len).unwrap_or(usize::MAX))
            .map_err(malformed)?;
        let hmac: [u8; 32] = reader.array().map_err(malformed)?;
        let used = own
            .len()
            .saturating_sub(after.len())
            .saturating_add(payload.len())
            .saturating_add(hmac.len());
        Ok(Opened {
            payload: payload.to_vec(),
            hmac,
            rest: shown
                .get(used..used.saturating_add(size))
                .unwrap_or_default()
                .to_vec(),
        })
    }
}

fn encode(path_key: &PublicKey, public_key: &PublicKey, payloads: &[u8], hmac: &[u8; 32]) -> Result<Vec<u8>> {
    let len = payloads.len().saturating_add(Packet::AROUND_PAYLOADS);
    let len = u16::try_from(len).map_err(|_| invalid("the packet is too large"))?;
    let version = [0];
    Ok([
        path_key.serialize().as_slice(),
        &len.to_be_bytes(),
        &version,
        &public_key.serialize(),
        payloads,
        hmac,
    ]
    .concat())
}
