//! Functions of text: nothing is kept.

use bitcoin::secp256k1::PublicKey;
use invreq::answer::{prepare_str, Terms, UnsignedInvoice, INVOICE_SIGNATURE_TAG};
use invreq::bolt12::{Bolt12, Invoice, Kind, PaymentPath};
use invreq::engine::Record;
use invreq::{Category, DecodeOptions, Decoded, Error, ErrorCode, ErrorDetails, InvreqId, PaymentHash};

use crate::types::values::Bytes64;
use crate::values::node_key;
use crate::BadValue;

/// What came of describing a string.
#[derive(uniffi::Enum)]
#[allow(clippy::large_enum_variant)] // it crosses at once
pub enum Described {
    /// The string says this.
    Decoded {
        /// Field by field.
        decoded: Decoded,
    },
    /// The string cannot be described.
    Failed {
        /// Why not.
        error: ErrorDetails,
    },
}

/// What a string says with a signature.
#[derive(uniffi::Record)]
pub struct Verified {
    /// What it is.
    pub kind: Kind,
    /// Whether it is signed; an offer never is. A signature that is there is correct.
    pub signed: bool,
    /// Whose signature it is: the payer's id of a request, the node id of an invoice.
    pub node_id: Option<PublicKey>,
    /// `offer_id` of an offer, `invreq_id` of an invoice request or an invoice, as hex.
    pub id: Option<InvreqId>,
}

/// What came of looking at a signature.
#[derive(uniffi::Enum)]
#[allow(clippy::large_enum_variant)] // it crosses at once
pub enum Checked {
    /// It is well-formed, and a signature that is there is correct.
    Verified {
        /// Whose it is.
        verified: Verified,
    },
    /// It is not.
    Failed {
        /// Why not.
        error: ErrorDetails,
    },
}

/// The terms of an invoice that is made without a payee.
#[derive(uniffi::Record)]
pub struct InvoiceTerms {
    /// The request to answer, `lnr1…`.
    pub invreq: String,
    /// The network the request must be for.
    pub network: String,
    /// The amount in msat; where it is given it has to be the request's.
    pub amount_msat: Option<u64>,
    /// The payment hash. Its preimage must never be used for another invoice.
    pub payment_hash: PaymentHash,
    /// The payment paths of the node that gets the money, best first; 1 to 64.
    pub paths: Vec<PaymentPath>,
    /// Whether the payment may arrive in parts.
    pub mpp: bool,
    /// When the invoice is made, in Unix seconds.
    pub created_at: u64,
    /// How long it can be paid after that, in seconds, from 1.
    pub expiry: u32,
    /// The last second in which every path works, in Unix seconds; `None` where they do not end.
    pub paths_expire_at: Option<u64>,
}

/// Whose key signs an invoice.
#[derive(uniffi::Enum)]
pub enum InvoiceKey {
    /// This one.
    SecretKey {
        /// 32 bytes.
        secret_key: Vec<u8>,
    },
    /// One that is somewhere else: the invoice waits for its signature.
    NodeId {
        /// The public key.
        node_id: PublicKey,
    },
    /// One that is somewhere else and has signed.
    Signed {
        /// The public key.
        node_id: PublicKey,
        /// Its BIP 340 signature over the digest.
        signature: Bytes64,
    },
}

/// What came of answering a request.
#[derive(uniffi::Enum)]
#[allow(clippy::large_enum_variant)] // it crosses at once
pub enum Answered {
    /// The signed invoice.
    Invoice {
        /// `lni1…`.
        bolt12: String,
    },
    /// The invoice that waits for its signature.
    Unsigned {
        /// The 32 bytes to sign with BIP 340.
        digest: Vec<u8>,
        /// The tag the digest was made with, for signers that hash by themselves.
        tag: String,
        /// The invoice without its signature, for signers that look before they sign.
        invoice: Vec<u8>,
    },
    /// There is no invoice.
    Failed {
        /// Why not.
        error: ErrorDetails,
    },
}

/// A row of the table of codes.
#[derive(uniffi::Record)]
pub struct ErrorCodeInfo {
    /// The code.
    pub code: ErrorCode,
    /// The code as text, the same in every language.
    pub name: String,
    /// The number Core Lightning uses for this case, or -1 where it has none.
    pub rpc_code: i32,
    /// What kind of thing went wrong.
    pub category: Category,
    /// Whether the same call may succeed later without any change.
    pub retryable: bool,
    /// What the code means, in one line.
    pub meaning: String,
}

/// Everything a string says, field by field. `now` is in Unix seconds.
#[uniffi::export]
pub fn decode(text: &str, network: &str, now: Option<u64>) -> Result<Described, BadValue> {
    let described = DecodeOptions::network(network).and_then(|mut options| {
        options.now = now;
        invreq::decode_with(text, &options)
    });
    Ok(match described {
        Ok(decoded) => Described::Decoded { decoded },
        Err(error) => Described::Failed {
            error: error.into_details(),
        },
    })
}

/// Reads a string and checks its signature, and nothing else.
#[uniffi::export]
pub fn verify(text: &str) -> Result<Checked, BadValue> {
    let message: Bolt12 = match text.parse() {
        Ok(message) => message,
        Err(error) => {
            return Ok(Checked::Failed {
                error: Error::into_details(error),
            })
        }
    };
    Ok(Checked::Verified {
        verified: Verified {
            kind: message.kind(),
            signed: message.is_signed(),
            node_id: message.signer(),
            id: message.id().map(InvreqId),
        },
    })
}

/// The invoice that answers a request: signed, or waiting for its signature.
#[uniffi::export]
pub fn answer(terms: InvoiceTerms, key: InvoiceKey) -> Result<Answered, BadValue> {
    let answered = match key {
        InvoiceKey::SecretKey { secret_key } => {
            let key = node_key(secret_key)?;
            let invoice = terms
                .prepare(key.node_id())
                .and_then(|unsigned| unsigned.sign(&key));
            invoice.map(Answered::from)
        }
        InvoiceKey::NodeId { node_id } => terms.prepare(node_id).map(Answered::from),
        InvoiceKey::Signed { node_id, signature } => {
            let invoice = terms
                .prepare(node_id)
                .and_then(|unsigned| unsigned.finish(&signature));
            invoice.map(Answered::from)
        }
    };
    Ok(answered.unwrap_or_else(|error| Answered::Failed {
        error: error.into_details(),
    }))
}

/// A record as the JSON of `sendinvoice`: the same text in every language. Whoever makes a record by hand can make one that is none.
#[uniffi::export]
pub fn record_to_rpc(record: Record) -> Result<String, BadValue> {
    Ok(record.to_rpc())
}

/// Every code there is.
#[uniffi::export]
pub fn error_codes() -> Vec<ErrorCodeInfo> {
    let row = |code: &ErrorCode| {
        let info = code.info();
        ErrorCodeInfo {
            code: *code,
            name: info.name.to_owned(),
            rpc_code: info.rpc_code,
            category: info.category,
            retryable: info.retryable,
            meaning: info.meaning.to_owned(),
        }
    };
    ErrorCode::ALL.iter().map(row).collect()
}

/// An error as the core would make it, for what a package finds out by itself.
#[uniffi::export]
pub fn error_details(code: ErrorCode, message: String) -> ErrorDetails {
    Error::new(code, message).into_details()
}

impl InvoiceTerms {
    fn prepare(self, node_id: PublicKey) -> invreq::Result<UnsignedInvoice> {
        let chain = DecodeOptions::network(&self.network)?.chain;
        let terms = Terms {
            created_at: self.created_at,
            relative_expiry: self.expiry,
            payment_hash: self.payment_hash,
            node_id,
            mpp: self.mpp,
            paths: self.paths,
            paths_expire_at: self.paths_expire_at,
        };
        prepare_str(&self.invreq, chain, self.amount_msat, &terms)
    }
}

impl From<Invoice> for Answered {
    fn from(invoice: Invoice) -> Self {
        let bolt12 = invoice.to_string();
        Self::Invoice { bolt12 }
    }
}

impl From<UnsignedInvoice> for Answered {
    fn from(unsigned: UnsignedInvoice) -> Self {
        Self::Unsigned {
            digest: unsigned.digest().to_vec(),
            tag: INVOICE_SIGNATURE_TAG.to_owned(),
            invoice: unsigned.as_bytes().to_vec(),
        }
    }
}
