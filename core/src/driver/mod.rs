//! The loop over the [engine](crate::engine), for async Rust on any runtime.
//!
//! A host brings four things: a [`Store`](crate::store::Store), a [`PaymentSource`], a [`Transport`] and a seed. It gets a
//! [`Payee`], and a [`Runner`] that it gives to its runtime or to a thread of its own. Where there is no node to send with,
//! `SocketTransport` (feature `peer`) sends over TCP.
//!
//! ```
//! use invreq::bolt12::{BlindedHop, BlindedPath, Introduction, PayInfo, PaymentPath};
//! use invreq::driver::{HostError, Payee, PaymentSource, Transport};
//! use invreq::engine::{
//!     Config, Delivery, Event, InboundPayment, InboundPaymentRequest, PaymentReceived, SendInvoice, SendOutcome, Status,
//! };
//! use invreq::store::MemoryStore;
//! # use bitcoin::secp256k1::{PublicKey, Secp256k1, SecretKey};
//! # fn some_node() -> PublicKey {
//! #     SecretKey::from_slice(&[1; 32]).unwrap().public_key(&Secp256k1::new())
//! # }
//!
//! struct Node;
//!
//! impl PaymentSource for Node {
//!     async fn create_inbound_payment(&self, request: &InboundPaymentRequest) -> Result<InboundPayment, HostError> {
//!         // A real host asks its node for blinded payment paths to itself.
//!         let hop = BlindedHop { blinded_node_id: some_node(), encrypted_recipient_data: vec![0; 50] };
//!         let path = BlindedPath {
//!             introduction: Introduction::NodeId(some_node()),
//!             path_key: some_node(),
//!             hops: vec![hop],
//!         };
//!         let payinfo = PayInfo { htlc_maximum_msat: request.amount_msat, ..PayInfo::default() };
//!         Ok(InboundPayment { paths: vec![PaymentPath { path, payinfo }], ..InboundPayment::default() })
//!     }
//! }
//!
//! impl Transport for Node {
//!     async fn send(&self, delivery: &Delivery) -> SendOutcome {
//!         // A real host hands `delivery.packet` to its node, or the invoice to its node's messenger.
//!         println!("{} bytes for {}", delivery.packet.message.len(), delivery.packet.first_hop);
//!         SendOutcome::Accepted
//!     }
//! }
//!
//! # futures_lite::future::block_on(async {
//! let config = Config::new(bitcoin::Network::Bitcoin);
//! let seed = [7; 32]; // a sub-key of the wallet that nothing else uses
//! let (payee, runner) = Payee::builder(config, seed, MemoryStore::new(), Node, Node).open().await?;
//! runner.spawn().expect("there is room for a thread");
//!
//! # let node = payee.clone();
//! # let mut events = payee.events();
//! # std::thread::spawn(move || futures_lite::future::block_on(async {
//! #     loop {
//! #         if let Event::Created(record) = events.recv().await.unwrap().unwrap() {
//! #             let payment = PaymentReceived {
//! #                 payment_hash: record.payment_hash, amount_msat: record.amount_msat, paid_at: 1, preimage: None,
//! #             };
//! #             return node.payment_received(payment).await.unwrap();
//! #         }
//! #     }
//! # }));
//! let refund = "lnr1qqsqzqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqg2peq4gnfqwa5hg6rywfshwctvp\
//!     czwu6egqqfq7ct5d4qx27rpd4cxcefwvdhk65syqycj6q2cyypjgef743p5fzqq9nqxh0ah7y87rzv3ud0eleps9kl2d5348hq2k8zeqe6xsctwddes";
//! // Elsewhere the node reports the money, with `payee.claim` and `payee.payment_received`.
//! let params = SendInvoice { invreq: refund.to_owned(), label: "refund 1".to_owned(), ..SendInvoice::default() };
//! let record = payee.send_invoice(params).await?;
//! assert_eq!(record.status, Status::Paid);
//! payee.close().await
//! # }).unwrap();
//! ```

mod erased;
mod events;
mod host;
mod payee;
mod run;
mod runner;
#[cfg(feature = "peer")]
mod socket;
mod system;
mod verdict;

pub use events::{Events, Missed};
pub use host::{Clock, Entropy, HostError, PaymentSource, Received, Signer, Transport};
pub use payee::{Payee, PayeeBuilder};
pub use runner::Runner;
#[cfg(feature = "peer")]
pub use socket::{Directory, SocketTransport, SocketTransportBuilder};
pub use system::{SystemClock, SystemEntropy};
pub use verdict::Verdict;
