//! Reading what happens.

use futures_lite::future::or;
use futures_lite::StreamExt;
use invreq::driver::{Missed, Payee};
use invreq::engine::{Delivery, Event, PaymentReceived};
use invreq::store::MemoryStore;

use crate::common::{params, Request};
use crate::host::{block_on, money, World};

/// Has an invoice sent, and does not wait for its payment.
async fn send(world: &World, payee: &Payee) -> Delivery {
    let call = async {
        panic!(
            "{:?}",
            payee.send_invoice(params(&Request::default().text(), "a")).await
        )
    };
    or(call, async { world.wire.sent.recv().await.unwrap() }).await
}

#[test]
fn events_end_when_the_payee_is_closed() {
    let world = World::default();
    let payee = world.run(MemoryStore::new());
    let mut events = payee.events();
    block_on(async {
        send(&world, &payee).await;
        payee.close().await.unwrap();
        // The payee is still held, as by a task that reads its events.
        let mut told = Vec::new();
        while let Some(event) = events.recv().await {
            told.push(event.unwrap());
        }
        assert!(matches!(told.first(), Some(Event::Created(_))), "{told:?}");
        assert_eq!(payee.events().recv().await, None);
    });
}

#[test]
fn a_reader_that_is_too_slow_is_told_how_many_events_it_missed() {
    let world = World::default();
    let payee = world.run(MemoryStore::new());
    let (mut one, mut other) = (payee.events(), payee.events());
    block_on(async {
        let too_little = PaymentReceived {
            amount_msat: 1,
            ..money(send(&world, &payee).await.payment_hash)
        };
        for _ in 0..1_100 {
            payee.payment_received(too_little.clone()).await.unwrap_err();
        }
        let Some(Err(missed)) = one.recv().await else {
            panic!("more than 1,024 came");
        };
        assert!(missed > Missed(1_100 - 1_024), "{missed}");
        assert_eq!(other.next().await, Some(Err(missed)));
        let mut left = 0;
        while let Some(event) = one.try_recv() {
            assert!(event.is_ok());
            left += 1;
        }
        assert_eq!(left, 1_024);
    });
}
