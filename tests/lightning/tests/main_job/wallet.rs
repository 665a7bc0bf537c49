//! A wallet over the host of a testbed.

use std::sync::atomic::AtomicBool;
use std::sync::Arc;

use bitcoin::Network;
use futures_lite::future::block_on;
use invreq::driver::Payee;
use invreq::engine::{Config, Record, SendInvoice};
use invreq::store::MemoryStore;
use invreq_lightning::{serve, LocalNode, NodeEvent, NodeHost, NodeIndex, Preimages, Served, Testbed};

#[allow(dead_code)] // each test binary uses its own part of this
pub struct Wallet {
    pub payee: Payee,
    pub offline: Arc<AtomicBool>,
    _served: Served,
}

#[allow(dead_code)]
impl Wallet {
    pub fn open(bed: &Testbed, preimages: Preimages) -> Wallet {
        let node = Arc::new(LocalNode::new(bed.net.clone(), bed.host));
        let host = NodeHost::new(node.clone(), preimages);
        let offline = host.offline_switch();
        let config = Config::new(Network::Regtest);
        let builder = Payee::builder(config, [7; 32], MemoryStore::new(), host.clone(), host);
        let (payee, runner) = block_on(builder.open()).unwrap();
        runner.spawn().unwrap();
        let _served = serve(node, payee.clone());
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

pub fn params(request: &str, label: &str) -> SendInvoice {
    SendInvoice {
        invreq: request.to_owned(),
        label: label.to_owned(),
        timeout: Some(20),
        ..SendInvoice::default()
    }
}

/// The record as JSON keeps the contract of `sendinvoice`.
pub fn assert_valid_rpc(record: &Record) {
    invreq_schema::validate_response(&record.to_rpc()).unwrap();
}
