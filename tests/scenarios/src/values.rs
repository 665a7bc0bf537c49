//! From the JSON of a scenario to the values of the library.

use core::str::FromStr;

use bitcoin::secp256k1::PublicKey;
use hex_conservative::FromHex;
use invreq::bolt12::{BlindedHop, BlindedPath, Introduction, PayInfo, PaymentPath};
use invreq::driver::HostError;
use invreq::engine::{
    Existing, InboundPayment, ListIndex, ListInvoices, Replies, ReplyPath, Route, SendInvoice, SendOutcome,
    Status,
};
use invreq::Preimage;
use serde_json::Value;

/// A number that has to be there.
pub fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("no number: {value}"))
}

pub fn number32(value: &Value) -> Option<u32> {
    value.as_u64().map(|number| u32::try_from(number).unwrap())
}

/// A text that has to be there; numbers are taken as their decimal text, as labels are.
pub fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}

pub fn parsed<T: FromStr>(value: &Value) -> T {
    text(value)
        .parse()
        .unwrap_or_else(|_| panic!("it cannot be read: {value}"))
}

pub fn bytes(value: &Value) -> Vec<u8> {
    Vec::from_hex(&text(value)).unwrap()
}

pub fn array<const N: usize>(value: &Value) -> [u8; N] {
    bytes(value)
        .try_into()
        .unwrap_or_else(|_| panic!("not {N} bytes: {value}"))
}

fn points(value: &Value) -> Vec<PublicKey> {
    value
        .as_array()
        .map(|list| list.iter().map(parsed).collect())
        .unwrap_or_default()
}

pub fn status(value: &Value) -> Status {
    match text(value).as_str() {
        "unpaid" => Status::Unpaid,
        "paid" => Status::Paid,
        "expired" => Status::Expired,
        other => panic!("no status: {other}"),
    }
}

pub fn outcome(word: &str) -> SendOutcome {
    match word {
        "accepted" => SendOutcome::Accepted,
        "no_route" => SendOutcome::NoRoute,
        "offline" => SendOutcome::Offline,
        "failed" => SendOutcome::Failed,
        other => panic!("a transport does not say {other}"),
    }
}

pub fn send_invoice(given: &Value) -> SendInvoice {
    SendInvoice {
        invreq: text(&given["invreq"]),
        label: text(&given["label"]),
        amount_msat: given["amountMsat"].as_u64(),
        timeout: number32(&given["timeout"]),
        expiry: number32(&given["expiry"]),
        quantity: given["quantity"].as_u64(),
        existing: if given["existing"] == "join" {
            Existing::Join
        } else {
            Existing::Error
        },
        again: given["again"] == true,
        invoice_node_id: given.get("invoiceNodeId").map(parsed),
        replies: if given["replies"] == "unwanted" {
            Replies::Unwanted
        } else {
            Replies::Wanted
        },
    }
}

pub fn query(given: &Value) -> ListInvoices {
    ListInvoices {
        label: given.get("label").map(text),
        payment_hash: given.get("paymentHash").map(parsed),
        status: given.get("status").map(status),
        index: if given["index"] == "updated" {
            ListIndex::Updated
        } else {
            ListIndex::Created
        },
        start: given["start"].as_u64().unwrap_or_default(),
        limit: number32(&given["limit"]),
    }
}

/// What the source says, or why it says nothing.
pub fn inbound_payment(given: &Value) -> Result<InboundPayment, HostError> {
    if let Some(why) = given.get("fails") {
        return Err(HostError(text(why)));
    }
    Ok(InboundPayment {
        payment_hash: given.get("paymentHash").map(parsed),
        preimage: given
            .get("preimage")
            .map(|preimage| Preimage::new(array(preimage))),
        paths: given["paths"]
            .as_array()
            .unwrap()
            .iter()
            .map(payment_path)
            .collect(),
        mpp: given["mpp"] == true,
        paths_expire_at: given["pathsExpireAt"].as_u64(),
    })
}

pub fn payment_path(given: &Value) -> PaymentPath {
    let (path, payinfo) = (&given["path"], &given["payinfo"]);
    let hop = |hop: &Value| BlindedHop {
        blinded_node_id: parsed(&hop["blindedNodeId"]),
        encrypted_recipient_data: bytes(&hop["encryptedRecipientData"]),
    };
    let small = |name: &str| number32(&payinfo[name]).unwrap();
    PaymentPath {
        path: BlindedPath {
            introduction: Introduction::NodeId(parsed(&path["introduction"])),
            path_key: parsed(&path["pathKey"]),
            hops: path["hops"].as_array().unwrap().iter().map(hop).collect(),
        },
        payinfo: PayInfo {
            fee_base_msat: small("feeBaseMsat"),
            fee_proportional_millionths: small("feeProportionalMillionths"),
            cltv_expiry_delta: u16::try_from(small("cltvExpiryDelta")).unwrap(),
            htlc_minimum_msat: number(&payinfo["htlcMinimumMsat"]),
            htlc_maximum_msat: number(&payinfo["htlcMaximumMsat"]),
            ..PayInfo::default()
        },
    }
}

/// What the transport says of a route: `null` is none, a text is why it cannot tell.
pub fn route(given: &Value) -> Result<Option<Route>, HostError> {
    if let Some(why) = given.as_str() {
        return Err(HostError(why.to_owned()));
    }
    if given.is_null() {
        return Ok(None);
    }
    let reply = &given["reply"];
    let via = points(&reply["via"]);
    Ok(Some(Route {
        via: points(&given["via"]),
        connect: Vec::new(),
        own_node: given["ownNode"] == true,
        reply: match reply["kind"].as_str().unwrap_or("none") {
            "none" => ReplyPath::None,
            "ours" => ReplyPath::Ours { via },
            "node" => ReplyPath::Node {
                via,
                node_id: parsed(&reply["nodeId"]),
            },
            "host" => ReplyPath::Host,
            other => panic!("no reply path: {other}"),
        },
    }))
}

/// What the transport says of a channel: `null` is none, a text that is no node id is why it cannot tell.
pub fn end(given: &Value) -> Result<Option<PublicKey>, HostError> {
    match given.as_str() {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| HostError(text.to_owned())),
    }
}
