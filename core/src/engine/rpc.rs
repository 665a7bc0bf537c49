//! A record as Core Lightning's JSON, for hosts that speak its RPC.

use serde::Serialize;

use crate::engine::{Record, Status};
use crate::ids::hex;

/// The response of `sendinvoice`, in the order Core Lightning writes it.
#[derive(Serialize)]
struct RpcInvoice<'a> {
    label: &'a str,
    bolt12: &'a str,
    payment_hash: String,
    amount_msat: u64,
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pay_index: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_received_msat: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_preimage: Option<String>,
    description: &'a str,
    expires_at: u64,
    created_index: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_index: Option<u64>,
}

impl Record {
    /// The record as JSON text with the names and the order of Core Lightning's `sendinvoice` response.
    ///
    /// Integers are written as such, so a reader that keeps numbers in 64-bit floats has to take care above 2^53. The
    /// text is the same in every language.
    pub fn to_rpc(&self) -> String {
        let payment = self.payment.as_ref();
        let rpc = RpcInvoice {
            label: &self.label,
            bolt12: &self.bolt12,
            payment_hash: self.payment_hash.to_string(),
            amount_msat: self.amount_msat,
            status: self.status.as_str(),
            pay_index: payment.map(|payment| payment.pay_index),
            amount_received_msat: payment.map(|payment| payment.amount_received_msat),
            paid_at: payment.map(|payment| payment.paid_at),
            payment_preimage: payment.map(|payment| hex(payment.payment_preimage.expose())),
            description: &self.description,
            expires_at: self.expires_at,
            created_index: self.created_index,
            updated_index: self.updated_index,
        };
        // Text and numbers only: there is nothing that cannot be written.
        serde_json::to_string(&rpc).unwrap_or_default()
    }
}

impl Status {
    /// The status as Core Lightning names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unpaid => "unpaid",
            Self::Paid => "paid",
            Self::Expired => "expired",
        }
    }
}
