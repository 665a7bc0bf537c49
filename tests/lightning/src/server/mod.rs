//! A testbed for other processes: its nodes over BOLT 8, and a control API. `README.md` describes the protocol.
//!
//! One thread does everything, and nothing a client does makes it wait: sockets do not block, buffers are bounded,
//! and who breaks the rules is cut off.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod connection;
mod control;
mod params;
mod render;
mod wire;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token, Waker};
use serde_json::{json, Value};

use crate::{NodeIndex, Testbed};
use connection::{Connection, Fate, Service};
use wire::Transport;

/// A running test server. Dropping it stops it.
pub struct Server {
    greeting: Value,
    stop: Arc<Stop>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Server {
    /// Opens ports on loopback for every node of the testbed and for the control API, and serves them.
    pub fn start(bed: Testbed) -> io::Result<Server> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), Token(0))?;
        let stop = Arc::new(Stop {
            requested: AtomicBool::new(false),
            waker,
        });
        let mut serving = Serving {
            bed,
            poll,
            stop: stop.clone(),
            listeners: BTreeMap::new(),
            connections: BTreeMap::new(),
            next_token: 1,
            last_tick: Instant::now(),
        };
        let greeting = serving.listen()?;
        let thread = std::thread::Builder::new()
            .name("test-server".into())
            .spawn(move || serving.run())?;
        Ok(Server {
            greeting,
            stop,
            thread: Some(thread),
        })
    }

    /// Where everything is: node ids and addresses.
    pub fn greeting(&self) -> &Value {
        &self.greeting
    }

    /// A handle that stops the server from another thread.
    pub fn stopper(&self) -> impl Fn() + Send + 'static {
        let stop = self.stop.clone();
        move || stop.request()
    }

    /// Waits until a client or a stopper stops the server. An error means that it broke down.
    pub fn wait(mut self) -> io::Result<()> {
        self.join()
    }

    fn join(&mut self) -> io::Result<()> {
        let result = self.thread.take().map_or(Ok(Ok(())), JoinHandle::join);
        result.unwrap_or_else(|_| Err(io::Error::other("the server's thread panicked")))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.request();
        // Nobody is left to hear of an error.
        let _ = self.join();
    }
}

struct Stop {
    requested: AtomicBool,
    waker: Waker,
}

impl Stop {
    fn request(&self) {
        self.requested.store(true, Ordering::Release);
        // Where waking fails, the next poll times out.
        let _ = self.waker.wake();
    }
}

struct Serving {
    bed: Testbed,
    poll: Poll,
    stop: Arc<Stop>,
    listeners: BTreeMap<Token, Listener>,
    connections: BTreeMap<Token, Connection>,
    next_token: usize,
    last_tick: Instant,
}

struct Listener {
    socket: TcpListener,
    transport: Transport,
    /// `None` is the control API.
    node: Option<NodeIndex>,
}

/// Per listener; one more is hung up on.
const MAX_CONNECTIONS: usize = 32;
/// How often the nodes look at their clocks. LDK drops peers that miss two of these.
const TICK: Duration = Duration::from_secs(10);

impl Serving {
    fn listen(&mut self) -> io::Result<Value> {
        let mut nodes = serde_json::Map::new();
        for node in self.bed.net.nodes() {
            let addresses = json!({
                "node_id": render::key(&self.bed.net.node_id(node)),
                "tcp": self.bind(Transport::Tcp, Some(node))?.to_string(),
                "ws": format!("ws://{}", self.bind(Transport::WebSocket, Some(node))?),
            });
            nodes.insert(self.bed.net.name(node), addresses);
        }
        let tcp = self.bind(Transport::Tcp, None)?.to_string();
        let ws = format!("ws://{}", self.bind(Transport::WebSocket, None)?);
        Ok(json!({ "event": "ready", "control": { "tcp": tcp, "ws": ws }, "nodes": nodes }))
    }

    fn bind(&mut self, transport: Transport, node: Option<NodeIndex>) -> io::Result<SocketAddr> {
        let mut socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let address = socket.local_addr()?;
        let token = self.new_token();
        self.poll
            .registry()
            .register(&mut socket, token, Interest::READABLE)?;
        self.listeners.insert(
            token,
            Listener {
                socket,
                transport,
                node,
            },
        );
        Ok(address)
    }

    fn new_token(&mut self) -> Token {
        let token = Token(self.next_token);
        self.next_token = self.next_token.wrapping_add(1);
        token
    }

    fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(256);
        let mut is_busy = false;
        while !self.stop.requested.load(Ordering::Acquire) {
            let timeout = if is_busy {
                Duration::ZERO
            } else {
                Duration::from_millis(500)
            };
            if let Err(error) = self.poll.poll(&mut events, Some(timeout)) {
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
            self.accept();
            is_busy = self.serve();
            if self.last_tick.elapsed() >= TICK {
                self.bed.net.tick();
                self.last_tick = Instant::now();
            }
        }
        // The answer to a `shutdown` is still to be written.
        for connection in self.connections.values_mut() {
            connection.write(&self.bed.net);
        }
        Ok(())
    }

    fn accept(&mut self) {
        let mut accepted = Vec::new();
        for (token, listener) in &self.listeners {
            let is_of_listener = |connection: &&Connection| connection.listener() == *token;
            let mut open = self.connections.values().filter(is_of_listener).count();
            // Any error, `WouldBlock` first of all, ends this round; the next one tries again.
            while let Ok((socket, _)) = listener.socket.accept() {
                if open < MAX_CONNECTIONS {
                    open = open.saturating_add(1);
                    accepted.push((*token, listener.transport, listener.node, socket));
                }
            }
        }
        for (listener, transport, node, mut socket) in accepted {
            let token = self.new_token();
            let service = match node {
                None => Ok(Service::Control(Vec::new())),
                Some(node) => self.bed.net.accept_stream(node).map(Service::Bolt8),
            };
            let interest = Interest::READABLE | Interest::WRITABLE;
            let registered = self.poll.registry().register(&mut socket, token, interest);
            // What fails here drops the socket, which hangs up: so does a node that is down.
            if let (Ok(service), Ok(())) = (service, registered) {
                self.connections
                    .insert(token, Connection::new(listener, transport.wrap(socket), service));
            }
        }
    }

    /// One round for all connections, whether or not they had an event: what was paused gets its turn this way.
    fn serve(&mut self) -> bool {
        let net = &self.bed.net;
        let mut fates = BTreeMap::new();
        for (token, connection) in &mut self.connections {
            fates.insert(*token, connection.read(&self.bed, &|| self.stop.request()));
        }
        net.pump();
        let notices: Vec<String> = net
            .take_all_events()
            .into_iter()
            .map(|(node, event)| render::event(&net.name(node), event).to_string())
            .collect();
        let mut is_busy = !notices.is_empty();
        for (token, connection) in &mut self.connections {
            notices.iter().for_each(|notice| connection.notify(notice));
            let fate = fates
                .get(token)
                .copied()
                .unwrap_or(Fate::Idle)
                .and(connection.write(net));
            is_busy |= fate != Fate::Idle;
            fates.insert(*token, fate);
        }
        for (token, _) in fates.into_iter().filter(|(_, fate)| *fate == Fate::Gone) {
            if let Some(connection) = self.connections.remove(&token) {
                connection.close(net);
            }
        }
        is_busy
    }
}
