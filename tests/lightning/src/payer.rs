//! A payer by the letter of BOLT 12, as LDK is none: it signs its requests, knows an invoice by the `path_id` it came with, and
//! writes errors as the specification says.

use std::sync::Arc;

use bitcoin::constants::ChainHash;
use bitcoin::secp256k1::{Keypair, Message, PublicKey, Secp256k1, SecretKey};
use invreq::bolt12::{
    encode_string, invoice_request_digest, merkle_root, BlindedPath, Introduction, InvoiceError, Kind,
    TlvStream, TlvWriter,
};
use invreq::onion::{ecdh_with, peel_to_end, reply_path, Peeled};
use lightning::blinded_path::message::BlindedMessagePath;
use lightning::blinded_path::{BlindedHop, EmptyNodeIdLookUp};
use lightning::events::Event;
use lightning::io;
use lightning::ln::channelmanager::{PaymentId, RecipientOnionFields, Retry};
use lightning::offers::invoice::Bolt12Invoice;
use lightning::onion_message::messenger::{create_onion_message, Destination, OnionMessagePath};
use lightning::onion_message::packet::OnionMessageContents;
use lightning::routing::router::{PaymentParameters, RouteParameters};
use lightning::util::ser::{Writeable, Writer};

use crate::{Error, Network, NodeIndex};

/// A payer with keys of its own behind a node that forwards its messages and pays for it, as a Core Lightning node would.
pub struct SpecPayer {
    net: Arc<Network>,
    node: NodeIndex,
    key: SecretKey,
}

/// An invoice that came for a request of a [`SpecPayer`].
pub struct ReceivedInvoice {
    /// The `path_id` of the request's path it came over.
    pub path_id: [u8; 32],
    /// Its TLV stream.
    pub invoice: Vec<u8>,
    /// Where an answer goes, if the payee wants one.
    pub reply_path: Option<BlindedPath>,
}

/// Where an onion message goes.
#[derive(Clone, Copy, Debug)]
pub enum MessageTo<'a> {
    /// Straight to a node: over no path of anybody's.
    Node(PublicKey),
    /// Over a blinded path.
    Path(&'a BlindedPath),
}

/// The records of an onion message (BOLT 4, `onionmsg_tlv`).
const INVOICE: u64 = 66;
const INVOICE_ERROR: u64 = 68;

impl SpecPayer {
    /// A payer behind this node.
    pub fn new(net: Arc<Network>, node: NodeIndex) -> SpecPayer {
        let key = SecretKey::from_slice(&[0x5b; 32]).expect("a valid key");
        SpecPayer { net, node, key }
    }

    /// Where its messages go.
    pub fn mailbox(&self) -> PublicKey {
        self.key.public_key(&Secp256k1::new())
    }

    /// The node it is behind.
    pub fn node_id(&self) -> PublicKey {
        self.net.node_id(self.node)
    }

    /// A signed request with a path over each of these ways to its mailbox. The last node of each has to be its own, and
    /// `path_id` tells its requests apart.
    pub fn request(&self, amount_msat: u64, ways: &[Vec<PublicKey>], path_id: [u8; 32]) -> String {
        let path = |(number, way): (u8, &Vec<PublicKey>)| {
            let mut bytes = Vec::new();
            let path = reply_path(way, self.mailbox(), &path_id, [number; 32]).expect("a path can be made");
            path.write(&mut bytes).expect("a path can be written");
            bytes
        };
        let paths: Vec<u8> = (1..).zip(ways).flat_map(path).collect();
        let unsigned = self.write(amount_msat, &path_id, &paths, None);
        let root = TlvStream::parse(unsigned).ok().as_ref().and_then(merkle_root);
        let digest = invoice_request_digest(&root.expect("the request is a TLV stream"));
        let secp = Secp256k1::new();
        let pair = Keypair::from_secret_key(&secp, &self.key);
        let signature = secp.sign_schnorr_no_aux_rand(&Message::from_digest(digest), &pair);
        let signed = self.write(amount_msat, &path_id, &paths, Some(signature.serialize()));
        encode_string(Kind::InvoiceRequest, &signed)
    }

    fn write(&self, amount_msat: u64, metadata: &[u8], paths: &[u8], signature: Option<[u8; 64]>) -> Vec<u8> {
        let mut out = TlvWriter::new();
        let chain = ChainHash::REGTEST.to_bytes();
        let payer_id = self.mailbox().serialize();
        let records: [(u64, &[u8]); 3] = [(0, metadata), (10, b"by the letter"), (80, &chain)];
        for (number, value) in records {
            out.record(number, value).expect("records in order");
        }
        out.integer(82, amount_msat).expect("records in order");
        out.record(88, &payer_id).expect("records in order");
        out.record(90, paths).expect("records in order");
        if let Some(signature) = signature {
            out.record(240, &signature).expect("records in order");
        }
        out.into_bytes()
    }

    /// The invoices that came since the last call.
    pub fn invoices(&self) -> Vec<ReceivedInvoice> {
        self.net.pump();
        let events = self.net.take_ldk_events(self.node).into_iter();
        let messages = events.filter_map(|event| match event {
            Event::OnionMessageIntercepted {
                peer_node_id,
                message,
            } if peer_node_id == self.mailbox() => Some(message.encode()),
            _ => None,
        });
        messages.filter_map(|message| self.open(&message)).collect()
    }

    fn open(&self, message: &[u8]) -> Option<ReceivedInvoice> {
        let opened = match peel_to_end(message, &self.mailbox(), ecdh_with(&self.key)) {
            Ok(Peeled::Final(opened)) => opened,
            _ => return None,
        };
        Some(ReceivedInvoice {
            path_id: opened.path_id?.try_into().ok()?,
            invoice: opened.content.filter(|content| content.number == INVOICE)?.value,
            reply_path: opened.reply_path,
        })
    }

    /// Answers with an error over this path, in the encoding of the specification.
    pub fn refuse(&self, over: &BlindedPath, text: &str) -> Result<(), Error> {
        let error = InvoiceError {
            error: Some(text.to_owned()),
            ..InvoiceError::default()
        };
        self.say(over, INVOICE_ERROR, &error.to_bytes().map_err(Error::lightning)?)
    }

    /// Sends any record over this path.
    pub fn say(&self, over: &BlindedPath, number: u64, value: &[u8]) -> Result<(), Error> {
        let begin = self.net.begin_of(self.node, over)?;
        let via = self.net.route(self.node, begin).ok_or(Error::NotConnected)?;
        let (first_hop, message) =
            self.net
                .onion_message(self.node, &via, MessageTo::Path(over), number, value)?;
        self.net.send_onion(self.node, first_hop, &message)
    }

    /// Pays an invoice.
    pub fn pay(&self, invoice: &[u8]) -> Result<(), Error> {
        let invoice =
            Bolt12Invoice::try_from(invoice.to_vec()).map_err(|_| Error::Malformed("the invoice"))?;
        let parameters = PaymentParameters::from_bolt12_invoice(&invoice);
        let route = RouteParameters::from_payment_params_and_value(parameters, invoice.amount_msats());
        let (hash, id) = (invoice.payment_hash(), PaymentId(invoice.payment_hash().0));
        let onion = RecipientOnionFields::spontaneous_empty();
        let state = self.net.state();
        let manager = &state.live(self.node)?.manager;
        manager
            .send_payment(hash, onion, id, route, Retry::Attempts(3))
            .map_err(Error::lightning)
    }
}

impl Network {
    /// An onion message with one record of any kind, as this node would send it over the nodes of `via`: the first hop, and the
    /// payload of the message without its type.
    pub fn onion_message(
        &self,
        node: NodeIndex,
        via: &[PublicKey],
        to: MessageTo<'_>,
        number: u64,
        value: &[u8],
    ) -> Result<(PublicKey, Vec<u8>), Error> {
        let destination = match to {
            MessageTo::Node(node_id) => Destination::Node(node_id),
            MessageTo::Path(path) => {
                let introduction = self.begin_of(node, path)?;
                let hops = path.hops.iter().map(|hop| BlindedHop {
                    blinded_node_id: hop.blinded_node_id,
                    encrypted_payload: hop.encrypted_recipient_data.clone(),
                });
                let (key, hops) = (path.path_key, hops.collect());
                Destination::BlindedPath(BlindedMessagePath::from_blinded_path(introduction, key, hops))
            }
        };
        let way = OnionMessagePath {
            intermediate_nodes: via.to_vec(),
            destination,
            first_node_addresses: Vec::new(),
        };
        let keys = self.state().node(node).keys.clone();
        let secp = Secp256k1::new();
        let value = value.to_vec();
        let contents = Raw { number, value };
        let (first_hop, message, _) =
            create_onion_message(&keys, &keys, &EmptyNodeIdLookUp {}, &secp, way, contents, None)
                .map_err(Error::lightning)?;
        Ok((first_hop, message.encode()))
    }

    /// The node a blinded path begins at, as far as this node can tell.
    fn begin_of(&self, node: NodeIndex, path: &BlindedPath) -> Result<PublicKey, Error> {
        match path.introduction {
            Introduction::NodeId(node_id) => Ok(node_id),
            Introduction::Scid { scid, direction } => self
                .resolve_scid(node, scid, direction)
                .ok_or(Error::Malformed("the path's channel")),
        }
    }
}

/// A record that LDK has no type for.
#[derive(Debug)]
struct Raw {
    number: u64,
    value: Vec<u8>,
}

impl OnionMessageContents for Raw {
    fn tlv_type(&self) -> u64 {
        self.number
    }

    fn msg_type(&self) -> &'static str {
        "raw"
    }
}

impl Writeable for Raw {
    fn write<W: Writer>(&self, writer: &mut W) -> Result<(), io::Error> {
        writer.write_all(&self.value)
    }
}
