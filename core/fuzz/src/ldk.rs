use std::ops::RangeInclusive;

use arbitrary::{Result, Unstructured};
use invreq::answer::{check, check_as_payer};
use invreq::bolt12::{Bolt12, Kind};
use invreq::ErrorCode;
use lightning::offers::invoice::Bolt12Invoice;
use lightning::offers::offer::Offer;
use lightning::offers::refund::Refund;

use crate::records::{records, sign, stream, value, KEYS};

/// Reads a made-up message with our parser and LDK's.
///
/// The first byte says the kind, and whether the others are the message or make up one that is mostly in order.
pub fn ldk(data: &[u8]) {
    let Some((head, rest)) = data.split_first() else {
        return;
    };
    let kind = Kind::ALL[usize::from(head & 0x7f) % 3];
    match head >> 7 {
        0 => compare(kind, rest),
        // Too few bytes are no find.
        _ => _ = message(kind, &mut Unstructured::new(rest)).map(|bytes| compare(kind, &bytes)),
    }
}

fn message(kind: Kind, input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut made = records(input)?;
    let key = input.choose(&KEYS[..])?.public_key().serialize().to_vec();
    let usual: &[u64] = match kind {
        Kind::Offer => &[10, 22],
        Kind::InvoiceRequest => &[0, 10, 82, 88],
        Kind::Invoice => &[0, 10, 82, 88, 160, 162, 164, 168, 170, 176],
    };
    for number in usual {
        if input.ratio(15, 16)? {
            let value = if matches!(number, 22 | 88 | 176) {
                key.clone()
            } else {
                value(input, *number)?
            };
            made.insert(*number, value);
        }
    }
    if input.ratio(3, 4)? {
        // Records that the kind does not have make every message the same.
        made.retain(|number, _| match kind {
            Kind::Offer => (1..80).contains(number) || (1_000_000_000..2_000_000_000).contains(number),
            Kind::InvoiceRequest => *number < 160 || (1_000_000_000..3_000_000_000).contains(number),
            Kind::Invoice => !(240..=1_000).contains(number),
        });
    }
    if kind == Kind::Invoice {
        sign(&mut made, kind);
    }
    Ok(stream(&made))
}

fn compare(kind: Kind, bytes: &[u8]) {
    let ours = read(kind, bytes);
    let theirs = match kind {
        Kind::Offer => Offer::try_from(bytes.to_vec()).map(Theirs::Offer),
        Kind::InvoiceRequest => Refund::try_from(bytes.to_vec()).map(Theirs::Refund),
        Kind::Invoice => Bolt12Invoice::try_from(bytes.to_vec()).map(Theirs::Invoice),
    };
    match (&ours, &theirs) {
        (Ok(message), Ok(theirs)) => same(message, theirs),
        (Err(error), Ok(_)) => {
            let may = ONLY_LDK_READS
                .iter()
                .any(|(of, code, _)| *of == kind && *code == error.code());
            assert!(
                may || error.code() == ErrorCode::LimitExceeded,
                "only LDK reads it: {error:?}"
            );
        }
        (Ok(message), Err(why)) => {
            let may = ONLY_WE_READ
                .iter()
                .any(|(of, _, holds)| *of == kind && holds(message));
            assert!(may, "only we read it: {why:?} {message:?}");
        }
        (Err(_), Err(_)) => {}
    }
}

/// A message that is well-formed, and can be answered or paid.
fn read(kind: Kind, bytes: &[u8]) -> invreq::Result<Bolt12> {
    let message = Bolt12::from_bytes(kind, bytes.to_vec())?;
    match &message {
        Bolt12::Offer(_) => {}
        Bolt12::InvoiceRequest(request) => drop(check(request, None, None)?),
        Bolt12::Invoice(invoice) => check_as_payer(invoice, None, None, None)?,
    }
    Ok(message)
}

enum Theirs {
    Offer(Offer),
    Refund(Refund),
    Invoice(Bolt12Invoice),
}

/// What LDK reads and we do not: the kind, our error, the rule. What breaks our limits stands for itself.
#[rustfmt::skip] // one line for each rule
const ONLY_LDK_READS: &[(Kind, ErrorCode, &str)] = &[
    (Kind::Offer, ErrorCode::InvalidValue, "offers-test: offer_chains with zero entries is invalid"),
    (Kind::Offer, ErrorCode::UnknownFeature, "offers-test: an unknown even feature is invalid; LDK refuses it when the offer is used"),
    (Kind::Offer, ErrorCode::EmptyPaths, "offer_paths that are there are used, and an empty list cannot be"),
    (Kind::InvoiceRequest, ErrorCode::UnknownFeature, "an unknown even feature has to be refused; LDK does so when it answers"),
    (Kind::InvoiceRequest, ErrorCode::AmountOutOfRange, "nobody can pay 0 msat"),
    (Kind::InvoiceRequest, ErrorCode::EmptyPaths, "invreq_paths that are there are used, and an empty list cannot be"),
    (Kind::Invoice, ErrorCode::UnknownFeature, "an unknown even feature has to be refused; LDK does so when it pays"),
    (Kind::Invoice, ErrorCode::AmountOutOfRange, "nobody can pay 0 msat"),
];

/// What we read and LDK does not: the kind, the rule, and whether it explains why.
#[rustfmt::skip] // one line for each rule
const ONLY_WE_READ: &[(Kind, &str, fn(&Bolt12) -> bool)] = &[
    (Kind::Offer, "a currency is text to us: nothing is paid by it", |offer| has(offer, 6)),
    (Kind::Offer, "an amount above 21 million bitcoin is refused where it is paid", |offer| has(offer, 8)),
    (Kind::InvoiceRequest, "A1: signed and unsigned requests are both read", |request| has_any(request, 240..=1_000)),
    (Kind::InvoiceRequest, "A9: what only the writer must not do is a warning", |request| {
        [4, 6, 8, 91].iter().any(|number| has(request, *number)) || !has(request, 10)
    }),
    (Kind::Invoice, "what LDK asks of the request is checked where the request is", |invoice| {
        [2, 4, 6, 8, 12, 20, 91].iter().any(|number| has(invoice, *number))
            || [0, 10, 82, 88].iter().any(|number| !has(invoice, *number))
    }),
    (Kind::Invoice, "an invoice for an offer: we never answer one", |invoice| has(invoice, 16) || has(invoice, 22)),
    (Kind::Invoice, "the rules for invoices name no ranges", |invoice| has_any(invoice, 1_001..=999_999_999)),
    (Kind::Invoice, "a path without hops is refused in the request", |invoice| has(invoice, 90)),
];

fn has(message: &Bolt12, number: u64) -> bool {
    has_any(message, number..=number)
}

fn has_any(message: &Bolt12, numbers: RangeInclusive<u64>) -> bool {
    message
        .records()
        .iter()
        .any(|record| numbers.contains(&record.number))
}

/// What both read has the same values.
fn same(message: &Bolt12, theirs: &Theirs) {
    match (message, theirs) {
        (Bolt12::Offer(ours), Theirs::Offer(theirs)) => {
            assert_eq!(ours.to_string(), theirs.to_string());
            assert_eq!(ours.issuer_id(), theirs.issuer_signing_pubkey());
            assert_eq!(
                ours.absolute_expiry(),
                theirs.absolute_expiry().map(|time| time.as_secs())
            );
            assert_eq!(ours.offer_paths().map_or(0, <[_]>::len), theirs.paths().len());
        }
        (Bolt12::InvoiceRequest(ours), Theirs::Refund(theirs)) => {
            assert_eq!(ours.to_string(), theirs.to_string());
            assert_eq!(ours.amount_msat(), Some(theirs.amount_msats()));
            assert_eq!(ours.payer_id(), Some(theirs.payer_signing_pubkey()));
            assert_eq!(ours.invreq_metadata(), Some(theirs.payer_metadata()));
            assert_eq!(ours.chain(), theirs.chain().to_bytes());
            assert_eq!(ours.quantity(), theirs.quantity());
            assert_eq!(
                ours.absolute_expiry(),
                theirs.absolute_expiry().map(|time| time.as_secs())
            );
            assert_eq!(ours.paths().map_or(0, <[_]>::len), theirs.paths().len());
            assert!(!ours.is_signed());
        }
        (Bolt12::Invoice(ours), Theirs::Invoice(theirs)) => {
            assert_eq!(ours.amount_msat(), Some(theirs.amount_msats()));
            assert_eq!(
                ours.payment_hash().map(|hash| hash.0),
                Some(theirs.payment_hash().0)
            );
            assert_eq!(ours.node_id(), theirs.signing_pubkey());
            assert_eq!(ours.created_at(), Some(theirs.created_at().as_secs()));
            assert_eq!(
                u64::from(ours.relative_expiry()),
                theirs.relative_expiry().as_secs()
            );
            assert_eq!(ours.payment_paths().len(), theirs.payment_paths().len());
        }
        _ => unreachable!("one kind"),
    }
}
