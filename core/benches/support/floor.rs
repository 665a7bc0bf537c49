//! The floor: what cannot be left out.
//!
//! To answer a request means, whoever writes the code: to verify its signature, to read every distinct point in it once
//! (a square root each), to make the fresh key, to sign, and to verify what was signed. The floor does exactly these
//! operations of libsecp256k1 on the same keys, digests and signatures, all of them worked out beforehand, and nothing
//! else: no string, no TLV stream, no hash, no allocation.
//!
//! The payment paths come from the host as points, so to read them is part of neither side; nor is the fresh key of the
//! invoice, which is made and not read. That makes the floor as low as it can be argued to be.

use std::collections::BTreeSet;
use std::hint::black_box;

use bitcoin::secp256k1::{schnorr, All, Keypair, Message, PublicKey, Secp256k1, SecretKey, XOnlyPublicKey};
use invreq::bolt12::{
    invoice_digest, invoice_request_digest, BlindedPath, Introduction, Invoice, InvoiceRequest,
};

/// The curve operations behind one string, or behind a request and its invoice.
pub struct Floor {
    secp: Secp256k1<All>,
    points: Vec<[u8; 33]>,
    verifications: Vec<(schnorr::Signature, Message, XOnlyPublicKey)>,
    signature: Option<(SecretKey, Message)>,
}

impl Floor {
    /// To read a request: its points, and its signature if it has one.
    pub fn request(request: &InvoiceRequest) -> Self {
        let mut points: BTreeSet<[u8; 33]> = request.payer_id().iter().map(PublicKey::serialize).collect();
        points.extend(request.issuer_id().iter().map(PublicKey::serialize));
        request
            .paths()
            .into_iter()
            .flatten()
            .for_each(|path| add_path(&mut points, path));
        let key = request.payer_id().unwrap();
        let digest = invoice_request_digest(&request.merkle_root());
        let verifications = request
            .signature()
            .map(|signature| verification(signature, digest, key));
        Self {
            secp: Secp256k1::new(),
            points: points.into_iter().collect(),
            verifications: verifications.into_iter().collect(),
            signature: None,
        }
    }

    /// To read an invoice: its points and its signature.
    pub fn invoice(invoice: &Invoice) -> Self {
        let mut points = BTreeSet::from([invoice.node_id().serialize()]);
        points.extend(invoice.payer_id().iter().map(PublicKey::serialize));
        invoice
            .invreq_paths()
            .into_iter()
            .flatten()
            .for_each(|path| add_path(&mut points, path));
        invoice.paths().for_each(|path| add_path(&mut points, path));
        let digest = invoice_digest(&invoice.merkle_root());
        Self {
            secp: Secp256k1::new(),
            points: points.into_iter().collect(),
            verifications: vec![verification(invoice.signature(), digest, invoice.node_id())],
            signature: None,
        }
    }

    /// To answer a request: to read it, to make the key, to sign, and to verify the invoice.
    pub fn answer(request: &InvoiceRequest, invoice: &Invoice, key: SecretKey) -> Self {
        let mut floor = Self::request(request);
        let digest = invoice_digest(&invoice.merkle_root());
        floor
            .verifications
            .push(verification(invoice.signature(), digest, invoice.node_id()));
        floor.signature = Some((key, Message::from_digest(digest)));
        floor
    }

    /// Does the operations once.
    pub fn run(&self) {
        for point in &self.points {
            black_box(PublicKey::from_slice(black_box(point)).unwrap());
        }
        if let Some((key, digest)) = &self.signature {
            let pair = Keypair::from_secret_key(&self.secp, black_box(key));
            black_box(self.secp.sign_schnorr_no_aux_rand(black_box(digest), &pair));
        }
        for (signature, digest, key) in &self.verifications {
            let verified = self
                .secp
                .verify_schnorr(black_box(signature), black_box(digest), black_box(key));
            verified.unwrap();
        }
    }

    /// The operations in words.
    pub fn describe(&self) -> String {
        let count = |count: usize, what: &str| match count {
            1 => format!("1 {what}"),
            count => format!("{count} {what}s"),
        };
        let mut all = vec![count(self.points.len(), "point")];
        if self.signature.is_some() {
            all.push("1 key, 1 signature".to_owned());
        }
        if !self.verifications.is_empty() {
            all.push(count(self.verifications.len(), "verification"));
        }
        format!("floor: {}", all.join(", "))
    }
}

fn verification(
    signature: [u8; 64],
    digest: [u8; 32],
    key: PublicKey,
) -> (schnorr::Signature, Message, XOnlyPublicKey) {
    let signature = schnorr::Signature::from_slice(&signature).unwrap();
    (signature, Message::from_digest(digest), key.x_only_public_key().0)
}

fn add_path(points: &mut BTreeSet<[u8; 33]>, path: &BlindedPath) {
    if let Introduction::NodeId(node_id) = &path.introduction {
        points.insert(node_id.serialize());
    }
    points.insert(path.path_key.serialize());
    points.extend(path.hops.iter().map(|hop| hop.blinded_node_id.serialize()));
}
