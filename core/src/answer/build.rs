//! Building, signing and checking the invoice.

use std::sync::Arc;

use bitcoin::secp256k1::{Keypair, Message, Secp256k1, Signing};

use crate::answer::{check_as_payer, Answerable, Terms};
use crate::bolt12::limits::MAX_BYTES;
use crate::bolt12::{
    invoice_digest, number, Invoice, InvoiceRequest, KnownTree, Points, TlvRecord, TlvStream, TlvWriter,
    Tree, DEFAULT_RELATIVE_EXPIRY,
};
use crate::{rules, Error, ErrorCode, NodeKey, Result};

/// The tag of an invoice's signature, for signers that hash by themselves (BOLT 12, Signature Calculation).
pub const INVOICE_SIGNATURE_TAG: &str = "lightninginvoicesignature";

/// Bit 17, optional: the payment may arrive in parts (BOLT 9).
const MPP_OPTIONAL: [u8; 3] = [0x02, 0, 0];

/// The length of the signature's record: type, length and value.
const SIGNATURE_RECORD: usize = 66;

/// An invoice that waits for its signature.
#[derive(Clone, Debug)]
pub struct UnsignedInvoice {
    request: Arc<InvoiceRequest>,
    created_at: u64,
    points: Points<'static>,
    stream: TlvStream,
    tree: Tree,
    digest: [u8; 32],
}

/// The invoice that answers this request on these terms, without its signature.
///
/// The records of the request are copied byte for byte, those nobody knows included (BOLT 12, Invoices).
///
/// # Errors
/// `invalid_expiry`, `invalid_payment_path`, `insufficient_inbound`, `path_expires_early`; `limit_exceeded` for a request
/// that is so long that no message could carry an invoice for it.
pub fn prepare(answerable: &Answerable, terms: &Terms) -> Result<UnsignedInvoice> {
    terms.check(answerable.amount_msat())?;
    let request = answerable.request();
    // Room for some payment paths; a Vec grows where there are more.
    let mut out = TlvWriter::with_capacity(request.as_bytes().len().saturating_add(512));
    let ahead = |number| (..number::INVOICE_PATHS).contains(&number);
    copy(&mut out, request.mirrored(), ahead)?;
    write_terms(&mut out, answerable, terms)?;
    copy(&mut out, request.mirrored(), |number| !ahead(number))?;
    let bytes = out.into_bytes();
    if bytes.len().saturating_add(SIGNATURE_RECORD) > MAX_BYTES {
        let message =
            format!("the invoice would be longer than {MAX_BYTES} bytes, and no message could carry it");
        return Err(Error::new(ErrorCode::LimitExceeded, message).with_rule(rules::LIMITS));
    }
    let stream = TlvStream::parse(bytes)?;
    let tree = Tree::new(&stream, request.known_tree());
    let root = tree
        .root
        .ok_or_else(|| Error::new(ErrorCode::Internal, "an invoice without records"))?;
    Ok(UnsignedInvoice {
        request: answerable.shared_request(),
        created_at: terms.created_at,
        points: known_points(answerable, terms),
        stream,
        tree,
        digest: invoice_digest(&root),
    })
}

/// Reads a request and [prepares](prepare) its answer, for whoever has no need to look at it first. The request has to be for this
/// chain, unless that is `None`, and to stand when the invoice is made; an amount that is given has to be its own.
///
/// # Errors
/// Those of [`InvoiceRequest`], [`Answerable::new`], [`Answerable::check_amount`] and [`prepare`].
pub fn prepare_str(
    invreq: &str,
    chain: Option<[u8; 32]>,
    amount_msat: Option<u64>,
    terms: &Terms,
) -> Result<UnsignedInvoice> {
    let answerable = Answerable::new(invreq.parse()?, chain, Some(terms.created_at))?;
    answerable.check_amount(amount_msat)?;
    prepare(&answerable, terms)
}

/// The signed invoice that answers this request, for a key at hand. `terms.node_id` has to be the key's.
///
/// # Errors
/// Those of [`prepare`] and [`UnsignedInvoice::finish`].
pub fn answer<C: Signing>(
    answerable: &Answerable,
    terms: &Terms,
    key: &Keypair,
    secp: &Secp256k1<C>,
) -> Result<Invoice> {
    let unsigned = prepare(answerable, terms)?;
    let signature = secp.sign_schnorr_no_aux_rand(&Message::from_digest(unsigned.digest()), key);
    unsigned.finish(&signature.serialize())
}

impl UnsignedInvoice {
    /// The 32 bytes that the key of [`Terms::node_id`] has to sign with BIP 340.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// The TLV stream without the signature.
    pub fn as_bytes(&self) -> &[u8] {
        self.stream.as_bytes()
    }

    /// The signed invoice, for a key at hand: that of [`Terms::node_id`].
    ///
    /// # Errors
    /// Those of [`finish`](Self::finish).
    pub fn sign(&self, key: &NodeKey) -> Result<Invoice> {
        self.finish(&key.sign(&self.digest))
    }

    /// The signed invoice. It is read again from its bytes and held against every rule the payer has.
    ///
    /// # Errors
    /// `invalid_signature` if the signature is not one of [`Terms::node_id`]; `self_check_failed` if the payer would refuse
    /// the invoice for any other reason, which would be a defect of this library.
    pub fn finish(&self, signature: &[u8; 64]) -> Result<Invoice> {
        let stream = TlvStream::parse(self.with_signature(signature)?).map_err(failed_self_check)?;
        let known = KnownTree {
            stream: &self.stream,
            tree: &self.tree,
        };
        let invoice = Invoice::read(stream, &mut Points::after(&self.points), Some(known)).map_err(
            |error| match error.code() {
                ErrorCode::InvalidSignature => error,
                _ => failed_self_check(error),
            },
        )?;
        let chain = self.request.chain();
        check_as_payer(&invoice, Some(&self.request), Some(chain), Some(self.created_at))
            .map_err(failed_self_check)?;
        Ok(invoice)
    }

    /// The signature stands between the invoice's own records and the experimental ones of the request.
    fn with_signature(&self, signature: &[u8; 64]) -> Result<Vec<u8>> {
        let mut out = TlvWriter::with_capacity(self.stream.as_bytes().len().saturating_add(128));
        let records = self.stream.records();
        let ahead = |number| (..number::SIGNATURE).contains(&number);
        copy(&mut out, records.clone(), ahead)?;
        out.record(number::SIGNATURE, signature)?;
        copy(&mut out, records, |number| !ahead(number))?;
        Ok(out.into_bytes())
    }
}

/// The points that were read or made already; reading one again costs as much as a tenth of a verification.
fn known_points(answerable: &Answerable, terms: &Terms) -> Points<'static> {
    let mut points = Points::default();
    points.add(&terms.node_id);
    points.add(&answerable.payer_id());
    for path in answerable.request().paths().into_iter().flatten() {
        points.add_path(path);
    }
    for path in &terms.paths {
        points.add_path(&path.path);
    }
    points
}

fn write_terms(out: &mut TlvWriter, answerable: &Answerable, terms: &Terms) -> Result<()> {
    let (mut paths, mut payinfos) = (Vec::with_capacity(512), Vec::with_capacity(64));
    for payment_path in &terms.paths {
        payment_path.path.write(&mut paths)?;
        payment_path.payinfo.write(&mut payinfos)?;
    }
    out.record(number::INVOICE_PATHS, &paths)?;
    out.record(number::INVOICE_BLINDEDPAY, &payinfos)?;
    out.integer(number::INVOICE_CREATED_AT, terms.created_at)?;
    if terms.relative_expiry != DEFAULT_RELATIVE_EXPIRY {
        out.integer(number::INVOICE_RELATIVE_EXPIRY, u64::from(terms.relative_expiry))?;
    }
    out.record(number::INVOICE_PAYMENT_HASH, &terms.payment_hash.0)?;
    out.integer(number::INVOICE_AMOUNT, answerable.amount_msat())?;
    if terms.mpp {
        out.record(number::INVOICE_FEATURES, &MPP_OPTIONAL)?;
    }
    out.record(number::INVOICE_NODE_ID, &terms.node_id.serialize())?;
    Ok(())
}

fn copy<'a>(
    out: &mut TlvWriter,
    records: impl Iterator<Item = TlvRecord<'a>>,
    wanted: impl Fn(u64) -> bool,
) -> Result<()> {
    for record in records.filter(|record| wanted(record.number)) {
        out.copy(record)?;
    }
    Ok(())
}

fn failed_self_check(cause: Error) -> Error {
    let mut details = cause.into_details();
    details.message = format!(
        "the finished invoice would be refused by the payer: {}",
        details.message
    );
    details.code = ErrorCode::SelfCheckFailed;
    details.rpc_code = ErrorCode::SelfCheckFailed.rpc_code();
    Error::from(details)
}
