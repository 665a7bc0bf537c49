//! One input from beginning to end: questions, the write, the commit, and what follows.

use core::future::Future;
use core::sync::atomic::{AtomicBool, Ordering};
use std::collections::HashMap;
use std::sync::{Mutex as SyncMutex, PoisonError};

use async_channel::Sender;
use async_lock::Mutex;
use futures_lite::{FutureExt, StreamExt};
use futures_util::stream::FuturesUnordered;
use zeroize::Zeroizing;

use crate::driver::erased::{DynClock, DynSigner, DynSource, DynStore, DynTransport};
use crate::driver::{Entropy, HostError};
use crate::engine::{
    Answer, Answers, CallId, Delivery, Effects, Engine, Event, Input, Need, Outcome, Progress,
};
use crate::store::StoreError;
use crate::{Error, ErrorCode, Result};

/// How often an input begins again because another writer was faster.
const MAX_CONFLICTS: u32 = 16;

/// How long a transport may look for a route: timers wait for it.
const SOON_MS: u64 = 10_000;

/// How long a source, a signer or a send may take.
pub(crate) const PATIENCE_MS: u64 = 60_000;

pub(crate) struct Shared {
    pub(crate) engine: Mutex<Engine>,
    /// Held by the one tick that is under way.
    pub(crate) ticking: Mutex<()>,
    pub(crate) store: Box<dyn DynStore>,
    pub(crate) source: Box<dyn DynSource>,
    pub(crate) transport: Box<dyn DynTransport>,
    pub(crate) signer: Option<Box<dyn DynSigner>>,
    pub(crate) clock: Box<dyn DynClock>,
    pub(crate) entropy: Box<dyn Entropy>,
    /// Who waits for the reply to which call.
    pub(crate) callers: SyncMutex<HashMap<CallId, Sender<Result<Outcome>>>>,
    pub(crate) deliveries: Sender<Delivery>,
    /// Tells the runner that the next timer may have changed.
    pub(crate) changed: Sender<()>,
    /// When the engine wants its next tick.
    pub(crate) wake_at: SyncMutex<Option<u64>>,
    pub(crate) events: async_broadcast::Sender<Event>,
    pub(crate) closed: AtomicBool,
}

impl Shared {
    /// Carries out an input. When it returns, everything the input led to is written and handed on.
    pub(crate) async fn perform(&self, input: &Input) -> Result<()> {
        // A tick that began before another and ends after it would look like a clock that was set back.
        let _turn = match input {
            Input::Tick => Some(self.ticking.lock().await),
            _ => None,
        };
        let mut attempt = self.attempt()?;
        loop {
            let mut engine = self.engine.lock().await;
            self.check_open()?;
            let questions = self.settle(&mut engine, input, &mut attempt).await;
            let questions = questions.inspect_err(|_| self.hand_on(nothing_but(engine.wake_at())))?;
            // The host may take its time, so others go on meanwhile. What was read of the store may be out of date when it
            // is done.
            drop(engine);
            if questions.is_empty() {
                return Ok(());
            }
            self.ask_all(questions, &mut attempt.answers).await;
            attempt.answers.forget_reads();
        }
    }

    /// Goes on until the input is done, or until only the host can say more: then it gives what to ask.
    ///
    /// All of it happens under the lock, so that what follows from two inputs comes in the order of the inputs.
    async fn settle(&self, engine: &mut Engine, input: &Input, attempt: &mut Attempt) -> Result<Vec<Need>> {
        loop {
            match self.advance(engine, input, attempt).await? {
                Advance::Done => return Ok(Vec::new()),
                Advance::Ask(needs) => return Ok(needs),
                Advance::Conflict => attempt.begin_again()?,
            }
            self.check_open()?;
            if *input != Input::Restore {
                self.reload(engine).await?;
            }
        }
    }

    /// Reads what another writer changed.
    async fn reload(&self, engine: &mut Engine) -> Result<()> {
        let mut attempt = self.attempt()?;
        while let Advance::Conflict = self.advance(engine, &Input::Restore, &mut attempt).await? {
            attempt.begin_again()?;
        }
        Ok(())
    }

    /// Begins the input and, once there is nothing to ask but the store, writes, commits and hands on.
    async fn advance(&self, engine: &mut Engine, input: &Input, attempt: &mut Attempt) -> Result<Advance> {
        let step = loop {
            let needs = match engine.begin(input, attempt.now_ms, &attempt.entropy, &attempt.answers) {
                Ok(Progress::Step(step)) => break step,
                Ok(Progress::Need(needs)) => needs,
                Err(error) if error.code() == ErrorCode::StoreConflict => return Ok(Advance::Conflict),
                Err(error) => return Err(error),
            };
            let (reads, rest): (Vec<_>, Vec<_>) = needs
                .into_iter()
                .partition(|need| matches!(need, Need::Range { .. }));
            if reads.is_empty() {
                return Ok(Advance::Ask(rest));
            }
            self.read_all(reads, &mut attempt.answers).await?;
        };
        if let Some(batch) = &step.batch {
            match self.store.write(batch).await {
                Ok(()) => {}
                Err(StoreError::Conflict(_)) => return Ok(Advance::Conflict),
                Err(error) => return Err(error.into()),
            }
        }
        self.hand_on(engine.commit(step.id)?);
        Ok(Advance::Done)
    }

    fn attempt(&self) -> Result<Attempt> {
        let entropy = self.entropy.bytes();
        let entropy = entropy.map_err(no_dice)?;
        Ok(Attempt {
            now_ms: self.clock.now_ms(),
            entropy: Zeroizing::new(entropy),
            answers: Answers::new(),
            conflicts: 0,
        })
    }

    pub(crate) fn check_open(&self) -> Result<()> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(closed());
        }
        Ok(())
    }

    /// Asks the store for all of it at once: one that works on a thread of its own then need not wait for us in between.
    async fn read_all(&self, needs: Vec<Need>, answers: &mut Answers) -> Result<()> {
        let read = |need| async move {
            let entries = match &need {
                Need::Range { start, end, limit } => {
                    let limit = usize::try_from(*limit).unwrap_or(usize::MAX);
                    self.store.range(start, end, limit).await?
                }
                _ => Vec::new(),
            };
            Ok::<_, Error>((need, entries))
        };
        let mut reads: FuturesUnordered<_> = needs.into_iter().map(read).collect();
        while let Some(done) = reads.next().await {
            let (need, entries) = done?;
            answers.insert(need, Answer::Entries(entries));
        }
        Ok(())
    }

    /// Puts questions to the host, all at once.
    async fn ask_all(&self, needs: Vec<Need>, answers: &mut Answers) {
        let mut asked: FuturesUnordered<_> = needs
            .into_iter()
            .map(|need| async { (self.ask(&need).await, need) })
            .collect();
        while let Some((answer, need)) = asked.next().await {
            answers.insert(need, answer);
        }
    }

    async fn ask(&self, need: &Need) -> Answer {
        match need {
            // Reads are answered under the lock, in `advance`.
            Need::Range { .. } => Answer::Failed("a read is no question to the host".to_owned()),
            Need::CreateInboundPayment(request) => {
                let made = self.source.create(request);
                let answer = async { made.await.map_or_else(failed, Answer::InboundPayment) };
                self.within(PATIENCE_MS, answer).await
            }
            Need::CanReceive { amount_msat } => {
                let answer = async { Answer::CanReceive(self.source.can_receive(*amount_msat).await) };
                self.within(SOON_MS, answer).await
            }
            Need::ResolveScid { scid, direction } => {
                let looked_up = self.transport.resolve_scid(*scid, *direction);
                let answer = async { looked_up.await.map_or_else(failed, Answer::NodeId) };
                self.within(SOON_MS, answer).await
            }
            Need::FindRoute { node_id } => {
                let found = self.transport.find_route(*node_id);
                let answer = async { found.await.map_or_else(failed, Answer::Route) };
                self.within(SOON_MS, answer).await
            }
            Need::Ecdh { node_id, point } => {
                let multiplied = self.transport.ecdh(*node_id, *point);
                let answer = async { multiplied.await.map_or_else(failed, Answer::SharedSecret) };
                self.within(SOON_MS, answer).await
            }
            Need::Sign(request) => match &self.signer {
                Some(signer) => {
                    let signed = signer.sign(request);
                    let answer = async { signed.await.map_or_else(failed, Answer::Signature) };
                    self.within(PATIENCE_MS, answer).await
                }
                None => Answer::Failed("there is no signer".to_owned()),
            },
        }
    }

    /// The host's answer, if it comes in time.
    async fn within(&self, patience_ms: u64, answer: impl Future<Output = Answer>) -> Answer {
        let patience = self.wait_for(patience_ms);
        let late = async {
            patience.await;
            Answer::Failed("there was no answer in time".to_owned())
        };
        answer.or(late).await
    }

    /// Waits so long from now on, or until it is earlier than now: a clock that is set back must not make a wait longer.
    pub(crate) fn wait_for(&self, ms: u64) -> impl Future<Output = ()> + '_ {
        let now_ms = self.clock.now_ms();
        self.wait_from(now_ms, now_ms.saturating_add(ms))
    }

    /// Waits until it is this late, or earlier than `from_ms`.
    pub(crate) async fn wait_from(&self, from_ms: u64, at_ms: u64) {
        while (from_ms..at_ms).contains(&self.clock.now_ms()) {
            self.clock.sleep_until(at_ms).await;
        }
    }

    pub(crate) fn wake_at(&self) -> Option<u64> {
        *self.wake_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends a call, if its caller is still there.
    pub(crate) fn reply(&self, call: CallId, result: Result<Outcome>) {
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(caller) = callers.remove(&call) {
            let _ = caller.try_send(result);
        }
    }

    /// Whether the caller went away before there was a reply.
    pub(crate) fn has_left(&self, call: CallId) -> bool {
        let callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        callers.get(&call).is_some_and(Sender::is_closed)
    }

    /// Hands on what a committed step let out. Channels that nobody reads any more swallow it: it is all in the store.
    fn hand_on(&self, effects: Effects) {
        *self.wake_at.lock().unwrap_or_else(PoisonError::into_inner) = effects.wake_at;
        // Events first: whoever learns that its call has ended finds what led to it among the events.
        for event in effects.events {
            let _ = self.events.try_broadcast(event);
        }
        for reply in effects.replies {
            self.reply(reply.call, reply.result);
        }
        for delivery in effects.deliveries {
            let _ = self.deliveries.try_send(delivery);
        }
        let _ = self.changed.try_send(());
    }
}

/// One input on its way: it keeps its moment, its dice and what the host answered, so that the host is asked once however often
/// other writers are faster.
struct Attempt {
    now_ms: u64,
    entropy: Zeroizing<[u8; 32]>,
    answers: Answers,
    conflicts: u32,
}

impl Attempt {
    /// After a conflict: what was read of the store is out of date.
    fn begin_again(&mut self) -> Result<()> {
        self.answers.forget_reads();
        self.conflicts = self.conflicts.saturating_add(1);
        match self.conflicts < MAX_CONFLICTS {
            true => Ok(()),
            false => Err(busy()),
        }
    }
}

enum Advance {
    Done,
    /// The store has to be read again: another writer was faster, or nobody knows what the last write did.
    Conflict,
    /// The host has to answer these first.
    Ask(Vec<Need>),
}

/// After a failure: what was written all the same is found when the engine looks for it.
fn nothing_but(wake_at: Option<u64>) -> Effects {
    Effects {
        wake_at,
        ..Effects::default()
    }
}

fn failed(error: HostError) -> Answer {
    Answer::Failed(error.0)
}

/// Worth another try: what became of a copy, for one, is not to be lost for it.
fn no_dice(error: HostError) -> Error {
    let message = format!("the host gave no entropy: {}", error.0);
    Error::new(ErrorCode::InvalidParameter, message).with_retryable(true)
}

fn busy() -> Error {
    Error::new(ErrorCode::StoreConflict, "other writers keep changing the store")
}

pub(crate) fn closed() -> Error {
    // Calling again would end the same way.
    Error::new(ErrorCode::Cancelled, "the payee was closed").with_retryable(false)
}
