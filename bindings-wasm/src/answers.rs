//! What the host answers, put together piece by piece.

use bitcoin::secp256k1::PublicKey;
use invreq::bolt12::{BlindedHop, BlindedPath, Introduction, PayInfo, PaymentPath};
use invreq::engine::{Answer, InboundPayment, Need, ReplyPath, Route};
use invreq::onion::SharedSecret;
use invreq::store::Entry;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use crate::value::{self, array, invalid, optional_time, parse, parse_optional};
use crate::Js;

/// The answers to all needs of one input so far, and the needs of the last `begin`: they are answered by their place in its
/// list.
#[wasm_bindgen]
#[derive(Default)]
pub struct Answers {
    pub(crate) given: invreq::engine::Answers,
    pub(crate) needs: Vec<Need>,
}

#[wasm_bindgen]
impl Answers {
    /// No answers yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets what was read of the store.
    #[wasm_bindgen(js_name = forgetReads)]
    pub fn forget_reads(&mut self) {
        self.given.forget_reads();
    }

    /// To `range`: keys and values in turns.
    pub fn entries(&mut self, need: usize, keys_and_values: &Array) -> Js<()> {
        let bytes = |value: JsValue| value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec);
        let mut flat = keys_and_values.iter();
        let mut entries = Vec::new();
        while let Some(key) = flat.next() {
            let entry = bytes(key).zip(flat.next().and_then(bytes));
            let (key, value) = entry.ok_or_else(|| invalid("a store returns bytes"))?;
            entries.push(Entry { key, value });
        }
        self.answer(need, Answer::Entries(entries))
    }

    /// To `createInboundPayment`.
    #[wasm_bindgen(js_name = inboundPayment)]
    pub fn inbound_payment(
        &mut self,
        need: usize,
        paths: PaymentPaths,
        payment_hash: Option<String>,
        preimage: Option<Vec<u8>>,
        mpp: bool,
        paths_expire_at: Option<f64>,
    ) -> Js<()> {
        let preimage = value::preimage(preimage)?;
        let payment = InboundPayment {
            payment_hash: parse_optional(payment_hash, "payment hash")?,
            preimage,
            paths: paths.into_inner(),
            mpp,
            paths_expire_at: optional_time(paths_expire_at),
        };
        self.answer(need, Answer::InboundPayment(payment))
    }

    /// To `canReceive`.
    #[wasm_bindgen(js_name = canReceive)]
    pub fn can_receive(&mut self, need: usize, can: Option<bool>) -> Js<()> {
        self.answer(need, Answer::CanReceive(can))
    }

    /// To `resolveScid`.
    #[wasm_bindgen(js_name = nodeId)]
    pub fn node_id(&mut self, need: usize, node_id: Option<String>) -> Js<()> {
        let node_id = parse_optional(node_id, "node id")?;
        self.answer(need, Answer::NodeId(node_id))
    }

    /// To `findRoute`: there is none.
    #[wasm_bindgen(js_name = noRoute)]
    pub fn no_route(&mut self, need: usize) -> Js<()> {
        self.answer(need, Answer::Route(None))
    }

    /// To `findRoute`. `reply` is `none`, `ours`, `node` or `host`.
    #[allow(clippy::too_many_arguments)] // the facade takes one object
    pub fn route(
        &mut self,
        need: usize,
        via: Vec<String>,
        connect: Vec<String>,
        own_node: bool,
        reply: &str,
        reply_via: Vec<String>,
        reply_node_id: Option<String>,
    ) -> Js<()> {
        let via_reply = || points(&reply_via);
        let reply = match reply {
            "none" => ReplyPath::None,
            "host" => ReplyPath::Host,
            "ours" => ReplyPath::Ours { via: via_reply()? },
            "node" => ReplyPath::Node {
                via: via_reply()?,
                node_id: parse(&reply_node_id.unwrap_or_default(), "node id")?,
            },
            _ => return Err(invalid("a reply path is none, ours, node or host")),
        };
        let route = Route {
            via: points(&via)?,
            connect,
            own_node,
            reply,
        };
        self.answer(need, Answer::Route(Some(route)))
    }

    /// To `ecdh`.
    #[wasm_bindgen(js_name = sharedSecret)]
    pub fn shared_secret(&mut self, need: usize, secret: Vec<u8>) -> Js<()> {
        let secret = SharedSecret::new(*value::secret(secret, "a shared secret")?);
        self.answer(need, Answer::SharedSecret(secret))
    }

    /// To `sign`.
    pub fn signature(&mut self, need: usize, signature: &[u8]) -> Js<()> {
        let signature = array(signature, "a signature")?;
        self.answer(need, Answer::Signature(signature))
    }

    /// To any: the host could not answer, for this reason.
    pub fn failed(&mut self, need: usize, reason: String) -> Js<()> {
        self.answer(need, Answer::Failed(reason))
    }

    fn answer(&mut self, need: usize, answer: Answer) -> Js<()> {
        let need = self
            .needs
            .get(need)
            .ok_or_else(|| invalid("there is no such need"))?;
        self.given.insert(need.clone(), answer);
        Ok(())
    }
}

/// Payment paths, best first.
#[wasm_bindgen]
#[derive(Default)]
pub struct PaymentPaths(Vec<PaymentPath>);

#[wasm_bindgen]
impl PaymentPaths {
    /// No paths yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a path without hops. It begins at a node, or else at an end of a channel.
    #[allow(clippy::too_many_arguments)] // the facade takes one object
    pub fn path(
        &mut self,
        node_id: Option<String>,
        scid: u64,
        direction: u8,
        path_key: &str,
        fee_base_msat: u32,
        fee_proportional_millionths: u32,
        cltv_expiry_delta: u16,
        htlc_minimum_msat: u64,
        htlc_maximum_msat: u64,
        features: Vec<u8>,
    ) -> Js<()> {
        let introduction = match node_id {
            Some(node_id) => Introduction::NodeId(parse(&node_id, "node id")?),
            None => Introduction::Scid { direction, scid },
        };
        self.0.push(PaymentPath {
            path: BlindedPath {
                introduction,
                path_key: parse(path_key, "path key")?,
                hops: Vec::new(),
            },
            payinfo: PayInfo {
                fee_base_msat,
                fee_proportional_millionths,
                cltv_expiry_delta,
                htlc_minimum_msat,
                htlc_maximum_msat,
                features,
            },
        });
        Ok(())
    }

    /// Adds a hop to the last path.
    pub fn hop(&mut self, blinded_node_id: &str, encrypted_recipient_data: Vec<u8>) -> Js<()> {
        let path = self.0.last_mut().ok_or_else(|| invalid("there is no path yet"))?;
        path.path.hops.push(BlindedHop {
            blinded_node_id: parse(blinded_node_id, "blinded node id")?,
            encrypted_recipient_data,
        });
        Ok(())
    }

    pub(crate) fn into_inner(self) -> Vec<PaymentPath> {
        self.0
    }
}

fn points(hex: &[String]) -> Js<Vec<PublicKey>> {
    hex.iter().map(|hex| parse(hex, "node id")).collect()
}
