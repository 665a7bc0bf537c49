//! The three acts (BOLT 8, Handshake Exchange).
//!
//! What an act needs of those before is in the closure that reads it: a role that a program never plays is not in the
//! program.

use bitcoin::secp256k1::{PublicKey, SecretKey};

use super::cipher::Cipher;
use super::noise::{hmac, Key, Transcript, TAG_LEN};
use crate::key::NodeKey;
use crate::{rules, Error, ErrorCode, Result};

const VERSION: u8 = 0;
const POINT_LEN: usize = 33;
const ACT_ONE_LEN: usize = 50;
const ACT_TWO_LEN: usize = 50;
const ACT_THREE_LEN: usize = 66;

/// An act that is to come.
pub(super) struct Awaited {
    pub(super) len: usize,
    pub(super) read: ReadAct,
}

type ReadAct = Box<dyn FnOnce(&[u8]) -> Result<Turn> + Send + Sync>;

/// What follows from an act.
pub(super) enum Turn {
    /// An act of ours, and then one of theirs.
    Next(Vec<u8>, Awaited),
    /// The session, after a last act of ours where there is one.
    Done(Vec<u8>, Session),
}

/// Two ciphers, and who is at the other end.
pub(super) struct Session {
    pub(super) node_id: PublicKey,
    pub(super) sending: Cipher,
    pub(super) receiving: Cipher,
}

/// A key of ours and its point.
pub(super) struct OwnKey {
    key: NodeKey,
    pub(super) point: PublicKey,
}

impl OwnKey {
    pub(super) fn new(key: &SecretKey) -> Self {
        let key = NodeKey::from(*key);
        let point = key.node_id();
        Self { key, point }
    }

    /// The key for one handshake, from the caller's 32 bytes of entropy.
    pub(super) fn ephemeral(entropy: &[u8; 32]) -> Result<Self> {
        // All but 2^-128 of the strings are keys; a second try only keeps this function total.
        let key = (0..4u8).find_map(|counter| {
            let bytes = hmac(entropy, &[b"invreq/peer/1/ephemeral", &[counter]]);
            SecretKey::from_slice(&*bytes).ok()
        });
        let key = key.ok_or_else(|| Error::new(ErrorCode::Internal, "the entropy makes no key"))?;
        Ok(Self::new(&key))
    }
}

/// Begins a handshake with this node: the first act, and what is to come.
pub(super) fn initiate(own: OwnKey, ephemeral: OwnKey, node_id: PublicKey) -> Result<(Vec<u8>, Awaited)> {
    let mut transcript = Transcript::new(&node_id);
    transcript.add(&ephemeral.point.serialize());
    let key = transcript.mix(&node_id, &ephemeral.key);
    let tag = transcript.seal(&key, 0, &[])?;
    let act_one = act(&[&ephemeral.point.serialize(), &tag]);
    let read = move |act_two: &[u8]| finish_initiating(transcript, &own, &ephemeral, node_id, act_two);
    let awaited = Awaited {
        len: ACT_TWO_LEN,
        read: Box::new(read),
    };
    Ok((act_one, awaited))
}

fn finish_initiating(
    mut transcript: Transcript,
    own: &OwnKey,
    ephemeral: &OwnKey,
    node_id: PublicKey,
    act_two: &[u8],
) -> Result<Turn> {
    let (theirs, tag) = read_act(act_two, POINT_LEN)?;
    let theirs = point(theirs)?;
    transcript.add(&theirs.serialize());
    let key = transcript.mix(&theirs, &ephemeral.key);
    transcript.open(&key, 0, tag).ok_or_else(wrong_tag)?;

    let identity = transcript.seal(&key, 1, &own.point.serialize())?;
    let key = transcript.mix(&theirs, &own.key);
    let tag = transcript.seal(&key, 0, &[])?;
    let keys = transcript.finish();
    let session = Session {
        node_id,
        sending: Cipher::new(keys.forth, keys.chaining.clone()),
        receiving: Cipher::new(keys.back, keys.chaining),
    };
    Ok(Turn::Done(act(&[&identity, &tag]), session))
}

/// Waits for somebody to begin a handshake.
pub(super) fn respond(own: OwnKey, ephemeral: OwnKey) -> Awaited {
    Awaited {
        len: ACT_ONE_LEN,
        read: Box::new(move |act_one: &[u8]| answer(&own, ephemeral, act_one)),
    }
}

fn answer(own: &OwnKey, ephemeral: OwnKey, act_one: &[u8]) -> Result<Turn> {
    let (theirs, tag) = read_act(act_one, POINT_LEN)?;
    let theirs = point(theirs)?;
    let mut transcript = Transcript::new(&own.point);
    transcript.add(&theirs.serialize());
    let key = transcript.mix(&theirs, &own.key);
    transcript.open(&key, 0, tag).ok_or_else(wrong_tag)?;

    transcript.add(&ephemeral.point.serialize());
    let key = transcript.mix(&theirs, &ephemeral.key);
    let tag = transcript.seal(&key, 0, &[])?;
    let act_two = act(&[&ephemeral.point.serialize(), &tag]);
    let read = move |act_three: &[u8]| finish_responding(transcript, &ephemeral, &key, act_three);
    let awaited = Awaited {
        len: ACT_THREE_LEN,
        read: Box::new(read),
    };
    Ok(Turn::Next(act_two, awaited))
}

fn finish_responding(
    mut transcript: Transcript,
    ephemeral: &OwnKey,
    key: &Key,
    act_three: &[u8],
) -> Result<Turn> {
    let (identity, tag) = read_act(act_three, POINT_LEN.saturating_add(TAG_LEN))?;
    let identity = transcript.open(key, 1, identity).ok_or_else(wrong_tag)?;
    let node_id = point(&identity)?;
    let key = transcript.mix(&node_id, &ephemeral.key);
    transcript.open(&key, 0, tag).ok_or_else(wrong_tag)?;
    let keys = transcript.finish();
    let session = Session {
        node_id,
        sending: Cipher::new(keys.back, keys.chaining.clone()),
        receiving: Cipher::new(keys.forth, keys.chaining),
    };
    Ok(Turn::Done(Vec::new(), session))
}

fn act(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    bytes
}

/// The two parts of an act after its version.
fn read_act(act: &[u8], first_len: usize) -> Result<(&[u8], &[u8])> {
    let (version, rest) = act.split_first().ok_or_else(wrong_tag)?;
    if *version != VERSION {
        let message = format!("the handshake has version {version}, which is unknown");
        return Err(broken(&message));
    }
    rest.split_at_checked(first_len).ok_or_else(wrong_tag)
}

fn point(bytes: &[u8]) -> Result<PublicKey> {
    PublicKey::from_slice(bytes).map_err(|_| broken("a key of the handshake is not on the curve"))
}

fn wrong_tag() -> Error {
    broken("the handshake was altered, or is with another node")
}

fn broken(message: &str) -> Error {
    Error::new(ErrorCode::PeerProtocol, message).with_rule(rules::HANDSHAKE)
}
