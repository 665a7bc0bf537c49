use crate::bolt12::Introduction;
use crate::{InvreqId, PaymentHash, Preimage};

/// Everything known about one answer: the invoice, its status and its delivery.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// The label it was given, unique in the store.
    pub label: String,
    /// The description of the request as the payer wrote it, or empty where it has none. It is a stranger's text, of any characters:
    /// the one of a preview is made to be shown.
    pub description: String,
    /// The payment hash of the invoice.
    pub payment_hash: PaymentHash,
    /// The id of the request it answers.
    pub invreq_id: InvreqId,
    /// The signed invoice, `lni1…`.
    pub bolt12: String,
    /// The amount of the invoice, in msat.
    pub amount_msat: u64,
    /// Where the invoice stands.
    pub status: Status,
    /// Whether a payment is being claimed: its preimage may be out, so nothing else may happen to the invoice.
    pub claiming: bool,
    /// When the invoice was made, in Unix seconds.
    pub created_at: u64,
    /// The last second in which the invoice can be paid, in Unix seconds.
    pub expires_at: u64,
    /// The place in the order of creation, from 1; never reused in one store.
    pub created_index: u64,
    /// The place in the order of changes; absent until the status first changes.
    pub updated_index: Option<u64>,
    /// What is known of the payment, once paid.
    pub payment: Option<Payment>,
    /// How far the invoice got on its way to the payer.
    pub delivery: DeliveryReport,
}

/// Where an invoice stands. `unpaid` becomes `paid` or `expired`; `expired` becomes `paid` only where the host reports
/// money that came late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It can be paid.
    Unpaid,
    /// It has been paid.
    Paid,
    /// It was not paid in time.
    Expired,
}

/// What is known of a payment that arrived.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// The place in the order of payments, from 1.
    pub pay_index: u64,
    /// What arrived, in msat; it can be more than the invoice asks for.
    pub amount_received_msat: u64,
    /// When it arrived, in Unix seconds.
    pub paid_at: u64,
    /// The proof of payment.
    #[serde(serialize_with = "crate::shapes::preimage")]
    pub payment_preimage: Preimage,
}

/// How far an invoice got on its way to the payer. Money is another matter: see [`Record::status`].
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryReport {
    /// The state of the whole delivery.
    pub state: DeliveryState,
    /// How many copies were handed to the host, resends included.
    pub attempts: u32,
    /// What became of each path, in the order of the request.
    pub paths: Vec<PathReport>,
    /// What the payer answered, if it answered with an error.
    pub error: Option<PayerError>,
}

/// The state of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Written down, not yet handed to the host.
    Stored,
    /// Handed to the host, which has not accepted it yet.
    Sending,
    /// The host accepted it. While nothing is heard of the payer, further copies go over the other paths.
    Sent,
    /// The payer answered every copy with an error.
    Refused,
    /// No path leads to the payer.
    Unreachable,
}

/// What became of one path to the payer.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PathReport {
    /// Where the path begins; the payer itself where the request has no paths.
    pub introduction: Introduction,
    /// What the host said of the latest copy over this path since the latest resend.
    pub outcome: PathOutcome,
    /// How many copies went over this path.
    pub attempts: u32,
}

/// What the host said of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PathOutcome {
    /// Not tried yet, or not since the latest resend.
    Untried,
    /// On its way to the host.
    Sending,
    /// The host accepted it.
    Accepted,
    /// The host knows no way to the introduction node.
    NoRoute,
    /// The host is offline; it is tried again.
    Offline,
    /// The host failed to send it; it is tried again.
    Failed,
}

/// What a payer answered: a hint for a person, never a change of the money's state (BOLT 12, Invoice Errors).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PayerError {
    /// The payer's text, cut to 1,000 characters and cleaned of control and bidi characters.
    pub message: String,
    /// The number of the field the payer objects to.
    pub erroneous_field: Option<u64>,
    /// The value the payer would accept there, as hex; left out where it is longer than 1,024 bytes.
    pub suggested_value: Option<String>,
    /// When it came, in Unix seconds.
    pub received_at: u64,
}
