//! Functions of text: nothing is kept.

use invreq::answer::{prepare_str, Terms, INVOICE_SIGNATURE_TAG};
use invreq::bolt12::{Bolt12, Kind};
use invreq::{DecodeOptions, InvreqId};
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::answers::PaymentPaths;
use crate::value::{array, give, node_key, optional_time, parse, throw, time, Bytes};
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
    id: Option<InvreqId>,
}

/// Reads a string and checks its signature, and nothing else.
#[wasm_bindgen]
pub fn verify(text: &str) -> Js {
    let message: Bolt12 = text.parse().map_err(throw)?;
    Ok(give(&Verified {
        kind: message.kind(),
        signed: message.is_signed(),
        node_id: message.signer().map(|key| key.to_string()),
        id: message.id().map(InvreqId),
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
    // First of all, so that it is wiped whatever else is wrong.
    let key = secret_key.map(node_key).transpose()?;
    let chain = DecodeOptions::network(network).map_err(throw)?.chain;
    let node_id = match &key {
        Some(key) => key.node_id(),
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
    let unsigned = prepare_str(invreq, chain, amount_msat, &terms).map_err(throw)?;
    let invoice = match (key, signature) {
        (Some(key), _) => unsigned.sign(&key),
        (None, Some(signature)) => unsigned.finish(&array(&signature, "a signature")?),
        (None, None) => {
            return Ok(give(&Unsigned {
                digest: Bytes(&unsigned.digest()),
                tag: INVOICE_SIGNATURE_TAG,
                invoice: Bytes(unsigned.as_bytes()),
            }));
        }
    };
    invoice.map(|invoice| invoice.to_string().into()).map_err(throw)
}
