//! Calls from beginning to end.

use core::sync::atomic::Ordering;
use core::time::Duration;

use futures_lite::future::{poll_once, zip};
use invreq::engine::{Claim, DeliveryState, Existing, ListInvoices, SendInvoice, SendOutcome, Status};
use invreq::store::MemoryStore;
use invreq::ErrorCode;

use crate::common::{error_bytes, params, Request, START};
use crate::host::{block_on, go, money, next, sent, until, World};

fn text() -> String {
    Request::default().text()
}

#[test]
fn sending_ends_with_the_payment() {
    let world = World::default();
    let payee = world.run(MemoryStore::new());
    let mut events = payee.events();
    block_on(async {
        let pay = async {
            let copy = world.wire.sent.recv().await.unwrap();
            let claim = Claim {
                payment_hash: copy.payment_hash,
                total_msat: 50_000,
                first_htlc_at: START,
            };
            let approval = payee.claim(claim).await.unwrap();
            assert_eq!(approval.preimage.unwrap().payment_hash(), copy.payment_hash);
            payee.payment_received(money(copy.payment_hash)).await.unwrap()
        };
        let (sent, reported) = zip(payee.send_invoice(params(&text(), "a")), pay).await;
        assert_eq!(sent.unwrap(), reported);
        assert_eq!(
            (reported.status, reported.delivery.state),
            (Status::Paid, DeliveryState::Sent)
        );
        for name in ["created", "delivery", "claiming", "paid"] {
            next(&mut events, name).await;
        }
        assert_eq!(payee.wait_invoice("a").await.unwrap(), reported);
        assert_eq!(payee.wait_any_invoice(0, Some(1)).await.unwrap(), reported);
        assert_eq!(payee.del_invoice("a", Status::Paid).await.unwrap(), reported);
        assert_eq!(
            payee
                .list_invoices(ListInvoices::default())
                .await
                .unwrap()
                .records,
            []
        );
    });
}

#[test]
fn waits_end_by_the_clock() {
    let world = World::default();
    let payee = world.run(MemoryStore::new());
    let mut events = payee.events();
    block_on(async {
        let sleep = async {
            next(&mut events, "created").await;
            world.wire.sent.recv().await.unwrap();
            world.clock.go(89);
            world.clock.go(1);
        };
        let (sent, ()) = zip(payee.send_invoice(params(&text(), "a")), sleep).await;
        assert_eq!(sent.unwrap_err().code(), ErrorCode::WaitTimeout);
        world.clock.go(1);
        next(&mut events, "expired").await;
        let sleep = async { go(&world).await };
        let any = futures_lite::future::or(payee.wait_any_invoice(0, Some(5)), sleep).await;
        assert_eq!(any.unwrap_err().code(), ErrorCode::WaitAnyTimeout);
    });
}

#[test]
fn a_refusal_reaches_the_caller() {
    let world = World::default();
    let payee = world.run(MemoryStore::new());
    block_on(async {
        let refuse = async {
            let copy = world.wire.sent.recv().await.unwrap();
            payee.receive_invoice_error([0; 32], vec![]).await.unwrap();
            payee.receive_onion_message(vec![1, 2, 3]).await.unwrap();
            assert_eq!(payee.ignored_replies().await, 2);
            payee
                .receive_invoice_error(copy.reply_path_id.unwrap(), error_bytes("no", None))
                .await
                .unwrap();
        };
        let (sent, ()) = zip(payee.send_invoice(params(&text(), "a")), refuse).await;
        assert_eq!(sent.unwrap_err().code(), ErrorCode::PayerError);
        payee.resend("a").await.unwrap();
        assert_eq!(world.wire.sent.recv().await.unwrap().id, "1-1");
    });
}

#[test]
fn dropping_the_future_ends_the_wait_and_not_the_invoice() {
    let world = World::default();
    let payee = world.run(MemoryStore::new());
    let mut events = payee.events();
    block_on(async {
        let mut call = Box::pin(payee.send_invoice(params(&text(), "a")));
        assert!(poll_once(&mut call).await.is_none());
        let copy = world.wire.sent.recv().await.unwrap();
        drop(call);
        payee.payment_received(money(copy.payment_hash)).await.unwrap();
        next(&mut events, "paid").await;
        assert_eq!(payee.wait_invoice("a").await.unwrap().status, Status::Paid);
    });
}

#[test]
fn offline_and_back_is_sent() {
    let world = World::default();
    world.wire.one_peer.store(true, Ordering::SeqCst);
    world
        .wire
        .says
        .lock()
        .unwrap()
        .extend([SendOutcome::Offline, SendOutcome::Offline]);
    let payee = world.run(MemoryStore::new());
    let mut events = payee.events();
    block_on(async {
        let come_back = async {
            let first = world.wire.sent.recv().await.unwrap();
            for pause in [1, 2] {
                // Until the host's word is written, the clock would go in vain.
                while payee
                    .list_invoices(ListInvoices::default())
                    .await
                    .unwrap()
                    .records[0]
                    .delivery
                    .paths[0]
                    .outcome
                    != invreq::engine::PathOutcome::Offline
                {
                    futures_lite::future::yield_now().await;
                }
                loop {
                    world.clock.go(pause);
                    let again = async_io::Timer::after(Duration::from_millis(50));
                    let copy = futures_lite::future::or(
                        async { Some(world.wire.sent.recv().await.unwrap()) },
                        async {
                            again.await;
                            None
                        },
                    );
                    if let Some(copy) = copy.await {
                        assert_eq!(copy, first);
                        break;
                    }
                }
            }
            loop {
                let invreq::engine::Event::Delivery(record) = next(&mut events, "delivery").await else {
                    continue;
                };
                if record.delivery.state == DeliveryState::Sent {
                    break;
                }
            }
            payee.payment_received(money(first.payment_hash)).await.unwrap();
        };
        let params = SendInvoice {
            timeout: Some(1000),
            ..params(&text(), "a")
        };
        let (sent, ()) = zip(payee.send_invoice(params), come_back).await;
        assert_eq!(sent.unwrap().delivery.attempts, 1);
    });
}

#[test]
fn a_slow_source_holds_up_nobody_else() {
    let world = World::default();
    let payee = world.run(MemoryStore::new());
    block_on(async {
        let mut call = Box::pin(payee.send_invoice(params(&text(), "a")));
        assert!(poll_once(&mut call).await.is_none());
        let hash = world.wire.sent.recv().await.unwrap().payment_hash;
        world.source.stuck.store(true, Ordering::SeqCst);
        let mut stuck = Box::pin(payee.send_invoice(params(&Request::number(2).text(), "b")));
        assert!(poll_once(&mut stuck).await.is_none());
        let claim = Claim {
            payment_hash: hash,
            total_msat: 50_000,
            first_htlc_at: START,
        };
        assert!(payee.claim(claim).await.unwrap().preimage.is_some());
        payee.payment_received(money(hash)).await.unwrap();
        assert_eq!(call.await.unwrap().status, Status::Paid);
    });
}

#[test]
fn a_call_that_is_dropped_while_the_source_thinks_leaves_no_wait() {
    let world = World::default();
    let payee = world.run(MemoryStore::new());
    let mut events = payee.events();
    block_on(async {
        world.source.stuck.store(true, Ordering::SeqCst);
        let params = SendInvoice {
            expiry: Some(600),
            timeout: Some(30),
            ..params(&text(), "a")
        };
        let mut call = Box::pin(payee.send_invoice(params));
        assert!(poll_once(&mut call).await.is_none());
        until(|| world.source.asked.load(Ordering::SeqCst) == 1).await;
        drop(call);
        // The engine is told, and does not know of the call yet.
        payee.list_invoices(ListInvoices::default()).await.unwrap();
        world.source.stuck.store(false, Ordering::SeqCst);
        sent(&mut events).await;
        let thrown = world.dice.thrown();
        // At the end of a wait there would be a tick.
        world.clock.go(30);
        payee.list_invoices(ListInvoices::default()).await.unwrap();
        assert_eq!(world.dice.thrown(), thrown + 1);
    });
}

#[test]
fn catching_up_waits_for_the_tick_that_is_under_way() {
    let world = World::default();
    let payee = world.run(MemoryStore::new());
    block_on(async {
        world.wire.lost.store(true, Ordering::SeqCst);
        let mut call = Box::pin(payee.send_invoice(params(&text(), "a")));
        assert!(poll_once(&mut call).await.is_none());
        payee.list_invoices(ListInvoices::default()).await.unwrap();
        // The tick that asks for a route has begun.
        until(|| world.dice.thrown() >= 4).await;
        world.clock.go(5);
        let mut resume = Box::pin(payee.resume());
        assert!(poll_once(&mut resume).await.is_none());
        until(|| world.dice.thrown() >= 5).await;
        payee.list_invoices(ListInvoices::default()).await.unwrap();
        payee.list_invoices(ListInvoices::default()).await.unwrap();
        assert_eq!(
            world.dice.thrown(),
            7,
            "the store was read, and the tick has not begun"
        );
        world.wire.lost.store(false, Ordering::SeqCst);
        world.clock.go(5);
        resume.await.unwrap();
    });
}

#[test]
fn two_calls_for_one_label_make_one_invoice() {
    let world = World::default();
    let payee = world.run(MemoryStore::new());
    let calls = (0..8).map(|_| {
        let payee = payee.clone();
        std::thread::spawn(move || {
            let params = SendInvoice {
                existing: Existing::Join,
                ..params(&text(), "a")
            };
            block_on(payee.send_invoice(params))
        })
    });
    let calls: Vec<_> = calls.collect();
    block_on(async {
        let copy = world.wire.sent.recv().await.unwrap();
        // All that came in time wait for this payment, all that come later find it made.
        payee.payment_received(money(copy.payment_hash)).await.unwrap();
    });
    let mut records: Vec<_> = calls
        .into_iter()
        .map(|call| call.join().unwrap().unwrap())
        .collect();
    records.dedup();
    assert_eq!(records.len(), 1);
    assert!(world.wire.sent.is_empty());
}

#[test]
fn closing_ends_every_call() {
    let world = World::default();
    let (payee, runner) = world.open(MemoryStore::new()).unwrap();
    let thread = runner.spawn().unwrap();
    block_on(async {
        let mut waits: Vec<core::pin::Pin<Box<dyn core::future::Future<Output = invreq::Result<_>>>>> = vec![
            Box::pin(payee.send_invoice(params(&text(), "a"))),
            Box::pin(payee.wait_any_invoice(0, None)),
        ];
        for wait in &mut waits {
            assert!(poll_once(wait).await.is_none());
        }
        world.wire.sent.recv().await.unwrap();
        payee.close().await.unwrap();
        payee.close().await.unwrap();
        for wait in waits {
            assert_eq!(wait.await.unwrap_err().code(), ErrorCode::Cancelled);
        }
        // And every call that comes later.
        assert_eq!(
            payee.wait_any_invoice(0, None).await.unwrap_err().code(),
            ErrorCode::Cancelled
        );
        let error = payee.send_invoice(params(&text(), "b")).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Cancelled);
    });
    thread.join().unwrap();
}

#[test]
fn a_runner_ends_with_its_last_payee() {
    let world = World::default();
    let (payee, runner) = world.open(MemoryStore::new()).unwrap();
    let other = payee.clone();
    let thread = runner.spawn().unwrap();
    drop(payee);
    block_on(other.list_invoices(ListInvoices::default())).unwrap();
    assert!(!thread.is_finished());
    drop(other);
    thread.join().unwrap();
}

#[test]
fn it_runs_on_one_thread_too() {
    let world = World::default();
    let (payee, runner) = world.open(MemoryStore::new()).unwrap();
    block_on(async {
        let pay = async {
            let copy = world.wire.sent.recv().await.unwrap();
            payee.payment_received(money(copy.payment_hash)).await.unwrap();
        };
        let work = async {
            let (sent, ()) = zip(payee.send_invoice(params(&text(), "a")), pay).await;
            payee.close().await.unwrap();
            sent
        };
        let (sent, ()) = zip(work, runner.run()).await;
        assert_eq!(sent.unwrap().status, Status::Paid);
    });
}
