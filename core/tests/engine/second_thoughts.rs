//! Claims that come to nothing, answers known before a call, copies that left before the way was lost.

use invreq::engine::{Answer, DeliveryState, Existing, Input, Outcome, SendInvoice, SendOutcome, Status};
use invreq::ErrorCode;

use crate::common::request::path_over;
use crate::common::{error_bytes, params, Host, Request};

fn join(text: &str, label: &str) -> SendInvoice {
    SendInvoice {
        existing: Existing::Join,
        ..params(text, label)
    }
}

#[test]
fn a_claim_that_came_to_nothing_frees_the_invoice() {
    let mut host = Host::new();
    let text = Request::default().text();
    host.send(params(&text, "a")).unwrap();
    host.delivered(SendOutcome::Accepted);
    let hash = host.get("a").payment_hash;
    host.claim(hash, 50_000).unwrap();
    // While a claim is open the invoice does not expire, however late it gets.
    host.wait_s(3600);
    assert_eq!(
        (host.get("a").status, host.get("a").claiming),
        (Status::Unpaid, true)
    );
    host.events.clear();

    let failed = host
        .record(|call| Input::ClaimFailed {
            call,
            payment_hash: hash,
        })
        .unwrap();
    assert!(!failed.claiming);
    assert_eq!(failed.delivery.state, DeliveryState::Sent, "no payer refused it");
    assert_eq!(host.event_names()[0], "claim_failed");
    host.settle();
    assert_eq!(host.get("a").status, Status::Expired);
    // Said again, or of an invoice nobody claims, it changes nothing.
    let before = host.entries();
    host.record(|call| Input::ClaimFailed {
        call,
        payment_hash: hash,
    })
    .unwrap();
    assert_eq!(host.entries(), before);
    // It was not the money's last word.
    assert_eq!(host.receive(hash, 50_000).unwrap().status, Status::Paid);
    let error = host
        .record(|call| Input::ClaimFailed {
            call,
            payment_hash: hash,
        })
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::AlreadyPaid);
}

#[test]
fn a_wait_outlives_the_expiry_while_money_is_being_claimed() {
    let mut host = Host::new();
    let text = Request::default().text();
    host.send(params(&text, "a")).unwrap();
    host.delivered(SendOutcome::Accepted);
    let (hash, began) = (host.get("a").payment_hash, host.now());
    host.wait_s(200);
    assert_eq!(host.get("a").status, Status::Expired);
    host.claim_begun(hash, 50_000, began).unwrap();
    let waiting = host.call();
    host.give(&Input::WaitInvoice {
        call: waiting,
        label: "a".to_owned(),
    })
    .unwrap();
    let joined = host.send(join(&text, "a")).unwrap();
    assert_eq!((host.reply(waiting), host.reply(joined)), (None, None));
    // Another writer's change does not end it either.
    host.restore().unwrap();
    assert_eq!(host.reply(waiting), None);

    let paid = host.receive(hash, 50_000).unwrap();
    assert_eq!(host.reply(waiting).unwrap(), Ok(Outcome::Record(paid.clone())));
    assert_eq!(host.reply(joined).unwrap(), Ok(Outcome::Record(paid)));
}

#[test]
fn joining_tells_what_the_payer_said_before() {
    let mut host = Host::new();
    let text = Request::default().text();
    host.send(params(&text, "a")).unwrap();
    let token = host.delivered(SendOutcome::Accepted).reply_path_id.unwrap();
    host.payer_error(token, error_bytes("no money", None));
    host.restart();
    let call = host.send(join(&text, "a")).unwrap();
    let (code, record) = host.error(call);
    assert_eq!(code, ErrorCode::PayerError);
    assert_eq!(record.unwrap().delivery.state, DeliveryState::Refused);
}

#[test]
fn a_copy_that_left_keeps_the_invoice_sent() {
    let mut host = Host::new();
    let call = host.send(params(&Request::default().text(), "a")).unwrap();
    host.delivered(SendOutcome::Accepted);
    // The user sends it again while the way is lost.
    host.default_route = Answer::Route(None);
    host.resend("a").unwrap();
    host.settle();
    assert_eq!(host.get("a").delivery.state, DeliveryState::Sent);
    assert_eq!(host.reply(call), None, "the payer has the invoice");
}

#[test]
fn a_copy_that_may_have_left_is_no_dead_end() {
    let mut host = Host::new();
    let call = host.send(params(&Request::default().text(), "a")).unwrap();
    host.delivered(SendOutcome::Failed);
    host.default_route = Answer::Route(None);
    host.wait_s(40);
    assert_ne!(host.get("a").delivery.state, DeliveryState::Unreachable);
    assert_eq!(host.reply(call), None);
}

#[test]
fn all_paths_are_asked_about_at_once_and_time_goes_first() {
    let mut host = Host::new();
    let paths: Vec<_> = (70..90).map(path_over).collect();
    let request = Request {
        paths,
        ..Request::number(7)
    };
    host.default_route = Answer::Route(None);
    let call = host.send(params(&request.text(), "many")).unwrap();
    let (code, record) = host.error(call);
    assert_eq!(code, ErrorCode::NoRoute);
    assert_eq!(record.unwrap().delivery.paths.len(), 20);
}
