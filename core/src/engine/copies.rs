//! One copy of an invoice: the message it is.

use crate::engine::draft::Draft;
use crate::engine::keys::CopyWay;
use crate::engine::stored::StoredInvoice;
use crate::engine::way::Found;
use crate::engine::{Delivery, Replies, ReplyPath};
use crate::{onion, Result};

pub(crate) fn make_delivery(
    draft: &Draft<'_>,
    invoice: &StoredInvoice,
    path: u32,
    found: Found<'_>,
) -> Result<Delivery> {
    let (index, copy, route) = (invoice.created_index, invoice.next_copy, found.route);
    let token = draft.keys.reply_token(&invoice.nonce, index, copy);
    let reply = reply_of(invoice, &found);
    let reply_path = match reply {
        ReplyPath::Ours { via } => Some((via, None)),
        ReplyPath::Node { via, node_id } => Some((via, Some(*node_id))),
        ReplyPath::Host | ReplyPath::None => None,
    };
    let reply_path = match reply_path {
        Some((via, end)) => {
            let entropy = draft.keys.reply_entropy(&invoice.nonce, copy, via, end.as_ref());
            let end = end.map_or_else(|| draft.keys.reply_node_id(), Ok)?;
            Some(onion::reply_path(via, end, &token, entropy)?)
        }
        None => None,
    };
    let destination = match &found.path {
        Some(path) => onion::Destination::Path {
            path,
            introduction: found.node_id,
        },
        None => onion::Destination::Node(found.node_id),
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
        node_id: found.node_id,
        via: &route.via,
        skipped: found.skipped,
        reply,
    };
    let packet = onion::build(&outgoing, draft.keys.onion_entropy(&invoice.nonce, &way))?;
    Ok(Delivery {
        id: format!("{index}-{copy}"),
        label: invoice.label.clone(),
        payment_hash: invoice.payment_hash,
        expires_at: invoice.expires_at,
        invoice: invoice.invoice.clone(),
        path: found.path,
        node_id: found.node_id,
        via: route.via.clone(),
        connect: route.connect.clone(),
        packet,
        reply_path_id: matches!(reply, ReplyPath::Host).then_some(token),
    })
}

/// How the payer may answer a copy that goes this way.
pub(crate) fn reply_of<'a>(invoice: &StoredInvoice, found: &Found<'a>) -> &'a ReplyPath {
    match invoice.replies {
        Replies::Wanted => &found.route.reply,
        Replies::Unwanted => &ReplyPath::None,
    }
}

/// The created index and the number of the copy that a delivery's id names.
pub(crate) fn read_id(id: &str) -> Option<(u64, u32)> {
    let (index, copy) = id.split_once('-')?;
    Some((index.parse().ok()?, copy.parse().ok()?))
}
