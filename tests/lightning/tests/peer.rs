//! The peer of this library and a real LDK node shake hands over TCP and over WebSockets.

#[allow(dead_code)] // each test binary uses its own part of this
mod client;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bitcoin::secp256k1::{PublicKey, Secp256k1, SecretKey};
use bitcoin::Network;
use client::{tcp, web_socket, Client, PATIENCE};
use invreq::peer::{Peer, PeerEvent};
use invreq::ErrorCode;
use invreq_lightning::{Server, Testbed};
use serde_json::{json, Value};
use tungstenite::{Message, WebSocket};

#[test]
fn an_ldk_node_takes_us_for_a_peer_with_onion_messages() {
    let server = Server::start(Testbed::direct()).unwrap();
    let mut control = Client::over_tcp(server.greeting());
    let (mut peer, us) = connect(server.greeting(), "payer", Network::Regtest);
    let mut wire = Wire::tcp(server.greeting(), "payer");
    let events = exchange(&mut peer, &mut wire, |_, events| !events.is_empty());
    let ready = PeerEvent::Ready {
        node_id: node_id(server.greeting(), "payer"),
        onion_messages: true,
    };
    assert_eq!(events, [ready]);
    assert!(peers(&mut control, "payer").contains(&json!(us.to_string())));
}

#[test]
fn a_web_socket_cuts_the_stream_as_it_likes() {
    let server = Server::start(Testbed::direct()).unwrap();
    let (mut peer, _) = connect(server.greeting(), "host", Network::Regtest);
    let mut wire = Wire::web_socket(server.greeting(), "host");
    let events = exchange(&mut peer, &mut wire, |_, events| !events.is_empty());
    assert!(matches!(events[..], [PeerEvent::Ready { .. }]), "{events:?}");
}

#[test]
fn each_answers_the_pings_of_the_other_for_as_long_as_it_takes() {
    let server = Server::start(Testbed::direct()).unwrap();
    let mut control = Client::over_tcp(server.greeting());
    let (mut peer, us) = connect(server.greeting(), "payer", Network::Regtest);
    let mut wire = Wire::tcp(server.greeting(), "payer");
    exchange(&mut peer, &mut wire, |_, events| !events.is_empty());
    // LDK drops whoever misses two of its pings.
    for _ in 0..6 {
        control.call("tick", json!({}));
        peer.ping(now_ms()).unwrap();
        let events = exchange(&mut peer, &mut wire, |peer, _| peer.pongs_due() == 0);
        assert_eq!(events, []);
    }
    // A key lasts for 500 messages: both directions change theirs, twice.
    for _ in 0..110 {
        (0..10).for_each(|_| peer.ping(now_ms()).unwrap());
        exchange(&mut peer, &mut wire, |peer, _| peer.pongs_due() == 0);
    }
    assert!(peers(&mut control, "payer").contains(&json!(us.to_string())));
}

#[test]
fn a_node_that_is_taken_for_another_hangs_up() {
    let server = Server::start(Testbed::direct()).unwrap();
    let (mut peer, _) = connect(server.greeting(), "payer", Network::Regtest);
    let mut wire = Wire::tcp(server.greeting(), "host");
    let events = exchange(&mut peer, &mut wire, |_, events| !events.is_empty());
    let [PeerEvent::Closed(error)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(error.code(), ErrorCode::PeerUnavailable);
}

#[test]
fn a_node_on_another_chain_is_no_peer() {
    let server = Server::start(Testbed::direct()).unwrap();
    let mut control = Client::over_tcp(server.greeting());
    let (mut peer, us) = connect(server.greeting(), "payer", Network::Bitcoin);
    let mut wire = Wire::tcp(server.greeting(), "payer");
    let events = exchange(&mut peer, &mut wire, |_, events| !events.is_empty());
    let [PeerEvent::Closed(error)] = &events[..] else {
        panic!("{events:?}")
    };
    // Whichever of the two sees it first.
    let codes = [ErrorCode::PeerIncompatible, ErrorCode::PeerUnavailable];
    assert!(codes.contains(&error.code()), "{error}");
    assert!(!peers(&mut control, "payer").contains(&json!(us.to_string())));
}

/// A peer with a key of its own that wants to talk to this node, and who it is.
fn connect(greeting: &Value, name: &str, network: Network) -> (Peer, PublicKey) {
    let key = SecretKey::from_slice(&[17; 32]).unwrap();
    let entropy = [23; 32]; // one handshake per node in these tests
    let peer = Peer::connect(node_id(greeting, name), &key, network, entropy, now_ms()).unwrap();
    (peer, key.public_key(&Secp256k1::new()))
}

/// Carries bytes until it is enough, and says what happened.
fn exchange(
    peer: &mut Peer,
    wire: &mut Wire,
    is_enough: impl Fn(&Peer, &[PeerEvent]) -> bool,
) -> Vec<PeerEvent> {
    let (mut events, deadline) = (Vec::new(), Instant::now() + PATIENCE);
    while !is_enough(peer, &events) {
        assert!(Instant::now() < deadline, "{peer:?}: {events:?}");
        wire.write(peer.outgoing());
        match wire.read() {
            Some(bytes) => events.extend(peer.receive(&bytes, now_ms())),
            None => events.extend(peer.disconnected()),
        }
        events.extend(peer.tick(now_ms()));
    }
    wire.write(peer.outgoing());
    events
}

enum Wire {
    Tcp(TcpStream),
    WebSocket(Box<WebSocket<TcpStream>>),
}

const MOMENT: Duration = Duration::from_millis(5);

impl Wire {
    fn tcp(greeting: &Value, name: &str) -> Wire {
        let socket = tcp(greeting["nodes"][name]["tcp"].as_str().unwrap());
        socket.set_read_timeout(Some(MOMENT)).unwrap();
        Wire::Tcp(socket)
    }

    fn web_socket(greeting: &Value, name: &str) -> Wire {
        let socket = web_socket(greeting["nodes"][name]["ws"].as_str().unwrap());
        socket.get_ref().set_read_timeout(Some(MOMENT)).unwrap();
        Wire::WebSocket(Box::new(socket))
    }

    fn write(&mut self, bytes: Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        // An error shows when it is read from.
        match self {
            Wire::Tcp(socket) => _ = socket.write_all(&bytes),
            Wire::WebSocket(socket) => _ = socket.send(Message::binary(bytes)),
        }
    }

    /// What has come by now; `None` at the end.
    fn read(&mut self) -> Option<Vec<u8>> {
        let nothing_yet = |kind| matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut);
        match self {
            Wire::Tcp(socket) => {
                let mut buffer = [0; 4096];
                match socket.read(&mut buffer) {
                    Ok(0) => None,
                    Ok(count) => Some(buffer[..count].to_vec()),
                    Err(error) if nothing_yet(error.kind()) => Some(Vec::new()),
                    Err(_) => None,
                }
            }
            Wire::WebSocket(socket) => match socket.read() {
                Ok(message) => Some(message.into_data().to_vec()),
                Err(tungstenite::Error::Io(error)) if nothing_yet(error.kind()) => Some(Vec::new()),
                Err(_) => None,
            },
        }
    }
}

fn node_id(greeting: &Value, name: &str) -> PublicKey {
    greeting["nodes"][name]["node_id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap()
}

fn peers(control: &mut Client, name: &str) -> Vec<Value> {
    control.call("info", json!({}))["nodes"][name]["peers"]
        .as_array()
        .unwrap()
        .clone()
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_millis().try_into().unwrap()
}
