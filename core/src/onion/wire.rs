use bitcoin::secp256k1::PublicKey;

use crate::bolt12::{BlindedHop, BlindedPath, Introduction};
use crate::{rules, Error, ErrorCode, Result};

/// The error for a message that is not what it should be.
pub(super) fn invalid(message: &str) -> Error {
    failed(ErrorCode::OnionInvalid, message)
}

/// The error with this code, for a message that is not what it should be.
pub(super) fn failed(code: ErrorCode, message: &str) -> Error {
    Error::new(code, message).with_rule(rules::ONION_PACKET)
}

/// Reads from the front of a byte string.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self
            .0
            .split_at_checked(len)
            .ok_or_else(|| failed(ErrorCode::TlvTruncated, "the message ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let taken = self.take(N)?;
        taken
            .try_into()
            .map_err(|_| invalid("the message ends too early"))
    }

    pub(super) fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    pub(super) fn point(&mut self) -> Result<PublicKey> {
        point(self.take(33)?)
    }

    pub(super) fn bigsize(&mut self) -> Result<u64> {
        let (value, least) = match self.array::<1>()? {
            [0xfd] => (u64::from(self.u16()?), 0xfd),
            [0xfe] => (u64::from(u32::from_be_bytes(self.array()?)), 0x1_0000),
            [0xff] => (u64::from_be_bytes(self.array()?), 0x1_0000_0000),
            [byte] => return Ok(u64::from(byte)),
        };
        if value < least {
            return Err(failed(
                ErrorCode::TlvNotMinimal,
                "a number is not minimally encoded",
            ));
        }
        Ok(value)
    }

    /// The bytes that a length in front of them announces.
    pub(super) fn announced(&mut self) -> Result<&'a [u8]> {
        let len = self.bigsize()?;
        self.take(usize::try_from(len).unwrap_or(usize::MAX))
    }
}

/// The records of a TLV stream.
pub(super) fn records(stream: &[u8]) -> Result<Vec<(u64, &[u8])>> {
    let mut reader = Reader(stream);
    let mut records: Vec<(u64, &[u8])> = Vec::new();
    while !reader.0.is_empty() {
        let number = reader.bigsize()?;
        if records.last().is_some_and(|(last, _)| *last >= number) {
            return Err(failed(ErrorCode::TlvNotAscending, "the records are not in order"));
        }
        records.push((number, reader.announced()?));
    }
    Ok(records)
}

pub(super) fn point(bytes: &[u8]) -> Result<PublicKey> {
    // `from_slice` takes uncompressed keys too, which BOLT 1 does not know.
    match bytes.len() {
        33 => PublicKey::from_slice(bytes).ok(),
        _ => None,
    }
    .ok_or_else(|| {
        failed(
            ErrorCode::InvalidPoint,
            "a public key is not a point on the curve",
        )
    })
}

/// Appends a record whose value is at most 252 bytes long.
pub(super) fn push_record(stream: &mut Vec<u8>, number: u8, value: &[u8]) -> Result<()> {
    let len = u8::try_from(value.len()).ok().filter(|len| *len < 0xfd);
    let len = len.ok_or_else(|| Error::new(ErrorCode::LimitExceeded, "a field of a hop is too long"))?;
    stream.extend([number, len]);
    stream.extend_from_slice(value);
    Ok(())
}

pub(super) fn write_path(path: &BlindedPath) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match path.introduction {
        Introduction::NodeId(node) => bytes.extend(node.serialize()),
        Introduction::Scid { direction, scid } => {
            bytes.push(direction);
            bytes.extend(scid.to_be_bytes());
        }
    }
    bytes.extend(path.path_key.serialize());
    bytes.push(u8::try_from(path.hops.len()).map_err(|_| too_long())?);
    for hop in &path.hops {
        bytes.extend(hop.blinded_node_id.serialize());
        let len = u16::try_from(hop.encrypted_recipient_data.len()).map_err(|_| too_long())?;
        bytes.extend(len.to_be_bytes());
        bytes.extend_from_slice(&hop.encrypted_recipient_data);
    }
    Ok(bytes)
}

pub(super) fn read_path(bytes: &[u8]) -> Result<BlindedPath> {
    let mut reader = Reader(bytes);
    let introduction = match bytes.first() {
        Some(&direction @ (0 | 1)) => {
            reader.take(1)?;
            Introduction::Scid {
                direction,
                scid: u64::from_be_bytes(reader.array()?),
            }
        }
        _ => Introduction::NodeId(reader.point()?),
    };
    let path_key = reader.point()?;
    let [count] = reader.array()?;
    let mut hops = Vec::new();
    for _ in 0..count {
        let blinded_node_id = reader.point()?;
        let len = reader.u16()?;
        let encrypted_recipient_data = reader.take(usize::from(len))?.to_vec();
        hops.push(BlindedHop {
            blinded_node_id,
            encrypted_recipient_data,
        });
    }
    if hops.is_empty() {
        return Err(failed(ErrorCode::EmptyPath, "the reply path has no hops"));
    }
    if !reader.0.is_empty() {
        return Err(failed(
            ErrorCode::InvalidLength,
            "the reply path has bytes left over",
        ));
    }
    Ok(BlindedPath {
        introduction,
        path_key,
        hops,
    })
}

fn too_long() -> Error {
    Error::new(
        ErrorCode::LimitExceeded,
        "a blinded path has too many hops, or too much data in one",
    )
}
