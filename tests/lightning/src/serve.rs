//! A wallet in this process, over the library's own host.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use futures_lite::future::block_on;
use invreq::driver::Payee;
use invreq::ldk::LdkHost;
use lightning::events::{Event, ReplayEvent};

use crate::{Network, NodeIndex};

/// How long to wait where nothing happened.
pub(crate) const MOMENT: Duration = Duration::from_millis(5);

impl Network {
    /// Shows LDK's events at a node to a handler, as LDK does: one that it cannot deal with comes again, and nothing after it
    /// before. Says whether there were any.
    pub fn show_ldk_events(
        &self,
        node: NodeIndex,
        mut handler: impl FnMut(&Event) -> Result<(), ReplayEvent>,
    ) -> bool {
        self.pump();
        let mut events = self.take_ldk_events(node).into_iter();
        let mut happened = false;
        while let Some(event) = events.next() {
            happened = true;
            if handler(&event).is_err() {
                self.put_back(node, std::iter::once(event).chain(events));
                break;
            }
        }
        happened
    }
}

/// Lets a payee deal with what happens at its node, on a thread of its own, until the guard is dropped. What is not the payee's
/// business is dropped: the node does nothing else.
pub fn serve(net: Arc<Network>, node: NodeIndex, host: LdkHost, payee: Payee) -> Served {
    Served::new(move || {
        let handle = |event: &Event| block_on(host.handle_event(&payee, event)).map(drop);
        if !net.show_ldk_events(node, handle) {
            std::thread::sleep(MOMENT);
        }
    })
}

/// Ends what it was returned for when dropped.
#[must_use = "it ends when it is dropped"]
pub struct Served {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    /// Runs `round` over and over on a thread of its own.
    pub(crate) fn new(mut round: impl FnMut() + Send + 'static) -> Served {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::SeqCst) {
                round();
            }
        });
        Served {
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
