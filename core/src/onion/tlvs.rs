use bitcoin::secp256k1::PublicKey;

use super::fault::{failed, malformed};
use crate::bolt12::{bigsize_len, exact, read_paths, BlindedPath, Points, TlvStream, TlvWriter};
use crate::{ErrorCode, Result};

/// Where a message goes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextHop {
    /// To the node with this public key.
    Node(PublicKey),
    /// To the peer at the other end of the channel with this short channel id, or alias of one.
    Scid(u64),
}

/// What the onion shows to one hop (BOLT 4, `onionmsg_tlv`).
pub(super) struct Payload<'a> {
    pub(super) encrypted_recipient_data: &'a [u8],
    pub(super) reply_path: Option<BlindedPath>,
    pub(super) contents: Vec<(u64, &'a [u8])>,
    /// Whether there is anything but the encrypted data, which only the final hop may see.
    pub(super) has_more: bool,
}

/// What the maker of a blinded path says to one hop of it (BOLT 4, `encrypted_data_tlv`).
#[derive(Clone, Copy, Default)]
pub(super) struct HopData<'a> {
    pub(super) short_channel_id: Option<u64>,
    pub(super) next_node_id: Option<PublicKey>,
    pub(super) path_id: Option<&'a [u8]>,
    pub(super) next_path_key_override: Option<PublicKey>,
}

/// What only the final hop is shown, beside its encrypted data.
pub(super) struct FinalRecords<'a> {
    /// The encoding of the reply path, if the payer may answer.
    pub(super) reply_path: Option<Vec<u8>>,
    pub(super) invoice: &'a [u8],
}

pub(super) fn parse(bytes: Vec<u8>) -> Result<TlvStream> {
    TlvStream::parse(bytes).map_err(malformed)
}

impl<'a> Payload<'a> {
    const REPLY_PATH: u64 = 2;
    const ENCRYPTED_RECIPIENT_DATA: u64 = 4;
    const CONTENTS: u64 = 64;
    const INVOICE: u64 = 66;

    pub(super) fn read(stream: &'a TlvStream) -> Result<Self> {
        let encrypted = stream.get(Self::ENCRYPTED_RECIPIENT_DATA);
        let missing = || {
            failed(
                ErrorCode::MissingField,
                "the payload has no encrypted_recipient_data",
            )
        };
        let mut payload = Self {
            encrypted_recipient_data: encrypted.ok_or_else(missing)?,
            reply_path: None,
            contents: Vec::new(),
            has_more: stream.records().len() > 1,
        };
        for record in stream.records() {
            match record.number {
                Self::ENCRYPTED_RECIPIENT_DATA => {}
                Self::REPLY_PATH => payload.reply_path = Some(one_path(record.value)?),
                Self::CONTENTS.. => payload.contents.push((record.number, record.value)),
                number => refuse_even(number)?,
            }
        }
        Ok(payload)
    }
}

/// The payload for one hop.
pub(super) fn payload(encrypted: &[u8], last: Option<&FinalRecords<'_>>) -> Result<Vec<u8>> {
    let mut writer = TlvWriter::with_capacity(payload_len(encrypted.len(), last));
    if let Some(path) = last.and_then(|last| last.reply_path.as_ref()) {
        writer.record(Payload::REPLY_PATH, path)?;
    }
    writer.record(Payload::ENCRYPTED_RECIPIENT_DATA, encrypted)?;
    if let Some(last) = last {
        writer.record(Payload::INVOICE, last.invoice)?;
    }
    Ok(writer.into_bytes())
}

/// The length of the [`payload`] that has this many bytes of encrypted data.
pub(super) fn payload_len(encrypted: usize, last: Option<&FinalRecords<'_>>) -> usize {
    // Each of the three types takes one byte.
    let record = |value: usize| value.saturating_add(bigsize_len(value)).saturating_add(1);
    let reply_path = last.and_then(|last| last.reply_path.as_ref());
    record(encrypted)
        .saturating_add(reply_path.map_or(0, |path| record(path.len())))
        .saturating_add(last.map_or(0, |last| record(last.invoice.len())))
}

impl<'a> HopData<'a> {
    const PADDING: u64 = 1;
    const SHORT_CHANNEL_ID: u64 = 2;
    const NEXT_NODE_ID: u64 = 4;
    const PATH_ID: u64 = 6;
    const NEXT_PATH_KEY_OVERRIDE: u64 = 8;
    const PAYMENT_RELAY: u64 = 10;
    const PAYMENT_CONSTRAINTS: u64 = 12;
    const ALLOWED_FEATURES: u64 = 14;

    pub(super) fn read(stream: &'a TlvStream) -> Result<Self> {
        let mut data = Self::default();
        for record in stream.records() {
            let value = record.value;
            match record.number {
                Self::SHORT_CHANNEL_ID => {
                    let scid = exact(value).map_err(malformed)?;
                    data.short_channel_id = Some(u64::from_be_bytes(scid));
                }
                Self::NEXT_NODE_ID => data.next_node_id = Some(point(value)?),
                Self::PATH_ID => data.path_id = Some(value),
                Self::NEXT_PATH_KEY_OVERRIDE => data.next_path_key_override = Some(point(value)?),
                // No feature is defined for messages, so every bit is unknown, and BOLT 4 counts the odd ones too.
                Self::ALLOWED_FEATURES if value.iter().any(|byte| *byte != 0) => {
                    return Err(failed(
                        ErrorCode::UnknownFeature,
                        "the path allows an unknown feature",
                    ));
                }
                // Those for payments must not be written for messages, but BOLT 4 does not forbid to read them.
                Self::ALLOWED_FEATURES | Self::PAYMENT_RELAY | Self::PAYMENT_CONSTRAINTS => {}
                number => refuse_even(number)?,
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
        Ok(self.write_after(TlvWriter::new())?.len())
    }

    /// The encoding with padding in front of it, to `len` bytes.
    ///
    /// The record of the padding itself takes 2 bytes, if there are at most 252 to fill.
    pub(super) fn write(&self, len: usize) -> Result<Vec<u8>> {
        let padding = len.saturating_sub(self.len()?).saturating_sub(2);
        let mut writer = TlvWriter::new();
        writer.record(Self::PADDING, &vec![0; padding])?;
        self.write_after(writer)
    }

    fn write_after(&self, mut writer: TlvWriter) -> Result<Vec<u8>> {
        if let Some(scid) = self.short_channel_id {
            writer.record(Self::SHORT_CHANNEL_ID, &scid.to_be_bytes())?;
        }
        if let Some(node) = self.next_node_id {
            writer.record(Self::NEXT_NODE_ID, &node.serialize())?;
        }
        if let Some(path_id) = self.path_id {
            writer.record(Self::PATH_ID, path_id)?;
        }
        if let Some(key) = self.next_path_key_override {
            writer.record(Self::NEXT_PATH_KEY_OVERRIDE, &key.serialize())?;
        }
        Ok(writer.into_bytes())
    }
}

fn one_path(value: &[u8]) -> Result<BlindedPath> {
    let mut paths = read_paths(value, &mut Points::default()).map_err(malformed)?;
    match (paths.pop(), paths.is_empty()) {
        (Some(path), true) if !path.hops.is_empty() => Ok(path),
        (Some(_), true) | (None, _) => Err(failed(ErrorCode::EmptyPath, "the reply path has no hops")),
        _ => Err(failed(
            ErrorCode::InvalidLength,
            "there is more than one reply path",
        )),
    }
}

fn point(value: &[u8]) -> Result<PublicKey> {
    Points::read_once(value).map_err(malformed)
}

fn refuse_even(number: u64) -> Result<()> {
    if number & 1 == 1 {
        return Ok(());
    }
    let message = format!("record {number} of an onion message must be understood, and is not");
    Err(failed(ErrorCode::UnknownEvenField, &message))
}
