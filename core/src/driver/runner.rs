//! What goes on in the background: calls, timers and deliveries.
//!
//! Everything that touches the engine is a future in here, and all of them are polled together. Were they polled by the
//! callers, one who drops a call in the middle of a write, or keeps one without polling it, would hold up all others.

use core::future::pending;
use core::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use async_channel::{Receiver, Sender};
use futures_lite::future::yield_now;
use futures_lite::{FutureExt, StreamExt};
use futures_util::stream::FuturesUnordered;

use crate::driver::erased::Boxed;
use crate::driver::run::{closed, Shared, PATIENCE_MS};
use crate::driver::Received;
use crate::engine::{CallId, Delivery, Event, Input, SendOutcome};
use crate::Result;

/// The pause after something in the background failed; it doubles up to half a minute.
const FIRST_PAUSE_MS: u64 = 500;
const LONGEST_PAUSE_MS: u64 = 30_000;

/// What goes on in the background of a [`Payee`](crate::driver::Payee). Nothing happens unless it runs.
#[must_use = "nothing happens until the runner runs"]
pub struct Runner {
    pub(crate) shared: Arc<Shared>,
    pub(crate) jobs: Receiver<Job>,
    pub(crate) deliveries: Receiver<Delivery>,
    pub(crate) changed: Receiver<()>,
    pub(crate) stop: Receiver<()>,
}

/// An input, and who wants to know what became of it.
pub(crate) struct Job {
    pub(crate) input: Input,
    pub(crate) asker: Asker,
}

pub(crate) enum Asker {
    /// A call: it waits for its reply.
    Call(CallId),
    /// Somebody who waits until it is done.
    Done(Sender<Result<()>>),
    /// Nobody.
    None,
}

impl Runner {
    /// Runs until the payee is closed or dropped. Give it to your runtime.
    pub async fn run(self) {
        let mut work: FuturesUnordered<Boxed<'static, Worked>> = FuturesUnordered::new();
        let mut ticking = false;
        let mut pause = FIRST_PAUSE_MS;
        // One message from outside at a time: the next is taken in when this one is dealt with.
        let mut incoming = Some(receive(self.shared.clone()));
        let (mut seen_ms, mut set_back) = (0, false);
        loop {
            // A clock that was set back moves every timer away, so the engine has to see it.
            let now_ms = self.shared.clock.now_ms();
            set_back |= now_ms < seen_ms;
            seen_ms = now_ms;
            if set_back && !ticking {
                (ticking, set_back) = (true, false);
                work.push(Box::pin(tick(self.shared.clone(), pause)));
            }
            let worked = async {
                match work.next().await {
                    Some(worked) => Due::Worked(worked),
                    None => pending().await,
                }
            };
            let received = async {
                match &mut incoming {
                    Some(incoming) => Due::Received(Box::new(incoming.await)),
                    None => pending().await,
                }
            };
            // Work first: however many inputs there are, what is under way gets on. What strangers send comes last.
            let due = worked
                .or(self.stopped())
                .or(self.next(ticking, now_ms))
                .or(received)
                .await;
            let shared = self.shared.clone();
            match due {
                Due::Stop => return,
                Due::Changed | Due::Worked(Worked::Done) => {}
                Due::Worked(Worked::Ticked(next)) => (ticking, pause) = (false, next),
                Due::Job(job) => work.push(Box::pin(carry_out(shared, *job))),
                Due::Copy(copy) => work.push(Box::pin(send(shared, *copy))),
                Due::Received(received) => {
                    incoming = None;
                    work.push(Box::pin(take_in(shared, *received)));
                }
                Due::Worked(Worked::TakenIn) => incoming = Some(receive(shared)),
                Due::Timer => {
                    ticking = true;
                    work.push(Box::pin(tick(shared, pause)));
                }
            }
        }
    }

    /// What comes first of all that is new. There is one tick at a time.
    async fn next(&self, ticking: bool, now_ms: u64) -> Due {
        let timer = async {
            match self.shared.wake_at().filter(|_| !ticking) {
                Some(at) => self.shared.wait_from(now_ms, at).await,
                None => pending().await,
            }
            Due::Timer
        };
        let copy = async {
            let copy = self.deliveries.recv().await;
            copy.map_or(Due::Stop, |copy| Due::Copy(Box::new(copy)))
        };
        let job = async {
            let job = self.jobs.recv().await;
            job.map_or(Due::Stop, |job| Due::Job(Box::new(job)))
        };
        let changed = async { self.changed.recv().await.map_or(Due::Stop, |()| Due::Changed) };
        timer.or(copy).or(job).or(changed).await
    }

    async fn stopped(&self) -> Due {
        let _ = self.stop.recv().await;
        Due::Stop
    }

    /// Runs on a thread of its own, for hosts without a runtime.
    ///
    /// # Errors
    /// Those of the system if there can be no further thread.
    pub fn spawn(self) -> std::io::Result<std::thread::JoinHandle<()>> {
        std::thread::Builder::new()
            .name("invreq".to_owned())
            .spawn(|| async_io::block_on(self.run()))
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.jobs.close();
        // A closed channel keeps what is in it, and with it those who wait to hear that it is done.
        while self.jobs.try_recv().is_ok() {}
        self.shared.end();
        self.shared.events.close();
    }
}

enum Due {
    Stop,
    Changed,
    Timer,
    Copy(Box<Delivery>),
    Job(Box<Job>),
    Received(Box<Received>),
    Worked(Worked),
}

enum Worked {
    Done,
    /// With the pause after the next failure.
    Ticked(u64),
    /// What came in has been dealt with.
    TakenIn,
}

async fn carry_out(shared: Arc<Shared>, job: Job) -> Worked {
    let result = shared.perform(&job.input).await;
    match (job.asker, result) {
        (Asker::Call(call), Err(error)) => shared.reply(call, Err(error)),
        // The engine was told before it knew of the call.
        (Asker::Call(call), Ok(())) if shared.has_left(call) => {
            shared.perform_for_good(&Input::Cancel { call }).await;
        }
        (Asker::Done(done), result) => _ = done.try_send(result),
        (Asker::Call(_), Ok(())) | (Asker::None, _) => {}
    }
    Worked::Done
}

async fn tick(shared: Arc<Shared>, mut pause: u64) -> Worked {
    match shared.perform(&Input::Tick).await {
        Ok(()) => pause = FIRST_PAUSE_MS,
        Err(error) => {
            shared.trouble(error);
            shared.rest(&mut pause).await;
        }
    }
    Worked::Ticked(pause)
}

fn receive(shared: Arc<Shared>) -> Boxed<'static, Received> {
    Box::pin(async move { shared.transport.receive().await })
}

async fn take_in(shared: Arc<Shared>, received: Received) -> Worked {
    // A flood that is always ready must not keep the runtime from its other tasks.
    yield_now().await;
    shared.perform_for_good(&received.into()).await;
    Worked::TakenIn
}

/// Sends a copy, and does not rest until what became of it is written.
async fn send(shared: Arc<Shared>, delivery: Delivery) -> Worked {
    let patience = shared.wait_for(PATIENCE_MS);
    let late = async {
        patience.await;
        SendOutcome::Failed
    };
    let outcome = shared.transport.send(&delivery).or(late).await;
    let input = Input::Delivered {
        id: delivery.id,
        outcome,
    };
    shared.perform_for_good(&input).await;
    Worked::Done
}

impl Shared {
    /// Carries out an input nobody waits for, again and again where the store fails for a while.
    async fn perform_for_good(&self, input: &Input) {
        let mut pause = FIRST_PAUSE_MS;
        while let Err(error) = self.perform(input).await {
            let again = error.retryable();
            self.trouble(error);
            if !again {
                break;
            }
            self.rest(&mut pause).await;
        }
    }

    /// Nothing more comes: whoever waits is told, and so is whoever calls from now on.
    pub(crate) fn end(&self) {
        self.closed.store(true, Ordering::SeqCst);
        let waiting: Vec<_> = self
            .callers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .drain()
            .collect();
        for (_, caller) in waiting {
            let _ = caller.try_send(Err(closed()));
        }
    }

    pub(crate) fn trouble(&self, error: crate::Error) {
        let _ = self.events.try_broadcast(Event::Trouble(error.into_details()));
    }

    async fn rest(&self, pause: &mut u64) {
        let rest = self.wait_for(*pause);
        *pause = pause.saturating_mul(2).min(LONGEST_PAUSE_MS);
        rest.await;
    }
}
