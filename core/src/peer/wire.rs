//! Lightning messages, as far as this peer speaks (BOLT 1).

use super::init::Init;
use crate::bolt12::{clean, Reader};
use crate::{rules, Error, ErrorCode, Result};

/// The largest payload of an `onion_message`: a message has at most 65,535 bytes, and the type takes two.
pub const MAX_PAYLOAD_LEN: usize = 65_533;

/// The most characters of a peer's `error` or `warning` that are kept.
pub const MAX_TEXT_CHARS: usize = 300;

const WARNING: u16 = 1;
const STFU: u16 = 2;
pub(super) const INIT: u16 = 16;
const ERROR: u16 = 17;
const PING: u16 = 18;
const PONG: u16 = 19;
const ONION_MESSAGE: u16 = 513;

/// A ping that asks for this much or more wants no answer.
const NO_PONG: u16 = 65_532;

/// What a peer said.
pub(super) enum Message {
    Init(Init),
    Warning(String),
    Error(String),
    /// The bytes of the pong it asks for; `None` where it wants none.
    Ping(Option<u16>),
    Pong,
    Onion(Vec<u8>),
    /// Not for us, or only a sign of life.
    Other,
}

impl Message {
    /// Reads a message.
    ///
    /// # Errors
    /// `peer_protocol` for a known message that is too short, and for one of an unknown even type.
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(bytes);
        let number = reader.u16().map_err(|_| broken("a message has no type"))?;
        let payload = reader.rest();
        let message = match number {
            INIT => Init::read(payload).map(Self::Init),
            WARNING => text(reader).map(Self::Warning),
            ERROR => text(reader).map(Self::Error),
            PING => ping(reader),
            PONG => counted(&mut reader).map(|_| Self::Pong),
            ONION_MESSAGE => onion_message(reader).map(|()| Self::Onion(payload.to_vec())),
            number if is_foreign(number) => Ok(Self::Other),
            number => return Err(broken(&format!("a message has the unknown even type {number}"))),
        };
        message.map_err(|error| broken(&format!("a message of type {number}: {error}")))
    }
}

/// Whether a message may come that says nothing to this peer.
///
/// An unknown even type closes the connection (BOLT 1). The types of channels, commitments and gossip are not unknown,
/// though: nodes send gossip to whom they like, and an old channel may come up, which is no reason to hang up.
fn is_foreign(number: u16) -> bool {
    number & 1 == 1 || number == STFU || matches!(number, 32..=511)
}

pub(super) fn onion_message_with(payload: &[u8]) -> Vec<u8> {
    message(ONION_MESSAGE, &[payload])
}

/// A ping that asks for the shortest pong.
pub(super) fn ping_message() -> Vec<u8> {
    message(PING, &[&[0; 4]])
}

/// A pong of zeros, as long as was asked for.
pub(super) fn pong_message(len: u16) -> Vec<u8> {
    message(PONG, &[&len.to_be_bytes(), &vec![0; usize::from(len)]])
}

pub(super) fn message(number: u16, parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = number.to_be_bytes().to_vec();
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    bytes
}

fn text(mut reader: Reader<'_>) -> Result<String> {
    let _channel: [u8; 32] = reader.array()?;
    let text = counted(&mut reader)?;
    // A character has at most four bytes, so this is enough to see whether there are too many.
    let start = text.get(..MAX_TEXT_CHARS.saturating_mul(4).saturating_add(4));
    let text = start.unwrap_or(text);
    Ok(clean(&String::from_utf8_lossy(text), MAX_TEXT_CHARS))
}

fn ping(mut reader: Reader<'_>) -> Result<Message> {
    let len = reader.u16()?;
    counted(&mut reader)?;
    Ok(Message::Ping((len < NO_PONG).then_some(len)))
}

/// A path key and a packet; what they say is for whoever peels it.
fn onion_message(mut reader: Reader<'_>) -> Result<()> {
    let _path_key: [u8; 33] = reader.array()?;
    counted(&mut reader).map(|_| ())
}

pub(super) fn counted<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8]> {
    let len = reader.u16()?;
    reader.take(len.into())
}

pub(super) fn broken(message: &str) -> Error {
    Error::new(ErrorCode::PeerProtocol, message).with_rule(rules::PEER_MESSAGE)
}
