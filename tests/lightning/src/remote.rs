//! A node of a test server, reached over its control protocol.

use std::collections::{HashMap, VecDeque};
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bitcoin::secp256k1::PublicKey;
use hex_conservative::{DisplayHex, FromHex};
use serde_json::{json, Value};

use invreq::bolt12::{BlindedHop, BlindedPath, Introduction, PayInfo, PaymentPath};

use crate::{Error, HostNode, InboundPayment, NodeEvent};

/// A node of a test server. Clones of its `Arc` share one connection.
pub struct RemoteNode {
    name: String,
    writer: Mutex<(TcpStream, u64)>,
    inbox: Arc<Inbox>,
}

#[derive(Default)]
struct Inbox {
    state: Mutex<Received>,
    changed: Condvar,
}

#[derive(Default)]
struct Received {
    answers: HashMap<u64, Result<Value, Error>>,
    events: VecDeque<NodeEvent>,
    closed: bool,
}

impl RemoteNode {
    /// Connects to the control port of a test server and takes over the node of this name. Payments that the node holds or
    /// has received are the first events.
    pub fn connect(control: &str, name: &str) -> io::Result<RemoteNode> {
        let stream = TcpStream::connect(control)?;
        stream.set_nodelay(true)?;
        let inbox = Arc::new(Inbox::default());
        let (reader, sink, own) = (stream.try_clone()?, inbox.clone(), name.to_owned());
        std::thread::spawn(move || sink.read(reader, &own));
        let node = RemoteNode {
            name: name.to_owned(),
            writer: Mutex::new((stream, 0)),
            inbox,
        };
        let payments = node
            .call("payments", json!({}))
            .map_err(|error| io::Error::other(error.to_string()))?;
        let past = payments["payments"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(event);
        node.inbox.lock().events.extend(past);
        Ok(node)
    }

    /// Calls a method of the control protocol for this node, unless `params` name another.
    pub fn call(&self, method: &str, mut params: Value) -> Result<Value, Error> {
        if params.get("node").is_none() {
            params["node"] = json!(self.name);
        }
        let id = {
            let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
            writer.1 += 1;
            let line = json!({ "id": writer.1, "method": method, "params": params }).to_string();
            let sent = writer
                .0
                .write_all(line.as_bytes())
                .and_then(|()| writer.0.write_all(b"\n"));
            sent.map_err(|error| Error::Lightning(error.to_string()))?;
            writer.1
        };
        let mut inbox = self.inbox.lock();
        loop {
            if let Some(answer) = inbox.answers.remove(&id) {
                return answer;
            }
            if inbox.closed {
                return Err(Error::NodeIsDown);
            }
            inbox = self
                .inbox
                .changed
                .wait(inbox)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn hops(&self, method: &str, params: Value) -> Option<Vec<PublicKey>> {
        let answer = self.call(method, params).ok()?;
        answer["hops"].as_array()?.iter().map(key).collect()
    }
}

impl HostNode for RemoteNode {
    fn create_inbound_payment(
        &self,
        amount_msat: u64,
        expiry_secs: u32,
        payment_hash: Option<[u8; 32]>,
    ) -> Result<InboundPayment, Error> {
        let mut params = json!({ "amount_msat": amount_msat, "expiry_secs": expiry_secs });
        if let Some(hash) = payment_hash {
            params["payment_hash"] = json!(hash.to_lower_hex_string());
        }
        let made = self.call("create_inbound_payment", params)?;
        let paths = made["paths"].as_array().into_iter().flatten().map(path);
        Ok(InboundPayment {
            payment_hash: array(&made["payment_hash"]).ok_or(Error::Malformed("a payment hash"))?,
            preimage: array(&made["preimage"]),
            paths: paths
                .collect::<Option<_>>()
                .ok_or(Error::Malformed("a payment path"))?,
        })
    }

    fn resolve_scid(&self, scid: u64, direction: u8) -> Option<PublicKey> {
        let sciddir = [&[direction], scid.to_be_bytes().as_slice()].concat();
        let answer = self
            .call(
                "resolve_scid",
                json!({ "sciddir": sciddir.to_lower_hex_string() }),
            )
            .ok()?;
        key(&answer["node_id"])
    }

    fn route(&self, target: PublicKey) -> Option<Vec<PublicKey>> {
        self.hops("route", json!({ "target": target.to_string() }))
    }

    fn reply_route(&self) -> Vec<PublicKey> {
        self.hops("reply_route", json!({})).unwrap_or_default()
    }

    fn send_onion(&self, first_hop: PublicKey, message: &[u8]) -> Result<(), Error> {
        let params = json!({ "first_hop": first_hop.to_string(), "message": message.to_lower_hex_string() });
        self.call("send_onion", params).map(drop)
    }

    fn settle(&self, payment_hash: [u8; 32], preimage: [u8; 32]) -> Result<(), Error> {
        let (payment_hash, preimage) = (payment_hash.to_lower_hex_string(), preimage.to_lower_hex_string());
        self.call(
            "settle",
            json!({ "payment_hash": payment_hash, "preimage": preimage }),
        )
        .map(drop)
    }

    fn fail(&self, payment_hash: [u8; 32]) -> Result<(), Error> {
        self.call(
            "fail",
            json!({ "payment_hash": payment_hash.to_lower_hex_string() }),
        )
        .map(drop)
    }

    fn events(&self) -> Vec<NodeEvent> {
        let mut inbox = self.inbox.lock();
        if inbox.events.is_empty() && !inbox.closed {
            let waited = self.inbox.changed.wait_timeout(inbox, Duration::from_millis(20));
            inbox = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        inbox.events.drain(..).collect()
    }
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Received> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sorts what the server says into answers and events, until it says no more.
    fn read(&self, stream: TcpStream, own: &str) {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let Ok(value) = serde_json::from_str::<Value>(&line) else {
                break;
            };
            let mut inbox = self.lock();
            if let Some(id) = value["id"].as_u64() {
                inbox.answers.insert(id, answer(&value));
            } else if value["node"] == own {
                inbox.events.extend(event(&value));
            }
            self.changed.notify_all();
        }
        self.lock().closed = true;
        self.changed.notify_all();
    }
}

fn answer(value: &Value) -> Result<Value, Error> {
    let Some(error) = value.get("error") else {
        return Ok(value["result"].clone());
    };
    Err(match error["code"].as_str() {
        Some("not_connected") => Error::NotConnected,
        Some("node_is_down") => Error::NodeIsDown,
        Some("nothing_to_settle") => Error::NothingToSettle,
        _ => Error::Lightning(error["message"].as_str().unwrap_or_default().to_owned()),
    })
}

/// The events a host has to deal with.
fn event(value: &Value) -> Option<NodeEvent> {
    let payment_hash = array(&value["payment_hash"]);
    Some(match value["event"].as_str()? {
        "payment_claimable" => NodeEvent::PaymentClaimable {
            payment_hash: payment_hash?,
            amount_msat: value["amount_msat"].as_u64()?,
            claim_deadline: value["claim_deadline"]
                .as_u64()
                .and_then(|height| u32::try_from(height).ok()),
            preimage: array(&value["preimage"]),
        },
        "payment_claimed" => NodeEvent::PaymentClaimed {
            payment_hash: payment_hash?,
            amount_msat: value["amount_msat"].as_u64()?,
            preimage: array(&value["preimage"]),
        },
        "onion_message_intercepted" => NodeEvent::OnionMessageIntercepted {
            next_node: key(&value["next_node"])?,
            message: bytes(&value["message"])?,
        },
        _ => return None,
    })
}

fn path(value: &Value) -> Option<PaymentPath> {
    let hop = |hop: &Value| {
        Some(BlindedHop {
            blinded_node_id: key(&hop["blinded_node_id"])?,
            encrypted_recipient_data: bytes(&hop["encrypted_recipient_data"])?,
        })
    };
    let info = &value["payinfo"];
    let number = |name: &str| info[name].as_u64();
    let hops = value["hops"].as_array()?.iter().map(hop);
    Some(PaymentPath {
        path: BlindedPath {
            introduction: introduction(&bytes(&value["introduction"])?)?,
            path_key: key(&value["first_path_key"])?,
            hops: hops.collect::<Option<_>>()?,
        },
        payinfo: PayInfo {
            fee_base_msat: number("fee_base_msat")?.try_into().ok()?,
            fee_proportional_millionths: number("fee_proportional_millionths")?.try_into().ok()?,
            cltv_expiry_delta: number("cltv_expiry_delta")?.try_into().ok()?,
            htlc_minimum_msat: number("htlc_minimum_msat")?,
            htlc_maximum_msat: number("htlc_maximum_msat")?,
            features: bytes(&info["features"])?,
        },
    })
}

fn introduction(bytes: &[u8]) -> Option<Introduction> {
    match bytes {
        [direction @ (0 | 1), scid @ ..] => {
            let scid = u64::from_be_bytes(scid.try_into().ok()?);
            Some(Introduction::Scid {
                direction: *direction,
                scid,
            })
        }
        node_id => PublicKey::from_slice(node_id).ok().map(Introduction::NodeId),
    }
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    Vec::from_hex(value.as_str()?).ok()
}

fn array(value: &Value) -> Option<[u8; 32]> {
    bytes(value)?.try_into().ok()
}

fn key(value: &Value) -> Option<PublicKey> {
    PublicKey::from_slice(&bytes(value)?).ok()
}
