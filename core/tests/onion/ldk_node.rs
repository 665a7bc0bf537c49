use bitcoin::secp256k1::{PublicKey, Secp256k1, SecretKey};
use invreq::bolt12::{BlindedHop, BlindedPath, Introduction};
use lightning::blinded_path::message::{
    BlindedMessagePath, MessageContext, MessageForwardNode, NextMessageHop, OffersContext,
};
use lightning::blinded_path::{self, EmptyNodeIdLookUp, IntroductionNode};
use lightning::io::{self, Read};
use lightning::ln::msgs::{DecodeError, OnionMessage};
use lightning::onion_message::messenger::{
    create_onion_message, peel_onion_message, CustomOnionMessageHandler, Destination,
    MessageSendInstructions, OnionMessagePath, PeeledOnion, Responder, ResponseInstruction, SendError,
};
use lightning::onion_message::packet::OnionMessageContents;
use lightning::sign::{KeysManager, NodeSigner};
use lightning::types::payment::PaymentHash;
use lightning::util::logger::{Logger, Record};
use lightning::util::ser::{LengthReadable, Writeable, Writer};

/// A node that runs LDK: its keys, and LDK's functions for onion messages.
pub struct LdkNode {
    keys: KeysManager,
    pub id: PublicKey,
}

impl LdkNode {
    pub fn new(seed: u8) -> Self {
        let keys = KeysManager::new(&[seed; 32], 0, 0, true);
        let id = keys.get_node_secret_key().public_key(&Secp256k1::new());
        Self { keys, id }
    }

    pub fn key(&self) -> SecretKey {
        self.keys.get_node_secret_key()
    }

    /// A path to this node, as in a refund's `invreq_paths`; over a channel where the hop has one.
    pub fn path(&self, via: &[(PublicKey, Option<u64>)], dummies: usize) -> BlindedPath {
        let hop = |(node_id, short_channel_id): &(PublicKey, Option<u64>)| MessageForwardNode {
            node_id: *node_id,
            short_channel_id: *short_channel_id,
        };
        let via: Vec<_> = via.iter().map(hop).collect();
        let context = OffersContext::InboundPayment {
            payment_hash: PaymentHash([4; 32]),
        };
        ours(&BlindedMessagePath::new_with_dummy_hops(
            &via,
            self.id,
            dummies,
            self.keys.get_receive_auth_key(),
            MessageContext::Offers(context),
            &self.keys,
            &Secp256k1::new(),
        ))
    }

    pub fn peel(&self, message: &[u8]) -> Result<PeeledOnion<Raw>, ()> {
        let message = OnionMessage::read_from_fixed_length_buffer(&mut &message[..]).map_err(drop)?;
        peel_onion_message(&message, &Secp256k1::new(), &self.keys, Quiet, AnyMessage)
    }

    /// Peels a layer that has to go on to this node.
    pub fn relay(&self, message: &[u8], to: &PublicKey) -> Vec<u8> {
        match self.peel(message) {
            Ok(PeeledOnion::Forward(NextMessageHop::NodeId(next), message)) => {
                assert_eq!(next, *to);
                message.encode()
            }
            _ => panic!("not for another node"),
        }
    }

    /// Sends a message over a path of ours, with LDK.
    pub fn send(
        &self,
        via: &[PublicKey],
        path: &BlindedPath,
        content: impl OnionMessageContents,
        reply_path: Option<&BlindedPath>,
    ) -> (PublicKey, Vec<u8>) {
        self.try_send(via, path, content, reply_path).unwrap()
    }

    /// The same, for what may be too large for a message.
    pub fn try_send(
        &self,
        via: &[PublicKey],
        path: &BlindedPath,
        content: impl OnionMessageContents,
        reply_path: Option<&BlindedPath>,
    ) -> Option<(PublicKey, Vec<u8>)> {
        let path = OnionMessagePath {
            intermediate_nodes: via.to_vec(),
            destination: Destination::BlindedPath(theirs(path)),
            first_node_addresses: Vec::new(),
        };
        match create_onion_message(
            &&self.keys,
            &&self.keys,
            &EmptyNodeIdLookUp {},
            &Secp256k1::new(),
            path,
            content,
            reply_path.map(theirs),
        ) {
            Ok((first, message, _)) => Some((first, message.encode())),
            Err(SendError::TooBigPacket) => None,
            Err(error) => panic!("{error:?}"),
        }
    }
}

pub fn ours(path: &BlindedMessagePath) -> BlindedPath {
    let introduction = match path.introduction_node() {
        IntroductionNode::NodeId(node) => Introduction::NodeId(*node),
        IntroductionNode::DirectedShortChannelId(..) => panic!("not in these tests"),
    };
    let hops = path.blinded_hops().iter().map(|hop| BlindedHop {
        blinded_node_id: hop.blinded_node_id,
        encrypted_recipient_data: hop.encrypted_payload.clone(),
    });
    BlindedPath {
        introduction,
        path_key: path.blinding_point(),
        hops: hops.collect(),
    }
}

pub fn theirs(path: &BlindedPath) -> BlindedMessagePath {
    let Introduction::NodeId(introduction) = path.introduction else {
        panic!("not in these tests")
    };
    let hops = path.hops.iter().map(|hop| blinded_path::BlindedHop {
        blinded_node_id: hop.blinded_node_id,
        encrypted_payload: hop.encrypted_recipient_data.clone(),
    });
    BlindedMessagePath::from_blinded_path(introduction, path.path_key, hops.collect())
}

/// Any record as a message.
#[derive(Debug, PartialEq, Eq)]
pub struct Raw(pub u64, pub Vec<u8>);

impl OnionMessageContents for Raw {
    fn tlv_type(&self) -> u64 {
        self.0
    }

    fn msg_type(&self) -> &'static str {
        "raw"
    }
}

impl Writeable for Raw {
    fn write<W: Writer>(&self, writer: &mut W) -> Result<(), io::Error> {
        writer.write_all(&self.1)
    }
}

struct AnyMessage;

impl std::ops::Deref for AnyMessage {
    type Target = Self;

    fn deref(&self) -> &Self {
        self
    }
}

impl CustomOnionMessageHandler for AnyMessage {
    type CustomMessage = Raw;

    fn handle_custom_message(
        &self,
        _: Raw,
        _: Option<Vec<u8>>,
        _: Option<Responder>,
    ) -> Option<(Raw, ResponseInstruction)> {
        None
    }

    fn read_custom_message<R: Read>(&self, number: u64, reader: &mut R) -> Result<Option<Raw>, DecodeError> {
        let mut value = Vec::new();
        let mut byte = [0];
        while reader.read_exact(&mut byte).is_ok() {
            value.push(byte[0]);
        }
        Ok(Some(Raw(number, value)))
    }

    fn release_pending_custom_messages(&self) -> Vec<(Raw, MessageSendInstructions)> {
        Vec::new()
    }
}

struct Quiet;

impl std::ops::Deref for Quiet {
    type Target = Self;

    fn deref(&self) -> &Self {
        self
    }
}

impl Logger for Quiet {
    fn log(&self, _: Record) {}
}
