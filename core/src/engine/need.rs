//! What the engine asks the host, and what the host answers.

use bitcoin::secp256k1::PublicKey;

use crate::bolt12::PaymentPath;
use crate::onion::SharedSecret;
use crate::sorted::Sorted;
use crate::store::Entry;
use crate::{InvreqId, PaymentHash, Preimage};

/// A question the engine needs answered before it can say what to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Need {
    /// Read the store: entries from `start` up to, but without, `end`.
    Range {
        /// The first key.
        #[serde(serialize_with = "crate::shapes::bytes")]
        start: Vec<u8>,
        /// The first key that is too far.
        #[serde(serialize_with = "crate::shapes::bytes")]
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
        #[serde(serialize_with = "crate::shapes::point")]
        node_id: PublicKey,
    },
    /// Multiply the private key of a node of the host's with a point (BOLT 4, Shared Secret).
    Ecdh {
        /// The node whose key it is.
        #[serde(serialize_with = "crate::shapes::point")]
        node_id: PublicKey,
        /// The point.
        #[serde(serialize_with = "crate::shapes::point")]
        point: PublicKey,
    },
    /// Have an invoice signed with the key of a node id.
    Sign(SignRequest),
}

/// What a payment source is asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignRequest {
    /// The 32 bytes to sign with BIP 340.
    #[serde(serialize_with = "crate::shapes::bytes")]
    pub digest: [u8; 32],
    /// The tag the digest was made with, for signers that hash by themselves.
    pub tag: String,
    /// The invoice without its signature, for signers that look before they sign.
    #[serde(serialize_with = "crate::shapes::bytes")]
    pub invoice: Vec<u8>,
    /// The public key of the key to sign with.
    #[serde(serialize_with = "crate::shapes::point")]
    pub node_id: PublicKey,
}

/// The answer to a [`Need`]. Its `Debug` shows no secret, and of what the store holds only the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    Signature([u8; 64]),
    /// The host could not answer, for this reason.
    Failed(String),
}

/// What a payment source gives: how the payer can reach us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ReplyPath {
    /// The payer cannot answer.
    #[default]
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

/// Two paths may begin at one node, and a damaged index may name one invoice twice: nothing is asked twice. They are in the order of
/// [`Need`], in which the transcripts show them.
pub(crate) fn once_each(needs: Vec<Need>) -> Vec<Need> {
    let mut once = Sorted::default();
    needs.into_iter().for_each(|need| once.insert(need, ()));
    once.into_iter().map(|(need, ())| need).collect()
}

/// The answers to all needs of one input so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers(Sorted<Need, Answer>);

impl Answers {
    /// No answers yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the answer to a need.
    pub fn insert(&mut self, need: Need, answer: Answer) {
        self.0.insert(need, answer);
    }

    /// Forgets what was read of the store, so that it is read again. A host that let other inputs go on between two calls
    /// of `begin` has to do this: a [`Need::Range`] is answered for good only while nothing else is committed.
    pub fn forget_reads(&mut self) {
        self.0.retain(|need, _| !matches!(need, Need::Range { .. }));
    }

    /// The answer to this need, if it is there.
    pub fn get(&self, need: &Need) -> Option<&Answer> {
        self.0.get(need)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Need, &Answer)> {
        self.0.iter()
    }
}
