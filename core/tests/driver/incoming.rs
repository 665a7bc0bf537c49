//! What comes in at a transport by itself.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;

use bitcoin::secp256k1::{PublicKey, Secp256k1, SecretKey};
use futures_lite::future::{poll_once, yield_now, zip};
use futures_lite::FutureExt;
use invreq::bolt12::BlindedPath;
use invreq::driver::{HostError, Payee, Received, Transport};
use invreq::engine::{Delivery, Route, SendInvoice, SendOutcome, Status};
use invreq::onion::{ecdh_with, peel, Peeled};
use invreq::store::MemoryStore;
use invreq::ErrorCode;

use crate::common::{config, error_bytes, node, onion_error, params, secret, Request, SEED};
use crate::host::{block_on, go, go_at, money, next, Flaky, Wire, World};

/// The reply path in a copy that went through the one peer.
fn reply_path(copy: &Delivery) -> BlindedPath {
    let peer = SecretKey::from_slice(&[0x22; 32]).unwrap();
    assert_eq!(copy.packet.first_hop, peer.public_key(&Secp256k1::new()));
    let Peeled::Forward { message, .. } = peel(&copy.packet.message, ecdh_with(&peer)).unwrap() else {
        panic!("it goes on");
    };
    let Peeled::Final(message) = peel(&message, ecdh_with(&secret(66))).unwrap() else {
        panic!("it ends there");
    };
    message.reply_path.unwrap()
}

fn at_node() -> World {
    let world = World::default();
    world.wire.one_peer.store(true, Ordering::SeqCst);
    *world.wire.reply_node.lock().unwrap() = Some(secret(80));
    world
}

#[test]
fn an_error_the_hosts_messenger_opened_ends_the_call() {
    let world = World::default();
    let payee = world.run(MemoryStore::new());
    block_on(async {
        let answers = async {
            let copy = world.wire.sent.recv().await.unwrap();
            let reply_path_id = copy.reply_path_id.unwrap();
            let forged = Received::InvoiceError {
                reply_path_id: [5; 32],
                bytes: error_bytes("x", None),
            };
            world.wire.arrives.send(forged).await.unwrap();
            let error = Received::InvoiceError {
                reply_path_id,
                bytes: error_bytes("no", None),
            };
            let shown = format!("{error:?}");
            assert!(
                !shown.contains(&format!("{:?}", &reply_path_id[12..16])[1..14]),
                "{shown}"
            );
            world.wire.arrives.send(error).await.unwrap();
        };
        let call = payee.send_invoice(params(&Request::default().text(), "a"));
        let (sent, ()) = zip(call, answers).await;
        assert_eq!(sent.unwrap_err().code(), ErrorCode::PayerError);
        assert_eq!(payee.ignored_replies().await, 1);
    });
}

#[test]
fn a_message_at_a_node_is_opened_with_the_hosts_answers() {
    for pushed in [false, true] {
        let world = at_node();
        let payee = world.run(MemoryStore::new());
        block_on(async {
            let answers = async {
                let copy = world.wire.sent.recv().await.unwrap();
                let bytes = onion_error(&reply_path(&copy), 68, &error_bytes("no", None));
                if pushed {
                    payee.receive_onion_message_at(node(80), bytes).await.unwrap();
                } else {
                    let node_id = Some(node(80));
                    let received = Received::OnionMessage { node_id, bytes };
                    world.wire.arrives.send(received).await.unwrap();
                }
            };
            let call = payee.send_invoice(params(&Request::default().text(), "a"));
            let (sent, ()) = zip(call, answers).await;
            assert_eq!(sent.unwrap_err().code(), ErrorCode::PayerError);
        });
    }
}

#[test]
fn a_key_that_never_answers_holds_up_nobody() {
    let world = at_node();
    let payee = world.run(MemoryStore::new());
    block_on(async {
        let params = SendInvoice {
            timeout: Some(10_000_000),
            ..params(&Request::number(1).text(), "a")
        };
        let mut one = Box::pin(payee.send_invoice(params));
        assert!(poll_once(&mut one).await.is_none());
        let copy = world.wire.sent.recv().await.unwrap();
        world.wire.locked.store(true, Ordering::SeqCst);
        let bytes = onion_error(&reply_path(&copy), 68, &error_bytes("no", None));
        for _ in 0..3 {
            let (node_id, bytes) = (Some(node(80)), bytes.clone());
            let received = Received::OnionMessage { node_id, bytes };
            world.wire.arrives.send(received).await.unwrap();
        }
        // Calls go on meanwhile, and one message at a time is dealt with.
        for _ in 0..100 {
            payee.wait_any_invoice(0, Some(0)).await.unwrap_err();
        }
        assert!(world.wire.taken.load(Ordering::SeqCst) <= 1);
        let given_up = async {
            while payee.ignored_replies().await < 2 {
                yield_now().await;
            }
            world.wire.locked.store(false, Ordering::SeqCst);
            payee.receive_onion_message_at(node(80), bytes).await.unwrap();
        };
        let ended = async { zip(&mut one, given_up).await.0 };
        assert_eq!(
            ended.or(async { go(&world).await }).await.unwrap_err().code(),
            ErrorCode::PayerError
        );
    });
}

#[test]
fn a_store_that_fails_for_a_while_loses_no_answer() {
    let world = World::default();
    let store = Flaky::<MemoryStore>::default();
    let payee = world.run(store.clone());
    let mut events = payee.events();
    block_on(async {
        let answers = async {
            let copy = world.wire.sent.recv().await.unwrap();
            while payee.list_invoices(Default::default()).await.unwrap().records[0]
                .delivery
                .attempts
                == 0
            {}
            store.every.store(1, Ordering::SeqCst);
            let error = Received::InvoiceError {
                reply_path_id: copy.reply_path_id.unwrap(),
                bytes: error_bytes("no", None),
            };
            world.wire.arrives.send(error).await.unwrap();
            next(&mut events, "trouble").await;
            store.every.store(0, Ordering::SeqCst);
        };
        let call = payee.send_invoice(SendInvoice {
            timeout: Some(100_000),
            ..params(&Request::default().text(), "a")
        });
        let both = async { zip(call, answers).await.0 };
        let ended = both.or(async { go(&world).await }).await;
        assert_eq!(ended.unwrap_err().code(), ErrorCode::PayerError);
    });
}

/// A transport at which something always waits.
struct Flooded {
    wire: Wire,
    taken: Arc<AtomicU64>,
}

impl Transport for Flooded {
    async fn send(&self, delivery: &Delivery) -> SendOutcome {
        self.wire.send(delivery).await
    }

    async fn find_route(&self, node_id: PublicKey) -> Result<Option<Route>, HostError> {
        self.wire.find_route(node_id).await
    }

    async fn receive(&self) -> Received {
        self.taken.fetch_add(1, Ordering::SeqCst);
        Received::OnionMessage {
            node_id: None,
            bytes: vec![2; 1401],
        }
    }
}

#[test]
fn a_flood_holds_up_no_call_no_copy_and_no_clock() {
    let world = World::default();
    let taken = Arc::new(AtomicU64::new(0));
    let transport = Flooded {
        wire: world.wire.clone(),
        taken: taken.clone(),
    };
    let builder = Payee::builder(
        config(),
        SEED,
        MemoryStore::new(),
        world.source.clone(),
        transport,
    );
    let builder = builder.clock(world.clock.clone()).entropy(world.dice.clone());
    // All on one thread: a runner that never rested would let nobody else do anything.
    block_on(async {
        let (payee, runner) = builder.open().await.unwrap();
        let story = async {
            for number in 0..10u32 {
                let pay = async {
                    let copy = world.wire.sent.recv().await.unwrap();
                    payee.payment_received(money(copy.payment_hash)).await.unwrap();
                };
                let params = params(&Request::number(number).text(), &number.to_string());
                let (sent, ()) = zip(payee.send_invoice(params), pay).await;
                assert_eq!(sent.unwrap().status, Status::Paid);
                // One is dealt with while the next waits.
                let dealt_with = payee.ignored_replies().await;
                assert!(taken.load(Ordering::SeqCst) - dealt_with <= 2);
            }
            let unpaid = payee.send_invoice(params(&Request::number(99).text(), "unpaid"));
            let late = async {
                world.wire.sent.recv().await.unwrap();
                world.clock.go(90);
            };
            let (sent, ()) = zip(unpaid, late).await;
            assert_eq!(sent.unwrap_err().code(), ErrorCode::WaitTimeout);
            assert!(
                payee.ignored_replies().await > 10,
                "the flood was dealt with, too"
            );
            payee.close().await.unwrap();
        };
        zip(story, runner.run()).await;
    });
}

#[test]
fn a_clock_that_is_set_back_stops_no_copy() {
    let world = World::default();
    world.wire.one_peer.store(true, Ordering::SeqCst);
    world.clock.go(1_000_000);
    let payee = world.run(MemoryStore::new());
    let mut events = payee.events();
    block_on(async {
        let mut calls = Vec::new();
        for number in 0..3u32 {
            let params = SendInvoice {
                timeout: Some(10_000_000),
                ..params(&Request::number(number).text(), &number.to_string())
            };
            let mut call = Box::pin(payee.send_invoice(params));
            assert!(poll_once(&mut call).await.is_none());
            calls.push(call);
            next(&mut events, "created").await;
        }
        assert_eq!(world.wire.sent.recv().await.unwrap().label, "0");
        world.clock.back(86_400);
        // The others were to follow within a second, and they do.
        for label in ["1", "2"] {
            let copy = async { world.wire.sent.recv().await.unwrap() };
            let slowly = async { go_at(&world, Duration::from_millis(50)).await };
            let copy = copy.or(slowly).await;
            assert_eq!(copy.label, label);
        }
        assert!(world.clock.gone() < 1_000_000 - 86_400 + 60);
    });
}

#[test]
fn a_clock_that_is_set_back_makes_no_wait_for_the_host_longer() {
    let world = World::default();
    world.wire.stuck.store(true, Ordering::SeqCst);
    world.clock.go(1_000_000);
    let payee = world.run(MemoryStore::new());
    block_on(async {
        let params = SendInvoice {
            timeout: Some(10_000_000),
            ..params(&Request::number(0).text(), "a")
        };
        let mut call = Box::pin(payee.send_invoice(params));
        assert!(poll_once(&mut call).await.is_none());
        // This one never comes to anything, and has a minute.
        let first = world.wire.sent.recv().await.unwrap();
        world.clock.back(86_400);
        let copy = async { world.wire.sent.recv().await.unwrap() };
        let slowly = async {
            for _ in 0..59 {
                async_io::Timer::after(Duration::from_millis(2)).await;
                world.clock.go(1);
            }
            go_at(&world, Duration::from_millis(200)).await
        };
        let second = copy.or(slowly).await;
        assert_ne!(second.id, first.id);
        assert!(world.clock.gone() < 1_000_000 - 86_400 + 70);
    });
}
