//! Telling what happened.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};

use async_broadcast::{InactiveReceiver, Receiver, RecvError, Sender, TryRecvError};
use futures_lite::Stream;

use crate::engine::Event;

/// How many events a reader can fall behind.
const MOST_BEHIND: usize = 1024;

/// Events as they happen: a stream that ends when the payee is closed.
///
/// A reader that falls more than 1,024 behind misses the oldest ones, and gets a [`Missed`] in their place.
#[derive(Debug)]
pub struct Events(Receiver<Event>);

/// A reader of [`Events`] fell so far behind that so many of its oldest events were dropped; the records are in the store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Missed(pub u64);

impl Events {
    /// The next event; `None` when the payee is closed and nothing is left to read.
    pub async fn recv(&mut self) -> Option<Result<Event, Missed>> {
        told(self.0.recv_direct().await)
    }

    /// The next event, if there is one already. It does not wait.
    pub fn try_recv(&mut self) -> Option<Result<Event, Missed>> {
        match self.0.try_recv() {
            Ok(event) => Some(Ok(event)),
            Err(TryRecvError::Overflowed(count)) => Some(Err(Missed(count))),
            Err(TryRecvError::Empty | TryRecvError::Closed) => None,
        }
    }
}

impl Stream for Events {
    type Item = Result<Event, Missed>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = Pin::new(&mut self.0).poll_recv(context);
        next.map(|next| next.and_then(told))
    }
}

impl fmt::Display for Missed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} events came faster than they were read", self.0)
    }
}

impl core::error::Error for Missed {}

/// A way to tell events, and the reader that gets all of them.
pub(crate) fn channel() -> (Sender<Event>, Events) {
    let (mut sender, receiver) = async_broadcast::broadcast(MOST_BEHIND);
    sender.set_overflow(true);
    (sender, Events(receiver))
}

/// Makes more readers, and keeps nothing for those that are not there yet.
#[derive(Clone)]
pub(crate) struct Readers(InactiveReceiver<Event>);

impl Readers {
    pub(crate) fn like(events: &Events) -> Self {
        Self(events.0.clone().deactivate())
    }

    pub(crate) fn read(&self) -> Events {
        Events(self.0.activate_cloned())
    }
}

fn told(received: Result<Event, RecvError>) -> Option<Result<Event, Missed>> {
    match received {
        Ok(event) => Some(Ok(event)),
        Err(RecvError::Overflowed(count)) => Some(Err(Missed(count))),
        Err(RecvError::Closed) => None,
    }
}
