//! Answering a request: from the request and the terms to a signed invoice.
//!
//! ```text
//! Answerable::new(request)        the rules of the request's reader, in one place
//! prepare(answerable, terms)      the invoice without its signature
//!   .digest()                     what the key of the invoice has to sign
//!   .finish(signature)            the signed invoice, checked once more as the payer will
//!   .sign(key)                    the same for a key at hand
//! ```
//!
//! [`prepare_str`] begins with the string, and [`answer`] ends with a signature made in a context of the caller's.
//!
//! ```
//! use invreq::answer::{prepare_str, Terms};
//! use invreq::NodeKey;
//! # use invreq::bolt12::{BlindedHop, BlindedPath, Introduction, PayInfo, PaymentPath, BITCOIN};
//! # use invreq::Preimage;
//! # let lnr1 = "lnr1qqsqzqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqg2peq4gnfqwa5hg6rywfshwctvpczwu6egqqfq7ct5d4qx27rpd4cxcefwvdhk6\
//! #     5syqycj6q2cyypjgef743p5fzqq9nqxh0ah7y87rzv3ud0eleps9kl2d5348hq2k8zeqe6xsctwddes";
//! # let (our_secret, payment_hash) = ([1; 32], Preimage::new([2; 32]).payment_hash());
//! # let point = NodeKey::new(&[3; 32])?.node_id();
//! # let hops = vec![BlindedHop { blinded_node_id: point, encrypted_recipient_data: vec![0] }];
//! # let path = BlindedPath { introduction: Introduction::NodeId(point), path_key: point, hops };
//! # let payinfo = PayInfo { htlc_maximum_msat: u64::MAX, ..PayInfo::default() };
//! # let paths = vec![PaymentPath { path, payinfo }];
//!
//! let key = NodeKey::new(&our_secret)?;
//! let terms = Terms {
//!     created_at: 1_700_000_000,
//!     relative_expiry: 3600,
//!     payment_hash,
//!     node_id: key.node_id(),
//!     mpp: false,
//!     paths,
//!     paths_expire_at: None,
//! };
//! let invoice = prepare_str(lnr1, Some(BITCOIN), None, &terms)?.sign(&key)?;
//! assert!(invoice.to_string().starts_with("lni1"));
//! # Ok::<(), invreq::Error>(())
//! ```

mod build;
mod payer;
mod rules;
mod terms;

pub use build::{answer, prepare, prepare_str, UnsignedInvoice, INVOICE_SIGNATURE_TAG};
pub use payer::check_as_payer;
pub use rules::{check, warnings, Warning};
pub use terms::{Answerable, Terms};

pub(crate) use rules::expired as request_expired;
