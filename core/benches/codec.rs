//! From a string to a verified message, held against the curve operations that no reader can do without: to decompress
//! each distinct point once, and to verify the signature.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, missing_docs)] // a benchmark may stop at what is wrong with it

use std::collections::BTreeSet;
use std::hint::black_box;

use bitcoin::secp256k1::{schnorr::Signature, Message, PublicKey, Secp256k1, XOnlyPublicKey};
use criterion::{criterion_group, criterion_main, Criterion};
use invreq::bolt12::{invoice_digest, invoice_request_digest, BlindedPath, Bolt12, Introduction};
use serde_json::Value;

fn codec(criterion: &mut Criterion) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/pairs/pairs.json");
    let pairs: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for (pair, kind) in [(0, "request"), (0, "invoice"), (2, "request"), (2, "invoice")] {
        let name = pairs[pair]["name"].as_str().unwrap();
        let text = pairs[pair][kind].as_str().unwrap();
        let curve = Curve::of(&text.parse().unwrap());
        let mut group = criterion.benchmark_group(format!("{name} {kind}"));
        group.bench_function("string to verified", |bench| {
            bench.iter(|| black_box(text).parse::<Bolt12>().unwrap())
        });
        group.bench_function("curve alone", |bench| bench.iter(|| curve.run()));
        group.finish();
    }
}

/// The points of a message, and its signature.
struct Curve {
    points: Vec<[u8; 33]>,
    signed: Option<([u8; 32], [u8; 64], XOnlyPublicKey)>,
    context: Secp256k1<bitcoin::secp256k1::VerifyOnly>,
}

impl Curve {
    fn of(message: &Bolt12) -> Self {
        let mut points = BTreeSet::new();
        let mut signed = None;
        match message {
            Bolt12::InvoiceRequest(request) => {
                points.extend(request.payer_id().map(|key| key.serialize()));
                request
                    .paths()
                    .unwrap_or_default()
                    .iter()
                    .for_each(|path| add(&mut points, path));
                if let (Some(signature), Some(key)) = (request.signature(), request.payer_id()) {
                    signed = Some((
                        invoice_request_digest(&request.merkle_root()),
                        signature,
                        key.x_only_public_key().0,
                    ));
                }
            }
            Bolt12::Invoice(invoice) => {
                points.extend(invoice.payer_id().map(|key| key.serialize()));
                points.insert(invoice.node_id().serialize());
                invoice.paths().for_each(|path| add(&mut points, path));
                let key = invoice.node_id().x_only_public_key().0;
                signed = Some((invoice_digest(&invoice.merkle_root()), invoice.signature(), key));
            }
            Bolt12::Offer(_) => {}
        }
        Self {
            points: points.into_iter().collect(),
            signed,
            context: Secp256k1::verification_only(),
        }
    }

    fn run(&self) {
        for point in &self.points {
            black_box(PublicKey::from_slice(black_box(point)).unwrap());
        }
        if let Some((digest, signature, key)) = &self.signed {
            let signature = Signature::from_slice(black_box(signature)).unwrap();
            self.context
                .verify_schnorr(&signature, &Message::from_digest(*digest), key)
                .unwrap();
        }
    }
}

fn add(points: &mut BTreeSet<[u8; 33]>, path: &BlindedPath) {
    if let Introduction::NodeId(key) = path.introduction {
        points.insert(key.serialize());
    }
    points.insert(path.path_key.serialize());
    points.extend(path.hops.iter().map(|hop| hop.blinded_node_id.serialize()));
}

criterion_group!(benches, codec);
criterion_main!(benches);
