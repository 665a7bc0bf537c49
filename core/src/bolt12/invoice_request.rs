//! Invoice requests, `lnr1…`.

use super::accessors::{common, offer_fields, request_fields};
use super::fields::number;
use super::merkle::KnownTree;
use super::message::Message;
use super::path::BlindedPath;
use super::points::Points;
use super::signature::{invoice_request_digest, verify_signature};
use super::string::Kind;
use super::tlv::TlvStream;
use crate::{rules, Error, ErrorCode, Result};

/// An invoice request: somebody wants to pay, and asks for an invoice (BOLT 12, Invoice Requests).
///
/// It is well-formed: every record is encoded as its type demands, no unknown record must be understood, all types lie
/// in the ranges of a request, and a signature, if there is one, is correct. Whether it can be *answered* is another
/// question, see [`answer::check`](crate::answer::check).
///
/// Signed and unsigned requests are both read: LDK writes no signature, Core Lightning and LND always write one. The
/// signing key is in the request itself, so all that a signature proves is that whoever wrote the request holds the key.
///
/// # Errors
/// Reading breaks off at the first broken rule, in the order: string, TLV stream, values, ranges, signature. The
/// signature of a request without `invreq_payer_id` is refused with `missing_field`.
#[derive(Clone, PartialEq, Eq)]
pub struct InvoiceRequest {
    message: Message,
}

common!(InvoiceRequest, Kind::InvoiceRequest);
offer_fields!(InvoiceRequest);
request_fields!(InvoiceRequest);

impl InvoiceRequest {
    pub(crate) fn from_bytes_with(bytes: Vec<u8>, points: &mut Points) -> Result<Self> {
        Self::from_stream(TlvStream::parse(bytes)?, points)
    }

    pub(crate) fn from_stream(stream: TlvStream, points: &mut Points) -> Result<Self> {
        let request = Self {
            message: Message::read(Kind::InvoiceRequest, stream, points)?,
        };
        let Some(signature) = request.signature() else {
            return Ok(request);
        };
        let Some(payer_id) = request.payer_id() else {
            let message = "the request is signed, but has no invreq_payer_id that could have signed it";
            return Err(Error::new(ErrorCode::MissingField, message)
                .with_field(number::INVREQ_PAYER_ID)
                .with_rule(rules::INVREQ_PAYER_ID));
        };
        if !verify_signature(
            &invoice_request_digest(&request.merkle_root()),
            &signature,
            &payer_id,
        ) {
            let message = "the signature is not one of invreq_payer_id over this request";
            return Err(Error::new(ErrorCode::InvalidSignature, message)
                .with_field(number::SIGNATURE)
                .with_rule(rules::INVREQ_SIGNATURE));
        }
        Ok(request)
    }

    /// The merkle tree, if it was needed so far.
    pub(crate) fn known_tree(&self) -> Option<KnownTree<'_>> {
        self.message.known_tree()
    }

    /// The amount the payer will pay, in msat (`invreq_amount`, 82).
    pub fn amount_msat(&self) -> Option<u64> {
        self.message.integer(number::INVREQ_AMOUNT)
    }

    /// The features of the request, big-endian (`invreq_features`, 84).
    pub fn features(&self) -> Option<&[u8]> {
        self.message.stream.get(number::INVREQ_FEATURES)
    }

    /// Ways to reach the payer; the payer's own node if `None` (`invreq_paths`, 90).
    pub fn paths(&self) -> Option<&[BlindedPath]> {
        self.message.invreq_paths.as_deref()
    }

    /// The signature of the payer, already verified (`signature`, 240).
    pub fn signature(&self) -> Option<[u8; 64]> {
        self.message.array(number::SIGNATURE)
    }

    /// Whether the request is signed.
    pub fn is_signed(&self) -> bool {
        self.message.stream.contains(number::SIGNATURE)
    }
}
