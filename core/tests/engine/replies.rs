//! Reply paths that end at a node: a socket's key, or a node of the host's that keeps its key to itself.

use bitcoin::secp256k1::PublicKey;
use invreq::bolt12::BlindedPath;
use invreq::engine::{
    Answer, Delivery, DeliveryState, Existing, Input, Need, Replies, ReplyPath, Route, SendInvoice,
    SendOutcome,
};
use invreq::onion::{self, reply_path};
use invreq::ErrorCode;

use crate::common::host::route;
use crate::common::payer::open;
use crate::common::{error_bytes, node, onion_error, params, secret, Host, Request};

/// A host whose node has this key, and its payers' replies come in there.
fn at_node(number: u8) -> Host {
    let mut host = Host::new();
    host.keys.insert(node(number), secret(number));
    host.default_route = to_node(number);
    host
}

fn to_node(number: u8) -> Answer {
    route(ReplyPath::Node {
        via: Vec::new(),
        node_id: node(number),
    })
}

fn sent(host: &mut Host, number: u32) -> (u64, Delivery, BlindedPath) {
    let params = params(&Request::number(number).text(), &number.to_string());
    let call = host.send(params).unwrap();
    let copy = host.delivered(SendOutcome::Accepted);
    let reply_path = open(&copy, &secret(66)).reply_path.unwrap();
    host.asked.clear();
    (call, copy, reply_path)
}

fn arrives(host: &mut Host, at: PublicKey, bytes: Vec<u8>) {
    let node_id = Some(at);
    host.give(&Input::OnionMessage { node_id, bytes }).unwrap();
    host.settle();
}

fn questions(host: &Host) -> usize {
    let asked = host.asked.iter();
    asked.filter(|need| matches!(need, Need::Ecdh { .. })).count()
}

#[test]
fn an_answer_is_opened_by_questions_to_the_host() {
    let mut host = at_node(80);
    let (call, copy, path) = sent(&mut host, 1);
    assert_eq!(copy.reply_path_id, None);
    assert_eq!(path.introduction, invreq::bolt12::Introduction::NodeId(node(80)));
    arrives(
        &mut host,
        node(80),
        onion_error(&path, 68, &error_bytes("no", None)),
    );
    assert_eq!(questions(&host), 2);
    let (code, record) = host.error(call);
    assert_eq!(code, ErrorCode::PayerError);
    assert_eq!(record.unwrap().delivery.state, DeliveryState::Refused);
    assert_eq!(host.engine.ignored_replies(), 0);
}

#[test]
fn it_goes_through_the_nodes_the_host_names() {
    let mut host = at_node(80);
    host.default_route = route(ReplyPath::Node {
        via: vec![node(81)],
        node_id: node(80),
    });
    let (call, _, path) = sent(&mut host, 1);
    assert_eq!(path.introduction, invreq::bolt12::Introduction::NodeId(node(81)));
    let message = onion_error(&path, 68, &error_bytes("no", None));
    let onion::Peeled::Forward { next, message } =
        onion::peel(&message, onion::ecdh_with(&secret(81))).unwrap()
    else {
        panic!("it goes on");
    };
    assert_eq!(next, onion::NextHop::Node(node(80)));
    arrives(&mut host, node(80), message);
    assert_eq!(host.error(call).0, ErrorCode::PayerError);
}

#[test]
fn nobody_is_asked_about_what_cannot_be_a_reply() {
    let mut host = at_node(80);
    let (call, _, path) = sent(&mut host, 1);
    let good = onion_error(&path, 68, &error_bytes("no", None));
    // A node that no reply path of ours ends at, although the host has its key.
    host.keys.insert(node(82), secret(82));
    arrives(&mut host, node(82), good.clone());
    // Bytes that are no message.
    arrives(&mut host, node(80), Vec::new());
    arrives(&mut host, node(80), vec![0; 1401]);
    arrives(&mut host, node(80), good[..100].to_vec());
    arrives(&mut host, node(80), vec![2; 40_000]);
    assert_eq!((host.engine.ignored_replies(), questions(&host)), (5, 0));
    // Once nothing is out any more, the same node is a stranger.
    let hash = host.get("1").payment_hash;
    host.receive(hash, 50_000).unwrap();
    host.paid(call);
    arrives(&mut host, node(80), good);
    assert_eq!((host.engine.ignored_replies(), questions(&host)), (6, 0));
}

#[test]
fn what_is_no_answer_of_ours_is_counted() {
    let mut host = at_node(80);
    let (call, _, path) = sent(&mut host, 1);
    let before = host.entries();
    let error = error_bytes("no", None);
    // Another record over the same path; a made-up path to the node; a message for somebody else.
    arrives(&mut host, node(80), onion_error(&path, 66, &error));
    let forged = reply_path(&[], node(80), &[5; 32], [1; 32]).unwrap();
    arrives(&mut host, node(80), onion_error(&forged, 68, &error));
    let foreign = reply_path(&[], node(83), &[5; 32], [1; 32]).unwrap();
    arrives(&mut host, node(80), onion_error(&foreign, 68, &error));
    let on = reply_path(&[node(80)], node(83), &[5; 32], [1; 32]).unwrap();
    arrives(&mut host, node(80), onion_error(&on, 68, &error));
    assert_eq!(host.engine.ignored_replies(), 4);
    // A host that cannot answer now.
    host.keys.clear();
    let good = onion_error(&path, 68, &error);
    host.events.clear();
    arrives(&mut host, node(80), good.clone());
    assert!(
        host.events.is_empty(),
        "what strangers send is no reason to tell anybody anything"
    );
    assert_eq!((host.engine.ignored_replies(), host.reply(call)), (5, None));
    assert_eq!(host.entries(), before);
    // The good one still counts, and once.
    host.keys.insert(node(80), secret(80));
    arrives(&mut host, node(80), good.clone());
    assert_eq!(host.error(call).0, ErrorCode::PayerError);
    arrives(&mut host, node(80), good);
    assert_eq!(host.engine.ignored_replies(), 6);
}

#[test]
fn only_the_reply_path_of_the_copy_counts() {
    let mut host = at_node(80);
    host.keys.insert(node(81), secret(81));
    let (one, _, _) = sent(&mut host, 1);
    host.default_route = to_node(81);
    let (other, _, path) = sent(&mut host, 2);
    // The second invoice's token, over a path to the node of the first: whoever knows the token was told it.
    let message = onion::peel_to_end(
        &onion_error(&path, 68, &error_bytes("no", None)),
        &node(81),
        onion::ecdh_with(&secret(81)),
    );
    let Ok(onion::Peeled::Final(message)) = message else {
        panic!("it ends there");
    };
    let token = message.path_id.unwrap();
    let moved = reply_path(&[], node(80), &token, [1; 32]).unwrap();
    arrives(
        &mut host,
        node(80),
        onion_error(&moved, 68, &error_bytes("no", None)),
    );
    assert_eq!(host.engine.ignored_replies(), 1);
    assert_eq!((host.reply(one), host.reply(other)), (None, None));
    // Nor does it count at our own key.
    let ours = host.engine.reply_node_id().unwrap();
    let (node_id, moved) = (None, reply_path(&[], ours, &[5; 32], [1; 32]).unwrap());
    let bytes = onion_error(&moved, 68, &error_bytes("no", None));
    host.give(&Input::OnionMessage { node_id, bytes }).unwrap();
    assert_eq!(host.engine.ignored_replies(), 2);
    arrives(
        &mut host,
        node(81),
        onion_error(&path, 68, &error_bytes("no", None)),
    );
    assert_eq!(host.error(other).0, ErrorCode::PayerError);
}

#[test]
fn a_message_with_many_layers_is_not_worth_many_questions() {
    let mut host = at_node(80);
    let (call, _, _) = sent(&mut host, 1);
    let deep = reply_path(&[node(80); 20], node(80), &[5; 32], [1; 32]).unwrap();
    arrives(
        &mut host,
        node(80),
        onion_error(&deep, 68, &error_bytes("no", None)),
    );
    assert_eq!((questions(&host), host.engine.ignored_replies()), (8, 1));
    assert_eq!(host.reply(call), None);

    // A host that adds a layer or two for its own node is understood.
    host.default_route = route(ReplyPath::Node {
        via: vec![node(80), node(80)],
        node_id: node(80),
    });
    let (call, _, path) = sent(&mut host, 2);
    arrives(
        &mut host,
        node(80),
        onion_error(&path, 68, &error_bytes("no", None)),
    );
    assert_eq!((questions(&host), host.error(call).0), (6, ErrorCode::PayerError));
}

#[test]
fn the_node_is_known_while_the_copy_is_in_hand_and_after_a_restart() {
    let mut host = at_node(80);
    let call = host.send(params(&Request::number(1).text(), "1")).unwrap();
    let copy = host.deliveries.pop_front().unwrap();
    let path = open(&copy, &secret(66)).reply_path.unwrap();
    arrives(
        &mut host,
        node(80),
        onion_error(&path, 68, &error_bytes("no", None)),
    );
    assert_eq!(host.error(call).0, ErrorCode::PayerError);

    let (_, _, path) = sent(&mut host, 2);
    host.restart();
    // By now the host has another node, but the reply goes where it was told to.
    host.default_route = to_node(81);
    arrives(
        &mut host,
        node(80),
        onion_error(&path, 68, &error_bytes("no", None)),
    );
    assert_eq!(host.get("2").delivery.state, DeliveryState::Refused);
    // Sockets have a new key every time: the latest of them are kept.
    for number in 100..120u8 {
        host.default_route = to_node(number);
        host.keys.insert(node(number), secret(number));
        host.resend("2").unwrap();
        host.delivered(SendOutcome::Accepted);
    }
    host.restart();
    host.asked.clear();
    for number in 100..120u8 {
        let stray = reply_path(&[], node(number), &[5; 32], [1; 32]).unwrap();
        arrives(&mut host, node(number), onion_error(&stray, 68, b""));
    }
    assert_eq!(questions(&host), 8 * 2);
}

#[test]
fn our_own_reply_key_may_be_named() {
    let mut host = Host::new();
    host.default_route = route(ReplyPath::Ours { via: Vec::new() });
    let (call, _, path) = sent(&mut host, 1);
    let ours = host.engine.reply_node_id().unwrap();
    arrives(&mut host, ours, onion_error(&path, 68, &error_bytes("no", None)));
    assert_eq!((host.error(call).0, questions(&host)), (ErrorCode::PayerError, 0));
}

#[test]
fn two_ends_of_a_reply_path_share_nothing() {
    let key = |copy: &Delivery| copy.packet.message[..33 + 2 + 34].to_vec();
    let replies = [
        (vec![], None),
        (vec![node(90)], None),
        (vec![node(90), node(91)], None),
        (vec![], Some(node(90))),
        (vec![node(90)], Some(node(91))),
        (vec![node(90)], Some(node(92))),
    ];
    let mut seen = Vec::new();
    for (via, node_id) in replies {
        // The same copy of the same invoice, before a crash and after.
        let mut host = Host::new();
        host.default_route = route(match node_id {
            Some(node_id) => ReplyPath::Node { via, node_id },
            None => ReplyPath::Ours { via },
        });
        let text = Request::default().text();
        host.send(params(&text, "a")).unwrap();
        let copy = host.delivered(SendOutcome::Accepted);
        let path = open(&copy, &secret(66)).reply_path.unwrap();
        seen.push((copy.invoice.clone(), key(&copy), path.path_key));
    }
    for (place, one) in seen.iter().enumerate() {
        for other in &seen[..place] {
            assert_eq!(one.0, other.0);
            assert_ne!(one.1, other.1);
            assert_ne!(one.2, other.2);
        }
    }
}

#[test]
fn without_replies_no_copy_has_a_way_back() {
    let ways = [
        ReplyPath::None,
        ReplyPath::Ours { via: vec![node(90)] },
        ReplyPath::Host,
        ReplyPath::Node {
            via: vec![],
            node_id: node(80),
        },
    ];
    let mut messages = Vec::new();
    for reply in ways {
        let mut host = at_node(80);
        host.default_route = route(reply);
        let text = Request::default().text();
        let sent = SendInvoice {
            replies: Replies::Unwanted,
            ..params(&text, "a")
        };
        let call = host.send(sent.clone()).unwrap();
        let copy = host.deliveries.pop_front().unwrap();
        assert_eq!(copy.reply_path_id, None);
        assert_eq!(open(&copy, &secret(66)).reply_path, None);
        // Not after a restart, and not when it is sent again.
        host.restart();
        host.settle();
        assert_eq!(host.delivered(SendOutcome::Accepted), copy);
        host.resend("a").unwrap();
        let second = host.delivered(SendOutcome::Accepted);
        assert_eq!(second.reply_path_id, None);
        assert_eq!(open(&second, &secret(66)).reply_path, None);
        arrives(&mut host, node(80), copy.packet.message.clone());
        assert_eq!(questions(&host), 0);
        messages.push(copy.packet.message);
        // It is one of the terms a joined call has to share.
        let joined = SendInvoice {
            existing: Existing::Join,
            ..sent
        };
        let wanted = SendInvoice {
            replies: Replies::Wanted,
            ..joined.clone()
        };
        assert_eq!(host.send(wanted).unwrap_err().code(), ErrorCode::LabelInUse);
        let joined = host.send(joined).unwrap();
        assert_eq!((host.reply(call), host.reply(joined)), (None, None));
    }
    assert!(messages.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn the_way_to_connect_and_the_size_come_with_the_delivery() {
    let mut host = Host::new();
    let connect = vec![
        "203.0.113.7:9735".to_owned(),
        "[2001:db8::7]:9735".to_owned(),
        "wss://example.com/ln".to_owned(),
    ];
    host.default_route = Answer::Route(Some(Route {
        connect: connect.clone(),
        ..Route::default()
    }));
    host.send(params(&Request::default().text(), "a")).unwrap();
    let copy = host.deliveries.pop_front().unwrap();
    assert_eq!(copy.connect, connect);
    assert_eq!(copy.message_len() as usize, copy.packet.message.len());
    assert_eq!(copy.message_len(), 1401);
}
