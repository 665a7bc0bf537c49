use bitcoin::secp256k1::PublicKey;

use super::wire::{failed, invalid, point, push_record, read_path, records};
use crate::bolt12::BlindedPath;
use crate::{ErrorCode, Result};

/// Where a message goes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextHop {
    /// To the node with this public key.
    Node(PublicKey),
    /// To the peer at the other end of the channel with this short channel id, or alias of one.
    Scid(u64),
}

/// What the onion shows to one hop.
#[derive(Default)]
pub(super) struct Payload<'a> {
    pub(super) encrypted_recipient_data: &'a [u8],
    pub(super) reply_path: Option<BlindedPath>,
    pub(super) contents: Vec<(u64, &'a [u8])>,
    /// Whether there is anything but the encrypted data, which only the final hop may see.
    pub(super) has_more: bool,
}

impl<'a> Payload<'a> {
    pub(super) fn read(stream: &'a [u8]) -> Result<Self> {
        let mut payload = Self::default();
        let mut encrypted = None;
        for (number, value) in records(stream)? {
            payload.has_more |= number != 4;
            match number {
                2 => payload.reply_path = Some(read_path(value)?),
                4 => encrypted = Some(value),
                64.. => payload.contents.push((number, value)),
                _ => refuse_even(number)?,
            }
        }
        let missing = || {
            failed(
                ErrorCode::MissingField,
                "the payload has no encrypted_recipient_data",
            )
        };
        payload.encrypted_recipient_data = encrypted.ok_or_else(missing)?;
        Ok(payload)
    }
}

/// What the maker of a blinded path says to one hop of it.
#[derive(Clone, Copy, Default)]
pub(super) struct HopData<'a> {
    pub(super) short_channel_id: Option<u64>,
    pub(super) next_node_id: Option<PublicKey>,
    pub(super) path_id: Option<&'a [u8]>,
    pub(super) next_path_key_override: Option<PublicKey>,
}

impl<'a> HopData<'a> {
    pub(super) fn read(stream: &'a [u8]) -> Result<Self> {
        let mut data = Self::default();
        for (number, value) in records(stream)? {
            match number {
                2 => data.short_channel_id = Some(u64::from_be_bytes(exactly(value)?)),
                4 => data.next_node_id = Some(point(value)?),
                6 => data.path_id = Some(value),
                8 => data.next_path_key_override = Some(point(value)?),
                // BOLT 4: no feature is defined for messages, so every bit is unknown, the odd ones too.
                14 if value.iter().any(|byte| *byte != 0) => {
                    return Err(failed(
                        ErrorCode::UnknownFeature,
                        "the path allows an unknown feature",
                    ));
                }
                // Payment fields; they mean nothing to a message (BOLT 4 only forbids to write them).
                10 | 12 | 14 => {}
                _ => refuse_even(number)?,
            }
        }
        Ok(data)
    }

    /// The next hop; the node id counts where both are given.
    pub(super) fn next(&self) -> Option<NextHop> {
        let node = self.next_node_id.map(NextHop::Node);
        node.or(self.short_channel_id.map(NextHop::Scid))
    }

    /// The length of the encoding without padding.
    pub(super) fn len(&self) -> Result<usize> {
        Ok(self.write_fields(Vec::new())?.len())
    }

    /// The encoding, with padding in front to `len` bytes; at least two bytes of it, the least a record can have.
    pub(super) fn write(&self, len: usize) -> Result<Vec<u8>> {
        let padding = len.saturating_sub(self.len()?).saturating_sub(2);
        let mut stream = Vec::with_capacity(len);
        push_record(&mut stream, 1, &vec![0; padding])?;
        self.write_fields(stream)
    }

    pub(super) fn write_fields(&self, mut stream: Vec<u8>) -> Result<Vec<u8>> {
        if let Some(scid) = self.short_channel_id {
            push_record(&mut stream, 2, &scid.to_be_bytes())?;
        }
        if let Some(node) = self.next_node_id {
            push_record(&mut stream, 4, &node.serialize())?;
        }
        if let Some(path_id) = self.path_id {
            push_record(&mut stream, 6, path_id)?;
        }
        if let Some(key) = self.next_path_key_override {
            push_record(&mut stream, 8, &key.serialize())?;
        }
        Ok(stream)
    }
}

fn refuse_even(number: u64) -> Result<()> {
    match number % 2 {
        0 => Err(failed(
            ErrorCode::UnknownEvenField,
            "an unknown even record must be understood",
        )),
        _ => Ok(()),
    }
}

fn exactly<const N: usize>(value: &[u8]) -> Result<[u8; N]> {
    value
        .try_into()
        .map_err(|_| failed(ErrorCode::InvalidLength, "a field of a hop has the wrong length"))
}

/// The error where a hop's data does not fit its place in the path.
pub(super) fn misplaced() -> crate::Error {
    invalid("a hop of the path says what only another kind of hop may say")
}
