//! Messages after the handshake: lengths and bodies encrypted apart, and new keys every 1,000 of them (BOLT 8,
//! Lightning Message Specification).

use super::noise::{hkdf, open, seal, Key, TAG_LEN};
use crate::{rules, Error, ErrorCode, Result};

/// What stands in front of a message: its encrypted length with a tag.
pub(super) const HEADER_LEN: usize = 2 + TAG_LEN;

/// After so many uses of a key the next one is due.
const ROTATION: u64 = 1000;

/// One direction of a session.
pub(super) struct Cipher {
    pub(super) key: Key,
    chaining: Key,
    nonce: u64,
}

impl Cipher {
    pub(super) fn new(key: Key, chaining: Key) -> Self {
        Self {
            key,
            chaining,
            nonce: 0,
        }
    }

    /// Adds an encrypted message to what is to be sent.
    pub(super) fn seal(&mut self, message: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let len = u16::try_from(message.len())
            .map_err(|_| Error::new(ErrorCode::Internal, "a message is longer than 65,535 bytes"))?;
        self.seal_part(&len.to_be_bytes(), out)?;
        self.seal_part(message, out)
    }

    /// The length of the body that follows a header, its tag included.
    pub(super) fn open_header(&mut self, header: &mut [u8]) -> Result<usize> {
        match self.open_part(header)? {
            [high, low] => Ok(usize::from(u16::from_be_bytes([*high, *low])).saturating_add(TAG_LEN)),
            _ => Err(altered()),
        }
    }

    /// The message of a body.
    pub(super) fn open_body<'a>(&mut self, body: &'a mut [u8]) -> Result<&'a [u8]> {
        self.open_part(body)
    }

    fn seal_part(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let nonce = self.next_nonce();
        let start = out.len();
        out.extend_from_slice(plain);
        let tag = seal(&self.key, nonce, &[], out.get_mut(start..).unwrap_or_default())?;
        out.extend_from_slice(&tag);
        Ok(())
    }

    fn open_part<'a>(&mut self, sealed: &'a mut [u8]) -> Result<&'a [u8]> {
        let nonce = self.next_nonce();
        let len = open(&self.key, nonce, &[], sealed).ok_or_else(altered)?;
        sealed.get(..len).ok_or_else(altered)
    }

    fn next_nonce(&mut self) -> u64 {
        if self.nonce >= ROTATION {
            (self.chaining, self.key) = hkdf(&self.chaining, &*self.key);
            self.nonce = 0;
        }
        let nonce = self.nonce;
        self.nonce = nonce.saturating_add(1);
        nonce
    }
}

fn altered() -> Error {
    Error::new(
        ErrorCode::PeerProtocol,
        "a message was altered, repeated or lost on the way",
    )
    .with_rule(rules::TRANSPORT)
}
