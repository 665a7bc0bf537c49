mod inputs;
mod requests;

use std::collections::{BTreeMap, VecDeque};

use arbitrary::{Result, Unstructured};
use futures_lite::future::block_on;
use invreq::engine::{
    Answer, Answers, Delivery, Effects, Engine, Input, ListInvoices, Need, Outcome, Progress, Record,
    Sending, Status, Step,
};
use invreq::store::Store;
use invreq::{Error, ErrorCode};

use crate::common::{node, payment_path, secret, Host, PaysWith};

/// Gives engines any inputs at any times, and any answers to their questions; writes fail or are not heard of again, and the
/// process dies. Nothing panics, and what is written is consistent, only moves forward, and comes back after a crash.
pub fn engine(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let mut scene = Scene::new();
    for _ in 0..48 {
        // Too few bytes are no find.
        if input.is_empty() || scene.act(&mut input).is_err() {
            break;
        }
    }
    scene.end();
}

/// What becomes of the write of a step, and of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Write {
    Done,
    /// The store says it failed, and it did.
    Failed,
    /// The store says it failed, but it did not.
    DoneUnheard,
    DiesBefore,
    /// The process dies between the write and the commit.
    DiesAfter,
}

/// How a host answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answering {
    Right,
    Fails,
    /// With the answer to something else.
    Mistakes,
    Empty,
}

/// One input on its way: it keeps its moment, its dice and what the host answered.
struct Attempt<'a> {
    input: &'a Input,
    now_ms: u64,
    entropy: [u8; 32],
    answers: Answers,
}

/// Another input that comes while the host is asked, and how long the host takes, in milliseconds.
type Meanwhile = Option<(Input, u64)>;

struct Scene {
    host: Host,
    /// Another engine at the same store, as in the next tab of a browser.
    other: Option<Engine>,
    /// Whether the store knows more than the engine, and than the other one.
    behind: [bool; 2],
    /// The last copies that were handed out: their payers may answer.
    copies: VecDeque<Delivery>,
    /// What was last seen of each invoice.
    seen: BTreeMap<u64, Record>,
    /// What the source's preimages were filled with.
    fill: u8,
}

impl Scene {
    fn new() -> Self {
        let mut host = Host::new();
        for number in [66, 80] {
            host.keys.insert(node(number), secret(number));
        }
        host.scids.insert(requests::KNOWN_SCID, node(2));
        Self {
            host,
            other: None,
            behind: [false; 2],
            copies: VecDeque::new(),
            seen: BTreeMap::new(),
            fill: 0,
        }
    }

    fn act(&mut self, from: &mut Unstructured<'_>) -> Result<()> {
        let what = from.int_in_range(0..=15)?;
        match what {
            0 => self.restart(),
            1 => {
                let sets = [1, 250, 5_000, 90_000, 301_000, 1_000_000_000];
                self.host.now_ms = self.host.now_ms.saturating_add(*from.choose(&sets)?);
            }
            2 => {
                self.host.now_ms = match from.ratio(1, 4)? {
                    true => from.arbitrary()?,
                    false => self.host.now_ms.saturating_sub(from.int_in_range(1..=400_000)?),
                }
            }
            3 => self.host.default_route = inputs::route(from)?,
            4 => self.source(from)?,
            5 => self.change_engines(from)?,
            _ => {
                let input = self.input(from)?;
                let answering = match from.ratio(1, 6)? {
                    true => *from.choose(&[Answering::Fails, Answering::Mistakes, Answering::Empty])?,
                    false => Answering::Right,
                };
                let write = match from.ratio(1, 4)? {
                    true => *from.choose(&[
                        Write::Failed,
                        Write::DoneUnheard,
                        Write::DiesBefore,
                        Write::DiesAfter,
                    ])?,
                    false => Write::Done,
                };
                let meanwhile = match what {
                    15 => Some((self.input(from)?, *from.choose(&[0, 250, 5_000, 60_000])?)),
                    _ => None,
                };
                self.give(&input, answering, write, meanwhile);
                self.look();
            }
        }
        Ok(())
    }

    fn source(&mut self, from: &mut Unstructured<'_>) -> Result<()> {
        self.fill = from.arbitrary()?;
        let fill = [self.fill; 32];
        let soon = self.host.now_ms / 1000 + 60;
        let source = &mut self.host.source;
        source.with = match from.int_in_range(0..=5)? {
            0 => PaysWith::Given(fill),
            1 => PaysWith::Kept(fill),
            2 => PaysWith::Wrong(fill),
            3 => PaysWith::Fails,
            _ => PaysWith::Engine,
        };
        source.mpp = from.arbitrary()?;
        source.paths_expire_at = match from.int_in_range(0..=7)? {
            0 => Some(from.arbitrary()?),
            1 => Some(soon),
            _ => None,
        };
        source.paths = match from.int_in_range(0..=7)? {
            0 => Vec::new(),
            1 => vec![payment_path(0, 30_000), payment_path(0, 30_000)],
            2 => vec![payment_path(60_000, 1_000_000)],
            _ => vec![payment_path(0, 1_000_000_000)],
        };
        source.can_receive = *from.choose(&[Some(true), Some(true), None, Some(false)])?;
        self.host.signs = inputs::signs(from)?;
        Ok(())
    }

    /// The other engine's turn, or another one that sends.
    fn change_engines(&mut self, from: &mut Unstructured<'_>) -> Result<()> {
        if from.ratio(1, 4)? {
            let sending = *from.choose(&[Sending::Everyone, Sending::Only, Sending::None])?;
            self.host.engine.set_sending(sending);
            self.restore();
            return Ok(());
        }
        let other = self.other.take();
        let is_new = other.is_none();
        let other = other.unwrap_or_else(|| Engine::new(self.host.config.clone(), &self.host.seed).unwrap());
        self.other = Some(std::mem::replace(&mut self.host.engine, other));
        self.behind.swap(0, 1);
        if is_new {
            self.restore();
        }
        Ok(())
    }

    // --- the loop of a driver

    /// Begins until there is a step, and carries it out. After a conflict the store is read, and the input begins anew, with what the
    /// host answered.
    fn give(&mut self, input: &Input, answering: Answering, write: Write, mut meanwhile: Meanwhile) {
        let mut attempt = Attempt {
            input,
            now_ms: self.host.now_ms,
            entropy: self.host.entropy(),
            answers: Answers::new(),
        };
        for _ in 0..2 {
            attempt.answers.forget_reads();
            let step = match self.begin(&mut attempt, answering, &mut meanwhile) {
                // What a wrong store led to must not get into this one; whatever else a host says may.
                Ok(Some((step, reads_right))) if reads_right => step,
                Ok(_) => return,
                Err(error) if error.code() == ErrorCode::StoreConflict => {
                    self.restore();
                    continue;
                }
                Err(error) => return check(&error),
            };
            if self.carry_out(&attempt, &step, write) {
                return;
            }
            self.restore();
        }
        // A host that tells of another revision each time is never up to date.
        assert_ne!(answering, Answering::Right, "another conflict: {input:?}");
    }

    /// The step, and whether it comes of what is in the store; none where the store itself gave no answer.
    fn begin(
        &mut self,
        attempt: &mut Attempt<'_>,
        answering: Answering,
        meanwhile: &mut Meanwhile,
    ) -> invreq::Result<Option<(Step, bool)>> {
        let mut reads_right = true;
        for _ in 0..50 {
            let Attempt {
                input,
                now_ms,
                entropy,
                answers,
            } = attempt;
            match self.host.engine.begin(input, *now_ms, entropy, answers)? {
                Progress::Step(step) => return Ok(Some((step, reads_right))),
                Progress::Need(needs) => {
                    assert!(!needs.is_empty());
                    let asks_host = !needs.iter().all(|need| matches!(need, Need::Range { .. }));
                    for need in needs {
                        assert_eq!(answers.get(&need), None, "asked twice");
                        let is_read = matches!(need, Need::Range { .. });
                        reads_right &= !is_read || answering == Answering::Right;
                        let answer = answer(&mut self.host, &need, answering);
                        answers.insert(need, answer);
                    }
                    if let Some((other, ms)) = meanwhile.take_if(|_| asks_host) {
                        // The host took its time, and others went on. What was read of the store may be out of date.
                        self.host.now_ms = self.host.now_ms.saturating_add(ms);
                        self.give(&other, Answering::Right, Write::Done, None);
                        answers.forget_reads();
                    }
                }
            }
        }
        panic!("it never has enough: {:?}", attempt.input);
    }

    /// Whether it came to an end; if not, another writer was faster.
    fn carry_out(&mut self, attempt: &Attempt<'_>, step: &Step, write: Write) -> bool {
        if write == Write::DiesBefore {
            self.restart();
            return true;
        }
        if let Some(batch) = &step.batch {
            if write == Write::Failed {
                self.wants_to_look();
                return true;
            }
            if block_on(self.host.store.write(batch)).is_err() {
                assert!(self.behind[0], "a conflict with nobody: {:?}", attempt.input);
                return false;
            }
            self.behind[1] = true;
            match write {
                Write::DoneUnheard => {
                    self.behind[0] = true;
                    self.wants_to_look();
                    return true;
                }
                Write::DiesAfter => {
                    self.restart();
                    return true;
                }
                _ => {}
            }
        }
        let effects = self.host.engine.commit(step.id).unwrap();
        if *attempt.input == Input::Restore {
            self.behind[0] = false;
        }
        self.take(effects, attempt.now_ms);
        true
    }

    fn take(&mut self, effects: Effects, now_ms: u64) {
        assert_eq!(effects.wake_at, self.host.engine.wake_at());
        for reply in &effects.replies {
            match &reply.result {
                Ok(Outcome::Claim(approval)) => {
                    assert!(approval.record.claiming);
                    let preimage = approval.preimage.as_ref();
                    assert!(preimage
                        .is_none_or(|preimage| preimage.payment_hash() == approval.record.payment_hash));
                }
                Ok(_) => {}
                Err(error) => check(error),
            }
        }
        for copy in &effects.deliveries {
            assert!(copy.expires_at >= now_ms / 1000, "a copy of what has expired");
        }
        self.copies.extend(effects.deliveries.iter().cloned());
        while self.copies.len() > 8 {
            self.copies.pop_front();
        }
        self.host.deliveries.extend(effects.deliveries);
    }

    /// Nobody said what became of a write: the engine does not wait for somebody to come.
    fn wants_to_look(&self) {
        let (at, soon) = (self.host.engine.wake_at(), self.host.now_ms.saturating_add(500));
        assert!(at.is_some_and(|at| at <= soon), "{at:?}");
    }

    fn restore(&mut self) {
        self.host.restore().unwrap();
        self.behind[0] = false;
    }

    fn restart(&mut self) {
        self.host.restart();
        self.behind = [false, true];
    }

    // --- what is always true

    /// Of all invoices, and what can never happen to one.
    fn look(&mut self) {
        let records = self.listed();
        let mut indexes = [Vec::new(), Vec::new()];
        for record in records {
            assert_eq!(record.payment.is_some(), record.status == Status::Paid);
            assert_eq!(record.updated_index.is_some(), record.status != Status::Unpaid);
            indexes[0].extend(record.updated_index);
            if let Some(payment) = &record.payment {
                indexes[1].push(payment.pay_index);
                assert!(payment.amount_received_msat >= record.amount_msat);
                assert_eq!(payment.payment_preimage.payment_hash(), record.payment_hash);
                assert!(!record.claiming);
            }
            if let Some(before) = self.seen.insert(record.created_index, record.clone()) {
                assert_eq!(before.bolt12, record.bolt12);
                assert_eq!(before.label, record.label);
                assert!(record.delivery.attempts >= before.delivery.attempts);
                match before.status {
                    Status::Paid => assert_eq!(record.payment, before.payment),
                    Status::Expired => assert_ne!(record.status, Status::Unpaid),
                    Status::Unpaid => {}
                }
            }
        }
        for mut list in indexes {
            let len = list.len();
            list.sort_unstable();
            list.dedup();
            assert_eq!(list.len(), len, "an index was used twice");
        }
    }

    /// What was written can be read, says the same, and comes to rest.
    fn end(&mut self) {
        let before = self.shown();
        self.restart();
        assert_eq!(self.shown(), before);
        self.host.now_ms = u64::MAX;
        self.host.settle();
        assert_eq!(self.host.engine.wake_at(), None);
        self.look();
    }

    fn shown(&mut self) -> Vec<impl PartialEq + core::fmt::Debug> {
        let records = self.listed().into_iter();
        let shown = records.map(|record| {
            (
                record.label,
                record.status,
                record.claiming,
                record.bolt12,
                record.payment,
                record.updated_index,
            )
        });
        shown.collect()
    }

    /// An engine that is behind shows what it knows, and one that knows of a lost answer wants to read the store first: every
    /// driver then does.
    fn listed(&mut self) -> Vec<Record> {
        if self.behind[0] && self.other.is_some() {
            self.restore();
        }
        let page = match self.host.list(ListInvoices::default()) {
            Err(error) if error.code() == ErrorCode::StoreConflict => {
                self.restore();
                self.host.list(ListInvoices::default())
            }
            page => page,
        };
        page.unwrap().records
    }
}

/// Whatever is refused, it is not for a fault of ours.
fn check(error: &Error) {
    let ours = matches!(error.code(), ErrorCode::Internal | ErrorCode::SelfCheckFailed);
    assert!(!ours && !error.message().is_empty(), "{error:?}");
}

fn answer(host: &mut Host, need: &Need, answering: Answering) -> Answer {
    match answering {
        Answering::Right => host.answer(need),
        Answering::Fails => Answer::Failed("no".to_owned()),
        Answering::Mistakes => Answer::Signature([1; 64]),
        Answering::Empty => Answer::Entries(Vec::new()),
    }
}
