//! A real Lightning network in one process: LDK nodes that shake hands over BOLT 8, gossip, open funded channels
//! on a made-up chain and pay each other. It uses LDK's public API only.
//!
//! Tests go through [`Network`], or through [`Testbed`] where a payer, a host and perhaps a relay are all they need.
//! Other processes and languages go through the `test-server` binary, or [`Server`] (`README.md` describes its protocol).
//!
//! Nothing moves on its own: an operation puts messages into the nodes' queues, and [`Network::pump`] carries them
//! until the network is quiet. [`Network::take_events`] then tells what happened at a node.
//!
//! ```
//! use invreq_lightning::{RefundTerms, Testbed};
//!
//! let bed = Testbed::direct();
//! let request = bed.net.create_refund(bed.payer, &RefundTerms::new(50_000_000, "withdrawal")).unwrap();
//! assert!(request.starts_with("lnr1"));
//! ```
//!
//! Three things are simpler than on a real network: funding transactions spend nothing, only funding transactions are
//! ever confirmed (a forced close is not played out on chain), and nothing is written to disk.

mod chain;
mod error;
mod event;
pub mod forms;
mod guide;
mod host;
mod network;
mod node;
mod offers;
mod payer;
mod plugs;
mod remote;
mod remote_host;
mod requests;
mod serve;
mod server;
mod service;
mod socket;
mod state;
mod stream;
mod tap;
mod testbed;

pub use bitcoin::secp256k1::PublicKey;
pub use error::Error;
pub use event::NodeEvent;
pub use guide::Guide;
pub use host::{InboundPayment, InvoiceDestination};
pub use network::{ChannelTerms, Network, NodeIndex};
pub use payer::{MessageTo, ReceivedInvoice, SpecPayer};
pub use remote::RemoteNode;
pub use remote_host::{serve_remote, HostNode, NodeHost};
pub use requests::RefundTerms;
pub use serve::{serve, Served};
pub use server::Server;
pub use service::Service;
pub use stream::StreamId;
pub use testbed::Testbed;
