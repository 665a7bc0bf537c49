//! A connection to another node over any socket, and what its key is good for besides.

use core::str::FromStr;

use bitcoin::Network;
use invreq::peer::PeerEvent;
use invreq::ErrorDetails;
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::value::{give, invalid, node_key, parse, secret, throw, time, Bytes};
use crate::Js;

/// One connection, without the socket: bytes in, bytes out. Times are Unix milliseconds.
#[wasm_bindgen]
pub struct Peer(invreq::peer::Peer);

#[wasm_bindgen]
impl Peer {
    /// Begins a connection to a node, as the node of this key, with 32 fresh random bytes.
    pub fn connect(node_id: &str, key: Vec<u8>, network: &str, entropy: Vec<u8>, now_ms: f64) -> Js<Peer> {
        let network = Network::from_str(network).map_err(|_| invalid("there is no such network"))?;
        let node_id = parse(node_id, "node id")?;
        let entropy = secret(entropy, "entropy")?;
        let key = node_key(key)?;
        let peer = invreq::peer::Peer::connect(node_id, key.expose(), network, *entropy, time(now_ms));
        peer.map(Self).map_err(throw)
    }

    /// Takes bytes that came in, and says what happened.
    pub fn receive(&mut self, bytes: &[u8], now_ms: f64) -> Js {
        told(self.0.receive(bytes, time(now_ms)))
    }

    /// Takes all bytes that are to be written now.
    pub fn outgoing(&mut self) -> Vec<u8> {
        self.0.outgoing()
    }

    /// How many bytes are to be written.
    #[wasm_bindgen(js_name = outgoingLen)]
    pub fn outgoing_len(&self) -> usize {
        self.0.outgoing_len()
    }

    /// Sends the payload of an onion message.
    #[wasm_bindgen(js_name = sendOnionMessage)]
    pub fn send_onion_message(&mut self, payload: &[u8]) -> Js<()> {
        self.0.send_onion_message(payload).map_err(throw)
    }

    /// Asks for a sign of life.
    pub fn ping(&mut self, now_ms: f64) -> Js<()> {
        self.0.ping(time(now_ms)).map_err(throw)
    }

    /// How many pings are not answered yet.
    #[wasm_bindgen(js_name = pongsDue)]
    pub fn pongs_due(&self) -> u32 {
        self.0.pongs_due()
    }

    /// When `tick` has something to do; `undefined` once it is closed.
    #[wasm_bindgen(js_name = wakeAt)]
    pub fn wake_at(&self) -> Option<f64> {
        self.0.wake_at().map(|at| at as f64)
    }

    /// Does what is due, and says what happened.
    pub fn tick(&mut self, now_ms: f64) -> Js {
        told(self.0.tick(time(now_ms)))
    }

    /// Says that the stream has ended.
    pub fn disconnected(&mut self) -> Js {
        told(self.0.disconnected())
    }
}

/// The node id of a secret key.
#[wasm_bindgen(js_name = publicKey)]
pub fn public_key(key: Vec<u8>) -> Js<String> {
    Ok(node_key(key)?.node_id().to_string())
}

/// SHA-256 of the compressed product of a secret key and a point (BOLT 4, Shared Secret).
#[wasm_bindgen]
pub fn ecdh(key: Vec<u8>, point: &str) -> Js<Vec<u8>> {
    let point = parse(point, "point")?;
    Ok(node_key(key)?.ecdh(&point).expose().to_vec())
}

/// An event as the other side sees it: of the fields only those of its kind are there.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    kind: &'static str,
    node_id: Option<String>,
    onion_messages: Option<bool>,
    bytes: Option<Bytes<'a>>,
    text: Option<&'a str>,
    error: Option<&'a ErrorDetails>,
}

fn told(events: Vec<PeerEvent>) -> Js {
    Ok(give(&events.iter().map(event).collect::<Vec<_>>()))
}

fn event(event: &PeerEvent) -> Event<'_> {
    let of = |kind| Event {
        kind,
        ..Event::default()
    };
    match event {
        PeerEvent::Ready {
            node_id,
            onion_messages,
        } => Event {
            node_id: Some(node_id.to_string()),
            onion_messages: Some(*onion_messages),
            ..of("ready")
        },
        PeerEvent::OnionMessage(bytes) => Event {
            bytes: Some(Bytes(bytes)),
            ..of("onionMessage")
        },
        PeerEvent::Warning(text) => Event {
            text: Some(text),
            ..of("warning")
        },
        PeerEvent::Error(text) => Event {
            text: Some(text),
            ..of("error")
        },
        PeerEvent::Closed(error) => Event {
            error: Some(error.details()),
            ..of("closed")
        },
    }
}
