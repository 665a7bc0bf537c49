use core::ops::Range;

use bitcoin::secp256k1::PublicKey;
use subtle::ConstantTimeEq;

use super::fault::{failed, invalid, malformed, too_large};
use super::keys::{checksum, Stream};
use crate::bolt12::{read_bigsize, Points, Reader};
use crate::key::SharedSecret;
use crate::{ErrorCode, Result};

/// The largest packet that is opened, in bytes: 32 KiB of payloads and 66 bytes around them.
pub const MAX_PACKET_LEN: usize = 32_834;

/// The only version of packets there is.
const VERSION: u8 = 0;

pub(super) const HMAC_LEN: usize = 32;

/// The version, the public key and the checksum.
const AROUND_PAYLOADS: usize = 1 + 33 + HMAC_LEN;

/// Where the payloads begin in a message: after the path key, the length, the version and the public key.
const PAYLOADS_AT: usize = 33 + 2 + 1 + 33;

/// How long a message with this room for payloads is.
pub(super) fn message_len(payloads: usize) -> usize {
    payloads.saturating_add(33 + 2 + AROUND_PAYLOADS)
}

/// The message whose payloads `fill` puts into zeros; it returns the packet's public key and checksum.
pub(super) fn compose(
    path_key: &PublicKey,
    payloads: usize,
    fill: impl FnOnce(&mut [u8]) -> Result<(PublicKey, [u8; 32])>,
) -> Result<Vec<u8>> {
    let len = payloads.saturating_add(AROUND_PAYLOADS);
    let len = u16::try_from(len).map_err(|_| too_large())?;
    let mut message = vec![0; message_len(payloads)];
    let (head, rest) = message.split_at_mut_checked(PAYLOADS_AT).ok_or_else(too_large)?;
    let (room, end) = rest.split_at_mut_checked(payloads).ok_or_else(too_large)?;
    let (public_key, hmac) = fill(room)?;
    let head = put(head, &path_key.serialize())?;
    let head = put(head, &len.to_be_bytes())?;
    let head = put(head, &[VERSION])?;
    put(head, &public_key.serialize())?;
    put(end, &hmac)?;
    Ok(message)
}

/// Copies these bytes to the beginning of `room`, and returns the room after them.
pub(super) fn put<'a>(room: &'a mut [u8], bytes: &[u8]) -> Result<&'a mut [u8]> {
    let (place, rest) = room.split_at_mut_checked(bytes.len()).ok_or_else(too_large)?;
    place.copy_from_slice(bytes);
    Ok(rest)
}

/// How many bytes are decrypted at once, before it is known how long the layer is: the four blocks that the cipher makes in
/// the time of one.
const AT_ONCE: usize = 256;

/// The parts of an onion message on the wire.
pub(super) struct Packet<'a> {
    pub(super) path_key: PublicKey,
    pub(super) public_key: PublicKey,
    payloads: &'a [u8],
    hmac: [u8; 32],
}

/// The layer on top of a packet, and what is left to decrypt.
pub(super) struct Opened<'a> {
    /// What is decrypted: the layer, and perhaps something of what comes after it.
    shown: Vec<u8>,
    /// Where in it the payload is.
    payload: Range<usize>,
    /// The next hop's checksum, at the end of the layer; zeros at the last.
    next_hmac: [u8; 32],
    /// What comes after `shown`, still encrypted.
    rest: &'a [u8],
    /// The stream, at the beginning of `rest`.
    stream: Stream,
    /// The room for payloads, this layer's included.
    room: usize,
}

impl<'a> Packet<'a> {
    pub(super) fn read(message: &'a [u8]) -> Result<Self> {
        let mut reader = Reader::new(message);
        let path_key = Points::read_once(reader.take(33)?)?;
        let len = usize::from(reader.u16()?);
        if len > MAX_PACKET_LEN {
            return Err(failed(
                ErrorCode::LimitExceeded,
                "the packet is larger than any that is sent",
            ));
        }
        let mut reader = Reader::new(reader.take(len)?);
        if reader.u8()? != VERSION {
            return Err(failed(
                ErrorCode::InvalidValue,
                "the packet is of an unknown version",
            ));
        }
        let public_key = Points::read_once(reader.take(33)?)?;
        let payloads = reader.take(len.saturating_sub(AROUND_PAYLOADS))?;
        let hmac = reader.array()?;
        Ok(Self {
            path_key,
            public_key,
            payloads,
            hmac,
        })
    }

    /// Checks the whole packet, and decrypts the layer on top. The rest is decrypted only if it goes on.
    pub(super) fn open(&self, secret: &SharedSecret) -> Result<Opened<'a>> {
        let expected = checksum(&secret.mu(), self.payloads, &[]);
        if !bool::from(expected.ct_eq(&self.hmac)) {
            return Err(invalid("the message is not meant for this node, or was altered"));
        }
        let mut stream = Stream::new(&secret.rho());
        let mut shown = self.payloads.get(..AT_ONCE).unwrap_or(self.payloads).to_vec();
        stream.apply(&mut shown);
        let (len, after) = read_bigsize(&shown).map_err(malformed)?;
        let before = shown.len().saturating_sub(after.len());
        let end = usize::try_from(len).unwrap_or(usize::MAX).saturating_add(before);

        let layer = end.saturating_add(HMAC_LEN);
        if layer > self.payloads.len() {
            let message = "a layer of the packet is longer than the packet";
            return Err(failed(ErrorCode::InvalidLength, message));
        }
        let known = shown.len();
        shown.extend_from_slice(self.payloads.get(known..layer).unwrap_or_default());
        stream.apply(shown.get_mut(known..).unwrap_or_default());
        let next_hmac = shown.get(end..).unwrap_or_default();
        Ok(Opened {
            next_hmac: Reader::new(next_hmac).array().map_err(malformed)?,
            payload: before..end,
            rest: self.payloads.get(shown.len()..).unwrap_or_default(),
            room: self.payloads.len(),
            shown,
            stream,
        })
    }
}

impl Opened<'_> {
    pub(super) fn payload(&self) -> &[u8] {
        self.shown.get(self.payload.clone()).unwrap_or_default()
    }

    /// Whether there is no layer under this one.
    pub(super) fn is_last(&self) -> bool {
        self.next_hmac == [0; HMAC_LEN]
    }

    /// The message for the next hop.
    ///
    /// The zeros that take the place of what this hop removed are encrypted like the rest, or the next hop's checksum
    /// would not fit.
    pub(super) fn onward(mut self, path_key: &PublicKey, public_key: PublicKey) -> Result<Vec<u8>> {
        compose(path_key, self.room, |payloads| {
            let layer = self.payload.end.saturating_add(HMAC_LEN);
            let room = put(payloads, self.shown.get(layer..).unwrap_or_default())?;
            put(room, self.rest)?;
            self.stream.apply(room);
            Ok((public_key, self.next_hmac))
        })
    }
}
