//! How values look to other languages: ids and keys as hex, bytes as bytes.

use bitcoin::secp256k1::PublicKey;
use serde::ser::{Serialize, SerializeSeq, Serializer};

use crate::{Error, ErrorCode, InvreqId, PaymentHash, Preimage};

impl Serialize for PaymentHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for InvreqId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.details().serialize(serializer)
    }
}

pub(crate) fn point<S: Serializer>(point: &PublicKey, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(point)
}

pub(crate) fn points<S: Serializer>(points: &[PublicKey], serializer: S) -> Result<S::Ok, S::Error> {
    let mut seq = serializer.serialize_seq(Some(points.len()))?;
    for point in points {
        seq.serialize_element(&Point(point))?;
    }
    seq.end()
}

pub(crate) fn bytes<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

pub(crate) fn optional_bytes<S: Serializer>(
    bytes: &Option<[u8; 32]>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match bytes {
        Some(bytes) => serializer.serialize_some(&Bytes(bytes)),
        None => serializer.serialize_none(),
    }
}

pub(crate) fn byte_strings<S: Serializer>(strings: &[Vec<u8>], serializer: S) -> Result<S::Ok, S::Error> {
    let mut seq = serializer.serialize_seq(Some(strings.len()))?;
    for string in strings {
        seq.serialize_element(&Bytes(string))?;
    }
    seq.end()
}

/// A preimage that is no secret any more, or goes to whoever settles with it.
pub(crate) fn preimage<S: Serializer>(preimage: &Preimage, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&crate::ids::hex(preimage.expose()))
}

pub(crate) fn optional_preimage<S: Serializer>(
    preimage: &Option<Preimage>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match preimage {
        Some(preimage) => self::preimage(preimage, serializer),
        None => serializer.serialize_none(),
    }
}

struct Point<'a>(&'a PublicKey);

impl Serialize for Point<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}
