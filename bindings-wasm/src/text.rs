//! Functions of text: nothing is kept.

use bitcoin::secp256k1::{Keypair, Secp256k1, SecretKey};
use invreq::answer::{Answerable, Terms};
use invreq::bolt12::{Bolt12, InvoiceRequest, Kind};
use invreq::DecodeOptions;
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::JsValue;

use crate::answers::PaymentPaths;
use crate::value::{array, give, invalid, optional_time, parse, throw, time};
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

/// The signed invoice, `lni1…`, that answers a request with a key at hand.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)] // plain values cross the boundary; the facade takes one object
pub fn answer(
    invreq: &str,
    network: &str,
    secret_key: &[u8],
    payment_hash: &str,
    paths: PaymentPaths,
    mpp: bool,
    created_at: f64,
    relative_expiry: u32,
) -> Js<String> {
    let request: InvoiceRequest = invreq.parse().map_err(throw)?;
    let chain = DecodeOptions::network(network).map_err(throw)?.chain;
    let answerable = Answerable::new(request, chain, Some(time(created_at))).map_err(throw)?;
    let secp = Secp256k1::new();
    let mut key = SecretKey::from_slice(&array::<32>(secret_key, "a secret key")?)
        .map_err(|_| invalid("this is no secret key"))?;
    let mut pair = Keypair::from_secret_key(&secp, &key);
    key.non_secure_erase();
    let terms = Terms {
        created_at: time(created_at),
        relative_expiry,
        payment_hash: parse(payment_hash, "payment hash")?,
        node_id: pair.public_key(),
        mpp,
        paths: paths.into_inner(),
        paths_expire_at: None,
    };
    let answered = invreq::answer::answer(&answerable, &terms, &pair, &secp);
    pair.non_secure_erase();
    answered.map(|invoice| invoice.to_string()).map_err(throw)
}

fn hex(bytes: [u8; 32]) -> String {
    invreq::InvreqId(bytes).to_string()
}

/// All error codes, for a test that compares them with the types of the facade.
#[wasm_bindgen(js_name = errorCodes)]
pub fn error_codes() -> JsValue {
    give(&invreq::ErrorCode::ALL)
}
