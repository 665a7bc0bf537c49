//! A host that fails.

use core::sync::atomic::Ordering;
use core::time::Duration;

use futures_lite::future::{poll_once, zip};
use invreq::engine::{Claim, Event, Existing, ListInvoices, SendInvoice, Status};
use invreq::store::MemoryStore;
use invreq::{Error, ErrorCode, Result};

use crate::common::{params, Request, START};
use crate::host::{block_on, go, money, next, sent, Flaky, World};

/// Calls until the store works; what a host does with a retryable error.
async fn insist<T, F: core::future::Future<Output = Result<T>>>(call: impl Fn() -> F) -> Result<T, Error> {
    loop {
        match call().await {
            Err(error) if error.code() == ErrorCode::StoreFailed => assert!(error.retryable()),
            other => return other,
        }
    }
}

#[test]
fn a_store_that_fails_now_and_then_loses_nothing() {
    for every in [3, 4, 5, 7] {
        let world = World::default();
        let store = Flaky::<MemoryStore>::default();
        let payee = world.run(store.clone());
        store.every.store(every, Ordering::SeqCst);
        let mut ids = Vec::new();
        for number in 0..6u32 {
            block_on(async {
                let text = Request::number(number).text();
                let send = || {
                    payee.send_invoice(SendInvoice {
                        existing: Existing::Join,
                        timeout: Some(100_000),
                        ..params(&text, &number.to_string())
                    })
                };
                let pay = async {
                    // The runner rests after a failure, and the clock goes only when it is told to.
                    let copy = loop {
                        world.clock.go(1);
                        let nap = async {
                            async_io::Timer::after(Duration::from_millis(5)).await;
                            None
                        };
                        let copy = async { world.wire.sent.recv().await.ok() };
                        match futures_lite::future::or(copy, nap).await {
                            Some(copy) if copy.label == number.to_string() => break copy,
                            _ => {}
                        }
                    };
                    let claim = Claim {
                        payment_hash: copy.payment_hash,
                        total_msat: 50_000,
                        first_htlc_at: START,
                    };
                    let approval = insist(|| payee.claim(claim.clone())).await.unwrap();
                    assert_eq!(approval.preimage.unwrap().payment_hash(), copy.payment_hash);
                    insist(|| payee.payment_received(money(copy.payment_hash)))
                        .await
                        .unwrap()
                };
                let (sent, paid) = zip(insist(send), pay).await;
                assert_eq!(sent.unwrap(), paid);
                ids.push((paid.created_index, paid.payment.unwrap().pay_index));
            });
        }
        let expected: Vec<_> = (1..=6).map(|n| (n, n)).collect();
        assert_eq!(ids, expected, "every {every}");
        store.every.store(0, Ordering::SeqCst);
        let reopened = world.run(store.inner.clone());
        let records = block_on(reopened.list_invoices(ListInvoices::default()))
            .unwrap()
            .records;
        assert!(records.iter().all(|record| record.status == Status::Paid));
        assert_eq!(records.len(), 6);
    }
}

#[test]
fn a_call_that_is_dropped_or_never_polled_again_holds_up_nobody() {
    let world = World::default();
    let payee = world.run(Flaky::<MemoryStore>::default());
    let mut events = payee.events();
    block_on(async {
        // One that is kept, begun and never polled again.
        let mut kept = Box::pin(payee.send_invoice(params(&Request::default().text(), "a")));
        assert!(poll_once(&mut kept).await.is_none());
        let hash = world.wire.sent.recv().await.unwrap().payment_hash;
        // One that is dropped at once: what it reported counts.
        let mut report = Box::pin(payee.payment_received(money(hash)));
        assert!(poll_once(&mut report).await.is_none());
        drop(report);
        match next(&mut events, "paid").await {
            Event::Paid(record) => assert_eq!(record.label, "a"),
            other => panic!("{other:?}"),
        }
        let paid = payee.wait_invoice("a").await.unwrap();
        assert_eq!(paid.payment.as_ref().unwrap().pay_index, 1);
        assert_eq!(kept.await.unwrap(), paid);
    });
}

#[test]
fn without_a_runner_a_call_says_so() {
    let world = World::default();
    let (payee, runner) = world.open(MemoryStore::new()).unwrap();
    let mut waits = Box::pin(payee.wait_any_invoice(0, None));
    assert!(block_on(poll_once(&mut waits)).is_none());
    drop(runner);
    assert_eq!(block_on(waits).unwrap_err().code(), ErrorCode::Cancelled);
    assert_eq!(block_on(payee.resume()).unwrap_err().code(), ErrorCode::Cancelled);
    let error = block_on(payee.wait_any_invoice(0, None)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Cancelled);
    block_on(payee.close()).unwrap();
}

#[test]
fn a_transport_that_never_answers_stops_no_clock() {
    let world = World::default();
    world.wire.lost.store(true, Ordering::SeqCst);
    let payee = world.run(MemoryStore::new());
    block_on(async {
        let mut call = Box::pin(payee.send_invoice(params(&Request::default().text(), "a")));
        assert!(poll_once(&mut call).await.is_none());
        let go = async { go(&world).await };
        let ended = futures_lite::future::or(call, go).await;
        assert_eq!(
            ended.unwrap_err().code(),
            ErrorCode::WaitTimeout,
            "not knowing a route is no 1003"
        );
        assert!(world.wire.sent.is_empty());
    });
}

#[test]
fn a_copy_that_hangs_holds_up_no_other() {
    let world = World::default();
    world.wire.stuck.store(true, Ordering::SeqCst);
    let payee = world.run(MemoryStore::new());
    block_on(async {
        let mut one = Box::pin(payee.send_invoice(params(&Request::number(1).text(), "a")));
        assert!(poll_once(&mut one).await.is_none());
        world.wire.sent.recv().await.unwrap();
        world.wire.stuck.store(false, Ordering::SeqCst);
        let pay = async {
            let copy = world.wire.sent.recv().await.unwrap();
            payee.payment_received(money(copy.payment_hash)).await.unwrap();
        };
        let (two, ()) = zip(payee.send_invoice(params(&Request::number(2).text(), "b")), pay).await;
        assert_eq!(two.unwrap().status, Status::Paid);
        let go = async {
            loop {
                async_io::Timer::after(Duration::from_millis(2)).await;
                world.clock.go(10);
            }
        };
        let ended = futures_lite::future::or(one, go).await;
        assert_eq!(ended.unwrap_err().code(), ErrorCode::WaitTimeout);
        payee.close().await.unwrap();
    });
}

#[test]
fn a_store_of_somebody_else_is_refused() {
    let world = World::default();
    let store = MemoryStore::new();
    drop(world.open(store.clone()).unwrap());
    let builder = invreq::driver::Payee::builder(
        crate::common::config(),
        [9; 32],
        store,
        world.source.clone(),
        world.wire.clone(),
    );
    let error = block_on(builder.open()).err().unwrap();
    assert_eq!(error.code(), ErrorCode::WrongStore);
}

#[test]
fn closing_ends_what_has_not_begun() {
    // The runner never runs, so the job lies in the queue when the payee is closed.
    for _ in 0..20 {
        let world = World::default();
        let (payee, runner) = world.open(MemoryStore::new()).unwrap();
        block_on(async {
            let mut told = Box::pin(payee.receive_onion_message(vec![1]));
            assert!(futures_lite::future::poll_once(&mut told).await.is_none());
            payee.close().await.unwrap();
            runner.run().await;
            assert_eq!(told.await.unwrap_err().code(), ErrorCode::Cancelled);
        });
    }
}

#[test]
fn a_closed_payee_says_that_trying_again_is_no_use() {
    let world = World::default();
    let payee = world.run(MemoryStore::new());
    block_on(async {
        payee.close().await.unwrap();
        let error = payee.wait_invoice("a").await.unwrap_err();
        assert_eq!((error.code(), error.retryable()), (ErrorCode::Cancelled, false));
    });
}

/// What became of a copy is not lost because there were no dice for it.
#[test]
fn dice_that_fail_once_lose_nothing() {
    let world = World::default();
    let payee = world.run(MemoryStore::new());
    let mut events = payee.events();
    *world.wire.spoils.lock().unwrap() = Some(world.dice.clone());
    block_on(async {
        let call = payee.send_invoice(params(&Request::default().text(), "a"));
        let rest = async {
            let copy = world.wire.sent.recv().await.unwrap();
            match next(&mut events, "trouble").await {
                Event::Trouble(error) => {
                    assert_eq!((error.code, error.retryable), (ErrorCode::InvalidParameter, true));
                    assert!(error.message.contains("no randomness yet"));
                }
                other => panic!("{other:?}"),
            }
            let go = async { go(&world).await };
            futures_lite::future::or(sent(&mut events), go).await;
            payee.payment_received(money(copy.payment_hash)).await.unwrap();
        };
        let (record, ()) = zip(call, rest).await;
        assert_eq!(record.unwrap().status, Status::Paid);
    });
}
