//! The handle: what a wallet calls.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex as SyncMutex, MutexGuard, PoisonError};

use async_channel::Sender;
use async_lock::Mutex;
use bitcoin::secp256k1::PublicKey;
use zeroize::Zeroizing;

use crate::driver::events::{self, Events, Readers};
use crate::driver::run::{closed, Shared};
use crate::driver::runner::{Asker, Job};
use crate::driver::{Clock, Entropy, PaymentSource, Runner, Signer, SystemClock, SystemEntropy, Transport};
use crate::engine::{
    CallId, Claim, ClaimApproval, Config, Engine, Input, ListInvoices, Outcome, Page, PaymentReceived,
    Preview, Record, SendInvoice, Status,
};
use crate::store::Store;
use crate::{Error, ErrorCode, PaymentHash, Result};

/// Answers invoice requests and tracks the answers: the handle a wallet holds. Clones are the same payee.
///
/// Its calls are carried out by the [`Runner`]: nothing is lost if a future is dropped, and none has to be polled for the
/// others to get on. A call for which there is no runner any more ends with `cancelled`.
#[derive(Clone)]
pub struct Payee {
    shared: Arc<Shared>,
    jobs: Sender<Job>,
    next_call: Arc<AtomicU64>,
    readers: Readers,
    first_events: Arc<SyncMutex<Option<Events>>>,
    stop: Sender<()>,
}

/// Collects what a [`Payee`] needs.
pub struct PayeeBuilder<S, P, T> {
    config: Config,
    /// Boxed: what is moved, into the future of `open` too, leaves a copy where it was.
    seed: Box<Zeroizing<[u8; 32]>>,
    store: S,
    source: P,
    transport: T,
    signer: Option<Box<dyn crate::driver::erased::DynSigner>>,
    clock: Box<dyn crate::driver::erased::DynClock>,
    entropy: Box<dyn Entropy>,
}

impl Payee {
    /// Begins to open a payee. `seed` is a sub-key the wallet uses for nothing else.
    pub fn builder<S, P, T>(
        config: Config,
        seed: [u8; 32],
        store: S,
        source: P,
        transport: T,
    ) -> PayeeBuilder<S, P, T>
    where
        S: Store + 'static,
        P: PaymentSource + 'static,
        T: Transport + 'static,
    {
        let (clock, entropy) = (Box::new(SystemClock), Box::new(SystemEntropy));
        PayeeBuilder {
            config,
            seed: Box::new(Zeroizing::new(seed)),
            store,
            source,
            transport,
            signer: None,
            clock,
            entropy,
        }
    }

    /// Answers a request, has the invoice sent, and waits until it is paid.
    ///
    /// Dropping the future ends the wait, not the invoice. While nothing is heard of the payer, the same invoice goes over one path
    /// of the request after the other.
    ///
    /// # Errors
    /// Those of the request and the terms before anything is written; then `no_route` (1003), `payer_error` (1004),
    /// `wait_timeout` (1005), `invoice_expired` (903), each with the record.
    pub async fn send_invoice(&self, params: SendInvoice) -> Result<Record> {
        self.record(|call| Input::SendInvoice { call, params }).await
    }

    /// Sends the same invoice once more, and does not wait.
    ///
    /// # Errors
    /// `not_found`, `invoice_expired`, `already_paid`, `claiming`, `request_expired`.
    pub async fn resend(&self, label: &str) -> Result<Record> {
        let label = label.to_owned();
        self.record(|call| Input::Resend { call, label }).await
    }

    /// Waits until this invoice is paid.
    ///
    /// # Errors
    /// `not_found`; `invoice_expired` (903).
    pub async fn wait_invoice(&self, label: &str) -> Result<Record> {
        let label = label.to_owned();
        self.record(|call| Input::WaitInvoice { call, label }).await
    }

    /// Waits for the next payment after `last_pay_index`, for at most `timeout` seconds.
    ///
    /// # Errors
    /// `wait_any_timeout` (904).
    pub async fn wait_any_invoice(&self, last_pay_index: u64, timeout: Option<u32>) -> Result<Record> {
        self.record(|call| Input::WaitAnyInvoice {
            call,
            last_pay_index,
            timeout,
        })
        .await
    }

    /// Lists invoices, a page at a time.
    ///
    /// # Errors
    /// `invalid_parameter` for a limit that is not 1 to 1,000.
    pub async fn list_invoices(&self, query: ListInvoices) -> Result<Page> {
        match self.call(|call| Input::ListInvoices { call, query }).await? {
            Outcome::Page(page) => Ok(page),
            _ => Err(unexpected()),
        }
    }

    /// Forgets an invoice, if it has this status.
    ///
    /// # Errors
    /// `not_found` (905), `status_mismatch` (906), `claiming`.
    pub async fn del_invoice(&self, label: &str, status: Status) -> Result<Record> {
        let label = label.to_owned();
        self.record(|call| Input::DelInvoice { call, label, status })
            .await
    }

    /// Says what answering a request would mean, and changes nothing.
    ///
    /// # Errors
    /// Those of a text that is no invoice request.
    pub async fn preview(&self, invreq: &str) -> Result<Preview> {
        let invreq = invreq.to_owned();
        match self.call(|call| Input::Preview { call, invreq }).await? {
            Outcome::Preview(preview) => Ok(preview),
            _ => Err(unexpected()),
        }
    }

    /// Asks for the preimage of a payment that waits to be claimed. When it returns, the claim is written down.
    ///
    /// # Errors
    /// Only four of them are a reason to fail the payment: `not_found`, `amount_too_low`, `amount_too_high` and
    /// `claim_too_late`. After `already_paid` the node has forgotten that it settled: settle again, with the preimage of the
    /// record in the error. After any other, such as `store_failed`, hold the payment and ask again: the claim may have been
    /// written.
    pub async fn claim(&self, claim: Claim) -> Result<ClaimApproval> {
        match self.call(|call| Input::Claim { call, claim }).await? {
            Outcome::Claim(approval) => Ok(approval),
            _ => Err(unexpected()),
        }
    }

    /// Reports that a claimed payment failed after all: no part of it was received, and none will be. The invoice can then
    /// expire, be sent again or be deleted. While a part may still settle, do not call it.
    ///
    /// # Errors
    /// `not_found`, `already_paid`.
    pub async fn claim_failed(&self, payment_hash: PaymentHash) -> Result<Record> {
        self.record(|call| Input::ClaimFailed { call, payment_hash })
            .await
    }

    /// Reports money that arrived for good. Report it again after every restart, if in doubt.
    ///
    /// # Errors
    /// `not_found`, `amount_too_low`, `preimage_mismatch`, `preimage_required`.
    pub async fn payment_received(&self, payment: PaymentReceived) -> Result<Record> {
        self.record(|call| Input::PaymentReceived { call, payment }).await
    }

    /// Hands over an onion message that came for [`reply_node_id`](Self::reply_node_id): the payload of message 513.
    ///
    /// # Errors
    /// Those of the store. A message that answers nothing of ours is no error.
    pub async fn receive_onion_message(&self, bytes: Vec<u8>) -> Result<()> {
        self.tell(Input::OnionMessage { node_id: None, bytes }).await
    }

    /// Hands over an onion message that came for this node, at which reply paths of ours end
    /// ([`ReplyPath::Node`](crate::engine::ReplyPath)): the payload of message 513. To open it, the transport is asked for
    /// [`ecdh`](Transport::ecdh).
    ///
    /// # Errors
    /// Those of the store. A message that answers nothing of ours is no error.
    pub async fn receive_onion_message_at(&self, node_id: PublicKey, bytes: Vec<u8>) -> Result<()> {
        let node_id = Some(node_id);
        self.tell(Input::OnionMessage { node_id, bytes }).await
    }

    /// Hands over an `invoice_error` that the host's own messenger opened.
    ///
    /// # Errors
    /// Those of the store. An error that answers nothing of ours is no error.
    pub async fn receive_invoice_error(&self, reply_path_id: [u8; 32], bytes: Vec<u8>) -> Result<()> {
        self.tell(Input::InvoiceError { reply_path_id, bytes }).await
    }

    /// Catches up after the machine slept or another process wrote to the store.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn resume(&self) -> Result<()> {
        self.tell(Input::Restore).await?;
        self.tell(Input::Tick).await
    }

    /// Everything that happens from now on; the first time, everything since the payee was opened. It ends with
    /// [`close`](Self::close).
    pub fn events(&self) -> Events {
        let first = self
            .first_events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        first.unwrap_or_else(|| self.readers.read())
    }

    /// The node id that replies over our own reply paths are for.
    ///
    /// # Errors
    /// `internal`: a defect of the library.
    pub async fn reply_node_id(&self) -> Result<PublicKey> {
        self.shared.engine.lock().await.reply_node_id()
    }

    /// How many replies came that answer nothing of ours.
    pub async fn ignored_replies(&self) -> u64 {
        self.shared.engine.lock().await.ignored_replies()
    }

    /// Ends the runner and closes the store. Calls that still wait end with `cancelled`.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn close(&self) -> Result<()> {
        self.stop.close();
        self.shared.end();
        // Under the lock, so that a write that is under way is done or not begun.
        let _engine = self.shared.engine.lock().await;
        self.shared.events.close();
        self.shared.store.close().await.map_err(Error::from)
    }

    /// The time of the payee's clock, in Unix seconds.
    #[cfg(feature = "ldk")]
    pub(crate) fn now(&self) -> u64 {
        self.shared.clock.now_ms() / 1000
    }

    #[cfg(feature = "ldk")]
    pub(crate) fn tell_trouble(&self, error: Error) {
        self.shared.trouble(error);
    }

    #[cfg(feature = "ldk")]
    pub(crate) async fn pause(&self, ms: u64) {
        self.shared.wait_for(ms).await;
    }

    async fn record(&self, input: impl FnOnce(CallId) -> Input) -> Result<Record> {
        match self.call(input).await? {
            Outcome::Record(record) => Ok(record),
            _ => Err(unexpected()),
        }
    }

    async fn call(&self, input: impl FnOnce(CallId) -> Input) -> Result<Outcome> {
        let call = self.next_call.fetch_add(1, Ordering::Relaxed);
        // Tells the engine, should this future be dropped: after `reply`, by which the runner sees that the caller has left.
        let leave = Leave { payee: self, call };
        let (caller, reply) = async_channel::bounded(1);
        self.callers().insert(call, caller);
        self.shared.check_open()?;
        let asker = Asker::Call(call);
        self.give(Job {
            input: input(call),
            asker,
        })?;
        let result = reply.recv().await.map_err(|_| closed())?;
        drop(leave);
        result
    }

    /// Hands over an input that has no reply, and waits until it is done.
    async fn tell(&self, input: Input) -> Result<()> {
        self.shared.check_open()?;
        let (done, was_done) = async_channel::bounded(1);
        let asker = Asker::Done(done);
        self.give(Job { input, asker })?;
        was_done.recv().await.map_err(|_| closed())?
    }

    fn give(&self, job: Job) -> Result<()> {
        self.jobs.try_send(job).map_err(|_| closed())
    }

    fn callers(&self) -> MutexGuard<'_, HashMap<CallId, Sender<Result<Outcome>>>> {
        self.shared.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S, P, T> PayeeBuilder<S, P, T>
where
    S: Store + 'static,
    P: PaymentSource + 'static,
    T: Transport + 'static,
{
    /// Signs with keys the host keeps, where a call names one.
    #[must_use]
    pub fn signer(mut self, signer: impl Signer + 'static) -> Self {
        self.signer = Some(Box::new(signer));
        self
    }

    /// Tells the time with this clock instead of the system's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Throws these dice instead of the system's.
    #[must_use]
    pub fn entropy(mut self, entropy: impl Entropy + 'static) -> Self {
        self.entropy = Box::new(entropy);
        self
    }

    /// Reads the store and takes up where it left off.
    ///
    /// # Errors
    /// `wrong_store`, `store_corrupt`, `store_failed`; `invalid_parameter` for the configuration.
    pub async fn open(self) -> Result<(Payee, Runner)> {
        let engine = Engine::new(self.config, &self.seed)?;
        let (deliveries, copies) = async_channel::unbounded();
        let (changed, was_changed) = async_channel::bounded(1);
        let (jobs, to_do) = async_channel::unbounded();
        let (stop, stopped) = async_channel::bounded(1);
        let (events, first_events) = events::channel();
        let shared = Arc::new(Shared {
            engine: Mutex::new(engine),
            ticking: Mutex::new(()),
            store: Box::new(self.store),
            source: Box::new(self.source),
            transport: Box::new(self.transport),
            signer: self.signer,
            clock: self.clock,
            entropy: self.entropy,
            callers: SyncMutex::new(HashMap::new()),
            deliveries,
            changed,
            wake_at: SyncMutex::new(None),
            events,
            closed: AtomicBool::new(false),
        });
        shared.perform(&Input::Restore).await?;
        let runner = Runner {
            shared: shared.clone(),
            deliveries: copies,
            changed: was_changed,
            jobs: to_do,
            stop: stopped,
        };
        let next_call = Arc::new(AtomicU64::new(1));
        Ok((
            Payee {
                shared,
                jobs,
                next_call,
                readers: Readers::like(&first_events),
                first_events: Arc::new(SyncMutex::new(Some(first_events))),
                stop,
            },
            runner,
        ))
    }
}

/// Ends a call whose caller has gone.
struct Leave<'a> {
    payee: &'a Payee,
    call: CallId,
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        let (payee, call) = (self.payee, self.call);
        if !payee.callers().contains_key(&call) {
            return;
        }
        let input = Input::Cancel { call };
        let asker = Asker::None;
        let told = payee.give(Job { input, asker });
        // Otherwise the engine's reply takes the caller off the list.
        if told.and(payee.shared.check_open()).is_err() {
            payee.callers().remove(&call);
        }
    }
}

fn unexpected() -> Error {
    Error::new(ErrorCode::Internal, "the engine gave another kind of reply")
}
