//! The strings that are measured, and the terms they are answered on.

use bitcoin::secp256k1::{Keypair, PublicKey, Secp256k1, SecretKey};
use invreq::answer::Terms;
use invreq::bolt12::{
    chain_hash, encode_string, invoice_request_digest, merkle_root, number, BlindedHop, BlindedPath,
    Introduction, Invoice, Kind, PayInfo, PaymentPath, TlvStream, TlvWriter,
};
use invreq::Preimage;

/// Core Lightning's example of `sendinvoice`: a signed request and its invoice, on regtest.
pub struct Seed {
    pub request: String,
    pub invoice: String,
}

pub fn seed() -> Seed {
    let text = include_str!("../../../tests/vectors/seed/sendinvoice.json");
    let schema: serde_json::Value = serde_json::from_str(text).unwrap();
    let example = &schema["examples"][0];
    Seed {
        request: example["request"]["params"]["invreq"]
            .as_str()
            .unwrap()
            .to_owned(),
        invoice: example["response"]["bolt12"].as_str().unwrap().to_owned(),
    }
}

/// An unsigned request as LDK writes it (a `Refund`): 20,000,001 msat on bitcoin, until the year 2096.
pub const LDK_REFUND: &str =
    "lnr1qqsqzqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqg2peq4gnfqwa5hg6rywfshwctvpczwu6egqqfq7ct5d4\
qx27rpd4cxcefwvdhk65syqycj6q2cyypjgef743p5fzqq9nqxh0ah7y87rzv3ud0eleps9kl2d5348hq2k8zeqe6xsctwddes";

/// A signed request on bitcoin with this many blinded paths of two hops each to the payer.
pub fn signed(paths: u8) -> String {
    request(paths, None)
}

/// The same without paths, answering an offer whose key is [`invoice_key`]: LDK reads no signed request without an offer,
/// and none with paths.
pub fn signed_for_offer() -> String {
    request(0, Some(point(0x45)))
}

fn request(paths: u8, issuer: Option<PublicKey>) -> String {
    let secp = Secp256k1::new();
    let payer = Keypair::from_secret_key(&secp, &secret(0x42));
    let write = |signature: Option<[u8; 64]>| {
        let mut out = TlvWriter::new();
        out.record(number::INVREQ_METADATA, &[1; 16]).unwrap();
        out.record(number::OFFER_DESCRIPTION, b"ATM withdrawal").unwrap();
        out.integer(number::OFFER_ABSOLUTE_EXPIRY, 4_000_000_000).unwrap();
        out.record(number::OFFER_ISSUER, b"atm@example.com").unwrap();
        if let Some(issuer) = issuer {
            out.record(number::OFFER_ISSUER_ID, &issuer.serialize()).unwrap();
        }
        out.integer(number::INVREQ_AMOUNT, 20_000_001).unwrap();
        out.record(number::INVREQ_PAYER_ID, &payer.public_key().serialize())
            .unwrap();
        if paths > 0 {
            let mut value = Vec::new();
            (0..paths).for_each(|index| path(0x50 + 4 * index).write(&mut value).unwrap());
            out.record(number::INVREQ_PATHS, &value).unwrap();
        }
        if let Some(signature) = signature {
            out.record(number::SIGNATURE, &signature).unwrap();
        }
        out.into_bytes()
    };
    let root = merkle_root(&TlvStream::parse(write(None)).unwrap()).unwrap();
    let digest = bitcoin::secp256k1::Message::from_digest(invoice_request_digest(&root));
    let signature = secp.sign_schnorr_no_aux_rand(&digest, &payer).serialize();
    encode_string(Kind::InvoiceRequest, &write(Some(signature)))
}

/// A blinded path of two hops with keys of its own.
pub fn path(first: u8) -> BlindedPath {
    let hop = |key: u8| BlindedHop {
        blinded_node_id: point(key),
        encrypted_recipient_data: vec![key; 51],
    };
    BlindedPath {
        introduction: Introduction::NodeId(point(first)),
        path_key: point(first + 1),
        hops: vec![hop(first + 2), hop(first + 3)],
    }
}

pub fn payment_path(first: u8) -> PaymentPath {
    PaymentPath {
        path: path(first),
        payinfo: PayInfo {
            fee_base_msat: 1,
            fee_proportional_millionths: 1_000,
            cltv_expiry_delta: 42,
            htlc_minimum_msat: 100,
            htlc_maximum_msat: 1_000_000_000_000,
            features: Vec::new(),
        },
    }
}

/// The key an invoice is signed with. Each run of a benchmark derives the public key from it.
pub fn invoice_key() -> SecretKey {
    secret(0x45)
}

/// Terms with the payment paths of the seed's invoice (`None`) or with two paths of two hops.
pub fn terms(seed: Option<&Invoice>, node_id: PublicKey) -> Terms {
    Terms {
        created_at: 1_700_000_000,
        relative_expiry: 3_600,
        payment_hash: Preimage::new([0x44; 32]).payment_hash(),
        node_id,
        mpp: true,
        paths: match seed {
            Some(invoice) => invoice.payment_paths().to_vec(),
            None => vec![payment_path(0x70), payment_path(0x74)],
        },
        paths_expire_at: None,
    }
}

pub fn regtest() -> [u8; 32] {
    chain_hash("regtest").unwrap()
}

pub fn secret(byte: u8) -> SecretKey {
    SecretKey::from_slice(&[byte; 32]).unwrap()
}

pub fn point(byte: u8) -> PublicKey {
    PublicKey::from_secret_key(&Secp256k1::signing_only(), &secret(byte))
}
