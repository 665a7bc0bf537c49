//! One copy of an invoice: the way it takes, and the message it is.

use bitcoin::secp256k1::PublicKey;

use crate::bolt12::{Introduction, Invoice};
use crate::engine::draft::{wrong_answer, Draft, Draw};
use crate::engine::keys::CopyWay;
use crate::engine::stored::StoredInvoice;
use crate::engine::{Answer, Delivery, Need, ReplyPath, Route};
use crate::{onion, Result};

/// What the host knows of the way to a path.
pub(crate) enum Way<'a> {
    Found(PublicKey, &'a Route),
    None,
    /// The host could not tell now.
    Unknown,
}

/// The node a path begins at, and the way there.
pub(crate) fn route_to<'a>(draft: &Draft<'a>, introduction: Introduction) -> Draw<Way<'a>> {
    let node_id = match introduction {
        Introduction::NodeId(node_id) => node_id,
        Introduction::Scid { direction, scid } => match draft.ask(Need::ResolveScid { scid, direction })? {
            Answer::NodeId(Some(node_id)) => *node_id,
            Answer::NodeId(None) => return Ok(Way::None),
            Answer::Failed(_) => return Ok(Way::Unknown),
            _ => return Err(wrong_answer("a node id")),
        },
    };
    match draft.ask(Need::FindRoute { node_id })? {
        Answer::Route(Some(route)) => Ok(Way::Found(node_id, route)),
        Answer::Route(None) => Ok(Way::None),
        Answer::Failed(_) => Ok(Way::Unknown),
        _ => Err(wrong_answer("a route")),
    }
}

pub(crate) fn make_delivery(
    draft: &Draft<'_>,
    invoice: &StoredInvoice,
    parsed: &Invoice,
    path: u32,
    node_id: PublicKey,
    route: &Route,
) -> Result<Delivery> {
    let (index, copy) = (invoice.created_index, invoice.next_copy);
    let token = draft.keys.reply_token(&invoice.nonce, index, copy);
    let our_id = draft.keys.reply_node_id()?;
    let reply_path = match &route.reply {
        ReplyPath::Ours { via } => {
            let entropy = draft.keys.reply_entropy(&invoice.nonce, copy, via);
            Some(onion::reply_path(via, our_id, &token, entropy)?)
        }
        ReplyPath::Node { .. } | ReplyPath::Host | ReplyPath::None => None,
    };
    let reply_via = match &route.reply {
        ReplyPath::Ours { via } => via.as_slice(),
        ReplyPath::Node { .. } | ReplyPath::Host | ReplyPath::None => &[],
    };
    let blinded = parsed
        .invreq_paths()
        .unwrap_or_default()
        .get(usize::try_from(path).unwrap_or(usize::MAX));
    let destination = match blinded {
        Some(path) => onion::Destination::Path {
            path,
            introduction: node_id,
        },
        None => onion::Destination::Node(node_id),
    };
    let outgoing = onion::Outgoing {
        invoice: &invoice.invoice,
        destination,
        via: &route.via,
        reply_path: reply_path.as_ref(),
    };
    let way = CopyWay {
        copy,
        path,
        node_id,
        via: &route.via,
        reply_via,
    };
    let packet = onion::build(&outgoing, draft.keys.onion_entropy(&invoice.nonce, &way))?;
    Ok(Delivery {
        id: format!("{index}-{copy}"),
        label: invoice.label.clone(),
        payment_hash: invoice.payment_hash,
        expires_at: invoice.expires_at,
        invoice: invoice.invoice.clone(),
        path: blinded.cloned(),
        node_id,
        via: route.via.clone(),
        connect: route.connect.clone(),
        packet,
        reply_path_id: matches!(route.reply, ReplyPath::Host).then_some(token),
    })
}

/// The created index and the number of the copy that a delivery's id names.
pub(crate) fn read_id(id: &str) -> Option<(u64, u32)> {
    let (index, copy) = id.split_once('-')?;
    Some((index.parse().ok()?, copy.parse().ok()?))
}
