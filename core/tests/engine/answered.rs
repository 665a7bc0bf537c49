//! Labels, taking up a call, and one answer per request.

use invreq::engine::{DeliveryState, Existing, ListInvoices, SendInvoice, SendOutcome, Status};
use invreq::ErrorCode;

use crate::common::{node, params, Host, PaysWith, Request};

fn join(text: &str, label: &str) -> SendInvoice {
    SendInvoice {
        existing: Existing::Join,
        ..params(text, label)
    }
}

#[test]
fn a_label_in_use_is_refused_with_its_record() {
    let mut host = Host::new();
    host.send(params(&Request::default().text(), "a")).unwrap();
    let record = host.get("a");
    let asked = host.source.asked.len();
    for existing in [Existing::Error, Existing::Join] {
        let mut other = params(&Request::number(2).text(), "a");
        other.existing = existing;
        let error = host.send(other).unwrap_err();
        assert_eq!((error.code(), error.rpc_code()), (ErrorCode::LabelInUse, 900));
        assert_eq!(error.record(), Some(&record));
    }
    assert_eq!(host.source.asked.len(), asked, "the source is not bothered");
    // Paid and expired invoices keep their labels.
    host.receive(record.payment_hash, 50_000).unwrap();
    host.send(params(&Request::number(3).text(), "b")).unwrap();
    host.wait_s(100);
    for (label, status) in [("a", Status::Paid), ("b", Status::Expired)] {
        let error = host.send(params(&Request::number(4).text(), label)).unwrap_err();
        assert_eq!(error.code(), ErrorCode::LabelInUse);
        assert_eq!(error.record().unwrap().status, status);
    }
    // Deleting gives the label back.
    host.delete("b", Status::Expired).unwrap();
    host.send(params(&Request::number(4).text(), "b")).unwrap();
}

#[test]
fn labels_are_compared_byte_by_byte() {
    let mut host = Host::new();
    let labels = [
        "\u{e9}",
        "e\u{301}",
        "A",
        "a",
        " a",
        "a ",
        "1",
        "01",
        "\n",
        &"x".repeat(256),
        &"é".repeat(128),
    ];
    for (number, label) in labels.iter().enumerate() {
        host.send(params(&Request::number(number as u32).text(), label))
            .unwrap();
        assert_eq!(host.get(label).label, *label);
    }
    for label in ["", "\0", "a\0b", &"x".repeat(257), &"é".repeat(129)] {
        let error = host.send(params(&Request::number(99).text(), label)).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidLabel, "{label:?}");
    }
    assert_eq!(
        host.list(ListInvoices::default()).unwrap().records.len(),
        labels.len()
    );
}

#[test]
fn joining_takes_up_the_wait() {
    let mut host = Host::new();
    let text = Request::default().text();
    host.send(params(&text, "a")).unwrap();
    host.delivered(SendOutcome::Accepted);
    // The app crashes in the middle of its call and simply calls again.
    host.restart();
    host.wait_s(80);
    let (writes, asked) = (host.writes, host.source.asked.len());
    let one = host.send(join(&text, "a")).unwrap();
    let other = host
        .send(SendInvoice {
            timeout: Some(5),
            ..join(&text, "a")
        })
        .unwrap();
    assert_eq!((host.writes, host.source.asked.len()), (writes, asked));
    assert!(host.deliveries.is_empty(), "a copy is out already");
    host.wait_s(5);
    assert_eq!(host.error(other).0, ErrorCode::WaitTimeout);
    let hash = host.get("a").payment_hash;
    let paid = host.receive(hash, 50_000).unwrap();
    assert_eq!(host.paid(one), paid);
    // And once more, when it is all over.
    let again = host.send(join(&text, "a")).unwrap();
    assert_eq!(host.paid(again), paid);
}

#[test]
fn joining_compares_request_and_terms() {
    let mut host = Host::new();
    let text = Request::default().text();
    host.send(SendInvoice {
        expiry: Some(600),
        ..params(&text, "a")
    })
    .unwrap();
    let same = [
        join(&text, "a"),
        SendInvoice {
            expiry: Some(600),
            ..join(&text, "a")
        },
        SendInvoice {
            amount_msat: Some(50_000),
            ..join(&text, "a")
        },
        SendInvoice {
            timeout: Some(5),
            ..join(&text, "a")
        },
        // The signature is no part of the request's id.
        join(&Request::default().unsigned().text(), "a"),
    ];
    for params in same {
        host.send(params).unwrap();
    }
    let other = [
        SendInvoice {
            expiry: Some(601),
            ..join(&text, "a")
        },
        SendInvoice {
            amount_msat: Some(50_001),
            ..join(&text, "a")
        },
        SendInvoice {
            invoice_node_id: Some(node(3)),
            ..join(&text, "a")
        },
        join(&Request::default().amount(50_001).text(), "a"),
    ];
    for params in other {
        assert_eq!(
            host.send(params.clone()).unwrap_err().code(),
            ErrorCode::LabelInUse,
            "{params:?}"
        );
    }
}

#[test]
fn joining_an_unreachable_invoice_sends_it_again() {
    let mut host = Host::new();
    let text = Request::default().text();
    let first = host.send(params(&text, "a")).unwrap();
    let one = host.delivered(SendOutcome::NoRoute);
    assert_eq!(host.error(first).0, ErrorCode::NoRoute);
    host.events.clear();
    let call = host.send(join(&text, "a")).unwrap();
    let two = host.delivered(SendOutcome::Accepted);
    assert_eq!(one.invoice, two.invoice);
    assert_eq!(host.get("a").delivery.state, DeliveryState::Sent);
    assert_eq!(host.event_names(), ["delivery"; 3]);
    let hash = host.get("a").payment_hash;
    host.receive(hash, 50_000).unwrap();
    assert_eq!(host.paid(call).status, Status::Paid);
}

#[test]
fn joining_an_expired_invoice_is_903() {
    let mut host = Host::new();
    let text = Request::default().text();
    host.send(params(&text, "a")).unwrap();
    host.wait_s(100);
    assert_eq!(
        host.send(join(&text, "a")).unwrap_err().code(),
        ErrorCode::InvoiceExpired
    );
}

#[test]
fn a_request_has_one_answer() {
    let mut host = Host::new();
    let text = Request::default().text();
    host.send(params(&text, "a")).unwrap();
    let asked = host.source.asked.len();
    for text in [&text, &Request::default().unsigned().text()] {
        let error = host.send(params(text, "b")).unwrap_err();
        assert_eq!(error.code(), ErrorCode::AlreadyAnswered);
        assert_eq!(error.record().unwrap().label, "a");
        assert!(error.message().contains("\"a\""), "{error}");
    }
    assert_eq!(host.source.asked.len(), asked);
    // Over a restart, too.
    host.restart();
    assert_eq!(
        host.send(params(&text, "b")).unwrap_err().code(),
        ErrorCode::AlreadyAnswered
    );
    // Some requests may be answered again.
    host.send(SendInvoice {
        again: true,
        ..params(&text, "b")
    })
    .unwrap();
    let hash = host.get("a").payment_hash;
    host.receive(hash, 50_000).unwrap();
    let error = host.send(params(&text, "c")).unwrap_err();
    assert_eq!(error.code(), ErrorCode::AlreadyAnswered, "paid is answered");
}

#[test]
fn an_expired_or_deleted_answer_frees_the_request() {
    let mut host = Host::new();
    let text = Request::default().text();
    host.send(params(&text, "a")).unwrap();
    host.wait_s(91);
    host.send(params(&text, "b")).unwrap();
    host.delete("b", Status::Unpaid).unwrap();
    host.send(params(&text, "c")).unwrap();
    // A late claim of the expired one makes it count again.
    host.delete("c", Status::Unpaid).unwrap();
    let first = host.get("a");
    host.claim_begun(first.payment_hash, 50_000, first.expires_at)
        .unwrap();
    let error = host.send(params(&text, "d")).unwrap_err();
    assert_eq!(error.code(), ErrorCode::AlreadyAnswered);
    assert!(error.record().unwrap().claiming);
}

#[test]
fn a_payment_hash_is_used_once() {
    let mut host = Host::new();
    host.source.with = PaysWith::Kept([9; 32]);
    host.send(params(&Request::default().text(), "a")).unwrap();
    let before = host.entries();
    let error = host.send(params(&Request::number(2).text(), "b")).unwrap_err();
    assert_eq!(
        (error.code(), error.rpc_code()),
        (ErrorCode::PaymentHashInUse, 901)
    );
    assert_eq!(error.record().unwrap().label, "a");
    assert_eq!(host.entries(), before);
    host.wait_s(100);
    let error = host.send(params(&Request::number(2).text(), "b")).unwrap_err();
    assert_eq!(
        error.code(),
        ErrorCode::PaymentHashInUse,
        "an expired invoice keeps it"
    );
}

#[test]
fn whatever_can_be_refused_is_refused_before_the_source_is_asked() {
    let text = Request::default().text();
    let refused = [
        params(&text, ""),
        params("lnr1qq", "a"),
        params(&Request::default().expires(1).text(), "a"),
        SendInvoice {
            amount_msat: Some(1),
            ..params(&text, "a")
        },
        SendInvoice {
            quantity: Some(1),
            ..params(&text, "a")
        },
        SendInvoice {
            timeout: Some(0),
            ..params(&text, "a")
        },
    ];
    for params in refused {
        let mut host = Host::new();
        let before = host.entries();
        host.send(params).unwrap_err();
        assert_eq!((host.asked.len(), host.entries()), (0, before));
        assert_eq!((host.engine.open_invoices(), host.engine.wake_at()), (0, None));
    }
}
