//! A node on loopback, on threads of its own.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{channel, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bitcoin::secp256k1::{PublicKey, Secp256k1, SecretKey};
use bitcoin::Network;
use futures_lite::future::block_on;

use crate::driver::socket::shared::now_ms;
use crate::driver::{SocketTransport, Transport};
use crate::engine::{Delivery, SendOutcome};
use crate::onion::OnionPacket;
use crate::peer::{Peer, PeerEvent};
use crate::PaymentHash;

pub const NETWORK: Network = Network::Regtest;
pub const PATIENCE: Duration = Duration::from_secs(20);

/// How a node treats who connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As it should.
    Plain,
    /// It says nothing as soon as this many bytes have come.
    SilentAfter(usize),
    /// It hangs up as soon as this many bytes have come.
    HangsUpAfter(usize),
    /// It says onion messages all the time.
    Talkative,
    /// It takes no onion messages.
    NoOnions,
}

pub struct Node {
    pub node_id: PublicKey,
    pub address: String,
    /// The onion messages it got.
    pub heard: Receiver<Vec<u8>>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    connections: AtomicUsize,
    open: AtomicUsize,
    bytes: AtomicUsize,
    cut: AtomicUsize,
    to_say: Mutex<Vec<Vec<u8>>>,
    stop: AtomicBool,
}

impl Node {
    /// A node with the key of this number.
    pub fn start(number: u8, manner: Manner) -> Node {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let key = SecretKey::from_slice(&[number; 32]).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared::default());
        let (hear, heard) = channel();
        let served = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if served.stop.load(SeqCst) {
                    return;
                }
                served.connections.fetch_add(1, SeqCst);
                served.open.fetch_add(1, SeqCst);
                let (served, hear) = (served.clone(), hear.clone());
                std::thread::spawn(move || {
                    talk(stream, key, manner, &served, &hear);
                    served.open.fetch_sub(1, SeqCst);
                });
            }
        });
        Node {
            node_id: key.public_key(&Secp256k1::new()),
            address,
            heard,
            shared,
        }
    }

    /// How many connections there have been.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(SeqCst)
    }

    /// How many there are.
    pub fn open(&self) -> usize {
        self.shared.open.load(SeqCst)
    }

    /// How many bytes came, over all of them.
    pub fn bytes(&self) -> usize {
        self.shared.bytes.load(SeqCst)
    }

    /// Hangs up on everybody.
    pub fn cut(&self) {
        self.shared.cut.fetch_add(1, SeqCst);
    }

    /// Hangs up on everybody and is not there any more.
    pub fn stop(&self) {
        self.shared.stop.store(true, SeqCst);
        self.cut();
        wait_until("nobody listens", || TcpStream::connect(&self.address).is_err());
        wait_until("nobody is connected", || self.open() == 0);
    }

    /// Says an onion message to whoever is connected first.
    pub fn say(&self, message: &[u8]) {
        self.shared.to_say.lock().unwrap().push(message.to_vec());
    }

    pub fn next_heard(&self) -> Vec<u8> {
        self.heard.recv_timeout(PATIENCE).unwrap()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.stop();
    }
}

fn talk(mut stream: TcpStream, key: SecretKey, manner: Manner, shared: &Shared, hear: &Sender<Vec<u8>>) {
    let cuts = shared.cut.load(SeqCst);
    stream.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
    let mut peer = Peer::accept(&key, NETWORK, [4; 32], now_ms()).unwrap();
    if manner == Manner::NoOnions {
        peer.introduce_as(&[0, 16, 0, 0, 0, 0]);
    }
    let (mut buffer, mut total, mut ready) = ([0; 4096], 0, false);
    while shared.cut.load(SeqCst) == cuts && peer.closed().is_none() {
        match stream.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => {
                total += count;
                shared.bytes.fetch_add(count, SeqCst);
                if matches!(manner, Manner::HangsUpAfter(limit) if total >= limit) {
                    return;
                }
                if matches!(manner, Manner::SilentAfter(limit) if total >= limit) {
                    continue;
                }
                for event in peer.receive(&buffer[..count], now_ms()) {
                    match event {
                        PeerEvent::Ready { .. } => ready = true,
                        PeerEvent::OnionMessage(message) => _ = hear.send(message),
                        _ => {}
                    }
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return,
        }
        if ready {
            for message in shared.to_say.lock().unwrap().drain(..) {
                peer.send_onion_message(&message).unwrap();
            }
            if manner == Manner::Talkative {
                while peer.send_onion_message(&message(&[9; 30_000])).is_ok() {}
            }
        }
        peer.tick(now_ms());
        let bytes = peer.outgoing();
        stream
            .set_write_timeout(Some(Duration::from_millis(500)))
            .unwrap();
        if stream.write_all(&bytes).is_err() {
            return;
        }
    }
}

/// The payload of an onion message around this packet.
pub fn message(packet: &[u8]) -> Vec<u8> {
    [[2; 33].as_slice(), &(packet.len() as u16).to_be_bytes(), packet].concat()
}

/// A copy for this node, at these addresses, whose invoice expires in so many seconds.
pub fn copy(node_id: PublicKey, addresses: &[&str], packet: &[u8], seconds: i64) -> Delivery {
    Delivery {
        id: "1".to_owned(),
        label: "label".to_owned(),
        payment_hash: PaymentHash([1; 32]),
        expires_at: (now_ms() / 1000).checked_add_signed(seconds).unwrap(),
        invoice: Vec::new(),
        path: None,
        node_id,
        via: Vec::new(),
        connect: addresses.iter().map(|address| (*address).to_owned()).collect(),
        packet: OnionPacket {
            first_hop: node_id,
            message: message(packet),
        },
        reply_path_id: None,
    }
}

pub fn transport() -> SocketTransport {
    SocketTransport::builder(NETWORK).build().unwrap()
}

pub fn send(transport: &SocketTransport, copy: &Delivery) -> SendOutcome {
    block_on(transport.send(copy))
}

/// An address at which nobody listens, not even another test.
pub fn dead_address() -> String {
    "127.0.0.1:1".to_owned()
}

/// Drives the transport on a thread, as a runner does, until the guard is dropped.
pub struct Driven {
    pub transport: Arc<SocketTransport>,
    pub received: Receiver<Vec<u8>>,
    stop: async_channel::Sender<()>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Driven {
    pub fn new(transport: SocketTransport) -> Driven {
        let transport = Arc::new(transport);
        let (stop, stopped) = async_channel::bounded::<()>(1);
        let (hand_on, received) = channel();
        let driven = transport.clone();
        let thread = std::thread::spawn(move || {
            block_on(futures_lite::future::or(
                async {
                    let _ = stopped.recv().await;
                },
                async {
                    loop {
                        let crate::driver::Received::OnionMessage { node_id, bytes } = driven.receive().await
                        else {
                            panic!("sockets know nothing else")
                        };
                        assert_eq!(node_id, Some(driven.node_id()));
                        hand_on.send(bytes).unwrap();
                    }
                },
            ));
        });
        Driven {
            transport,
            received,
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        self.stop.close();
        self.thread.take().map(std::thread::JoinHandle::join);
    }
}

/// Waits until it is so.
pub fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + PATIENCE;
    while !is_so() {
        assert!(std::time::Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
