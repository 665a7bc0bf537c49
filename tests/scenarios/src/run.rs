//! Running a scenario on the Rust driver.

use core::future::Future;
use core::pin::Pin;
use core::sync::atomic::Ordering;
use core::task::{Context, Waker};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use bitcoin::secp256k1::PublicKey;
use invreq::driver::Payee;
use invreq::engine::{Config, Delivery, Event, ListInvoices, Record, SignRequest};
use invreq::Result;
use serde_json::{json, Value};

use crate::calls::{is_call, reply};
use crate::scenario::Scenario;
use crate::stage::{Data, Stage, World};
use crate::turns::{DONE, EVENT, OVER};
use crate::values::{array, parsed, text};
use crate::{lines, texts, values};

/// What came of a scenario.
pub struct Ran {
    /// The transcript.
    pub lines: Vec<String>,
    /// The invoices at the end, as the first payee lists them.
    pub records: Vec<Record>,
    /// Every record that was ever seen, in the order in which they were.
    pub seen: Vec<Record>,
    /// The copies that were handed to the transport, the latest of each id.
    pub deliveries: BTreeMap<String, Delivery>,
    /// What a signer was asked to sign.
    pub signed: Vec<SignRequest>,
    /// The nodes whose keys were asked for, with the points.
    pub multiplied: Vec<(PublicKey, PublicKey)>,
    /// What somebody could have logged.
    pub log: String,
    /// Whether the process died on the way.
    pub died: bool,
}

/// Something that goes on.
struct Task {
    payee: String,
    /// The action whose reply is waited for.
    call: Option<u32>,
    work: Pin<Box<dyn Future<Output = ()>>>,
}

/// What was opened, and what is to be polled from now on.
#[derive(Default)]
struct Opened {
    payees: BTreeMap<String, Payee>,
    tasks: Vec<Task>,
    seen: Vec<Record>,
}

struct Run<'a> {
    scenario: &'a Scenario,
    world: Arc<World>,
    tasks: Vec<Task>,
    opened: Rc<RefCell<Opened>>,
    kept: Data,
    /// The last way each payee was opened.
    doors: BTreeMap<String, Value>,
    number: u32,
}

/// Runs a scenario. The process dies after so many writes and sends, each time counted from the last; the rest is then carried on
/// with as an app would.
pub fn run(scenario: &Scenario, dies_after: &[u32]) -> Ran {
    let world = Arc::new(World::new(scenario.host_defaults(), scenario.now_ms, dies_after));
    let mut run = Run {
        scenario,
        world,
        tasks: Vec::new(),
        opened: Rc::default(),
        kept: Data::default(),
        doors: BTreeMap::new(),
        number: 0,
    };
    for action in &scenario.actions {
        run.number += 1;
        run.act(action, run.number);
    }
    let lines = run.world.turns.lines();
    let records = run.list();
    let seen = core::mem::take(&mut run.opened.borrow_mut().seen);
    let deliveries = run.world.deliveries.lock().unwrap().clone();
    let signed = run.world.signed.lock().unwrap().clone();
    let multiplied = run.world.multiplied.lock().unwrap().iter().copied().collect();
    let died = run.world.has_died.load(Ordering::SeqCst);
    Ran {
        lines,
        records,
        seen,
        deliveries,
        signed,
        multiplied,
        log: run.world.turns.logged(),
        died,
    }
}

impl Run<'_> {
    /// Does it, and waits until all that follows from it is done. Where the process dies on the way, the wallet is opened
    /// anew, and an app would call again.
    fn act(&mut self, action: &Value, number: u32) {
        self.begin(action, number);
        self.settle();
        let mut again = action.clone();
        if action["do"] == "sendInvoice" {
            again["existing"] = json!("join");
        }
        while self.world.died.load(Ordering::SeqCst) {
            self.come_back(number);
            if is_call(action) && !self.world.died.load(Ordering::SeqCst) {
                self.begin(&again, number);
                self.settle();
            }
        }
    }

    /// The process is started again, on the store as it is.
    fn come_back(&mut self, number: u32) {
        self.world.turns.write("died");
        self.world.died.store(false, Ordering::SeqCst);
        self.world.has_died.store(true, Ordering::SeqCst);
        self.world.dies_after.lock().unwrap().pop_front();
        self.world.held.lock().unwrap().clear();
        let doors = self.doors.clone();
        doors.keys().for_each(|name| self.crash(name));
        for door in doors.values() {
            self.begin(door, number);
            self.settle();
        }
    }

    fn begin(&mut self, action: &Value, number: u32) {
        let what = text(&action["do"]);
        self.world.action.store(number, Ordering::SeqCst);
        self.world.turns.write(format!("> {number} {what}"));
        let name = action["payee"].as_str().unwrap_or("a").to_owned();
        let given = self
            .scenario
            .resolve(action, &self.world, &self.opened.borrow().seen);
        match what.as_str() {
            "open" => self.open(name, given, action),
            "crash" => self.crash(&name),
            "keepStore" => self.kept = self.world.data().clone(),
            "putBackStore" => *self.world.data() = self.kept.clone(),
            "clock" => {
                let add = given["addMs"].as_i64().unwrap();
                let now_ms = self.world.now_ms.load(Ordering::SeqCst);
                self.world
                    .now_ms
                    .store(now_ms.saturating_add_signed(add), Ordering::SeqCst);
            }
            "source" | "transport" | "signer" | "store" => self.world.tell(&what, &without(&given, "do")),
            "arrive" => self.world.arrived.lock().unwrap().push_back(given),
            "release" => {
                let oldest = self.world.held.lock().unwrap().pop_front();
                let died = self.world.has_died.load(Ordering::SeqCst);
                let oldest = oldest.or(died.then_some(u64::MAX)).expect("something is held");
                let say = given["say"].as_str().unwrap_or_default().to_owned();
                self.world.released.lock().unwrap().insert(oldest, say);
            }
            "cancel" => {
                let call = u32::try_from(values::number(&given["call"])).unwrap();
                self.tasks.retain(|task| task.call != Some(call));
                self.world.turns.write(format!("done {call} cancelled"));
            }
            "decode" | "verify" | "answer" => {
                let turns = &self.world.turns;
                let said = texts::say(&what, &given, turns).unwrap_or_else(|error| {
                    turns.log(&error);
                    lines::error(turns.logged_too(&error))
                });
                turns.write(format!("done {number} {said}"));
            }
            call => self.call(name, call, given, number),
        }
    }

    fn open(&mut self, name: String, given: Value, action: &Value) {
        self.crash(&name);
        self.doors.insert(name.clone(), action.clone());
        let config = Config {
            network: parsed(&given["network"]),
            wallet_id: text(&given["walletId"]),
        };
        let (seed, stage) = (array(&given["seed"]), self.stage(&name));
        let builder = Payee::builder(config, seed, stage.clone(), stage.clone(), stage.clone());
        let builder = builder
            .signer(stage.clone())
            .clock(stage.clone())
            .entropy(stage.clone());
        let opened = self.opened.clone();
        let payee = name.clone();
        self.call_with(name, self.number, async move {
            let (handle, runner) = builder.open().await?;
            let mut events = handle.events();
            let told = opened.clone();
            let telling = async move {
                while let Some(Ok(event)) = events.recv().await {
                    stage.world.turns.log(format_args!("{event:?}"));
                    told.borrow_mut().seen.extend(record_of(&event).cloned());
                    stage.line_in_turn(EVENT, &lines::event(&event)).await;
                }
            };
            let mut opened = opened.borrow_mut();
            opened.tasks.push(Task {
                payee: payee.clone(),
                call: None,
                work: Box::pin(telling),
            });
            opened.tasks.push(Task {
                payee: payee.clone(),
                call: None,
                work: Box::pin(runner.run()),
            });
            opened.payees.insert(payee, handle);
            Ok("ok".to_owned())
        });
    }

    /// The payee is gone with all it had in memory.
    fn crash(&mut self, name: &str) {
        self.opened.borrow_mut().payees.remove(name);
        self.tasks.retain(|task| task.payee != name);
    }

    fn stage(&self, name: &str) -> Stage {
        Stage {
            name: name.to_owned(),
            world: self.world.clone(),
        }
    }

    /// Begins a call of the payee; its reply is a line.
    fn call(&mut self, name: String, call: &str, given: Value, action: u32) {
        let Some(payee) = self.opened.borrow().payees.get(&name).cloned() else {
            assert!(self.world.has_died.load(Ordering::SeqCst), "{name} is not open");
            return;
        };
        let (call, turns) = (call.to_owned(), self.world.turns.clone());
        self.call_with(
            name,
            action,
            async move { reply(&payee, &call, &given, &turns).await },
        );
    }

    fn call_with(&mut self, name: String, action: u32, work: impl Future<Output = Result<String>> + 'static) {
        let stage = self.stage(&name);
        let work = async move {
            let said = match work.await {
                Ok(said) => said,
                Err(error) => {
                    stage.world.turns.log(format_args!("{error} {error:?}"));
                    lines::error(&error)
                }
            };
            stage.line_in_turn(DONE, &format!("done {action} {said}")).await;
        };
        self.tasks.push(Task {
            payee: name,
            call: Some(action),
            work: Box::pin(work),
        });
    }

    /// Polls everything, round after round, until nothing more comes of it.
    fn settle(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        self.world.turns.stir();
        while self.world.turns.round() < OVER && !self.world.died.load(Ordering::SeqCst) {
            self.tasks
                .retain_mut(|task| task.work.as_mut().poll(&mut context).is_pending());
            self.tasks.append(&mut self.opened.borrow_mut().tasks);
        }
    }

    /// The invoices at the end.
    fn list(&mut self) -> Vec<Record> {
        let payee = self.opened.borrow().payees.get("a").cloned();
        let Some(payee) = payee else { return Vec::new() };
        let found = Rc::new(RefCell::new(Vec::new()));
        let all = found.clone();
        let work = async move {
            let page = payee.list_invoices(ListInvoices::default()).await;
            all.borrow_mut()
                .extend(page.map(|page| page.records).unwrap_or_default());
        };
        self.tasks.push(Task {
            payee: "a".to_owned(),
            call: None,
            work: Box::pin(work),
        });
        self.settle();
        found.take()
    }
}

fn without(given: &Value, key: &str) -> Value {
    let mut rest = given.clone();
    rest.as_object_mut().unwrap().remove(key);
    rest
}

/// The record of an event that has one.
pub fn record_of(event: &Event) -> Option<&Record> {
    match event {
        Event::Created(record)
        | Event::Delivery(record)
        | Event::PayerError(record)
        | Event::Claiming(record)
        | Event::ClaimFailed(record)
        | Event::Paid(record)
        | Event::Expired(record)
        | Event::Deleted(record)
        | Event::Underpaid { record, .. } => Some(record),
        Event::Trouble(_) | Event::ClockBehind { .. } => None,
    }
}
