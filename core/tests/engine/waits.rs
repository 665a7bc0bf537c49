//! Waiting for one invoice, for any, and giving up.

use invreq::engine::{CallId, Input, SendInvoice, SendOutcome, Status};
use invreq::{ErrorCode, Result};

use crate::common::{params, Host, Request};

fn make(host: &mut Host, label: &str) -> (CallId, invreq::PaymentHash) {
    let number = label.bytes().fold(0, |sum, byte| sum * 256 + u32::from(byte));
    let call = host
        .send(SendInvoice {
            timeout: Some(50),
            expiry: Some(100),
            ..params(&Request::number(number).text(), label)
        })
        .unwrap();
    host.delivered(SendOutcome::Accepted);
    (call, host.get(label).payment_hash)
}

fn wait(host: &mut Host, label: &str) -> Result<CallId> {
    let (call, label) = (host.call(), label.to_owned());
    host.give(&Input::WaitInvoice { call, label })?;
    Ok(call)
}

fn wait_any(host: &mut Host, last_pay_index: u64, timeout: Option<u32>) -> CallId {
    let call = host.call();
    host.give(&Input::WaitAnyInvoice {
        call,
        last_pay_index,
        timeout,
    })
    .unwrap();
    call
}

#[test]
fn a_wait_ends_with_the_payment() {
    let mut host = Host::new();
    let (send, hash) = make(&mut host, "a");
    let one = wait(&mut host, "a").unwrap();
    let two = wait(&mut host, "a").unwrap();
    host.wait_s(60);
    assert_eq!(host.error(send).0, ErrorCode::WaitTimeout);
    assert_eq!(host.reply(one), None, "it has no timeout of its own");
    let paid = host.receive(hash, 50_000).unwrap();
    assert_eq!((host.paid(one), host.paid(two)), (paid.clone(), paid.clone()));
    let late = wait(&mut host, "a").unwrap();
    assert_eq!(host.paid(late), paid);
}

#[test]
fn a_wait_ends_with_the_invoice() {
    let mut host = Host::new();
    make(&mut host, "a");
    let call = wait(&mut host, "a").unwrap();
    host.wait_s(101);
    let (code, record) = host.error(call);
    assert_eq!((code, code.info().rpc_code), (ErrorCode::InvoiceExpired, 903));
    assert_eq!(record.unwrap().status, Status::Expired);
    assert_eq!(
        wait(&mut host, "a").unwrap_err().code(),
        ErrorCode::InvoiceExpired
    );
    let error = wait(&mut host, "nobody").unwrap_err();
    assert_eq!((error.code(), error.record()), (ErrorCode::NotFound, None));
}

#[test]
fn a_wait_does_not_end_with_the_delivery() {
    let mut host = Host::new();
    host.send(params(&Request::default().text(), "a")).unwrap();
    let call = wait(&mut host, "a").unwrap();
    host.delivered(SendOutcome::NoRoute);
    assert_eq!(host.reply(call), None);
}

#[test]
fn deleting_ends_every_wait() {
    let mut host = Host::new();
    let (send, _) = make(&mut host, "a");
    let call = wait(&mut host, "a").unwrap();
    host.delete("a", Status::Unpaid).unwrap();
    for call in [send, call] {
        let (code, record) = host.error(call);
        assert_eq!(
            (code, record.unwrap().label),
            (ErrorCode::NotFound, "a".to_owned())
        );
    }
    assert_eq!(host.engine.wake_at(), None);
    host.wait_s(1000);
    assert_eq!(host.replies, []);
}

#[test]
fn the_next_payment_is_the_one_after_the_last() {
    let mut host = Host::new();
    let (_, a) = make(&mut host, "a");
    let (_, b) = make(&mut host, "b");
    let (_, c) = make(&mut host, "c");
    let zero = wait_any(&mut host, 0, None);
    let one = wait_any(&mut host, 1, None);
    let far = wait_any(&mut host, u64::MAX, None);
    let b = host.receive(b, 50_000).unwrap();
    assert_eq!(host.paid(zero), b);
    assert_eq!(host.reply(one), None);
    let a = host.receive(a, 50_000).unwrap();
    assert_eq!(host.paid(one), a);
    let c = host.receive(c, 50_000).unwrap();
    assert_eq!(host.reply(far), None);
    for restart in [false, true] {
        if restart {
            host.restart();
        }
        for (last, expected) in [(0, &b), (1, &a), (2, &c)] {
            let call = wait_any(&mut host, last, None);
            assert_eq!(&host.paid(call), expected);
        }
    }
    let call = wait_any(&mut host, 3, None);
    assert_eq!(host.reply(call), None);
    // What was deleted is passed over.
    host.delete("a", Status::Paid).unwrap();
    let call = wait_any(&mut host, 1, None);
    assert_eq!(host.paid(call), c);
    host.delete("c", Status::Paid).unwrap();
    let call = wait_any(&mut host, 1, Some(1));
    assert_eq!(host.reply(call), None);
}

#[test]
fn waiting_for_any_ends_with_904() {
    let mut host = Host::new();
    let call = wait_any(&mut host, 0, Some(10));
    let at_once = wait_any(&mut host, 0, Some(0));
    let never = wait_any(&mut host, 0, None);
    host.settle();
    assert_eq!(host.error(at_once).0, ErrorCode::WaitAnyTimeout);
    host.wait(9_999);
    assert_eq!(host.reply(call), None);
    host.wait(1);
    let (code, record) = host.error(call);
    assert_eq!(
        (code, code.info().rpc_code, record),
        (ErrorCode::WaitAnyTimeout, 904, None)
    );
    host.wait_s(1_000_000);
    assert_eq!(host.reply(never), None);
}

#[test]
fn giving_up_ends_the_wait_and_nothing_else() {
    let mut host = Host::new();
    let (send, hash) = make(&mut host, "a");
    let one = wait(&mut host, "a").unwrap();
    let any = wait_any(&mut host, 0, Some(5));
    let (before, deadline) = (host.entries(), host.get("a").expires_at * 1000 + 1000);
    for call in [send, one, any] {
        host.give(&Input::Cancel { call }).unwrap();
        assert_eq!(host.error(call).0, ErrorCode::Cancelled);
        host.give(&Input::Cancel { call }).unwrap();
        assert_eq!(host.reply(call), None, "a call has one reply");
    }
    assert_eq!(host.entries(), before);
    assert_eq!(
        host.engine.wake_at(),
        Some(deadline),
        "only the invoice has an end"
    );
    assert_eq!(host.receive(hash, 50_000).unwrap().status, Status::Paid);
    assert_eq!(host.replies, []);
    host.give(&Input::Cancel { call: 12345 }).unwrap();
    assert_eq!(host.replies, []);
}

#[test]
fn one_payment_ends_ten_thousand_waits() {
    let mut host = Host::new();
    let (_, hash) = make(&mut host, "a");
    let calls: Vec<_> = (0..10_000)
        .map(|n| match n % 2 {
            0 => wait(&mut host, "a").unwrap(),
            _ => wait_any(&mut host, 0, Some(20)),
        })
        .collect();
    host.receive(hash, 50_000).unwrap();
    assert_eq!(host.replies.len(), calls.len() + 1);
    assert_eq!(host.engine.wake_at(), None);
}
