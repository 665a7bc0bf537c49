//! Any BOLT 12 message.

use core::fmt;
use core::str::FromStr;

use bitcoin::secp256k1::PublicKey;

use super::points::Points;
use super::string::{decode_string, Kind};
use super::tlv::{TlvRecord, TlvStream};
use super::{Invoice, InvoiceRequest, Offer};
use crate::{Error, Result};

/// An offer, an invoice request or an invoice, for whoever does not know which it will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bolt12 {
    /// An offer.
    Offer(Offer),
    /// An invoice request.
    InvoiceRequest(InvoiceRequest),
    /// An invoice.
    Invoice(Invoice),
}

impl Bolt12 {
    /// Reads the bytes of a message of this kind.
    ///
    /// # Errors
    /// Those of [`Offer`], [`InvoiceRequest`] or [`Invoice`].
    pub fn from_bytes(kind: Kind, bytes: Vec<u8>) -> Result<Self> {
        Self::from_stream(kind, TlvStream::parse(bytes)?)
    }

    pub(crate) fn from_stream(kind: Kind, stream: TlvStream) -> Result<Self> {
        let points = &mut Points::default();
        Ok(match kind {
            Kind::Offer => Self::Offer(Offer::from_stream(stream, points)?),
            Kind::InvoiceRequest => Self::InvoiceRequest(InvoiceRequest::from_stream(stream, points)?),
            Kind::Invoice => Self::Invoice(Invoice::from_stream(stream, points)?),
        })
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Offer(_) => Kind::Offer,
            Self::InvoiceRequest(_) => Kind::InvoiceRequest,
            Self::Invoice(_) => Kind::Invoice,
        }
    }

    /// The bytes of the message, exactly as they were read.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Offer(offer) => offer.as_bytes(),
            Self::InvoiceRequest(request) => request.as_bytes(),
            Self::Invoice(invoice) => invoice.as_bytes(),
        }
    }

    /// Every record as it stands in the message, in ascending order of the types.
    pub fn records(&self) -> Vec<TlvRecord<'_>> {
        match self {
            Self::Offer(offer) => offer.records().collect(),
            Self::InvoiceRequest(request) => request.records().collect(),
            Self::Invoice(invoice) => invoice.records().collect(),
        }
    }

    /// The merkle root over all records but the signature, or zeros if there are no others.
    pub fn merkle_root(&self) -> [u8; 32] {
        match self {
            Self::Offer(offer) => offer.merkle_root(),
            Self::InvoiceRequest(request) => request.merkle_root(),
            Self::Invoice(invoice) => invoice.merkle_root(),
        }
    }

    /// `offer_id` of an offer, `invreq_id` of an invoice request or an invoice; `None` if there are no records it is made
    /// of.
    pub fn id(&self) -> Option<[u8; 32]> {
        match self {
            Self::Offer(offer) => offer.offer_id(),
            Self::InvoiceRequest(request) => request.mirrored().next().map(|_| request.invreq_id().0),
            Self::Invoice(invoice) => invoice.mirrored().next().map(|_| invoice.invreq_id().0),
        }
    }

    /// Whose signature it carries: the payer's id in a request, the node id in an invoice; `None` where there is none. A signature
    /// that is there is correct: it was checked when the message was read.
    pub fn signer(&self) -> Option<PublicKey> {
        match self {
            Self::Offer(_) => None,
            Self::InvoiceRequest(request) => request.payer_id().filter(|_| request.is_signed()),
            Self::Invoice(invoice) => Some(invoice.node_id()),
        }
    }

    /// Whether it is signed; an offer never is.
    pub fn is_signed(&self) -> bool {
        match self {
            Self::Offer(_) => false,
            Self::InvoiceRequest(request) => request.is_signed(),
            Self::Invoice(_) => true,
        }
    }
}

impl FromStr for Bolt12 {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (kind, bytes) = decode_string(text)?;
        Self::from_bytes(kind, bytes)
    }
}

impl fmt::Display for Bolt12 {
    /// The string in lower case and in one piece.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Offer(offer) => offer.fmt(f),
            Self::InvoiceRequest(request) => request.fmt(f),
            Self::Invoice(invoice) => invoice.fmt(f),
        }
    }
}
