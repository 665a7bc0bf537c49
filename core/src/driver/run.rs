//! One input from beginning to end: questions, the write, the commit, and what follows.

use std::collections::HashMap;
use std::sync::Mutex as SyncMutex;

use async_channel::Sender;
use async_lock::Mutex;

use crate::driver::erased::{DynClock, DynSigner, DynSource, DynStore, DynTransport};
use crate::driver::Entropy;
use crate::engine::{
    Answer, Answers, CallId, Delivery, Effects, Engine, Event, Input, Need, Outcome, Progress,
};
use crate::store::StoreError;
use crate::{Error, ErrorCode, Result};

/// How often an input begins again because another writer was faster.
const MAX_CONFLICTS: u32 = 16;

pub(crate) struct Shared {
    pub(crate) engine: Mutex<Engine>,
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
    /// Calls whose callers have gone.
    pub(crate) gone: Sender<CallId>,
    pub(crate) events: async_broadcast::Sender<Event>,
}

impl Shared {
    /// Carries out an input. When it returns, everything the input led to is written and handed on.
    pub(crate) async fn perform(&self, input: &Input) -> Result<()> {
        for _ in 0..MAX_CONFLICTS {
            let now_ms = self.clock.now_ms();
            let entropy = self
                .entropy
                .bytes()
                .map_err(|error| Error::new(ErrorCode::Internal, error.0))?;
            let mut answers = Answers::new();
            let effects = loop {
                let mut engine = self.engine.lock().await;
                let Some(needs) = self
                    .begin(&mut engine, input, now_ms, &entropy, &mut answers)
                    .await?
                else {
                    break None;
                };
                match needs {
                    Begun::Effects(effects) => break Some(effects),
                    Begun::Needs(needs) => {
                        // The host may take its time, so others go on meanwhile. What was read of the store may be
                        // out of date when it is done.
                        drop(engine);
                        for need in needs {
                            let answer = self.ask(&need).await;
                            answers.insert(need, answer);
                        }
                        answers.forget_reads();
                    }
                }
            };
            if let Some(effects) = effects {
                self.hand_on(effects);
                return Ok(());
            }
        }
        Err(Error::new(
            ErrorCode::StoreConflict,
            "other writers keep changing the store",
        ))
    }

    /// Begins the input and, once nothing is to be asked but the store, writes and commits. `None` after a conflict.
    async fn begin(
        &self,
        engine: &mut Engine,
        input: &Input,
        now_ms: u64,
        entropy: &[u8; 32],
        answers: &mut Answers,
    ) -> Result<Option<Begun>> {
        loop {
            let step = match engine.begin(input, now_ms, entropy, answers)? {
                Progress::Step(step) => step,
                Progress::Need(needs) => {
                    let (reads, rest): (Vec<_>, Vec<_>) = needs
                        .into_iter()
                        .partition(|need| matches!(need, Need::Range { .. }));
                    if reads.is_empty() {
                        return Ok(Some(Begun::Needs(rest)));
                    }
                    for need in reads {
                        let answer = self.ask(&need).await;
                        answers.insert(need, answer);
                    }
                    continue;
                }
            };
            if let Some(batch) = &step.batch {
                match self.store.write(batch).await {
                    Ok(()) => {}
                    Err(StoreError::Conflict(_)) if *input != Input::Restore => {
                        let effects = self.restore(engine, now_ms, entropy).await?;
                        self.hand_on(effects);
                        return Ok(None);
                    }
                    Err(StoreError::Conflict(_)) => return Ok(None),
                    Err(error) => return Err(error.into()),
                }
            }
            return Ok(Some(Begun::Effects(engine.commit(step.id)?)));
        }
    }

    /// Reads what another writer changed.
    async fn restore(&self, engine: &mut Engine, now_ms: u64, entropy: &[u8; 32]) -> Result<Effects> {
        let mut answers = Answers::new();
        loop {
            match engine.begin(&Input::Restore, now_ms, entropy, &answers)? {
                Progress::Need(needs) => {
                    for need in needs {
                        let answer = self.ask(&need).await;
                        answers.insert(need, answer);
                    }
                }
                // A store that others write to is not new, so there is nothing to write.
                Progress::Step(step) => return engine.commit(step.id),
            }
        }
    }

    async fn ask(&self, need: &Need) -> Answer {
        match need {
            Need::Range { start, end, limit } => match self.store.range(start, end, *limit).await {
                Ok(entries) => Answer::Entries(entries),
                Err(error) => Answer::Failed(error.to_string()),
            },
            Need::CreateInboundPayment(request) => match self.source.create(request).await {
                Ok(inbound) => Answer::InboundPayment(inbound),
                Err(error) => Answer::Failed(error.0),
            },
            Need::CanReceive { amount_msat } => {
                Answer::CanReceive(self.source.can_receive(*amount_msat).await)
            }
            Need::ResolveScid { scid, direction } => {
                Answer::NodeId(self.transport.resolve_scid(*scid, *direction).await)
            }
            Need::FindRoute { node_id } => Answer::Route(self.transport.find_route(*node_id).await),
            Need::Sign(request) => match &self.signer {
                Some(signer) => match signer.sign(request).await {
                    Ok(signature) => Answer::Signature(signature),
                    Err(error) => Answer::Failed(error.0),
                },
                None => Answer::Failed("there is no signer".to_owned()),
            },
        }
    }

    /// Hands on what a committed step let out. Channels that nobody reads any more swallow it: it is all in the store.
    fn hand_on(&self, effects: Effects) {
        for reply in effects.replies {
            let caller = self
                .callers
                .lock()
                .unwrap_or_else(|e| e.into_inner())
                .remove(&reply.call);
            if let Some(caller) = caller {
                let _ = caller.try_send(reply.result);
            }
        }
        for event in effects.events {
            let _ = self.events.try_broadcast(event);
        }
        for delivery in effects.deliveries {
            let _ = self.deliveries.try_send(delivery);
        }
        let _ = self.changed.try_send(());
    }
}

enum Begun {
    Effects(Effects),
    Needs(Vec<Need>),
}
