//! Which invoices a payer can pay.

use super::rules::{broken, check_amount, missing, unknown_feature, wrong_chain};
use crate::bolt12::{number, unknown_even_bit, Invoice, InvoiceRequest};
use crate::{rules, ErrorCode, Field, Result};

/// The payer's rules for an invoice (BOLT 12, Invoices, reader), on this chain (`None`: on any) and at this time, in
/// Unix seconds (`None`: whenever), against the request it answers (`None`: not compared).
///
/// How the invoice came is for the caller to check; its signature was verified when it was read.
///
/// # Errors
/// The first broken rule: first the comparison with the request, then in ascending order of the TLV types.
///
/// | type | rule | code |
/// |---|---|---|
/// | 0–159, 1e9–2999999999 | they are those of the request, byte for byte | `invalid_value` |
/// | 80 | `invreq_chain` is the chain, or absent if that is bitcoin | `wrong_chain` |
/// | 160 | `invoice_paths` is present / not empty / each path has a hop | `missing_field` / `empty_paths` / `empty_path` |
/// | 162 | `invoice_blindedpay` is present / has one entry per path | `missing_field` / `invalid_value` |
/// | 162 | a path is left whose features are all known: none is | `unknown_feature` |
/// | 164 | `invoice_created_at` is present | `missing_field` |
/// | 166 | the invoice has not expired | `invoice_expired` |
/// | 168 | `invoice_payment_hash` is present | `missing_field` |
/// | 170 | `invoice_amount` is present / above zero and at most 21 million bitcoin | `missing_field` / `amount_out_of_range` |
/// | 170 | it is `invreq_amount`, if that is present | `amount_mismatch` |
/// | 174 | `invoice_features` has no unknown even bit: 16 is known | `unknown_feature` |
/// | 176 | `invoice_node_id` is `offer_issuer_id`, or else ends one of `offer_paths`, where the invoice has them | `invalid_value` |
pub fn check_as_payer(
    invoice: &Invoice,
    request: Option<&InvoiceRequest>,
    chain: Option<[u8; 32]>,
    now: Option<u64>,
) -> Result<()> {
    if let Some(request) = request {
        check_mirror(invoice, request)?;
    }
    if let Some(chain) = chain.filter(|chain| *chain != invoice.chain()) {
        return Err(wrong_chain(invoice.chain(), chain));
    }
    check_paths(invoice)?;
    check_time(invoice, now)?;
    if invoice.payment_hash().is_none() {
        return Err(missing(number::INVOICE_PAYMENT_HASH, rules::INVOICE_PAYMENT_HASH));
    }
    check_amounts(invoice)?;
    if let Some(bit) = invoice
        .features()
        .and_then(|features| unknown_even_bit(features, &[MPP_COMPULSORY]))
    {
        return Err(unknown_feature(
            bit,
            number::INVOICE_FEATURES,
            rules::INVOICE_FEATURES,
        ));
    }
    check_node_id(invoice)
}

/// `MPP/compulsory`: the payment must come in several parts.
const MPP_COMPULSORY: usize = 16;

fn check_mirror(invoice: &Invoice, request: &InvoiceRequest) -> Result<()> {
    let mut ours = request.mirrored();
    let mut theirs = invoice.mirrored();
    loop {
        let (number, problem) = match (ours.next(), theirs.next()) {
            (None, None) => return Ok(()),
            (Some(one), Some(other)) if one == other => continue,
            (Some(one), Some(other)) if one.number == other.number => {
                (one.number, "differs from that of the request")
            }
            (Some(one), Some(other)) if one.number > other.number => (other.number, "is not in the request"),
            (None, Some(other)) => (other.number, "is not in the request"),
            (Some(one), _) => (one.number, "is in the request, but not in the invoice"),
        };
        let message = format!("{} {problem}", Field::tlv(number));
        return Err(broken(
            ErrorCode::InvalidValue,
            number,
            rules::INVOICE_MIRRORS_REQUEST,
            message,
        ));
    }
}

fn check_paths(invoice: &Invoice) -> Result<()> {
    let count = invoice.paths().count();
    if !has(invoice, number::INVOICE_PATHS) {
        return Err(missing(number::INVOICE_PATHS, rules::INVOICE_PATHS));
    }
    if count == 0 {
        let message = "invoice_paths is present but empty".to_owned();
        return Err(broken(
            ErrorCode::EmptyPaths,
            number::INVOICE_PATHS,
            rules::INVOICE_PATHS,
            message,
        ));
    }
    if invoice.paths().any(|path| path.hops.is_empty()) {
        let message = "one of invoice_paths has no hops".to_owned();
        return Err(broken(
            ErrorCode::EmptyPath,
            number::INVOICE_PATHS,
            rules::INVOICE_PATHS,
            message,
        ));
    }
    if !has(invoice, number::INVOICE_BLINDEDPAY) {
        return Err(missing(number::INVOICE_BLINDEDPAY, rules::INVOICE_BLINDEDPAY));
    }
    let payinfos = invoice.payinfos().count();
    if payinfos != count {
        let message = format!("there are {payinfos} payinfos for {count} paths");
        return Err(broken(
            ErrorCode::InvalidValue,
            number::INVOICE_BLINDEDPAY,
            rules::INVOICE_BLINDEDPAY,
            message,
        ));
    }
    // A path with an unknown even feature is not used; only if none is left the invoice is refused.
    let mut unknown = None;
    for info in invoice.payinfos() {
        match unknown_even_bit(&info.features, &[]) {
            None => return Ok(()),
            bit => unknown = unknown.or(bit),
        }
    }
    unknown.map_or(Ok(()), |bit| {
        Err(unknown_feature(
            bit,
            number::INVOICE_BLINDEDPAY,
            rules::INVOICE_BLINDEDPAY,
        ))
    })
}

fn check_time(invoice: &Invoice, now: Option<u64>) -> Result<()> {
    let Some(expires_at) = invoice.expires_at() else {
        return Err(missing(number::INVOICE_CREATED_AT, rules::INVOICE_CREATED_AT));
    };
    match now {
        Some(now) if now > expires_at => {
            let message = format!(
                "the invoice expired {} seconds ago",
                now.saturating_sub(expires_at)
            );
            let number = number::INVOICE_RELATIVE_EXPIRY;
            Err(broken(
                ErrorCode::InvoiceExpired,
                number,
                rules::INVOICE_EXPIRY,
                message,
            ))
        }
        _ => Ok(()),
    }
}

fn check_amounts(invoice: &Invoice) -> Result<()> {
    let Some(amount) = invoice.amount_msat() else {
        return Err(missing(number::INVOICE_AMOUNT, rules::INVOICE_AMOUNT));
    };
    check_amount(amount, number::INVOICE_AMOUNT, rules::INVOICE_AMOUNT)?;
    match invoice.invreq_amount_msat() {
        Some(asked) if asked != amount => {
            let message = format!("the invoice is over {amount} msat, the request over {asked} msat");
            Err(broken(
                ErrorCode::AmountMismatch,
                number::INVOICE_AMOUNT,
                rules::INVOICE_AMOUNT,
                message,
            ))
        }
        _ => Ok(()),
    }
}

fn check_node_id(invoice: &Invoice) -> Result<()> {
    let node_id = invoice.node_id();
    let expected = match (invoice.issuer_id(), invoice.offer_paths()) {
        (Some(issuer_id), _) => issuer_id == node_id,
        (None, Some(paths)) => paths
            .iter()
            .any(|path| path.hops.last().is_some_and(|hop| hop.blinded_node_id == node_id)),
        (None, None) => true,
    };
    if expected {
        return Ok(());
    }
    let message = "invoice_node_id is not the key that the offer names".to_owned();
    Err(broken(
        ErrorCode::InvalidValue,
        number::INVOICE_NODE_ID,
        rules::INVOICE_NODE_ID,
        message,
    ))
}

fn has(invoice: &Invoice, number: u64) -> bool {
    invoice.records().any(|record| record.number == number)
}
