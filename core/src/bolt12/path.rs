//! Blinded paths, as they stand in requests and invoices.

use bitcoin::secp256k1::PublicKey;

use super::limits::MAX_PATHS;
use super::points::Points;
use super::value::Reader;
use crate::{rules, Error, ErrorCode, Result};

/// Where a blinded path begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(untagged)]
pub enum Introduction {
    /// At a node with this public key.
    NodeId(#[serde(serialize_with = "crate::shapes::point")] PublicKey),
    /// At one end of a channel, which the host has to look up (BOLT 1, `sciddir_or_pubkey`).
    Scid {
        /// 0 for the end with the lesser node id, 1 for the other.
        direction: u8,
        /// The short channel id: block (3 bytes), transaction (3 bytes), output (2 bytes).
        scid: u64,
    },
}

/// A blinded path: the way to a recipient who does not show who it is (BOLT 4, Route Blinding).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BlindedPath {
    /// Where the path begins.
    pub introduction: Introduction,
    /// The key for the first hop, `first_path_key`.
    #[serde(serialize_with = "crate::shapes::point")]
    pub path_key: PublicKey,
    /// The hops, the introduction node's first; at least one where the path is to be used.
    pub hops: Vec<BlindedHop>,
}

/// One hop of a blinded path.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BlindedHop {
    /// The node's blinded id.
    #[serde(serialize_with = "crate::shapes::point")]
    pub blinded_node_id: PublicKey,
    /// What only that node can read, at most 65,535 bytes.
    #[serde(serialize_with = "crate::shapes::bytes")]
    pub encrypted_recipient_data: Vec<u8>,
}

/// What it costs to pay over a blinded path (BOLT 12, `blinded_payinfo`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentPath {
    /// The path.
    pub path: BlindedPath,
    /// What it costs.
    pub payinfo: PayInfo,
}

impl BlindedPath {
    /// Adds the encoding of the path to `out`.
    ///
    /// # Errors
    /// `limit_exceeded` for more than 255 hops or more than 65,535 bytes of data in one: the encoding has no room.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<()> {
        match &self.introduction {
            Introduction::NodeId(key) => out.extend_from_slice(&key.serialize()),
            Introduction::Scid { direction, scid } => {
                out.push(*direction);
                out.extend_from_slice(&scid.to_be_bytes());
            }
        }
        out.extend_from_slice(&self.path_key.serialize());
        out.push(u8::try_from(self.hops.len()).map_err(|_| no_room("hops", self.hops.len()))?);
        for hop in &self.hops {
            out.extend_from_slice(&hop.blinded_node_id.serialize());
            write_sized(out, &hop.encrypted_recipient_data)?;
        }
        Ok(())
    }

    pub(crate) fn read(reader: &mut Reader<'_>, points: &mut Points) -> Result<Self> {
        let introduction = match reader.peek() {
            Some(direction @ (0 | 1)) => {
                reader.u8()?;
                Introduction::Scid {
                    direction,
                    scid: reader.u64()?,
                }
            }
            Some(2 | 3) => Introduction::NodeId(reader.point(points)?),
            other => {
                let other = other.unwrap_or_default();
                let message = format!(
                    "a path begins with byte {other}: neither a channel's direction nor a public key"
                );
                return Err(Error::new(ErrorCode::InvalidValue, message).with_rule(rules::SCIDDIR_OR_PUBKEY));
            }
        };
        let path_key = reader.point(points)?;
        let count = reader.u8()?;
        let mut hops = Vec::with_capacity(usize::from(count).min(8));
        for _ in 0..count {
            let blinded_node_id = reader.point(points)?;
            let length = reader.u16()?;
            let encrypted_recipient_data = reader.take(usize::from(length))?.to_vec();
            hops.push(BlindedHop {
                blinded_node_id,
                encrypted_recipient_data,
            });
        }
        Ok(Self {
            introduction,
            path_key,
            hops,
        })
    }
}

impl PayInfo {
    /// Adds the encoding of the payinfo to `out`.
    ///
    /// # Errors
    /// `limit_exceeded` for more than 65,535 bytes of features.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(&self.fee_base_msat.to_be_bytes());
        out.extend_from_slice(&self.fee_proportional_millionths.to_be_bytes());
        out.extend_from_slice(&self.cltv_expiry_delta.to_be_bytes());
        out.extend_from_slice(&self.htlc_minimum_msat.to_be_bytes());
        out.extend_from_slice(&self.htlc_maximum_msat.to_be_bytes());
        write_sized(out, &self.features)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self> {
        Ok(Self {
            fee_base_msat: reader.u32()?,
            fee_proportional_millionths: reader.u32()?,
            cltv_expiry_delta: reader.u16()?,
            htlc_minimum_msat: reader.u64()?,
            htlc_maximum_msat: reader.u64()?,
            features: {
                let length = reader.u16()?;
                reader.take(usize::from(length))?.to_vec()
            },
        })
    }
}

/// All paths of a record.
pub(crate) fn read_paths(value: &[u8], points: &mut Points) -> Result<Vec<BlindedPath>> {
    read_all(value, |reader| BlindedPath::read(reader, points))
}

/// All payinfos of a record.
pub(crate) fn read_payinfos(value: &[u8]) -> Result<Vec<PayInfo>> {
    read_all(value, PayInfo::read)
}

/// All entries of a record, at most [`MAX_PATHS`].
pub(crate) fn read_all<T>(
    value: &[u8],
    mut read: impl FnMut(&mut Reader<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut reader = Reader::new(value);
    let mut all = Vec::new();
    while !reader.is_empty() {
        if all.len() >= MAX_PATHS {
            let message = format!("there are more than {MAX_PATHS} entries");
            return Err(Error::new(ErrorCode::LimitExceeded, message).with_rule(rules::LIMITS));
        }
        all.push(read(&mut reader)?);
    }
    Ok(all)
}

fn write_sized(out: &mut Vec<u8>, bytes: &[u8]) -> Result<()> {
    let length = u16::try_from(bytes.len()).map_err(|_| no_room("bytes", bytes.len()))?;
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
    Ok(())
}

fn no_room(what: &str, count: usize) -> Error {
    let message = format!("a blinded path has no room for {count} {what} in one place");
    Error::new(ErrorCode::LimitExceeded, message).with_rule(rules::LIMITS)
}
