//! Where one second, one copy or one question more makes the difference.

use invreq::bolt12::{BlindedPath, Introduction};
use invreq::engine::{
    Answer, Answers, DeliveryState, Event, Input, Need, PathOutcome, Progress, SendInvoice, SendOutcome,
};
use invreq::ErrorCode;

use crate::common::request::path_over;
use crate::common::{error_bytes, node, params, Host, Request, START};

fn over_channel(scid: u64) -> BlindedPath {
    BlindedPath {
        introduction: Introduction::Scid { direction: 0, scid },
        ..path_over(1)
    }
}

fn routes_asked(host: &Host) -> usize {
    let asked = host.asked.iter();
    asked
        .filter(|need| matches!(need, Need::FindRoute { .. }))
        .count()
}

#[test]
fn a_further_copy_leaves_in_the_last_second_of_the_request() {
    let mut host = Host::new();
    let request = Request::default().paths_over(&[10, 11, 12]).expires(START + 30);
    let lasting = SendInvoice {
        expiry: Some(1000),
        ..params(&request.text(), "a")
    };
    host.send(lasting).unwrap();
    host.delivered(SendOutcome::Accepted);
    host.wait_s(10);
    host.delivered(SendOutcome::Accepted);
    host.wait_s(20);
    assert_eq!((host.now(), host.deliveries.len()), (START + 30, 1));
}

#[test]
fn of_the_copies_a_resend_overtook_those_that_left_are_waited_for() {
    use SendOutcome as O;
    for outcome in [O::Accepted, O::NoRoute, O::Offline, O::Failed] {
        let mut host = Host::new();
        host.send(params(&Request::default().text(), "a")).unwrap();
        let old = host.next_copy();
        host.resend("a").unwrap();
        let new = host.delivered(O::Accepted);
        host.say(&old.id, outcome);
        host.payer_error(new.reply_path_id.unwrap(), error_bytes("no", None));
        let refused = host.get("a").delivery.state == DeliveryState::Refused;
        assert_eq!(refused, outcome != O::Accepted, "{outcome:?}");
        host.payer_error(old.reply_path_id.unwrap(), error_bytes("no", None));
        assert_eq!(host.get("a").delivery.state, DeliveryState::Refused);
    }
}

#[test]
fn an_invoice_that_expires_in_the_hosts_hands_was_not_sent() {
    let mut host = Host::new();
    host.send(params(&Request::default().text(), "a")).unwrap();
    assert_eq!(host.get("a").delivery.state, DeliveryState::Sending);
    host.wait_s(91);
    let expired = host.events.iter().find_map(|event| match event {
        Event::Expired(record) => Some(record),
        _ => None,
    });
    let delivery = &expired.unwrap().delivery;
    assert_eq!(delivery.state, DeliveryState::Stored);
    assert_eq!(delivery.paths[0].outcome, PathOutcome::Untried);
}

#[test]
fn no_more_paths_are_asked_about_than_the_first_four() {
    let mut host = Host::new();
    let paths: Vec<u8> = (10..20).collect();
    host.send(params(&Request::default().paths_over(&paths).text(), "a"))
        .unwrap();
    assert_eq!((routes_asked(&host), host.deliveries.len()), (4, 1));
}

#[test]
fn a_known_path_does_not_hold_up_the_questions_about_the_others() {
    let mut host = Host::new();
    host.scids.extend([(1, node(10)), (2, node(12))]);
    let request = Request::default()
        .path(over_channel(1))
        .path(path_over(11))
        .path(over_channel(2));
    host.send(params(&request.text(), "a")).unwrap();
    // The way to the second is known after the first round, those behind the channels are asked about together after that.
    for number in [10, 11, 12] {
        let need = Need::FindRoute {
            node_id: node(number),
        };
        assert!(host.asked.contains(&need), "{number}");
    }
    assert_eq!(host.deliveries[0].node_id, node(10));
}

#[test]
fn an_early_answer_counts_for_the_path_its_copy_went_over() {
    let mut host = Host::new();
    host.send(params(&Request::default().paths_over(&[10, 11, 12]).text(), "a"))
        .unwrap();
    host.delivered(SendOutcome::Accepted);
    // Both others are offline once; then the host cannot tell the way to the first of them.
    host.wait_s(10);
    host.delivered(SendOutcome::Offline);
    host.wait_s(1);
    let untried = host.delivered(SendOutcome::Offline);
    assert_eq!(
        untried.node_id,
        node(12),
        "it comes before the one that was offline"
    );
    host.routes
        .insert(node(11), Answer::Failed("the graph is loading".to_owned()));
    host.wait_s(2);
    let copy = host.next_copy();
    assert_eq!(copy.node_id, node(12));
    host.payer_error(copy.reply_path_id.unwrap(), error_bytes("no", None));
    let outcomes = host.get("a").delivery.paths.into_iter().map(|path| path.outcome);
    assert!(outcomes.eq([PathOutcome::Accepted, PathOutcome::Offline, PathOutcome::Accepted]));
}

#[test]
fn reading_the_store_ends_the_pause_before_a_first_copy() {
    let mut host = Host::new();
    host.send(params(&Request::default().text(), "a")).unwrap();
    host.delivered(SendOutcome::Offline);
    assert_eq!(host.engine.wake_at(), Some(host.now_ms + 1000));
    host.restore().unwrap();
    assert_eq!(
        host.engine.wake_at(),
        Some(host.now_ms),
        "it was written and never left"
    );
}

#[test]
fn an_invoice_can_be_sent_again_in_its_last_second() {
    let mut host = Host::new();
    host.send(params(&Request::default().text(), "a")).unwrap();
    host.delivered(SendOutcome::Accepted);
    host.wait_s(90);
    assert_eq!(host.now(), host.get("a").expires_at);
    assert!(host.resend("a").is_ok());
    host.now_ms += 1000;
    assert_eq!(host.resend("a").unwrap_err().code(), ErrorCode::InvoiceExpired);
}

#[test]
fn a_path_over_a_channel_is_read_again() {
    let mut host = Host::new();
    host.scids.insert(1, node(10));
    host.send(params(&Request::default().path(over_channel(1)).text(), "a"))
        .unwrap();
    let introduction = host.get("a").delivery.paths[0].introduction;
    assert_eq!(
        introduction,
        Introduction::Scid {
            direction: 0,
            scid: 1
        }
    );
    host.restart();
    assert_eq!(host.get("a").delivery.paths[0].introduction, introduction);
    assert_eq!(host.next_copy().node_id, node(10));
}

#[test]
fn what_time_alone_decides_waits_for_no_answer_of_the_host() {
    // The end of a wait, which is told only, and the end of an invoice, which is written.
    for expiry in [1000, 90] {
        let mut host = Host::new();
        let ending = SendInvoice {
            expiry: Some(expiry),
            ..params(&Request::number(1).text(), "a")
        };
        host.send(ending).unwrap();
        host.delivered(SendOutcome::Accepted);
        let lasting = SendInvoice {
            timeout: Some(1000),
            ..params(&Request::number(2).text(), "b")
        };
        host.send(lasting).unwrap();
        host.delivered(SendOutcome::Offline);
        // A copy of the second is due, too, and the way would have to be asked about.
        host.now_ms += 91_000;
        let step = host
            .engine
            .begin(&Input::Tick, host.now_ms, &[0; 32], &Answers::new())
            .unwrap();
        assert!(matches!(step, Progress::Step(_)), "{expiry}");
    }
}
