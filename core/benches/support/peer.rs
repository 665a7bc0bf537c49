//! LDK, doing the same with its own types.

use core::time::Duration;

use bitcoin::secp256k1::{All, Keypair, Secp256k1, SecretKey};
use invreq::bolt12::{Introduction, PaymentPath};
use lightning::blinded_path::payment::{BlindedPayInfo, BlindedPaymentPath};
use lightning::blinded_path::BlindedHop;
use lightning::offers::invoice::UnsignedBolt12Invoice;
use lightning::offers::invoice_request::InvoiceRequest;
use lightning::offers::refund::Refund;
use lightning::types::features::BlindedHopFeatures;
use lightning::types::payment::PaymentHash;
use lightning::util::ser::Writeable;

/// What the answers of LDK are made on: the same terms as ours.
pub struct Ldk {
    secp: Secp256k1<All>,
    paths: Vec<BlindedPaymentPath>,
    payment_hash: PaymentHash,
    created_at: Duration,
    expiry: u32,
}

impl Ldk {
    pub fn new(terms: &invreq::answer::Terms) -> Self {
        Self {
            secp: Secp256k1::new(),
            paths: terms.paths.iter().map(path).collect(),
            payment_hash: PaymentHash(terms.payment_hash.0),
            created_at: Duration::from_secs(terms.created_at),
            expiry: terms.relative_expiry,
        }
    }

    /// String, `Refund`, signed invoice with a fresh key, its bytes. The request has no signature to verify; LDK verifies
    /// the one it makes, and does not read the invoice again.
    pub fn answer_refund(&self, text: &str, key: &SecretKey) -> Vec<u8> {
        let refund: Refund = text.parse().unwrap();
        let pair = Keypair::from_secret_key(&self.secp, key);
        let paths = self.paths.clone();
        let builder = refund
            .respond_with_no_std(paths, self.payment_hash, pair.public_key(), self.created_at)
            .unwrap();
        self.sign(
            builder.relative_expiry(self.expiry).allow_mpp().build().unwrap(),
            &pair,
        )
    }

    /// String, `InvoiceRequest`, signed invoice, its bytes. LDK has no strings of requests, so ours is decoded by the
    /// `bech32` crate, as LDK does it for refunds. The key is derived as a fresh one would be.
    pub fn answer_request(&self, text: &str, key: &SecretKey) -> Vec<u8> {
        let request = Self::read_request(text);
        let pair = Keypair::from_secret_key(&self.secp, key);
        let paths = self.paths.clone();
        let builder = request
            .respond_with_no_std(paths, self.payment_hash, self.created_at)
            .unwrap();
        self.sign(
            builder.relative_expiry(self.expiry).allow_mpp().build().unwrap(),
            &pair,
        )
    }

    /// String to verified `InvoiceRequest`.
    pub fn read_request(text: &str) -> InvoiceRequest {
        let string = bech32::primitives::decode::CheckedHrpstring::new::<bech32::NoChecksum>(text).unwrap();
        let bytes: Vec<u8> = string.byte_iter().collect();
        InvoiceRequest::try_from(bytes).unwrap()
    }

    fn sign(&self, unsigned: UnsignedBolt12Invoice, pair: &Keypair) -> Vec<u8> {
        let sign = |invoice: &UnsignedBolt12Invoice| {
            Ok(self
                .secp
                .sign_schnorr_no_aux_rand(invoice.as_ref().as_digest(), pair))
        };
        unsigned.sign(sign).unwrap().encode()
    }
}

fn path(payment_path: &PaymentPath) -> BlindedPaymentPath {
    let path = &payment_path.path;
    let Introduction::NodeId(introduction) = path.introduction else {
        unreachable!("the benchmarks have no such path")
    };
    let hop = |hop: &invreq::bolt12::BlindedHop| BlindedHop {
        blinded_node_id: hop.blinded_node_id,
        encrypted_payload: hop.encrypted_recipient_data.clone(),
    };
    let payinfo = &payment_path.payinfo;
    let payinfo = BlindedPayInfo {
        fee_base_msat: payinfo.fee_base_msat,
        fee_proportional_millionths: payinfo.fee_proportional_millionths,
        cltv_expiry_delta: payinfo.cltv_expiry_delta,
        htlc_minimum_msat: payinfo.htlc_minimum_msat,
        htlc_maximum_msat: payinfo.htlc_maximum_msat,
        features: BlindedHopFeatures::empty(),
    };
    let hops = path.hops.iter().map(hop).collect();
    BlindedPaymentPath::from_blinded_path_and_payinfo(introduction, path.path_key, hops, payinfo)
}
