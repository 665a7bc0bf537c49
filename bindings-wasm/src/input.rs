//! What the host tells the engine: one constructor for each kind.

use invreq::engine::{
    Claim, Existing, ListIndex, ListInvoices, PaymentReceived, Replies, SendInvoice, SendOutcome, Status,
};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::value::{self, array, invalid, parse, parse_optional, time};
use crate::Js;

/// An input of the engine. It may begin any number of times.
#[wasm_bindgen]
pub struct Input(pub(crate) invreq::engine::Input);

#[wasm_bindgen]
impl Input {
    /// Read the store.
    pub fn restore() -> Input {
        Self(invreq::engine::Input::Restore)
    }

    /// Time went by.
    pub fn tick() -> Input {
        Self(invreq::engine::Input::Tick)
    }

    /// Answer a request and wait until it is paid.
    #[wasm_bindgen(js_name = sendInvoice)]
    #[allow(clippy::too_many_arguments)] // the facade takes one object
    pub fn send_invoice(
        call: u64,
        invreq: String,
        label: String,
        amount_msat: Option<u64>,
        timeout: Option<u32>,
        expiry: Option<u32>,
        quantity: Option<u64>,
        join: bool,
        again: bool,
        invoice_node_id: Option<String>,
        replies: bool,
    ) -> Js<Input> {
        let params = SendInvoice {
            invreq,
            label,
            amount_msat,
            timeout,
            expiry,
            quantity,
            existing: if join { Existing::Join } else { Existing::Error },
            again,
            invoice_node_id: parse_optional(invoice_node_id, "node id")?,
            replies: if replies {
                Replies::Wanted
            } else {
                Replies::Unwanted
            },
        };
        Ok(Self(invreq::engine::Input::SendInvoice { call, params }))
    }

    /// Send the same invoice once more.
    pub fn resend(call: u64, label: String) -> Input {
        Self(invreq::engine::Input::Resend { call, label })
    }

    /// Wait until this invoice is paid or expires.
    #[wasm_bindgen(js_name = waitInvoice)]
    pub fn wait_invoice(call: u64, label: String) -> Input {
        Self(invreq::engine::Input::WaitInvoice { call, label })
    }

    /// Wait for the next payment.
    #[wasm_bindgen(js_name = waitAnyInvoice)]
    pub fn wait_any_invoice(call: u64, last_pay_index: u64, timeout: Option<u32>) -> Input {
        Self(invreq::engine::Input::WaitAnyInvoice {
            call,
            last_pay_index,
            timeout,
        })
    }

    /// List invoices.
    #[wasm_bindgen(js_name = listInvoices)]
    pub fn list_invoices(
        call: u64,
        label: Option<String>,
        payment_hash: Option<String>,
        status: Option<String>,
        by_change: bool,
        start: u64,
        limit: Option<u32>,
    ) -> Js<Input> {
        let index = if by_change {
            ListIndex::Updated
        } else {
            ListIndex::Created
        };
        let query = ListInvoices {
            label,
            payment_hash: parse_optional(payment_hash, "payment hash")?,
            status: status.as_deref().map(read_status).transpose()?,
            index,
            start,
            limit,
        };
        Ok(Self(invreq::engine::Input::ListInvoices { call, query }))
    }

    /// Forget an invoice.
    #[wasm_bindgen(js_name = delInvoice)]
    pub fn del_invoice(call: u64, label: String, status: &str) -> Js<Input> {
        let status = read_status(status)?;
        Ok(Self(invreq::engine::Input::DelInvoice { call, label, status }))
    }

    /// Say what answering would mean.
    pub fn preview(call: u64, invreq: String) -> Input {
        Self(invreq::engine::Input::Preview { call, invreq })
    }

    /// A payment waits to be claimed.
    pub fn claim(call: u64, payment_hash: &str, total_msat: u64, first_htlc_at: f64) -> Js<Input> {
        let claim = Claim {
            payment_hash: parse(payment_hash, "payment hash")?,
            total_msat,
            first_htlc_at: time(first_htlc_at),
        };
        Ok(Self(invreq::engine::Input::Claim { call, claim }))
    }

    /// A claimed payment failed after all.
    #[wasm_bindgen(js_name = claimFailed)]
    pub fn claim_failed(call: u64, payment_hash: &str) -> Js<Input> {
        let payment_hash = parse(payment_hash, "payment hash")?;
        Ok(Self(invreq::engine::Input::ClaimFailed { call, payment_hash }))
    }

    /// Money was received for good.
    #[wasm_bindgen(js_name = paymentReceived)]
    pub fn payment_received(
        call: u64,
        payment_hash: &str,
        amount_msat: u64,
        paid_at: f64,
        preimage: Option<Vec<u8>>,
    ) -> Js<Input> {
        let preimage = value::preimage(preimage)?;
        let payment = PaymentReceived {
            payment_hash: parse(payment_hash, "payment hash")?,
            amount_msat,
            paid_at: time(paid_at),
            preimage,
        };
        Ok(Self(invreq::engine::Input::PaymentReceived { call, payment }))
    }

    /// What became of a delivery.
    pub fn delivered(id: String, outcome: &str) -> Js<Input> {
        let outcome = match outcome {
            "accepted" => SendOutcome::Accepted,
            "no_route" => SendOutcome::NoRoute,
            "offline" => SendOutcome::Offline,
            "failed" => SendOutcome::Failed,
            _ => return Err(invalid("a transport says accepted, no_route, offline or failed")),
        };
        Ok(Self(invreq::engine::Input::Delivered { id, outcome }))
    }

    /// An onion message arrived, at this node or at our reply key.
    #[wasm_bindgen(js_name = onionMessage)]
    pub fn onion_message(node_id: Option<String>, bytes: Vec<u8>) -> Js<Input> {
        let node_id = parse_optional(node_id, "node id")?;
        Ok(Self(invreq::engine::Input::OnionMessage { node_id, bytes }))
    }

    /// The host's own messenger opened an error.
    #[wasm_bindgen(js_name = invoiceError)]
    pub fn invoice_error(reply_path_id: &[u8], bytes: Vec<u8>) -> Js<Input> {
        let reply_path_id = array(reply_path_id, "a reply path id")?;
        Ok(Self(invreq::engine::Input::InvoiceError { reply_path_id, bytes }))
    }

    /// The caller no longer waits.
    pub fn cancel(call: u64) -> Input {
        Self(invreq::engine::Input::Cancel { call })
    }
}

fn read_status(status: &str) -> Js<Status> {
    Ok(match status {
        "unpaid" => Status::Unpaid,
        "paid" => Status::Paid,
        "expired" => Status::Expired,
        _ => return Err(invalid("a status is unpaid, paid or expired")),
    })
}
