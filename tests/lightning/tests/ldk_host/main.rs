//! The ready host for LDK, taken by itself: here what it does about events, beside it what it knows of the network.

#[path = "../payee/mod.rs"]
mod payee;
mod terms_and_ways;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bitcoin::Network;
use futures_lite::future::block_on;
use invreq::driver::Payee;
use invreq::engine::{Claim, Config, ListInvoices, Record, Status};
use invreq::ldk::{LdkHost, Preimages};
use invreq::store::{Batch, Entry, MemoryStore, Store, StoreError};
use invreq::{ErrorCode, PaymentHash};
use invreq_lightning::{NodeEvent, RefundTerms, Testbed};
use lightning::events::Event;

use payee::{params, ManualClock};

const AMOUNT: u64 = 20_000_000;

/// A wallet whose events the test hands over one by one.
struct Bench {
    bed: Testbed,
    host: LdkHost,
    payee: Payee,
    clock: ManualClock,
    broken: Broken,
}

impl Bench {
    fn new(preimages: Preimages) -> Bench {
        let bed = Testbed::direct();
        let host = bed.net.ldk_host(bed.host).preimages(preimages);
        let (clock, broken) = (ManualClock::default(), Broken::default());
        let store = Brittle {
            inner: MemoryStore::new(),
            broken: broken.clone(),
        };
        let config = Config::new(Network::Regtest);
        let builder = Payee::builder(config, [3; 32], store, host.clone(), host.clone());
        let (payee, runner) = block_on(builder.clock(clock.clone()).open()).unwrap();
        runner.spawn().unwrap();
        Bench {
            bed,
            host,
            payee,
            clock,
            broken,
        }
    }

    /// Answers a request, and returns what LDK says once the HTLCs are there.
    fn held_payment(&self) -> Event {
        let terms = RefundTerms::new(AMOUNT, "held");
        let request = self.bed.net.create_refund(self.bed.payer, &terms).unwrap();
        let payee = self.payee.clone();
        std::thread::spawn(move || block_on(payee.send_invoice(params(&request, "held"))));
        self.event(|event| matches!(event, Event::PaymentClaimable { .. }))
    }

    fn event(&self, is_wanted: impl Fn(&Event) -> bool) -> Event {
        for _ in 0..4000 {
            self.bed.net.pump();
            let events = self.bed.net.take_ldk_events(self.bed.host);
            if let Some(event) = events.into_iter().find(&is_wanted) {
                return event;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("it does not happen");
    }

    fn handle(&self, event: &Event) -> Result<bool, ()> {
        block_on(self.host.handle_event(&self.payee, event)).map_err(drop)
    }

    fn set_broken(&self, why: Option<fn() -> StoreError>) {
        *self.broken.lock().unwrap() = why;
    }

    fn record(&self) -> Record {
        let page = block_on(self.payee.list_invoices(ListInvoices::default())).unwrap();
        page.records[0].clone()
    }

    fn assert_payer_paid_once(&self) {
        self.bed.net.pump();
        let sent = self.bed.net.take_events(self.bed.payer);
        let sent = sent
            .iter()
            .filter(|event| matches!(event, NodeEvent::PaymentSent { .. }));
        assert_eq!(sent.count(), 1);
    }
}

/// Why a store cannot write.
type Broken = Arc<Mutex<Option<fn() -> StoreError>>>;

fn failed_write() -> StoreError {
    StoreError::Failed("the disk is gone".to_owned())
}

fn corrupt() -> StoreError {
    StoreError::Corrupt("no database".to_owned())
}

/// A store that does not write while it is broken.
struct Brittle {
    inner: MemoryStore,
    broken: Broken,
}

impl Store for Brittle {
    async fn range(&self, start: &[u8], end: &[u8], limit: usize) -> Result<Vec<Entry>, StoreError> {
        self.inner.range(start, end, limit).await
    }

    async fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        let broken = *self.broken.lock().unwrap();
        match broken {
            Some(why) => Err(why()),
            None => self.inner.write(batch).await,
        }
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.inner.close().await
    }
}

#[test]
fn events_the_store_keeps_from_being_dealt_with_come_again_and_no_money_is_lost() {
    for preimages in [Preimages::Engine, Preimages::Node, Preimages::NodeOnly] {
        let bench = Bench::new(preimages);
        let claimable = bench.held_payment();
        bench.set_broken(Some(failed_write));
        assert_eq!(bench.handle(&claimable), Err(()));
        bench.bed.net.pump();
        let seen = bench.bed.net.take_ldk_events(bench.bed.host);
        assert!(seen.is_empty(), "the HTLCs are still held: {seen:?}");
        assert!(!bench.record().claiming);

        bench.set_broken(None);
        assert_eq!(bench.handle(&claimable), Ok(true));
        // A crash of the wallet shows the same event once more.
        assert_eq!(bench.handle(&claimable), Ok(true));
        assert!(bench.record().claiming);
        let claimed = bench.event(|event| matches!(event, Event::PaymentClaimed { .. }));
        bench.set_broken(Some(failed_write));
        assert_eq!(bench.handle(&claimed), Err(()));
        assert_eq!(bench.record().status, Status::Unpaid);

        bench.set_broken(None);
        assert_eq!(bench.handle(&claimed), Ok(true));
        let paid = bench.record();
        assert_eq!(paid.status, Status::Paid);
        let payment = paid.payment.as_ref().unwrap();
        assert_eq!(payment.payment_preimage.payment_hash(), paid.payment_hash);
        assert_eq!(bench.handle(&claimed), Ok(true));
        assert_eq!(bench.handle(&claimable), Ok(true));
        assert_eq!(bench.record(), paid);
        bench.assert_payer_paid_once();
    }
}

/// A store that fails is tried again, and told of once; what it can never write would keep all of LDK's other events back.
#[test]
fn why_an_event_comes_again_is_told_and_damage_is_left_to_the_wallet() {
    let bench = Bench::new(Preimages::Engine);
    let claimable = bench.held_payment();
    let mut events = bench.payee.events();
    let mut troubles = || {
        let all: Vec<_> = std::iter::from_fn(|| events.try_recv()?.ok()).collect();
        let trouble = |event: &invreq::engine::Event| match event {
            invreq::engine::Event::Trouble(error) => Some(error.code),
            _ => None,
        };
        all.iter().filter_map(trouble).collect::<Vec<_>>()
    };
    bench.set_broken(Some(failed_write));
    assert_eq!(bench.handle(&claimable), Err(()));
    assert_eq!(bench.handle(&claimable), Err(()));
    assert_eq!(troubles(), [ErrorCode::StoreFailed]);
    bench.set_broken(Some(corrupt));
    assert_eq!(bench.handle(&claimable), Ok(false));
    assert_eq!(
        troubles(),
        [ErrorCode::StoreCorrupt],
        "it will not be shown again"
    );
    assert!(!bench.record().claiming, "nothing was claimed");
    bench.set_broken(Some(failed_write));
    assert_eq!(bench.handle(&claimable), Err(()));
    assert_eq!(troubles().last(), Some(&ErrorCode::StoreFailed));
    bench.set_broken(None);
    assert_eq!(bench.handle(&claimable), Ok(true));
    assert!(bench.record().claiming);
}

#[test]
fn what_is_no_business_of_the_payee_is_left_to_the_wallet() {
    let bench = Bench::new(Preimages::Engine);
    let stranger = Bench::new(Preimages::Engine);
    let claimable = bench.held_payment();
    assert_eq!(stranger.handle(&claimable), Ok(false));
    let Event::PaymentClaimable { payment_hash, .. } = claimable else {
        unreachable!()
    };
    assert_eq!(bench.handle(&claimable), Ok(true));
    let claimed = bench.event(|event| matches!(event, Event::PaymentClaimed { .. }));
    assert_eq!(stranger.handle(&claimed), Ok(false));
    assert_eq!(stranger.handle(&failed(payment_hash)), Ok(false));
    let other = Event::OnionMessagePeerConnected {
        peer_node_id: bench.bed.net.node_id(bench.bed.payer),
    };
    assert_eq!(bench.handle(&other), Ok(false));
    assert_eq!(bench.handle(&claimed), Ok(true));
}

#[test]
fn a_payment_that_came_too_late_goes_back_to_the_payer() {
    let bench = Bench::new(Preimages::Engine);
    let claimable = bench.held_payment();
    bench.clock.advance(Duration::from_secs(3600));
    assert_eq!(bench.handle(&claimable), Ok(true));
    bench.bed.net.pump();
    let events = bench.bed.net.take_events(bench.bed.payer);
    assert!(
        matches!(events[..], [NodeEvent::PaymentFailed { .. }]),
        "{events:?}"
    );
    assert!(!bench.record().claiming);
}

#[test]
fn a_claim_that_ldk_did_not_hear_of_in_time_is_taken_back() {
    let bench = Bench::new(Preimages::Engine);
    let claimable = bench.held_payment();
    let Event::PaymentClaimable {
        payment_hash,
        amount_msat,
        claim_deadline,
        ..
    } = claimable
    else {
        unreachable!()
    };
    // The wallet dies after the claim is written and before LDK hears of it, and comes back too late.
    let claim = Claim {
        payment_hash: PaymentHash(payment_hash.0),
        total_msat: amount_msat,
        first_htlc_at: 0,
    };
    block_on(bench.payee.claim(claim)).unwrap();
    let left = claim_deadline.unwrap() - bench.bed.net.block_height();
    bench.bed.net.mine(left);
    let failure = bench.event(|event| matches!(event, Event::HTLCHandlingFailed { .. }));
    assert!(bench.record().claiming);
    assert_eq!(bench.handle(&claimable), Ok(true));
    assert_eq!(bench.handle(&failure), Ok(true));
    let record = bench.record();
    assert!(!record.claiming);
    assert_eq!(record.status, Status::Unpaid);
    block_on(bench.payee.resend("held")).unwrap();
}

#[test]
fn a_part_that_came_on_top_does_not_take_a_claim_back() {
    let bench = Bench::new(Preimages::Engine);
    let claimable = bench.held_payment();
    let Event::PaymentClaimable { payment_hash, .. } = claimable else {
        unreachable!()
    };
    assert_eq!(bench.handle(&claimable), Ok(true));
    assert_eq!(bench.handle(&failed(payment_hash)), Ok(true));
    assert!(bench.record().claiming);
}

/// What LDK says of a part it did not want, because the payment was complete.
fn failed(payment_hash: lightning::types::payment::PaymentHash) -> Event {
    use lightning::events::{HTLCHandlingFailureReason, HTLCHandlingFailureType};
    let reason = lightning::ln::LocalHTLCFailureReason::IncorrectPaymentDetails;
    Event::HTLCHandlingFailed {
        prev_channel_id: lightning::ln::types::ChannelId([0; 32]),
        failure_type: HTLCHandlingFailureType::Receive { payment_hash },
        failure_reason: Some(HTLCHandlingFailureReason::Local { reason }),
    }
}
