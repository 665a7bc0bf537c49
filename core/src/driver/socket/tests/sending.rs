use std::time::{Duration, Instant};

use super::node::{copy, dead_address, message, send, transport, Manner, Node};
use crate::driver::SocketTransport;
use crate::engine::SendOutcome::{Accepted, Failed, NoRoute, Offline};

#[test]
fn a_message_arrives_as_it_is_and_the_next_takes_the_same_connection() {
    let node = Node::start(2, Manner::Plain);
    let transport = transport();
    for packet in [&b"one"[..], b"two", &[7; 65_000]] {
        let copy = copy(node.node_id, &[&node.address], packet, 60);
        assert_eq!(send(&transport, &copy), Accepted);
        assert_eq!(node.next_heard(), message(packet));
    }
    assert_eq!(node.connections(), 1);
}

#[test]
fn the_next_address_is_tried_where_one_leads_nowhere() {
    let (node, stranger) = (Node::start(2, Manner::Plain), Node::start(3, Manner::Plain));
    let half = Node::start(2, Manner::HangsUpAfter(20));
    let later = Node::start(2, Manner::HangsUpAfter(100));
    let dead = dead_address();
    // More than are tried: what a socket cannot use takes nobody's place.
    let odd = ["", "nonsense", "a.onion:1", "ws://127.0.0.1:1"].repeat(3);
    for others in [
        &[dead.as_str()][..],
        &[&stranger.address],
        &[&half.address, &later.address],
        &odd,
    ] {
        let mut addresses = others.to_vec();
        addresses.push(&node.address);
        let transport = transport();
        assert_eq!(
            send(&transport, &copy(node.node_id, &addresses, b"x", 60)),
            Accepted,
            "{others:?}"
        );
        assert_eq!(node.next_heard(), message(b"x"));
    }
}

#[test]
fn a_node_that_cannot_be_reached_is_no_route() {
    let stranger = Node::start(3, Manner::Plain);
    let no_onions = Node::start(2, Manner::NoOnions);
    let node_id = no_onions.node_id;
    let hangs_up: Vec<Node> = [1, 50, 51, 116]
        .map(|bytes| Node::start(2, Manner::HangsUpAfter(bytes)))
        .into();
    let mut addresses: Vec<String> = hangs_up.iter().map(|node| node.address.clone()).collect();
    addresses.extend([
        stranger.address.clone(),
        no_onions.address.clone(),
        dead_address(),
        "?".to_owned(),
    ]);
    let transport = transport();
    for address in addresses {
        let began = Instant::now();
        assert_eq!(send(&transport, &copy(node_id, &[&address], b"x", 60)), NoRoute);
        assert!(began.elapsed() < Duration::from_secs(5), "{address}");
    }
    assert_eq!(send(&transport, &copy(node_id, &[], b"x", 60)), NoRoute);
    assert!(stranger.heard.try_recv().is_err() && no_onions.heard.try_recv().is_err());
    assert_eq!(transport.shared.link_count(), 0);
}

#[test]
fn a_message_that_may_have_left_is_not_said_to_have_arrived() {
    // It hangs up when it has the message.
    let node = Node::start(2, Manner::HangsUpAfter(200));
    let transport = transport();
    let copy = copy(node.node_id, &[&node.address], b"x", 60);
    assert_eq!(send(&transport, &copy), Failed);
    // It takes the message and says nothing more.
    let node = Node::start(2, Manner::SilentAfter(200));
    let copy = super::node::copy(node.node_id, &[&node.address], b"x", 60);
    let began = Instant::now();
    assert_eq!(send(&transport, &copy), Failed);
    assert!(began.elapsed() < Duration::from_secs(17));
    assert_eq!(transport.shared.link_count(), 0);
}

#[test]
fn a_node_that_never_answers_is_given_up() {
    let (silent, node) = (
        Node::start(2, Manner::SilentAfter(1)),
        Node::start(2, Manner::Plain),
    );
    let began = Instant::now();
    let copy = copy(node.node_id, &[&silent.address, &node.address], b"x", 60);
    assert_eq!(send(&transport(), &copy), Accepted);
    let took = began.elapsed();
    assert!(
        took > Duration::from_secs(9) && took < Duration::from_secs(15),
        "{took:?}"
    );
    assert_eq!(node.next_heard(), message(b"x"));
}

#[test]
fn a_node_that_was_named_beforehand_needs_no_address_in_the_delivery() {
    let node = Node::start(2, Manner::Plain);
    let transport = SocketTransport::builder(super::node::NETWORK)
        .address(node.node_id, dead_address())
        .address(node.node_id, &node.address)
        .build()
        .unwrap();
    assert_eq!(send(&transport, &copy(node.node_id, &[], b"x", 60)), Accepted);
    assert_eq!(node.next_heard(), message(b"x"));
}

#[test]
fn the_next_message_makes_a_new_connection_where_the_old_one_is_gone() {
    let node = Node::start(2, Manner::Plain);
    let transport = transport();
    for round in 1..4 {
        let packet = [round; 3];
        assert_eq!(
            send(&transport, &copy(node.node_id, &[&node.address], &packet, 60)),
            Accepted
        );
        assert_eq!(node.next_heard(), message(&packet));
        assert_eq!(node.connections(), usize::from(round));
        node.cut();
        super::node::wait_until("the node hangs up", || node.open() == 0);
    }
}

#[test]
fn a_node_that_was_there_a_moment_ago_is_tried_again_later() {
    let node = Node::start(2, Manner::Plain);
    let copy = copy(node.node_id, &[&node.address], b"x", 60);
    let (familiar, strange) = (transport(), transport());
    assert_eq!(send(&familiar, &copy), Accepted);
    node.stop();
    assert_eq!(send(&familiar, &copy), Offline);
    assert_eq!(send(&strange, &copy), NoRoute);
}

#[test]
fn who_does_not_wait_any_more_has_nothing_sent() {
    let (silent, node) = (
        Node::start(2, Manner::SilentAfter(1)),
        Node::start(2, Manner::Plain),
    );
    let transport = transport();
    let first = copy(node.node_id, &[&silent.address], b"forgotten", 60);
    let forgotten = async {
        let given_up = async {
            async_io::Timer::after(Duration::from_millis(300)).await;
            None
        };
        use crate::driver::Transport;
        use futures_lite::FutureExt;
        async { Some(transport.send(&first).await) }.or(given_up).await
    };
    assert_eq!(futures_lite::future::block_on(forgotten), None);
    assert_eq!(
        send(&transport, &copy(node.node_id, &[&node.address], b"second", 60)),
        Accepted
    );
    assert_eq!(node.next_heard(), message(b"second"));
    assert!(node.heard.recv_timeout(Duration::from_millis(100)).is_err());
}
