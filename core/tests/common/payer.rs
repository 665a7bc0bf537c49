//! What a payer does: opens what it is sent, and answers over the reply path.

use bitcoin::secp256k1::{Secp256k1, SecretKey};
use invreq::bolt12::{BlindedPath, Introduction, TlvWriter};
use invreq::engine::Delivery;
use invreq::onion::{ecdh_with, peel_to_end, Message, Peeled};
use lightning::blinded_path::message::BlindedMessagePath;
use lightning::blinded_path::{BlindedHop, EmptyNodeIdLookUp};
use lightning::io;
use lightning::onion_message::messenger::{create_onion_message, Destination, OnionMessagePath};
use lightning::onion_message::packet::OnionMessageContents;
use lightning::sign::KeysManager;
use lightning::util::ser::{Writeable, Writer};

/// An `invoice_error` as a TLV stream.
pub fn error_bytes(text: &str, field: Option<(u64, &[u8])>) -> Vec<u8> {
    let mut out = TlvWriter::new();
    if let Some((number, value)) = field {
        out.integer(1, number).unwrap();
        out.record(3, value).unwrap();
    }
    out.record(5, text.as_bytes()).unwrap();
    out.into_bytes()
}

/// What the payer with this key finds in a delivery that goes straight to it.
pub fn open(delivery: &Delivery, key: &SecretKey) -> Message {
    let node_id = key.public_key(&Secp256k1::new());
    match peel_to_end(&delivery.packet.message, &node_id, ecdh_with(key)).unwrap() {
        Peeled::Final(message) => message,
        Peeled::Forward { .. } => panic!("the message goes on"),
    }
}

/// An onion message over this reply path with this record, as its first hop gets it.
pub fn onion_error(path: &BlindedPath, number: u64, bytes: &[u8]) -> Vec<u8> {
    let Introduction::NodeId(first) = path.introduction else {
        panic!("a reply path begins at a node");
    };
    let hops = path.hops.iter().map(|hop| BlindedHop {
        blinded_node_id: hop.blinded_node_id,
        encrypted_payload: hop.encrypted_recipient_data.clone(),
    });
    let path = BlindedMessagePath::from_blinded_path(first, path.path_key, hops.collect());
    let keys = KeysManager::new(&[77; 32], 1, 1, true);
    let way = OnionMessagePath {
        intermediate_nodes: Vec::new(),
        destination: Destination::BlindedPath(path),
        first_node_addresses: Vec::new(),
    };
    let content = Content(number, bytes.to_vec());
    let secp = Secp256k1::new();
    let (_, message, _) =
        create_onion_message(&&keys, &&keys, &EmptyNodeIdLookUp {}, &secp, way, content, None).unwrap();
    message.encode()
}

#[derive(Clone, Debug)]
struct Content(u64, Vec<u8>);

impl OnionMessageContents for Content {
    fn tlv_type(&self) -> u64 {
        self.0
    }

    fn msg_type(&self) -> &'static str {
        "test"
    }
}

impl Writeable for Content {
    fn write<W: Writer>(&self, writer: &mut W) -> Result<(), io::Error> {
        writer.write_all(&self.1)
    }
}
