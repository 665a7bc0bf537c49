use bitcoin::secp256k1::PublicKey;
use lightning::events::{Event, PaidBolt12Invoice};
use lightning::util::ser::Writeable;

/// Something that happened at a node and that nobody has looked at.
pub(crate) enum Happened {
    /// LDK says so. Not all of it is shown.
    Ldk(Box<Event>),
    /// The harness says so.
    Shown(NodeEvent),
}

impl Happened {
    pub(crate) fn show(self) -> Option<NodeEvent> {
        match self {
            Happened::Ldk(event) => NodeEvent::from_ldk(*event),
            Happened::Shown(event) => Some(event),
        }
    }
}

/// What happened at a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeEvent {
    /// HTLCs that add up to a payment are held and wait for `settle` or `fail`.
    PaymentClaimable {
        /// The payment hash of the HTLCs.
        payment_hash: [u8; 32],
        /// What they add up to.
        amount_msat: u64,
        /// The block height at which LDK fails them back.
        claim_deadline: Option<u32>,
        /// The preimage, where LDK made the payment hash.
        preimage: Option<[u8; 32]>,
    },
    /// A payment to this node is settled.
    PaymentClaimed {
        /// Its payment hash.
        payment_hash: [u8; 32],
        /// What came in.
        amount_msat: u64,
        /// The preimage, where LDK made the payment hash.
        preimage: Option<[u8; 32]>,
    },
    /// A payment of this node succeeded.
    PaymentSent {
        /// Its payment hash.
        payment_hash: [u8; 32],
        /// The preimage, which is the payer's proof.
        preimage: [u8; 32],
        /// What the payee got.
        amount_msat: Option<u64>,
        /// What the hops on the way took.
        fee_msat: Option<u64>,
        /// The invoice that was paid.
        invoice: Option<Vec<u8>>,
    },
    /// A payment of this node failed for good.
    PaymentFailed {
        /// Its payment hash, where an invoice had come.
        payment_hash: Option<[u8; 32]>,
        /// LDK's reason.
        reason: String,
    },
    /// An onion message was to go on to a node that is not connected: a mailbox.
    OnionMessageIntercepted {
        /// Whom it is for.
        next_node: PublicKey,
        /// The payload of the `onion_message`, without its type.
        message: Vec<u8>,
    },
    /// An `invoice_error` came back over the reply path that this node itself added to an invoice.
    InvoiceErrorReceived {
        /// The id given to `send_invoice`.
        reply_path_id: [u8; 32],
        /// The error as LDK writes it: the TLV stream with its length in front.
        error: Vec<u8>,
        /// Its text.
        message: String,
    },
}

impl NodeEvent {
    /// The events a test may want to see; LDK's others are the harness's own business.
    pub(crate) fn from_ldk(event: Event) -> Option<NodeEvent> {
        Some(match event {
            Event::PaymentClaimable {
                payment_hash,
                amount_msat,
                claim_deadline,
                purpose,
                ..
            } => NodeEvent::PaymentClaimable {
                payment_hash: payment_hash.0,
                amount_msat,
                claim_deadline,
                preimage: purpose.preimage().map(|preimage| preimage.0),
            },
            Event::PaymentClaimed {
                payment_hash,
                amount_msat,
                purpose,
                ..
            } => NodeEvent::PaymentClaimed {
                payment_hash: payment_hash.0,
                amount_msat,
                preimage: purpose.preimage().map(|preimage| preimage.0),
            },
            Event::PaymentSent {
                payment_hash,
                payment_preimage,
                amount_msat,
                fee_paid_msat,
                bolt12_invoice,
                ..
            } => NodeEvent::PaymentSent {
                payment_hash: payment_hash.0,
                preimage: payment_preimage.0,
                amount_msat,
                fee_msat: fee_paid_msat,
                invoice: bolt12_invoice.and_then(invoice_bytes),
            },
            Event::PaymentFailed {
                payment_hash, reason, ..
            } => NodeEvent::PaymentFailed {
                payment_hash: payment_hash.map(|hash| hash.0),
                reason: reason.map_or_else(|| "unknown".into(), |reason| format!("{reason:?}")),
            },
            Event::OnionMessageIntercepted {
                peer_node_id,
                message,
            } => NodeEvent::OnionMessageIntercepted {
                next_node: peer_node_id,
                message: message.encode(),
            },
            _ => return None,
        })
    }
}

fn invoice_bytes(invoice: PaidBolt12Invoice) -> Option<Vec<u8>> {
    match invoice {
        PaidBolt12Invoice::Bolt12Invoice(invoice) => Some(invoice.encode()),
        PaidBolt12Invoice::StaticInvoice(_) => None,
    }
}
