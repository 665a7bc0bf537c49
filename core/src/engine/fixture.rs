//! Invoices that nobody made and nobody signed, as the store keeps them: for benchmarks of large stores.

use crate::bolt12::{invreq_id_of, number, TlvStream, TlvWriter};
use crate::engine::codec::Copies;
use crate::engine::keys::Keys;
use crate::engine::layout::Layout;
use crate::engine::meta;
use crate::engine::state::Counters;
use crate::engine::stored::{Holder, StoredInvoice};
use crate::engine::{Config, DeliveryState, PathOutcome, PathReport, Payment, Replies, Status};
use crate::store::Entry;
use crate::{PaymentHash, Preimage, Result};
use bitcoin::secp256k1::PublicKey;

/// Makes the entries of a store by the thousand, without any cryptography.
#[doc(hidden)]
pub struct Fixture {
    config: Config,
    keys: Keys,
    layout: Layout,
    payer: PublicKey,
}

impl Fixture {
    /// For the store of this wallet; `payer` is the payer of every invoice.
    pub fn new(config: Config, seed: &[u8; 32], payer: PublicKey) -> Self {
        Self {
            keys: Keys::new(seed, config.chain()),
            layout: Layout::new(&config.wallet_id),
            config,
            payer,
        }
    }

    /// The two entries every store has, where it holds `closed` closed and then `open` open invoices.
    pub fn head(&self, closed: u64, open: u64) -> Vec<Entry> {
        let counters = Counters {
            created: closed.saturating_add(open),
            updated: closed,
            paid: closed / 2,
            last_ms: 1_700_000_000_000,
        };
        let meta = meta::encode(&self.config, &self.keys, &counters);
        vec![
            Entry::new(self.layout.meta(), meta),
            Entry::new(self.layout.revision(), 1u64.to_be_bytes()),
        ]
    }

    /// The entries of a closed invoice: those with even indexes are paid, the others expired.
    ///
    /// # Errors
    /// None in practice.
    pub fn closed(&self, index: u64) -> Result<Vec<Entry>> {
        let mut invoice = self.invoice(index)?;
        invoice.updated_index = Some(index);
        invoice.status = Status::Expired;
        if index % 2 == 0 {
            invoice.status = Status::Paid;
            invoice.payment = Some(Payment {
                pay_index: index / 2,
                amount_received_msat: invoice.amount_msat,
                paid_at: invoice.created_at,
                payment_preimage: Preimage::new(spread(index)),
            });
        }
        Ok(self.entries(&invoice))
    }

    /// The entries of an invoice that is sent and can still be paid.
    ///
    /// # Errors
    /// None in practice.
    pub fn open(&self, index: u64) -> Result<Vec<Entry>> {
        let mut invoice = self.invoice(index)?;
        invoice.expires_at = 4_000_000_000;
        Ok(self.entries(&invoice))
    }

    fn entries(&self, invoice: &StoredInvoice) -> Vec<Entry> {
        invoice.entries(&self.layout)
    }

    fn invoice(&self, index: u64) -> Result<StoredInvoice> {
        let (hash, created_at, amount_msat) = (spread(index), 1_700_000_000, 20_000_001);
        let key = self.payer.serialize();
        // A path of two hops with 51 bytes each, and what it costs: the size of a real one is what counts.
        let hop = [key.as_slice(), &[0, 51], &[0x51; 51]].concat();
        let path = [key.as_slice(), &key, &[2], &hop, &hop].concat();
        let mut out = TlvWriter::new();
        out.record(number::INVREQ_METADATA, &index.to_be_bytes())?;
        out.record(number::OFFER_DESCRIPTION, b"ATM withdrawal")?;
        out.record(number::INVREQ_CHAIN, &self.config.chain())?;
        out.integer(number::INVREQ_AMOUNT, amount_msat)?;
        out.record(number::INVREQ_PAYER_ID, &key)?;
        out.record(number::INVOICE_PATHS, &path)?;
        out.record(number::INVOICE_BLINDEDPAY, &[0; 28])?;
        out.integer(number::INVOICE_CREATED_AT, created_at)?;
        out.integer(number::INVOICE_RELATIVE_EXPIRY, 3_600)?;
        out.record(number::INVOICE_PAYMENT_HASH, &hash)?;
        out.integer(number::INVOICE_AMOUNT, amount_msat)?;
        out.record(number::INVOICE_NODE_ID, &key)?;
        out.record(number::SIGNATURE, &[0x55; 64])?;
        let stream = TlvStream::parse(out.into_bytes())?;
        Ok(StoredInvoice {
            created_index: index,
            label: format!("withdrawal {index}"),
            description: "ATM withdrawal".to_owned(),
            payment_hash: PaymentHash(hash),
            invreq_id: invreq_id_of(&stream),
            amount_msat,
            created_at,
            expires_at: 1_700_003_600,
            nonce: spread(index),
            holder: Holder::Engine,
            status: Status::Unpaid,
            updated_index: None,
            claim: None,
            payment: None,
            delivery: DeliveryState::Sent,
            paths: vec![PathReport {
                introduction: crate::bolt12::Introduction::NodeId(self.payer),
                outcome: PathOutcome::Accepted,
                attempts: 1,
            }],
            next_path: None,
            next_copy: 1,
            sent: Copies::read(&[0; 4])?,
            answered: Copies::default(),
            error: None,
            replies: Replies::Wanted,
            round: 0,
            reply_nodes: Vec::new(),
            invoice: stream.as_bytes().to_vec(),
        })
    }
}

/// 32 bytes that are another for each index and lie all over the place, as hashes do.
fn spread(index: u64) -> [u8; 32] {
    let mut out = [0x5a; 32];
    let scattered = index.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    out.iter_mut().zip(scattered).for_each(|(to, from)| *to = from);
    out
}
