//! Public keys, each read from its bytes once.

use bitcoin::secp256k1::PublicKey;

use super::path::{BlindedPath, Introduction};
use super::value::invalid_point;
use crate::sorted::Sorted;
use crate::Result;

/// The points read so far.
///
/// To read a compressed point is to take a square root: the dearest step of decoding after the signature. A request and
/// its invoice name the same keys several times over, so each is read once and then looked up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Points<'a> {
    read: Sorted<[u8; 33], PublicKey>,
    before: Option<&'a Points<'a>>,
}

impl<'a> Points<'a> {
    /// No further points than these.
    pub fn after(before: &'a Points<'a>) -> Self {
        Self {
            read: Sorted::default(),
            before: Some(before),
        }
    }

    /// The point with this encoding. Only compressed points, `02` or `03` and 32 bytes, are points in BOLT 1.
    pub fn read(&mut self, bytes: &[u8]) -> Result<PublicKey> {
        let key: [u8; 33] = bytes.try_into().map_err(|_| invalid_point(bytes))?;
        let before = || self.before.and_then(|before| before.read.get(&key));
        if let Some(point) = self.read.get(&key).or_else(before) {
            return Ok(*point);
        }
        let point = Self::read_once(bytes)?;
        self.read.insert(key, point);
        Ok(point)
    }

    /// The point with this encoding, which no other is expected to have.
    pub fn read_once(bytes: &[u8]) -> Result<PublicKey> {
        let key: [u8; 33] = bytes.try_into().map_err(|_| invalid_point(bytes))?;
        PublicKey::from_slice(&key).map_err(|_| invalid_point(bytes))
    }

    /// Adds a point that is known already.
    pub fn add(&mut self, point: &PublicKey) {
        self.read.insert(point.serialize(), *point);
    }

    /// Adds the points of a path.
    pub fn add_path(&mut self, path: &BlindedPath) {
        if let Introduction::NodeId(node_id) = &path.introduction {
            self.add(node_id);
        }
        self.add(&path.path_key);
        path.hops.iter().for_each(|hop| self.add(&hop.blinded_node_id));
    }
}
