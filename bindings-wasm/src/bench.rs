//! What the benchmarks of the npm package measure against: the curve operations alone, compiled with everything else.

use std::hint::black_box;

use bitcoin::secp256k1::{schnorr, Message, PublicKey, Secp256k1, SecretKey, VerifyOnly, XOnlyPublicKey};
use invreq::bolt12::{BlindedPath, Introduction, Invoice, InvoiceRequest};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::value::{array, invalid, throw};
use crate::Js;

#[path = "../../core/benches/support/floor.rs"]
#[allow(clippy::unwrap_used, dead_code)] // written for native benchmarks, which may
mod floor;

/// The operations that answering a request cannot do without.
#[wasm_bindgen]
pub struct Floor {
    floor: floor::Floor,
    /// The points of the payment paths. In Rust they come as points; here they come as text, and to read them takes a square root each.
    path_points: Vec<PublicKey>,
}

#[wasm_bindgen]
impl Floor {
    /// Those behind this request and this invoice, which the key signed.
    pub fn answer(invreq: &str, invoice: &str, secret_key: &[u8]) -> Js<Floor> {
        let request: InvoiceRequest = invreq.parse().map_err(throw)?;
        let invoice: Invoice = invoice.parse().map_err(throw)?;
        let key = SecretKey::from_slice(&array::<32>(secret_key, "a key")?).map_err(|_| invalid("no key"))?;
        Ok(Self {
            path_points: invoice.paths().flat_map(points).collect(),
            floor: floor::Floor::answer(&request, &invoice, key),
        })
    }

    /// Does them once.
    pub fn run(&self) {
        for point in &self.path_points {
            let read = PublicKey::from_slice(black_box(&point.serialize()));
            let _ = black_box(read);
        }
        self.floor.run();
    }

    /// Names them.
    pub fn describe(&self) -> String {
        format!(
            "{}, {} points of paths",
            self.floor.describe(),
            self.path_points.len()
        )
    }
}

fn points(path: &BlindedPath) -> Vec<PublicKey> {
    let introduction = match &path.introduction {
        Introduction::NodeId(node_id) => Some(*node_id),
        Introduction::Scid { .. } => None,
    };
    let hops = path.hops.iter().map(|hop| hop.blinded_node_id);
    introduction
        .into_iter()
        .chain([path.path_key])
        .chain(hops)
        .collect()
}

/// Verifies a signature, with a context that was made before.
#[wasm_bindgen]
pub struct Verifier(Secp256k1<VerifyOnly>);

#[wasm_bindgen]
impl Verifier {
    /// Makes the context.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Verifier {
        Self(Secp256k1::verification_only())
    }

    /// Whether the signature is one of the key over the digest.
    pub fn verify(&self, digest: &[u8], key: &[u8], signature: &[u8]) -> Js<bool> {
        let digest = Message::from_digest(array(digest, "a digest")?);
        let key = XOnlyPublicKey::from_slice(key).map_err(|_| invalid("no key"))?;
        let signature = schnorr::Signature::from_slice(signature).map_err(|_| invalid("no signature"))?;
        Ok(self.0.verify_schnorr(&signature, &digest, &key).is_ok())
    }
}

impl Default for Verifier {
    fn default() -> Self {
        Self::new()
    }
}
