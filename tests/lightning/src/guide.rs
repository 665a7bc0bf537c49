//! What the examples in docs/GUIDE.md run against. They are compiled and run as this crate's doctests.

use lightning::events::{Event, ReplayEvent};

use crate::forms::nodes::Messenger;
use crate::serve::MOMENT;
use crate::{NodeIndex, RefundTerms, Served, Testbed};

/// A payer, a relay, and a wallet's node: the surroundings of an example.
pub struct Guide {
    /// The network.
    pub bed: Testbed,
}

impl Default for Guide {
    fn default() -> Guide {
        Guide::new()
    }
}

impl Guide {
    /// Fresh surroundings.
    pub fn new() -> Guide {
        Guide {
            bed: Testbed::relayed(),
        }
    }

    /// A request of the payer's, over 50,000 sat.
    pub fn request(&self) -> String {
        let terms = RefundTerms::new(50_000_000, "a withdrawal");
        let request = self.bed.net.create_refund(self.bed.payer, &terms);
        request.expect("a payer makes requests")
    }

    /// Which node is the wallet's.
    pub fn host(&self) -> NodeIndex {
        self.bed.host
    }

    /// The wallet's node as one with an onion messenger of its own.
    pub fn messenger(&self) -> Messenger {
        Messenger::new(self.bed.net.clone(), self.bed.host)
    }

    /// Shows LDK's events at the wallet's node to a handler, as LDK does, until the guard is dropped.
    pub fn on_events(&self, handler: impl Fn(Event) -> Result<(), ReplayEvent> + Send + 'static) -> Served {
        let (net, node) = (self.bed.net.clone(), self.bed.host);
        Served::new(move || {
            if !net.show_ldk_events(node, |event| handler(event.clone())) {
                std::thread::sleep(MOMENT);
            }
        })
    }
}

#[cfg(doctest)]
#[doc = include_str!("../../../docs/GUIDE.md")]
struct Examples;
