//! A wallet in a process of its own, on SQLite and a node of a test server, that can be made to die anywhere.
//!
//! `crash-client CONTROL STORE REQUEST [CRASH_AT]` answers the request, prints the paid record as JSON and ends. With a
//! `CRASH_AT` it is killed as the so-manieth write, send or settlement has returned.

use std::io::Write;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;

use bitcoin::secp256k1::PublicKey;
use bitcoin::Network;
use futures_lite::future::block_on;
use invreq::driver::{HostError, Payee, Transport};
use invreq::engine::{Config, Delivery, Existing, ListInvoices, Route, SendInvoice, SendOutcome};
use invreq::ldk::Preimages;
use invreq::store::{Batch, Entry, SqliteStore, Store, StoreError};
use invreq_lightning::{serve_remote, Error, HostNode, InboundPayment, NodeEvent, NodeHost, RemoteNode};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [control, path, request, rest @ ..] = &arguments[..] else {
        return Err("usage: crash-client CONTROL STORE REQUEST [CRASH_AT]".into());
    };
    let crash_at = rest.first().map_or(Ok(u64::MAX), |text| text.parse())?;
    let doom = Arc::new(Doom {
        left: AtomicU64::new(crash_at),
    });

    let node = Arc::new(Fragile {
        inner: RemoteNode::connect(control, "host")?,
        doom: doom.clone(),
    });
    let host = NodeHost::new(node.clone(), Preimages::Engine);
    let store = Fragile {
        inner: block_on(SqliteStore::open(path))?,
        doom: doom.clone(),
    };
    let transport = Fragile {
        inner: host.clone(),
        doom,
    };
    let builder = Payee::builder(Config::new(Network::Regtest), [9; 32], store, host, transport);
    let (payee, runner) = block_on(builder.open())?;
    runner.spawn()?;
    let served = serve_remote(node, payee.clone());

    // What an app does that crashed in the middle of a call: it calls again.
    let params = SendInvoice {
        invreq: request.clone(),
        label: "crash".to_owned(),
        timeout: Some(30),
        expiry: Some(600),
        existing: Existing::Join,
        ..SendInvoice::default()
    };
    let record = block_on(payee.send_invoice(params))?;
    // The report may come once more; it must change nothing.
    std::thread::sleep(Duration::from_millis(100));
    let page = block_on(payee.list_invoices(ListInvoices::default()))?;
    assert_eq!(
        page.records,
        std::slice::from_ref(&record),
        "there is one invoice, and it is as it was"
    );
    writeln!(std::io::stdout(), "{}", record.to_rpc())?;
    drop(served);
    block_on(payee.close())?;
    Ok(())
}

/// Counts what has happened, and kills the process in time.
struct Doom {
    left: AtomicU64,
}

impl Doom {
    fn point(&self) {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            let _ = Command::new("kill")
                .args(["-9", &std::process::id().to_string()])
                .status();
            loop {
                std::thread::park();
            }
        }
    }
}

struct Fragile<T> {
    inner: T,
    doom: Arc<Doom>,
}

impl<S: Store> Store for Fragile<S> {
    async fn range(&self, start: &[u8], end: &[u8], limit: usize) -> Result<Vec<Entry>, StoreError> {
        self.inner.range(start, end, limit).await
    }

    async fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        self.inner.write(batch).await?;
        self.doom.point();
        Ok(())
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.inner.close().await
    }
}

impl<T: Transport> Transport for Fragile<T> {
    async fn send(&self, delivery: &Delivery) -> SendOutcome {
        let outcome = self.inner.send(delivery).await;
        self.doom.point();
        outcome
    }

    async fn resolve_scid(&self, scid: u64, direction: u8) -> Result<Option<PublicKey>, HostError> {
        self.inner.resolve_scid(scid, direction).await
    }

    async fn find_route(&self, node_id: PublicKey) -> Result<Option<Route>, HostError> {
        self.inner.find_route(node_id).await
    }
}

impl<N: HostNode> HostNode for Fragile<N> {
    fn create_inbound_payment(
        &self,
        amount_msat: u64,
        expiry_secs: u32,
        payment_hash: Option<[u8; 32]>,
    ) -> Result<InboundPayment, Error> {
        self.inner
            .create_inbound_payment(amount_msat, expiry_secs, payment_hash)
    }

    fn resolve_scid(&self, scid: u64, direction: u8) -> Option<PublicKey> {
        self.inner.resolve_scid(scid, direction)
    }

    fn route(&self, target: PublicKey) -> Option<Vec<PublicKey>> {
        self.inner.route(target)
    }

    fn reply_route(&self) -> Vec<PublicKey> {
        self.inner.reply_route()
    }

    fn send_onion(&self, first_hop: PublicKey, message: &[u8]) -> Result<(), Error> {
        self.inner.send_onion(first_hop, message)
    }

    /// Dies once before the node settles, which is after `claim`, and once after, which is before the report.
    fn settle(&self, payment_hash: [u8; 32], preimage: [u8; 32]) -> Result<(), Error> {
        self.doom.point();
        let settled = self.inner.settle(payment_hash, preimage);
        self.doom.point();
        settled
    }

    fn fail(&self, payment_hash: [u8; 32]) -> Result<(), Error> {
        self.inner.fail(payment_hash)
    }

    fn events(&self) -> Vec<NodeEvent> {
        self.inner.events()
    }
}
