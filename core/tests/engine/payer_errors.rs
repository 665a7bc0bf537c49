//! What payers answer: 1004.

use invreq::engine::{DeliveryState, Event, ReplyPath, SendOutcome, Status};
use invreq::ErrorCode;

use crate::common::host::route;
use crate::common::payer::open;
use crate::common::{error_bytes, node, onion_error, params, secret, Host, Request};

fn sent(host: &mut Host, label: &str) -> (u64, [u8; 32]) {
    let call = host
        .send(params(&Request::number(label.len() as u32).text(), label))
        .unwrap();
    let delivery = host.delivered(SendOutcome::Accepted);
    host.events.clear();
    (call, delivery.reply_path_id.unwrap())
}

#[test]
fn an_error_ends_the_call_but_not_the_invoice() {
    let mut host = Host::new();
    let (call, token) = sent(&mut host, "a");
    host.payer_error(token, error_bytes("no\u{202e}pe", Some((170, &[1, 2]))));
    let error = host.reply(call).unwrap().unwrap_err();
    assert_eq!((error.code(), error.rpc_code()), (ErrorCode::PayerError, 1004));
    assert_eq!(error.field().unwrap().number, 170);
    assert_eq!(error.rule(), Some("invoice-error"));
    let record = error.record().unwrap().clone();
    assert_eq!(
        (record.status, record.delivery.state),
        (Status::Unpaid, DeliveryState::Refused)
    );
    let said = record.delivery.error.clone().unwrap();
    assert!(!said.message.contains('\u{202e}'), "{}", said.message);
    assert!(error.message().contains(&said.message), "{}", error.message());
    assert_eq!(
        (said.erroneous_field, said.suggested_value.as_deref()),
        (Some(170), Some("0102"))
    );
    assert_eq!(said.received_at, host.now());
    assert_eq!(host.event_names(), ["payer_error"]);
    assert_eq!(host.get("a"), record);

    // Whatever the payer said, its money counts.
    host.claim(record.payment_hash, 50_000).unwrap();
    host.receive(record.payment_hash, 50_000).unwrap();
    assert_eq!(host.event_names(), ["claiming", "paid"]);
}

#[test]
fn forged_and_unknown_tokens_are_counted_and_ignored() {
    let mut host = Host::new();
    let (call, token) = sent(&mut host, "a");
    let (_, other) = sent(&mut host, "bb");
    let entries = host.entries();
    for place in [0, 7, 8, 11, 12, 31] {
        let mut forged = token;
        forged[place] ^= 1;
        host.payer_error(forged, error_bytes("x", None));
    }
    let mut mixed = token;
    mixed[12..].copy_from_slice(&other[12..]);
    host.payer_error(mixed, error_bytes("x", None));
    // Bytes that are no error at all, with a good token.
    host.payer_error(token, vec![5, 200, 1]);
    assert_eq!(host.engine.ignored_replies(), 8);
    assert_eq!(host.entries(), entries);
    assert_eq!((host.reply(call), host.event_names().len()), (None, 0));
}

#[test]
fn after_the_end_of_the_invoice_an_error_is_late() {
    let mut host = Host::new();
    let (call, token) = sent(&mut host, "a");
    host.wait_s(100);
    assert_eq!(host.error(call).0, ErrorCode::WaitTimeout);
    let before = host.get("a");
    host.payer_error(token, error_bytes("late", None));
    assert_eq!((host.get("a"), host.engine.ignored_replies()), (before, 1));
}

#[test]
fn over_our_own_reply_path_it_comes_as_an_onion_message() {
    let mut host = Host::new();
    host.default_route = route(ReplyPath::Ours { via: Vec::new() });
    let call = host.send(params(&Request::default().text(), "a")).unwrap();
    let delivery = host.delivered(SendOutcome::Accepted);
    assert_eq!(
        delivery.reply_path_id, None,
        "the path is ours, not the host's messenger's"
    );
    let message = open(&delivery, &secret(66));
    assert_eq!(message.content.unwrap().value, delivery.invoice);
    let reply_path = message.reply_path.unwrap();

    // Something else over the same path is no error.
    let bytes = onion_error(&reply_path, 66, &error_bytes("no", None));
    host.give(&invreq::engine::Input::OnionMessage { node_id: None, bytes })
        .unwrap();
    let bytes = vec![0; 1401];
    host.give(&invreq::engine::Input::OnionMessage { node_id: None, bytes })
        .unwrap();
    assert_eq!((host.engine.ignored_replies(), host.reply(call)), (2, None));

    // A path of somebody else's making to our key, with a made-up secret.
    let reply_node_id = host.engine.reply_node_id().unwrap();
    let forged = invreq::onion::reply_path(&[], reply_node_id, &[5; 32], [1; 32]).unwrap();
    let bytes = onion_error(&forged, 68, &error_bytes("no", None));
    host.give(&invreq::engine::Input::OnionMessage { node_id: None, bytes })
        .unwrap();
    assert_eq!((host.engine.ignored_replies(), host.reply(call)), (3, None));

    let bytes = onion_error(&reply_path, 68, &error_bytes("no", None));
    host.give(&invreq::engine::Input::OnionMessage { node_id: None, bytes })
        .unwrap();
    assert_eq!(host.error(call).0, ErrorCode::PayerError);
}

#[test]
fn a_reply_path_of_ours_goes_through_the_nodes_the_host_names() {
    let mut host = Host::new();
    let via = vec![node(90)];
    host.default_route = route(ReplyPath::Ours { via });
    host.send(params(&Request::default().text(), "a")).unwrap();
    let delivery = host.delivered(SendOutcome::Accepted);
    let path = open(&delivery, &secret(66)).reply_path.unwrap();
    assert_eq!(path.introduction, invreq::bolt12::Introduction::NodeId(node(90)));
    assert_eq!(path.hops.len(), 2);
}

#[test]
fn no_reply_path_no_answer() {
    let mut host = Host::new();
    host.default_route = route(ReplyPath::None);
    host.send(params(&Request::default().text(), "a")).unwrap();
    let delivery = host.delivered(SendOutcome::Accepted);
    assert_eq!(delivery.reply_path_id, None);
    assert_eq!(open(&delivery, &secret(66)).reply_path, None);
}

#[test]
fn with_several_copies_out_all_have_to_answer() {
    let mut host = Host::new();
    let (call, first) = sent(&mut host, "a");
    host.resend("a").unwrap();
    // While the second is still to be sent, the first is not the last word.
    host.payer_error(first, error_bytes("one", None));
    assert_eq!(host.get("a").delivery.state, DeliveryState::Stored);
    let copy = host.next_copy();
    assert_eq!(host.get("a").delivery.state, DeliveryState::Sending);
    host.say(&copy.id, SendOutcome::Accepted);
    let second = copy.reply_path_id.unwrap();
    assert_ne!(first, second);
    assert_eq!(
        (host.reply(call), host.get("a").delivery.state),
        (None, DeliveryState::Sent)
    );
    host.payer_error(second, error_bytes("two", None));
    assert_eq!(host.error(call).0, ErrorCode::PayerError);
}

#[test]
fn an_answer_can_be_faster_than_the_transport() {
    let mut host = Host::new();
    let call = host.send(params(&Request::default().text(), "a")).unwrap();
    let delivery = host.deliveries.pop_front().unwrap();
    host.payer_error(delivery.reply_path_id.unwrap(), error_bytes("no", None));
    let (code, record) = host.error(call);
    assert_eq!(code, ErrorCode::PayerError);
    assert_eq!(record.unwrap().delivery.attempts, 1);
    let before = host.get("a");
    for outcome in [SendOutcome::Accepted, SendOutcome::Failed, SendOutcome::NoRoute] {
        host.say(&delivery.id, outcome);
    }
    assert_eq!(host.get("a"), before);
}

#[test]
fn an_answer_can_come_right_after_a_crash() {
    let mut host = Host::new();
    host.send(params(&Request::default().text(), "a")).unwrap();
    let delivery = host.deliveries.pop_front().unwrap();
    host.restart();
    // Nobody knows whether the copy left, but its answer shows that it did.
    host.payer_error(delivery.reply_path_id.unwrap(), error_bytes("no", None));
    assert_eq!(host.get("a").delivery.state, DeliveryState::Refused);
    host.settle();
    assert!(host.deliveries.is_empty(), "and need not be sent again");
}

#[test]
fn a_message_sent_once_more_is_no_news() {
    let mut host = Host::new();
    let (_, token) = sent(&mut host, "a");
    host.payer_error(token, error_bytes("no", None));
    let entries = host.entries();
    host.events.clear();
    for text in ["no", "again"] {
        host.payer_error(token, error_bytes(text, None));
    }
    assert_eq!((host.entries(), host.event_names().len()), (entries, 0));
    assert_eq!(host.engine.ignored_replies(), 2);
}

#[test]
fn while_claiming_an_error_is_only_noted() {
    let mut host = Host::new();
    let (call, token) = sent(&mut host, "a");
    let hash = host.get("a").payment_hash;
    host.claim(hash, 50_000).unwrap();
    host.payer_error(token, error_bytes("timed out", None));
    assert_eq!(
        (host.reply(call), host.get("a").delivery.state),
        (None, DeliveryState::Sent)
    );
    assert!(host.get("a").delivery.error.is_some());
    assert!(matches!(host.events.last(), Some(Event::PayerError(_))));
}

#[test]
fn a_payer_cannot_fill_the_store() {
    let mut host = Host::new();
    let (_, token) = sent(&mut host, "a");
    let long = "x".repeat(4000);
    host.payer_error(token, error_bytes(&long, Some((80, &[7; 25_000]))));
    let said = host.get("a").delivery.error.unwrap();
    assert!(said.message.chars().count() <= 1100);
    assert_eq!(said.suggested_value, None);
    assert!(
        host.entries()
            .iter()
            .map(|entry| entry.value.len())
            .sum::<usize>()
            < 8_000
    );
    host.restart();
    assert_eq!(host.get("a").delivery.error, Some(said));
}

#[test]
fn a_failed_copy_that_left_all_the_same_is_answered_like_any_other() {
    let mut host = Host::new();
    let call = host.send(params(&Request::default().text(), "a")).unwrap();
    let first = host.delivered(SendOutcome::Failed);
    host.payer_error(first.reply_path_id.unwrap(), error_bytes("no", None));
    assert_eq!(host.reply(call), None, "another copy is on its way");
    host.wait(1000);
    let second = host.delivered(SendOutcome::Accepted);
    host.payer_error(second.reply_path_id.unwrap(), error_bytes("no", None));
    assert_eq!(host.error(call).0, ErrorCode::PayerError);
}
