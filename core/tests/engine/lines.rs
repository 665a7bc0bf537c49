//! At most one message per 250 ms and first hop: peers drop what comes faster.

use std::collections::BTreeMap;

use bitcoin::secp256k1::PublicKey;
use invreq::engine::{Answer, Delivery, Need, PathOutcome, ReplyPath, Route, SendInvoice, SendOutcome};

use crate::common::{node, params, Host, Request};

fn over(peer: u8) -> Answer {
    Answer::Route(Some(Route {
        via: vec![node(peer)],
        reply: ReplyPath::Host,
        ..Route::default()
    }))
}

fn send(host: &mut Host, number: u32, introductions: &[u8]) {
    let text = Request::number(number).paths_over(introductions).text();
    host.send(SendInvoice {
        expiry: Some(5000),
        ..params(&text, &number.to_string())
    })
    .unwrap();
}

/// Lets time go by, and takes every copy when it comes.
fn watch(host: &mut Host, ms: u64) -> Vec<(u64, Delivery)> {
    let end = host.now_ms + ms;
    let mut all = Vec::new();
    loop {
        host.settle();
        while let Some(copy) = host.deliveries.pop_front() {
            all.push((host.now_ms, copy));
        }
        match host.engine.wake_at().filter(|at| *at <= end) {
            Some(at) => host.now_ms = host.now_ms.max(at),
            None => break,
        }
    }
    host.now_ms = end;
    all
}

fn routes_asked(host: &Host) -> usize {
    let routes = host.asked.iter();
    routes
        .filter(|need| matches!(need, Need::FindRoute { .. }))
        .count()
}

/// The pauses at each peer are long enough.
fn check(all: &[(u64, Delivery)]) {
    let mut last: BTreeMap<PublicKey, u64> = BTreeMap::new();
    for (at, copy) in all {
        if let Some(before) = last.insert(copy.packet.first_hop, *at) {
            assert!(at - before >= 250, "{}: {before} {at}", copy.id);
        }
    }
}

#[test]
fn a_thousand_invoices_to_one_peer_go_out_in_order_four_in_a_second() {
    let mut host = Host::new();
    // All of them through one peer, whoever pays.
    host.default_route = over(90);
    for number in 1..=1000 {
        send(&mut host, number, &[]);
    }
    assert_eq!(host.deliveries.len(), 1);
    let asked = routes_asked(&host);
    assert!(asked <= 1000, "{asked}");
    let (began, mut all) = (
        host.now_ms,
        vec![(host.now_ms, host.deliveries.pop_front().unwrap())],
    );
    all.extend(watch(&mut host, 249_750));
    check(&all);
    let ids: Vec<String> = all.iter().map(|(_, copy)| copy.id.clone()).collect();
    let expected: Vec<String> = (1..=1000).map(|index| format!("{index}-0")).collect();
    assert_eq!(ids, expected);
    for (number, (at, _)) in (0u64..).zip(&all) {
        assert_eq!(*at, began + number * 250);
    }
    assert!(
        routes_asked(&host) <= asked + 1000,
        "one more question when its turn comes, and none while it waits"
    );
}

#[test]
fn peers_do_not_wait_for_each_other() {
    let mut host = Host::new();
    for number in 1..=40u32 {
        send(&mut host, number, &[10 + (number % 4) as u8]);
    }
    assert_eq!(host.deliveries.len(), 4);
    let mut all: Vec<_> = host
        .deliveries
        .drain(..)
        .map(|copy| (host.now_ms, copy))
        .collect();
    let began = host.now_ms;
    all.extend(watch(&mut host, 10_000));
    check(&all);
    assert_eq!((all.len(), all[39].0), (40, began + 9 * 250));
}

#[test]
fn what_the_host_does_with_a_copy_holds_up_nobody() {
    let mut host = Host::new();
    for number in 1..=3 {
        send(&mut host, number, &[]);
    }
    // The first never comes back, and the second fails and gets in line again.
    assert_eq!(host.next_copy().id, "1-0");
    assert_eq!(host.delivered(SendOutcome::Offline).id, "2-0");
    assert_eq!(host.next_copy().id, "3-0");
    host.wait_s(1);
    assert_eq!(host.next_copy().id, "2-0");
}

#[test]
fn who_is_paid_or_expires_leaves_the_line() {
    let mut host = Host::new();
    for number in 1..=4 {
        send(&mut host, number, &[]);
    }
    let (second, third) = (host.get("2").payment_hash, host.get("3").payment_hash);
    host.receive(second, 50_000).unwrap();
    host.claim(third, 50_000).unwrap();
    let all = watch(&mut host, 10_000);
    let ids: Vec<&str> = all.iter().map(|(_, copy)| copy.id.as_str()).collect();
    assert_eq!(ids, ["1-0", "4-0"]);
    check(&all);
    assert_eq!(all[1].0, all[0].0 + 250);
}

#[test]
fn a_new_copy_does_not_jump_the_line() {
    let mut host = Host::new();
    for number in 1..=3 {
        send(&mut host, number, &[]);
    }
    host.deliveries.clear();
    // Its turn has come, but nobody ticked yet.
    host.now_ms += 250;
    send(&mut host, 4, &[]);
    assert_eq!(host.next_copy().id, "2-0");
    assert_eq!(host.next_copy().id, "3-0");
    assert_eq!(host.next_copy().id, "4-0");
}

#[test]
fn one_that_was_due_earlier_and_came_late_does_not_jump_it_either() {
    let mut host = Host::new();
    host.routes.insert(node(10), over(90));
    send(&mut host, 1, &[10]);
    host.delivered(SendOutcome::Offline);
    // Due again a second later, by then over the peer that others wait for.
    host.routes.insert(node(10), over(91));
    host.routes.insert(node(11), over(91));
    host.wait(800);
    for number in 2..=4 {
        send(&mut host, number, &[11]);
    }
    host.deliveries.clear();
    host.now_ms += 5_000;
    let all = watch(&mut host, 2_000);
    let ids: Vec<&str> = all.iter().map(|(_, copy)| copy.id.as_str()).collect();
    assert_eq!(ids, ["3-0", "4-0", "1-0"]);
}

#[test]
fn one_whose_way_changed_meanwhile_changes_the_line() {
    let mut host = Host::new();
    for number in 1..=4 {
        send(&mut host, number, &[10]);
    }
    host.deliveries.clear();
    host.routes.insert(node(10), over(91));
    let all = watch(&mut host, 2000);
    let ids: Vec<&str> = all.iter().map(|(_, copy)| copy.id.as_str()).collect();
    assert_eq!(ids, ["2-0", "3-0", "4-0"]);
    check(&all);

    // Where the way is lost, whose turn it is lets the next one pass.
    for number in 5..=7 {
        send(&mut host, number, &[10, 11]);
    }
    host.deliveries.clear();
    host.routes.insert(node(10), Answer::Failed("lost".to_owned()));
    host.routes.insert(node(11), Answer::Route(None));
    host.wait(250);
    let record = host.get("7");
    assert_eq!(record.delivery.paths[0].outcome, PathOutcome::Offline);
    host.routes.insert(node(10), over(91));
    host.wait_s(1);
    assert_eq!(host.next_copy().id, "6-0");
    assert_eq!(host.next_copy().id, "7-0");
}

#[test]
fn a_clock_that_jumps_ahead_lets_nobody_go_too_early() {
    let mut host = Host::new();
    for number in 1..=50 {
        send(&mut host, number, &[]);
    }
    host.deliveries.clear();
    host.now_ms += 1_000_000;
    let all = watch(&mut host, 48 * 250);
    check(&all);
    let indexes: Vec<String> = all.iter().map(|(_, copy)| copy.id.clone()).collect();
    let expected: Vec<String> = (2..=50).map(|index| format!("{index}-0")).collect();
    assert_eq!(indexes, expected);
}

#[test]
fn a_clock_that_is_set_back_keeps_nobody_waiting() {
    let mut host = Host::new();
    for number in 1..=5 {
        send(&mut host, number, &[]);
    }
    send(&mut host, 6, &[10, 11]);
    host.delivered(SendOutcome::Accepted);
    while host.deliveries.front().is_some_and(|copy| copy.id != "6-0") {
        host.deliveries.pop_front();
    }
    host.delivered(SendOutcome::Accepted);
    host.wait(100);
    // A day back: whoever ticks then sees it.
    host.now_ms -= 86_400_000;
    host.tick();
    let all = watch(&mut host, 60_000);
    check(&all);
    let ids: Vec<&str> = all.iter().map(|(_, copy)| copy.id.as_str()).collect();
    assert_eq!(ids, ["2-0", "3-0", "4-0", "5-0", "6-1"]);
    assert!(all[3].0 - all[0].0 == 750, "{all:?}");

    // Set back by less, and while others are in line: they stay in front.
    for number in 7..=9 {
        send(&mut host, number, &[]);
    }
    host.now_ms -= 1_000;
    send(&mut host, 10, &[]);
    let all = watch(&mut host, 2_000);
    let ids: Vec<&str> = all.iter().map(|(_, copy)| copy.id.as_str()).collect();
    assert_eq!(ids, ["7-0", "8-0", "9-0", "10-0"]);
}
