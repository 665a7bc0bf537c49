use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use futures_channel::oneshot;

use super::database::Database;
use super::failure::Failure;
use crate::store::StoreError;

/// The thread that owns the database, and the queue of what it has to do.
pub(super) struct Worker {
    queue: Sender<Message>,
    closed: AtomicBool,
}

enum Message {
    Run(Box<dyn FnOnce(&mut Database) + Send>),
    Close(Reply<()>),
}

type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

impl Worker {
    /// Starts a thread, opens the database there, and returns once it is open.
    pub(super) async fn start(
        open: impl FnOnce() -> Result<Database, Failure> + Send + 'static,
    ) -> Result<Self, StoreError> {
        let (queue, messages) = mpsc::channel();
        let (reply, opened): (Reply<()>, _) = oneshot::channel();
        let thread = thread::Builder::new().name("invreq-store".to_owned());
        let spawned = thread.spawn(move || match open() {
            // Nobody waits for the store any more: there is nothing to do for it either.
            Ok(db) => {
                if reply.send(Ok(())).is_ok() {
                    serve(db, messages);
                }
            }
            Err(failure) => drop(reply.send(Err(failure.into()))),
        });
        spawned.map_err(|error| StoreError::Failed(format!("no thread for it: {error}")))?;
        opened.await.map_err(|_| thread_ended())??;
        let closed = AtomicBool::new(false);
        Ok(Self { queue, closed })
    }

    /// Runs `job` after everything that was asked for before it.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Database) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(StoreError::Closed);
        }
        let (reply, result) = oneshot::channel();
        let run = Box::new(move |db: &mut Database| drop(reply.send(job(db).map_err(StoreError::from))));
        // A job that came into the queue behind a `Close` is dropped there, and its reply with it.
        let lost = || match self.closed.load(Ordering::Acquire) {
            true => StoreError::Closed,
            false => thread_ended(),
        };
        self.queue.send(Message::Run(run)).map_err(|_| lost())?;
        result.await.map_err(|_| lost())?
    }

    /// Closes the database after everything that was asked for before, and ends the thread.
    pub(super) async fn close(&self) -> Result<(), StoreError> {
        self.closed.store(true, Ordering::Release);
        let (reply, result) = oneshot::channel();
        if self.queue.send(Message::Close(reply)).is_err() {
            return Ok(());
        }
        // Without an answer the thread was gone already, and the database is closed with it.
        result.await.unwrap_or(Ok(()))
    }
}

fn serve(mut db: Database, messages: Receiver<Message>) {
    for message in &messages {
        match message {
            Message::Run(job) => job(&mut db),
            Message::Close(reply) => {
                let closed = db.close();
                // Only now: whoever closes at the same time finds the queue gone when the file is free.
                drop(messages);
                drop(reply.send(closed.map_err(StoreError::from)));
                return;
            }
        }
    }
}

fn thread_ended() -> StoreError {
    StoreError::Failed("its thread ended".to_owned())
}
