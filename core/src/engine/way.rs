//! The way to a path: where it begins, and how to get there.

use bitcoin::secp256k1::PublicKey;

use crate::bolt12::{BlindedPath, Introduction};
use crate::engine::draft::{wrong_answer, Draft, Draw, Stop};
use crate::engine::lines::Peer;
use crate::engine::remote::RemoteKey;
use crate::engine::{Answer, Need, Route};
use crate::onion;

/// How many nodes at the beginning of a path are stepped over at most. One is what happens; each costs questions, and it is a
/// stranger who made the path.
const MOST_STEPS: u32 = 4;

/// What the host knows of the way to a path.
pub(crate) enum Way<'a> {
    Found(Box<Found<'a>>),
    None,
    /// The host could not tell now.
    Unknown,
}

pub(crate) struct Found<'a> {
    /// The node to reach.
    pub(crate) node_id: PublicKey,
    pub(crate) route: &'a Route,
    /// The payer's path from that node on; `None` where the node is the payer.
    pub(crate) path: Option<BlindedPath>,
    /// How many nodes at its beginning are the host's own and were stepped over.
    pub(crate) skipped: u32,
}

impl Found<'_> {
    /// The node the message is handed to.
    pub(crate) fn peer(&self) -> Peer {
        Peer::from(self.route.via.first().unwrap_or(&self.node_id))
    }
}

/// The way to the node where a path begins, or to the payer itself where there is no path.
pub(crate) fn way_to<'a>(
    draft: &Draft<'a>,
    introduction: Introduction,
    path: Option<&BlindedPath>,
) -> Draw<Way<'a>> {
    let mut path = path.cloned();
    let mut end = match introduction {
        Introduction::NodeId(node_id) => End::Node(node_id),
        Introduction::Scid { direction, scid } => end_of(draft, scid, direction)?,
    };
    let mut skipped = 0u32;
    loop {
        let node_id = match end {
            End::Node(node_id) => node_id,
            End::None => return Ok(Way::None),
            End::Unknown => return Ok(Way::Unknown),
        };
        let route = match draft.ask(Need::FindRoute { node_id })? {
            Answer::Route(Some(route)) => route,
            Answer::Route(None) => return Ok(Way::None),
            Answer::Failed(_) => return Ok(Way::Unknown),
            _ => return Err(wrong_answer("a route")),
        };
        if !route.own_node {
            let found = Found {
                node_id,
                route,
                path,
                skipped,
            };
            return Ok(Way::Found(Box::new(found)));
        }
        // Without a path the payer is the host's own node, which cannot be sent to.
        let Some(whole) = path.filter(|_| skipped < MOST_STEPS) else {
            return Ok(Way::None);
        };
        (end, path) = step_over(draft, &whole, node_id)?;
        skipped = skipped.saturating_add(1);
    }
}

/// One end of a channel.
enum End {
    Node(PublicKey),
    None,
    Unknown,
}

fn end_of(draft: &Draft<'_>, scid: u64, direction: u8) -> Draw<End> {
    match draft.ask(Need::ResolveScid { scid, direction })? {
        Answer::NodeId(Some(node_id)) => Ok(End::Node(*node_id)),
        Answer::NodeId(None) => Ok(End::None),
        Answer::Failed(_) => Ok(End::Unknown),
        _ => Err(wrong_answer("a node id")),
    }
}

/// The end of a channel of ours that is not us.
fn other_end(draft: &Draft<'_>, scid: u64, own_node: PublicKey) -> Draw<End> {
    let (one, other) = match (end_of(draft, scid, 0), end_of(draft, scid, 1)) {
        (Err(Stop::Need(one)), Err(Stop::Need(other))) => return Err(Stop::Need([one, other].concat())),
        (one, other) => (one?, other?),
    };
    let ours = |end: &End| matches!(end, End::Node(node_id) if *node_id == own_node);
    Ok(match (ours(&one), ours(&other)) {
        (true, false) => other,
        (false, true) => one,
        // A host may know a channel that is not public by its other end only.
        (false, false) => match (one, other) {
            (End::Node(peer), End::None) | (End::None, End::Node(peer)) => End::Node(peer),
            (End::Unknown, _) | (_, End::Unknown) => End::Unknown,
            _ => End::None,
        },
        (true, true) => End::None,
    })
}

/// The next node of a path that begins at the host's own, and the path from there on.
fn step_over(draft: &Draft<'_>, path: &BlindedPath, own_node: PublicKey) -> Draw<(End, Option<BlindedPath>)> {
    let mut peer = None;
    loop {
        let mut channel = None;
        let mut key = RemoteKey::new(draft, own_node, 1);
        let resolve = |scid| {
            channel = Some(scid);
            peer
        };
        let rest = onion::advance(path, resolve, &mut key);
        if !key.answered()? {
            return Ok((End::Unknown, None));
        }
        return Ok(match (rest, channel) {
            (Ok(rest), _) => match rest.introduction {
                Introduction::NodeId(next) => (End::Node(next), Some(rest)),
                Introduction::Scid { .. } => (End::None, None),
            },
            (Err(_), Some(scid)) if peer.is_none() => match other_end(draft, scid, own_node)? {
                End::Node(next) => {
                    peer = Some(next);
                    continue;
                }
                end => (end, None),
            },
            // The path ends at our own node, or does not begin there.
            (Err(_), _) => (End::None, None),
        });
    }
}
