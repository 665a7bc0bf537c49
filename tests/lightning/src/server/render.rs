//! How things look in the control protocol: bytes are hex, names those of the Rust API.

use bitcoin::secp256k1::PublicKey;
use hex_conservative::DisplayHex;
use serde_json::{json, Value};

use invreq::bolt12::{BlindedHop, Introduction, PaymentPath};

use crate::{InboundPayment, NodeEvent};

pub(super) fn hex(bytes: &[u8]) -> Value {
    Value::String(bytes.to_lower_hex_string())
}

pub(super) fn key(key: &PublicKey) -> Value {
    hex(&key.serialize())
}

pub(super) fn keys(keys: &[PublicKey]) -> Value {
    keys.iter().map(key).collect()
}

pub(super) fn inbound_payment(payment: &InboundPayment) -> Value {
    json!({
        "payment_hash": hex(&payment.payment_hash),
        "preimage": optional(payment.preimage.as_ref().map(|bytes| &bytes[..])),
        "paths": payment.paths.iter().map(path).collect::<Value>(),
    })
}

pub(super) fn event(node: &str, event: NodeEvent) -> Value {
    match event {
        NodeEvent::PaymentClaimable {
            payment_hash,
            amount_msat,
            claim_deadline,
            preimage,
        } => json!({
            "event": "payment_claimable",
            "node": node,
            "payment_hash": hex(&payment_hash),
            "amount_msat": amount_msat,
            "claim_deadline": claim_deadline,
            "preimage": optional(preimage.as_ref().map(|bytes| &bytes[..])),
        }),
        NodeEvent::PaymentClaimed {
            payment_hash,
            amount_msat,
            preimage,
        } => json!({
            "event": "payment_claimed",
            "node": node,
            "payment_hash": hex(&payment_hash),
            "amount_msat": amount_msat,
            "preimage": optional(preimage.as_ref().map(|bytes| &bytes[..])),
        }),
        NodeEvent::PaymentSent {
            payment_hash,
            preimage,
            amount_msat,
            fee_msat,
            invoice,
        } => json!({
            "event": "payment_sent",
            "node": node,
            "payment_hash": hex(&payment_hash),
            "preimage": hex(&preimage),
            "amount_msat": amount_msat,
            "fee_msat": fee_msat,
            "invoice": optional(invoice.as_deref()),
        }),
        NodeEvent::PaymentFailed { payment_hash, reason } => json!({
            "event": "payment_failed",
            "node": node,
            "payment_hash": optional(payment_hash.as_ref().map(|bytes| &bytes[..])),
            "reason": reason,
        }),
        NodeEvent::OnionMessageIntercepted { next_node, message } => json!({
            "event": "onion_message_intercepted",
            "node": node,
            "next_node": key(&next_node),
            "message": hex(&message),
        }),
        NodeEvent::InvoiceErrorReceived {
            reply_path_id,
            error,
            message,
        } => json!({
            "event": "invoice_error_received",
            "node": node,
            "reply_path_id": hex(&reply_path_id),
            "error": hex(&error),
            "message": message,
        }),
    }
}

fn path(path: &PaymentPath) -> Value {
    let PaymentPath { path, payinfo: info } = path;
    let hop = |hop: &BlindedHop| {
        json!({
            "blinded_node_id": key(&hop.blinded_node_id),
            "encrypted_recipient_data": hex(&hop.encrypted_recipient_data),
        })
    };
    json!({
        "introduction": hex(&introduction(&path.introduction)),
        "first_path_key": key(&path.path_key),
        "hops": path.hops.iter().map(hop).collect::<Value>(),
        "payinfo": {
            "fee_base_msat": info.fee_base_msat,
            "fee_proportional_millionths": info.fee_proportional_millionths,
            "cltv_expiry_delta": info.cltv_expiry_delta,
            "htlc_minimum_msat": info.htlc_minimum_msat,
            "htlc_maximum_msat": info.htlc_maximum_msat,
            "features": hex(&info.features),
        },
    })
}

fn optional(bytes: Option<&[u8]>) -> Value {
    bytes.map_or(Value::Null, hex)
}

fn introduction(introduction: &Introduction) -> Vec<u8> {
    match introduction {
        Introduction::NodeId(node_id) => node_id.serialize().to_vec(),
        Introduction::Scid { direction, scid } => [&[*direction][..], &scid.to_be_bytes()].concat(),
    }
}
