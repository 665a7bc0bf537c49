use std::time::{Duration, Instant};

use mio::Token;

use super::control;
use super::wire::{Wire, MAX_MESSAGE};
use crate::{Network, StreamId, Testbed};

/// A client, and what it came for.
pub(super) struct Connection {
    listener: Token,
    wire: Wire,
    service: Service,
    since: Instant,
}

pub(super) enum Service {
    /// A peer of one of the nodes.
    Bolt8(StreamId),
    /// The control API, with the beginning of a line.
    Control(Vec<u8>),
}

/// What a round brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Idle,
    Busy,
    Gone,
}

impl Fate {
    pub(super) fn and(self, other: Fate) -> Fate {
        match (self, other) {
            (Fate::Gone, _) | (_, Fate::Gone) => Fate::Gone,
            (Fate::Busy, _) | (_, Fate::Busy) => Fate::Busy,
            (Fate::Idle, Fate::Idle) => Fate::Idle,
        }
    }
}

/// A client with this much unread gets no answers to new requests, and a peer no new messages.
const FULL: usize = 64 * 1024;
/// A control client with this much unread is cut off: it does not read its notifications.
const HOPELESS: usize = 4 * 1024 * 1024;
/// The reads of one client in one round, so that others get their turn.
const READS_PER_ROUND: usize = 16;
const HANDSHAKE_TIME: Duration = Duration::from_secs(5);

impl Connection {
    pub(super) fn new(listener: Token, wire: Wire, service: Service) -> Connection {
        Connection {
            listener,
            wire,
            service,
            since: Instant::now(),
        }
    }

    /// The listener it came through.
    pub(super) fn listener(&self) -> Token {
        self.listener
    }

    /// Takes what the client sent and acts on it.
    pub(super) fn read(&mut self, bed: &Testbed, stop: &dyn Fn()) -> Fate {
        if self.wire.is_in_handshake() && self.since.elapsed() > HANDSHAKE_TIME {
            return Fate::Gone;
        }
        for round in 0..READS_PER_ROUND {
            if self.is_paused(&bed.net) {
                return Fate::Idle;
            }
            match self.wire.read() {
                Err(_) => return Fate::Gone,
                Ok(None) if round == 0 => return Fate::Idle,
                Ok(None) => return Fate::Busy,
                Ok(Some(bytes)) => {
                    if self.act(bytes, bed, stop) == Fate::Gone {
                        return Fate::Gone;
                    }
                }
            }
        }
        Fate::Busy
    }

    /// Writes what the client is to get.
    pub(super) fn write(&mut self, net: &Network) -> Fate {
        let before = self.wire.backlog();
        let mut fetched = false;
        if let Service::Bolt8(stream) = self.service {
            while self.wire.backlog() < FULL {
                match net.drain_stream(stream, FULL) {
                    Ok(bytes) if bytes.is_empty() => break,
                    Ok(bytes) => self.wire.send_bytes(bytes),
                    Err(_) => {
                        // The last words may say why the node hung up.
                        let _ = self.wire.flush();
                        return Fate::Gone;
                    }
                }
                fetched = true;
            }
        }
        if self.wire.flush().is_err() || self.wire.backlog() > HOPELESS {
            return Fate::Gone;
        }
        match fetched || self.wire.backlog() < before {
            true => Fate::Busy,
            false => Fate::Idle,
        }
    }

    /// Tells a control client of something that happened.
    pub(super) fn notify(&mut self, notice: &str) {
        if matches!(self.service, Service::Control(_)) {
            self.wire.send_text(notice);
        }
    }

    pub(super) fn close(self, net: &Network) {
        if let Service::Bolt8(stream) = self.service {
            net.close_stream(stream);
        }
    }

    fn is_paused(&self, net: &Network) -> bool {
        match &self.service {
            Service::Bolt8(stream) => net.is_stream_paused(*stream),
            Service::Control(_) => self.wire.backlog() >= FULL,
        }
    }

    fn act(&mut self, bytes: Vec<u8>, bed: &Testbed, stop: &dyn Fn()) -> Fate {
        match &mut self.service {
            Service::Bolt8(stream) => match bed.net.feed_stream(*stream, &bytes) {
                Ok(()) => Fate::Busy,
                Err(_) => Fate::Gone,
            },
            Service::Control(_) if self.wire.has_messages() => {
                self.wire.send_text(&control::answer(bed, &bytes, stop));
                Fate::Busy
            }
            Service::Control(begun) => {
                for part in bytes.split_inclusive(|byte| *byte == b'\n') {
                    begun.extend(part);
                    if begun.len() > MAX_MESSAGE {
                        return Fate::Gone;
                    }
                    if begun.ends_with(b"\n") {
                        self.wire.send_text(&control::answer(bed, begun, stop));
                        begun.clear();
                    }
                }
                Fate::Busy
            }
        }
    }
}
