//! The end of a wait and the end of an invoice are two things.

use invreq::engine::{Input, SendInvoice, SendOutcome, Status};
use invreq::ErrorCode;

use crate::common::{params, Host, Request, START};

fn with(timeout: Option<u32>, expiry: Option<u32>) -> SendInvoice {
    SendInvoice {
        timeout,
        expiry,
        ..params(&Request::default().text(), "a")
    }
}

#[test]
fn the_wait_ends_first_and_the_money_comes_later() {
    let mut host = Host::new();
    let call = host.send(with(Some(2), Some(60))).unwrap();
    host.delivered(SendOutcome::Accepted);
    assert_eq!(host.get("a").expires_at, START + 60);
    host.wait(1999);
    assert_eq!(host.reply(call), None);
    host.wait(1);
    let (code, record) = host.error(call);
    assert_eq!((code, code.info().rpc_code), (ErrorCode::WaitTimeout, 1005));
    assert_eq!(record.unwrap().status, Status::Unpaid);

    host.resend("a").unwrap();
    assert_eq!(host.deliveries.len(), 1);
    host.events.clear();
    let hash = host.get("a").payment_hash;
    host.claim(hash, 50_000).unwrap();
    host.receive(hash, 50_000).unwrap();
    assert_eq!(host.event_names(), ["claiming", "paid"]);
    assert_eq!(host.engine.wake_at(), None);
}

#[test]
fn the_invoice_ends_first() {
    let mut host = Host::new();
    let call = host.send(with(Some(60), Some(2))).unwrap();
    host.delivered(SendOutcome::Accepted);
    host.events.clear();
    // It can be paid in the second it expires at.
    host.wait(2999);
    assert_eq!(host.reply(call), None);
    host.wait(1);
    let (code, record) = host.error(call);
    assert_eq!((code, code.info().rpc_code), (ErrorCode::InvoiceExpired, 903));
    let record = record.unwrap();
    assert_eq!((record.status, record.updated_index), (Status::Expired, Some(1)));
    assert_eq!(host.event_names(), ["expired"]);
    assert_eq!(host.engine.wake_at(), None, "the wait leaves no timer behind");
}

#[test]
fn by_default_both_are_90_seconds_and_the_wait_ends_first() {
    for late_ms in [0, 5_000, 1_000_000] {
        let mut host = Host::new();
        host.now_ms += 999;
        let call = host.send(with(None, None)).unwrap();
        host.delivered(SendOutcome::Accepted);
        assert_eq!(host.get("a").expires_at, START + 90);
        // A host that slept through both still ends them in their order.
        host.now_ms += 90_000 + late_ms;
        host.settle();
        assert_eq!(host.error(call).0, ErrorCode::WaitTimeout, "{late_ms}");
    }
}

#[test]
fn a_timeout_alone_sets_both() {
    let mut host = Host::new();
    host.send(with(Some(3600), None)).unwrap();
    assert_eq!(host.get("a").expires_at, START + 3600);
}

#[test]
fn zero_is_refused() {
    for (timeout, expiry) in [
        (Some(0), None),
        (None, Some(0)),
        (Some(0), Some(5)),
        (Some(5), Some(0)),
    ] {
        let error = Host::new().send(with(timeout, expiry)).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidExpiry);
        let wrong = if timeout == Some(0) { "timeout" } else { "expiry" };
        assert!(error.message().contains(wrong));
    }
}

#[test]
fn the_longest_times_are_no_trouble() {
    let mut host = Host::new();
    host.send(with(Some(u32::MAX), Some(u32::MAX))).unwrap();
    host.delivered(SendOutcome::Accepted);
    let record = host.get("a");
    assert_eq!(record.expires_at, START + u64::from(u32::MAX));
    host.now_ms = u64::MAX;
    host.settle();
    assert_eq!(host.get("a").status, Status::Expired);
}

#[test]
fn at_the_end_of_time_nothing_overflows() {
    for now_ms in [u64::MAX, u64::MAX - 1, u64::MAX - 90_000, 0, 999] {
        let mut host = Host::new();
        host.now_ms = now_ms;
        let call = host.call();
        let input = Input::SendInvoice {
            call,
            params: with(None, None),
        };
        host.give(&input).unwrap();
        for outcome in [SendOutcome::Offline, SendOutcome::Failed] {
            host.tick();
            if let Some(copy) = host.deliveries.pop_front() {
                host.give(&Input::Delivered { id: copy.id, outcome }).unwrap();
            }
        }
        host.restart();
        host.tick();
    }
}

#[test]
fn waits_end_in_the_order_of_their_ends() {
    let mut host = Host::new();
    let mut calls = Vec::new();
    for number in 0..5u32 {
        let params = SendInvoice {
            timeout: Some(50 - number * 10),
            expiry: Some(1000),
            ..params(&Request::number(number).text(), &number.to_string())
        };
        calls.push(host.send(params).unwrap());
    }
    host.now_ms += 60_000;
    host.settle();
    let ended: Vec<_> = host.replies.iter().map(|reply| reply.call).collect();
    calls.reverse();
    assert_eq!(ended, calls);
}

#[test]
fn a_clock_that_goes_backwards_undoes_nothing() {
    let mut host = Host::new();
    host.send(with(Some(60), Some(2))).unwrap();
    host.wait_s(10);
    assert_eq!(host.get("a").status, Status::Expired);
    let late_ms = host.now_ms;
    host.now_ms = START * 1000;
    host.tick();
    assert_eq!(host.get("a").status, Status::Expired);
    let before = host.entries();
    host.restart();
    assert_eq!(host.entries(), before);
    match host.events.as_slice() {
        [invreq::engine::Event::ClockBehind { stored_ms, now_ms }] => {
            assert_eq!((*stored_ms, *now_ms), (late_ms - 7000, START * 1000));
        }
        other => panic!("{other:?}"),
    }
    // Another writer may tell the time a little differently.
    for (behind_ms, names) in [(1000, &[][..]), (1001, &["clock_behind"])] {
        host.now_ms = late_ms - 7000 - behind_ms;
        host.restart();
        assert_eq!(host.event_names(), names);
    }
    host.now_ms = START * 1000;
    // What is written now does not take back the time either.
    host.send(params(&Request::number(2).text(), "b")).unwrap();
    host.restart();
    assert_eq!(host.event_names(), ["clock_behind"]);
}
