//! Claiming: the one way by which a preimage leaves before the money is there for good.

use futures_lite::future::block_on;
use invreq::engine::{
    Answers, DeliveryState, Input, PaymentReceived, Progress, SendInvoice, SendOutcome, Status,
};
use invreq::store::Store;
use invreq::{ErrorCode, PaymentHash, Preimage};

use crate::common::{params, Host, PaysWith, Request};

fn open_invoice(host: &mut Host) -> PaymentHash {
    host.send(params(&Request::default().text(), "a")).unwrap();
    host.delivered(SendOutcome::Accepted);
    host.get("a").payment_hash
}

#[test]
fn it_gives_the_preimage_once_the_claim_is_written() {
    let mut host = Host::new();
    let hash = open_invoice(&mut host);
    let before = host.writes;
    let approval = host.claim(hash, 50_000).unwrap();
    assert_eq!(host.writes, before + 1);
    assert_eq!(approval.preimage.as_ref().unwrap().payment_hash(), hash);
    assert_eq!(
        (approval.record.claiming, approval.record.status),
        (true, Status::Unpaid)
    );
    assert_eq!(approval.record.updated_index, None);
    // Twice is the same answer, without another write and without another event.
    host.events.clear();
    assert_eq!(host.claim(hash, 50_000).unwrap(), approval);
    assert_eq!((host.writes, host.events.len()), (before + 1, 0));
    // And after a crash as well.
    host.restart();
    let again = host.claim(hash, 50_000).unwrap();
    assert_eq!(again, approval);
}

#[test]
fn the_amount_has_to_be_right() {
    let mut host = Host::new();
    let hash = open_invoice(&mut host);
    let before = host.entries();
    for (total, code) in [
        (0, ErrorCode::AmountTooLow),
        (49_999, ErrorCode::AmountTooLow),
        (100_001, ErrorCode::AmountTooHigh),
        (u64::MAX, ErrorCode::AmountTooHigh),
    ] {
        let error = host.claim(hash, total).unwrap_err();
        assert_eq!(
            (error.code(), error.rule()),
            (code, Some("amount-received")),
            "{total}"
        );
        assert_eq!(error.record().unwrap().label, "a");
    }
    assert_eq!(host.entries(), before);
    for total in [50_000, 50_001, 100_000] {
        let mut host = Host::new();
        let hash = open_invoice(&mut host);
        assert!(host.claim(hash, total).is_ok(), "{total}");
    }
}

#[test]
fn it_has_to_have_begun_in_time() {
    let mut host = Host::new();
    let hash = open_invoice(&mut host);
    let expires_at = host.get("a").expires_at;
    let error = host.claim_begun(hash, 50_000, expires_at + 1).unwrap_err();
    assert_eq!(
        (error.code(), error.rule()),
        (ErrorCode::ClaimTooLate, Some("payment-in-time"))
    );
    // After the tick that expired it, a payment that began before may still be claimed.
    host.wait_s(1000);
    assert_eq!(host.get("a").status, Status::Expired);
    assert_eq!(
        host.claim_begun(hash, 50_000, expires_at + 1).unwrap_err().code(),
        ErrorCode::ClaimTooLate
    );
    let approval = host.claim_begun(hash, 50_000, expires_at).unwrap();
    assert_eq!(
        (approval.record.status, approval.record.claiming),
        (Status::Expired, true)
    );
    host.restart();
    assert_eq!(host.claim_begun(hash, 50_000, expires_at).unwrap(), approval);
    assert_eq!(
        host.delete("a", Status::Expired).unwrap_err().code(),
        ErrorCode::Claiming
    );
    let paid = host.receive(hash, 50_000).unwrap();
    assert_eq!(
        (paid.status, paid.claiming, paid.updated_index),
        (Status::Paid, false, Some(2))
    );
}

/// Milliseconds would refuse every payment as too late, and be kept as the time it was paid.
#[test]
fn times_are_in_seconds() {
    let mut host = Host::new();
    let hash = open_invoice(&mut host);
    let before = host.entries();
    let ms = host.now_ms;
    let error = host.claim_begun(hash, 50_000, ms).unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidParameter);
    assert!(
        error.message().starts_with("first_htlc_at is in Unix seconds"),
        "{error}"
    );
    let paid = |paid_at| PaymentReceived {
        payment_hash: hash,
        amount_msat: 50_000,
        paid_at,
        preimage: None,
    };
    let received = |host: &mut Host, paid_at| {
        let payment = paid(paid_at);
        host.record(|call| Input::PaymentReceived { call, payment })
    };
    let error = received(&mut host, ms).unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidParameter);
    assert!(
        error.message().starts_with("paid_at is in Unix seconds"),
        "{error}"
    );
    assert_eq!(host.entries(), before);
    // A clock that is wrong by years is another matter: the money is there.
    assert_eq!(received(&mut host, 99_999_999_999).unwrap().status, Status::Paid);
}

#[test]
fn nothing_else_happens_to_what_is_being_claimed() {
    let mut host = Host::new();
    let call = host
        .send(SendInvoice {
            timeout: Some(500),
            expiry: Some(5),
            ..params(&Request::default().text(), "a")
        })
        .unwrap();
    let copy = host.deliveries.pop_front().unwrap();
    let hash = host.get("a").payment_hash;
    let claimed = host.claim(hash, 60_000).unwrap().record;
    assert_eq!(
        claimed.delivery.state,
        DeliveryState::Sent,
        "whoever pays has the invoice"
    );
    host.say(&copy.id, SendOutcome::Offline);
    host.wait_s(100);
    host.restart();
    host.wait_s(1000);
    assert!(host.deliveries.is_empty());
    assert_eq!(host.get("a"), claimed);
    assert_eq!(host.resend("a").unwrap_err().code(), ErrorCode::Claiming);
    assert_eq!(
        host.delete("a", Status::Unpaid).unwrap_err().code(),
        ErrorCode::Claiming
    );
    assert_eq!(host.reply(call), None);
    assert_eq!(
        host.receive(hash, 60_000)
            .unwrap()
            .payment
            .unwrap()
            .amount_received_msat,
        60_000
    );
    assert_eq!(
        host.claim(hash, 60_000).unwrap_err().code(),
        ErrorCode::AlreadyPaid
    );
}

#[test]
fn a_wait_goes_on_while_claiming() {
    let mut host = Host::new();
    let call = host.send(params(&Request::default().text(), "a")).unwrap();
    let hash = host.get("a").payment_hash;
    host.claim(hash, 50_000).unwrap();
    host.wait_s(50);
    let paid = host.receive(hash, 50_000).unwrap();
    assert_eq!(host.paid(call), paid);
}

#[test]
fn a_preimage_comes_from_whoever_made_it() {
    let cases = [
        (PaysWith::Given([4; 32]), Some([4; 32])),
        (PaysWith::Kept([5; 32]), None),
    ];
    for (with, expected) in cases {
        let mut host = Host::new();
        host.source.with = with;
        let hash = open_invoice(&mut host);
        host.restart();
        let approval = host.claim(hash, 50_000).unwrap();
        assert_eq!(approval.preimage, expected.map(Preimage::new));
        assert!(approval.record.claiming);
    }
}

/// A store can say that it failed after it wrote: what the engine has in memory is then no ground for giving out a preimage.
#[test]
fn a_claim_is_written_again_where_its_end_may_be() {
    let mut host = Host::new();
    let hash = open_invoice(&mut host);
    host.claim(hash, 50_000).unwrap();
    let call = host.call();
    let failed = Input::ClaimFailed {
        call,
        payment_hash: hash,
    };
    write_unnoticed(&mut host, &failed);
    // The host never heard of it, so the step is not committed, and the payer tries once more.
    let tick = host.give(&Input::Tick);
    assert_eq!(tick.unwrap_err().code(), ErrorCode::StoreConflict);
    assert_eq!(
        host.claim(hash, 50_000).unwrap_err().code(),
        ErrorCode::StoreConflict
    );
    let waits = host.call();
    let label = "a".to_owned();
    let wait = host.give(&Input::WaitInvoice { call: waits, label });
    assert_eq!(wait.unwrap_err().code(), ErrorCode::StoreConflict);
    // Nor is it known what there is not.
    assert_eq!(host.resend("b").unwrap_err().code(), ErrorCode::StoreConflict);
    host.restore().unwrap();
    let before = host.writes;
    assert!(host.claim(hash, 50_000).unwrap().preimage.is_some());
    assert_eq!(host.writes, before + 1, "it is in the store before it is out");
    host.restart();
    assert!(host.get("a").claiming);
}

/// The same store, and a wait that ends: its caller must not hear `unpaid` of an invoice whose payment is stored.
#[test]
fn a_wait_ends_from_the_store_where_memory_may_be_behind() {
    let mut host = Host::new();
    let waits = host.send(params(&Request::default().text(), "a")).unwrap();
    let payment = PaymentReceived {
        payment_hash: host.get("a").payment_hash,
        amount_msat: 50_000,
        paid_at: host.now(),
        preimage: None,
    };
    let call = host.call();
    write_unnoticed(&mut host, &Input::PaymentReceived { call, payment });
    host.now_ms += 90_000;
    assert_eq!(
        host.give(&Input::Tick).unwrap_err().code(),
        ErrorCode::StoreConflict
    );
    host.restore().unwrap();
    host.tick();
    assert_eq!(host.paid(waits).status, Status::Paid);
}

/// Writes what an input leads to, but the host never hears that it was written.
fn write_unnoticed(host: &mut Host, input: &Input) {
    let (entropy, mut answers) = (host.entropy(), Answers::new());
    let step = loop {
        match host.engine.begin(input, host.now_ms, &entropy, &answers).unwrap() {
            Progress::Step(step) => break step,
            Progress::Need(needs) => needs.into_iter().for_each(|need| {
                let answer = host.answer(&need);
                answers.insert(need, answer);
            }),
        }
    };
    block_on(host.store.write(&step.batch.unwrap())).unwrap();
}

#[test]
fn an_unknown_payment_is_not_found() {
    let mut host = Host::new();
    let hash = open_invoice(&mut host);
    let error = host.claim(PaymentHash([0; 32]), 50_000).unwrap_err();
    assert_eq!((error.code(), error.rpc_code()), (ErrorCode::NotFound, 905));
    host.delete("a", Status::Unpaid).unwrap();
    assert_eq!(host.claim(hash, 50_000).unwrap_err().code(), ErrorCode::NotFound);
}
