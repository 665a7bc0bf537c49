use std::time::Duration;

use bitcoin::secp256k1::{PublicKey, Secp256k1, SecretKey};
use futures_lite::future::block_on;

use super::node::{copy, message, send, transport, wait_until, Driven, Manner, Node, NETWORK, PATIENCE};
use crate::driver::{Directory, HostError, SocketTransport, Transport};
use crate::engine::SendOutcome::Accepted;
use crate::engine::{ReplyPath, Route};
use crate::onion::{ecdh_with, Ecdh};

#[test]
fn what_comes_back_is_handed_on() {
    let node = Node::start(2, Manner::Plain);
    let driven = Driven::new(transport());
    assert_eq!(
        send(&driven.transport, &copy(node.node_id, &[&node.address], b"x", 60)),
        Accepted
    );
    for packet in [&b"an error"[..], b"another"] {
        node.say(&message(packet));
        assert_eq!(driven.received.recv_timeout(PATIENCE).unwrap(), message(packet));
    }
}

#[test]
fn what_waited_for_us_is_not_lost() {
    let node = Node::start(2, Manner::Plain);
    // It comes in one piece with the node's init.
    node.say(&message(b"at once"));
    let driven = Driven::new(transport());
    let copy = copy(node.node_id, &[&node.address], b"x", 60);
    assert_eq!(send(&driven.transport, &copy), Accepted);
    assert_eq!(
        driven.received.recv_timeout(PATIENCE).unwrap(),
        message(b"at once")
    );
}

#[test]
fn a_connection_that_breaks_while_replies_are_awaited_is_made_again() {
    let node = Node::start(2, Manner::Plain);
    let driven = Driven::new(transport());
    assert_eq!(
        send(&driven.transport, &copy(node.node_id, &[&node.address], b"x", 60)),
        Accepted
    );
    node.cut();
    wait_until("there is a second connection", || node.connections() == 2);
    node.say(&message(b"late"));
    assert_eq!(driven.received.recv_timeout(PATIENCE).unwrap(), message(b"late"));
}

#[test]
fn a_connection_is_closed_when_no_reply_can_come_any_more() {
    let node = Node::start(2, Manner::Plain);
    let driven = Driven::new(transport());
    let transport = &driven.transport;
    assert_eq!(
        send(transport, &copy(node.node_id, &[&node.address], b"x", 2)),
        Accepted
    );
    assert_eq!(
        send(transport, &copy(node.node_id, &[&node.address], b"x", 1)),
        Accepted
    );
    assert_eq!((node.open(), transport.shared.link_count()), (1, 1));
    wait_until("the connection is closed", || node.open() == 0);
    assert_eq!(transport.shared.link_count(), 0);
    // After that a send makes a new one.
    assert_eq!(
        send(transport, &copy(node.node_id, &[&node.address], b"x", 60)),
        Accepted
    );
    assert_eq!(node.connections(), 2);
}

#[test]
fn a_node_that_is_gone_is_tried_less_and_less() {
    let node = Node::start(2, Manner::Plain);
    let driven = Driven::new(transport());
    assert_eq!(
        send(&driven.transport, &copy(node.node_id, &[&node.address], b"x", 60)),
        Accepted
    );
    // It hangs up at once whenever we come back.
    let begun = std::time::Instant::now();
    while begun.elapsed() < Duration::from_secs(5) {
        node.cut();
        std::thread::sleep(Duration::from_millis(2));
    }
    let connections = node.connections();
    assert!((2..=4).contains(&connections), "{connections}");
}

#[test]
fn when_the_network_is_back_nothing_waits_for_a_pause() {
    let node = Node::start(2, Manner::Plain);
    let driven = Driven::new(transport());
    assert_eq!(
        send(&driven.transport, &copy(node.node_id, &[&node.address], b"x", 60)),
        Accepted
    );
    // Two pauses, of one second and of two.
    for connections in 2..=3 {
        node.cut();
        wait_until("there is a further connection", || {
            node.connections() == connections
        });
    }
    node.cut();
    wait_until("the connection is over", || node.open() == 0);
    let begun = std::time::Instant::now();
    driven.transport.online();
    wait_until("there is a further connection", || node.connections() == 4);
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "the pause would be four seconds"
    );
    // What is connected is asked for a sign of life.
    node.say(&message(b"late"));
    assert_eq!(driven.received.recv_timeout(PATIENCE).unwrap(), message(b"late"));
    let bytes = node.bytes();
    driven.transport.online();
    wait_until("the node is asked", || node.bytes() > bytes);
}

#[test]
fn the_ends_of_all_connections_go_with_the_transport() {
    let node = Node::start(2, Manner::Plain);
    let transport = transport();
    assert_eq!(
        send(&transport, &copy(node.node_id, &[&node.address], b"x", 60)),
        Accepted
    );
    assert_eq!(node.open(), 1);
    let shared = std::sync::Arc::downgrade(&transport.shared);
    drop(transport);
    assert!(shared.upgrade().is_none(), "nothing keeps the key");
    wait_until("the connection is closed", || node.open() == 0);
}

#[test]
fn a_flood_of_messages_is_bounded_and_holds_nothing_up() {
    let (talkative, node) = (Node::start(2, Manner::Talkative), Node::start(3, Manner::Plain));
    let transport = transport();
    assert_eq!(
        send(
            &transport,
            &copy(talkative.node_id, &[&talkative.address], b"x", 60)
        ),
        Accepted
    );
    // Nobody takes what comes in while this goes on.
    for round in 0..20u8 {
        assert_eq!(
            send(&transport, &copy(node.node_id, &[&node.address], &[round], 60)),
            Accepted
        );
        assert_eq!(node.next_heard(), message(&[round]));
        assert_eq!(
            send(
                &transport,
                &copy(talkative.node_id, &[&talkative.address], &[round], 60)
            ),
            Accepted
        );
    }
    assert!(transport.inbox.len() <= 16);
    let driven = Driven::new(transport);
    assert_eq!(
        driven.received.recv_timeout(PATIENCE).unwrap(),
        message(&[9; 30_000])
    );
    assert_eq!(
        send(&driven.transport, &copy(node.node_id, &[&node.address], b"x", 60)),
        Accepted
    );
}

#[test]
fn the_key_answers_for_itself_only() {
    let key = SecretKey::from_slice(&[5; 32]).unwrap();
    let [us, other] =
        [key, SecretKey::from_slice(&[6; 32]).unwrap()].map(|key| key.public_key(&Secp256k1::new()));
    let transport = SocketTransport::builder(NETWORK).key(key).build().unwrap();
    assert_eq!(transport.node_id(), us);
    let secret = block_on(transport.ecdh(us, other)).unwrap();
    assert_eq!(Some(secret), ecdh_with(&key).ecdh(&other));
    assert!(block_on(transport.ecdh(other, us)).is_err());
    let [one, two] = [super::node::transport(), super::node::transport()];
    assert_ne!(one.node_id(), two.node_id());
}

struct Book {
    gateway: Option<PublicKey>,
    fails: bool,
}

impl Directory for Book {
    async fn addresses(&self, _: PublicKey) -> Result<Vec<String>, HostError> {
        match self.fails {
            true => Err("the directory is down".into()),
            false => Ok((0..20).map(|host| format!("node-{host}:9735")).collect()),
        }
    }

    async fn via(&self, _: PublicKey) -> Result<Vec<PublicKey>, HostError> {
        Ok(self.gateway.into_iter().collect())
    }

    async fn resolve_scid(&self, scid: u64, direction: u8) -> Result<Option<PublicKey>, HostError> {
        Ok(self.gateway.filter(|_| (scid, direction) == (7, 1)))
    }
}

#[test]
fn routes_come_from_the_directory() {
    let [payer, gateway] = [2, 3].map(|number| {
        SecretKey::from_slice(&[number; 32])
            .unwrap()
            .public_key(&Secp256k1::new())
    });
    assert_eq!(block_on(transport().find_route(payer)), Ok(None));
    assert_eq!(block_on(transport().resolve_scid(7, 1)), Ok(None));

    let open = |book: Book| {
        let builder = SocketTransport::builder(NETWORK).address(gateway, "127.0.0.1:1");
        builder.directory(book).build().unwrap()
    };
    let direct = open(Book {
        gateway: None,
        fails: false,
    });
    let route = block_on(direct.find_route(payer)).unwrap().unwrap();
    let node_id = direct.node_id();
    let reply = |via| ReplyPath::Node {
        via: vec![via],
        node_id,
    };
    assert_eq!(
        (route.via, &route.connect[0][..], route.connect.len()),
        (vec![], "node-0:9735", 8)
    );
    assert_eq!(route.reply, reply(payer));
    assert!(!route.own_node);

    let failing = open(Book {
        gateway: None,
        fails: true,
    });
    assert!(block_on(failing.find_route(payer)).is_err());
    // What we were told ourselves is enough.
    let route = block_on(failing.find_route(gateway)).unwrap().unwrap();
    assert_eq!(route.connect, ["127.0.0.1:1"]);

    let through = open(Book {
        gateway: Some(gateway),
        fails: true,
    });
    let route = block_on(through.find_route(payer)).unwrap().unwrap();
    let node_id = through.node_id();
    let wanted = Route {
        via: vec![gateway],
        connect: vec!["127.0.0.1:1".to_owned()],
        own_node: false,
        reply: ReplyPath::Node {
            via: vec![gateway],
            node_id,
        },
    };
    assert_eq!(route, wanted);
    assert_eq!(block_on(through.resolve_scid(7, 1)), Ok(Some(gateway)));
    assert_eq!(block_on(through.resolve_scid(7, 0)), Ok(None));
}
