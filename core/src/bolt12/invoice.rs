//! Invoices, `lni1…`.

use bitcoin::secp256k1::PublicKey;

use super::accessors::{common, offer_fields, request_fields};
use super::fields::number;
use super::merkle::KnownTree;
use super::message::Message;
use super::path::{BlindedPath, PayInfo, PaymentPath};
use super::points::Points;
use super::signature::{invoice_digest, verify_signature};
use super::string::Kind;
use super::tlv::TlvStream;
use super::types::{read_fallbacks, Fallback};
use crate::{rules, Error, ErrorCode, PaymentHash, Result, Rule};

/// How long an invoice can be paid if it does not say, in seconds.
pub const DEFAULT_RELATIVE_EXPIRY: u32 = 7_200;

/// A signed invoice (BOLT 12, Invoices).
///
/// It is well-formed, and its signature is that of `invoice_node_id`. Whether a payer may pay it is another question,
/// see [`answer::check_as_payer`](crate::answer::check_as_payer).
///
/// # Errors
/// Reading breaks off at the first broken rule, in the order: string, TLV stream, values, signature. An invoice without
/// `invoice_node_id` or without `signature` is refused with `missing_field`, since nothing in it can be relied on.
#[derive(Clone, PartialEq, Eq)]
pub struct Invoice {
    message: Message,
    node_id: PublicKey,
    signature: [u8; 64],
    /// Paths and payinfos in pairs, or nothing where their numbers differ.
    payment_paths: Vec<PaymentPath>,
}

common!(Invoice, Kind::Invoice);
offer_fields!(Invoice);
request_fields!(Invoice);

impl Invoice {
    pub(crate) fn from_bytes_with(bytes: Vec<u8>, points: &mut Points) -> Result<Self> {
        Self::from_stream(TlvStream::parse(bytes)?, points)
    }

    pub(crate) fn from_stream(stream: TlvStream, points: &mut Points) -> Result<Self> {
        Self::read(stream, points, None)
    }

    /// Reads an invoice of which points and a part of the merkle tree are known.
    pub(crate) fn read(stream: TlvStream, points: &mut Points, known: Option<KnownTree<'_>>) -> Result<Self> {
        let mut message = Message::read(Kind::Invoice, stream, points)?;
        let node_id = message
            .node_id
            .ok_or_else(|| missing(number::INVOICE_NODE_ID, rules::INVOICE_NODE_ID))?;
        let signature: [u8; 64] = message
            .array(number::SIGNATURE)
            .ok_or_else(|| missing(number::SIGNATURE, rules::INVOICE_SIGNATURE))?;
        if !verify_signature(
            &invoice_digest(&message.merkle_root_with(known)),
            &signature,
            &node_id,
        ) {
            let message = "the signature is not one of invoice_node_id over this invoice";
            return Err(Error::new(ErrorCode::InvalidSignature, message)
                .with_field(number::SIGNATURE)
                .with_rule(rules::INVOICE_SIGNATURE));
        }
        let payment_paths = pair(&mut message);
        Ok(Self {
            message,
            node_id,
            signature,
            payment_paths,
        })
    }

    /// The payment paths with what each costs: empty if the invoice has none, or not one payinfo per path
    /// (`invoice_paths`, 160, and `invoice_blindedpay`, 162).
    pub fn payment_paths(&self) -> &[PaymentPath] {
        &self.payment_paths
    }

    /// The paths of `invoice_paths` (160), whatever `invoice_blindedpay` holds.
    pub fn paths(&self) -> impl Iterator<Item = &BlindedPath> {
        let alone = self.message.invoice_paths.iter().flatten();
        self.payment_paths.iter().map(|pair| &pair.path).chain(alone)
    }

    /// The payinfos of `invoice_blindedpay` (162), whatever `invoice_paths` holds.
    pub fn payinfos(&self) -> impl Iterator<Item = &PayInfo> {
        let alone = self.message.payinfos.iter().flatten();
        self.payment_paths.iter().map(|pair| &pair.payinfo).chain(alone)
    }

    /// When the invoice was made, in Unix seconds (`invoice_created_at`, 164).
    pub fn created_at(&self) -> Option<u64> {
        self.message.integer(number::INVOICE_CREATED_AT)
    }

    /// How long the invoice can be paid, in seconds from its making: `invoice_relative_expiry` (166), or
    /// [`DEFAULT_RELATIVE_EXPIRY`] if it is absent.
    pub fn relative_expiry(&self) -> u32 {
        let value = self.message.integer(number::INVOICE_RELATIVE_EXPIRY);
        value
            .and_then(|value| u32::try_from(value).ok())
            .unwrap_or(DEFAULT_RELATIVE_EXPIRY)
    }

    /// The last second in which the invoice can be paid, in Unix seconds, and at most 2⁶⁴ − 1.
    pub fn expires_at(&self) -> Option<u64> {
        self.created_at()
            .map(|created_at| created_at.saturating_add(u64::from(self.relative_expiry())))
    }

    /// The payment hash (`invoice_payment_hash`, 168).
    pub fn payment_hash(&self) -> Option<PaymentHash> {
        self.message.array(number::INVOICE_PAYMENT_HASH).map(PaymentHash)
    }

    /// The least amount that is accepted, in msat (`invoice_amount`, 170).
    pub fn amount_msat(&self) -> Option<u64> {
        self.message.integer(number::INVOICE_AMOUNT)
    }

    /// On-chain addresses that can be paid instead, usable or not (`invoice_fallbacks`, 172).
    pub fn fallbacks(&self) -> Vec<Fallback> {
        let value = self.message.stream.get(number::INVOICE_FALLBACKS);
        value
            .and_then(|value| read_fallbacks(value).ok())
            .unwrap_or_default()
    }

    /// The features of the payment, big-endian (`invoice_features`, 174).
    pub fn features(&self) -> Option<&[u8]> {
        self.message.stream.get(number::INVOICE_FEATURES)
    }

    /// The key that signed the invoice (`invoice_node_id`, 176).
    pub fn node_id(&self) -> PublicKey {
        self.node_id
    }

    /// The signature, already verified (`signature`, 240).
    pub fn signature(&self) -> [u8; 64] {
        self.signature
    }

    /// The amount the request asked to pay, in msat (`invreq_amount`, 82).
    pub fn invreq_amount_msat(&self) -> Option<u64> {
        self.message.integer(number::INVREQ_AMOUNT)
    }

    /// The features of the request, big-endian (`invreq_features`, 84).
    pub fn invreq_features(&self) -> Option<&[u8]> {
        self.message.stream.get(number::INVREQ_FEATURES)
    }

    /// Ways to reach the payer (`invreq_paths`, 90).
    pub fn invreq_paths(&self) -> Option<&[BlindedPath]> {
        self.message.invreq_paths.as_deref()
    }
}

/// Moves paths and payinfos into pairs if there is one of each for the other.
fn pair(message: &mut Message) -> Vec<PaymentPath> {
    match (message.invoice_paths.take(), message.payinfos.take()) {
        (Some(paths), Some(payinfos)) if paths.len() == payinfos.len() => paths
            .into_iter()
            .zip(payinfos)
            .map(|(path, payinfo)| PaymentPath { path, payinfo })
            .collect(),
        (paths, payinfos) => {
            message.invoice_paths = paths;
            message.payinfos = payinfos;
            Vec::new()
        }
    }
}

fn missing(number: u64, rule: Rule) -> Error {
    let name = super::field_name(number).unwrap_or_default();
    let message = format!("the invoice has no {name}");
    Error::new(ErrorCode::MissingField, message)
        .with_field(number)
        .with_rule(rule)
}
