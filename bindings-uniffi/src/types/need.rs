//! What the engine asks the host, and what the host answers.

use bitcoin::secp256k1::PublicKey;
use invreq::bolt12::PaymentPath;
use invreq::engine::{Answer, InboundPayment, InboundPaymentRequest, Need, ReplyPath, Route, SignRequest};
use invreq::onion::SharedSecret;
use invreq::store::Entry;
use invreq::{InvreqId, PaymentHash, Preimage};

use super::values::{Bytes32, Bytes64};

/// A question the engine needs answered before it can say what to do.
#[uniffi::remote(Enum)]
pub enum Need {
    /// Read the store: entries from `start` up to, but without, `end`.
    Range {
        /// The first key.
        start: Vec<u8>,
        /// The first key that is too far.
        end: Vec<u8>,
        /// How many entries at most.
        limit: u32,
    },
    /// Ask the payment source for an inbound payment.
    CreateInboundPayment(InboundPaymentRequest),
    /// Ask the payment source whether this much could be received now.
    CanReceive {
        /// The amount, in msat.
        amount_msat: u64,
    },
    /// Look up the node at one end of a channel.
    ResolveScid {
        /// The short channel id.
        scid: u64,
        /// 0 for the end with the lesser node id, 1 for the other.
        direction: u8,
    },
    /// Find a way for an onion message to this node, and for the reply to us.
    FindRoute {
        /// The node.
        node_id: PublicKey,
    },
    /// Multiply the private key of a node of the host's with a point (BOLT 4, Shared Secret).
    Ecdh {
        /// The node whose key it is.
        node_id: PublicKey,
        /// The point.
        point: PublicKey,
    },
    /// Have an invoice signed with the key of a node id.
    Sign(SignRequest),
}

/// What a payment source is asked for.
#[uniffi::remote(Record)]
pub struct InboundPaymentRequest {
    /// The amount that has to arrive, in msat.
    pub amount_msat: u64,
    /// The last second in which it can be paid, in Unix seconds.
    pub expires_at: u64,
    /// A payment hash whose preimage the engine holds, for sources that do not make their own.
    pub payment_hash: PaymentHash,
    /// The label of the invoice.
    pub label: String,
    /// The id of the request that is answered.
    pub invreq_id: InvreqId,
}

/// What a signer is asked to sign.
#[uniffi::remote(Record)]
pub struct SignRequest {
    /// The 32 bytes to sign with BIP 340.
    pub digest: Bytes32,
    /// The tag the digest was made with, for signers that hash by themselves.
    pub tag: String,
    /// The invoice without its signature, for signers that look before they sign.
    pub invoice: Vec<u8>,
    /// The public key of the key to sign with.
    pub node_id: PublicKey,
}

/// The answer to a [`Need`]. Its `Debug` shows no secret, and of what the store holds only the keys.
#[uniffi::remote(Enum)]
pub enum Answer {
    /// To [`Need::Range`].
    Entries(Vec<Entry>),
    /// To [`Need::CreateInboundPayment`].
    InboundPayment(InboundPayment),
    /// To [`Need::CanReceive`]; `None` where the source cannot tell.
    CanReceive(Option<bool>),
    /// To [`Need::ResolveScid`]; `None` where the channel is not known.
    NodeId(Option<PublicKey>),
    /// To [`Need::FindRoute`]; `None` where there is none.
    Route(Option<Route>),
    /// To [`Need::Ecdh`].
    SharedSecret(SharedSecret),
    /// To [`Need::Sign`]: a BIP 340 signature.
    Signature(Bytes64),
    /// The host could not answer, for this reason.
    Failed(String),
}

/// What a payment source gives: how the payer can reach us.
#[uniffi::remote(Record)]
pub struct InboundPayment {
    /// The source's own payment hash; `None` where it took the engine's.
    pub payment_hash: Option<PaymentHash>,
    /// The preimage of the source's own hash; `None` where the source keeps it to itself.
    pub preimage: Option<Preimage>,
    /// The payment paths, best first; 1 to 64.
    pub paths: Vec<PaymentPath>,
    /// Whether the payment may arrive in parts.
    pub mpp: bool,
    /// The last second in which every path works, in Unix seconds; `None` where they do not end.
    pub paths_expire_at: Option<u64>,
}

/// The way to a node, and back.
#[uniffi::remote(Record)]
pub struct Route {
    /// The nodes between us and it, in order; empty where it is a peer.
    pub via: Vec<PublicKey>,
    /// The addresses of the first hop, where it is no peer yet and the host can connect to it: `host:port`, `[v6]:port`,
    /// `xyz.onion:port`, or a `ws://` or `wss://` URL. They come back in [`Delivery::connect`](crate::engine::Delivery).
    pub connect: Vec<String>,
    /// Whether the node is the host's own and the host cannot hand messages to itself, as LND. The engine then steps over
    /// it: it asks [`Need::Ecdh`] for its key, and asks for a route to the node after it. The rest is not looked at.
    pub own_node: bool,
    /// How the payer can answer.
    pub reply: ReplyPath,
}

/// Who owns the reply path of a delivery.
#[uniffi::remote(Enum)]
pub enum ReplyPath {
    /// The payer cannot answer.
    None,
    /// The engine makes it: through these nodes, the last of which hands us what is for our reply key.
    Ours {
        /// The nodes, the introduction node first; empty where the payer reaches our reply key directly.
        via: Vec<PublicKey>,
    },
    /// The engine makes it, and it ends at this node: a socket's key, or a node of the host's that keeps its key to itself.
    /// What arrives there comes back as [`Input::OnionMessage`](crate::engine::Input) with the node's id, and is opened by
    /// asking [`Need::Ecdh`].
    Node {
        /// The nodes before it, the introduction node first; empty where the payer reaches it directly.
        via: Vec<PublicKey>,
        /// The node it ends at.
        node_id: PublicKey,
    },
    /// The host's messenger makes it, and hands us what it opened as [`Input::InvoiceError`](crate::engine::Input).
    Host,
}
