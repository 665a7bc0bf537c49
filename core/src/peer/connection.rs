use core::fmt;
use core::mem::take;

use bitcoin::constants::ChainHash;
use bitcoin::secp256k1::{PublicKey, SecretKey};
use bitcoin::Network;

use super::handshake::{initiate, respond, Awaited, OwnKey, Session};
use super::init::init_message;
use super::timers::{PingLimit, Timer};
use super::wire::{onion_message_with, ping_message, MAX_PAYLOAD_LEN};
use super::PeerEvent;
use crate::{rules, Error, ErrorCode, Result};

/// About the most bytes that wait to be written: one half for messages of ours, the other for answers to pings.
pub const MAX_OUTGOING_LEN: usize = 2 * HALF;
pub(super) const HALF: usize = 128 * 1024;

/// One connection to another node, without the socket: bytes in, bytes out, and the time as an argument.
///
/// It holds at most one message that is coming in and [`MAX_OUTGOING_LEN`] bytes that are to go out. Its keys are
/// erased when it is closed or dropped.
pub struct Peer {
    pub(super) stage: Stage,
    pub(super) chain: [u8; 32],
    /// Our `init`, until it is sent.
    pub(super) introduction: Vec<u8>,
    pub(super) incoming: Vec<u8>,
    pub(super) outgoing: Vec<u8>,
    pub(super) timer: Timer,
    pub(super) pings: PingLimit,
    pub(super) pongs_due: u32,
    /// How many of the bytes to be written are answers to pings.
    pub(super) pong_bytes: usize,
}

pub(super) enum Stage {
    Handshake(Awaited),
    Open(Box<Open>),
    Closed(Error),
}

pub(super) struct Open {
    pub(super) session: Session,
    /// The length of the body that follows; `None` while a header is due.
    pub(super) body: Option<usize>,
    /// Whether the peer takes onion messages; `None` before it has said so.
    pub(super) onion_messages: Option<bool>,
}

impl Peer {
    /// Begins a connection to the node with this id: the first act is waiting to be written.
    ///
    /// `own_key` says who we are; a fresh one is as good as any. `entropy` is 32 random bytes, fresh for every
    /// connection. Times are Unix milliseconds.
    ///
    /// # Errors
    /// None in practice.
    pub fn connect(
        node_id: PublicKey,
        own_key: &SecretKey,
        network: Network,
        entropy: [u8; 32],
        now_ms: u64,
    ) -> Result<Self> {
        let ephemeral = OwnKey::ephemeral(&entropy)?;
        let (act_one, awaited) = initiate(OwnKey::new(own_key), ephemeral, node_id)?;
        Self::new(awaited, act_one, network, now_ms)
    }

    /// Takes a connection that somebody else begins. Mostly for tests of those who begin them.
    ///
    /// # Errors
    /// None in practice.
    pub fn accept(own_key: &SecretKey, network: Network, entropy: [u8; 32], now_ms: u64) -> Result<Self> {
        let awaited = respond(OwnKey::new(own_key), OwnKey::ephemeral(&entropy)?);
        Self::new(awaited, Vec::new(), network, now_ms)
    }

    /// Takes bytes that came in, however many, and says what happened.
    ///
    /// However the bytes are cut, the events are the same. After [`PeerEvent::Closed`] bytes are passed over.
    pub fn receive(&mut self, mut bytes: &[u8], now_ms: u64) -> Vec<PeerEvent> {
        let mut events = Vec::new();
        while let Some(due) = self.due_len() {
            let missing = due.saturating_sub(self.incoming.len());
            let (taken, rest) = bytes.split_at_checked(missing).unwrap_or((bytes, &[]));
            self.incoming.extend_from_slice(taken);
            bytes = rest;
            if taken.len() < missing {
                break;
            }
            let mut unit = take(&mut self.incoming);
            if let Err(error) = self.advance(&mut unit, now_ms, &mut events) {
                events.push(self.close(error));
            }
            unit.clear();
            self.incoming = unit;
        }
        events
    }

    /// Takes all bytes that are to be written now.
    pub fn outgoing(&mut self) -> Vec<u8> {
        self.pong_bytes = 0;
        take(&mut self.outgoing)
    }

    /// How many bytes are to be written.
    pub fn outgoing_len(&self) -> usize {
        self.outgoing.len()
    }

    /// How many bytes of memory the bytes in and out take at the moment.
    pub fn buffered(&self) -> usize {
        let outgoing = self.outgoing.capacity();
        self.incoming.capacity().saturating_add(outgoing)
    }

    /// Sends the payload of an `onion_message`: what [`onion::build`](crate::onion::build) makes.
    ///
    /// # Errors
    /// `peer_unavailable` before [`PeerEvent::Ready`] and after [`PeerEvent::Closed`]; `peer_incompatible` if the peer
    /// takes no onion messages; `limit_exceeded` for more than [`MAX_PAYLOAD_LEN`] bytes, or while half of
    /// [`MAX_OUTGOING_LEN`] waits to be written.
    pub fn send_onion_message(&mut self, payload: &[u8]) -> Result<()> {
        let Stage::Open(open) = &self.stage else {
            return Err(unavailable("there is no open connection to the peer"));
        };
        match open.onion_messages {
            Some(true) => {}
            Some(false) => {
                let message = "the peer takes no onion messages";
                return Err(Error::new(ErrorCode::PeerIncompatible, message).with_rule(rules::PEER_INIT));
            }
            None => return Err(unavailable("the peer has not introduced itself yet")),
        }
        let waiting = self.outgoing.len().saturating_sub(self.pong_bytes);
        if payload.len() > MAX_PAYLOAD_LEN || waiting.saturating_add(payload.len()) > HALF {
            let message = "the onion message is too long, or too much waits to be written";
            return Err(Error::new(ErrorCode::LimitExceeded, message));
        }
        self.send(&onion_message_with(payload))
    }

    /// Asks for a sign of life. When no [pong is due](Self::pongs_due) any more, the peer has read all that was sent before.
    ///
    /// # Errors
    /// `peer_unavailable` before [`PeerEvent::Ready`] and after [`PeerEvent::Closed`].
    pub fn ping(&mut self, now_ms: u64) -> Result<()> {
        if !self.is_ready() {
            return Err(unavailable("there is no open connection to the peer"));
        }
        self.send(&ping_message())?;
        self.pongs_due = self.pongs_due.saturating_add(1);
        if !matches!(self.timer, Timer::Pong { .. }) {
            self.timer = Timer::pong(now_ms);
        }
        Ok(())
    }

    /// How many pings the peer has not answered yet.
    pub fn pongs_due(&self) -> u32 {
        self.pongs_due
    }

    /// Says that the stream has ended.
    pub fn disconnected(&mut self) -> Vec<PeerEvent> {
        let message = match &self.stage {
            Stage::Closed(_) => return Vec::new(),
            // This is how a node treats who takes it for another.
            Stage::Handshake(_) => "the peer hung up during the handshake; it may be another node",
            Stage::Open(open) if open.onion_messages.is_none() => {
                "the peer hung up without introducing itself"
            }
            Stage::Open(_) => "the peer hung up",
        };
        vec![self.close(unavailable(message))]
    }

    /// When [`tick`](Self::tick) has something to do, in Unix milliseconds; `None` once it is closed.
    pub fn wake_at(&self) -> Option<u64> {
        match self.stage {
            Stage::Closed(_) => None,
            _ => Some(self.timer.until()),
        }
    }

    /// Does what is due at this time: a ping, or giving up a peer that says nothing.
    pub fn tick(&mut self, now_ms: u64) -> Vec<PeerEvent> {
        if self.wake_at().is_none_or(|at| now_ms < at) {
            return Vec::new();
        }
        let pinged = match self.timer {
            Timer::Handshake { .. } => Err(silent("the peer did not finish the handshake in time")),
            Timer::Pong { .. } => Err(silent("the peer does not answer any more")),
            Timer::Quiet { .. } => self.ping(now_ms),
        };
        match pinged {
            Ok(()) => Vec::new(),
            Err(error) => vec![self.close(error)],
        }
    }

    /// Why the connection is over; `None` while it is not.
    pub fn closed(&self) -> Option<&Error> {
        match &self.stage {
            Stage::Closed(error) => Some(error),
            _ => None,
        }
    }

    /// Introduces itself with this message instead of its `init`: for tests, before anything is received.
    #[cfg(any(test, feature = "testing"))]
    pub fn introduce_as(&mut self, message: &[u8]) {
        self.introduction = message.to_vec();
    }

    /// Sends any message, for tests of those who receive it.
    ///
    /// # Errors
    /// `peer_unavailable` before the handshake is done and after [`PeerEvent::Closed`].
    #[cfg(any(test, feature = "testing"))]
    pub fn say(&mut self, message: &[u8]) -> Result<()> {
        self.send(message)
    }

    fn new(awaited: Awaited, outgoing: Vec<u8>, network: Network, now_ms: u64) -> Result<Self> {
        let chain = ChainHash::using_genesis_block(network).to_bytes();
        Ok(Self {
            stage: Stage::Handshake(awaited),
            chain,
            introduction: init_message(&chain)?,
            incoming: Vec::new(),
            outgoing,
            timer: Timer::handshake(now_ms),
            pings: PingLimit::new(now_ms),
            pongs_due: 0,
            pong_bytes: 0,
        })
    }

    pub(super) fn is_ready(&self) -> bool {
        matches!(&self.stage, Stage::Open(open) if open.onion_messages.is_some())
    }

    pub(super) fn send(&mut self, message: &[u8]) -> Result<()> {
        match &mut self.stage {
            Stage::Open(open) => open.session.sending.seal(message, &mut self.outgoing),
            _ => Err(unavailable("there is no open connection to the peer")),
        }
    }

    /// Ends it. The keys go with the stage, and what was not written yet is not worth writing.
    fn close(&mut self, error: Error) -> PeerEvent {
        self.stage = Stage::Closed(error.clone());
        self.outgoing = Vec::new();
        PeerEvent::Closed(error)
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match &self.stage {
            Stage::Handshake(_) => "handshake",
            Stage::Open(open) if open.onion_messages.is_none() => "init",
            Stage::Open(_) => "ready",
            Stage::Closed(_) => "closed",
        };
        // The rest is keys, and what is encrypted with them.
        f.debug_struct("Peer")
            .field("stage", &stage)
            .finish_non_exhaustive()
    }
}

pub(super) fn unavailable(message: &str) -> Error {
    Error::new(ErrorCode::PeerUnavailable, message)
}

fn silent(message: &str) -> Error {
    Error::new(ErrorCode::PeerTimeout, message)
}
