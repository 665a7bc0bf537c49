//! What a host supplies: where money comes in, how messages go out, the time and the dice.

use core::fmt;
use core::future::{pending, ready, Future};

use bitcoin::secp256k1::PublicKey;

use crate::engine::{
    Delivery, InboundPayment, InboundPaymentRequest, Input, Route, SendOutcome, SignRequest,
};
use crate::onion::SharedSecret;

/// Why the host could not do something, in its own words. The text of a source or a signer ends up in the error of the call, that of a
/// look-up in the event [`Trouble`](crate::engine::Event::Trouble).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostError(pub String);

/// Makes inbound payments: the host's Lightning node or service.
///
/// Payment paths are the node's own: only it can recognise what comes in over them. See docs/GUIDE.md for what LDK, Core
/// Lightning, LND and eclair can do.
pub trait PaymentSource: Send + Sync {
    /// An inbound payment of this amount, with the paths a payer can reach it by.
    ///
    /// Take the request's payment hash, or answer with one of your own. It is called after everything else about the request
    /// has been checked, and once per call, however often other writers are faster; a call that is made again has another
    /// hash. What has no invoice in the end can be forgotten when it expires. It has a minute to answer.
    fn create_inbound_payment(
        &self,
        request: &InboundPaymentRequest,
    ) -> impl Future<Output = Result<InboundPayment, HostError>> + Send;

    /// Whether this much, in msat, could be received now; `None` where the node cannot tell.
    fn can_receive(&self, amount_msat: u64) -> impl Future<Output = Option<bool>> + Send {
        let _ = amount_msat;
        ready(None)
    }
}

/// Takes invoices to payers: the host's node, or a socket to another one.
pub trait Transport: Send + Sync {
    /// Sends one copy, in whichever of its forms the host's node speaks.
    fn send(&self, delivery: &Delivery) -> impl Future<Output = SendOutcome> + Send;

    /// The node at one end of a channel; `None` where there is no such channel, an error where it cannot be told now.
    ///
    /// `None` is final for the path it is asked for. After an error, as while the node has no peers yet, it is asked again.
    fn resolve_scid(
        &self,
        scid: u64,
        direction: u8,
    ) -> impl Future<Output = Result<Option<PublicKey>, HostError>> + Send {
        let _ = (scid, direction);
        ready(Ok(None))
    }

    /// The way to a node, and how the payer can answer; `None` where there is none, an error where it cannot be told now.
    /// Without your own, every node is taken for a peer, and payers cannot answer.
    fn find_route(
        &self,
        node_id: PublicKey,
    ) -> impl Future<Output = Result<Option<Route>, HostError>> + Send {
        let _ = node_id;
        ready(Ok(Some(Route::default())))
    }

    /// Waits for what comes in at the transport by itself, such as a message on a socket; by default, nothing does.
    ///
    /// The runner calls it again and again, one message at a time. It may drop the future before it is done, so a message
    /// must not be lost with it: take it from a queue in the last step. Keep that queue short, and drop what does not fit:
    /// no reply is needed for the money.
    fn receive(&self) -> impl Future<Output = Received> + Send {
        pending()
    }

    /// The shared secret of a node's private key and a point: SHA-256 of the compressed product (BOLT 4, Shared Secret).
    ///
    /// It is asked for where a route names the node as [`own_node`](Route::own_node) or as the end of a
    /// [reply path](crate::engine::ReplyPath::Node). LND has it as `signerrpc.DeriveSharedKey`.
    fn ecdh(
        &self,
        node_id: PublicKey,
        point: PublicKey,
    ) -> impl Future<Output = Result<SharedSecret, HostError>> + Send {
        let _ = (node_id, point);
        ready(Err(HostError("this transport has no node key".to_owned())))
    }
}

/// What came in at a transport by itself.
#[derive(Clone, PartialEq, Eq)]
pub enum Received {
    /// An onion message, as in [`Payee::receive_onion_message_at`](crate::driver::Payee::receive_onion_message_at).
    OnionMessage {
        /// The node it arrived at; `None` for the engine's own reply key.
        node_id: Option<PublicKey>,
        /// The payload of message 513, without its type.
        bytes: Vec<u8>,
    },
    /// An `invoice_error` that the host's own messenger opened.
    InvoiceError {
        /// The [`reply_path_id`](Delivery::reply_path_id) of the delivery the reply path was made for.
        reply_path_id: [u8; 32],
        /// The TLV stream.
        bytes: Vec<u8>,
    },
}

/// Signs invoices with a key the host keeps, for payers who want to know whom they pay.
pub trait Signer: Send + Sync {
    /// A BIP 340 signature of the digest, made with the key of the request's node id.
    fn sign(&self, request: &SignRequest) -> impl Future<Output = Result<[u8; 64], HostError>> + Send;
}

/// Tells the time, and waits.
pub trait Clock: Send + Sync {
    /// The time, in Unix milliseconds.
    fn now_ms(&self) -> u64;

    /// Waits until it is this late, in Unix milliseconds.
    ///
    /// It may wake early; then it is asked again. One that can be set back should, every half minute say, or else what was due
    /// soon waits until it is as late again.
    fn sleep_until(&self, at_ms: u64) -> impl Future<Output = ()> + Send;
}

/// Throws the dice.
pub trait Entropy: Send + Sync {
    /// 32 bytes that nobody can guess, new every time.
    fn bytes(&self) -> Result<[u8; 32], HostError>;
}

impl From<Received> for Input {
    fn from(received: Received) -> Self {
        match received {
            Received::OnionMessage { node_id, bytes } => Self::OnionMessage { node_id, bytes },
            Received::InvoiceError { reply_path_id, bytes } => Self::InvoiceError { reply_path_id, bytes },
        }
    }
}

impl fmt::Debug for Received {
    /// As the [`Input`] it becomes: without the reply path id.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Input::from(self.clone()), f)
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for HostError {}

impl From<String> for HostError {
    fn from(reason: String) -> Self {
        Self(reason)
    }
}

impl From<&str> for HostError {
    fn from(reason: &str) -> Self {
        Self(reason.to_owned())
    }
}
