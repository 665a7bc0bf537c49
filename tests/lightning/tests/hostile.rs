//! Strangers on a real network: answers that are forged, replayed or lead elsewhere, floods, and connections that come to
//! nothing. None of it touches money, and the main job goes on.

mod payee;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_lite::future::block_on;
use invreq::bolt12::InvoiceError;
use invreq::driver::{HostError, Payee, Received, Transport};
use invreq::engine::{
    Config, Delivery, DeliveryState, ListInvoices, Record, Route, SendInvoice, SendOutcome, Status,
};
use invreq::ldk::Preimages;
use invreq::onion::{reply_path, SharedSecret};
use invreq::store::{Batch, Entry, MemoryStore, Store, StoreError};
use invreq::Result;
use invreq_lightning::forms::{nodes, LndHost};
use invreq_lightning::{
    serve, MessageTo, Network, NodeIndex, PublicKey, ReceivedInvoice, RefundTerms, SpecPayer, Testbed,
};

use payee::{params, Wallet};

const AMOUNT: u64 = 50_000_000;

/// The record of an onion message that holds an error.
const INVOICE_ERROR: u64 = 68;

#[test]
fn forged_errors_are_counted_and_change_nothing() {
    let bed = Testbed::relayed();
    let wallet = Wallet::open(&bed, Preimages::Engine);
    let payer = SpecPayer::new(bed.net.clone(), bed.payer);
    let (first, first_call) = answered(&wallet, &payer, 1);
    let (second, second_call) = answered(&wallet, &payer, 2);
    payer.pay(&first.invoice).unwrap();
    let paid = first_call.join().unwrap().unwrap();
    let open = record(&wallet, 2);
    let mut forged = Forged::new(&bed, &wallet);

    // Over the path of another delivery, which is long done with.
    payer
        .refuse(first.reply_path.as_ref().unwrap(), "forged")
        .unwrap();
    forged.one_more("over the path of another invoice");

    // Straight to the reply key, over no path of ours.
    let error = InvoiceError {
        error: Some("forged".to_owned()),
        ..InvoiceError::default()
    };
    let error = error.to_bytes().unwrap();
    let mailbox = block_on(wallet.payee.reply_node_id()).unwrap();
    let stranger = bed.net.add_node("stranger");
    bed.net.connect(stranger, bed.host).unwrap();
    let host = bed.net.node_id(bed.host);
    let send = |to: MessageTo<'_>, via: &[_]| {
        let message = bed
            .net
            .onion_message(stranger, via, to, INVOICE_ERROR, &error)
            .unwrap();
        bed.net.send_onion(stranger, message.0, &message.1).unwrap();
    };
    send(MessageTo::Node(mailbox), &[host]);
    forged.one_more("without a path");

    // Over a path of the stranger's own making, with the number of the invoice and of the copy, and what only we can know.
    let mut token = [0; 32];
    token[7] = 2;
    for secret in [token, [0; 32], [0xff; 32]] {
        let path = reply_path(&[host], mailbox, &secret, [5; 32]).unwrap();
        send(MessageTo::Path(&path), &[]);
        forged.one_more("over a forged path");
    }

    // Over the right path, and no error.
    let ours = second.reply_path.as_ref().unwrap();
    for (number, value, what) in [
        (64, &error[..], "an invoice request"),
        (66, &second.invoice[..], "an invoice"),
        (INVOICE_ERROR, &[5, 9, 1][..], "a broken error"),
        (
            INVOICE_ERROR,
            &[2, 0, 5, 1, 0x78][..],
            "an error with an unknown even field",
        ),
    ] {
        payer.say(ours, number, value).unwrap();
        forged.one_more(what);
    }

    // Through the calls of the payee.
    block_on(wallet.payee.receive_invoice_error([9; 32], error.clone())).unwrap();
    forged.one_more("an id that nobody has");
    block_on(wallet.payee.receive_onion_message_at(host, vec![7; 1400])).unwrap();
    forged.one_more("at a node where no answer is awaited");
    assert_eq!((record(&wallet, 1), record(&wallet, 2)), (paid, open));

    // The true answer, and the same once more.
    let seen = Arc::<Mutex<Vec<Vec<u8>>>>::default();
    let seeing = seen.clone();
    bed.net.listen(bed.host, move |_, message| {
        seeing.lock().unwrap().push(message.to_vec());
        false
    });
    payer.refuse(ours, "true").unwrap();
    let refused = second_call.join().unwrap().unwrap_err();
    assert_eq!(refused.rpc_code(), 1004);
    let refused = record(&wallet, 2);
    assert_eq!(refused.delivery.state, DeliveryState::Refused);
    let relay = bed.relay.unwrap();
    let [true_one] = &std::mem::take(&mut *seen.lock().unwrap())[..] else {
        panic!("one answer came")
    };
    for _ in 0..3 {
        bed.net.send_onion(relay, host, true_one).unwrap();
        forged.one_more("replayed");
    }
    payer.refuse(ours, "another text").unwrap();
    forged.one_more("a second answer to the same copy");
    assert_eq!(record(&wallet, 2), refused);

    // And all the while the money is there to be taken.
    payer.pay(&second.invoice).unwrap();
    let paid = block_on(wallet.payee.wait_invoice("2")).unwrap();
    assert_eq!(paid.status, Status::Paid);
}

#[test]
fn a_flood_of_garbage_leaves_nothing_behind_and_the_payment_comes() {
    let bed = Testbed::relayed();
    let store = Counted::default();
    let host = bed.net.ldk_host(bed.host);
    let config = Config::new(bitcoin::Network::Regtest);
    let builder = Payee::builder(config, [7; 32], store.clone(), host.clone(), host.clone());
    let (payee, runner) = block_on(builder.open()).unwrap();
    runner.spawn().unwrap();
    let mut events = payee.events();
    let _served = serve(bed.net.clone(), bed.host, host, payee.clone());
    let mailbox = block_on(payee.reply_node_id()).unwrap();
    let flood = Flood::new(&bed, mailbox);

    let (written, kept) = (store.writes(), block_on(store.len()));
    let sent = flood.burst(600);
    wait_until(|| block_on(payee.ignored_replies()) >= sent / 2);
    assert_eq!(
        (store.writes(), block_on(store.len())),
        (written, kept),
        "nothing is written of it"
    );
    assert!(events.try_recv().is_err(), "nor told");

    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                flood.burst(20);
            }
        });
        let request = bed
            .net
            .create_refund(bed.payer, &RefundTerms::new(AMOUNT, "flooded"))
            .unwrap();
        let paid = block_on(payee.send_invoice(params(&request, "flooded")));
        done.store(true, Ordering::SeqCst);
        assert_eq!(paid.unwrap().status, Status::Paid);
    });
    let ignored = block_on(payee.ignored_replies());
    assert!(ignored > sent / 2, "{ignored} of it reached us");
    // What is left is what one paid invoice leaves, as without a flood.
    let quiet = one_paid_invoice();
    assert_eq!(block_on(store.len()), quiet);
}

/// How many entries a wallet has that answered one request and was paid.
fn one_paid_invoice() -> usize {
    let bed = Testbed::relayed();
    let (store, host) = (Counted::default(), bed.net.ldk_host(bed.host));
    let config = Config::new(bitcoin::Network::Regtest);
    let builder = Payee::builder(config, [7; 32], store.clone(), host.clone(), host.clone());
    let (payee, runner) = block_on(builder.open()).unwrap();
    runner.spawn().unwrap();
    let _served = serve(bed.net.clone(), bed.host, host, payee.clone());
    let request = bed
        .net
        .create_refund(bed.payer, &RefundTerms::new(AMOUNT, "quiet"))
        .unwrap();
    block_on(payee.send_invoice(params(&request, "flooded"))).unwrap();
    block_on(store.len())
}

#[test]
fn a_flood_of_raw_messages_waits_in_a_short_queue() {
    let bed = Testbed::direct();
    let node = Arc::new(nodes::Lnd::new(bed.net.clone(), bed.host));
    let flood = Flood::new(&bed, bed.net.node_id(bed.host));
    flood.burst(3 * nodes::QUEUE as u64);
    assert_eq!(node.waiting(), nodes::QUEUE);

    let asked = Arc::<AtomicU64>::default();
    let transport = CountedKey {
        inner: LndHost::new(node.clone()),
        asked: asked.clone(),
    };
    let wallet = Wallet::with_transport(&bed, bed.net.ldk_host(bed.host), transport);
    wait_until(|| node.waiting() == 0);
    assert_eq!(
        asked.load(Ordering::SeqCst),
        0,
        "nobody multiplies for garbage while no answer is awaited"
    );
    let request = bed
        .net
        .create_refund(bed.payer, &RefundTerms::new(AMOUNT, "flooded"))
        .unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                flood.burst(20);
                assert!(node.waiting() <= nodes::QUEUE);
            }
        });
        let paid = block_on(wallet.payee.send_invoice(params(&request, "flooded")));
        done.store(true, Ordering::SeqCst);
        assert_eq!(paid.unwrap().status, Status::Paid);
    });
}

#[test]
fn connections_that_come_to_nothing_leave_the_job_alone() {
    let bed = Testbed::direct();
    let wallet = Wallet::open(&bed, Preimages::Engine);
    let elsewhere = Network::new();
    let stranger = elsewhere.add_node("stranger");
    let mut half_open = Vec::new();
    for node in [bed.host, bed.payer] {
        half_open.extend((0..200).map(|_| bed.net.accept_stream(node).unwrap()));
        for stop_at in [1, 49, 50, 60] {
            // A handshake begun and broken off: within the first act, after it, and within the third.
            let theirs = elsewhere.dial_stream(stranger, bed.net.node_id(node)).unwrap();
            let ours = bed.net.accept_stream(node).unwrap();
            elsewhere.pump();
            let first_act = elsewhere.drain_stream(theirs, stop_at.min(50)).unwrap();
            bed.net.feed_stream(ours, &first_act).unwrap();
            bed.net.pump();
            let second_act = bed.net.drain_stream(ours, 50).unwrap();
            assert_eq!(second_act.len(), if stop_at < 50 { 0 } else { 50 });
            if stop_at > 50 {
                elsewhere.feed_stream(theirs, &second_act).unwrap();
                elsewhere.pump();
                let third_act = elsewhere.drain_stream(theirs, 10).unwrap();
                bed.net.feed_stream(ours, &third_act).unwrap();
            }
            bed.net.close_stream(ours);
            elsewhere.close_stream(theirs);
        }
        let garbage = bed.net.accept_stream(node).unwrap();
        assert!(bed.net.feed_stream(garbage, &[7; 200]).is_err(), "no handshake");
    }
    let request = bed
        .net
        .create_refund(bed.payer, &RefundTerms::new(AMOUNT, "in the crowd"))
        .unwrap();
    let record = block_on(wallet.payee.send_invoice(params(&request, "crowd"))).unwrap();
    assert_eq!(record.status, Status::Paid);
    // A node does not wait for ever for a handshake.
    for _ in 0..3 {
        bed.net.tick();
    }
    for stream in half_open {
        assert!(bed.net.drain_stream(stream, 1).is_err(), "it is still open");
    }
}

/// Answers a request of this number, and hands over what came to the payer, and the call that waits.
fn answered(
    wallet: &Wallet,
    payer: &SpecPayer,
    number: u8,
) -> (ReceivedInvoice, std::thread::JoinHandle<Result<Record>>) {
    let way = vec![payer.node_id()];
    let request = payer.request(AMOUNT, &[way], [number; 32]);
    let call = SendInvoice {
        expiry: Some(600),
        ..params(&request, &number.to_string())
    };
    let payee = wallet.payee.clone();
    let call = std::thread::spawn(move || block_on(payee.send_invoice(call)));
    let mut came = Vec::new();
    wait_until(|| {
        came.extend(payer.invoices());
        !came.is_empty()
    });
    // The host's word that the copy is out is written, too.
    wait_until(|| record(wallet, number).delivery.state == DeliveryState::Sent);
    (came.remove(0), call)
}

fn record(wallet: &Wallet, number: u8) -> Record {
    let query = ListInvoices {
        label: Some(number.to_string()),
        ..ListInvoices::default()
    };
    block_on(wallet.payee.list_invoices(query))
        .unwrap()
        .records
        .remove(0)
}

/// Counts what is ignored.
struct Forged<'a> {
    bed: &'a Testbed,
    wallet: &'a Wallet,
    ignored: u64,
}

impl<'a> Forged<'a> {
    fn new(bed: &'a Testbed, wallet: &'a Wallet) -> Forged<'a> {
        let ignored = block_on(wallet.payee.ignored_replies());
        assert_eq!(ignored, 0);
        Forged { bed, wallet, ignored }
    }

    fn one_more(&mut self, what: &str) {
        self.ignored += 1;
        self.bed.net.pump();
        let begun = Instant::now();
        while block_on(self.wallet.payee.ignored_replies()) < self.ignored {
            assert!(begun.elapsed() < Duration::from_secs(20), "not counted: {what}");
            std::thread::sleep(Duration::from_millis(2));
        }
        assert_eq!(
            block_on(self.wallet.payee.ignored_replies()),
            self.ignored,
            "{what}"
        );
    }
}

/// A stranger that sends one message after the other to a key: all well-made, and none of them an answer.
struct Flood<'a> {
    net: &'a Network,
    stranger: NodeIndex,
    host: PublicKey,
    message: Vec<u8>,
}

impl<'a> Flood<'a> {
    fn new(bed: &'a Testbed, target: PublicKey) -> Flood<'a> {
        let net = &*bed.net;
        let stranger = net.add_node("flooder");
        net.connect(stranger, bed.host).unwrap();
        let host = net.node_id(bed.host);
        let via: Vec<_> = Some(host).into_iter().filter(|host| *host != target).collect();
        let garbage = vec![0x5a; 900];
        let message = net
            .onion_message(stranger, &via, MessageTo::Node(target), INVOICE_ERROR, &garbage)
            .unwrap();
        Flood {
            net,
            stranger,
            host,
            message: message.1,
        }
    }

    /// Sends so many, and says how many LDK took.
    fn burst(&self, count: u64) -> u64 {
        let sent = (0..count).filter(|_| {
            let sent = self.net.send_onion(self.stranger, self.host, &self.message);
            self.net.pump();
            sent.is_ok()
        });
        u64::try_from(sent.count()).unwrap()
    }
}

fn wait_until(mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not happen");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A host whose key is asked, and who counts how often.
struct CountedKey {
    inner: LndHost,
    asked: Arc<AtomicU64>,
}

impl Transport for CountedKey {
    async fn send(&self, delivery: &Delivery) -> SendOutcome {
        self.inner.send(delivery).await
    }

    async fn resolve_scid(&self, scid: u64, direction: u8) -> Answered<Option<PublicKey>> {
        self.inner.resolve_scid(scid, direction).await
    }

    async fn find_route(&self, node_id: PublicKey) -> Answered<Option<Route>> {
        self.inner.find_route(node_id).await
    }

    async fn receive(&self) -> Received {
        self.inner.receive().await
    }

    async fn ecdh(&self, node_id: PublicKey, point: PublicKey) -> Answered<SharedSecret> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.inner.ecdh(node_id, point).await
    }
}

type Stored<T> = std::result::Result<T, StoreError>;
type Answered<T> = std::result::Result<T, HostError>;

/// A store that counts.
#[derive(Clone, Default)]
struct Counted {
    inner: MemoryStore,
    writes: Arc<AtomicU64>,
}

impl Counted {
    fn writes(&self) -> u64 {
        self.writes.load(Ordering::SeqCst)
    }

    async fn len(&self) -> usize {
        self.inner.range(&[], &[0xff; 64], 100_000).await.unwrap().len()
    }
}

impl Store for Counted {
    async fn range(&self, start: &[u8], end: &[u8], limit: usize) -> Stored<Vec<Entry>> {
        self.inner.range(start, end, limit).await
    }

    async fn write(&self, batch: &Batch) -> Stored<()> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.inner.write(batch).await
    }

    async fn close(&self) -> Stored<()> {
        self.inner.close().await
    }
}
