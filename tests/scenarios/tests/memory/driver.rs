//! The life of a payee and its runner, whose futures lie on the heap.

use core::future::{pending, Future};
use core::pin::Pin;
use std::sync::{Arc, Mutex};

use bitcoin::secp256k1::PublicKey;
use futures_lite::future::{block_on, yield_now, zip};
use futures_lite::FutureExt;
use invreq::driver::{Clock, Entropy, HostError, Payee, PaymentSource, Received, Transport};
use invreq::engine::{
    Claim, Delivery, InboundPayment, InboundPaymentRequest, ListInvoices, PaymentReceived, Route,
    SendInvoice, SendOutcome,
};
use invreq::store::MemoryStore;
use invreq::{PaymentHash, Preimage};

use crate::common::source::payment_path;
use crate::common::{config, params, Request, START};
use crate::search::{copies, derived, masked_seed, seed, MASK};

/// One invoice is made, sent, claimed and paid; another waits until the payee is closed. Gives the nonce of that one.
#[inline(never)]
pub fn live() -> [u8; 32] {
    let dice = Dice::default();
    let (payee, runner) = {
        let builder = Payee::builder(config(), seed(), MemoryStore::new(), Node, Node);
        let builder = builder.clock(Still).entropy(dice.clone());
        block_on(Box::pin(builder.open())).unwrap()
    };
    assert!(copies(&masked_seed()) > 0, "a payee that is at work has its seed");
    let story: Pin<Box<dyn Future<Output = PaymentHash>>> = Box::pin(async {
        zip(payee.send_invoice(terms(1, "a")), pay(&payee, "a"))
            .await
            .0
            .unwrap();
        let waits = async {
            payee.send_invoice(terms(2, "b")).await.unwrap();
            pending().await
        };
        let hash = waits.or(hash_of(&payee, "b")).await;
        payee.close().await.unwrap();
        hash
    });
    let running: Pin<Box<dyn Future<Output = ()>>> = Box::pin(runner.run());
    let hash = block_on(story.or(async {
        running.await;
        pending().await
    }));
    let thrown = dice.0.lock().unwrap().clone();
    let is_its_own = |nonce: &[u8; 32]| {
        let preimage = Preimage::new(derived("preimage", &[nonce]).map(|byte| byte ^ MASK));
        preimage.payment_hash() == hash
    };
    thrown
        .into_iter()
        .find(is_its_own)
        .expect("a nonce of the second invoice")
}

fn terms(number: u32, label: &str) -> SendInvoice {
    params(&Request::number(number).text(), label)
}

async fn hash_of(payee: &Payee, label: &str) -> PaymentHash {
    loop {
        let query = ListInvoices {
            label: Some(label.to_owned()),
            ..ListInvoices::default()
        };
        let page = payee.list_invoices(query).await.unwrap();
        if let [record] = page.records.as_slice() {
            return record.payment_hash;
        }
        yield_now().await;
    }
}

async fn pay(payee: &Payee, label: &str) {
    let payment_hash = hash_of(payee, label).await;
    let claim = Claim {
        payment_hash,
        total_msat: 50_000,
        first_htlc_at: START,
    };
    assert!(payee.claim(claim).await.unwrap().preimage.is_some());
    let payment = PaymentReceived {
        payment_hash,
        amount_msat: 50_000,
        paid_at: START,
        preimage: None,
    };
    payee.payment_received(payment).await.unwrap();
}

/// A clock that stands still.
struct Still;

impl Clock for Still {
    fn now_ms(&self) -> u64 {
        START * 1000
    }

    async fn sleep_until(&self, _: u64) {
        pending().await
    }
}

/// Dice that remember what they showed.
#[derive(Clone, Default)]
struct Dice(Arc<Mutex<Vec<[u8; 32]>>>);

impl Entropy for Dice {
    fn bytes(&self) -> Result<[u8; 32], HostError> {
        let mut thrown = self.0.lock().unwrap();
        let mut bytes = [0xd3; 32];
        bytes[24..].copy_from_slice(&(thrown.len() as u64).to_be_bytes());
        thrown.push(bytes);
        Ok(bytes)
    }
}

struct Node;

impl PaymentSource for Node {
    async fn create_inbound_payment(&self, _: &InboundPaymentRequest) -> Result<InboundPayment, HostError> {
        let paths = vec![payment_path(0, 1_000_000_000)];
        Ok(InboundPayment {
            paths,
            ..InboundPayment::default()
        })
    }
}

impl Transport for Node {
    async fn send(&self, _: &Delivery) -> SendOutcome {
        SendOutcome::Accepted
    }

    async fn find_route(&self, _: PublicKey) -> Result<Option<Route>, HostError> {
        Ok(Some(Route::default()))
    }

    async fn receive(&self) -> Received {
        pending().await
    }
}
