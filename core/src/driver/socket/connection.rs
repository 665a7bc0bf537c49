//! A socket with a [`Peer`] on it.

use std::future::pending;
use std::io::{ErrorKind, Read, Result, Write};
use std::net::TcpStream;

use async_io::Async;
use bitcoin::secp256k1::PublicKey;
use futures_lite::FutureExt;

use super::shared::{now_ms, Shared};
use crate::driver::{Clock, Entropy, SystemClock, SystemEntropy};
use crate::peer::{Peer, PeerEvent};

/// How much is read at a time, in bytes.
const CHUNK: usize = 8 * 1024;

pub(super) struct Connection {
    socket: Async<TcpStream>,
    peer: Peer,
    buffer: Vec<u8>,
    /// What the system is to get next; this much of it has it.
    batch: Vec<u8>,
    taken: usize,
    /// All bytes the system has, since the beginning.
    written: u64,
}

impl Connection {
    /// Begins a handshake over a connected socket.
    pub(super) fn begin(socket: Async<TcpStream>, node_id: PublicKey, shared: &Shared) -> Option<Self> {
        let entropy = SystemEntropy.bytes().ok()?;
        let peer = Peer::connect(node_id, shared.key().expose(), shared.network, entropy, now_ms()).ok()?;
        // Small messages are not to wait for others.
        let _ = socket.get_ref().set_nodelay(true);
        Some(Self {
            socket,
            peer,
            buffer: vec![0; CHUNK],
            batch: Vec::new(),
            taken: 0,
            written: 0,
        })
    }

    /// Queues a message and a ping behind it, and gives the number of the byte of the stream at which it begins.
    pub(super) fn send(&mut self, message: &[u8]) -> crate::Result<u64> {
        let start = self.queued();
        self.peer.send_onion_message(message)?;
        self.peer.ping(now_ms())?;
        // An error shows again at the next turn.
        let _ = self.write();
        Ok(start)
    }

    /// Asks for a sign of life, where none is due.
    pub(super) fn probe(&mut self) {
        if self.is_all_read() {
            // A connection that is over shows it at its next turn.
            let _ = self.peer.ping(now_ms());
        }
    }

    /// Whether the node has read every message that was sent.
    pub(super) fn is_all_read(&self) -> bool {
        self.peer.pongs_due() == 0
    }

    /// How many bytes of the stream the system has taken so far.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Does what can be done without waiting, and says what happened.
    pub(super) fn catch_up(&mut self) -> Vec<PeerEvent> {
        let mut events = self.read().unwrap_or_else(|_| self.peer.disconnected());
        events.extend(self.peer.tick(now_ms()));
        if self.write().is_err() {
            events.extend(self.peer.disconnected());
        }
        events
    }

    /// Waits until something can be read or written or is due, does it, and says what happened.
    ///
    /// Nothing is lost if the future is dropped.
    pub(super) async fn turn(&mut self) -> Vec<PeerEvent> {
        if self.write().is_err() {
            return self.peer.disconnected();
        }
        let all_written = self.taken >= self.batch.len();
        let readable = async { _ = self.socket.readable().await };
        let writable = async {
            match all_written {
                true => pending().await,
                false => _ = self.socket.writable().await,
            }
        };
        let due = SystemClock.sleep_until(self.peer.wake_at().unwrap_or_default());
        readable.or(writable).or(due).await;
        self.catch_up()
    }

    /// All bytes that were ever to be written.
    fn queued(&self) -> u64 {
        let left = self.batch.len().saturating_sub(self.taken);
        let left = left.saturating_add(self.peer.outgoing_len());
        self.written.saturating_add(left as u64)
    }

    /// Writes as much as the system takes.
    fn write(&mut self) -> Result<()> {
        loop {
            if self.taken >= self.batch.len() {
                // Not before: what waits with the peer is bounded.
                self.batch = self.peer.outgoing();
                self.taken = 0;
            }
            let bytes = self.batch.get(self.taken..).unwrap_or_default();
            if bytes.is_empty() {
                return Ok(());
            }
            match self.socket.get_ref().write(bytes) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.taken = self.taken.saturating_add(count);
                    self.written = self.written.saturating_add(count as u64);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads once, so that everything else gets its turn, too.
    fn read(&mut self) -> Result<Vec<PeerEvent>> {
        match self.socket.get_ref().read(&mut self.buffer) {
            Ok(0) => Ok(self.peer.disconnected()),
            Ok(count) => {
                let bytes = self.buffer.get(..count).unwrap_or_default();
                Ok(self.peer.receive(bytes, now_ms()))
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }
}
