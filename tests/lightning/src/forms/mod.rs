//! One delivery in all its forms: an example host for each kind of node, to be copied.
//!
//! Each is a [`Transport`](invreq::driver::Transport) in a page of code over the few calls its node offers. The nodes are
//! stand-ins with the names and habits of the real ones, made of a node of this network ([`nodes`]). A Rust wallet on LDK needs
//! none of this: it takes [`invreq::ldk`].
//!
//! | host | what leaves | who makes the reply path | what comes back |
//! | --- | --- | --- | --- |
//! | [`ClnHost`] | a raw packet that starts at the node itself (`injectonionmessage`) | the engine, to the node | what the node opened |
//! | [`LndHost`] | a raw packet to a peer (custom message 513) | the engine, to the node | raw packets; the node multiplies |
//! | [`MessengerHost`] | the invoice and the payer's path | the node | what the node opened |
//! | [`SocketTransport`](invreq::driver::SocketTransport) with [`Lookup`] | a raw packet over TCP | the engine, to the socket's key | raw packets |

mod cln;
mod lnd;
mod messenger;
pub mod nodes;
mod socket;

pub use cln::ClnHost;
pub use lnd::LndHost;
pub use messenger::MessengerHost;
pub use socket::Lookup;
