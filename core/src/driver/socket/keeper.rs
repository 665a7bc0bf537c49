//! Keeps a connection to one node while there is something to send or a reply to wait for.

use core::future::pending;
use core::sync::atomic::Ordering;
use std::sync::Arc;

use bitcoin::secp256k1::PublicKey;
use futures_lite::FutureExt;

use super::connection::Connection;
use super::dial::dial;
use super::shared::{now_ms, Command, Commands, Shared};
use crate::driver::{Clock, SystemClock};
use crate::engine::SendOutcome;
use crate::peer::PeerEvent;

/// The pause before a connection that is only wanted for replies is made again; it doubles up to the longest.
const FIRST_PAUSE_MS: u64 = 1_000;
const LONGEST_PAUSE_MS: u64 = 300_000;

/// A connection that lasted so long was a good one.
const GOOD_MS: u64 = 60_000;

/// How long a message may take until the node has read it.
const READ_MS: u64 = 15_000;

/// The pause between two messages. The engine keeps it, too, but messages that waited for a connection would leave at once.
const PACE_MS: u64 = 250;

/// For so long after a connection broke, a node that cannot be reached is worth another try: it may take us for connected
/// until it notices, and refuse a second connection.
const GRACE_MS: u64 = 60_000;

/// Carries out commands for one node until none are left and no reply is waited for.
pub(super) async fn keep(shared: Arc<Shared>, node_id: PublicKey, commands: Commands) {
    let mut keeper = Keeper {
        shared,
        node_id,
        commands,
        addresses: Vec::new(),
        until_ms: 0,
        pause_ms: FIRST_PAUSE_MS,
        free_ms: 0,
        broke_ms: None,
    };
    let mut unsent = None;
    loop {
        let command = match unsent.take() {
            Some(command) => Some(command),
            None => match keeper.reason_to_connect().await {
                Reason::Send(command) => Some(command),
                Reason::Replies => None,
                Reason::None => return,
            },
        };
        unsent = keeper.connect(command).await;
    }
}

struct Keeper {
    shared: Arc<Shared>,
    node_id: PublicKey,
    commands: Commands,
    /// Those of the last command.
    addresses: Vec<String>,
    /// Until when replies may come.
    until_ms: u64,
    pause_ms: u64,
    /// When the next message may leave.
    free_ms: u64,
    /// When a connection broke last.
    broke_ms: Option<u64>,
}

enum Reason {
    Send(Command),
    Replies,
    None,
}

/// A message on its way.
struct Writing {
    command: Command,
    /// The byte of the stream at which it begins.
    start: u64,
    until_ms: u64,
    /// Whether the connection was made for it. One that was not may have died unnoticed.
    first: bool,
}

enum Due {
    Command(Option<Command>),
    Events(Vec<PeerEvent>),
    Time,
    /// The network is back.
    Online,
}

impl Keeper {
    /// Waits for something to do.
    async fn reason_to_connect(&mut self) -> Reason {
        let again_at = now_ms().saturating_add(self.pause_ms);
        while !self.is_done() {
            let wake = time(again_at.min(self.until_ms));
            match self.command().or(self.online()).or(wake).await {
                Due::Command(Some(command)) if command.is_forgotten() => {}
                Due::Command(Some(command)) => return Reason::Send(command),
                Due::Command(None) => return Reason::None,
                Due::Online => {
                    self.pause_ms = FIRST_PAUSE_MS;
                    return Reason::Replies;
                }
                Due::Events(_) | Due::Time if now_ms() < again_at => {}
                Due::Events(_) | Due::Time => {
                    self.pause_ms = self.pause_ms.saturating_mul(2).min(LONGEST_PAUSE_MS);
                    return Reason::Replies;
                }
            }
        }
        Reason::None
    }

    /// Connects, for a message or only for replies, and uses the connection. A message that is to be tried again comes back.
    async fn connect(&mut self, command: Option<Command>) -> Option<Command> {
        if let Some(command) = &command {
            self.set_sending(true);
            self.addresses.clone_from(&command.addresses);
        }
        let dialled = async { Ok(dial(&self.shared, self.node_id, &self.addresses).await) };
        let interrupted = async {
            match &command {
                Some(command) => {
                    command.forgotten().await;
                    Err(None)
                }
                // The next one may know better addresses.
                None => Err(self.commands.queue.recv().await.ok()),
            }
        };
        match (interrupted.or(dialled).await, command) {
            (Ok(Ok(connection)), command) => self.serve(connection, command).await,
            (Ok(Err(outcome)), Some(command)) => {
                self.answer(command, self.excused(outcome));
                None
            }
            (Ok(Err(_)), None) => None,
            (Err(interrupting), _) => {
                self.set_sending(false);
                interrupting
            }
        }
    }

    /// Uses a connection until it breaks or is not needed any more.
    ///
    /// A message comes back where the connection was an old one and nothing of it was written.
    async fn serve(&mut self, mut connection: Connection, first: Option<Command>) -> Option<Command> {
        let since = now_ms();
        let mut writing = first.and_then(|command| self.start(&mut connection, command, true));
        loop {
            if let Some(read) = writing.take_if(|_| connection.is_all_read()) {
                self.accept(read.command);
            }
            if let Some(stuck) = writing.take_if(|writing| now_ms() >= writing.until_ms) {
                self.answer(stuck.command, SendOutcome::Failed);
                return None;
            }
            if writing.is_none() && self.is_done() {
                return None;
            }
            let wake = writing.as_ref().map_or(self.until_ms, |writing| writing.until_ms);
            let free_ms = self.free_ms;
            let command = async {
                match &writing {
                    Some(_) => pending().await,
                    None => {
                        time(free_ms).await;
                        self.command().await
                    }
                }
            };
            let turn = async { Due::Events(connection.turn().await) };
            match command.or(turn).or(self.online()).or(time(wake)).await {
                Due::Command(None) => return None,
                Due::Command(Some(command)) => {
                    // It may have hung up long ago, while nobody looked.
                    if self.take_in(connection.catch_up()) {
                        self.broke_ms = Some(now_ms());
                        return Some(command);
                    }
                    writing = self.start(&mut connection, command, false);
                }
                Due::Time => {}
                // What was connected may not be any more.
                Due::Online => {
                    self.pause_ms = FIRST_PAUSE_MS;
                    connection.probe();
                }
                Due::Events(events) => {
                    if self.take_in(events) {
                        let now = now_ms();
                        self.broke_ms = Some(now);
                        if now.saturating_sub(since) >= GOOD_MS {
                            self.pause_ms = FIRST_PAUSE_MS;
                        }
                        return writing.and_then(|writing| self.give_up(&connection, writing));
                    }
                }
            }
        }
    }

    /// Queues a message; `None` if it cannot be.
    fn start(&mut self, connection: &mut Connection, command: Command, first: bool) -> Option<Writing> {
        if command.is_forgotten() {
            self.set_sending(false);
            return None;
        }
        self.set_sending(true);
        self.free_ms = now_ms().saturating_add(PACE_MS);
        match connection.send(&command.message) {
            Ok(start) => Some(Writing {
                command,
                start,
                until_ms: now_ms().saturating_add(READ_MS),
                first,
            }),
            // The peer does not read what it gets.
            Err(_) => {
                self.answer(command, SendOutcome::Offline);
                None
            }
        }
    }

    fn accept(&mut self, command: Command) {
        self.pause_ms = FIRST_PAUSE_MS;
        self.until_ms = self.until_ms.max(command.keep_until_ms);
        self.shared
            .await_replies(&self.node_id, &self.commands, self.until_ms);
        self.answer(command, SendOutcome::Accepted);
    }

    /// What to do with a message whose connection broke.
    fn give_up(&self, connection: &Connection, writing: Writing) -> Option<Command> {
        let Writing {
            command,
            start,
            first,
            ..
        } = writing;
        if connection.written() > start {
            self.answer(command, SendOutcome::Failed);
        } else if first {
            self.answer(command, self.excused(SendOutcome::NoRoute));
        } else {
            return Some(command);
        }
        None
    }

    /// Whether the connection is over.
    fn take_in(&self, events: Vec<PeerEvent>) -> bool {
        let mut closed = false;
        for event in events {
            match event {
                PeerEvent::OnionMessage(message) => self.shared.arrive(message),
                PeerEvent::Closed(_) => closed = true,
                // What it thinks of us changes nothing: if it hangs up, we see it.
                PeerEvent::Ready { .. } | PeerEvent::Warning(_) | PeerEvent::Error(_) => {}
            }
        }
        closed
    }

    /// Whether there is nothing left to send or to wait for. Then another keeper may come.
    fn is_done(&self) -> bool {
        now_ms() >= self.until_ms && self.shared.leave(&self.node_id, &self.commands)
    }

    fn excused(&self, outcome: SendOutcome) -> SendOutcome {
        let is_recent = |at: u64| now_ms().saturating_sub(at) < GRACE_MS;
        match outcome {
            SendOutcome::NoRoute if self.broke_ms.is_some_and(is_recent) => SendOutcome::Offline,
            outcome => outcome,
        }
    }

    fn answer(&self, command: Command, outcome: SendOutcome) {
        self.set_sending(false);
        command.answer(outcome);
    }

    fn set_sending(&self, sending: bool) {
        self.commands.sending.store(sending, Ordering::SeqCst);
    }

    async fn command(&self) -> Due {
        Due::Command(self.commands.queue.recv().await.ok())
    }

    async fn online(&self) -> Due {
        match self.commands.online.recv().await {
            Ok(()) => Due::Online,
            Err(_) => pending().await,
        }
    }
}

async fn time(at_ms: u64) -> Due {
    SystemClock.sleep_until(at_ms).await;
    Due::Time
}
