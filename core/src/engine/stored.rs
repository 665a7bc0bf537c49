//! An invoice as the store keeps it.
//!
//! A TLV stream of its own numbers. Unknown odd records are passed over, so a later version can add some; unknown even
//! ones are refused. docs/STORE.md describes it for readers of the raw data.

use bitcoin::secp256k1::PublicKey;

use crate::bolt12::{encode_string, invreq_id_of, Kind, TlvStream, TlvWriter};
use crate::engine::codec::{
    corrupt, read_fixed, read_integer, read_nodes, read_paths, read_text, write_nodes, write_paths, Copies,
    Fields, Reader,
};
use crate::engine::layout::Layout;
use crate::engine::{
    DeliveryReport, DeliveryState, PathReport, PayerError, Payment, Record, Replies, Status,
};
use crate::store::Entry;
use crate::{InvreqId, PaymentHash, Preimage, Result};

/// Everything kept about an invoice. `record` shows the public part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredInvoice {
    pub(crate) created_index: u64,
    pub(crate) label: String,
    /// The signed invoice, as a TLV stream.
    pub(crate) invoice: Vec<u8>,
    pub(crate) description: String,
    pub(crate) payment_hash: PaymentHash,
    pub(crate) invreq_id: InvreqId,
    pub(crate) amount_msat: u64,
    pub(crate) created_at: u64,
    pub(crate) expires_at: u64,
    /// What every secret of this invoice is derived from, together with the seed.
    pub(crate) nonce: [u8; 32],
    pub(crate) holder: Holder,
    pub(crate) status: Status,
    pub(crate) updated_index: Option<u64>,
    pub(crate) claim: Option<ClaimBegun>,
    pub(crate) payment: Option<Payment>,
    pub(crate) delivery: DeliveryState,
    pub(crate) paths: Vec<PathReport>,
    /// The path the next copy goes over; `None` where no copy is due.
    pub(crate) next_path: Option<u32>,
    /// The number of the next copy.
    pub(crate) next_copy: u32,
    /// The copies the host accepted.
    pub(crate) sent: Copies,
    /// The copies the payer answered with an error.
    pub(crate) answered: Copies,
    pub(crate) error: Option<PayerError>,
    pub(crate) replies: Replies,
    /// The first copy of the present round over the paths. A resend begins a new one.
    pub(crate) round: u32,
    /// The nodes at which copies may be answered, where that is not our reply key; the latest ones.
    pub(crate) reply_nodes: Vec<PublicKey>,
}

/// Who holds the preimage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// The engine derives it.
    Engine,
    /// The host made it; it is kept sealed.
    Sealed(Vec<u8>),
    /// The host keeps it to itself.
    Host,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClaimBegun {
    pub(crate) total_msat: u64,
    pub(crate) first_htlc_at: u64,
}

// The record numbers of the stored form.
const LABEL: u64 = 0;
const INVOICE: u64 = 2;
const NONCE: u64 = 4;
const HOLDER: u64 = 6;
const SEALED: u64 = 8;
const STATUS: u64 = 10;
const EXPIRES_AT: u64 = 12;
const UPDATED_INDEX: u64 = 14;
const CLAIM: u64 = 16;
const PAY_INDEX: u64 = 18;
const AMOUNT_RECEIVED: u64 = 20;
const PAID_AT: u64 = 22;
const PREIMAGE: u64 = 24;
const DELIVERY: u64 = 26;
const PATHS: u64 = 28;
const NEXT_PATH: u64 = 30;
const NEXT_COPY: u64 = 32;
const SENT: u64 = 34;
const ANSWERED: u64 = 36;
const ERROR_MESSAGE: u64 = 38;
const ERROR_FIELD: u64 = 40;
const ERROR_VALUE: u64 = 42;
const ERROR_AT: u64 = 44;
/// Even, because a reader that passed over it would do what the caller does not want.
const REPLIES: u64 = 46;
const KNOWN: u64 = REPLIES;
const ROUND: u64 = 47;
const REPLY_NODES: u64 = 49;

impl StoredInvoice {
    /// Whether it lies among the open invoices, which the engine keeps in memory.
    pub(crate) fn is_open(&self) -> bool {
        self.status == Status::Unpaid
    }

    /// The first moment in which it has expired; never while a payment is being claimed.
    pub(crate) fn expires_ms(&self) -> Option<u64> {
        (self.is_open() && self.claim.is_none())
            .then(|| self.expires_at.saturating_add(1).saturating_mul(1000))
    }

    /// What the outside sees of it.
    pub(crate) fn record(&self) -> Record {
        Record {
            label: self.label.clone(),
            description: self.description.clone(),
            payment_hash: self.payment_hash,
            invreq_id: self.invreq_id,
            bolt12: encode_string(Kind::Invoice, &self.invoice),
            amount_msat: self.amount_msat,
            status: self.status,
            claiming: self.claim.is_some(),
            created_at: self.created_at,
            expires_at: self.expires_at,
            created_index: self.created_index,
            updated_index: self.updated_index,
            payment: self.payment.clone(),
            delivery: DeliveryReport {
                state: self.delivery,
                attempts: self.next_copy,
                paths: self.paths.clone(),
                error: self.error.clone(),
            },
        }
    }

    /// Every entry of the store that this invoice stands behind, in the order of the keys, in which transcripts show a write.
    pub(crate) fn entries(&self, layout: &Layout) -> Vec<Entry> {
        let index = self.created_index;
        let pointer = || index.to_be_bytes().to_vec();
        let body = if self.is_open() {
            layout.open(index)
        } else {
            layout.closed(index)
        };
        let mut entries = Vec::new();
        let mut add = |key: Vec<u8>, value: Vec<u8>| {
            let place = entries.partition_point(|entry: &Entry| entry.key < key);
            entries.insert(place, Entry { key, value });
        };
        add(body, self.encode());
        add(layout.label(&self.label), pointer());
        add(layout.payment_hash(&self.payment_hash), pointer());
        // An expired answer no longer stands for its request, so the request can be answered again.
        if self.status != Status::Expired || self.claim.is_some() {
            add(layout.request(&self.invreq_id, index), pointer());
        }
        if let Some(updated) = self.updated_index {
            add(layout.updated(updated), pointer());
        }
        if let Some(payment) = &self.payment {
            add(layout.paid(payment.pay_index), pointer());
        }
        entries
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        // The numbers ascend, so the writer has nothing to refuse.
        self.write().map(TlvWriter::into_bytes).unwrap_or_default()
    }

    fn write(&self) -> Result<TlvWriter> {
        let mut out = TlvWriter::new();
        out.record(LABEL, self.label.as_bytes())?;
        out.record(INVOICE, &self.invoice)?;
        out.record(NONCE, &self.nonce)?;
        match &self.holder {
            Holder::Engine => out.integer(HOLDER, 0)?,
            Holder::Sealed(sealed) => out.integer(HOLDER, 1)?.record(SEALED, sealed)?,
            Holder::Host => out.integer(HOLDER, 2)?,
        };
        out.integer(STATUS, self.status.number())?;
        out.integer(EXPIRES_AT, self.expires_at)?;
        if let Some(index) = self.updated_index {
            out.integer(UPDATED_INDEX, index)?;
        }
        if let Some(claim) = &self.claim {
            let value = [claim.total_msat.to_be_bytes(), claim.first_htlc_at.to_be_bytes()].concat();
            out.record(CLAIM, &value)?;
        }
        if let Some(payment) = &self.payment {
            out.integer(PAY_INDEX, payment.pay_index)?;
            out.integer(AMOUNT_RECEIVED, payment.amount_received_msat)?;
            out.integer(PAID_AT, payment.paid_at)?;
            out.record(PREIMAGE, payment.payment_preimage.expose())?;
        }
        out.integer(DELIVERY, self.delivery.number())?;
        out.record(PATHS, &write_paths(&self.paths))?;
        if let Some(path) = self.next_path {
            out.integer(NEXT_PATH, u64::from(path))?;
        }
        out.integer(NEXT_COPY, u64::from(self.next_copy))?;
        out.record(SENT, &self.sent.write())?;
        out.record(ANSWERED, &self.answered.write())?;
        if let Some(error) = &self.error {
            out.record(ERROR_MESSAGE, error.message.as_bytes())?;
            if let Some(field) = error.erroneous_field {
                out.integer(ERROR_FIELD, field)?;
            }
            if let Some(value) = &error.suggested_value {
                out.record(ERROR_VALUE, value.as_bytes())?;
            }
            out.integer(ERROR_AT, error.received_at)?;
        }
        if self.replies == Replies::Unwanted {
            out.integer(REPLIES, 1)?;
        }
        if self.round > 0 {
            out.integer(ROUND, u64::from(self.round))?;
        }
        if !self.reply_nodes.is_empty() {
            out.record(REPLY_NODES, &write_nodes(&self.reply_nodes))?;
        }
        Ok(out)
    }

    pub(crate) fn decode(created_index: u64, bytes: &[u8]) -> Result<Self> {
        let fields = Fields::parse(bytes).ok_or_else(|| corrupt("an invoice"))?;
        if fields.numbers().any(|number| number > KNOWN && number % 2 == 0) {
            return Err(corrupt("an invoice of a later version"));
        }
        let invoice = fields.get(INVOICE).map(<[u8]>::to_vec).map(TlvStream::parse);
        let Some(Ok(invoice)) = invoice else {
            return Err(corrupt("an invoice"));
        };
        let stored = |number| fields.get(number);
        let signed = |number| invoice.get(number);
        let mut stored = Reader::new(&stored);
        let mut signed = Reader::new(&signed);
        let read = Self {
            created_index,
            label: stored.needed(LABEL, read_text),
            description: signed.optional(10, read_text).unwrap_or_default(),
            payment_hash: PaymentHash(signed.needed(168, read_fixed)),
            invreq_id: invreq_id_of(&invoice),
            amount_msat: signed.needed(170, read_integer),
            created_at: signed.needed(164, read_integer),
            expires_at: stored.needed(EXPIRES_AT, read_integer),
            nonce: stored.needed(NONCE, read_fixed),
            holder: match stored.needed(HOLDER, read_integer) {
                0 => Holder::Engine,
                1 => Holder::Sealed(stored.needed(SEALED, |sealed| Ok(sealed.to_vec()))),
                2 => Holder::Host,
                _ => stored.refuse("the holder of a preimage", Holder::Host),
            },
            status: stored.named(STATUS, Status::from_number, "a status", Status::Unpaid),
            updated_index: stored.optional(UPDATED_INDEX, read_integer),
            claim: stored.optional(CLAIM, read_claim),
            payment: stored.optional(PAY_INDEX, read_integer).map(|pay_index| Payment {
                pay_index,
                amount_received_msat: stored.needed(AMOUNT_RECEIVED, read_integer),
                paid_at: stored.needed(PAID_AT, read_integer),
                payment_preimage: Preimage::new(stored.needed(PREIMAGE, read_fixed)),
            }),
            delivery: stored.named(
                DELIVERY,
                DeliveryState::from_number,
                "a delivery",
                DeliveryState::Stored,
            ),
            paths: stored.needed(PATHS, read_paths),
            next_path: stored
                .optional(NEXT_PATH, read_integer)
                .map(|path| u32::try_from(path).unwrap_or(u32::MAX)),
            next_copy: stored.needed(NEXT_COPY, |value| small(value, "a copy")),
            sent: stored.needed(SENT, Copies::read),
            answered: stored.needed(ANSWERED, Copies::read),
            error: stored
                .optional(ERROR_MESSAGE, read_text)
                .map(|message| PayerError {
                    message,
                    erroneous_field: stored.optional(ERROR_FIELD, read_integer),
                    suggested_value: stored.optional(ERROR_VALUE, read_text),
                    received_at: stored.needed(ERROR_AT, read_integer),
                }),
            replies: match stored.optional(REPLIES, read_integer) {
                None => Replies::Wanted,
                Some(1) => Replies::Unwanted,
                Some(_) => stored.refuse("whether replies are wanted", Replies::Wanted),
            },
            round: stored
                .optional(ROUND, |value| small(value, "a round"))
                .unwrap_or_default(),
            reply_nodes: stored.optional(REPLY_NODES, read_nodes).unwrap_or_default(),
            invoice: invoice.as_bytes().to_vec(),
        };
        stored.end()?;
        signed.end()?;
        Ok(read)
    }
}

fn small(value: &[u8], what: &str) -> Result<u32> {
    u32::try_from(read_integer(value)?).map_err(|_| corrupt(what))
}

fn read_claim(value: &[u8]) -> Result<ClaimBegun> {
    let (total, first) = value.split_at_checked(8).ok_or_else(|| corrupt("a claim"))?;
    Ok(ClaimBegun {
        total_msat: u64::from_be_bytes(read_fixed(total)?),
        first_htlc_at: u64::from_be_bytes(read_fixed(first)?),
    })
}
