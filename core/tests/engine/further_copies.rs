//! The plan of a delivery: the same bytes over the next path, while nothing is heard of the payer.

use invreq::engine::{
    Answer, Delivery, DeliveryState, Input, PathOutcome, Record, ReplyPath, SendInvoice, SendOutcome, Status,
};
use invreq::ErrorCode;

use crate::common::host::route;
use crate::common::payer::open;
use crate::common::{error_bytes, node, params, secret, Host, Request, START};

fn outcomes(record: &Record) -> Vec<PathOutcome> {
    record.delivery.paths.iter().map(|path| path.outcome).collect()
}

/// An invoice for a request with paths over these nodes, which lives long.
fn send(host: &mut Host, introductions: &[u8]) -> u64 {
    let text = Request::default().paths_over(introductions).text();
    host.send(SendInvoice {
        timeout: Some(2000),
        ..params(&text, "a")
    })
    .unwrap()
}

fn refuse(host: &mut Host, copy: &Delivery) {
    host.payer_error(copy.reply_path_id.unwrap(), error_bytes("no", None));
}

/// What the host is handed from now on, each copy accepted at once, and when, in seconds from the start.
fn all_further(host: &mut Host) -> Vec<(u64, Delivery)> {
    let mut all = Vec::new();
    while let Some(at) = host.engine.wake_at() {
        host.wait(at - host.now_ms);
        while let Some(copy) = host.deliveries.pop_front() {
            all.push(((host.now_ms - START * 1000) / 1000, copy.clone()));
            host.say(&copy.id, SendOutcome::Accepted);
        }
    }
    all
}

#[test]
fn each_path_gets_the_same_bytes_once_with_longer_and_longer_waits() {
    let mut host = Host::new();
    let call = send(&mut host, &[10, 11, 12, 13, 14, 15, 16]);
    let first = host.delivered(SendOutcome::Accepted);
    let mut all = vec![(0, first.clone())];
    assert_eq!(host.engine.wake_at(), Some(host.now_ms + 10_000));
    while all.len() < 7 {
        let at = host.engine.wake_at().unwrap();
        host.wait(at - host.now_ms);
        assert_eq!(host.get("a").delivery.state, DeliveryState::Sent, "in hand, too");
        let copy = host.deliveries.pop_front().unwrap();
        assert_eq!(outcomes(&host.get("a"))[all.len()], PathOutcome::Sending);
        host.say(&copy.id, SendOutcome::Accepted);
        assert_eq!(host.get("a").delivery.state, DeliveryState::Sent);
        all.push((host.now() - START, copy));
    }
    let times: Vec<u64> = all.iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [0, 10, 30, 70, 130, 190, 250]);
    for (number, (_, copy)) in (0u8..).zip(&all) {
        assert_eq!(copy.id, format!("1-{number}"));
        assert_eq!((copy.node_id, &copy.invoice), (node(10 + number), &first.invoice));
        let same = |other: &&(u64, Delivery)| other.1.reply_path_id == copy.reply_path_id;
        assert_eq!(all.iter().filter(same).count(), 1, "each has its own reply path");
    }
    let record = host.get("a");
    assert_eq!(outcomes(&record), [PathOutcome::Accepted; 7]);
    assert_eq!((record.delivery.attempts, record.updated_index), (7, None));
    // One round only.
    assert!(all_further(&mut host).is_empty());
    assert_eq!(host.error(call).0, ErrorCode::WaitTimeout);
}

#[test]
fn a_request_without_paths_gets_one_copy_straight_to_the_payer() {
    let mut host = Host::new();
    host.default_route = route(ReplyPath::Ours { via: Vec::new() });
    send(&mut host, &[]);
    let copy = host.delivered(SendOutcome::Accepted);
    assert_eq!((copy.node_id, &copy.path), (node(66), &None));
    // Over no path of anybody's, so nothing of a path is in it.
    assert_eq!(open(&copy, &secret(66)).path_id, None);
    assert!(all_further(&mut host).is_empty());
}

#[test]
fn whatever_shows_that_the_payer_has_it_ends_the_plan() {
    type What = fn(&mut Host, &Delivery);
    let ends: [(&str, What); 4] = [
        ("paid", |host, copy| {
            host.receive(copy.payment_hash, 50_000).unwrap();
        }),
        ("claimed", |host, copy| {
            host.claim(copy.payment_hash, 50_000).unwrap();
        }),
        ("refused", refuse),
        ("deleted", |host, _| {
            host.delete("a", Status::Unpaid).unwrap();
        }),
    ];
    for (name, end) in ends {
        for (after_s, in_line) in [(0, false), (5, false), (10, true)] {
            let mut host = Host::new();
            send(&mut host, &[10, 11, 12]);
            let copy = host.delivered(SendOutcome::Accepted);
            host.wait_s(after_s);
            if in_line {
                let second = host.deliveries.pop_front().unwrap();
                host.say(&second.id, SendOutcome::Offline);
            }
            end(&mut host, &copy);
            let restarts = [false, true];
            for restart in restarts {
                if restart {
                    host.restart();
                }
                assert!(all_further(&mut host).is_empty(), "{name} after {after_s}");
            }
        }
    }
}

#[test]
fn a_claim_that_came_to_nothing_lets_it_go_on() {
    let mut host = Host::new();
    send(&mut host, &[10, 11]);
    let payment_hash = host.delivered(SendOutcome::Accepted).payment_hash;
    host.claim(payment_hash, 50_000).unwrap();
    host.wait_s(100);
    host.record(|call| Input::ClaimFailed { call, payment_hash })
        .unwrap();
    assert_eq!(host.engine.wake_at(), Some(host.now_ms + 10_000));
    assert_eq!(all_further(&mut host).len(), 1);
}

#[test]
fn an_answer_noted_while_claiming_counts_once_the_claim_failed() {
    let mut host = Host::new();
    let call = send(&mut host, &[10, 11]);
    let copy = host.delivered(SendOutcome::Accepted);
    let payment_hash = copy.payment_hash;
    host.claim(payment_hash, 50_000).unwrap();
    refuse(&mut host, &copy);
    assert_eq!(host.reply(call), None);
    host.record(|call| Input::ClaimFailed { call, payment_hash })
        .unwrap();
    let (code, record) = host.error(call);
    assert_eq!(code, ErrorCode::PayerError);
    assert_eq!(record.unwrap().delivery.state, DeliveryState::Refused);
    assert!(all_further(&mut host).is_empty());
}

#[test]
fn it_ends_with_the_invoice_and_with_the_request() {
    let mut host = Host::new();
    let text = Request::default().paths_over(&[10, 11, 12]).text();
    host.send(SendInvoice {
        expiry: Some(29),
        ..params(&text, "a")
    })
    .unwrap();
    host.delivered(SendOutcome::Accepted);
    assert_eq!(all_further(&mut host).len(), 1);
    assert_eq!(host.get("a").status, Status::Expired);

    // After its end a request is not to be answered, and one more copy is an answer.
    let mut host = Host::new();
    let request = Request::default().paths_over(&[10, 11, 12]).expires(START + 29);
    host.send(SendInvoice {
        expiry: Some(1000),
        ..params(&request.text(), "a")
    })
    .unwrap();
    host.delivered(SendOutcome::Accepted);
    assert_eq!(all_further(&mut host).len(), 1);
    host.restart();
    assert!(all_further(&mut host).is_empty());
}

#[test]
fn the_payers_word_is_held_back_until_every_copy_has_one() {
    let mut host = Host::new();
    let call = send(&mut host, &[10, 11, 12]);
    let first = host.delivered(SendOutcome::Accepted);
    host.wait_s(10);
    let second = host.delivered(SendOutcome::Accepted);
    // A node that is paying the first copy refuses the second.
    refuse(&mut host, &second);
    assert_eq!(
        (host.reply(call), host.get("a").delivery.state),
        (None, DeliveryState::Sent)
    );
    assert!(host.get("a").delivery.error.is_some());
    assert_eq!(host.event_names().pop(), Some("payer_error"));
    // It spoke, so there is no third copy; but the first may still be paid.
    host.wait_s(500);
    assert!(host.deliveries.is_empty());
    host.restart();
    assert_eq!(host.get("a").delivery.state, DeliveryState::Sent);
    let joined = host.send(SendInvoice {
        timeout: Some(1000),
        existing: invreq::engine::Existing::Join,
        ..params(&Request::default().paths_over(&[10, 11, 12]).text(), "a")
    });
    refuse(&mut host, &first);
    assert_eq!(host.error(joined.unwrap()).0, ErrorCode::PayerError);
    assert_eq!(host.get("a").delivery.state, DeliveryState::Refused);
}

#[test]
fn an_answer_while_the_next_copy_is_in_hand_waits_for_what_becomes_of_it() {
    use SendOutcome as O;
    for (outcome, refused) in [
        (O::Accepted, false),
        (O::NoRoute, true),
        (O::Offline, true),
        (O::Failed, true),
    ] {
        let mut host = Host::new();
        let call = send(&mut host, &[10, 11, 12]);
        let first = host.delivered(SendOutcome::Accepted);
        host.wait_s(10);
        refuse(&mut host, &first);
        assert_eq!(host.reply(call), None, "{outcome:?}");
        let second = host.delivered(outcome);
        assert_eq!(host.reply(call).is_some(), refused, "{outcome:?}");
        let state = host.get("a").delivery.state;
        assert_eq!(state == DeliveryState::Refused, refused, "{outcome:?}");
        assert!(all_further(&mut host).is_empty(), "{outcome:?}");
        if outcome == O::Accepted {
            host.payer_error(second.reply_path_id.unwrap(), error_bytes("late", None));
            assert_eq!(host.engine.ignored_replies(), 1);
        }
    }
    // And where nobody knows, because the process died, what is known counts.
    let mut host = Host::new();
    send(&mut host, &[10, 11]);
    let first = host.delivered(SendOutcome::Accepted);
    host.wait_s(10);
    refuse(&mut host, &first);
    let lost = host.deliveries.pop_front().unwrap();
    host.restart();
    assert_eq!(host.get("a").delivery.state, DeliveryState::Refused);
    // Its answer shows that it did leave, so its number is never used again.
    refuse(&mut host, &lost);
    assert_eq!(host.get("a").delivery.attempts, 2);
    host.resend("a").unwrap();
    assert_eq!(host.next_copy().id, "1-2");
}

#[test]
fn an_answer_can_be_faster_than_the_host_for_further_copies_too() {
    let mut host = Host::new();
    let call = send(&mut host, &[10, 11, 12]);
    let first = host.delivered(SendOutcome::Accepted);
    host.wait_s(10);
    let second = host.deliveries.pop_front().unwrap();
    refuse(&mut host, &second);
    let record = host.get("a");
    assert_eq!(outcomes(&record)[1], PathOutcome::Accepted);
    assert_eq!((record.delivery.attempts, host.reply(call)), (2, None));
    host.say(&second.id, SendOutcome::Accepted);
    assert_eq!(host.get("a"), record);
    refuse(&mut host, &first);
    assert_eq!(host.error(call).0, ErrorCode::PayerError);
}

#[test]
fn a_restart_takes_up_the_plan_and_writes_nothing_for_it() {
    let mut host = Host::new();
    send(&mut host, &[10, 11, 12, 13]);
    host.delivered(SendOutcome::Accepted);
    host.wait_s(3);
    let (entries, writes) = (host.entries(), host.writes);
    host.restart();
    assert_eq!(
        host.engine.wake_at(),
        Some((START + 10) * 1000),
        "as if it had not died"
    );
    // However often it dies, and however short it lives, it gets on.
    for _ in 0..5 {
        host.wait_s(3);
        host.restart();
    }
    host.settle();
    let second = host.deliveries.pop_front().unwrap();
    assert_eq!((second.id.as_str(), second.node_id), ("1-1", node(11)));
    assert_eq!((host.entries(), host.writes), (entries, writes));

    // It died with the copy in hand, so the same one comes again.
    host.restart();
    host.settle();
    assert_eq!(host.deliveries.pop_front().unwrap(), second);
    host.say(&second.id, SendOutcome::Accepted);
    // Long after, one copy is due at once, and the others wait as ever.
    host.crash();
    host.now_ms += 300_000;
    host.restore().unwrap();
    host.settle();
    assert_eq!(host.delivered(SendOutcome::Accepted).id, "1-2");
    assert_eq!(host.engine.wake_at(), Some(host.now_ms + 40_000));
    assert_eq!(all_further(&mut host).len(), 1);
    assert_eq!(outcomes(&host.get("a")), [PathOutcome::Accepted; 4]);
}

#[test]
fn reading_the_store_again_changes_no_plan() {
    let mut host = Host::new();
    send(&mut host, &[10, 11, 12, 13]);
    // The first copy left a while after the invoice was made.
    for pause in [1, 2, 4] {
        host.delivered(SendOutcome::Offline);
        host.wait_s(pause);
    }
    host.delivered(SendOutcome::Accepted);
    let due = host.now_ms + 10_000;
    for _ in 0..3 {
        host.restore().unwrap();
        assert_eq!(host.engine.wake_at(), Some(due));
        host.wait_s(3);
    }
    host.wait_s(1);
    host.restore().unwrap();
    host.settle();
    assert_eq!(host.deliveries.len(), 1, "the copy in hand stays in hand");
    host.delivered(SendOutcome::Accepted);
    assert_eq!(host.engine.wake_at(), Some(host.now_ms + 20_000));

    // Another writer that took the next step is left to its plan for as long as it takes.
    let mut theirs = Host::unopened(host.config.clone(), host.seed, host.store.clone());
    theirs.now_ms = host.now_ms;
    theirs.dice = 1_000_000;
    theirs.restore().unwrap();
    assert_eq!(theirs.engine.wake_at(), Some((START + 30) * 1000));
    theirs.wait_s(20);
    theirs.delivered(SendOutcome::Accepted);
    host.now_ms = theirs.now_ms;
    host.restore().unwrap();
    assert_eq!(host.engine.wake_at(), Some(host.now_ms + 40_000));
    theirs.wait_s(40);
    theirs.delivered(SendOutcome::Accepted);
    host.now_ms = theirs.now_ms;
    host.restore().unwrap();
    assert!(all_further(&mut host).is_empty(), "they sent over the last path");
}

#[test]
fn a_path_that_leads_nowhere_or_fails_is_passed_over() {
    let mut host = Host::new();
    send(&mut host, &[10, 11, 12, 13, 14]);
    host.delivered(SendOutcome::Accepted);
    host.routes.insert(node(11), Answer::Route(None));
    host.wait_s(10);
    let second = host.deliveries.pop_front().unwrap();
    assert_eq!((second.id.as_str(), second.node_id), ("1-1", node(12)));
    host.say(&second.id, SendOutcome::NoRoute);
    // Nothing left over that path, so the next comes at once, under the same number.
    let third = host.delivered(SendOutcome::Failed);
    assert_eq!((third.id.as_str(), third.node_id), ("1-1", node(13)));
    // That one may have left.
    host.wait_s(1);
    let fourth = host.delivered(SendOutcome::Accepted);
    assert_eq!((fourth.id.as_str(), fourth.node_id), ("1-2", node(14)));
    assert!(all_further(&mut host).is_empty());
    use PathOutcome as O;
    let record = host.get("a");
    assert_eq!(
        outcomes(&record),
        [O::Accepted, O::NoRoute, O::NoRoute, O::Failed, O::Accepted]
    );
    assert_eq!(record.delivery.state, DeliveryState::Sent);
    let attempts: Vec<u32> = record.delivery.paths.iter().map(|path| path.attempts).collect();
    assert_eq!(attempts, [1, 0, 0, 1, 1]);
}

#[test]
fn a_path_is_not_given_up_because_the_host_is_offline() {
    let mut host = Host::new();
    send(&mut host, &[10, 11]);
    host.delivered(SendOutcome::Accepted);
    host.wait_s(10);
    let copy = host.delivered(SendOutcome::Offline);
    for pause in [1, 2, 4, 8, 16, 30, 30] {
        assert_eq!(host.engine.wake_at(), Some(host.now_ms + pause * 1000));
        host.wait_s(pause);
        assert_eq!(host.delivered(SendOutcome::Offline), copy);
        assert_eq!(host.get("a").delivery.state, DeliveryState::Sent);
    }
    // The same where the host cannot tell the way.
    host.default_route = Answer::Failed("the graph is loading".to_owned());
    host.events.clear();
    let writes = host.writes;
    host.wait_s(100);
    assert_eq!(
        (host.events.len(), host.writes),
        (0, writes),
        "waiting is no news"
    );
    host.default_route = route(ReplyPath::Host);
    assert_eq!(all_further(&mut host).len(), 1);
}

#[test]
fn a_resend_is_a_new_round() {
    let mut host = Host::new();
    let call = send(&mut host, &[10, 11]);
    let first = host.delivered(SendOutcome::Accepted);
    refuse(&mut host, &first);
    assert_eq!(host.error(call).0, ErrorCode::PayerError);
    host.resend("a").unwrap();
    assert_eq!(outcomes(&host.get("a")), [PathOutcome::Untried; 2]);
    let second = host.delivered(SendOutcome::Accepted);
    assert_eq!((second.id.as_str(), second.node_id), ("1-1", node(10)));
    // What was said of the round before ends nothing, not even after a restart.
    host.wait_s(1);
    host.restart();
    let further = all_further(&mut host);
    assert_eq!(further.len(), 1);
    assert_eq!(
        (further[0].1.id.as_str(), further[0].1.node_id),
        ("1-2", node(11))
    );
    let attempts: Vec<u32> = host
        .get("a")
        .delivery
        .paths
        .iter()
        .map(|path| path.attempts)
        .collect();
    assert_eq!(attempts, [2, 1]);
}
