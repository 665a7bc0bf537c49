//! Other writers on the same store.

use invreq::engine::{Answers, DeliveryState, Input, Progress, SendInvoice, SendOutcome, Sending, Status};
use invreq::ErrorCode;

use crate::common::{config, error_bytes, params, Host, Request, SEED};

#[test]
fn another_writer_between_two_reads_cannot_make_us_overwrite() {
    let mut ours = Host::new();
    let mut theirs = Host::unopened(config(), SEED, ours.store.clone());
    theirs.dice = 1_000_000;
    theirs.restore().unwrap();
    // While we read the store, they write to it: after each of our reads in turn.
    for after in 1..=3 {
        ours.crash();
        let (entropy, mut answers, mut reads) = (ours.entropy(), Answers::new(), 0);
        let text = Request::number(after).text();
        let step = loop {
            match ours
                .engine
                .begin(&Input::Restore, ours.now_ms, &entropy, &answers)
                .unwrap()
            {
                Progress::Step(step) => break step,
                Progress::Need(needs) => {
                    for need in needs {
                        let answer = ours.answer(&need);
                        answers.insert(need, answer);
                        reads += 1;
                        if reads == after {
                            theirs.restore().unwrap();
                            theirs.send(params(&text, &format!("theirs {after}"))).unwrap();
                        }
                    }
                }
            }
        };
        assert!(step.batch.is_none());
        ours.engine.commit(step.id).unwrap();
        let error = ours
            .send(params(&Request::number(after + 100).text(), "ours"))
            .unwrap_err();
        assert_eq!(error.code(), ErrorCode::StoreConflict, "after read {after}");
        // By the revision, and not only because the key was taken.
        assert_eq!(error.message(), "another writer changed the store first");
        assert_eq!(theirs.get(&format!("theirs {after}")).status, Status::Unpaid);
    }
}

#[test]
fn an_engine_that_has_not_seen_an_invoice_says_so() {
    let mut ours = Host::new();
    let mut theirs = Host::unopened(config(), SEED, ours.store.clone());
    theirs.dice = 1_000_000;
    theirs.restore().unwrap();
    theirs.send(params(&Request::default().text(), "a")).unwrap();
    let hash = theirs.get("a").payment_hash;
    // "Not found" would make a host fail a good payment.
    assert_eq!(
        ours.claim(hash, 50_000).unwrap_err().code(),
        ErrorCode::StoreConflict
    );
    assert_eq!(
        ours.receive(hash, 50_000).unwrap_err().code(),
        ErrorCode::StoreConflict
    );
    assert_eq!(ours.resend("a").unwrap_err().code(), ErrorCode::StoreConflict);
    let again = ours.send(params(&Request::default().text(), "b"));
    assert_eq!(again.unwrap_err().code(), ErrorCode::StoreConflict);
    ours.restore().unwrap();
    assert!(ours.claim(hash, 50_000).is_ok());
}

#[test]
fn reading_again_tells_what_others_did() {
    let mut ours = Host::new();
    let mut waits = Vec::new();
    for (number, label) in ["paid", "expired", "deleted", "open"].iter().enumerate() {
        let params = SendInvoice {
            expiry: Some(1000),
            ..params(&Request::number(number as u32).text(), label)
        };
        waits.push(ours.send(params).unwrap());
        ours.delivered(SendOutcome::Accepted);
    }
    let any = ours.call();
    ours.give(&Input::WaitAnyInvoice {
        call: any,
        last_pay_index: 0,
        timeout: None,
    })
    .unwrap();
    let mut theirs = Host::unopened(config(), SEED, ours.store.clone());
    theirs.dice = 1_000_000;
    theirs.restore().unwrap();
    let hash = theirs.get("paid").payment_hash;
    theirs.receive(hash, 50_000).unwrap();
    theirs.delete("deleted", Status::Unpaid).unwrap();
    theirs.send(params(&Request::number(77).text(), "new")).unwrap();
    ours.events.clear();
    ours.restore().unwrap();
    assert_eq!(ours.event_names(), ["created", "paid", "deleted"]);
    assert_eq!(ours.paid(waits[0]).label, "paid");
    assert_eq!(ours.paid(any).label, "paid");
    assert_eq!(ours.error(waits[2]).0, ErrorCode::NotFound);
    assert_eq!((ours.reply(waits[1]), ours.reply(waits[3])), (None, None));
    ours.restore().unwrap();
    assert_eq!(ours.event_names(), [] as [&str; 0], "but only once");
    // Money that came late is told, too.
    theirs.wait_s(1001);
    let hash = theirs.get("expired").payment_hash;
    theirs.receive(hash, 50_000).unwrap();
    ours.now_ms = theirs.now_ms;
    ours.restore().unwrap();
    assert_eq!(ours.event_names(), ["expired", "expired", "paid"]);
    assert_eq!(ours.error(waits[3]).0, ErrorCode::InvoiceExpired);
}

#[test]
fn a_copy_in_hand_stays_in_hand_unless_another_writer_went_on() {
    let mut ours = Host::new();
    ours.send(params(&Request::default().text(), "a")).unwrap();
    ours.restore().unwrap();
    ours.settle();
    assert_eq!(ours.deliveries.len(), 1, "reading again does not send again");
    assert_eq!(ours.get("a").delivery.state, DeliveryState::Sending);
    let mut theirs = Host::unopened(config(), SEED, ours.store.clone());
    theirs.restore().unwrap();
    theirs.settle();
    theirs.delivered(SendOutcome::Failed);
    // They tried, failed, and are gone. We have to take over, after a while.
    ours.restore().unwrap();
    let old = ours.deliveries.pop_front().unwrap();
    ours.settle();
    assert!(ours.deliveries.is_empty());
    ours.say(&old.id, SendOutcome::NoRoute);
    ours.wait_s(2);
    assert_eq!(ours.delivered(SendOutcome::Accepted).id, "1-1");
    assert_eq!(ours.get("a").delivery.state, DeliveryState::Sent);
}

/// Two engines on one store, of which ours sends.
fn two() -> (Host, Host) {
    let mut ours = Host::new();
    ours.engine.set_sending(Sending::Only);
    let mut theirs = Host::unopened(config(), SEED, ours.store.clone());
    theirs.dice = 1_000_000;
    theirs.engine.set_sending(Sending::None);
    theirs.restore().unwrap();
    (ours, theirs)
}

#[test]
fn of_two_engines_the_one_that_sends_sends_for_both() {
    let (mut ours, mut theirs) = two();
    let wait = theirs.send(params(&Request::default().text(), "a")).unwrap();
    assert!(theirs.deliveries.is_empty());
    theirs.wait_s(5);
    assert!(theirs.deliveries.is_empty(), "however late it is");
    assert_eq!(theirs.get("a").delivery.state, DeliveryState::Stored);
    // Nobody else can have it in hand, so it leaves at once.
    ours.now_ms = theirs.now_ms;
    ours.restore().unwrap();
    ours.settle();
    ours.delivered(SendOutcome::Accepted);
    theirs.events.clear();
    theirs.restore().unwrap();
    assert_eq!(theirs.event_names(), ["delivery"]);
    assert_eq!(theirs.get("a").delivery.state, DeliveryState::Sent);
    // The end of its wait is its own business.
    theirs.wait_s(90);
    assert_eq!(theirs.error(wait).0, ErrorCode::WaitTimeout);
    assert!(theirs.deliveries.is_empty());
}

#[test]
fn an_engine_that_becomes_the_one_that_sends_takes_over() {
    let (mut ours, mut theirs) = two();
    theirs.send(params(&Request::default().text(), "a")).unwrap();
    ours.restore().unwrap();
    ours.settle();
    assert_eq!(
        ours.deliveries.len(),
        1,
        "handed out, and then their process ends"
    );
    theirs.engine.set_sending(Sending::Only);
    theirs.restore().unwrap();
    theirs.settle();
    assert_eq!(theirs.delivered(SendOutcome::Accepted).id, ours.deliveries[0].id);
}

#[test]
fn a_call_ends_with_what_another_engine_found_out() {
    let (mut ours, mut theirs) = two();
    let unreachable = theirs.send(params(&Request::number(1).text(), "a")).unwrap();
    let refused = theirs.send(params(&Request::number(2).text(), "b")).unwrap();
    let waits = theirs.call();
    let label = "a".to_owned();
    theirs.give(&Input::WaitInvoice { call: waits, label }).unwrap();
    ours.restore().unwrap();
    ours.settle();
    ours.delivered(SendOutcome::NoRoute);
    let copy = ours.delivered(SendOutcome::Accepted);
    ours.payer_error(copy.reply_path_id.unwrap(), error_bytes("no", None));
    theirs.now_ms = ours.now_ms;
    theirs.events.clear();
    theirs.restore().unwrap();
    let (code, record) = theirs.error(unreachable);
    assert_eq!((code, record.unwrap().label.as_str()), (ErrorCode::NoRoute, "a"));
    let (code, record) = theirs.error(refused);
    assert_eq!(
        (code, record.unwrap().label.as_str()),
        (ErrorCode::PayerError, "b")
    );
    assert_eq!(theirs.reply(waits), None, "it can still be paid");
    assert_eq!(theirs.event_names(), ["delivery", "payer_error"]);
    theirs.restore().unwrap();
    assert_eq!(theirs.event_names(), [] as [&str; 0], "but only once");
}

#[test]
fn a_claim_in_another_engine_is_told() {
    let (mut ours, mut theirs) = two();
    theirs.send(params(&Request::default().text(), "a")).unwrap();
    ours.restore().unwrap();
    let hash = ours.get("a").payment_hash;
    ours.claim(hash, 50_000).unwrap();
    theirs.events.clear();
    theirs.restore().unwrap();
    assert_eq!(theirs.event_names(), ["claiming"]);
    ours.record(|call| Input::ClaimFailed {
        call,
        payment_hash: hash,
    })
    .unwrap();
    theirs.restore().unwrap();
    assert_eq!(theirs.event_names(), ["claim_failed"]);
}

#[test]
fn a_copy_in_the_hands_of_another_engine_keeps_the_call_waiting() {
    let (mut ours, mut theirs) = two();
    let request = Request::default().paths_over(&[10, 11]);
    let wait = theirs.send(params(&request.text(), "a")).unwrap();
    ours.restore().unwrap();
    ours.settle();
    let first = ours.delivered(SendOutcome::Accepted);
    ours.wait_s(10);
    assert_eq!(ours.deliveries.len(), 1, "the second copy is in hand");
    ours.payer_error(first.reply_path_id.unwrap(), error_bytes("no", None));
    theirs.now_ms = ours.now_ms;
    theirs.restore().unwrap();
    assert_eq!(
        theirs.reply(wait),
        None,
        "it may still be paid over the second path"
    );
    assert_eq!(theirs.get("a").delivery.state, DeliveryState::Sent);
    let second = ours.delivered(SendOutcome::Accepted);
    ours.payer_error(second.reply_path_id.unwrap(), error_bytes("no", None));
    theirs.restore().unwrap();
    let (code, record) = theirs.error(wait);
    assert_eq!(code, ErrorCode::PayerError);
    assert_eq!(record.unwrap().delivery.state, DeliveryState::Refused);
}

#[test]
fn a_new_invoice_is_left_to_the_engine_that_made_it_for_a_moment() {
    let mut ours = Host::new();
    let mut theirs = Host::unopened(config(), SEED, ours.store.clone());
    theirs.dice = 1_000_000;
    theirs.restore().unwrap();
    theirs.send(params(&Request::default().text(), "a")).unwrap();
    ours.restore().unwrap();
    ours.settle();
    assert!(ours.deliveries.is_empty(), "they are at it");
    ours.wait_s(1);
    assert_eq!(ours.deliveries.len(), 1);
}

#[test]
fn a_path_that_another_engine_gave_up_is_told() {
    let (mut ours, mut theirs) = two();
    let request = Request::default().paths_over(&[10, 11]);
    theirs.send(params(&request.text(), "a")).unwrap();
    ours.restore().unwrap();
    ours.settle();
    ours.delivered(SendOutcome::Accepted);
    theirs.restore().unwrap();
    theirs.events.clear();
    ours.wait_s(10);
    ours.delivered(SendOutcome::NoRoute);
    theirs.now_ms = ours.now_ms;
    theirs.restore().unwrap();
    assert_eq!(theirs.event_names(), ["delivery"], "of the path alone");
}

#[test]
fn a_payer_that_pays_what_it_refused_keeps_the_call_waiting() {
    let (mut ours, mut theirs) = two();
    let wait = theirs.send(params(&Request::default().text(), "a")).unwrap();
    ours.restore().unwrap();
    ours.settle();
    let copy = ours.delivered(SendOutcome::Accepted);
    ours.payer_error(copy.reply_path_id.unwrap(), error_bytes("no", None));
    ours.claim(copy.payment_hash, 50_000).unwrap();
    theirs.restore().unwrap();
    assert_eq!(theirs.get("a").delivery.state, DeliveryState::Refused);
    assert_eq!(theirs.reply(wait), None);
}

#[test]
fn a_copy_in_line_that_another_engine_made_needless_holds_up_nobody() {
    let mut ours = Host::new();
    ours.send(params(&Request::number(1).text(), "a")).unwrap();
    ours.send(params(&Request::number(2).text(), "b")).unwrap();
    assert_eq!(ours.deliveries.len(), 1, "the second is in line");
    let mut theirs = Host::unopened(config(), SEED, ours.store.clone());
    theirs.dice = 1_000_000;
    theirs.restore().unwrap();
    theirs.delete("b", Status::Unpaid).unwrap();
    ours.restore().unwrap();
    ours.send(params(&Request::number(3).text(), "c")).unwrap();
    ours.wait(250);
    let labels: Vec<_> = ours.deliveries.iter().map(|copy| copy.label.as_str()).collect();
    assert_eq!(labels, ["a", "c"]);
}

#[test]
fn a_copy_that_another_engine_went_past_is_not_waited_for() {
    let mut ours = Host::new();
    ours.send(params(&Request::default().text(), "a")).unwrap();
    let mut theirs = Host::unopened(config(), SEED, ours.store.clone());
    theirs.dice = 1_000_000;
    theirs.restore().unwrap();
    theirs.settle();
    theirs.delivered(SendOutcome::Failed);
    ours.restore().unwrap();
    // Whatever the host says of the old copy, or never says.
    ours.wait_s(2);
    let ids: Vec<_> = ours.deliveries.iter().map(|copy| copy.id.as_str()).collect();
    assert_eq!(ids, ["1-0", "1-1"]);
}

/// Whoever pays has the invoice: what became of a copy that another engine had in its hands changes nothing.
#[test]
fn a_copy_that_cannot_be_sent_is_not_sent_again_once_another_engine_saw_the_claim() {
    for outcome in [SendOutcome::NoRoute, SendOutcome::Offline, SendOutcome::Failed] {
        let mut ours = Host::new();
        let call = ours.send(params(&Request::default().text(), "a")).unwrap();
        ours.settle();
        let copy = ours.deliveries.pop_front().unwrap();
        let mut theirs = Host::unopened(config(), SEED, ours.store.clone());
        theirs.restore().unwrap();
        let hash = theirs.get("a").payment_hash;
        assert!(theirs.claim(hash, 50_000).is_ok());
        ours.restore().unwrap();
        ours.say(&copy.id, outcome);
        ours.wait_s(600);
        assert!(ours.deliveries.is_empty(), "after {outcome:?}");
        assert_eq!(ours.engine.wake_at(), None, "after {outcome:?}");
        let record = ours.get("a");
        assert_eq!(
            (record.claiming, record.delivery.state),
            (true, DeliveryState::Sent)
        );
        assert_eq!(
            ours.reply(call).map(|reply| reply.unwrap_err().code()),
            Some(ErrorCode::WaitTimeout)
        );
        ours.receive(hash, 50_000).unwrap();
        assert_eq!(ours.get("a").status, Status::Paid);
    }
}

/// The second answer to a claim is not written, so only the revision shows that the claim is still there.
#[test]
fn a_claim_that_another_engine_took_back_is_not_approved_from_memory() {
    let (mut ours, mut theirs) = two();
    ours.send(params(&Request::default().text(), "a")).unwrap();
    theirs.restore().unwrap();
    let hash = theirs.get("a").payment_hash;
    ours.restore().unwrap();
    ours.claim(hash, 50_000).unwrap();
    theirs.restore().unwrap();
    ours.record(|call| Input::ClaimFailed {
        call,
        payment_hash: hash,
    })
    .unwrap();
    ours.wait_s(200);
    assert_eq!(ours.get("a").status, Status::Expired);
    let late = ours.get("a").expires_at + 1;
    let error = theirs.claim_begun(hash, 50_000, late).unwrap_err();
    assert_eq!(error.code(), ErrorCode::StoreConflict);
    theirs.restore().unwrap();
    let error = theirs.claim_begun(hash, 50_000, late).unwrap_err();
    assert_eq!(error.code(), ErrorCode::ClaimTooLate);
}
