use futures_lite::future::block_on;
use futures_lite::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::node::{copy, send, transport, wait_until, Driven, Manner, Node};
use crate::driver::socket::shared::MAX_LINKS;
use crate::driver::Transport;
use crate::engine::SendOutcome::{Accepted, NoRoute, Offline};

#[test]
fn the_connection_of_least_use_makes_room() {
    let nodes: Vec<Node> = (1..=MAX_LINKS + 1)
        .map(|number| Node::start(u8::try_from(number).unwrap(), Manner::Plain))
        .collect();
    let driven = Driven::new(transport());
    let transport = &driven.transport;
    for (index, node) in nodes.iter().enumerate() {
        // The sixth expires first.
        let seconds = if index == 5 { 50 } else { 100 };
        assert_eq!(
            send(transport, &copy(node.node_id, &[&node.address], b"x", seconds)),
            Accepted
        );
    }
    assert_eq!(transport.shared.link_count(), MAX_LINKS);
    wait_until("the connection is closed", || nodes[5].open() == 0);
    assert!(nodes
        .iter()
        .enumerate()
        .all(|(index, node)| index == 5 || node.open() == 1));
    // It is not made again by itself, and the next message makes it.
    assert_eq!(nodes[5].connections(), 1);
    assert_eq!(
        send(
            transport,
            &copy(nodes[5].node_id, &[&nodes[5].address], b"x", 100)
        ),
        Accepted
    );
    assert_eq!(nodes[5].connections(), 2);
}

#[test]
fn too_much_at_once_is_for_later() {
    let silent = Node::start(2, Manner::SilentAfter(1));
    let transport = transport();
    let copies: Vec<_> = (0..18)
        .map(|_| copy(silent.node_id, &[&silent.address], b"x", 60))
        .collect();
    let mut sends: FuturesUnordered<_> = copies.iter().map(|copy| transport.send(copy)).collect();
    // One is being sent, sixteen wait.
    assert_eq!(block_on(sends.next()), Some(Offline));
    drop(sends);
    // Nobody waits for those any more, so they are passed over.
    let driven = Driven::new(transport);
    wait_until("there is room again", || {
        send(&driven.transport, &copy(silent.node_id, &[], b"x", 60)) == NoRoute
    });
}
