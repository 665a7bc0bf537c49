//! The ready host for LDK, taken by itself: events that come again, payments of others, ways and ends of channels.

mod payee;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::Duration;

use bitcoin::secp256k1::PublicKey;
use bitcoin::Network;
use futures_lite::future::block_on;
use invreq::driver::{Payee, PaymentSource, SystemClock, Transport};
use invreq::engine::{Claim, Config, InboundPaymentRequest, ListInvoices, Record, ReplyPath, Status};
use invreq::ldk::{LdkHost, Preimages};
use invreq::store::{Batch, Entry, MemoryStore, Store, StoreError};
use invreq::{InvreqId, PaymentHash, Preimage};
use invreq_lightning::{ChannelTerms, NodeEvent, NodeIndex, RefundTerms, Testbed};
use lightning::events::Event;

use payee::{params, ManualClock, Wallet};

const AMOUNT: u64 = 20_000_000;

/// A wallet whose events the test hands over one by one.
struct Bench {
    bed: Testbed,
    host: LdkHost,
    payee: Payee,
    clock: ManualClock,
    broken: Arc<AtomicBool>,
}

impl Bench {
    fn new(preimages: Preimages) -> Bench {
        let bed = Testbed::direct();
        let host = bed.net.ldk_host(bed.host).preimages(preimages);
        let (clock, broken) = (ManualClock::default(), Arc::<AtomicBool>::default());
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

/// A store that does not write while it is broken.
struct Brittle {
    inner: MemoryStore,
    broken: Arc<AtomicBool>,
}

impl Store for Brittle {
    async fn range(&self, start: &[u8], end: &[u8], limit: usize) -> Result<Vec<Entry>, StoreError> {
        self.inner.range(start, end, limit).await
    }

    async fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        match self.broken.load(Ordering::SeqCst) {
            true => Err(StoreError::Failed("the disk is full".to_owned())),
            false => self.inner.write(batch).await,
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
        bench.broken.store(true, Ordering::SeqCst);
        assert_eq!(bench.handle(&claimable), Err(()));
        bench.bed.net.pump();
        let seen = bench.bed.net.take_ldk_events(bench.bed.host);
        assert!(seen.is_empty(), "the HTLCs are still held: {seen:?}");
        assert!(!bench.record().claiming);

        bench.broken.store(false, Ordering::SeqCst);
        assert_eq!(bench.handle(&claimable), Ok(true));
        // A crash of the wallet shows the same event once more.
        assert_eq!(bench.handle(&claimable), Ok(true));
        assert!(bench.record().claiming);
        let claimed = bench.event(|event| matches!(event, Event::PaymentClaimed { .. }));
        bench.broken.store(true, Ordering::SeqCst);
        assert_eq!(bench.handle(&claimed), Err(()));
        assert_eq!(bench.record().status, Status::Unpaid);

        bench.broken.store(false, Ordering::SeqCst);
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

#[test]
fn a_payment_beyond_the_channels_or_the_time_is_refused_in_words() {
    let bed = Testbed::direct();
    let host = bed.net.ldk_host(bed.host);
    let request = |amount_msat, expires_at| InboundPaymentRequest {
        amount_msat,
        expires_at,
        payment_hash: Preimage::new([1; 32]).payment_hash(),
        label: String::new(),
        invreq_id: InvreqId([0; 32]),
    };
    let later = now() + 3600;
    let create = |request| block_on(host.create_inbound_payment(&request)).map_err(|error| error.0);
    let capacity = Testbed::CAPACITY_SAT * 1000;

    let made = create(request(AMOUNT, later)).unwrap();
    assert_eq!(made.payment_hash, Some(Preimage::new([1; 32]).payment_hash()));
    assert_eq!((made.preimage, made.mpp), (None, true));
    let until = made.paths_expire_at.unwrap();
    assert!((later..later + 5).contains(&until), "{until}");
    let [path] = &made.paths[..] else {
        panic!("{:?}", made.paths)
    };
    assert!(path.payinfo.htlc_maximum_msat >= AMOUNT);

    let too_much = create(request(capacity + 1, later)).unwrap_err();
    assert!(
        too_much.starts_with("the channels can receive at most "),
        "{too_much}"
    );
    assert!(
        too_much.ends_with(&format!("msat, not {}", capacity + 1)),
        "{too_much}"
    );
    let too_late = create(request(AMOUNT, 1)).unwrap_err();
    assert_eq!(too_late, "the invoice would have expired already");
    let too_long = create(request(AMOUNT, u64::MAX)).unwrap_err();
    assert_eq!(too_long, "the invoice would live too long");
    assert_eq!(block_on(host.can_receive(AMOUNT)), Some(true));
    assert_eq!(block_on(host.can_receive(capacity + 1)), Some(false));

    let own = create_with(&bed, Preimages::Node, request(AMOUNT, later));
    assert_eq!(own.0, own.1.map(|preimage| preimage.payment_hash()));
    let own = create_with(&bed, Preimages::NodeOnly, request(AMOUNT, later));
    assert!(own.0.is_some() && own.1.is_none());
}

fn create_with(
    bed: &Testbed,
    preimages: Preimages,
    request: InboundPaymentRequest,
) -> (Option<PaymentHash>, Option<Preimage>) {
    let host = bed.net.ldk_host(bed.host).preimages(preimages);
    let made = block_on(host.create_inbound_payment(&request)).unwrap();
    (made.payment_hash, made.preimage)
}

#[test]
fn a_message_takes_the_shortest_way_over_nodes_that_relay() {
    // us - a - b - target, and us - a - c - d - target.
    let bed = Testbed::direct();
    let net = &bed.net;
    let nodes = ["us", "a", "b", "c", "d", "target"].map(|name| net.add_node(name));
    let [us, a, b, c, d, target] = nodes;
    for (one, other) in [(us, a), (a, b), (b, target), (a, c), (c, d), (d, target)] {
        join(&bed, one, other, true);
    }
    let id = |node| net.node_id(node);
    let host = net.ldk_host(us);
    let route = |to| block_on(host.find_route(id(to))).map(|route| route.map(|route| route.via));

    assert_eq!(route(us), Ok(Some(vec![])));
    assert_eq!(route(a), Ok(Some(vec![])));
    assert_eq!(route(b), Ok(Some(vec![id(a)])));
    assert_eq!(route(target), Ok(Some(vec![id(a), id(b)])));
    assert_eq!(route(d), Ok(Some(vec![id(a), id(c)])));
    assert_eq!(route(bed.payer), Ok(None), "another part of the world");

    // A peer without a channel is a shorter way.
    net.connect(us, b).unwrap();
    assert_eq!(
        route(target),
        Ok(Some(vec![id(a), id(b)])),
        "who has a channel relays for us"
    );
    net.disconnect(us, a);
    assert_eq!(route(target), Ok(Some(vec![id(b)])));
    net.disconnect(us, b);
    let error = route(target).unwrap_err();
    assert_eq!(error.0, "the node has no peers now");
}

#[test]
fn who_is_no_peer_is_connected_to_where_the_wallet_can() {
    let bed = Testbed::direct();
    let net = bed.net.clone();
    let lonely = net.add_node("lonely");
    net.connect(lonely, bed.payer).unwrap();
    net.pump();
    net.disconnect(lonely, bed.payer);
    let (payer, ours) = (bed.payer, net.clone());
    let plain = net.ldk_host(lonely);
    assert!(
        block_on(plain.find_route(net.node_id(payer))).is_err(),
        "it has no peers"
    );

    let host = plain.connect_with(move |node_id, addresses| {
        let net = ours.clone();
        async move {
            assert_eq!(net.node_id(payer), node_id);
            assert!(!addresses.is_empty());
            net.connect(lonely, payer).unwrap();
        }
    });
    let route = block_on(host.find_route(net.node_id(payer))).unwrap().unwrap();
    assert_eq!(route.connect, ["127.0.0.1:9735"]);
    assert!(route.via.is_empty());

    // The money comes in elsewhere, and the message goes out here.
    let request = net
        .create_refund(payer, &RefundTerms::new(AMOUNT, "connect"))
        .unwrap();
    let wallet = Wallet::with_transport(&bed, net.ldk_host(bed.host), host);
    let record = block_on(wallet.payee.send_invoice(params(&request, "connect"))).unwrap();
    assert_eq!(record.status, Status::Paid);
}

#[test]
fn replies_come_through_a_peer_where_the_node_is_private() {
    let bed = Testbed::relayed();
    let reply = |host: LdkHost| {
        let route = block_on(host.find_route(bed.net.node_id(bed.payer))).unwrap();
        route.unwrap().reply
    };
    let [payer, relay, host] = [bed.payer, bed.relay.unwrap(), bed.host].map(|node| bed.net.node_id(node));
    let private = bed.net.ldk_host(bed.host);
    assert_eq!(
        reply(private.clone()),
        ReplyPath::Ours {
            via: vec![relay, host]
        }
    );
    assert_eq!(reply(private.without_replies()), ReplyPath::None);
    assert_eq!(
        reply(bed.net.ldk_host(bed.payer)),
        ReplyPath::Ours { via: vec![payer] }
    );
}

#[test]
fn the_ends_of_a_private_channel_are_known_to_its_ends_by_every_name() {
    let bed = Testbed::relayed();
    let (relay, host) = (bed.relay.unwrap(), bed.host);
    let names = bed.net.channel_names(host);
    assert!(names.len() >= 2, "{names:?}");
    let mut ends: [PublicKey; 2] = [relay, host].map(|node| bed.net.node_id(node));
    ends.sort_by_key(PublicKey::serialize);
    for scid in names {
        for (direction, end) in [0u8, 1].into_iter().zip(ends) {
            assert_eq!(bed.net.resolve_scid(host, scid, direction), Some(end));
            assert_eq!(bed.net.resolve_scid(bed.payer, scid, direction), None);
        }
        assert_eq!(bed.net.resolve_scid(host, scid, 2), None);
    }
    let fresh = bed.net.add_node("fresh");
    let error = block_on(bed.net.ldk_host(fresh).resolve_scid(1, 0)).unwrap_err();
    assert_eq!(error.0, "the node knows no channels yet");
}

fn join(bed: &Testbed, one: NodeIndex, other: NodeIndex, public: bool) {
    bed.net.connect(one, other).unwrap();
    let terms = match public {
        true => ChannelTerms::public(100_000),
        false => ChannelTerms::private(100_000),
    };
    bed.net.open_channel(one, other, terms).unwrap();
}

fn now() -> u64 {
    use invreq::driver::Clock;
    SystemClock.now_ms() / 1000
}
