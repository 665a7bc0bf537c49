use std::collections::{BTreeMap, VecDeque};

use bitcoin::secp256k1::{Keypair, Message, PublicKey, Secp256k1, SecretKey};
use futures_lite::future::block_on;
use invreq::engine::{
    Answer, Answers, CallId, Config, Delivery, Effects, Engine, Event, Input, Need, Progress, Reply,
    ReplyPath, Route, SignRequest,
};
use invreq::onion::{ecdh_with, Ecdh};
use invreq::store::{Entry, MemoryStore, Store};
use invreq::{Error, ErrorCode, Result};

use super::{config, secret, Source, SEED, START};

/// How a signer answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signs {
    Right(u8),
    Wrong,
    Refuses,
}

/// The message of the error that stands for the end of the process.
pub const DEAD: &str = "the process died";

/// The engine of one wallet with everything around it.
pub struct Host {
    pub config: Config,
    pub seed: [u8; 32],
    pub store: MemoryStore,
    pub engine: Engine,
    pub now_ms: u64,
    pub dice: u64,
    pub source: Source,
    /// Routes to single nodes; `default_route` is the answer for all others.
    pub routes: BTreeMap<PublicKey, Answer>,
    pub default_route: Answer,
    pub scids: BTreeMap<u64, PublicKey>,
    /// The ends of single channels, before `scids`.
    pub ends: BTreeMap<(u64, u8), Answer>,
    /// The node keys the host can multiply with.
    pub keys: BTreeMap<PublicKey, SecretKey>,
    pub signs: Signs,
    pub deliveries: VecDeque<Delivery>,
    pub replies: Vec<Reply>,
    pub events: Vec<Event>,
    pub next_call: CallId,
    /// How many batches were written.
    pub writes: u32,
    /// What was asked other than reads.
    pub asked: Vec<Need>,
    /// How much of it in one go, at most.
    pub most_asked: usize,
    /// Everything that was printed of what the engine gave out, where a test wants to search it.
    pub log: Option<String>,
    /// How often the process could have died so far, and when it does.
    pub points: u32,
    pub dies_at: Option<u32>,
}

pub fn route(reply: ReplyPath) -> Answer {
    Answer::Route(Some(Route {
        reply,
        ..Route::default()
    }))
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

impl Host {
    /// A host with an empty store, opened.
    pub fn new() -> Self {
        let mut host = Self::unopened(config(), SEED, MemoryStore::new());
        host.restore().unwrap();
        host
    }

    pub fn unopened(config: Config, seed: [u8; 32], store: MemoryStore) -> Self {
        Self {
            engine: Engine::new(config.clone(), &seed).unwrap(),
            config,
            seed,
            store,
            now_ms: START * 1000,
            dice: 0,
            source: Source::default(),
            routes: BTreeMap::new(),
            default_route: route(ReplyPath::Host),
            scids: BTreeMap::new(),
            ends: BTreeMap::new(),
            keys: BTreeMap::new(),
            signs: Signs::Right(55),
            deliveries: VecDeque::new(),
            replies: Vec::new(),
            events: Vec::new(),
            next_call: 1,
            writes: 0,
            asked: Vec::new(),
            most_asked: 0,
            log: None,
            points: 0,
            dies_at: None,
        }
    }

    // --- the loop

    pub fn entropy(&mut self) -> [u8; 32] {
        self.dice += 1;
        let mut bytes = [0xd1; 32];
        bytes[24..].copy_from_slice(&self.dice.to_be_bytes());
        bytes
    }

    /// Begin, write, commit.
    pub fn run(&mut self, input: &Input) -> Result<Effects> {
        let entropy = self.entropy();
        let mut answers = Answers::new();
        self.print(input);
        let step = loop {
            match self.engine.begin(input, self.now_ms, &entropy, &answers)? {
                Progress::Step(step) => break step,
                Progress::Need(needs) => {
                    assert!(!needs.is_empty());
                    let reads = needs
                        .iter()
                        .filter(|need| matches!(need, Need::Range { .. }))
                        .count();
                    self.most_asked = self.most_asked.max(needs.len() - reads);
                    for need in needs {
                        let answer = self.answer(&need);
                        self.print(&need);
                        self.print(&answer);
                        assert_eq!(answers.get(&need), None, "asked twice: {need:?}");
                        answers.insert(need, answer);
                    }
                }
            }
        };
        self.print(&step);
        if let Some(batch) = &step.batch {
            block_on(self.store.write(batch)).map_err(Error::from)?;
            self.writes += 1;
            self.may_die()?;
        }
        let effects = self.engine.commit(step.id).unwrap();
        assert_eq!(effects.wake_at, self.engine.wake_at());
        self.print(&effects);
        Ok(effects)
    }

    /// [`run`](Self::run), with what comes of it kept.
    pub fn give(&mut self, input: &Input) -> Result<()> {
        let effects = self.run(input)?;
        self.deliveries.extend(effects.deliveries);
        self.replies.extend(effects.replies);
        self.events.extend(effects.events);
        Ok(())
    }

    /// The process dies here if its time has come: the error says so.
    pub fn may_die(&mut self) -> Result<()> {
        self.points += 1;
        match self.dies_at {
            Some(at) if at == self.points => Err(Error::new(ErrorCode::Internal, DEAD)),
            _ => Ok(()),
        }
    }

    pub fn print(&mut self, what: &impl core::fmt::Debug) {
        if let Some(log) = &mut self.log {
            log.push_str(&format!("{what:?}\n{:?}\n", self.engine));
        }
    }

    pub fn answer(&mut self, need: &Need) -> Answer {
        if !matches!(need, Need::Range { .. }) {
            self.asked.push(need.clone());
        }
        match need {
            Need::Range { start, end, limit } => {
                Answer::Entries(block_on(self.store.range(start, end, *limit as usize)).unwrap())
            }
            Need::CreateInboundPayment(request) => self.source.answer(request),
            Need::CanReceive { .. } => Answer::CanReceive(self.source.can_receive),
            Need::ResolveScid { scid, direction } => match self.ends.get(&(*scid, *direction)) {
                Some(end) => end.clone(),
                None => Answer::NodeId(self.scids.get(scid).copied()),
            },
            Need::FindRoute { node_id } => {
                let route = self.routes.get(node_id);
                route.unwrap_or(&self.default_route).clone()
            }
            Need::Ecdh { node_id, point } => match self.keys.get(node_id) {
                Some(key) => Answer::SharedSecret(ecdh_with(key).ecdh(point).unwrap()),
                None => Answer::Failed("no such key".to_owned()),
            },
            Need::Sign(request) => self.sign(request),
        }
    }

    fn sign(&self, request: &SignRequest) -> Answer {
        let key = match self.signs {
            Signs::Right(number) => secret(number),
            Signs::Wrong => secret(56),
            Signs::Refuses => return Answer::Failed("locked".to_owned()),
        };
        let secp = Secp256k1::new();
        let pair = Keypair::from_secret_key(&secp, &key);
        let message = Message::from_digest(request.digest);
        Answer::Signature(secp.sign_schnorr_no_aux_rand(&message, &pair).serialize())
    }

    // --- life and death

    pub fn restore(&mut self) -> Result<()> {
        self.give(&Input::Restore)
    }

    /// The process dies: only the store is left.
    pub fn crash(&mut self) {
        self.engine = Engine::new(self.config.clone(), &self.seed).unwrap();
        self.deliveries.clear();
        self.replies.clear();
        self.events.clear();
    }

    pub fn restart(&mut self) {
        self.crash();
        self.restore().unwrap();
    }

    // --- time

    pub fn tick(&mut self) {
        self.give(&Input::Tick).unwrap();
    }

    /// Ticks as long as something is due now.
    pub fn settle(&mut self) {
        for _ in 0..10_000 {
            if self.engine.wake_at().is_none_or(|at| at > self.now_ms) {
                return;
            }
            self.tick();
        }
        panic!("the engine never rests");
    }

    /// Lets time go by, from one timer to the next.
    pub fn wait(&mut self, ms: u64) {
        let end = self.now_ms + ms;
        while let Some(at) = self.engine.wake_at().filter(|at| *at <= end) {
            self.now_ms = self.now_ms.max(at);
            self.settle();
        }
        self.now_ms = end;
        self.settle();
    }

    pub fn wait_s(&mut self, seconds: u64) {
        self.wait(seconds * 1000);
    }

    pub fn now(&self) -> u64 {
        self.now_ms / 1000
    }

    // --- looking

    pub fn entries(&self) -> Vec<Entry> {
        block_on(self.store.range(b"", &[0xff; 8], usize::MAX)).unwrap()
    }

    /// The names of the events so far, which are taken.
    pub fn event_names(&mut self) -> Vec<&'static str> {
        self.events.drain(..).map(|event| event_name(&event)).collect()
    }
}

pub fn event_name(event: &Event) -> &'static str {
    match event {
        Event::Created(_) => "created",
        Event::Delivery(_) => "delivery",
        Event::PayerError(_) => "payer_error",
        Event::Claiming(_) => "claiming",
        Event::ClaimFailed(_) => "claim_failed",
        Event::Underpaid { .. } => "underpaid",
        Event::Paid(_) => "paid",
        Event::Expired(_) => "expired",
        Event::Deleted(_) => "deleted",
        Event::Trouble(_) => "trouble",
        Event::ClockBehind { .. } => "clock_behind",
    }
}
