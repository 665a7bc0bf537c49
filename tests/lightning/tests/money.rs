//! Money on a real network, seen from the host: claimed twice, claimed and crashed, reported twice, too little, too late.

mod payee;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bitcoin::Network;
use futures_lite::future::block_on;
use invreq::driver::Payee;
use invreq::engine::{Claim, Config, Event, ListInvoices, PaymentReceived, Record, SendInvoice, Status};
use invreq::store::MemoryStore;
use invreq::{ErrorCode, PaymentHash};
use invreq_lightning::{Error, NodeEvent, RefundTerms, Testbed};

use payee::{assert_valid_rpc, params};

const AMOUNT: u64 = 20_000_000;

/// A wallet whose host does nothing by itself.
struct Bench {
    bed: Testbed,
    store: MemoryStore,
    payee: Payee,
}

impl Bench {
    fn new() -> Bench {
        let bed = Testbed::direct();
        let store = MemoryStore::new();
        let payee = open(&bed, &store);
        Bench { bed, store, payee }
    }

    /// Answers a request and waits until the payer's HTLCs are held.
    fn held_payment(&self, params: SendInvoice) -> (PaymentHash, u64) {
        let payee = self.payee.clone();
        std::thread::spawn(move || block_on(payee.send_invoice(params)));
        match self.event(|event| matches!(event, NodeEvent::PaymentClaimable { .. })) {
            NodeEvent::PaymentClaimable {
                payment_hash,
                amount_msat,
                ..
            } => (PaymentHash(payment_hash), amount_msat),
            other => panic!("{other:?}"),
        }
    }

    fn event(&self, wanted: impl Fn(&NodeEvent) -> bool) -> NodeEvent {
        let begun = Instant::now();
        loop {
            self.bed.net.pump();
            let events = self.bed.net.take_events(self.bed.host);
            if let Some(event) = events.into_iter().find(&wanted) {
                return event;
            }
            std::thread::sleep(Duration::from_millis(5));
            assert!(begun.elapsed() < Duration::from_secs(20), "it does not happen");
        }
    }

    fn settle(&self, payment_hash: [u8; 32], preimage: [u8; 32]) -> Result<(), Error> {
        self.bed.net.settle(self.bed.host, payment_hash, preimage)
    }

    fn record(&self) -> Record {
        let page = block_on(self.payee.list_invoices(ListInvoices::default())).unwrap();
        let [record] = &page.records[..] else {
            panic!("{:?}", page.records)
        };
        record.clone()
    }

    fn request(&self) -> String {
        self.bed
            .net
            .create_refund(self.bed.payer, &RefundTerms::new(AMOUNT, "money"))
            .unwrap()
    }
}

#[test]
fn claimed_twice_and_after_a_crash_it_is_the_same_preimage() {
    let mut bench = Bench::new();
    let (payment_hash, total_msat) = bench.held_payment(params(&bench.request(), "twice"));
    let claim = Claim {
        payment_hash,
        total_msat,
        first_htlc_at: now(),
    };

    let short = Claim {
        total_msat: AMOUNT - 1,
        ..claim.clone()
    };
    assert_eq!(
        block_on(bench.payee.claim(short)).unwrap_err().code(),
        ErrorCode::AmountTooLow
    );
    assert!(!bench.record().claiming);

    let first = block_on(bench.payee.claim(claim.clone()))
        .unwrap()
        .preimage
        .unwrap();
    assert_eq!(
        block_on(bench.payee.claim(claim.clone()))
            .unwrap()
            .preimage
            .unwrap(),
        first
    );

    // The process ends here; the node still holds the HTLCs, and shows them again.
    bench.payee = open(&bench.bed, &bench.store);
    assert!(bench.record().claiming);
    assert_eq!(
        block_on(bench.payee.del_invoice("twice", Status::Unpaid))
            .unwrap_err()
            .code(),
        ErrorCode::Claiming
    );
    assert_eq!(
        block_on(bench.payee.resend("twice")).unwrap_err().code(),
        ErrorCode::Claiming
    );
    let again = block_on(bench.payee.claim(claim)).unwrap().preimage.unwrap();
    assert_eq!(again, first);

    bench.settle(payment_hash.0, *again.expose()).unwrap();
    bench.event(|event| matches!(event, NodeEvent::PaymentClaimed { .. }));
    let report = received(payment_hash, total_msat);
    let paid = block_on(bench.payee.payment_received(report.clone())).unwrap();
    assert_eq!(paid.status, Status::Paid);
    assert_valid_rpc(&paid);
    // Reported once more, and with another time: nothing counts twice.
    let later = PaymentReceived {
        paid_at: report.paid_at + 5,
        ..report
    };
    assert_eq!(block_on(bench.payee.payment_received(later)).unwrap(), paid);
    assert_eq!(bench.record(), paid);
}

#[test]
fn too_little_is_never_paid() {
    let bench = Bench::new();
    let (payment_hash, total_msat) = bench.held_payment(params(&bench.request(), "little"));
    let mut events = bench.payee.events();
    let error = block_on(bench.payee.payment_received(received(payment_hash, AMOUNT - 1))).unwrap_err();
    assert_eq!(error.code(), ErrorCode::AmountTooLow);
    let told = std::iter::from_fn(|| events.try_recv()?.ok())
        .any(|event| matches!(event, Event::Underpaid { amount_received_msat, .. } if amount_received_msat == AMOUNT - 1));
    assert!(told);
    assert_eq!(bench.record().status, Status::Unpaid);

    let paid = block_on(bench.payee.payment_received(received(payment_hash, total_msat))).unwrap();
    assert_eq!(paid.status, Status::Paid);
}

#[test]
fn money_that_comes_after_the_end_is_still_money() {
    let bench = Bench::new();
    let short = SendInvoice {
        expiry: Some(3),
        timeout: Some(30),
        ..params(&bench.request(), "late")
    };
    let (payment_hash, total_msat) = bench.held_payment(short);
    let first_htlc_at = now();
    let begun = Instant::now();
    while bench.record().status != Status::Expired {
        assert!(begun.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_valid_rpc(&bench.record());

    // It began in time, so it may still be claimed; one that begins now may not.
    let late = Claim {
        payment_hash,
        total_msat,
        first_htlc_at: now() + 10,
    };
    assert_eq!(
        block_on(bench.payee.claim(late)).unwrap_err().code(),
        ErrorCode::ClaimTooLate
    );
    let approval = block_on(bench.payee.claim(Claim {
        payment_hash,
        total_msat,
        first_htlc_at,
    }))
    .unwrap();
    bench
        .settle(payment_hash.0, *approval.preimage.unwrap().expose())
        .unwrap();
    bench.event(|event| matches!(event, NodeEvent::PaymentClaimed { .. }));
    let paid = block_on(bench.payee.payment_received(received(payment_hash, total_msat))).unwrap();
    assert_eq!(paid.status, Status::Paid);
    assert_eq!(paid.payment.as_ref().unwrap().pay_index, 1);
    assert_eq!(paid.updated_index, Some(2), "expired, then paid");
    assert_valid_rpc(&paid);
}

fn open(bed: &Testbed, store: &MemoryStore) -> Payee {
    let host = bed.net.ldk_host(bed.host);
    let builder = Payee::builder(
        Config::new(Network::Regtest),
        [8; 32],
        store.clone(),
        host.clone(),
        host,
    );
    let (payee, runner) = block_on(builder.open()).unwrap();
    runner.spawn().unwrap();
    payee
}

fn received(payment_hash: PaymentHash, amount_msat: u64) -> PaymentReceived {
    PaymentReceived {
        payment_hash,
        amount_msat,
        paid_at: now(),
        preimage: None,
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}
