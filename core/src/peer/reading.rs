//! What follows from the bytes that come in: acts first, then messages.

use core::mem::{replace, take};

use super::cipher::HEADER_LEN;
use super::connection::{unavailable, Open, Peer, Stage, HALF};
use super::handshake::Turn;
use super::timers::Timer;
use super::wire::{broken, pong_message, Message};
use super::PeerEvent;
use crate::Result;

impl Peer {
    /// The length of what comes next: an act, a header or a body. It is never zero.
    pub(super) fn due_len(&self) -> Option<usize> {
        match &self.stage {
            Stage::Handshake(awaited) => Some(awaited.len),
            Stage::Open(open) => Some(open.body.unwrap_or(HEADER_LEN)),
            Stage::Closed(_) => None,
        }
    }

    pub(super) fn advance(
        &mut self,
        unit: &mut [u8],
        now_ms: u64,
        events: &mut Vec<PeerEvent>,
    ) -> Result<()> {
        let over = Stage::Closed(unavailable("the connection is over"));
        match replace(&mut self.stage, over) {
            Stage::Handshake(awaited) => self.shake_hands((awaited.read)(unit)?),
            Stage::Open(mut open) => {
                let message = match open.body.take() {
                    None => {
                        open.body = Some(open.session.receiving.open_header(unit)?);
                        None
                    }
                    Some(_) => Some(Message::read(open.session.receiving.open_body(unit)?)?),
                };
                self.stage = Stage::Open(open);
                match message {
                    Some(message) => self.handle(message, now_ms, events),
                    None => Ok(()),
                }
            }
            Stage::Closed(error) => Err(error),
        }
    }

    fn shake_hands(&mut self, turn: Turn) -> Result<()> {
        match turn {
            Turn::Next(act, awaited) => {
                self.outgoing.extend_from_slice(&act);
                self.stage = Stage::Handshake(awaited);
                Ok(())
            }
            Turn::Done(act, session) => {
                self.outgoing.extend_from_slice(&act);
                self.stage = Stage::Open(Box::new(Open {
                    session,
                    body: None,
                    onion_messages: None,
                }));
                let introduction = take(&mut self.introduction);
                self.send(&introduction)
            }
        }
    }

    fn handle(&mut self, message: Message, now_ms: u64, events: &mut Vec<PeerEvent>) -> Result<()> {
        let Stage::Open(open) = &mut self.stage else {
            return Ok(());
        };
        match (open.onion_messages, message) {
            (None, Message::Init(init)) => {
                init.check(&self.chain)?;
                let onion_messages = init.offers_onion_messages();
                open.onion_messages = Some(onion_messages);
                let node_id = open.session.node_id;
                events.push(PeerEvent::Ready {
                    node_id,
                    onion_messages,
                });
            }
            // Why it does not introduce itself may be in it.
            (_, Message::Warning(text)) => events.push(PeerEvent::Warning(text)),
            (_, Message::Error(text)) => events.push(PeerEvent::Error(text)),
            (None, _) => return Err(broken("the first message is not init")),
            (Some(_), Message::Init(_)) => return Err(broken("there is a second init")),
            (Some(_), Message::Ping(Some(len))) => self.pong(len, now_ms)?,
            // A pong that nobody asked for says nothing.
            (Some(_), Message::Pong) => self.pongs_due = self.pongs_due.saturating_sub(1),
            (Some(_), Message::Onion(payload)) => events.push(PeerEvent::OnionMessage(payload)),
            (Some(_), Message::Ping(None) | Message::Other) => {}
        }
        if self.is_ready() {
            self.timer = Timer::quiet(now_ms);
        }
        Ok(())
    }

    /// Answers a ping, unless there are too many of them or the answers are not written.
    fn pong(&mut self, len: u16, now_ms: u64) -> Result<()> {
        let before = self.outgoing.len();
        if self.pong_bytes.saturating_add(len.into()) > HALF || !self.pings.allow(now_ms) {
            return Ok(());
        }
        self.send(&pong_message(len))?;
        let written = self.outgoing.len().saturating_sub(before);
        self.pong_bytes = self.pong_bytes.saturating_add(written);
        Ok(())
    }
}
