//! The engine: a state machine that tracks every answer until it is paid or expired.
//!
//! It does no I/O, reads no clock, has no randomness and never waits: time, entropy and the host's answers are arguments, so
//! the same inputs give the same bytes in every language. A host runs it in a loop:
//!
//! ```text
//! begin(input, now, entropy, answers) ─► Need: the host answers and begins again
//!                                     └► Step { id, batch }
//! store.write(batch)                     one atomic, durable write, before anything leaves
//! commit(step.id) ─► Effects { deliveries, replies, events, wake_at }
//! ```
//!
//! Where `begin` says `store_conflict`, or the store does, the host begins [`Input::Restore`], and then the input again, with the
//! same time, entropy and answers but for what it read of the store ([`Answers::forget_reads`]): nothing is asked twice.
//!
//! Where the store fails, nobody knows whether it wrote. The engine then answers nothing from memory: whatever is begun next is a
//! `store_conflict` until the store is read again. Nobody may come with anything, so the host asks [`Engine::wake_at`], which
//! is soon now, and a tick that fails is tried again after a pause.
//!
//! [`Engine::begin`] changes nothing. What a step lets out - an invoice, a preimage, a reply - comes out of
//! [`Engine::commit`] only, so it cannot leave before it is written. [`crate::driver`] is this loop for Rust.

mod codec;
mod config;
mod copies;
mod deliver;
mod delivered;
mod draft;
#[cfg(feature = "testing")]
mod fixture;
mod flight;
mod input;
mod keys;
mod layout;
mod lines;
mod list;
mod meta;
mod money;
mod need;
mod payer_reply;
mod plan;
mod preview;
mod record;
mod remote;
mod restore;
mod rpc;
mod send;
mod state;
mod status;
mod step;
mod stored;
mod tick;
mod trouble;
mod wait;
mod way;

#[cfg(test)]
mod tests;

use core::fmt;

pub use config::Config;
#[cfg(feature = "testing")]
pub use fixture::Fixture;
pub use input::{
    CallId, Claim, Existing, Input, ListIndex, ListInvoices, PaymentReceived, Replies, SendInvoice,
    SendOutcome,
};
pub use need::{Answer, Answers, InboundPayment, InboundPaymentRequest, Need, ReplyPath, Route, SignRequest};
pub use preview::Preview;
pub use record::{
    DeliveryReport, DeliveryState, PathOutcome, PathReport, PayerError, Payment, Record, Status,
};
pub use state::Sending;
pub use step::{ClaimApproval, Delivery, Effects, Event, Outcome, Page, Progress, Reply, Step};

use crate::bolt12::InvoiceRequest;
use crate::{Error, ErrorCode, Result};
use bitcoin::secp256k1::PublicKey;
use draft::{Changes, Draft, Draw, Stop};
use keys::Keys;
use layout::Layout;
use state::State;

/// Tracks the answers of one wallet. See the [module](self) for the loop it runs in.
pub struct Engine {
    config: Config,
    keys: Keys,
    layout: Layout,
    state: State,
    last_step: u64,
    /// The request of the input that is being begun again and again.
    request: Option<(String, InvoiceRequest)>,
    pending: Option<Pending>,
    /// Set where a batch was given out that nobody said was written, and that may be in the store all the same: when to look, in
    /// Unix milliseconds.
    look_at: Option<u64>,
}

/// A step that is not committed yet.
struct Pending {
    id: u64,
    /// When it began, in Unix milliseconds, if there is something to write.
    writes_ms: Option<u64>,
    changes: Changes,
}

/// How long after a write that failed the store is read again, where nobody comes with anything before.
const LOOK_AFTER_MS: u64 = 500;

impl Engine {
    /// An engine for this wallet. Its first input has to be [`Input::Restore`].
    ///
    /// `seed` is a sub-key that the wallet uses for nothing else, never its root. Every secret of the engine is derived
    /// from it; the engine clears its copy when it is dropped.
    ///
    /// # Errors
    /// `invalid_parameter` if the wallet id is not 1 to 64 letters, digits, `-`, `_` or `.`.
    pub fn new(config: Config, seed: &[u8; 32]) -> Result<Self> {
        config.check()?;
        let keys = Keys::new(seed, config.chain());
        let layout = Layout::new(&config.wallet_id);
        let state = State::default();
        Ok(Self {
            config,
            keys,
            layout,
            state,
            last_step: 0,
            request: None,
            pending: None,
            look_at: None,
        })
    }

    /// Works out what an input means, and changes nothing.
    ///
    /// `now_ms` is the time in Unix milliseconds. `entropy` is 32 bytes from the host's random generator, fresh for every
    /// input; only the calls of one input that follow a [`Progress::Need`] or a conflict repeat it, together with `now_ms`. A step
    /// that is not committed is forgotten when the next one begins.
    ///
    /// # Errors
    /// Those of the input: nothing is to be written or done then. `not_open` before the first restore. `store_conflict` where
    /// the store has to be read again ([`Input::Restore`]): another writer changed it, or a batch was given out whose step was
    /// not committed, so that it may be written or not.
    pub fn begin(
        &mut self,
        input: &Input,
        now_ms: u64,
        entropy: &[u8; 32],
        answers: &Answers,
    ) -> Result<Progress> {
        if let Some(written_ms) = self.pending.take().and_then(|pending| pending.writes_ms) {
            self.look_at = self.look_at.or(Some(look_at(written_ms)));
        }
        if !self.state.opened && !matches!(input, Input::Restore) {
            return Err(Error::new(
                ErrorCode::NotOpen,
                "the engine has not been restored from its store yet",
            ));
        }
        let needs_memory = !matches!(input, Input::Restore | Input::Cancel { .. });
        if let Some(at) = self.look_at.filter(|_| needs_memory) {
            // Should that fail as well, a clock that was set back does not put it off.
            self.look_at = Some(at.min(look_at(now_ms)));
            return Err(unsure());
        }
        let counters = self.state.counters;
        let mut draft = Draft {
            config: &self.config,
            keys: &self.keys,
            layout: &self.layout,
            state: &self.state,
            request: &mut self.request,
            answers,
            entropy,
            now_ms,
            changes: Changes {
                counters,
                ..Changes::default()
            },
        };
        match handle(&mut draft, input) {
            Ok(()) => {}
            Err(Stop::Need(needs)) => return Ok(Progress::Need(need::once_each(needs))),
            Err(Stop::Error(error)) => return Err(error),
        }
        *draft.request = None;
        let batch = draft.batch();
        let mut changes = draft.changes;
        trouble::tell(input, answers, &mut changes.effects.events);
        if changes.restored.is_some() {
            self.keys.randomize(entropy);
        }
        self.last_step = self.last_step.wrapping_add(1);
        self.pending = Some(Pending {
            id: self.last_step,
            writes_ms: batch.as_ref().map(|_| now_ms),
            changes,
        });
        Ok(Progress::Step(Step {
            id: self.last_step,
            batch,
        }))
    }

    /// Makes a step's changes, now that its batch is written, and says what to do about them.
    ///
    /// # Errors
    /// `step_superseded` if another input began after this step; its batch must then not have been written.
    pub fn commit(&mut self, step: u64) -> Result<Effects> {
        let Some(pending) = self.pending.take_if(|pending| pending.id == step) else {
            return Err(Error::new(
                ErrorCode::StepSuperseded,
                "a later step took the place of this one",
            ));
        };
        let (written, mut changes) = (pending.writes_ms.is_some(), pending.changes);
        let state = &mut self.state;
        if changes.restored.is_some() {
            self.look_at = None;
        }
        if let Some(restored) = changes.restored.take() {
            state.forget_stored();
            state.revision = restored.revision;
            for invoice in restored.open {
                state.set_invoice(invoice.created_index, Some(invoice));
            }
            state.opened = true;
        }
        state.counters = changes.counters;
        state.revision = state.revision.saturating_add(u64::from(written));
        state.ignored_replies = state.ignored_replies.saturating_add(changes.ignored_replies);
        for (index, change) in changes.invoices {
            state.set_invoice(index, change.new);
        }
        for (index, flight) in changes.flights {
            let open = state.open.contains(&index);
            state.set_flight(index, flight.filter(|_| open));
        }
        for (peer, at) in changes.sent_to {
            state.set_sent(peer, at);
        }
        if let Some(now_ms) = changes.tick_ms {
            state.set_tick(now_ms);
        }
        for (call, wait) in changes.waits {
            state.set_wait(call, wait);
        }
        let mut effects = changes.effects;
        effects.wake_at = self.wake_at();
        Ok(effects)
    }

    /// When the next [`Input::Tick`] is wanted, in Unix milliseconds. After a write that failed this is how the store comes to be
    /// read again, even if nothing else ever happens.
    pub fn wake_at(&self) -> Option<u64> {
        let unheard = self.pending.as_ref().and_then(|pending| pending.writes_ms);
        let look_at = self.look_at.or(unheard.map(look_at));
        let look_at = look_at.filter(|_| self.state.opened);
        look_at.into_iter().chain(self.state.wake_at()).min()
    }

    /// Says whether this engine hands out copies. Where several engines work on one wallet, as the tabs of a browser do, the hosts
    /// can agree on one that does: the others track, answer and expire invoices, and their copies leave with that one. It takes
    /// effect with the next input; an engine that becomes the one that sends has to read the store first
    /// ([`Input::Restore`]), and copies that are in its host's hands stay there.
    pub fn set_sending(&mut self, sending: Sending) {
        self.state.sending = sending;
    }

    /// The node id that replies over our own reply paths are for; whoever hosts the engine hands it what comes for it.
    ///
    /// # Errors
    /// `internal`: a defect of the library.
    pub fn reply_node_id(&self) -> Result<PublicKey> {
        self.keys.reply_node_id()
    }

    /// How many messages came to the reply key, or were reported, that answer nothing of ours.
    pub fn ignored_replies(&self) -> u64 {
        self.state.ignored_replies
    }

    /// How many invoices can still be paid.
    pub fn open_invoices(&self) -> usize {
        self.state.open.len()
    }
}

fn look_at(written_ms: u64) -> u64 {
    written_ms.saturating_add(LOOK_AFTER_MS)
}

fn unsure() -> Error {
    let message = "it is not known whether the last change was written, so the store has to be read again";
    Error::new(ErrorCode::StoreConflict, message)
}

fn handle(draft: &mut Draft<'_>, input: &Input) -> Draw<()> {
    match input {
        Input::Restore => restore::restore(draft),
        Input::SendInvoice { call, params } => send::send_invoice(draft, *call, params),
        Input::Resend { call, label } => send::resend(draft, *call, label),
        Input::WaitInvoice { call, label } => wait::wait_invoice(draft, *call, label),
        Input::WaitAnyInvoice {
            call,
            last_pay_index,
            timeout,
        } => wait::wait_any_invoice(draft, *call, *last_pay_index, *timeout),
        Input::ListInvoices { call, query } => list::list_invoices(draft, *call, query),
        Input::DelInvoice { call, label, status } => list::del_invoice(draft, *call, label, *status),
        Input::Preview { call, invreq } => preview::preview(draft, *call, invreq),
        Input::Claim { call, claim } => money::about_money(draft, |draft| money::claim(draft, *call, claim)),
        Input::ClaimFailed { call, payment_hash } => {
            money::about_money(draft, |draft| money::claim_failed(draft, *call, payment_hash))
        }
        Input::PaymentReceived { call, payment } => {
            money::about_money(draft, |draft| money::payment_received(draft, *call, payment))
        }
        Input::Delivered { id, outcome } => delivered::delivered(draft, id, *outcome),
        Input::OnionMessage { node_id, bytes } => payer_reply::onion_message(draft, *node_id, bytes),
        Input::InvoiceError { reply_path_id, bytes } => {
            payer_reply::invoice_error(draft, reply_path_id, bytes)
        }
        Input::Cancel { call } => {
            wait::cancel(draft, *call);
            Ok(())
        }
        Input::Tick => tick::tick(draft),
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("config", &self.config)
            .field("open_invoices", &self.state.open.len())
            .field("wake_at", &self.wake_at())
            .finish_non_exhaustive()
    }
}
