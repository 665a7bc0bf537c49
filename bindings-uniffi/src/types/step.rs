//! What the engine tells the host to do.

use bitcoin::secp256k1::PublicKey;
use invreq::bolt12::BlindedPath;
use invreq::engine::{ClaimApproval, Delivery, Event, Outcome, Page, Preview, Record, Sending, Step};
use invreq::onion::OnionPacket;
use invreq::store::Batch;
use invreq::{Decoded, ErrorDetails, PaymentHash, Preimage};

use super::values::Bytes32;

/// A change that is not made yet.
#[uniffi::remote(Record)]
pub struct Step {
    /// What to commit.
    pub id: u64,
    /// What to write first; `None` where there is nothing to write.
    pub batch: Option<Batch>,
}

/// An invoice on its way to a payer. It offers every form; the host takes the one its node speaks.
#[uniffi::remote(Record)]
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
    pub invoice: Vec<u8>,
    /// The payer's blinded path, from `node_id` on; `None` where the invoice goes to the payer's node id directly.
    pub path: Option<BlindedPath>,
    /// The node to reach: the path's introduction node, looked up, or the payer. Where the path begins at the host's own node and
    /// that [cannot be sent to](crate::engine::Route::own_node), the node after it.
    pub node_id: PublicKey,
    /// The nodes between us and it.
    pub via: Vec<PublicKey>,
    /// The addresses of the first hop, where the host has to connect to it first: those of the [`Route`](crate::engine::Route).
    pub connect: Vec<String>,
    /// The wire-ready onion message with its first hop, for hosts that forward raw packets.
    pub packet: OnionPacket,
    /// What the host's messenger names a reply by, where it makes the reply path.
    pub reply_path_id: Option<Bytes32>,
}

#[uniffi::remote(Enum)]
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
#[uniffi::remote(Record)]
pub struct Page {
    /// The invoices.
    pub records: Vec<Record>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<u64>,
}

/// A payment may be claimed.
#[uniffi::remote(Record)]
pub struct ClaimApproval {
    /// The preimage to settle with; `None` where the host holds it.
    pub preimage: Option<Preimage>,
    /// The invoice, now marked as being claimed.
    pub record: Record,
}

/// Something that happened.
#[uniffi::remote(Enum)]
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
    /// The clock is behind the latest time in the store.
    ClockBehind {
        /// The latest time in the store, in Unix milliseconds.
        stored_ms: u64,
        /// The clock, in Unix milliseconds.
        now_ms: u64,
    },
}

/// What answering a request would mean.
#[uniffi::remote(Record)]
pub struct Preview {
    /// The request, field by field; all text in it is cleaned of control and bidi characters.
    pub decoded: Decoded,
    /// The amount that would arrive, in msat.
    pub amount_msat: Option<u64>,
    /// What the payer says it is for, cleaned for display.
    pub description: Option<String>,
    /// Who the payer says it is, cleaned for display. Nobody has checked it.
    pub issuer: Option<String>,
    /// The last second in which the request may be answered, in Unix seconds.
    pub expires_at: Option<u64>,
    /// Whether it can be answered here and now.
    pub answerable: bool,
    /// Why it cannot be answered.
    pub error: Option<ErrorDetails>,
    /// Whether the payment source could receive the amount now; `None` where it cannot tell.
    pub receivable: Option<bool>,
    /// Whether the request has an answer already that is open, being claimed or paid.
    pub already_answered: bool,
    /// Whether the request is signed with the payer's key. A signature proves only that whoever made the request has that
    /// key; without one, whoever passed the text on may have changed it, and the payer will then refuse the invoice.
    pub signed: bool,
}

/// Whether an engine hands out copies.
#[uniffi::remote(Enum)]
pub enum Sending {
    /// It does, and so may others.
    Everyone,
    /// It does, and nobody else.
    Only,
    /// Somebody else does.
    None,
}
