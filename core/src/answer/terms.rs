//! What is answered, and on what terms.

use std::sync::{Arc, OnceLock};

use bitcoin::secp256k1::PublicKey;

use crate::answer::rules::check_rules;
use crate::answer::{warnings, Warning};
use crate::bolt12::limits::MAX_PATHS;
use crate::bolt12::{number, InvoiceRequest, PaymentPath};
use crate::{rules, Error, ErrorCode, PaymentHash, Result};

/// A request that has passed every rule for answering it.
#[derive(Clone, Debug)]
pub struct Answerable {
    request: Arc<InvoiceRequest>,
    payer_id: PublicKey,
    amount_msat: u64,
    warnings: OnceLock<Vec<Warning>>,
}

/// The terms of an invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// When the invoice is made, in Unix seconds.
    pub created_at: u64,
    /// How long it can be paid after that, in seconds, at least 1.
    pub relative_expiry: u32,
    /// The payment hash.
    pub payment_hash: PaymentHash,
    /// The key that signs the invoice. A fresh one for every invoice keeps the payee private.
    pub node_id: PublicKey,
    /// Whether the payment may arrive in parts.
    pub mpp: bool,
    /// The payment paths from the host, best first, 1 to [`MAX_PATHS`].
    pub paths: Vec<PaymentPath>,
    /// The last second in which every path works, in Unix seconds; `None` where they do not end.
    pub paths_expire_at: Option<u64>,
}

impl Answerable {
    /// The request, if it may be answered on this chain and at this time; `None` skips that check.
    ///
    /// # Errors
    /// Those of [`check`](crate::answer::check).
    pub fn new(request: InvoiceRequest, chain: Option<[u8; 32]>, now: Option<u64>) -> Result<Self> {
        check_rules(&request, chain, now)?;
        let missing = |number| {
            Error::new(ErrorCode::MissingField, "a field is missing that an answer needs").with_field(number)
        };
        let payer_id = request
            .payer_id()
            .ok_or_else(|| missing(number::INVREQ_PAYER_ID))?;
        let amount_msat = request
            .amount_msat()
            .ok_or_else(|| missing(number::INVREQ_AMOUNT))?;
        Ok(Self {
            request: Arc::new(request),
            payer_id,
            amount_msat,
            warnings: OnceLock::new(),
        })
    }

    /// The request itself.
    pub fn request(&self) -> &InvoiceRequest {
        &self.request
    }

    pub(super) fn shared_request(&self) -> Arc<InvoiceRequest> {
        self.request.clone()
    }

    /// The payer's id: who gets the invoice where the request has no paths.
    pub fn payer_id(&self) -> PublicKey {
        self.payer_id
    }

    /// The amount of the request, and so of every invoice that answers it, in msat.
    pub fn amount_msat(&self) -> u64 {
        self.amount_msat
    }

    /// What is unusual about the request.
    pub fn warnings(&self) -> &[Warning] {
        self.warnings.get_or_init(|| warnings(&self.request))
    }

    /// Whether an amount that a caller gave is the request's. It cannot be any other: the payer would refuse it
    /// (BOLT 12, Invoices).
    ///
    /// # Errors
    /// `amount_mismatch`, naming both.
    pub fn check_amount(&self, given_msat: Option<u64>) -> Result<()> {
        match given_msat {
            Some(given) if given != self.amount_msat => {
                let message = format!(
                    "the request asks for {} msat, so it cannot be {given} msat",
                    self.amount_msat
                );
                Err(Error::new(ErrorCode::AmountMismatch, message)
                    .with_field(number::INVREQ_AMOUNT)
                    .with_rule(rules::INVOICE_AMOUNT))
            }
            _ => Ok(()),
        }
    }
}

impl Terms {
    /// The last second in which the invoice can be paid, in Unix seconds.
    pub fn expires_at(&self) -> u64 {
        self.created_at.saturating_add(u64::from(self.relative_expiry))
    }

    /// Whether money can arrive on these terms: the paths are whole, carry the amount, and live as long as the invoice.
    pub(super) fn check(&self, amount_msat: u64) -> Result<()> {
        if self.relative_expiry == 0 {
            return Err(Error::new(
                ErrorCode::InvalidExpiry,
                "an invoice that lives 0 seconds cannot be paid",
            )
            .with_field(number::INVOICE_RELATIVE_EXPIRY)
            .with_rule(rules::INVOICE_EXPIRY));
        }
        if self.paths.is_empty() || self.paths.len() > MAX_PATHS {
            let message = format!(
                "an invoice has 1 to {MAX_PATHS} payment paths, not {}",
                self.paths.len()
            );
            return Err(bad_path(message));
        }
        for (place, path) in self.paths.iter().enumerate() {
            check_path(path).map_err(|why| bad_path(format!("payment path {place}: {why}")))?;
        }
        self.check_capacity(amount_msat)?;
        match self.paths_expire_at {
            Some(end) if end < self.expires_at() => {
                let message = format!(
                    "the payment paths work until {end}, and the invoice until {}",
                    self.expires_at()
                );
                Err(Error::new(ErrorCode::PathExpiresEarly, message)
                    .with_field(number::INVOICE_PATHS)
                    .with_rule(rules::INVOICE_PATHS))
            }
            _ => Ok(()),
        }
    }

    /// In one part some path has to carry all of it; in several, all paths together.
    fn check_capacity(&self, amount_msat: u64) -> Result<()> {
        let limits = self
            .paths
            .iter()
            .map(|path| (path.payinfo.htlc_minimum_msat, path.payinfo.htlc_maximum_msat));
        let usable = limits
            .filter(|(minimum, _)| *minimum <= amount_msat)
            .map(|(_, maximum)| maximum);
        let most = if self.mpp {
            usable.fold(0, u64::saturating_add)
        } else {
            usable.max().unwrap_or(0)
        };
        if most >= amount_msat {
            return Ok(());
        }
        let parts = if self.mpp { "in parts" } else { "in one part" };
        let message =
            format!("the payment paths carry {most} msat {parts}, and the amount is {amount_msat} msat");
        Err(Error::new(ErrorCode::InsufficientInbound, message)
            .with_field(number::INVOICE_BLINDEDPAY)
            .with_rule(rules::INVOICE_BLINDEDPAY))
    }
}

fn check_path(path: &PaymentPath) -> Result<(), &'static str> {
    if path.path.hops.is_empty() {
        return Err("it has no hops");
    }
    if path.path.hops.len() > 255 {
        return Err("it has more than 255 hops");
    }
    if path
        .path
        .hops
        .iter()
        .any(|hop| hop.encrypted_recipient_data.len() > usize::from(u16::MAX))
    {
        return Err("the data of a hop is longer than 65,535 bytes");
    }
    if path.payinfo.features.iter().any(|byte| *byte != 0) {
        // Every bit would be unknown to a payer, and an even one would make the path useless.
        return Err("it has feature bits, and none are defined");
    }
    if path.payinfo.htlc_minimum_msat > path.payinfo.htlc_maximum_msat {
        return Err("its smallest HTLC is larger than its largest");
    }
    Ok(())
}

fn bad_path(message: String) -> Error {
    Error::new(ErrorCode::InvalidPaymentPath, message)
        .with_field(number::INVOICE_PATHS)
        .with_rule(rules::INVOICE_PATHS)
}
