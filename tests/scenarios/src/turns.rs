//! Whose turn it is: a transcript that grows in one order, whatever goes on at once.
//!
//! Everything of a scenario runs on one thread, in rounds: in each, whoever waits is polled once. A line waits until nobody else
//! wrote one for a number of rounds, and each kind of line has a number of its own. So what follows from a write is in the
//! transcript before the next question to the host, and the host says what became of one copy when all else is done.

use core::future::poll_fn;
use core::task::{Poll, Waker};
use std::sync::{Arc, Mutex, MutexGuard};

/// Events come as they are.
pub const EVENT: u32 = 0;
/// Replies come after the events of their step.
pub const DONE: u32 = 5;
/// Questions and writes begin what is next.
pub const HOST: u32 = 15;
/// The host's word on a copy, or on a payment, comes when all else is quiet.
pub const SAID: u32 = 45;
/// After so many rounds without a line an action is over.
pub const OVER: u32 = 90;

/// The transcript, and who waits to write in it.
#[derive(Clone, Default)]
pub struct Turns(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    lines: Vec<String>,
    quiet: u32,
    waiting: Vec<Waker>,
    log: String,
}

impl Turns {
    /// Writes a line.
    pub fn write(&self, line: impl Into<String>) {
        let mut inner = self.inner();
        inner.quiet = 0;
        inner.lines.push(line.into());
    }

    /// Waits for the turn of this kind of line.
    pub async fn turn(&self, patience: u32) {
        self.until(|| {
            let mut inner = self.inner();
            let is_due = inner.quiet >= patience;
            // One at a time: the next looks again.
            inner.quiet = if is_due { 0 } else { inner.quiet };
            is_due.then_some(())
        })
        .await;
    }

    /// Waits until there is something; it is looked for in every round.
    pub async fn until<T>(&self, mut look: impl FnMut() -> Option<T>) -> T {
        poll_fn(|context| match look() {
            Some(found) => Poll::Ready(found),
            None => {
                self.inner().waiting.push(context.waker().clone());
                Poll::Pending
            }
        })
        .await
    }

    /// Begins a round, and says how many went by without a line.
    pub fn round(&self) -> u32 {
        let waiting = {
            let mut inner = self.inner();
            inner.quiet += 1;
            core::mem::take(&mut inner.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
        self.inner().quiet
    }

    /// Something was done that may wake others.
    pub fn stir(&self) {
        self.inner().quiet = 0;
    }

    /// The lines so far.
    pub fn lines(&self) -> Vec<String> {
        self.inner().lines.clone()
    }

    /// Keeps what would end up in somebody's log.
    pub fn log(&self, text: impl core::fmt::Display) {
        self.inner().log.push_str(&format!("{text}\n"));
    }

    /// Keeps what its `Debug` prints.
    pub fn logged_too<'a, T: core::fmt::Debug>(&self, what: &'a T) -> &'a T {
        self.log(format_args!("{what:?}"));
        what
    }

    /// All that was logged.
    pub fn logged(&self) -> String {
        self.inner().log.clone()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }
}
