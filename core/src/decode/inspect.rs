//! Any text at all: as much as can be said of it, and the first rule it breaks.

use crate::answer::{check, check_as_payer, warnings, Warning};
use crate::bolt12::{decode_string, kind_of, merkle_root, strip, Bolt12, Kind, TlvStream};
use crate::{Error, Result};

use super::{length, DecodeOptions};

/// What can be said of a text, well-formed or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// What it is by its prefix.
    pub kind: Option<Kind>,
    /// Whether it is well-formed, a signature that is there included.
    pub well_formed: bool,
    /// Whether it is well-formed and signed.
    pub signed: bool,
    /// The type number and the length of each record, if the records could be told apart.
    pub records: Vec<(u64, u32)>,
    /// The merkle root, if the records could be told apart and are not all signatures.
    pub merkle_root: Option<[u8; 32]>,
    /// `offer_id` of an offer, `invreq_id` of an invoice request or an invoice, if it is well-formed.
    pub id: Option<[u8; 32]>,
    /// Whether it is an invoice request that can be answered.
    pub answerable: bool,
    /// What is unusual about it.
    pub warnings: Vec<Warning>,
    /// The first broken rule, in the order: string, TLV stream, values, ranges, signature; then what keeps a request from
    /// being answered, or an invoice from being paid.
    pub error: Option<Error>,
}

/// Looks at any text, held against a chain and a time. It never fails: what is wrong is part of what is found.
pub fn inspect(text: &str, options: &DecodeOptions) -> Inspection {
    let mut found = Inspection::default();
    match found.read(text) {
        Ok(message) => {
            found.well_formed = true;
            found.signed = message.is_signed();
            found.id = message.id();
            (found.warnings, found.error) = judge(&message, options);
            found.answerable = message.kind() == Kind::InvoiceRequest && found.error.is_none();
        }
        Err(error) => found.error = Some(error),
    }
    found
}

impl Inspection {
    fn read(&mut self, text: &str) -> Result<Bolt12> {
        self.kind = kind_of(strip(text)).ok();
        let (kind, bytes) = decode_string(text)?;
        let stream = TlvStream::parse(bytes)?;
        self.records = stream
            .records()
            .map(|record| (record.number, length(record.value)))
            .collect();
        self.merkle_root = merkle_root(&stream);
        Bolt12::from_stream(kind, stream)
    }
}

/// What is unusual about a message, and the first rule that keeps it from being answered or paid.
pub(super) fn judge(message: &Bolt12, options: &DecodeOptions) -> (Vec<Warning>, Option<Error>) {
    match message {
        Bolt12::Offer(_) => (Vec::new(), None),
        Bolt12::InvoiceRequest(request) => (
            warnings(request),
            check(request, options.chain, options.now).err(),
        ),
        Bolt12::Invoice(invoice) => (
            Vec::new(),
            check_as_payer(invoice, None, options.chain, options.now).err(),
        ),
    }
}
