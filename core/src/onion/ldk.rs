//! LDK's `create_onion_message`, and what it wants around it. No LDK type leaves this file.

use core::cell::Cell;

use bitcoin::secp256k1::ecdh::SharedSecret;
use bitcoin::secp256k1::ecdsa::{RecoverableSignature, Signature};
use bitcoin::secp256k1::{schnorr, PublicKey, Scalar};
use lightning::blinded_path::message::BlindedMessagePath;
use lightning::blinded_path::{BlindedHop, EmptyNodeIdLookUp};
use lightning::bolt11_invoice::RawBolt11Invoice;
use lightning::io;
use lightning::ln::inbound_payment::ExpandedKey;
use lightning::ln::msgs::UnsignedGossipMessage;
use lightning::offers::invoice::UnsignedBolt12Invoice;
use lightning::onion_message::messenger::{create_onion_message, Destination, OnionMessagePath, SendError};
use lightning::onion_message::packet::OnionMessageContents;
use lightning::sign::{EntropySource, NodeSigner, PeerStorageKey, ReceiveAuthKey, Recipient};
use lightning::util::ser::{Readable, Writeable, Writer};

use super::keys::{expand, Curve};
use crate::bolt12::BlindedPath;
use crate::{rules, Error, ErrorCode, Result};

/// The onion message over `path`, which starts at `introduction`, with an invoice and a reply path.
pub(super) fn onion_message(
    introduction: PublicKey,
    path: &BlindedPath,
    invoice: &[u8],
    reply_path: Option<&BlindedPath>,
    entropy: [u8; 32],
) -> Result<Vec<u8>> {
    let hops = path.hops.iter().map(|hop| BlindedHop {
        blinded_node_id: hop.blinded_node_id,
        encrypted_payload: hop.encrypted_recipient_data.clone(),
    });
    let path = BlindedMessagePath::from_blinded_path(introduction, path.path_key, hops.collect());
    let (_, message, _) = create_onion_message(
        &&Entropy {
            seed: entropy,
            drawn: Cell::new(0),
        },
        &&Outsider(path.blinding_point()),
        &EmptyNodeIdLookUp {},
        &Curve::new().0,
        OnionMessagePath {
            intermediate_nodes: Vec::new(),
            destination: Destination::BlindedPath(path),
            first_node_addresses: Vec::new(),
        },
        Invoice(invoice),
        reply_path.map(to_ldk).transpose()?,
    )
    .map_err(send_error)?;
    Ok(message.encode())
}

/// Over its bytes, because LDK has no constructor for a path that starts at a channel.
fn to_ldk(path: &BlindedPath) -> Result<BlindedMessagePath> {
    let mut bytes = Vec::new();
    path.write(&mut bytes)?;
    BlindedMessagePath::read(&mut bytes.as_slice())
        .map_err(|_| Error::new(ErrorCode::InvalidParameter, "the reply path cannot be encoded"))
}

fn send_error(error: SendError) -> Error {
    let (code, message) = match error {
        SendError::TooBigPacket => (
            ErrorCode::LimitExceeded,
            "the message does not fit into an onion packet",
        ),
        SendError::TooFewBlindedHops => (ErrorCode::EmptyPath, "the path to the payer has no hops"),
        SendError::Secp256k1(_) => (
            ErrorCode::InvalidPoint,
            "the path holds a key that cannot be used",
        ),
        SendError::UnresolvedIntroductionNode
        | SendError::BlindedPathAdvanceFailed
        | SendError::PathNotFound
        | SendError::InvalidFirstHop(_)
        | SendError::BufferFull => (ErrorCode::NoRoute, "the path cannot be sent over"),
        SendError::InvalidMessage | SendError::GetNodeIdFailed => (
            ErrorCode::Internal,
            "the onion message was not accepted for building",
        ),
    };
    Error::new(code, message).with_rule(rules::ONION_PACKET)
}

/// Record 66, as it is.
#[derive(Debug)]
struct Invoice<'a>(&'a [u8]);

impl OnionMessageContents for Invoice<'_> {
    fn tlv_type(&self) -> u64 {
        66
    }

    fn msg_type(&self) -> &'static str {
        "invoice"
    }
}

impl Writeable for Invoice<'_> {
    fn write<W: Writer>(&self, writer: &mut W) -> Result<(), io::Error> {
        writer.write_all(self.0)
    }
}

/// The caller's entropy, stretched to as many draws as LDK makes.
struct Entropy {
    seed: [u8; 32],
    drawn: Cell<u32>,
}

impl EntropySource for Entropy {
    fn get_secure_random_bytes(&self) -> [u8; 32] {
        let count = self.drawn.get();
        self.drawn.set(count.wrapping_add(1));
        *expand(&self.seed, b"packet", count)
    }
}

/// Somebody who is on no path.
///
/// LDK asks for our node id to step over a hop of our own, which takes our key. That is `advance`, where the caller
/// wants it, and a packet that starts at our own node is what some hosts ask for. So the id given here is a point
/// that belongs to no node.
struct Outsider(PublicKey);

impl NodeSigner for Outsider {
    fn get_node_id(&self, _: Recipient) -> Result<PublicKey, ()> {
        Ok(self.0)
    }

    // Building asks for nothing else.

    fn get_expanded_key(&self) -> ExpandedKey {
        ExpandedKey::new([0; 32])
    }

    fn get_peer_storage_key(&self) -> PeerStorageKey {
        PeerStorageKey { inner: [0; 32] }
    }

    fn get_receive_auth_key(&self) -> ReceiveAuthKey {
        ReceiveAuthKey([0; 32])
    }

    fn ecdh(&self, _: Recipient, _: &PublicKey, _: Option<&Scalar>) -> Result<SharedSecret, ()> {
        Err(())
    }

    fn sign_invoice(&self, _: &RawBolt11Invoice, _: Recipient) -> Result<RecoverableSignature, ()> {
        Err(())
    }

    fn sign_bolt12_invoice(&self, _: &UnsignedBolt12Invoice) -> Result<schnorr::Signature, ()> {
        Err(())
    }

    fn sign_gossip_message(&self, _: UnsignedGossipMessage<'_>) -> Result<Signature, ()> {
        Err(())
    }

    fn sign_message(&self, _: &[u8]) -> Result<String, ()> {
        Err(())
    }
}
