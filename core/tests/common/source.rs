use invreq::bolt12::{BlindedHop, BlindedPath, Introduction, PayInfo, PaymentPath};
use invreq::engine::{Answer, InboundPayment, InboundPaymentRequest};
use invreq::Preimage;

use super::node;

/// Whose payment hash an invoice gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaysWith {
    /// The engine's, whose preimage the engine derives.
    Engine,
    /// The source's, with the preimage given to the engine.
    Given([u8; 32]),
    /// The source's, which keeps the preimage to itself.
    Kept([u8; 32]),
    /// The source's, with a preimage of something else.
    Wrong([u8; 32]),
    /// Nothing: the source fails.
    Fails,
    /// Nothing: the source answers another question.
    Mistyped,
}

/// A payment source with a script.
#[derive(Clone, Debug)]
pub struct Source {
    pub with: PaysWith,
    pub paths: Vec<PaymentPath>,
    pub mpp: bool,
    pub paths_expire_at: Option<u64>,
    pub can_receive: Option<bool>,
    pub asked: Vec<InboundPaymentRequest>,
}

impl Default for Source {
    fn default() -> Self {
        Self {
            with: PaysWith::Engine,
            paths: vec![payment_path(0, 1_000_000_000)],
            mpp: false,
            paths_expire_at: None,
            can_receive: Some(true),
            asked: Vec::new(),
        }
    }
}

impl Source {
    pub fn answer(&mut self, request: &InboundPaymentRequest) -> Answer {
        self.asked.push(request.clone());
        let hash = |bytes: &[u8; 32]| Some(Preimage::new(*bytes).payment_hash());
        let (payment_hash, preimage) = match &self.with {
            PaysWith::Engine => (None, None),
            PaysWith::Given(bytes) => (hash(bytes), Some(Preimage::new(*bytes))),
            PaysWith::Kept(bytes) => (hash(bytes), None),
            PaysWith::Wrong(bytes) => (hash(bytes), Some(Preimage::new([0xee; 32]))),
            PaysWith::Fails => return Answer::Failed("no channels".to_owned()),
            PaysWith::Mistyped => return Answer::CanReceive(None),
        };
        Answer::InboundPayment(InboundPayment {
            payment_hash,
            preimage,
            paths: self.paths.clone(),
            mpp: self.mpp,
            paths_expire_at: self.paths_expire_at,
        })
    }
}

/// A payment path that carries HTLCs of this size.
pub fn payment_path(htlc_minimum_msat: u64, htlc_maximum_msat: u64) -> PaymentPath {
    PaymentPath {
        path: BlindedPath {
            introduction: Introduction::NodeId(node(120)),
            path_key: node(121),
            hops: vec![BlindedHop {
                blinded_node_id: node(122),
                encrypted_recipient_data: vec![3; 60],
            }],
        },
        payinfo: PayInfo {
            cltv_expiry_delta: 36,
            htlc_minimum_msat,
            htlc_maximum_msat,
            ..PayInfo::default()
        },
    }
}
