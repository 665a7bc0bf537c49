use std::collections::{BTreeMap, VecDeque};

use bitcoin::secp256k1::{Keypair, Message, PublicKey, Secp256k1};
use futures_lite::future::block_on;
use invreq::engine::{
    Answer, Answers, CallId, Claim, ClaimApproval, Config, Delivery, Effects, Engine, Event, Input,
    ListInvoices, Need, Outcome, Page, PaymentReceived, Progress, Record, Reply, ReplyPath, Route,
    SendInvoice, SendOutcome, SignRequest, Status,
};
use invreq::store::{Entry, MemoryStore, Store};
use invreq::{Error, ErrorCode, PaymentHash, Result};

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
    pub signs: Signs,
    pub deliveries: VecDeque<Delivery>,
    pub replies: Vec<Reply>,
    pub events: Vec<Event>,
    pub next_call: CallId,
    /// How many batches were written.
    pub writes: u32,
    /// What was asked other than reads.
    pub asked: Vec<Need>,
    /// Everything that was printed of what the engine gave out, where a test wants to search it.
    pub log: Option<String>,
    /// How often the process could have died so far, and when it does.
    pub points: u32,
    pub dies_at: Option<u32>,
}

pub fn route(reply: ReplyPath) -> Answer {
    let via = Vec::new();
    Answer::Route(Some(Route { via, reply }))
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
            signs: Signs::Right(55),
            deliveries: VecDeque::new(),
            replies: Vec::new(),
            events: Vec::new(),
            next_call: 1,
            writes: 0,
            asked: Vec::new(),
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
        let step = loop {
            match self.engine.begin(input, self.now_ms, &entropy, &answers)? {
                Progress::Step(step) => break step,
                Progress::Need(needs) => {
                    assert!(!needs.is_empty());
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
                Answer::Entries(block_on(self.store.range(start, end, *limit)).unwrap())
            }
            Need::CreateInboundPayment(request) => self.source.answer(request),
            Need::CanReceive { .. } => Answer::CanReceive(self.source.can_receive),
            Need::ResolveScid { scid, .. } => Answer::NodeId(self.scids.get(scid).copied()),
            Need::FindRoute { node_id } => {
                let route = self.routes.get(node_id);
                route.unwrap_or(&self.default_route).clone()
            }
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

    // --- calls

    pub fn call(&mut self) -> CallId {
        self.next_call += 1;
        self.next_call
    }

    /// Gives the input and returns its reply, which has to come at once.
    pub fn ask(&mut self, input: impl FnOnce(CallId) -> Input) -> Result<Outcome> {
        let call = self.call();
        self.give(&input(call))?;
        self.reply(call).expect("no reply")
    }

    pub fn record(&mut self, input: impl FnOnce(CallId) -> Input) -> Result<Record> {
        match self.ask(input)? {
            Outcome::Record(record) => Ok(record),
            other => panic!("{other:?}"),
        }
    }

    /// Takes the reply to a call, if it is there.
    pub fn reply(&mut self, call: CallId) -> Option<Result<Outcome>> {
        let place = self.replies.iter().position(|reply| reply.call == call)?;
        let reply = self.replies.remove(place);
        assert!(self.replies.iter().all(|other| other.call != call), "two replies");
        Some(reply.result)
    }

    /// The error a call ended with.
    pub fn error(&mut self, call: CallId) -> (ErrorCode, Option<Record>) {
        let error = self.reply(call).expect("no reply").unwrap_err();
        (error.code(), error.record().cloned())
    }

    /// The record a call ended with.
    pub fn paid(&mut self, call: CallId) -> Record {
        match self.reply(call).expect("no reply").unwrap() {
            Outcome::Record(record) => record,
            other => panic!("{other:?}"),
        }
    }

    /// Starts a `sendinvoice` and hands its copy to the host.
    pub fn send(&mut self, params: SendInvoice) -> Result<CallId> {
        let call = self.call();
        self.give(&Input::SendInvoice { call, params })?;
        self.settle();
        Ok(call)
    }

    pub fn resend(&mut self, label: &str) -> Result<Record> {
        let label = label.to_owned();
        let record = self.record(|call| Input::Resend { call, label })?;
        self.settle();
        Ok(record)
    }

    /// Says this of the oldest copy in hand.
    pub fn delivered(&mut self, outcome: SendOutcome) -> Delivery {
        let delivery = self.deliveries.pop_front().expect("no copy in hand");
        self.say(&delivery.id, outcome);
        delivery
    }

    pub fn say(&mut self, id: &str, outcome: SendOutcome) {
        let id = id.to_owned();
        self.give(&Input::Delivered { id, outcome }).unwrap();
        self.settle();
    }

    pub fn claim(&mut self, payment_hash: PaymentHash, total_msat: u64) -> Result<ClaimApproval> {
        let first_htlc_at = self.now();
        self.claim_begun(payment_hash, total_msat, first_htlc_at)
    }

    pub fn claim_begun(
        &mut self,
        payment_hash: PaymentHash,
        total_msat: u64,
        at: u64,
    ) -> Result<ClaimApproval> {
        let claim = Claim {
            payment_hash,
            total_msat,
            first_htlc_at: at,
        };
        match self.ask(|call| Input::Claim { call, claim })? {
            Outcome::Claim(approval) => Ok(approval),
            other => panic!("{other:?}"),
        }
    }

    pub fn receive(&mut self, payment_hash: PaymentHash, amount_msat: u64) -> Result<Record> {
        let payment = PaymentReceived {
            payment_hash,
            amount_msat,
            paid_at: self.now(),
            preimage: None,
        };
        self.record(|call| Input::PaymentReceived { call, payment })
    }

    pub fn list(&mut self, query: ListInvoices) -> Result<Page> {
        match self.ask(|call| Input::ListInvoices { call, query })? {
            Outcome::Page(page) => Ok(page),
            other => panic!("{other:?}"),
        }
    }

    pub fn get(&mut self, label: &str) -> Record {
        let label = Some(label.to_owned());
        let query = ListInvoices {
            label,
            ..ListInvoices::default()
        };
        self.list(query).unwrap().records.remove(0)
    }

    pub fn delete(&mut self, label: &str, status: Status) -> Result<Record> {
        let label = label.to_owned();
        self.record(|call| Input::DelInvoice { call, label, status })
    }

    pub fn payer_error(&mut self, token: [u8; 32], bytes: Vec<u8>) {
        let reply_path_id = token;
        self.give(&Input::InvoiceError { reply_path_id, bytes }).unwrap();
        self.settle();
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
        Event::Underpaid { .. } => "underpaid",
        Event::Paid(_) => "paid",
        Event::Expired(_) => "expired",
        Event::Deleted(_) => "deleted",
        Event::Trouble(_) => "trouble",
        Event::ClockBehind { .. } => "clock_behind",
    }
}
