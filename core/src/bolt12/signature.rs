//! Signatures: BIP 340 over the merkle root (BOLT 12, Signature Calculation).

use std::sync::LazyLock;

use bitcoin::hashes::sha256;
use bitcoin::secp256k1::{schnorr, Message, PublicKey};

use super::merkle::{finish, tagged_engine};
use super::string::Kind;
use crate::curve::CURVE;

/// What the signature of an invoice is made over, given its merkle root.
pub fn invoice_digest(merkle_root: &[u8; 32]) -> [u8; 32] {
    finish(&INVOICE, merkle_root)
}

/// What the signature of an invoice request is made over, given its merkle root.
pub fn invoice_request_digest(merkle_root: &[u8; 32]) -> [u8; 32] {
    finish(&INVOICE_REQUEST, merkle_root)
}

/// The tag of the digest that is signed; an offer has no signature.
pub const fn signature_tag(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Offer => None,
        Kind::InvoiceRequest => Some("lightninginvoice_requestsignature"),
        Kind::Invoice => Some("lightninginvoicesignature"),
    }
}

/// Whether this is a BIP 340 signature of the digest by the key, of which only the x coordinate counts.
pub fn verify_signature(digest: &[u8; 32], signature: &[u8; 64], key: &PublicKey) -> bool {
    let (key, _) = key.x_only_public_key();
    let signature = schnorr::Signature::from_slice(signature);
    signature.is_ok_and(|signature| {
        CURVE
            .verify_schnorr(&signature, &Message::from_digest(*digest), &key)
            .is_ok()
    })
}

static INVOICE: LazyLock<sha256::HashEngine> = LazyLock::new(|| tagged_engine(b"lightninginvoicesignature"));
static INVOICE_REQUEST: LazyLock<sha256::HashEngine> =
    LazyLock::new(|| tagged_engine(b"lightninginvoice_requestsignature"));
