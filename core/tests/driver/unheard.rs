//! A write that fails and was done all the same, and a host that does not call again.

use core::future::Future;
use core::sync::atomic::Ordering;
use core::time::Duration;

use futures_lite::future::{poll_once, zip};
use invreq::driver::{Events, Payee, Received};
use invreq::engine::{Claim, Delivery, Event, Record, SendInvoice, Status};
use invreq::store::MemoryStore;
use invreq::{Error, ErrorCode};

use crate::common::{error_bytes, params, Request, START};
use crate::host::{block_on, money, next, sent, until, Flaky, World};

/// A payee on a store that can fail, and what it tells.
fn open() -> (World, Flaky<MemoryStore>, Payee, Events) {
    let world = World::default();
    let store = Flaky::default();
    let payee = world.run(store.clone());
    let events = payee.events();
    (world, store, payee, events)
}

/// An invoice is sent, and its call waits.
async fn send<'a>(
    world: &World,
    payee: &'a Payee,
    events: &mut Events,
) -> (impl Future<Output = Result<Record, Error>> + 'a, Delivery) {
    let mut call = Box::pin(payee.send_invoice(params(&Request::default().text(), "a")));
    assert!(poll_once(&mut call).await.is_none());
    let copy = world.wire.sent.recv().await.unwrap();
    sent(events).await;
    (call, copy)
}

fn assert_failed<T: core::fmt::Debug>(result: Result<T, Error>) {
    let error = result.unwrap_err();
    assert_eq!(error.code(), ErrorCode::StoreFailed);
    assert!(error.retryable());
}

async fn event(events: &mut Events, name: &str) -> Record {
    match next(events, name).await {
        Event::Created(record) | Event::Claiming(record) | Event::Paid(record) | Event::Expired(record) => {
            record
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn money_that_was_reported_once_ends_every_wait() {
    let (world, store, payee, mut events) = open();
    block_on(async {
        let (call, copy) = send(&world, &payee, &mut events).await;
        let hash = copy.payment_hash;
        let mut wait = Box::pin(payee.wait_any_invoice(0, None));
        assert!(poll_once(&mut wait).await.is_none());
        let claim = Claim {
            payment_hash: hash,
            total_msat: 50_000,
            first_htlc_at: START,
        };
        store.unheard.store(1, Ordering::SeqCst);
        assert_failed(payee.claim(claim).await);
        world.clock.go(1);
        assert!(event(&mut events, "claiming").await.claiming);
        store.unheard.store(1, Ordering::SeqCst);
        assert_failed(payee.payment_received(money(hash)).await);
        world.clock.go(1);
        let (sent, waited) = zip(call, wait).await;
        assert_eq!(sent.unwrap().status, Status::Paid);
        assert_eq!(waited.unwrap().label, "a");
        event(&mut events, "paid").await;
    });
}

#[test]
fn an_invoice_whose_caller_gave_up_is_sent() {
    let (world, store, payee, mut events) = open();
    block_on(async {
        store.unheard.store(1, Ordering::SeqCst);
        assert_failed(payee.send_invoice(params(&Request::default().text(), "a")).await);
        assert!(world.wire.sent.is_empty());
        world.clock.go(1);
        assert_eq!(event(&mut events, "created").await.label, "a");
        // Whoever wrote it may be sending it, so it is left to them for a moment.
        world.clock.go(1);
        assert_eq!(world.wire.sent.recv().await.unwrap().id, "1-0");
    });
}

#[test]
fn an_answer_that_was_handed_over_once_ends_the_call() {
    let (world, store, payee, mut events) = open();
    block_on(async {
        let (call, copy) = send(&world, &payee, &mut events).await;
        let token = copy.reply_path_id.unwrap();
        store.unheard.store(1, Ordering::SeqCst);
        assert_failed(payee.receive_invoice_error(token, error_bytes("no", None)).await);
        world.clock.go(1);
        assert_eq!(call.await.unwrap_err().code(), ErrorCode::PayerError);
        next(&mut events, "payer_error").await;
    });
}

/// What the background does by itself is tried again by itself; none of it is done twice, or said twice.
#[test]
fn what_the_background_wrote_unheard_is_told_once() {
    let (world, store, payee, mut events) = open();
    block_on(async {
        let (call, copy) = send(&world, &payee, &mut events).await;
        let token = copy.reply_path_id.unwrap();
        store.unheard.store(1, Ordering::SeqCst);
        let bytes = error_bytes("no", None);
        let arrives = Received::InvoiceError {
            reply_path_id: token,
            bytes,
        };
        world.wire.arrives.send(arrives).await.unwrap();
        next(&mut events, "trouble").await;
        world.clock.go(1);
        assert_eq!(call.await.unwrap_err().code(), ErrorCode::PayerError);
        world.clock.go(100);
        event(&mut events, "expired").await;
    });
}

#[test]
fn a_store_that_cannot_be_read_either_is_left_alone_for_a_while() {
    let (world, store, payee, mut events) = open();
    block_on(async {
        let mut wait = Box::pin(payee.wait_any_invoice(0, None));
        let mut call = Box::pin(payee.send_invoice(SendInvoice {
            expiry: Some(100_000),
            timeout: Some(100_000),
            ..params(&Request::default().text(), "a")
        }));
        assert!(poll_once(&mut wait).await.is_none());
        assert!(poll_once(&mut call).await.is_none());
        let hash = world.wire.sent.recv().await.unwrap().payment_hash;
        sent(&mut events).await;
        store.unheard.store(1, Ordering::SeqCst);
        assert_failed(payee.payment_received(money(hash)).await);
        store.blind.store(u32::MAX, Ordering::SeqCst);
        for _ in 0..120 {
            world.clock.go(1);
            async_io::Timer::after(Duration::from_millis(3)).await;
        }
        // After 0.5, 1, 2, 4, 8, 16 seconds, and then every 30: each look is one read, and is told.
        let looks = u32::MAX - store.blind.swap(0, Ordering::SeqCst);
        assert!((6..=10).contains(&looks), "{looks} looks in two minutes");
        world.clock.go(30);
        assert_eq!(wait.await.unwrap().status, Status::Paid);
        assert_eq!(call.await.unwrap().status, Status::Paid);
        let mut told = 0;
        loop {
            match events.recv().await.unwrap().unwrap() {
                Event::Trouble(error) => {
                    assert_eq!(error.code, ErrorCode::StoreFailed);
                    told += 1;
                }
                Event::Paid(_) => break,
                _ => {}
            }
        }
        assert_eq!(told, looks);
    });
}

#[test]
fn what_the_source_answered_meanwhile_is_not_asked_again() {
    let (world, store, payee, mut events) = open();
    block_on(async {
        let (call, copy) = send(&world, &payee, &mut events).await;
        let hash = copy.payment_hash;
        world.source.stuck.store(true, Ordering::SeqCst);
        let mut other = Box::pin(payee.send_invoice(params(&Request::number(2).text(), "b")));
        assert!(poll_once(&mut other).await.is_none());
        until(|| world.source.asked.load(Ordering::SeqCst) == 2).await;
        store.unheard.store(1, Ordering::SeqCst);
        assert_failed(payee.payment_received(money(hash)).await);
        world.source.stuck.store(false, Ordering::SeqCst);
        assert_eq!(world.wire.sent.recv().await.unwrap().label, "b");
        assert_eq!(call.await.unwrap().status, Status::Paid);
        assert_eq!(world.source.asked.load(Ordering::SeqCst), 2);
    });
}
