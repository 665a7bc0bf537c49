use bitcoin::secp256k1::PublicKey;

use super::ecdh::{answer, Ecdh};
use super::fault::{invalid, misplaced};
use super::keys::{self, expand_key, next_point, open, seal, Session, SessionKey, TAG_LEN};
use super::tlvs::{parse, HopData, NextHop};
use super::MAX_HOPS;
use crate::bolt12::{BlindedHop, BlindedPath, Introduction};
use crate::{rules, Error, ErrorCode, Result};

/// The longest `path_id` a reply path can carry, in bytes.
pub const MAX_PATH_ID_LEN: usize = 128;

/// The blinded path over which a payer answers us.
///
/// `via` are the nodes before us, the introduction node first; empty makes us the introduction node. Naming the
/// recipient itself at the end of `via` adds a dummy hop, which [`peel_to_end`](super::peel_to_end) takes off.
/// `path_id` comes back with every answer and is what makes it believable: a secret of 1 to [`MAX_PATH_ID_LEN`]
/// bytes, 32 by custom, of this path alone. `entropy` is 32 fresh random bytes; the same input makes the same path.
///
/// All hops' data is padded to one length, so that none tells its place (BOLT 4, Route Blinding).
///
/// # Errors
///
/// `invalid_parameter` for a `path_id` of another length, `limit_exceeded` for more than [`MAX_HOPS`] hops.
pub fn reply_path(
    via: &[PublicKey],
    recipient: PublicKey,
    path_id: &[u8],
    entropy: [u8; 32],
) -> Result<BlindedPath> {
    if path_id.is_empty() || path_id.len() > MAX_PATH_ID_LEN {
        let message = format!(
            "a path_id has 1 to {MAX_PATH_ID_LEN} bytes, not {}",
            path_id.len()
        );
        return Err(Error::new(ErrorCode::InvalidParameter, message).with_rule(rules::ONION_REPLY));
    }
    let last = HopData {
        path_id: Some(path_id),
        ..HopData::default()
    };
    blinded_path(&route(via, recipient, last), expand_key(&entropy, b"reply path")?)
}

/// The rest of a blinded path that starts at our own node: without its first hop, which only we can open.
///
/// `resolve` names the peer at the other end of a channel, where the path goes on by short channel id. `ecdh` answers
/// one question about the path's key, as in [`peel`](super::peel) (BOLT 4, Route Blinding).
///
/// # Errors
///
/// `onion_invalid` if the path does not start at the node whose key answered, or ends there; `missing_answer` if
/// `ecdh` returns nothing, `no_route` if `resolve` does; else as for [`peel`](super::peel).
pub fn advance(
    path: &BlindedPath,
    resolve: impl FnOnce(u64) -> Option<PublicKey>,
    mut ecdh: impl Ecdh,
) -> Result<BlindedPath> {
    let Some((first, rest @ [_, ..])) = path.hops.split_first() else {
        return Err(invalid("the path ends at this node"));
    };
    let secret = answer(ecdh.ecdh(&path.path_key))?;
    let plain = parse(open(&secret.rho(), &first.encrypted_recipient_data)?)?;
    let data = HopData::read(&plain)?;
    let next = match data.next().ok_or_else(misplaced)? {
        NextHop::Node(node) => node,
        NextHop::Scid(scid) => resolve(scid)
            .ok_or_else(|| Error::new(ErrorCode::NoRoute, "the path goes on over an unknown channel"))?,
    };
    let path_key = match data.next_path_key_override {
        Some(key) => key,
        None => next_point(&path.path_key, &secret)?,
    };
    Ok(BlindedPath {
        introduction: Introduction::NodeId(next),
        path_key,
        hops: rest.to_vec(),
    })
}

/// A node of a path, and what it is to know.
pub(super) type Hop<'a> = (PublicKey, HopData<'a>);

/// The hops from node to node up to `last_node`, which learns `last`.
pub(super) fn route<'a>(via: &[PublicKey], last_node: PublicKey, last: HopData<'a>) -> Vec<Hop<'a>> {
    let next = via.iter().skip(1).copied().chain([last_node]);
    let forward = |next| HopData {
        next_node_id: Some(next),
        ..HopData::default()
    };
    let hops = via.iter().copied().zip(next.map(forward));
    hops.chain([(last_node, last)]).collect()
}

/// How many bytes the encrypted data of each hop of a route takes: all are padded to one length.
pub(super) fn sealed_len(route: &[Hop<'_>]) -> Result<usize> {
    Ok(padded_len(route)?.saturating_add(TAG_LEN))
}

/// Two bytes more than the longest, because padding by a single byte cannot be written.
fn padded_len(route: &[Hop<'_>]) -> Result<usize> {
    let mut longest: usize = 0;
    for (_, data) in route {
        longest = longest.max(data.len()?);
    }
    Ok(longest.saturating_add(2))
}

/// Blinds a route of at least one hop, padding what the hops are told to one length.
pub(super) fn blinded_path(route: &[Hop<'_>], session: SessionKey) -> Result<BlindedPath> {
    let Some((first, _)) = route.first().filter(|_| route.len() <= MAX_HOPS) else {
        return Err(Error::new(
            ErrorCode::LimitExceeded,
            format!("a path has 1 to {MAX_HOPS} hops"),
        ));
    };
    let len = padded_len(route)?;
    let mut plain = Vec::with_capacity(route.len());
    for (node, data) in route {
        plain.push((*node, data.write(len)?));
    }
    let (path_key, hops) = blind(plain, session)?;
    Ok(BlindedPath {
        introduction: Introduction::NodeId(*first),
        path_key,
        hops,
    })
}

/// Route blinding proper: the first path key, and each node's blinded id and encrypted data.
pub(super) fn blind(
    route: Vec<(PublicKey, Vec<u8>)>,
    session: SessionKey,
) -> Result<(PublicKey, Vec<BlindedHop>)> {
    let (mut session, path_key) = Session::new(session);
    let mut hops = Vec::with_capacity(route.len());
    for (node, data) in route {
        let secret = session.next(&node)?;
        hops.push(BlindedHop {
            blinded_node_id: keys::blind(&node, &secret)?,
            encrypted_recipient_data: seal(&secret.rho(), data)?,
        });
    }
    Ok((path_key, hops))
}
