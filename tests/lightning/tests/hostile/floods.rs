//! More messages than anybody wants.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Arc;

use bitcoin::Network as Chain;
use futures_lite::future::block_on;
use invreq::driver::{HostError, Payee, Received, Transport};
use invreq::engine::{Config, Delivery, Route, SendOutcome, Status};
use invreq::onion::SharedSecret;
use invreq::store::{Batch, Entry, MemoryStore, Store, StoreError};
use invreq_lightning::forms::{nodes, LndHost};
use invreq_lightning::{serve, MessageTo, Network, NodeIndex, PublicKey, RefundTerms, Testbed};

use crate::payee::{params, Wallet};
use crate::{wait_until, AMOUNT, INVOICE_ERROR};

type Stored<T> = Result<T, StoreError>;
type Answered<T> = Result<T, HostError>;

#[test]
fn a_flood_of_garbage_leaves_nothing_behind_and_the_payment_comes() {
    let bed = Testbed::relayed();
    let store = Counted::default();
    let host = bed.net.ldk_host(bed.host);
    let config = Config::new(Chain::Regtest);
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
    assert!(events.try_recv().is_none(), "nor told");

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
    let config = Config::new(Chain::Regtest);
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
