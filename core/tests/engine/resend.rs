//! Sending the same bytes again.

use invreq::engine::{Answer, DeliveryState, Existing, SendInvoice, SendOutcome, Status};
use invreq::ErrorCode;

use crate::common::{error_bytes, params, Host, Request, START};

#[test]
fn it_sends_identical_bytes() {
    let mut host = Host::new();
    host.send(params(&Request::default().text(), "a")).unwrap();
    let first = host.delivered(SendOutcome::Accepted);
    let before = host.get("a");
    let record = host.resend("a").unwrap();
    assert_eq!(record.delivery.state, DeliveryState::Stored);
    let second = host.delivered(SendOutcome::Accepted);
    assert_eq!(first.invoice, second.invoice);
    assert_eq!((first.id.as_str(), second.id.as_str()), ("1-0", "1-1"));
    assert_ne!(
        first.packet.message, second.packet.message,
        "but each copy is sealed anew"
    );
    let after = host.get("a");
    assert_eq!(
        (after.bolt12, after.expires_at),
        (before.bolt12, before.expires_at)
    );
    assert_eq!(after.delivery.attempts, 2);
    assert_eq!(after.updated_index, None);
}

#[test]
fn it_follows_after_a_refusal_and_after_no_route() {
    let mut host = Host::new();
    host.send(params(&Request::default().text(), "a")).unwrap();
    host.delivered(SendOutcome::NoRoute);
    host.resend("a").unwrap();
    let copy = host.delivered(SendOutcome::Accepted);
    host.payer_error(copy.reply_path_id.unwrap(), error_bytes("no", None));
    assert_eq!(host.get("a").delivery.state, DeliveryState::Refused);
    host.resend("a").unwrap();
    host.delivered(SendOutcome::Accepted);
    let record = host.get("a");
    assert_eq!(record.delivery.state, DeliveryState::Sent);
    assert!(record.delivery.error.is_some(), "what was said is kept");
}

#[test]
fn it_is_refused_when_nothing_can_come_of_it() {
    let mut host = Host::new();
    assert_eq!(host.resend("a").unwrap_err().code(), ErrorCode::NotFound);
    let expires = Request::number(1).expires(START + 50).text();
    for (number, label) in ["expired", "paid", "claiming"].iter().enumerate() {
        let text = Request::number(number as u32 + 10).text();
        host.send(SendInvoice {
            expiry: Some(30),
            ..params(&text, label)
        })
        .unwrap();
    }
    host.send(SendInvoice {
        expiry: Some(600),
        ..params(&expires, "request")
    })
    .unwrap();
    let (paid, claiming) = (host.get("paid").payment_hash, host.get("claiming").payment_hash);
    host.receive(paid, 50_000).unwrap();
    host.claim(claiming, 50_000).unwrap();
    host.wait_s(50);
    host.resend("request").unwrap();
    host.wait_s(1);
    let before = host.entries();
    for (label, code, rpc) in [
        ("expired", ErrorCode::InvoiceExpired, 903),
        ("paid", ErrorCode::AlreadyPaid, -1),
        ("claiming", ErrorCode::Claiming, -1),
        ("request", ErrorCode::RequestExpired, 1002),
    ] {
        let error = host.resend(label).unwrap_err();
        assert_eq!((error.code(), error.rpc_code()), (code, rpc), "{label}");
        assert_eq!(error.record().unwrap().label, label);
    }
    assert_eq!(host.entries(), before);
}

#[test]
fn an_invoice_past_its_time_is_not_sent_even_before_the_tick() {
    let mut host = Host::new();
    host.send(params(&Request::default().text(), "a")).unwrap();
    host.now_ms += 91_000;
    let label = "a".to_owned();
    let error = host
        .record(|call| invreq::engine::Input::Resend { call, label })
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvoiceExpired);
}

#[test]
fn while_a_copy_is_in_hand_the_next_has_a_number_of_its_own() {
    let mut host = Host::new();
    let request = Request::default().paths_over(&[10, 11]);
    let call = host.send(params(&request.text(), "a")).unwrap();
    let skipped = host.delivered(SendOutcome::NoRoute);
    let old = host.deliveries.pop_front().unwrap();
    assert_eq!((skipped.id.as_str(), old.id.as_str()), ("1-0", "1-0"));
    host.resend("a").unwrap();
    let new = host.next_copy();
    assert_eq!(new.id, "1-1");
    assert_ne!(old.reply_path_id, new.reply_path_id);

    // What the host says of the old copy now is no word on the new one.
    host.say(&old.id, SendOutcome::NoRoute);
    host.say(&old.id, SendOutcome::Offline);
    host.say(&old.id, SendOutcome::Failed);
    assert_eq!(host.get("a").delivery.state, DeliveryState::Sending);
    host.say(&new.id, SendOutcome::Accepted);
    host.say(&old.id, SendOutcome::Accepted);
    host.say(&old.id, SendOutcome::Accepted);
    assert_eq!(host.get("a").delivery.state, DeliveryState::Sent);
    // Both are out, so both have to answer.
    host.payer_error(new.reply_path_id.unwrap(), error_bytes("no", None));
    assert_eq!(host.reply(call), None);
    host.payer_error(old.reply_path_id.unwrap(), error_bytes("no", None));
    assert_eq!(host.error(call).0, ErrorCode::PayerError);
}

#[test]
fn before_the_first_copy_left_it_does_not_make_two() {
    let mut host = Host::new();
    let call = host.call();
    let params = params(&Request::default().text(), "a");
    host.give(&invreq::engine::Input::SendInvoice { call, params })
        .unwrap();
    host.resend("a").unwrap();
    assert_eq!(host.deliveries.len(), 1);
    assert_eq!(host.deliveries[0].id, "1-0");
}

#[test]
fn it_does_not_wait_out_a_pause() {
    let mut host = Host::new();
    host.send(params(&Request::default().text(), "a")).unwrap();
    for _ in 0..5 {
        host.delivered(SendOutcome::Offline);
        let at = host.engine.wake_at().unwrap();
        host.wait(at - host.now_ms);
    }
    host.delivered(SendOutcome::Offline);
    host.resend("a").unwrap();
    host.delivered(SendOutcome::Accepted);
    assert_eq!(host.get("a").status, Status::Unpaid);
}

/// What the payer said of an earlier copy ends nothing while one is still to follow, also where no way is known just now.
#[test]
fn it_is_not_ended_by_an_earlier_answer_while_the_way_is_unknown() {
    for answered_before in [true, false] {
        let mut host = Host::new();
        let way = host.default_route.clone();
        let call = host.send(params(&Request::default().text(), "a")).unwrap();
        let token = host.delivered(SendOutcome::Accepted).reply_path_id.unwrap();
        let answer = |host: &mut Host| host.payer_error(token, error_bytes("no", None));
        if answered_before {
            answer(&mut host);
            assert_eq!(host.error(call).0, ErrorCode::PayerError);
        }
        host.default_route = Answer::Failed("no peers yet".to_owned());
        host.resend("a").unwrap();
        host.settle();
        if !answered_before {
            answer(&mut host);
        }
        assert_eq!(host.get("a").delivery.state, DeliveryState::Sent);
        let joined = host.send(SendInvoice {
            existing: Existing::Join,
            ..params(&Request::default().text(), "a")
        });
        assert_eq!(host.reply(joined.unwrap()), None);
        assert_eq!(host.reply(call), None);
        host.default_route = way;
        host.wait_s(1);
        assert_eq!(host.delivered(SendOutcome::Accepted).id, "1-1");
    }
}

#[test]
fn a_call_that_joins_does_not_send_what_resend_refuses() {
    let mut host = Host::new();
    let way = core::mem::replace(&mut host.default_route, Answer::Route(None));
    let request = Request::default().expires(START + 5).text();
    let send = |existing| SendInvoice {
        expiry: Some(3600),
        existing,
        ..params(&request, "a")
    };
    let call = host.send(send(Existing::Error)).unwrap();
    assert_eq!(host.error(call).0, ErrorCode::NoRoute);
    host.default_route = way;
    host.wait_s(6);
    let resent = host.resend("a").unwrap_err();
    let joined = host.send(send(Existing::Join)).unwrap_err();
    assert_eq!(
        (joined.code(), joined.rpc_code()),
        (ErrorCode::RequestExpired, 1002)
    );
    assert_eq!(joined, resent);
    host.wait_s(60);
    assert!(host.deliveries.is_empty());
}

/// Once no copy can follow, the answers that came are all there will be.
#[test]
fn an_answer_counts_when_the_request_ends_before_the_next_copy() {
    for answered_before in [true, false] {
        let mut host = Host::new();
        let text = Request::default().expires(START + 50).text();
        let send = |existing| SendInvoice {
            expiry: Some(600),
            timeout: Some(500),
            existing,
            ..params(&text, "a")
        };
        host.send(send(Existing::Error)).unwrap();
        let token = host.delivered(SendOutcome::Accepted).reply_path_id.unwrap();
        host.default_route = Answer::Failed("no peers yet".to_owned());
        host.resend("a").unwrap();
        host.settle();
        let call = host.send(send(Existing::Join)).unwrap();
        if answered_before {
            host.payer_error(token, error_bytes("no", None));
            assert_eq!(host.reply(call), None, "a copy is to follow");
        }
        host.wait_s(100);
        if !answered_before {
            host.payer_error(token, error_bytes("no", None));
        }
        assert_eq!(host.error(call).0, ErrorCode::PayerError);
        assert_eq!(host.get("a").delivery.state, DeliveryState::Refused);
    }
}
