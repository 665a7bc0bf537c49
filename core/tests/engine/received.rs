//! Money that arrived for good.

use invreq::engine::{Event, Input, PaymentReceived, SendOutcome, Status};
use invreq::{ErrorCode, PaymentHash, Preimage, Result};

use crate::common::{params, Host, PaysWith, Request, START};

fn open_invoice(host: &mut Host) -> PaymentHash {
    host.send(params(&Request::default().text(), "a")).unwrap();
    host.delivered(SendOutcome::Accepted);
    host.get("a").payment_hash
}

fn with_preimage(host: &mut Host, hash: PaymentHash, bytes: [u8; 32]) -> Result<invreq::engine::Record> {
    let payment = PaymentReceived {
        payment_hash: hash,
        amount_msat: 50_000,
        paid_at: START + 7,
        preimage: Some(Preimage::new(bytes)),
    };
    host.record(|call| Input::PaymentReceived { call, payment })
}

#[test]
fn it_makes_the_invoice_paid_once() {
    let mut host = Host::new();
    let hash = open_invoice(&mut host);
    host.events.clear();
    host.wait_s(5);
    let paid = host.receive(hash, 55_555).unwrap();
    let payment = paid.payment.clone().unwrap();
    assert_eq!(
        (paid.status, paid.updated_index, payment.pay_index),
        (Status::Paid, Some(1), 1)
    );
    assert_eq!(
        (payment.amount_received_msat, payment.paid_at),
        (55_555, START + 5)
    );
    assert_eq!(payment.payment_preimage.payment_hash(), hash);
    let before = host.entries();
    host.wait_s(500);
    for amount in [55_555, 1, u64::MAX] {
        assert_eq!(
            host.receive(hash, amount).unwrap(),
            paid,
            "a report again changes nothing"
        );
    }
    host.restart();
    assert_eq!(host.receive(hash, 55_555).unwrap(), paid);
    assert_eq!(host.entries(), before);
    assert_eq!(host.event_names(), [] as [&str; 0]);
    assert_eq!(host.engine.open_invoices(), 0);
}

#[test]
fn too_little_is_an_event_and_never_paid() {
    let mut host = Host::new();
    let hash = open_invoice(&mut host);
    host.events.clear();
    let call = host.call();
    let payment = PaymentReceived {
        payment_hash: hash,
        amount_msat: 49_999,
        paid_at: START,
        preimage: None,
    };
    let before = host.entries();
    host.give(&Input::PaymentReceived { call, payment }).unwrap();
    assert_eq!(host.error(call).0, ErrorCode::AmountTooLow);
    match host.events.as_slice() {
        [Event::Underpaid {
            record,
            amount_received_msat: 49_999,
        }] => assert_eq!(record.status, Status::Unpaid),
        other => panic!("{other:?}"),
    }
    assert_eq!(host.entries(), before);
    assert_eq!(host.receive(hash, 50_000).unwrap().status, Status::Paid);
}

#[test]
fn money_after_the_end_is_recorded() {
    let mut host = Host::new();
    let hash = open_invoice(&mut host);
    host.wait_s(1000);
    assert_eq!(host.get("a").updated_index, Some(1));
    host.events.clear();
    let paid = host.receive(hash, 50_000).unwrap();
    assert_eq!((paid.status, paid.updated_index), (Status::Paid, Some(2)));
    assert_eq!(host.event_names(), ["paid"]);
    host.restart();
    assert_eq!(host.get("a"), paid);
    let error = host.send(params(&Request::default().text(), "b")).unwrap_err();
    assert_eq!(
        error.code(),
        ErrorCode::AlreadyAnswered,
        "it stands for its request again"
    );
}

#[test]
fn the_preimage_of_a_host_that_keeps_it_is_required_and_checked() {
    let mut host = Host::new();
    host.source.with = PaysWith::Kept([5; 32]);
    let hash = open_invoice(&mut host);
    let before = host.entries();
    assert_eq!(
        host.receive(hash, 50_000).unwrap_err().code(),
        ErrorCode::PreimageRequired
    );
    let error = with_preimage(&mut host, hash, [6; 32]).unwrap_err();
    assert_eq!(error.code(), ErrorCode::PreimageMismatch);
    assert_eq!(host.entries(), before);
    let paid = with_preimage(&mut host, hash, [5; 32]).unwrap();
    assert_eq!(paid.payment.unwrap().payment_preimage, Preimage::new([5; 32]));
    // Later reports need not repeat it, but a wrong one stays wrong.
    assert_eq!(host.receive(hash, 50_000).unwrap().status, Status::Paid);
    let error = with_preimage(&mut host, hash, [6; 32]).unwrap_err();
    assert_eq!(error.code(), ErrorCode::PreimageMismatch);
}

#[test]
fn a_preimage_we_hold_may_be_given_too() {
    let mut host = Host::new();
    host.source.with = PaysWith::Given([4; 32]);
    let hash = open_invoice(&mut host);
    assert_eq!(
        with_preimage(&mut host, hash, [3; 32]).unwrap_err().code(),
        ErrorCode::PreimageMismatch
    );
    assert_eq!(
        with_preimage(&mut host, hash, [4; 32])
            .unwrap()
            .payment
            .unwrap()
            .paid_at,
        START + 7
    );
}

#[test]
fn a_source_with_the_wrong_preimage_is_refused() {
    let mut host = Host::new();
    host.source.with = PaysWith::Wrong([4; 32]);
    let error = host.send(params(&Request::default().text(), "a")).unwrap_err();
    assert_eq!(error.code(), ErrorCode::PreimageMismatch);
    assert_eq!(host.engine.open_invoices(), 0);
}

#[test]
fn an_unknown_payment_is_not_found() {
    let mut host = Host::new();
    let hash = open_invoice(&mut host);
    assert_eq!(
        host.receive(PaymentHash([0; 32]), 1).unwrap_err().code(),
        ErrorCode::NotFound
    );
    host.receive(hash, 50_000).unwrap();
    host.delete("a", Status::Paid).unwrap();
    assert_eq!(
        host.receive(hash, 50_000).unwrap_err().code(),
        ErrorCode::NotFound
    );
}

#[test]
fn paid_without_a_word_from_the_transport_it_was_sent() {
    let mut host = Host::new();
    host.send(params(&Request::default().text(), "a")).unwrap();
    let copy = host.deliveries.pop_front().unwrap();
    let hash = host.get("a").payment_hash;
    let paid = host.receive(hash, 50_000).unwrap();
    assert_eq!(paid.delivery.state, invreq::engine::DeliveryState::Sent);
    assert_eq!(paid.delivery.attempts, 1);
    host.say(&copy.id, SendOutcome::Failed);
    host.wait_s(1000);
    assert!(host.deliveries.is_empty());
    assert_eq!(host.get("a"), paid);
}
