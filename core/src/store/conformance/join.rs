use core::future::{poll_fn, Future};
use core::pin::Pin;
use core::task::Poll;

use super::expect::Check;

/// A part of a check, to be run at the same time as others.
pub(super) type Call<'a> = Pin<Box<dyn Future<Output = Check> + Send + 'a>>;

/// Runs the futures at the same time, within the task of the caller: the suite must not need a runtime to spawn on.
///
/// They are begun in their order.
pub(super) async fn join_all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<Running<F>> = futures.into_iter().map(|f| Running::Yes(Box::pin(f))).collect();
    poll_fn(|context| {
        for slot in &mut running {
            if let Running::Yes(future) = slot {
                if let Poll::Ready(output) = future.as_mut().poll(context) {
                    *slot = Running::Done(output);
                }
            }
        }
        match running.iter().any(|slot| matches!(slot, Running::Yes(_))) {
            true => Poll::Pending,
            false => Poll::Ready(()),
        }
    })
    .await;
    let output = |slot| match slot {
        Running::Yes(_) => None,
        Running::Done(output) => Some(output),
    };
    running.into_iter().filter_map(output).collect()
}

/// Begins a future: polls it once, and gives it back unless that finished it.
pub(super) async fn begin<F: Future>(future: F) -> Result<F::Output, Pin<Box<F>>> {
    poll_times(future, 1).await
}

/// Polls a future so many times, and gives it back unless it is finished by then.
pub(super) async fn poll_times<F: Future>(future: F, times: usize) -> Result<F::Output, Pin<Box<F>>> {
    let mut future = Box::pin(future);
    for _ in 0..times {
        let polled = poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await;
        if let Poll::Ready(output) = polled {
            return Ok(output);
        }
    }
    Err(future)
}

/// Finishes what was begun.
pub(super) async fn finish<F: Future>(begun: Result<F::Output, Pin<Box<F>>>) -> F::Output {
    match begun {
        Ok(output) => output,
        Err(future) => future.await,
    }
}

enum Running<F: Future> {
    Yes(Pin<Box<F>>),
    Done(F::Output),
}

// The future is pinned in a box of its own, and the output is never pinned.
impl<F: Future> Unpin for Running<F> {}
