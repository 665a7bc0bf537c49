use serde_json::{json, Value};

use super::params::Params;
use super::render;
use crate::{Error, InvoiceDestination, RefundTerms, Testbed};

/// Why a request got no result.
pub(super) struct Refusal {
    code: &'static str,
    message: String,
}

impl Refusal {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal {
            code,
            message: message.into(),
        }
    }

    pub(super) fn invalid_params(message: impl Into<String>) -> Refusal {
        Refusal::new("invalid_params", message)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        Refusal::new(error.code(), error.to_string())
    }
}

/// Does what a request asks for and returns the line that answers it.
pub(super) fn answer(bed: &Testbed, request: &[u8], stop: &dyn Fn()) -> String {
    let (id, result) = match serde_json::from_slice::<Value>(request) {
        Ok(Value::Object(mut request)) => {
            let (id, params) = (request.remove("id"), request.remove("params"));
            let method = request.get("method").and_then(Value::as_str).unwrap_or_default();
            let result = Params::new(&bed.net, params).and_then(|params| call(bed, method, &params, stop));
            (id.unwrap_or(Value::Null), result)
        }
        _ => (
            Value::Null,
            Err(Refusal::new("not_a_request", "a request is a JSON object")),
        ),
    };
    let answer = match result {
        Ok(result) => json!({ "id": id, "result": result }),
        Err(Refusal { code, message }) => json!({ "id": id, "error": { "code": code, "message": message } }),
    };
    answer.to_string()
}

fn call(bed: &Testbed, method: &str, params: &Params, stop: &dyn Fn()) -> Result<Value, Refusal> {
    let net = &bed.net;
    let host = || params.node_or("node", "host");
    let done = json!({});
    Ok(match method {
        "info" => info(bed),
        "create_request" => {
            let terms = RefundTerms {
                amount_msat: params.number("amount_msat")?,
                description: params.text_or("description", "withdrawal")?.to_owned(),
                expiry_secs: params.number_or("expiry_secs", 3600)?.into(),
            };
            json!({ "request": net.create_refund(params.node_or("node", "payer")?, &terms)? })
        }
        "create_inbound_payment" => {
            let (amount_msat, hash) = (
                params.number("amount_msat")?,
                params.optional_hash("payment_hash")?,
            );
            let expiry_secs = params.number_or("expiry_secs", 3600)?;
            render::inbound_payment(&net.create_inbound_payment(host()?, amount_msat, expiry_secs, hash)?)
        }
        "resolve_scid" => {
            let (scid, direction) = sciddir(params)?;
            let node_id = net.resolve_scid(host()?, scid, direction);
            json!({ "node_id": node_id.as_ref().map(render::key) })
        }
        "route" => {
            let hops = net.route(host()?, params.key("target")?);
            json!({ "hops": hops.as_deref().map(render::keys) })
        }
        "reply_route" => json!({ "hops": render::keys(&net.reply_route(host()?)) }),
        "ecdh" => json!({ "shared_secret": render::hex(&net.ecdh(host()?, &params.key("point")?)?) }),
        "send_onion" => {
            net.send_onion(host()?, params.key("first_hop")?, &params.bytes("message")?)?;
            done
        }
        "send_invoice" => {
            let (invoice, reply_path_id) = (params.bytes("invoice")?, params.optional_hash("reply_path_id")?);
            net.send_invoice(host()?, &invoice, &destination(params)?, reply_path_id)?;
            done
        }
        "payments" => {
            let node = host()?;
            let events = net.payments(node).into_iter();
            let events = events.map(|event| render::event(&net.name(node), event));
            json!({ "payments": events.collect::<Value>() })
        }
        "settle" => {
            net.settle(host()?, params.hash("payment_hash")?, params.hash("preimage")?)?;
            done
        }
        "fail" => {
            net.fail(host()?, params.hash("payment_hash")?)?;
            done
        }
        "cut_off" => {
            net.disconnect(params.node("a")?, params.node("b")?);
            done
        }
        "reconnect" => {
            net.connect(params.node("a")?, params.node("b")?)?;
            done
        }
        "kill" => {
            net.kill(params.node("node")?);
            done
        }
        "revive" => {
            net.revive(params.node("node")?);
            done
        }
        "mine" => {
            // Bounded so that one request cannot occupy the server for long.
            net.mine(params.number_or("blocks", 1)?.min(1000));
            info(bed)
        }
        "tick" => {
            net.tick();
            done
        }
        "shutdown" => {
            stop();
            done
        }
        _ => {
            return Err(Refusal::new(
                "unknown_method",
                format!("there is no method {method:?}"),
            ))
        }
    })
}

fn info(bed: &Testbed) -> Value {
    let net = &bed.net;
    let node = |node| {
        let about = json!({
            "node_id": render::key(&net.node_id(node)),
            "is_down": net.is_down(node),
            "peers": render::keys(&net.peers(node)),
            "spendable_msat": net.spendable_msat(node),
        });
        (net.name(node), about)
    };
    let nodes: serde_json::Map<_, _> = net.nodes().into_iter().map(node).collect();
    json!({ "block_height": net.block_height(), "nodes": nodes })
}

/// A direction byte and a short channel id, as BOLT 1 encodes them in `sciddir_or_pubkey`.
fn sciddir(params: &Params) -> Result<(u64, u8), Refusal> {
    let bytes = params.bytes("sciddir")?;
    match bytes.split_first() {
        Some((direction @ 0..=1, scid)) => <[u8; 8]>::try_from(scid).ok().map(|scid| (scid, *direction)),
        _ => None,
    }
    .map(|(scid, direction)| (u64::from_be_bytes(scid), direction))
    .ok_or_else(|| Refusal::invalid_params("sciddir must be a direction byte (0 or 1) and 8 bytes of hex"))
}

fn destination(params: &Params) -> Result<InvoiceDestination, Refusal> {
    match (params.optional_key("node_id")?, params.optional_bytes("path")?) {
        (Some(node_id), None) => Ok(InvoiceDestination::Node(node_id)),
        (None, Some(path)) => Ok(InvoiceDestination::BlindedPath(path)),
        _ => Err(Refusal::invalid_params("give either node_id or path")),
    }
}
