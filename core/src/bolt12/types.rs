//! Small structured values.

use core::fmt;

use super::path::read_all;
use super::text::clean;
use super::value::Reader;
use crate::Result;

/// The name under which a payer found an offer, as in `user@domain` (BOLT 12, `invreq_bip_353_name`; BIP 353).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bip353Name<'a> {
    /// What stands before the `@`, up to 255 bytes.
    pub name: &'a [u8],
    /// What stands after it, up to 255 bytes.
    pub domain: &'a [u8],
}

impl<'a> Bip353Name<'a> {
    pub(crate) fn read(value: &'a [u8]) -> Result<Self> {
        let mut reader = Reader::new(value);
        let name_length = reader.u8()?;
        let name = reader.take(usize::from(name_length))?;
        let domain_length = reader.u8()?;
        let domain = reader.take(usize::from(domain_length))?;
        reader.end()?;
        Ok(Self { name, domain })
    }

    /// Whether both parts hold only letters, digits, `-`, `_` and `.`, as BOLT 12 demands.
    pub fn is_valid(&self) -> bool {
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        self.name.iter().chain(self.domain).all(allowed)
    }
}

impl fmt::Display for Bip353Name<'_> {
    /// `name@domain`, cleaned for display.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |bytes| clean(&String::from_utf8_lossy(bytes), usize::MAX);
        write!(f, "{}@{}", part(self.name), part(self.domain))
    }
}

/// An on-chain address that can be paid instead (BOLT 12, `fallback_address`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// The witness version.
    pub version: u8,
    /// The witness program.
    pub program: Vec<u8>,
}

impl Fallback {
    /// Whether version and length are those of a witness program. A payer ignores others: version above 16, or fewer
    /// than 2 or more than 40 bytes, or for version 0 other than 20 or 32.
    pub fn is_usable(&self) -> bool {
        match self.version {
            0 => matches!(self.program.len(), 20 | 32),
            1..=16 => (2..=40).contains(&self.program.len()),
            _ => false,
        }
    }
}

/// All addresses of a record.
pub(crate) fn read_fallbacks(value: &[u8]) -> Result<Vec<Fallback>> {
    read_all(value, |reader| {
        let version = reader.u8()?;
        let length = reader.u16()?;
        Ok(Fallback {
            version,
            program: reader.take(usize::from(length))?.to_vec(),
        })
    })
}
