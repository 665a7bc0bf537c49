//! A wallet over the host of a testbed.

#![allow(dead_code)] // each test binary uses its own part of this

#[path = "../calls/mod.rs"]
mod calls;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;

use bitcoin::Network;
#[allow(unused_imports)]
pub use calls::{assert_refused, assert_valid_rpc, params};
use futures_lite::future::block_on;
use invreq::driver::{Clock, HostError, Payee, PayeeBuilder, Received, SystemClock, Transport};
use invreq::engine::{Config, Delivery, Record, Route, SendOutcome};
use invreq::ldk::{LdkHost, Preimages};
use invreq::store::MemoryStore;
use invreq_lightning::{serve, NodeEvent, NodeIndex, PublicKey, Served, Testbed};

pub struct Wallet {
    pub payee: Payee,
    pub offline: Arc<AtomicBool>,
    _served: Served,
}

impl Wallet {
    pub fn open(bed: &Testbed, preimages: Preimages) -> Wallet {
        let host = bed.net.ldk_host(bed.host).preimages(preimages);
        Wallet::with_transport(bed, host.clone(), host)
    }

    /// A wallet whose money comes in at the host, and whose messages go out by other means.
    pub fn with_transport(bed: &Testbed, host: LdkHost, transport: impl Transport + 'static) -> Wallet {
        Wallet::build(bed, host, transport, |builder| builder)
    }

    pub fn build<T: Transport + 'static>(
        bed: &Testbed,
        host: LdkHost,
        transport: T,
        change: impl FnOnce(
            PayeeBuilder<MemoryStore, LdkHost, Switched<T>>,
        ) -> PayeeBuilder<MemoryStore, LdkHost, Switched<T>>,
    ) -> Wallet {
        let offline = Arc::<AtomicBool>::default();
        let transport = Switched {
            inner: transport,
            offline: offline.clone(),
        };
        let config = Config::new(Network::Regtest);
        let builder = Payee::builder(config, [7; 32], MemoryStore::new(), host.clone(), transport);
        let (payee, runner) = block_on(change(builder).open()).unwrap();
        runner.spawn().unwrap();
        let _served = serve(bed.net.clone(), bed.host, host, payee.clone());
        Wallet {
            payee,
            offline,
            _served,
        }
    }

    /// The payer's node took this very invoice for paid, and has its preimage.
    pub fn assert_payer_has_proof(&self, bed: &Testbed, payer: NodeIndex, record: &Record) {
        let invoice: invreq::bolt12::Invoice = record.bolt12.parse().unwrap();
        let proven = bed.net.take_events(payer).into_iter().any(|event| match event {
            NodeEvent::PaymentSent {
                payment_hash,
                preimage,
                invoice: Some(paid),
                ..
            } => {
                let ours = &record.payment.as_ref().unwrap().payment_preimage;
                payment_hash == record.payment_hash.0
                    && preimage == *ours.expose()
                    && paid == invoice.as_bytes()
            }
            _ => false,
        });
        assert!(proven);
    }
}

/// A transport that can be without a network.
pub struct Switched<T> {
    inner: T,
    offline: Arc<AtomicBool>,
}

impl<T> Switched<T> {
    fn check(&self) -> Result<(), HostError> {
        match self.offline.load(Ordering::SeqCst) {
            true => Err("there is no network".into()),
            false => Ok(()),
        }
    }
}

impl<T: Transport> Transport for Switched<T> {
    async fn send(&self, delivery: &Delivery) -> SendOutcome {
        match self.check() {
            Ok(()) => self.inner.send(delivery).await,
            Err(_) => SendOutcome::Offline,
        }
    }

    async fn resolve_scid(&self, scid: u64, direction: u8) -> Result<Option<PublicKey>, HostError> {
        self.check()?;
        self.inner.resolve_scid(scid, direction).await
    }

    async fn find_route(&self, node_id: PublicKey) -> Result<Option<Route>, HostError> {
        self.check()?;
        self.inner.find_route(node_id).await
    }

    async fn receive(&self) -> Received {
        self.inner.receive().await
    }

    async fn ecdh(
        &self,
        node_id: PublicKey,
        point: PublicKey,
    ) -> Result<invreq::onion::SharedSecret, HostError> {
        self.inner.ecdh(node_id, point).await
    }
}

/// The system's clock, which a test can put forward.
#[derive(Clone, Default)]
pub struct ManualClock {
    ahead_ms: Arc<AtomicU64>,
}

impl ManualClock {
    pub fn advance(&self, by: Duration) {
        let ms = u64::try_from(by.as_millis()).unwrap();
        self.ahead_ms.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> u64 {
        SystemClock.now_ms() + self.ahead_ms.load(Ordering::SeqCst)
    }

    async fn sleep_until(&self, at_ms: u64) {
        // In short naps, because the time can be put forward meanwhile.
        let left = at_ms.saturating_sub(self.now_ms()).min(10);
        SystemClock.sleep_until(SystemClock.now_ms() + left).await;
    }
}
