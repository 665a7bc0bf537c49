//! The engine with a store and a transport that fail by a script, driven as the drivers do it.

use std::collections::{BTreeMap, VecDeque};

use bitcoin::secp256k1::PublicKey;
use futures_lite::future::block_on;
use invreq::engine::{
    Answer, Answers, CallId, Claim, Effects, Existing, Input, ListInvoices, Need, Outcome, PaymentReceived,
    Progress, Record, SendInvoice, SendOutcome,
};
use invreq::store::{Batch, Store};
use invreq::{Error, ErrorCode, PaymentHash, Preimage};

use super::reference::{Model, Source, Verdict, STATUSES, THIRD_EXPIRES};
use super::{Fault, Op, Sent};
use crate::common::{error_bytes, params, Host, PaysWith, Request};

/// How an input ended.
enum Ran {
    Done,
    /// Nothing was written.
    Refused(Error),
    /// The store said that it failed: whether the input took effect only the script knows.
    Failed(bool),
    /// The process died: likewise.
    Died(bool),
}

pub struct System {
    pub(super) host: Host,
    pub(super) faults: VecDeque<Fault>,
    sent: VecDeque<Sent>,
    /// Each call that waits, and what it waits for.
    pub(super) calls: BTreeMap<CallId, (Op, u64)>,
    /// The bytes and the hash of every invoice ever made, by its index, and its preimage once it is known.
    pub(super) made: BTreeMap<u64, (String, PaymentHash)>,
    pub(super) preimages: BTreeMap<PaymentHash, Preimage>,
    /// What each copy looked like: under one id and over one path it is always the same.
    copies: BTreeMap<(PaymentHash, String, PublicKey), Vec<u8>>,
    tokens: BTreeMap<u8, Vec<[u8; 32]>>,
    pub(super) attempts: BTreeMap<u64, u32>,
    fill: u8,
    /// Whether a write came through that the engine does not know of.
    pub(super) stale: bool,
}

impl System {
    pub fn new(faults: Vec<Fault>, sent: Vec<Sent>) -> Self {
        Self {
            host: Host::new(),
            faults: faults.into(),
            sent: sent.into(),
            calls: BTreeMap::new(),
            made: BTreeMap::new(),
            preimages: BTreeMap::new(),
            copies: BTreeMap::new(),
            tokens: BTreeMap::new(),
            attempts: BTreeMap::new(),
            fill: 0,
            stale: false,
        }
    }

    /// Does one thing, holds its outcome against the model's, and lets everything happen that is due.
    pub fn act(&mut self, model: &mut Model, op: &Op) {
        match op {
            Op::Wait(ms) => return self.wait(model, *ms),
            Op::Back(ms) => self.host.now_ms -= ms,
            Op::Restart => self.restart(),
            Op::Refuse(label) => self.refuse(model, *label),
            _ => self.call(model, op),
        }
        self.look(model);
        self.settle(model);
    }

    /// Whoever is told that the store failed may never call again: the engine finds what was written by itself, and soon.
    fn look(&mut self, model: &mut Model) {
        while self.stale {
            let at = self.host.engine.wake_at().expect("the engine has to look");
            assert!(at <= self.host.now_ms + 500, "a look at {at}");
            self.host.now_ms = self.host.now_ms.max(at);
            self.settle(model);
        }
    }

    /// What the engine says there is. A call always gets what is in the store, whatever went wrong before.
    pub(super) fn listed(&mut self, model: &Model) -> Vec<Record> {
        let faults = std::mem::take(&mut self.faults);
        let call = self.host.call();
        let query = ListInvoices::default();
        assert!(matches!(
            self.run(model, &Input::ListInvoices { call, query }),
            Ran::Done
        ));
        self.faults = faults;
        assert!(!self.stale, "the store was not read again");
        match self.host.reply(call) {
            Some(Ok(Outcome::Page(page))) => page.records,
            other => panic!("{other:?}"),
        }
    }

    fn call(&mut self, model: &mut Model, op: &Op) {
        let call = self.host.call();
        let Some(input) = self.input(model, op, call) else {
            return;
        };
        let now = self.host.now();
        let expected = model.verdict(op, now);
        // The reply may come with the input, so it is known before what is waited for.
        self.calls.insert(call, (op.clone(), self.host.now_ms));
        let unanswered = self.faults.front() == Some(&Fault::Unanswered);
        match self.run(model, &input) {
            Ran::Done => match self.refusal(call) {
                Some(code) => {
                    self.calls.remove(&call);
                    assert_eq!(expected, Verdict::Refused(code), "{op:?}");
                }
                None => {
                    assert!(
                        !matches!(expected, Verdict::Refused(_)),
                        "{op:?} was to be {expected:?}"
                    );
                    model.apply(op, now);
                    self.replies(model);
                    let waits = self.calls.contains_key(&call);
                    assert_eq!(waits, expected == Verdict::Waits, "{op:?}: {expected:?}");
                }
            },
            // Without a payment there is no invoice, and nothing happened.
            Ran::Refused(error) if unanswered && error.code() == ErrorCode::SourceFailed => {
                assert!(
                    matches!(op, Op::Send { .. }) && !matches!(expected, Verdict::Refused(_)),
                    "{op:?}"
                );
                self.calls.remove(&call);
            }
            Ran::Refused(error) => {
                self.calls.remove(&call);
                assert_eq!(expected, Verdict::Refused(error.code()), "{op:?}: {error:?}");
            }
            Ran::Failed(took_effect) | Ran::Died(took_effect) => {
                self.calls.remove(&call);
                if took_effect {
                    assert!(
                        !matches!(expected, Verdict::Refused(_)),
                        "{op:?} was to be {expected:?}"
                    );
                    model.apply(op, now);
                }
            }
        }
    }

    /// Some calls are refused by their reply: it comes with an event.
    fn refusal(&mut self, call: CallId) -> Option<ErrorCode> {
        let place = self
            .host
            .replies
            .iter()
            .position(|reply| reply.call == call && reply.result.is_err())?;
        let reply = self.host.replies.remove(place);
        reply.result.err().map(|error| error.code())
    }

    fn input(&mut self, model: &Model, op: &Op, call: CallId) -> Option<Input> {
        let hash = |system: &Self, label: &u8| {
            let entry = model.entries.get(label);
            entry.map_or(PaymentHash([0xee; 32]), |entry| {
                system.made[&entry.created_index].1
            })
        };
        Some(match op {
            Op::Send {
                label,
                request,
                expiry,
                join,
                again,
                source,
            } => {
                self.fill += 1;
                self.host.source.with = match source {
                    Source::Engine => PaysWith::Engine,
                    Source::Given => PaysWith::Given([self.fill; 32]),
                    Source::Kept => PaysWith::Kept([self.fill; 32]),
                };
                let text = request_number(*request).text();
                Input::SendInvoice {
                    call,
                    params: SendInvoice {
                        timeout: Some(90),
                        expiry: Some(*expiry),
                        existing: if *join { Existing::Join } else { Existing::Error },
                        again: *again,
                        ..params(&text, &label.to_string())
                    },
                }
            }
            Op::Resend(label) => Input::Resend {
                call,
                label: label.to_string(),
            },
            Op::Claim(label, total_msat, late) => Input::Claim {
                call,
                claim: Claim {
                    payment_hash: hash(self, label),
                    total_msat: *total_msat,
                    first_htlc_at: model
                        .entries
                        .get(label)
                        .map_or(0, |entry| entry.expires_at + u64::from(*late)),
                },
            },
            Op::ClaimFailed(label) => Input::ClaimFailed {
                call,
                payment_hash: hash(self, label),
            },
            Op::Receive(label, amount_msat, told) => {
                let payment_hash = hash(self, label);
                let known = (1..=self.fill).map(|fill| Preimage::new([fill; 32]));
                let preimage = known
                    .into_iter()
                    .find(|preimage| preimage.payment_hash() == payment_hash);
                Input::PaymentReceived {
                    call,
                    payment: PaymentReceived {
                        payment_hash,
                        amount_msat: *amount_msat,
                        paid_at: self.host.now(),
                        preimage: preimage.filter(|_| *told),
                    },
                }
            }
            Op::Delete(label, status) => Input::DelInvoice {
                call,
                label: label.to_string(),
                status: STATUSES[usize::from(*status)],
            },
            Op::WaitInvoice(label) => Input::WaitInvoice {
                call,
                label: label.to_string(),
            },
            Op::WaitAny(last_pay_index) => Input::WaitAnyInvoice {
                call,
                last_pay_index: *last_pay_index,
                timeout: None,
            },
            Op::Refuse(_) | Op::Wait(_) | Op::Back(_) | Op::Restart => return None,
        })
    }

    /// Begin, write, commit; after a conflict the store is read again and the input begins anew with what the host answered, as
    /// in every driver.
    fn run(&mut self, model: &Model, input: &Input) -> Ran {
        let (entropy, mut answers) = (self.host.entropy(), Answers::new());
        for _ in 0..16 {
            answers.forget_reads();
            match self.try_once(model, input, &entropy, &mut answers) {
                Some(ran) => return ran,
                None if *input == Input::Restore => {}
                None => self.reload(model),
            }
        }
        panic!("it is never done: {input:?}");
    }

    fn reload(&mut self, model: &Model) {
        loop {
            match self.run(model, &Input::Restore) {
                Ran::Done => break,
                // A store that cannot be read now is read again.
                Ran::Failed(false) => {}
                _ => panic!("restore"),
            }
        }
        self.stale = false;
    }

    /// `None` is a conflict.
    fn try_once(
        &mut self,
        model: &Model,
        input: &Input,
        entropy: &[u8; 32],
        answers: &mut Answers,
    ) -> Option<Ran> {
        // A restore asks nobody, and what is written begins with another input: it can only be kept from reading.
        let is_next = *input != Input::Restore || self.faults.front() == Some(&Fault::Unread);
        let fault = is_next.then(|| self.faults.pop_front()).flatten();
        let fault = fault.unwrap_or(Fault::None);
        let step = loop {
            match self.host.engine.begin(input, self.host.now_ms, entropy, answers) {
                Ok(Progress::Step(step)) => break step,
                Ok(Progress::Need(needs)) => {
                    let reads = needs.iter().any(|need| matches!(need, Need::Range { .. }));
                    if reads && fault == Fault::Unread {
                        return Some(Ran::Failed(false));
                    }
                    for need in needs {
                        let is_read = matches!(need, Need::Range { .. });
                        let answer = match fault {
                            Fault::Unanswered if !is_read => Answer::Failed("not now".to_owned()),
                            _ => self.host.answer(&need),
                        };
                        answers.insert(need, answer);
                    }
                }
                Err(error) if error.code() == ErrorCode::StoreConflict => return None,
                Err(error) => return Some(Ran::Refused(error)),
            }
        };
        if let Some(batch) = &step.batch {
            match fault {
                Fault::None | Fault::Unread | Fault::Unanswered => {}
                Fault::Conflict => self.another_writer(),
                Fault::Lost => return Some(Ran::Failed(false)),
                Fault::DiesBefore => return Some(self.die(model, false)),
                Fault::Unsure | Fault::DiesAfter => {
                    if block_on(self.host.store.write(batch)).is_err() {
                        return None;
                    }
                    self.stale = true;
                    return Some(match fault {
                        Fault::Unsure => Ran::Failed(true),
                        _ => self.die(model, true),
                    });
                }
            }
            if block_on(self.host.store.write(batch)).is_err() {
                return None;
            }
        }
        let effects = self.host.engine.commit(step.id).unwrap();
        self.check_copies(&effects);
        self.host.deliveries.extend(effects.deliveries);
        self.host.replies.extend(effects.replies);
        Some(Ran::Done)
    }

    /// Writes nothing but a revision, as a writer does whose change is of no interest here.
    fn another_writer(&mut self) {
        let key = self.host.config.revision_key();
        let found = self
            .host
            .entries()
            .into_iter()
            .find(|entry| entry.key == key)
            .unwrap();
        let revision = u64::from_be_bytes(found.value.try_into().unwrap());
        block_on(self.host.store.write(&Batch::new(key, revision + 1))).unwrap();
    }

    fn die(&mut self, _: &Model, took_effect: bool) -> Ran {
        self.restart();
        Ran::Died(took_effect)
    }

    pub(super) fn restart(&mut self) {
        self.host.restart();
        self.calls.clear();
        self.stale = false;
    }

    // --- time and copies

    fn wait(&mut self, model: &mut Model, ms: u64) {
        self.settle(model);
        let end = self.host.now_ms + ms;
        while let Some(at) = self.host.engine.wake_at().filter(|at| *at <= end) {
            self.host.now_ms = self.host.now_ms.max(at);
            self.settle(model);
        }
        self.host.now_ms = end;
        self.settle(model);
    }

    /// Ticks and sends until nothing is due.
    pub(super) fn settle(&mut self, model: &mut Model) {
        for _ in 0..10_000 {
            let now_ms = self.host.now_ms;
            if let Some(copy) = self.host.deliveries.pop_front() {
                self.send(model, &copy);
            } else if self.host.engine.wake_at().is_some_and(|at| at <= now_ms) {
                match self.run(model, &Input::Tick) {
                    Ran::Done => self.replies(model),
                    Ran::Refused(error) => panic!("{error:?}"),
                    Ran::Failed(_) | Ran::Died(_) => {}
                }
            } else {
                model.expire(self.host.now());
                self.replies(model);
                return;
            }
        }
        panic!("the engine never rests");
    }

    fn send(&mut self, model: &mut Model, copy: &invreq::engine::Delivery) {
        let outcome = match self.sent.pop_front().unwrap_or(Sent::Accepted) {
            Sent::Accepted => SendOutcome::Accepted,
            Sent::NoRoute => SendOutcome::NoRoute,
            Sent::Offline => SendOutcome::Offline,
            Sent::Failed => SendOutcome::Failed,
            Sent::Dropped => return,
            Sent::Dies => return self.restart(),
        };
        if outcome == SendOutcome::Accepted {
            let label = copy.label.parse().unwrap();
            self.tokens.entry(label).or_default().extend(copy.reply_path_id);
        }
        let id = copy.id.clone();
        let input = Input::Delivered { id, outcome };
        // A driver says it again until it is written.
        while let Ran::Failed(_) = self.run(model, &input) {}
        self.replies(model);
    }

    fn refuse(&mut self, model: &mut Model, label: u8) {
        for token in self.tokens.get(&label).cloned().unwrap_or_default() {
            let input = Input::InvoiceError {
                reply_path_id: token,
                bytes: error_bytes("no", None),
            };
            let _ = self.run(model, &input);
            self.replies(model);
        }
    }

    /// Under one id there is one copy over each path, whenever it comes.
    fn check_copies(&mut self, effects: &Effects) {
        for copy in &effects.deliveries {
            let name = (copy.payment_hash, copy.id.clone(), copy.node_id);
            let before = self.copies.insert(name, copy.packet.message.clone());
            assert!(
                before.is_none_or(|before| before == copy.packet.message),
                "another copy {}",
                copy.id
            );
        }
    }
}

/// The third expires by itself; the second has no path, the others have some.
fn request_number(number: u8) -> Request {
    let request = Request::number(u32::from(number));
    match number {
        0 => request.paths_over(&[10, 11]),
        1 => request,
        _ => request.paths_over(&[12]).unsigned().expires(THIRD_EXPIRES),
    }
}
