//! The way of an onion message through the public network.

use std::collections::{HashMap, HashSet, VecDeque};

use bitcoin::secp256k1::PublicKey;
use lightning::routing::gossip::{ChannelInfo, NodeId, ReadOnlyNetworkGraph};

/// The most nodes between us and the target. Each makes the message longer and a failure likelier.
const LONGEST_WAY: usize = 8;

/// The most nodes that are looked at; the public network has a fifth of them.
const MOST_NODES: usize = 100_000;

/// The shortest way to `target`: the nodes in between, of which the first is one of `peers`.
///
/// It searches from the target towards us, so that the first peer it meets is the first hop. Nodes in between are those that
/// say they take onion messages, over channels that neither end has disabled.
pub(super) fn shortest(
    graph: &ReadOnlyNetworkGraph<'_>,
    us: &PublicKey,
    peers: &[PublicKey],
    target: &PublicKey,
) -> Option<Vec<PublicKey>> {
    let peers: HashSet<NodeId> = peers.iter().map(NodeId::from_pubkey).collect();
    let (us, target) = (NodeId::from_pubkey(us), NodeId::from_pubkey(target));
    let mut towards_target = HashMap::from([(target, target)]);
    let mut queue = VecDeque::from([(target, 0)]);
    while let Some((here, nodes_between)) = queue.pop_front() {
        if peers.contains(&here) {
            return way(&towards_target, here, target);
        }
        if nodes_between == LONGEST_WAY || towards_target.len() > MOST_NODES {
            continue;
        }
        for next in neighbours(graph, here) {
            let takes_messages = peers.contains(&next) || relays(graph, &next);
            if next != us && takes_messages && !towards_target.contains_key(&next) {
                towards_target.insert(next, here);
                queue.push_back((next, nodes_between.saturating_add(1)));
            }
        }
    }
    None
}

/// From the first hop, along the pointers, up to the target.
fn way(towards_target: &HashMap<NodeId, NodeId>, first: NodeId, target: NodeId) -> Option<Vec<PublicKey>> {
    let hops = std::iter::successors(Some(first), |hop| towards_target.get(hop).copied());
    hops.take_while(|hop| *hop != target)
        .map(|hop| hop.as_pubkey().ok())
        .collect()
}

fn neighbours<'a>(
    graph: &'a ReadOnlyNetworkGraph<'_>,
    here: NodeId,
) -> impl Iterator<Item = NodeId> + use<'a> {
    let scids = graph.node(&here).into_iter().flat_map(|node| &node.channels);
    let channels = scids.filter_map(|scid| graph.channel(*scid));
    let open = channels.filter(|channel| !is_disabled(channel));
    open.map(move |channel| match channel.node_one == here {
        true => channel.node_two,
        false => channel.node_one,
    })
}

/// Who disables a channel mostly has lost the connection to the other end, which messages need.
fn is_disabled(channel: &ChannelInfo) -> bool {
    let updates = [&channel.one_to_two, &channel.two_to_one];
    updates.into_iter().flatten().any(|update| !update.enabled)
}

fn relays(graph: &ReadOnlyNetworkGraph<'_>, node: &NodeId) -> bool {
    let said = graph.node(node).and_then(|info| info.announcement_info.as_ref());
    said.is_some_and(|said| said.features().supports_onion_messages())
}
