//! LDK, building and peeling onion messages: from its own types to bytes, and from bytes to its own types or bytes.

use std::convert::Infallible;
use std::ops::Deref;

use bitcoin::secp256k1::{All, PublicKey, Secp256k1, SecretKey};
use invreq::bolt12::{BlindedPath, Introduction};
use lightning::blinded_path::message::{
    BlindedMessagePath, MessageContext, MessageForwardNode, OffersContext,
};
use lightning::blinded_path::{BlindedHop, EmptyNodeIdLookUp};
use lightning::io;
use lightning::ln::msgs::OnionMessage;
use lightning::ln::peer_handler::IgnoringMessageHandler;
use lightning::onion_message::messenger::{
    create_onion_message, peel_onion_message, Destination, OnionMessagePath, PeeledOnion,
};
use lightning::onion_message::packet::OnionMessageContents;
use lightning::sign::{KeysManager, NodeSigner};
use lightning::types::payment::PaymentHash;
use lightning::util::logger::{Logger, Record};
use lightning::util::ser::{LengthReadable, Writeable, Writer};

/// A node of LDK's.
pub struct Messenger {
    secp: Secp256k1<All>,
    keys: KeysManager,
    pub id: PublicKey,
}

impl Messenger {
    pub fn new(seed: u8) -> Self {
        let secp = Secp256k1::new();
        let keys = KeysManager::new(&[seed; 32], 0, 0, true);
        let id = keys.get_node_secret_key().public_key(&secp);
        Self { secp, keys, id }
    }

    pub fn key(&self) -> SecretKey {
        self.keys.get_node_secret_key()
    }

    /// A path to this node.
    pub fn path(&self, via: &[PublicKey]) -> BlindedMessagePath {
        let node = |node_id: &PublicKey| MessageForwardNode {
            node_id: *node_id,
            short_channel_id: None,
        };
        let via: Vec<_> = via.iter().map(node).collect();
        let context = MessageContext::Offers(OffersContext::InboundPayment {
            payment_hash: PaymentHash([4; 32]),
        });
        let auth = self.keys.get_receive_auth_key();
        BlindedMessagePath::new(&via, self.id, auth, context, &self.keys, &self.secp)
    }

    /// The bytes of a message over this path.
    pub fn send(
        &self,
        path: BlindedMessagePath,
        content: impl OnionMessageContents,
        reply: Option<BlindedMessagePath>,
    ) -> Vec<u8> {
        let path = OnionMessagePath {
            intermediate_nodes: Vec::new(),
            destination: Destination::BlindedPath(path),
            first_node_addresses: Vec::new(),
        };
        let keys = &&self.keys;
        let (_, message, _) = create_onion_message(
            keys,
            keys,
            &EmptyNodeIdLookUp {},
            &self.secp,
            path,
            content,
            reply,
        )
        .unwrap();
        message.encode()
    }

    /// Takes a layer off a message that is for this node.
    pub fn receive(&self, message: &[u8]) -> PeeledOnion<Infallible> {
        self.peel(message)
    }

    /// Takes a layer off a message that goes on: the bytes for the next node.
    pub fn relay(&self, message: &[u8]) -> Vec<u8> {
        match self.peel(message) {
            PeeledOnion::Forward(_, message) => message.encode(),
            _ => unreachable!("the message goes on"),
        }
    }

    fn peel(&self, message: &[u8]) -> PeeledOnion<Infallible> {
        let message = OnionMessage::read_from_fixed_length_buffer(&mut &message[..]).unwrap();
        peel_onion_message(&message, &self.secp, &self.keys, Quiet, IgnoringMessageHandler {}).unwrap()
    }
}

/// LDK's path in our types.
pub fn ours(path: &BlindedMessagePath, introduction: PublicKey) -> BlindedPath {
    let hops = path.blinded_hops().iter().map(|hop| invreq::bolt12::BlindedHop {
        blinded_node_id: hop.blinded_node_id,
        encrypted_recipient_data: hop.encrypted_payload.clone(),
    });
    BlindedPath {
        introduction: Introduction::NodeId(introduction),
        path_key: path.blinding_point(),
        hops: hops.collect(),
    }
}

/// Our path in LDK's types.
pub fn theirs(path: &BlindedPath) -> BlindedMessagePath {
    let Introduction::NodeId(introduction) = path.introduction else {
        unreachable!("the benchmarks have no such path")
    };
    let hops = path.hops.iter().map(|hop| BlindedHop {
        blinded_node_id: hop.blinded_node_id,
        encrypted_payload: hop.encrypted_recipient_data.clone(),
    });
    BlindedMessagePath::from_blinded_path(introduction, path.path_key, hops.collect())
}

/// Record 66 with any bytes.
#[derive(Clone, Debug)]
pub struct Raw(pub Vec<u8>);

impl OnionMessageContents for Raw {
    fn tlv_type(&self) -> u64 {
        66
    }

    fn msg_type(&self) -> &'static str {
        "raw"
    }
}

impl Writeable for Raw {
    fn write<W: Writer>(&self, writer: &mut W) -> Result<(), io::Error> {
        writer.write_all(&self.0)
    }
}

struct Quiet;

impl Deref for Quiet {
    type Target = Self;

    fn deref(&self) -> &Self {
        self
    }
}

impl Logger for Quiet {
    fn log(&self, _: Record) {}
}
