//! What goes on in the background: timers, deliveries, and tidying up after callers that have gone.

use core::future::{pending, Future};
use std::sync::Arc;

use async_channel::Receiver;
use futures_lite::{FutureExt, StreamExt};
use futures_util::stream::FuturesUnordered;

use crate::driver::run::Shared;
use crate::engine::{CallId, Delivery, Event, Input};

/// The pause after something in the background failed; it doubles up to half a minute.
const FIRST_PAUSE_MS: u64 = 500;
const LONGEST_PAUSE_MS: u64 = 30_000;

/// What goes on in the background of a [`Payee`](crate::driver::Payee). Nothing is sent and nothing expires unless it runs.
#[must_use = "nothing is sent until the runner runs"]
pub struct Runner {
    pub(crate) shared: Arc<Shared>,
    pub(crate) deliveries: Receiver<Delivery>,
    pub(crate) changed: Receiver<()>,
    pub(crate) gone: Receiver<CallId>,
    pub(crate) stop: Receiver<()>,
}

impl Runner {
    /// Runs until the payee is closed or dropped. Give it to your runtime.
    pub async fn run(self) {
        let mut sending = FuturesUnordered::new();
        let mut pause = FIRST_PAUSE_MS;
        loop {
            match self.next(&mut sending).await {
                Due::Stop => return,
                Due::Changed => {}
                Due::Copy(copy) => sending.push(send(self.shared.clone(), *copy)),
                Due::Gone(call) => {
                    let _ = self.shared.perform(&Input::Cancel { call }).await;
                }
                Due::Timer => {
                    let tick = async {
                        self.tick(&mut pause).await;
                        Due::Changed
                    };
                    if let Due::Stop = go_on(&mut sending).or(self.stopped()).or(tick).await {
                        return;
                    }
                }
            }
        }
    }

    /// What comes first. Copies under way are sent meanwhile, however busy it is: they are polled before all else.
    async fn next<F: Future<Output = ()>>(&self, sending: &mut FuturesUnordered<F>) -> Due {
        let wake_at = self.shared.engine.lock().await.wake_at();
        let copy = async {
            self.deliveries
                .recv()
                .await
                .map_or(Due::Stop, |copy| Due::Copy(Box::new(copy)))
        };
        let gone = async { self.gone.recv().await.map_or(Due::Stop, Due::Gone) };
        let changed = async { self.changed.recv().await.map_or(Due::Stop, |()| Due::Changed) };
        let timer = async {
            let Some(at) = wake_at else { return pending().await };
            self.shared.wait_until(at).await;
            Due::Timer
        };
        let first = go_on(sending).or(self.stopped());
        first.or(copy).or(gone).or(timer).or(changed).await
    }

    async fn tick(&self, pause: &mut u64) {
        match self.shared.perform(&Input::Tick).await {
            Ok(()) => *pause = FIRST_PAUSE_MS,
            Err(error) => {
                self.shared.trouble(error);
                self.shared.rest(pause).await;
            }
        }
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

enum Due {
    Stop,
    Changed,
    Copy(Box<Delivery>),
    Gone(CallId),
    Timer,
}

/// Goes on with what is being sent, and never ends.
async fn go_on<F: Future<Output = ()>>(sending: &mut FuturesUnordered<F>) -> Due {
    while sending.next().await.is_some() {}
    pending().await
}

/// Sends a copy, and does not rest until what became of it is written.
async fn send(shared: Arc<Shared>, delivery: Delivery) {
    let outcome = shared.transport.send(&delivery).await;
    let input = Input::Delivered {
        id: delivery.id,
        outcome,
    };
    let mut pause = FIRST_PAUSE_MS;
    while let Err(error) = shared.perform(&input).await {
        if !error.retryable() {
            return shared.trouble(error);
        }
        shared.trouble(error);
        shared.rest(&mut pause).await;
    }
}

impl Shared {
    fn trouble(&self, error: crate::Error) {
        let _ = self.events.try_broadcast(Event::Trouble(error.into_details()));
    }

    async fn rest(&self, pause: &mut u64) {
        let until = self.clock.now_ms().saturating_add(*pause);
        *pause = pause.saturating_mul(2).min(LONGEST_PAUSE_MS);
        self.wait_until(until).await;
    }
}
