//! Functions of text: nothing is kept.

use std::sync::OnceLock;

use bitcoin::secp256k1::{All, Keypair, Secp256k1, SecretKey};
use invreq::answer::{prepare, Answerable, Terms, INVOICE_SIGNATURE_TAG};
use invreq::bolt12::{Bolt12, InvoiceRequest, Kind};
use invreq::DecodeOptions;
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::answers::PaymentPaths;
use crate::value::{array, give, invalid, optional_time, parse, secret, throw, time, Bytes};
use crate::Js;

/// Everything a string says, field by field.
#[wasm_bindgen]
pub fn decode(text: &str, network: &str, now: Option<f64>) -> Js {
    let mut options = DecodeOptions::network(network).map_err(throw)?;
    options.now = optional_time(now);
    let decoded = invreq::decode_with(text, &options).map_err(throw)?;
    Ok(give(&decoded))
}

/// What a string says with a signature.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Verified {
    kind: Kind,
    signed: bool,
    node_id: Option<String>,
    id: Option<String>,
}

/// Reads a string and checks its signature, and nothing else.
#[wasm_bindgen]
pub fn verify(text: &str) -> Js {
    let message: Bolt12 = text.parse().map_err(throw)?;
    let key = match &message {
        Bolt12::Offer(_) => None,
        Bolt12::InvoiceRequest(request) => request.payer_id(),
        Bolt12::Invoice(invoice) => Some(invoice.node_id()),
    };
    Ok(give(&Verified {
        kind: message.kind(),
        signed: message.is_signed(),
        node_id: key.filter(|_| message.is_signed()).map(|key| key.to_string()),
        id: message.id().map(hex),
    }))
}

/// An invoice that waits for its signature.
#[derive(Serialize)]
struct Unsigned<'a> {
    digest: Bytes<'a>,
    tag: &'a str,
    invoice: Bytes<'a>,
}

/// What answers a request. With a secret key, or the signature of this node id, it is the signed invoice, `lni1…`; with a node id
/// alone it is an invoice that waits for its signature.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)] // plain values cross the boundary; the facade takes one object
pub fn answer(
    invreq: &str,
    network: &str,
    amount_msat: Option<u64>,
    payment_hash: &str,
    paths: PaymentPaths,
    mpp: bool,
    created_at: f64,
    relative_expiry: u32,
    paths_expire_at: Option<f64>,
    node_id: Option<String>,
    secret_key: Option<Vec<u8>>,
    signature: Option<Vec<u8>>,
) -> Js {
    let request: InvoiceRequest = invreq.parse().map_err(throw)?;
    let chain = DecodeOptions::network(network).map_err(throw)?.chain;
    let answerable = Answerable::new(request, chain, Some(time(created_at))).map_err(throw)?;
    answerable.check_amount(amount_msat).map_err(throw)?;
    let secp = context();
    let pair = secret_key.map(|key| read_key(key, secp)).transpose()?;
    let node_id = match &pair {
        Some(pair) => pair.public_key(),
        None => parse(&node_id.unwrap_or_default(), "node id")?,
    };
    let terms = Terms {
        created_at: time(created_at),
        relative_expiry,
        payment_hash: parse(payment_hash, "payment hash")?,
        node_id,
        mpp,
        paths: paths.into_inner(),
        paths_expire_at: optional_time(paths_expire_at),
    };
    let invoice = match (pair, signature) {
        (Some(mut pair), _) => {
            let answered = invreq::answer::answer(&answerable, &terms, &pair, secp);
            pair.non_secure_erase();
            answered
        }
        (None, Some(signature)) => {
            let signature = array(&signature, "a signature")?;
            prepare(&answerable, &terms).and_then(|unsigned| unsigned.finish(&signature))
        }
        (None, None) => {
            let unsigned = prepare(&answerable, &terms).map_err(throw)?;
            return Ok(give(&Unsigned {
                digest: Bytes(&unsigned.digest()),
                tag: INVOICE_SIGNATURE_TAG,
                invoice: Bytes(unsigned.as_bytes()),
            }));
        }
    };
    invoice.map(|invoice| invoice.to_string().into()).map_err(throw)
}

/// The context for signing, made once: to make it costs as much as a signature.
fn context() -> &'static Secp256k1<All> {
    static CONTEXT: OnceLock<Secp256k1<All>> = OnceLock::new();
    CONTEXT.get_or_init(Secp256k1::new)
}

fn read_key(key: Vec<u8>, secp: &Secp256k1<All>) -> Js<Keypair> {
    let mut key = SecretKey::from_slice(secret::<32>(key, "a secret key")?.as_slice())
        .map_err(|_| invalid("this is no secret key"))?;
    let pair = Keypair::from_secret_key(secp, &key);
    key.non_secure_erase();
    Ok(pair)
}

fn hex(bytes: [u8; 32]) -> String {
    invreq::InvreqId(bytes).to_string()
}
