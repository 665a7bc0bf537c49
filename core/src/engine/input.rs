//! What a host tells the engine.

use core::fmt;

use bitcoin::secp256k1::PublicKey;

use crate::engine::Status;
use crate::{PaymentHash, Preimage};

/// The host's own number for a call that waits for a reply; it comes back in [`Reply::call`](crate::engine::Reply).
pub type CallId = u64;

/// Something that happened, or that somebody asked for.
#[derive(Clone, PartialEq, Eq)]
pub enum Input {
    /// Read the store and take up where it left off: first of all, and again after a conflict.
    Restore,
    /// Answer a request and wait until it is paid.
    SendInvoice {
        /// The call to reply to.
        call: CallId,
        /// What to send.
        params: SendInvoice,
    },
    /// Send the same invoice once more.
    Resend {
        /// The call to reply to.
        call: CallId,
        /// The label of the invoice.
        label: String,
    },
    /// Wait until this invoice is paid or expires.
    WaitInvoice {
        /// The call to reply to.
        call: CallId,
        /// The label of the invoice.
        label: String,
    },
    /// Wait for the next payment after `last_pay_index`.
    WaitAnyInvoice {
        /// The call to reply to.
        call: CallId,
        /// The latest payment the caller knows of; 0 for none.
        last_pay_index: u64,
        /// How long to wait, in seconds; without it, as long as it takes.
        timeout: Option<u32>,
    },
    /// List invoices.
    ListInvoices {
        /// The call to reply to.
        call: CallId,
        /// Which, and in what order.
        query: ListInvoices,
    },
    /// Forget an invoice.
    DelInvoice {
        /// The call to reply to.
        call: CallId,
        /// The label of the invoice.
        label: String,
        /// The status the caller believes it has.
        status: Status,
    },
    /// Say what answering this request would mean, and change nothing.
    Preview {
        /// The call to reply to.
        call: CallId,
        /// The request, `lnr1…`.
        invreq: String,
    },
    /// A payment waits to be claimed: ask for the preimage.
    Claim {
        /// The call to reply to.
        call: CallId,
        /// The payment.
        claim: Claim,
    },
    /// A payment that was claimed failed after all: no part of it was or will be received.
    ClaimFailed {
        /// The call to reply to.
        call: CallId,
        /// The payment.
        payment_hash: PaymentHash,
    },
    /// Money was received for good. May be reported any number of times.
    PaymentReceived {
        /// The call to reply to.
        call: CallId,
        /// The payment.
        payment: PaymentReceived,
    },
    /// What became of a delivery the host was given.
    Delivered {
        /// The id of the delivery.
        id: String,
        /// What the host's transport said.
        outcome: SendOutcome,
    },
    /// An onion message arrived that may be the reply to a copy of ours.
    OnionMessage {
        /// The node it arrived at, where our reply path ends at one ([`ReplyPath::Node`](crate::engine::ReplyPath)); `None`
        /// for our own reply key.
        node_id: Option<PublicKey>,
        /// The payload of message 513, without its type.
        bytes: Vec<u8>,
    },
    /// The host's own messenger opened an `invoice_error` that came over its reply path.
    InvoiceError {
        /// The [`Delivery::reply_path_id`](crate::engine::Delivery) the reply path was made for.
        reply_path_id: [u8; 32],
        /// The TLV stream.
        bytes: Vec<u8>,
    },
    /// The caller no longer waits.
    Cancel {
        /// The call to end.
        call: CallId,
    },
    /// Nothing happened but that time went by.
    Tick,
}

/// The parameters of `sendinvoice`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SendInvoice {
    /// The request to answer, `lnr1…`.
    pub invreq: String,
    /// A label, unique in the store: 1 to 256 bytes, without NUL.
    pub label: String,
    /// The amount in msat; where it is given it has to be the request's.
    pub amount_msat: Option<u64>,
    /// How long the call waits, in seconds, at least 1; 90 where it is not given.
    pub timeout: Option<u32>,
    /// How long the invoice can be paid, in seconds, at least 1; the timeout where it is not given.
    pub expiry: Option<u32>,
    /// Known from `sendinvoice`, but it cannot apply to a request without an offer: any value is refused.
    pub quantity: Option<u64>,
    /// What to do if the label is in use for the same request.
    pub existing: Existing,
    /// Answer although an earlier answer is open or paid, for requests that may be answered more than once.
    pub again: bool,
    /// Sign with this key, through the host's signer. Without it the key is fresh for every invoice.
    pub invoice_node_id: Option<PublicKey>,
    /// Whether the payer is told how to answer. It stays with the invoice, resends and restarts included.
    pub replies: Replies,
}

/// Whether the payer is told how to answer with an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Replies {
    /// Every copy carries a reply path, where the host offers one.
    #[default]
    Wanted,
    /// No copy carries one, so no `payer_error` ever comes; for payers that refuse an invoice with a reply path.
    Unwanted,
}

/// What to do if a label is in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Existing {
    /// Refuse with `label_in_use`.
    #[default]
    Error,
    /// Take up the wait of the earlier call, if it was for the same request on the same terms.
    Join,
}

/// Which invoices to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListInvoices {
    /// Only the one with this label.
    pub label: Option<String>,
    /// Only the one with this payment hash.
    pub payment_hash: Option<PaymentHash>,
    /// Only those with this status.
    pub status: Option<Status>,
    /// The order.
    pub index: ListIndex,
    /// The first index to list; 0 and 1 are the same.
    pub start: u64,
    /// How many to look at, 1 to 1,000; 100 where it is not given.
    pub limit: Option<u32>,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ListIndex {
    /// As the invoices were created.
    #[default]
    Created,
    /// As their status last changed; those that never changed are left out.
    Updated,
}

/// A payment that waits to be claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its payment hash.
    pub payment_hash: PaymentHash,
    /// The sum of all its parts, in msat.
    pub total_msat: u64,
    /// When its first part arrived, in Unix seconds.
    pub first_htlc_at: u64,
}

/// A payment that arrived for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentReceived {
    /// Its payment hash.
    pub payment_hash: PaymentHash,
    /// What arrived, in msat.
    pub amount_msat: u64,
    /// When, in Unix seconds.
    pub paid_at: u64,
    /// The preimage; needed where the host kept it to itself.
    pub preimage: Option<Preimage>,
}

/// What a transport says of a delivery: the host's word that it left, never that the payer has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SendOutcome {
    /// It left. The next path follows only if nothing is heard of the payer.
    Accepted,
    /// There is no way to the first hop, and there will be none: the path is not tried again, and where every path says so the
    /// call ends with `no_route` (1003).
    NoRoute,
    /// It did not leave, but may later: there is no network, or the first hop is not there. The same copy goes over the next
    /// path after a pause, and over this one again.
    Offline,
    /// It may have left or not. The next copy has a number of its own, and goes over the next path after a pause.
    Failed,
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, about): (&str, &[&dyn fmt::Debug]) = match self {
            Self::Restore => ("Restore", &[]),
            Self::SendInvoice { call, params } => ("SendInvoice", &[call, params]),
            Self::Resend { call, label } => ("Resend", &[call, label]),
            Self::WaitInvoice { call, label } => ("WaitInvoice", &[call, label]),
            Self::WaitAnyInvoice {
                call,
                last_pay_index,
                timeout,
            } => ("WaitAnyInvoice", &[call, last_pay_index, timeout]),
            Self::ListInvoices { call, query } => ("ListInvoices", &[call, query]),
            Self::DelInvoice { call, label, status } => ("DelInvoice", &[call, label, status]),
            Self::Preview { call, invreq } => ("Preview", &[call, invreq]),
            Self::Claim { call, claim } => ("Claim", &[call, claim]),
            Self::ClaimFailed { call, payment_hash } => ("ClaimFailed", &[call, payment_hash]),
            Self::PaymentReceived { call, payment } => ("PaymentReceived", &[call, payment]),
            Self::Delivered { id, outcome } => ("Delivered", &[id, outcome]),
            Self::OnionMessage { node_id, bytes } => ("OnionMessage", &[node_id, &bytes.len()]),
            // The reply path id is what authenticates an answer, so it stays out of logs.
            Self::InvoiceError { bytes, .. } => ("InvoiceError", &[&bytes.len()]),
            Self::Cancel { call } => ("Cancel", &[call]),
            Self::Tick => ("Tick", &[]),
        };
        let mut tuple = f.debug_tuple(name);
        about.iter().for_each(|field| _ = tuple.field(field));
        tuple.finish()
    }
}
