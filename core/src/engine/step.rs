//! What the engine tells the host to do.

use core::fmt;

use bitcoin::secp256k1::PublicKey;

use crate::bolt12::BlindedPath;
use crate::engine::{CallId, Need, Preview, Record};
use crate::onion::OnionPacket;
use crate::store::Batch;
use crate::{Error, ErrorDetails, PaymentHash, Preimage};

/// What [`Engine::begin`](crate::engine::Engine::begin) came to.
#[derive(Debug)]
pub enum Progress {
    /// Answer these, and begin the same input again with the answers, at the same `now` and with the same entropy.
    Need(Vec<Need>),
    /// Write the batch, then commit.
    Step(Step),
}

/// A change that is not made yet.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// What to commit.
    pub id: u64,
    /// What to write first; `None` where there is nothing to write.
    pub batch: Option<Batch>,
}

/// What to do once a step is written and committed. Nothing in it is known to anybody before.
#[derive(Debug, Default, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Effects {
    /// Invoices to hand to the transport.
    pub deliveries: Vec<Delivery>,
    /// Replies to calls, each call's first and last.
    pub replies: Vec<Reply>,
    /// What happened, for whoever wants to know.
    pub events: Vec<Event>,
    /// When the engine wants its next [`Input::Tick`](crate::engine::Input::Tick), in Unix milliseconds.
    pub wake_at: Option<u64>,
}

/// An invoice on its way to a payer. It offers every form; the host takes the one its node speaks.
#[derive(Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// Names this copy. After a crash the same copy comes again under the same id.
    pub id: String,
    /// The label of the invoice.
    pub label: String,
    /// The payment hash of the invoice.
    pub payment_hash: PaymentHash,
    /// The last second in which the invoice can be paid, in Unix seconds.
    pub expires_at: u64,
    /// The invoice as a TLV stream: onion message record 66.
    #[serde(serialize_with = "crate::shapes::bytes")]
    pub invoice: Vec<u8>,
    /// The payer's blinded path, from `node_id` on; `None` where the invoice goes to the payer's node id directly.
    pub path: Option<BlindedPath>,
    /// The node to reach: the path's introduction node, looked up, or the payer. Where the path begins at the host's own node and
    /// that [cannot be sent to](crate::engine::Route::own_node), the node after it.
    #[serde(serialize_with = "crate::shapes::point")]
    pub node_id: PublicKey,
    /// The nodes between us and it.
    #[serde(serialize_with = "crate::shapes::points")]
    pub via: Vec<PublicKey>,
    /// The addresses of the first hop, where the host has to connect to it first: those of the [`Route`](crate::engine::Route).
    pub connect: Vec<String>,
    /// The wire-ready onion message with its first hop, for hosts that forward raw packets.
    pub packet: OnionPacket,
    /// What the host's messenger names a reply by, where it makes the reply path.
    #[serde(serialize_with = "crate::shapes::optional_bytes")]
    pub reply_path_id: Option<[u8; 32]>,
}

impl Delivery {
    /// The size of the payload of message 513, in bytes, without the type: `packet.message` as it goes on the wire.
    pub fn message_len(&self) -> u32 {
        u32::try_from(self.packet.message.len()).unwrap_or(u32::MAX)
    }
}

/// The reply to a call.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reply {
    /// The call.
    pub call: CallId,
    /// What came of it.
    pub result: Result<Outcome, Error>,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant)] // a reply lives for a moment; a box would only be in the way
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Outcome {
    /// One invoice: of `sendinvoice`, `resend`, `waitinvoice`, `waitanyinvoice`, `delinvoice`, `paymentReceived`.
    Record(Record),
    /// A page of a list.
    Page(Page),
    /// What answering would mean.
    Preview(Preview),
    /// The payment may be claimed.
    Claim(ClaimApproval),
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// The invoices.
    pub records: Vec<Record>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<u64>,
}

/// A payment may be claimed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClaimApproval {
    /// The preimage to settle with; `None` where the host holds it.
    #[serde(serialize_with = "crate::shapes::optional_preimage")]
    pub preimage: Option<Preimage>,
    /// The invoice, now marked as being claimed.
    pub record: Record,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant)]
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// An invoice was made and written down.
    Created(Record),
    /// The delivery of an invoice got further, or did not.
    Delivery(Record),
    /// The payer answered with an error. The invoice can still be paid.
    PayerError(Record),
    /// A payment is being claimed.
    Claiming(Record),
    /// A claim came to nothing.
    ClaimFailed(Record),
    /// Less arrived than the invoice asks for.
    Underpaid {
        /// The invoice.
        record: Record,
        /// What arrived, in msat.
        amount_received_msat: u64,
    },
    /// An invoice was paid.
    Paid(Record),
    /// An invoice expired.
    Expired(Record),
    /// An invoice was deleted.
    Deleted(Record),
    /// Something in the background did not work, and is tried again: `missing_answer` where the transport could not look something
    /// up, for one.
    Trouble(ErrorDetails),
    /// The clock is more than a second behind the latest time in the store. Nothing is undone; invoices expire late until it is
    /// put right.
    ClockBehind {
        /// The latest time in the store, in Unix milliseconds.
        stored_ms: u64,
        /// The clock, in Unix milliseconds.
        now_ms: u64,
    },
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The reply path id is what authenticates an answer, so it stays out of logs.
        f.debug_struct("Delivery")
            .field("id", &self.id)
            .field("label", &self.label)
            .field("payment_hash", &self.payment_hash)
            .field("node_id", &self.node_id)
            .field("via", &self.via)
            .field("connect", &self.connect)
            .field("invoice_bytes", &self.invoice.len())
            .finish_non_exhaustive()
    }
}
