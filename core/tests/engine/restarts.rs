//! What a restart takes up again, however much it is.

use invreq::engine::{DeliveryState, SendInvoice, SendOutcome, Status};

use crate::common::{params, Host, Request};
use crate::stores::{key, overwrite};

#[test]
fn a_crash_before_the_copy_left_sends_the_same_copy() {
    let mut host = Host::new();
    let text = Request::default().paths_over(&[10]).text();
    host.send(params(&text, "a")).unwrap();
    let first = host.deliveries.pop_front().unwrap();
    for _ in 0..3 {
        host.restart();
        assert_eq!(host.get("a").delivery.state, DeliveryState::Stored);
        host.settle();
        assert_eq!(host.deliveries.pop_front().unwrap(), first);
    }
    host.say(&first.id, SendOutcome::Accepted);
    host.restart();
    host.settle();
    assert!(host.deliveries.is_empty(), "what was accepted is not sent again");
    assert_eq!(host.event_names(), [] as [&str; 0]);
}

#[test]
fn what_is_over_is_not_sent_after_a_crash() {
    let mut host = Host::new();
    for (number, label) in ["paid", "claiming", "expired"].iter().enumerate() {
        host.send(params(&Request::number(number as u32).text(), label))
            .unwrap();
    }
    let (paid, claiming) = (host.get("paid").payment_hash, host.get("claiming").payment_hash);
    host.receive(paid, 50_000).unwrap();
    host.claim(claiming, 50_000).unwrap();
    host.crash();
    host.now_ms += 100_000;
    host.restore().unwrap();
    host.settle();
    assert!(host.deliveries.is_empty());
    assert_eq!(host.get("expired").status, Status::Expired);
    assert_eq!(host.get("claiming").status, Status::Unpaid);
}

#[test]
fn an_invoice_of_any_size_is_read_again() {
    let mut host = Host::new();
    let request = Request {
        note: Some("n".repeat(30_900)),
        description: Some("d".repeat(900)),
        ..Request::default()
    };
    host.send(params(&request.text(), &"l".repeat(256))).unwrap();
    let record = host.get(&"l".repeat(256));
    assert!(record.bolt12.len() > 51_000);
    host.restart();
    assert_eq!(host.get(&record.label).bolt12, record.bolt12);
}

#[test]
fn many_large_invoices_expire_in_batches_a_store_takes() {
    let mut host = Host::new();
    for number in 0..150 {
        let mut request = Request::number(number);
        request.note = Some("n".repeat(31_000));
        host.send(params(&request.text(), &number.to_string())).unwrap();
        host.delivered(SendOutcome::Accepted);
    }
    // All of them at once, 4.7 MB in all.
    let before = host.writes;
    host.now_ms += 100_000;
    host.settle();
    assert_eq!((host.engine.open_invoices(), host.engine.wake_at()), (0, None));
    assert_eq!(host.writes - before, 5, "about a megabyte each");
    assert_eq!(host.replies.len(), 150);
}

#[test]
fn ten_thousand_open_invoices_are_taken_up() {
    let mut host = Host::new();
    // One real one, and copies of it under other names: making each would take a minute.
    host.send(SendInvoice {
        expiry: Some(1000),
        ..params(&Request::default().text(), "0")
    })
    .unwrap();
    let entry = host
        .entries()
        .into_iter()
        .find(|entry| entry.key.starts_with(&key(b"o")))
        .unwrap();
    for chunk in (2..=10_000u64).collect::<Vec<_>>().chunks(2500) {
        overwrite(&host, |batch| {
            chunk.iter().fold(batch, |batch, index| {
                batch.put(
                    key(&[b"o".as_slice(), &index.to_be_bytes()].concat()),
                    entry.value.clone(),
                )
            })
        });
    }
    let began = std::time::Instant::now();
    host.restart();
    assert_eq!(host.engine.open_invoices(), 10_000);
    // One leaves at once, and the others get in line: 32 of them in a step.
    let mut steps = 0;
    while host.engine.wake_at() == Some(host.now_ms) {
        let asked = host.asked.len();
        host.tick();
        assert_eq!(host.asked.len(), asked + 1, "all go to one node");
        steps += 1;
    }
    assert_eq!((steps, host.deliveries.len()), (313, 1));
    host.wait_s(50);
    let indexes = host.deliveries.drain(..).map(|copy| copy.id);
    assert!(indexes.eq((1..=201).map(|index| format!("{index}-0"))));
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
}
