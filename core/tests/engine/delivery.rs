//! Getting the invoice out: states, paths, retries.

use std::collections::BTreeSet;

use invreq::bolt12::{BlindedPath, Introduction};
use invreq::engine::{
    Answer, DeliveryState, Event, Need, PathOutcome, Record, ReplyPath, SendInvoice, SendOutcome, Status,
};
use invreq::ErrorCode;

use crate::common::host::{event_name, route};
use crate::common::request::path_over;
use crate::common::{node, params, Host, Request};

fn outcomes(record: &Record) -> Vec<PathOutcome> {
    record.delivery.paths.iter().map(|path| path.outcome).collect()
}

fn routes(need: &&Need) -> bool {
    matches!(need, Need::FindRoute { .. })
}

fn state(record: &Record) -> (DeliveryState, u32) {
    (record.delivery.state, record.delivery.attempts)
}

#[test]
fn a_copy_goes_from_stored_over_sending_to_sent() {
    let mut host = Host::new();
    let call = host.call();
    let params = params(&Request::default().text(), "a");
    host.give(&invreq::engine::Input::SendInvoice { call, params })
        .unwrap();
    assert!(
        host.deliveries.is_empty(),
        "nothing leaves in the step that writes it"
    );
    assert_eq!(host.engine.wake_at(), Some(host.now_ms));
    let stored = host.get("a");
    assert_eq!(state(&stored), (DeliveryState::Stored, 0));
    assert_eq!(outcomes(&stored), [PathOutcome::Untried]);

    host.settle();
    assert_eq!(host.deliveries.len(), 1);
    let sending = host.get("a");
    assert_eq!(state(&sending), (DeliveryState::Sending, 0));
    assert_eq!(outcomes(&sending), [PathOutcome::Sending]);

    let delivery = host.delivered(SendOutcome::Accepted);
    let sent = host.get("a");
    assert_eq!(state(&sent), (DeliveryState::Sent, 1));
    assert_eq!(outcomes(&sent), [PathOutcome::Accepted]);
    assert_eq!(sent.delivery.paths[0].attempts, 1);
    assert_eq!(host.event_names(), ["created", "delivery", "delivery"]);
    assert_eq!(delivery.node_id, node(66));
    assert_eq!((delivery.path, delivery.expires_at), (None, sent.expires_at));
    assert_eq!(host.reply(call), None, "the call waits for the payment");

    // What is said twice, or of copies that never were, changes nothing.
    for id in [
        delivery.id.as_str(),
        "1-1",
        "2-0",
        "x",
        "1-",
        "-",
        "",
        "1-4294967296",
    ] {
        host.say(id, SendOutcome::NoRoute);
        host.say(id, SendOutcome::Accepted);
    }
    assert_eq!(host.get("a"), sent);
    assert_eq!(host.event_names(), [] as [&str; 0]);
}

#[test]
fn sending_takes_no_write_of_its_own() {
    let mut host = Host::new();
    host.send(params(&Request::default().text(), "a")).unwrap();
    assert_eq!(host.writes, 2, "one that marks the store, one for the invoice");
    host.delivered(SendOutcome::Accepted);
    assert_eq!(host.writes, 3);
}

#[test]
fn the_next_path_is_taken_where_one_leads_nowhere() {
    let mut host = Host::new();
    let request = Request::default().paths_over(&[10, 11, 12]);
    host.routes.insert(node(10), Answer::Route(None));
    host.send(params(&request.text(), "a")).unwrap();
    let first = host.delivered(SendOutcome::NoRoute);
    assert_eq!(
        (first.node_id, first.path),
        (node(11), Some(request.paths[1].clone()))
    );
    let second = host.delivered(SendOutcome::Accepted);
    assert_eq!(
        (second.node_id, second.path),
        (node(12), Some(request.paths[2].clone()))
    );
    let record = host.get("a");
    assert_eq!(
        outcomes(&record),
        [PathOutcome::NoRoute, PathOutcome::NoRoute, PathOutcome::Accepted]
    );
    assert_eq!(state(&record), (DeliveryState::Sent, 1));
    // The copy that did not leave went another way, so it must not share an onion key with the one that did.
    assert_ne!(
        first.packet.message[..33 + 2 + 34],
        second.packet.message[..33 + 2 + 34]
    );
}

#[test]
fn no_path_at_all_ends_the_call_with_1003_and_the_invoice_stays() {
    let mut host = Host::new();
    host.default_route = Answer::Route(None);
    let text = Request::default().paths_over(&[10, 11]).text();
    let call = host.send(params(&text, "a")).unwrap();
    let (code, record) = host.error(call);
    assert_eq!((code, code.info().rpc_code), (ErrorCode::NoRoute, 1003));
    let record = record.unwrap();
    assert_eq!(
        (record.status, record.delivery.state),
        (Status::Unpaid, DeliveryState::Unreachable)
    );
    assert_eq!(host.get("a"), record);
    assert!(host.deliveries.is_empty());

    // Said by the transport it is the same.
    host.default_route = route(ReplyPath::None);
    let call = host.send(params(&Request::number(2).text(), "b")).unwrap();
    host.delivered(SendOutcome::NoRoute);
    assert_eq!(host.error(call).0, ErrorCode::NoRoute);

    // And the money can come all the same.
    assert_eq!(
        host.receive(record.payment_hash, 50_000).unwrap().status,
        Status::Paid
    );
}

#[test]
fn offline_is_tried_again_within_the_wait() {
    let mut host = Host::new();
    let mut params = params(&Request::default().text(), "a");
    params.expiry = Some(1000);
    let call = host.send(params).unwrap();
    let first = host.delivered(SendOutcome::Offline);
    assert_eq!(state(&host.get("a")), (DeliveryState::Sending, 0));
    assert_eq!(outcomes(&host.get("a")), [PathOutcome::Offline]);
    assert_eq!(host.engine.wake_at(), Some(host.now_ms + 1000));
    let mut pauses = Vec::new();
    for _ in 0..7 {
        let before = host.now_ms;
        while host.deliveries.is_empty() {
            let at = host.engine.wake_at().unwrap();
            host.wait(at - host.now_ms);
        }
        pauses.push(host.now_ms - before);
        assert_eq!(host.deliveries[0], first, "the same copy");
        host.delivered(SendOutcome::Offline);
    }
    assert_eq!(pauses, [1000, 2000, 4000, 8000, 16000, 30000, 30000]);
    // By now the wait is over, but not for want of a route.
    assert_eq!(host.error(call).0, ErrorCode::WaitTimeout);
    assert_eq!(host.get("a").status, Status::Unpaid);
}

#[test]
fn offline_and_back_within_the_wait_is_sent() {
    let mut host = Host::new();
    let call = host.send(params(&Request::default().text(), "a")).unwrap();
    host.delivered(SendOutcome::Offline);
    host.wait(1000);
    host.delivered(SendOutcome::Accepted);
    let record = host.get("a");
    assert_eq!(state(&record), (DeliveryState::Sent, 1));
    host.receive(record.payment_hash, 50_000).unwrap();
    assert_eq!(host.paid(call).status, Status::Paid);
}

#[test]
fn a_path_that_cannot_be_told_now_keeps_no_other_from_being_tried() {
    let mut host = Host::new();
    let request = Request::default().paths_over(&[10, 11]);
    host.send(params(&request.text(), "a")).unwrap();
    let first = host.delivered(SendOutcome::Offline);
    host.wait(1000);
    let second = host.delivered(SendOutcome::Offline);
    host.wait(2000);
    // With both told so, it goes round: the network may be what is missing.
    let third = host.delivered(SendOutcome::Offline);
    host.wait(4000);
    let fourth = host.delivered(SendOutcome::Accepted);
    let nodes = [first, second, third, fourth].map(|copy| copy.node_id);
    assert_eq!(nodes, [node(10), node(11), node(10), node(11)]);
    let record = host.get("a");
    assert_eq!(outcomes(&record), [PathOutcome::Offline, PathOutcome::Accepted]);
    assert_eq!(state(&record), (DeliveryState::Sent, 1));
}

#[test]
fn a_request_decides_not_how_much_is_looked_up_at_a_time() {
    let mut host = Host::new();
    host.default_route = Answer::Route(None);
    let nodes: Vec<u8> = (10..42).collect();
    let request = Request::default().paths_over(&nodes);
    let input = invreq::engine::Input::SendInvoice {
        call: host.call(),
        params: params(&request.text(), "a"),
    };
    host.give(&input).unwrap();
    host.settle();
    // All of them in the end, and no more than four in one go.
    assert_eq!(host.asked.iter().filter(routes).count(), nodes.len());
    assert_eq!(host.most_asked, 4);
    assert_eq!(state(&host.get("a")).0, DeliveryState::Unreachable);
}

/// All timers wait for what one step asks, and it is a stranger who says how many paths there are.
#[test]
fn a_request_decides_not_how_long_timers_wait() {
    let mut host = Host::new();
    let nodes: Vec<u8> = (10..42).collect();
    for number in &nodes {
        host.routes
            .insert(node(*number), Answer::Failed("slow".to_owned()));
    }
    let input = invreq::engine::Input::SendInvoice {
        call: host.call(),
        params: params(&Request::default().paths_over(&nodes).text(), "a"),
    };
    host.give(&input).unwrap();
    for tried in 1..=8 {
        host.tick();
        assert_eq!(host.asked.iter().filter(routes).count(), tried * 4);
    }
    assert_eq!(
        host.engine.wake_at(),
        Some(host.now_ms + 1000),
        "all of them were tried"
    );
    assert_eq!(outcomes(&host.get("a")), [PathOutcome::Offline; 32]);
    // The last of them can be told in the end.
    host.routes.remove(&node(41));
    host.wait_s(2);
    assert_eq!(host.delivered(SendOutcome::Accepted).node_id, node(41));
    // Of the paths for a further copy that could not be told, each has its turn as well.
    host.routes.remove(&node(15));
    host.wait_s(85);
    assert_eq!(host.delivered(SendOutcome::Accepted).node_id, node(15));
}

#[test]
fn to_wait_is_no_news_however_many_paths_there_are() {
    let mut host = Host::new();
    host.default_route = Answer::Failed("no network".to_owned());
    let nodes: Vec<u8> = (10..22).collect();
    let text = Request::default().paths_over(&nodes).text();
    host.send(SendInvoice {
        timeout: Some(3000),
        ..params(&text, "a")
    })
    .unwrap();
    host.settle();
    let told = |host: &Host, name: &str| {
        let events = host.events.iter().filter(|event| event_name(event) == name);
        events.count()
    };
    assert_eq!(
        (told(&host, "delivery"), told(&host, "trouble")),
        (3, 12),
        "each path once"
    );
    let writes = host.writes;
    host.events.clear();
    host.wait_s(80);
    assert_eq!((host.events.len(), host.writes), (0, writes));
    host.default_route = route(ReplyPath::Host);
    host.wait_s(30);
    assert_eq!(host.delivered(SendOutcome::Accepted).node_id, node(10));
}

/// Also where there is a way, and the host cannot send over it.
#[test]
fn every_path_of_a_further_copy_has_its_turn() {
    for count in 2..=7 {
        let mut host = Host::new();
        let nodes: Vec<u8> = (10..=10 + count).collect();
        let text = Request::default().paths_over(&nodes).text();
        let params = SendInvoice {
            timeout: Some(3000),
            ..params(&text, "a")
        };
        host.send(params).unwrap();
        host.delivered(SendOutcome::Accepted);
        let mut tried = BTreeSet::new();
        for _ in 0..count * 3 {
            host.wait_s(60);
            tried.insert(host.delivered(SendOutcome::Offline).node_id);
        }
        assert_eq!(tried.len(), usize::from(count), "{count} paths");
    }
}

#[test]
fn what_could_not_be_looked_up_is_told() {
    let mut host = Host::new();
    host.default_route = Answer::Failed("401 from the directory".to_owned());
    host.send(params(&Request::default().text(), "a")).unwrap();
    host.settle();
    let troubles = |host: &Host| -> Vec<(ErrorCode, String)> {
        let trouble = |event: &Event| match event {
            Event::Trouble(error) => Some((error.code, error.message.clone())),
            _ => None,
        };
        host.events.iter().filter_map(trouble).collect()
    };
    let message = format!(
        "no route to {} could be looked up: 401 from the directory",
        node(66)
    );
    assert_eq!(troubles(&host), [(ErrorCode::MissingAnswer, message)]);
    // Once, and not where there is an answer.
    host.wait_s(20);
    host.default_route = Answer::Route(None);
    host.wait_s(60);
    assert_eq!(troubles(&host).len(), 1);
    // A channel is named as people write it.
    let scid = 800_000 << 40 | 12 << 16 | 1;
    host.ends
        .insert((scid, 0), Answer::Failed("no explorer".to_owned()));
    host.events.clear();
    let introduction = Introduction::Scid { direction: 0, scid };
    let at_a_channel = Request::number(2).path(BlindedPath {
        introduction,
        ..path_over(10)
    });
    host.send(params(&at_a_channel.text(), "b")).unwrap();
    host.settle();
    let message = "the channel 800000x12x1 could not be looked up: no explorer".to_owned();
    assert_eq!(troubles(&host), [(ErrorCode::MissingAnswer, message)]);
}

#[test]
fn the_pause_never_falls_back_to_nothing() {
    let mut host = Host::new();
    let mut params = params(&Request::default().text(), "a");
    params.expiry = Some(100_000);
    host.send(params).unwrap();
    for round in 0..100 {
        host.delivered(SendOutcome::Offline);
        let pause = host.engine.wake_at().unwrap() - host.now_ms;
        assert!(pause >= 1000, "round {round}: {pause}");
        host.wait(30_000);
    }
}

#[test]
fn a_failed_copy_may_have_left_so_the_next_one_is_another() {
    let mut host = Host::new();
    let request = Request::default().paths_over(&[10, 11]);
    host.send(params(&request.text(), "a")).unwrap();
    let first = host.delivered(SendOutcome::Failed);
    host.wait(1000);
    let second = host.delivered(SendOutcome::Failed);
    host.wait(2000);
    let third = host.delivered(SendOutcome::Accepted);
    assert_eq!(
        [first.node_id, second.node_id, third.node_id],
        [node(10), node(11), node(10)]
    );
    assert_eq!([&first.id, &second.id, &third.id], ["1-0", "1-1", "1-2"]);
    assert_eq!(first.invoice, third.invoice);
    assert_ne!(first.reply_path_id, third.reply_path_id);
    let record = host.get("a");
    assert_eq!(state(&record), (DeliveryState::Sent, 3));
    assert_eq!(outcomes(&record), [PathOutcome::Accepted, PathOutcome::Failed]);
    assert_eq!(
        [
            record.delivery.paths[0].attempts,
            record.delivery.paths[1].attempts
        ],
        [2, 1]
    );
}

#[test]
fn a_host_that_cannot_tell_the_route_is_asked_again() {
    let mut host = Host::new();
    host.default_route = Answer::Failed("the graph is loading".to_owned());
    let call = host.send(params(&Request::default().text(), "a")).unwrap();
    assert_eq!(
        host.reply(call),
        None,
        "not knowing a route is not knowing that there is none"
    );
    host.default_route = route(ReplyPath::None);
    host.wait(30_000);
    host.delivered(SendOutcome::Accepted);
    assert_eq!(host.get("a").delivery.state, DeliveryState::Sent);
}

#[test]
fn a_path_that_begins_at_a_channel_is_looked_up() {
    let mut host = Host::new();
    let begins_at = |scid| BlindedPath {
        introduction: Introduction::Scid { direction: 1, scid },
        ..path_over(10)
    };
    let request = Request::default().path(begins_at(7)).path(begins_at(8));
    host.scids.insert(8, node(12));
    host.send(params(&request.text(), "a")).unwrap();
    let delivery = host.delivered(SendOutcome::Accepted);
    assert_eq!(delivery.node_id, node(12));
    let record = host.get("a");
    assert_eq!(record.delivery.paths[1].introduction, begins_at(8).introduction);
    assert_eq!(outcomes(&record), [PathOutcome::NoRoute, PathOutcome::Accepted]);
}

#[test]
fn an_invoice_too_large_for_a_message_reaches_nobody_and_harms_nothing() {
    let mut seen = [0; 3];
    for length in (31_500..32_650).step_by(60) {
        let mut host = Host::new();
        let request = Request {
            note: Some("n".repeat(length)),
            ..Request::default()
        };
        match host.send(params(&request.text(), "a")) {
            Err(error) => {
                let codes = [ErrorCode::LimitExceeded, ErrorCode::StringTooLong];
                assert!(codes.contains(&error.code()), "{length}: {error:?}");
                seen[2] += 1;
            }
            Ok(call) if host.deliveries.is_empty() => {
                assert_eq!(host.error(call).0, ErrorCode::NoRoute, "{length}");
                host.restart();
                assert_eq!(host.get("a").delivery.state, DeliveryState::Unreachable);
                seen[1] += 1;
            }
            Ok(_) => {
                host.delivered(SendOutcome::Accepted);
                host.restart();
                assert_eq!(host.get("a").delivery.state, DeliveryState::Sent);
                seen[0] += 1;
            }
        }
    }
    assert!(seen.iter().all(|times| *times > 0), "{seen:?}");
}

#[test]
fn what_is_in_hand_at_the_end_of_the_invoice_counts_as_not_sent() {
    let mut host = Host::new();
    let call = host.send(params(&Request::default().text(), "a")).unwrap();
    let copy = host.deliveries.pop_front().unwrap();
    host.wait_s(91);
    assert_eq!(host.error(call).0, ErrorCode::WaitTimeout);
    let expired = host.get("a");
    assert_eq!(
        (expired.status, expired.delivery.state),
        (Status::Expired, DeliveryState::Stored)
    );
    host.say(&copy.id, SendOutcome::Accepted);
    assert_eq!(host.get("a"), expired);
    assert_eq!(host.engine.wake_at(), None);
}
