//! What `sendinvoice` refuses, and how it says so.

use invreq::engine::{Answer, Answers, Input, Need, Outcome, Preview, Progress, SendInvoice, SendOutcome};
use invreq::ErrorCode;

use crate::common::{params, Host, Request, START};

fn preview(host: &mut Host, text: &str) -> Preview {
    let invreq = text.to_owned();
    match host.ask(|call| Input::Preview { call, invreq }).unwrap() {
        Outcome::Preview(preview) => preview,
        other => panic!("{other:?}"),
    }
}

#[test]
fn another_amount_is_refused_and_both_are_named() {
    let mut host = Host::new();
    let text = Request::default().text();
    for given in [0, 49_999, 50_001, u64::MAX] {
        let params = SendInvoice {
            amount_msat: Some(given),
            ..params(&text, "a")
        };
        let error = host.send(params).unwrap_err();
        assert_eq!(
            (error.code(), error.rpc_code()),
            (ErrorCode::AmountMismatch, -32602)
        );
        assert_eq!(
            (error.field().unwrap().number, error.rule()),
            (82, Some("invoice-amount"))
        );
        let message = error.message();
        assert!(
            message.contains("50000") && message.contains(&given.to_string()),
            "{message}"
        );
    }
    host.send(SendInvoice {
        amount_msat: Some(50_000),
        ..params(&text, "a")
    })
    .unwrap();
}

#[test]
fn any_quantity_is_refused() {
    let mut host = Host::new();
    for quantity in [0, 1, u64::MAX] {
        let params = SendInvoice {
            quantity: Some(quantity),
            ..params(&Request::default().text(), "a")
        };
        let error = host.send(params).unwrap_err();
        assert_eq!(error.code(), ErrorCode::QuantityNotAllowed);
        assert_eq!(error.field().unwrap().name, "invreq_quantity");
    }
}

#[test]
fn an_expired_request_is_1002() {
    let mut host = Host::new();
    let call = host
        .send(params(&Request::default().expires(START).text(), "a"))
        .unwrap();
    assert_eq!(host.reply(call), None, "the last second is good");
    let error = host
        .send(params(&Request::default().expires(START - 1).text(), "b"))
        .unwrap_err();
    assert_eq!(
        (error.code(), error.rpc_code()),
        (ErrorCode::RequestExpired, 1002)
    );
    assert_eq!(
        (error.rule(), error.field().unwrap().number),
        (Some("invreq-expiry"), 14)
    );
}

#[test]
fn text_that_is_no_request_is_refused() {
    let mut host = Host::new();
    let good = Request::default().text();
    let cut = &good[..good.len() - 10];
    let long = "x".repeat(1 << 20);
    for text in [
        "",
        "lnr1",
        "lno1qq",
        "lni1qq",
        "bitcoin:",
        cut,
        long.as_str(),
        "\0",
        "lnr1\u{202e}",
    ] {
        let error = host.send(params(text, "a")).unwrap_err();
        assert_eq!(error.rpc_code(), -32602, "{text:.20}");
        let invreq = text.to_owned();
        assert_eq!(
            host.ask(|call| Input::Preview { call, invreq }).unwrap_err(),
            error
        );
    }
    assert_eq!(host.engine.wake_at(), None);
}

#[test]
fn a_preview_says_what_answering_would_mean() {
    let mut host = Host::new();
    let mut request = Request::default().expires(START + 100);
    request.description = Some("for\u{202e} you".to_owned());
    let text = request.text();
    let before = host.entries();
    let seen = preview(&mut host, &text);
    assert_eq!(
        (seen.amount_msat, seen.expires_at),
        (Some(50_000), Some(START + 100))
    );
    assert!(!seen.description.unwrap().contains('\u{202e}'));
    assert_eq!(
        (seen.answerable, seen.error, seen.receivable),
        (true, None, Some(true))
    );
    assert_eq!(
        (seen.signed, seen.already_answered, seen.issuer),
        (true, false, None)
    );
    assert_eq!(host.entries(), before);

    assert!(!preview(&mut host, &request.clone().unsigned().text()).signed);
    host.source.can_receive = Some(false);
    assert_eq!(preview(&mut host, &text).receivable, Some(false));
    host.send(params(&text, "a")).unwrap();
    assert!(preview(&mut host, &text).already_answered);
    host.delivered(SendOutcome::Accepted);
    host.wait_s(101);
    let seen = preview(&mut host, &text);
    assert_eq!(seen.error.unwrap().code, ErrorCode::RequestExpired);
    assert_eq!(
        (seen.answerable, seen.receivable, seen.already_answered),
        (false, None, false)
    );
}

#[test]
fn a_source_that_fails_makes_no_preview_fail() {
    let mut host = Host::new();
    let call = host.call();
    let input = Input::Preview {
        call,
        invreq: Request::default().text(),
    };
    let mut answers = Answers::new();
    while let Progress::Need(needs) = host
        .engine
        .begin(&input, host.now_ms, &[0; 32], &answers)
        .unwrap()
    {
        for need in needs {
            let answer = match &need {
                Need::CanReceive { .. } => Answer::Failed("offline".to_owned()),
                other => host.answer(other),
            };
            answers.insert(need, answer);
        }
    }
}
