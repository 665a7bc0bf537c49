//! What a node is told to do with a payment it holds.

use core::sync::atomic::Ordering;

use futures_lite::future::poll_once;
use invreq::driver::{Payee, Verdict};
use invreq::engine::{Claim, SendInvoice};
use invreq::store::MemoryStore;
use invreq::{ErrorCode, PaymentHash};

use crate::common::{params, Request, START};
use crate::host::{block_on, money, Flaky, World};

fn claim(payment_hash: PaymentHash) -> Claim {
    Claim {
        payment_hash,
        total_msat: 50_000,
        first_htlc_at: START,
    }
}

async fn answered(world: &World, payee: &Payee) -> PaymentHash {
    let text = Request::default().text();
    let call = SendInvoice {
        timeout: Some(1000),
        ..params(&text, "a")
    };
    let mut call = Box::pin(payee.send_invoice(call));
    assert!(poll_once(&mut call).await.is_none());
    world.wire.sent.recv().await.unwrap().payment_hash
}

#[test]
fn every_payment_gets_the_verdict_it_deserves() {
    let world = World::default();
    let payee = world.run(MemoryStore::new());
    block_on(async {
        assert_eq!(
            payee.judge(claim(PaymentHash([9; 32]))).await.unwrap(),
            Verdict::Unknown
        );
        let hash = answered(&world, &payee).await;
        let with = |total_msat, first_htlc_at| Claim {
            total_msat,
            first_htlc_at,
            ..claim(hash)
        };
        for (bad, code) in [
            (with(49_999, START), ErrorCode::AmountTooLow),
            (with(100_001, START), ErrorCode::AmountTooHigh),
            (with(50_000, START + 100_000), ErrorCode::ClaimTooLate),
        ] {
            match payee.judge(bad).await.unwrap() {
                Verdict::Fail(error) => assert_eq!(error.code(), code),
                other => panic!("{other:?}"),
            }
        }
        let in_ms = with(50_000, START * 1000);
        let error = payee.judge(in_ms).await.unwrap_err();
        assert_eq!(
            error.code(),
            ErrorCode::InvalidParameter,
            "holding it would not help"
        );
        let settle = payee.judge(claim(hash)).await.unwrap();
        let Verdict::Settle(Some(preimage)) = &settle else {
            panic!("{settle:?}")
        };
        assert_eq!(preimage.payment_hash(), hash);
        assert_eq!(payee.judge(claim(hash)).await.unwrap(), settle, "however often");
        // A node that has forgotten that it settled is told once more.
        payee.payment_received(money(hash)).await.unwrap();
        assert_eq!(payee.judge(claim(hash)).await.unwrap(), settle);
        assert!(
            !format!("{settle:?}").contains(&hex(preimage.expose())),
            "{settle:?}"
        );
    });
}

#[test]
fn what_nobody_can_tell_now_is_held() {
    let world = World::default();
    let store = Flaky::<MemoryStore>::default();
    let payee = world.run(store.clone());
    block_on(async {
        let hash = answered(&world, &payee).await;
        store.every.store(1, Ordering::SeqCst);
        match payee.judge(claim(hash)).await.unwrap() {
            Verdict::Hold(error) => assert_eq!(error.code(), ErrorCode::StoreFailed),
            other => panic!("{other:?}"),
        }
        store.every.store(0, Ordering::SeqCst);
        assert!(matches!(
            payee.judge(claim(hash)).await.unwrap(),
            Verdict::Settle(Some(_))
        ));
        payee.close().await.unwrap();
        match payee.judge(claim(hash)).await.unwrap() {
            Verdict::Hold(error) => assert_eq!(error.code(), ErrorCode::Cancelled),
            other => panic!("{other:?}"),
        }
    });
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
