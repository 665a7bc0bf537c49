//! A host whose parts are all shared with the test.

use core::future::{pending, poll_fn, Future};
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use core::task::{Poll, Waker};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_channel::{Receiver, Sender};
use bitcoin::secp256k1::{PublicKey, Secp256k1, SecretKey};
use futures_lite::FutureExt;
use invreq::driver::{Clock, Entropy, HostError, Payee, PaymentSource, Received, Runner, Transport};
use invreq::engine::{
    Delivery, DeliveryState, Event, InboundPayment, InboundPaymentRequest, PaymentReceived, ReplyPath, Route,
    SendOutcome,
};
use invreq::onion::{ecdh_with, Ecdh, SharedSecret};
use invreq::store::{Batch, Entry, Store, StoreError};
use invreq::{PaymentHash, Result};

use crate::common::{config, payment_path, SEED, START};

/// Polled on a test's thread; whatever takes this long in real time never comes.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let late = async {
        async_io::Timer::after(Duration::from_secs(20)).await;
        panic!("it never comes");
    };
    futures_lite::future::block_on(future.or(late))
}

#[derive(Clone, Default)]
pub struct FakeClock(Arc<(AtomicU64, Mutex<Vec<Waker>>)>);

impl FakeClock {
    pub fn go(&self, seconds: u64) {
        self.0 .0.fetch_add(seconds * 1000, Ordering::SeqCst);
        self.0 .1.lock().unwrap().drain(..).for_each(Waker::wake);
    }

    /// How far it is from the start, in seconds.
    pub fn gone(&self) -> u64 {
        self.0 .0.load(Ordering::SeqCst) / 1000
    }

    /// Somebody sets the clock back.
    pub fn back(&self, seconds: u64) {
        self.0 .0.fetch_sub(seconds * 1000, Ordering::SeqCst);
        self.0 .1.lock().unwrap().drain(..).for_each(Waker::wake);
    }
}

impl Clock for FakeClock {
    fn now_ms(&self) -> u64 {
        START * 1000 + self.0 .0.load(Ordering::SeqCst)
    }

    async fn sleep_until(&self, at_ms: u64) {
        let began = self.now_ms();
        poll_fn(|context| {
            // The waker first: a clock that goes on meanwhile is then noticed.
            self.0 .1.lock().unwrap().push(context.waker().clone());
            // Like the system's, it wakes early; here when it is set back.
            match (began..at_ms).contains(&self.now_ms()) {
                true => Poll::Pending,
                false => Poll::Ready(()),
            }
        })
        .await;
    }
}

#[derive(Clone, Default)]
pub struct Dice(Arc<AtomicU64>, Arc<AtomicBool>);

impl Dice {
    /// How often they were thrown: once for every input.
    pub fn thrown(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    /// The next throw fails.
    pub fn fail_once(&self) {
        self.1.store(true, Ordering::SeqCst);
    }
}

impl Entropy for Dice {
    fn bytes(&self) -> Result<[u8; 32], HostError> {
        if self.1.swap(false, Ordering::SeqCst) {
            return Err(HostError("no randomness yet".to_owned()));
        }
        let mut bytes = [0xd2; 32];
        bytes[..8].copy_from_slice(&self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes());
        Ok(bytes)
    }
}

/// A payment source that can be held up.
#[derive(Clone, Default)]
pub struct Source {
    pub stuck: Arc<AtomicBool>,
    pub asked: Arc<AtomicU32>,
}

impl PaymentSource for Source {
    async fn create_inbound_payment(&self, _: &InboundPaymentRequest) -> Result<InboundPayment, HostError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        until(|| !self.stuck.load(Ordering::SeqCst)).await;
        let paths = vec![payment_path(0, 1_000_000_000)];
        Ok(InboundPayment {
            paths,
            ..InboundPayment::default()
        })
    }
}

/// A transport with a script. What it is handed comes out of `sent`.
#[derive(Clone)]
pub struct Wire {
    pub says: Arc<Mutex<VecDeque<SendOutcome>>>,
    pub lost: Arc<AtomicBool>,
    pub stuck: Arc<AtomicBool>,
    /// Dice that fail once when the next copy is handed over.
    pub spoils: Arc<Mutex<Option<Dice>>>,
    /// Whether every copy goes through one peer, and so has to wait in line. The clock of most tests stands still.
    pub one_peer: Arc<AtomicBool>,
    peers: Arc<AtomicU64>,
    /// Where replies arrive, and its key.
    pub reply_node: Arc<Mutex<Option<SecretKey>>>,
    /// Whether questions about the key are never answered.
    pub locked: Arc<AtomicBool>,
    tx: Sender<Delivery>,
    pub sent: Receiver<Delivery>,
    pub arrives: Sender<Received>,
    arrived: Receiver<Received>,
    /// How often something was taken in.
    pub taken: Arc<AtomicU64>,
}

impl Default for Wire {
    fn default() -> Self {
        let (tx, sent) = async_channel::unbounded();
        let (arrives, arrived) = async_channel::unbounded();
        Self {
            says: Arc::default(),
            lost: Arc::default(),
            stuck: Arc::default(),
            spoils: Arc::default(),
            one_peer: Arc::default(),
            peers: Arc::default(),
            reply_node: Arc::default(),
            locked: Arc::default(),
            tx,
            sent,
            arrives,
            arrived,
            taken: Arc::default(),
        }
    }
}

impl Transport for Wire {
    async fn send(&self, delivery: &Delivery) -> SendOutcome {
        self.tx.try_send(delivery.clone()).unwrap();
        if let Some(dice) = self.spoils.lock().unwrap().take() {
            dice.fail_once();
        }
        if self.stuck.load(Ordering::SeqCst) {
            return pending().await;
        }
        let said = self.says.lock().unwrap().pop_front();
        said.unwrap_or(SendOutcome::Accepted)
    }

    async fn find_route(&self, _: PublicKey) -> Result<Option<Route>, HostError> {
        if self.lost.load(Ordering::SeqCst) {
            return pending().await;
        }
        let mut peer = [0x22; 32];
        if !self.one_peer.load(Ordering::SeqCst) {
            let number = self.peers.fetch_add(1, Ordering::SeqCst);
            peer[..8].copy_from_slice(&number.to_be_bytes());
        }
        let id = |key: &SecretKey| key.public_key(&Secp256k1::new());
        let reply = match &*self.reply_node.lock().unwrap() {
            Some(key) => ReplyPath::Node {
                via: Vec::new(),
                node_id: id(key),
            },
            None => ReplyPath::Host,
        };
        Ok(Some(Route {
            via: vec![id(&SecretKey::from_slice(&peer).unwrap())],
            reply,
            ..Route::default()
        }))
    }

    async fn receive(&self) -> Received {
        let received = self.arrived.recv().await.unwrap();
        self.taken.fetch_add(1, Ordering::SeqCst);
        received
    }

    async fn ecdh(&self, node_id: PublicKey, point: PublicKey) -> Result<SharedSecret, HostError> {
        if self.locked.load(Ordering::SeqCst) {
            return pending().await;
        }
        let key = *self.reply_node.lock().unwrap();
        let key = key.filter(|key| key.public_key(&Secp256k1::new()) == node_id);
        let key = key.ok_or_else(|| HostError::from("no such key"))?;
        let secret = ecdh_with(&key).ecdh(&point);
        Ok(secret.unwrap())
    }
}

/// A store that fails when told to.
#[derive(Clone, Default)]
pub struct Flaky<S> {
    pub inner: S,
    /// Every so many calls one fails: 0 for none.
    pub every: Arc<AtomicU32>,
    pub count: Arc<AtomicU32>,
    /// So many writes are done, and fail.
    pub unheard: Arc<AtomicU32>,
    /// So many reads fail.
    pub blind: Arc<AtomicU32>,
}

impl<S: Store> Flaky<S> {
    /// 0: fine; 1: fails before it is done; 2: fails after it.
    fn turn(&self) -> u32 {
        // No pattern that a call could fall in step with.
        let mut mixed =
            u64::from(self.count.fetch_add(1, Ordering::SeqCst)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 32;
        match u64::from(self.every.load(Ordering::SeqCst)) {
            every if every > 0 && mixed % every == 0 => 1 + u32::from(mixed / every % 2 == 1),
            _ => 0,
        }
    }
}

/// Whether there is one left of so many.
fn take(left: &AtomicU32) -> bool {
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
        .is_ok()
}

fn broken() -> StoreError {
    StoreError::Failed("the disk made a noise".to_owned())
}

impl<S: Store> Store for Flaky<S> {
    async fn range(&self, start: &[u8], end: &[u8], limit: usize) -> Result<Vec<Entry>, StoreError> {
        match self.turn() {
            _ if take(&self.blind) => Err(broken()),
            0 => self.inner.range(start, end, limit).await,
            _ => Err(broken()),
        }
    }

    async fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        let turn = self.turn();
        if turn == 1 {
            return Err(broken());
        }
        self.inner.write(batch).await?;
        // Like that of a real store, its answer takes a while.
        futures_lite::future::yield_now().await;
        match turn {
            0 if !take(&self.unheard) => Ok(()),
            _ => Err(broken()),
        }
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.inner.close().await
    }
}

#[derive(Clone, Default)]
pub struct World {
    pub clock: FakeClock,
    pub dice: Dice,
    pub source: Source,
    pub wire: Wire,
}

impl World {
    pub fn open(&self, store: impl Store + 'static) -> Result<(Payee, Runner)> {
        let builder = Payee::builder(config(), SEED, store, self.source.clone(), self.wire.clone());
        block_on(
            builder
                .clock(self.clock.clone())
                .entropy(self.dice.clone())
                .open(),
        )
    }

    /// Opened, with the runner on a thread.
    pub fn run(&self, store: impl Store + 'static) -> Payee {
        let (payee, runner) = self.open(store).unwrap();
        runner.spawn().unwrap();
        payee
    }
}

/// Lets time go by in small steps.
pub async fn go(world: &World) -> ! {
    go_at(world, Duration::from_millis(2)).await
}

/// Where seconds are counted, each lasts so long that a busy machine does all it is to do in them.
pub async fn go_at(world: &World, second: Duration) -> ! {
    loop {
        async_io::Timer::after(second).await;
        world.clock.go(1);
    }
}

pub fn money(payment_hash: PaymentHash) -> PaymentReceived {
    PaymentReceived {
        payment_hash,
        amount_msat: 50_000,
        paid_at: START,
        preimage: None,
    }
}

/// The next event of this name.
pub async fn next(events: &mut invreq::driver::Events, name: &str) -> Event {
    loop {
        let event = events.recv().await.unwrap().unwrap();
        if crate::common::host::event_name(&event) == name {
            return event;
        }
    }
}

/// Until it is so.
pub async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        async_io::Timer::after(Duration::from_millis(1)).await;
    }
}

/// Until it is written that a copy was sent.
pub async fn sent(events: &mut invreq::driver::Events) {
    loop {
        match next(events, "delivery").await {
            Event::Delivery(record) if record.delivery.state == DeliveryState::Sent => return,
            _ => {}
        }
    }
}
