//! A wallet in as few lines as LDK allows: it stands in for `invreq` on the other side of the harness.

use std::time::{SystemTime, UNIX_EPOCH};

use bitcoin::hashes::{sha256, Hash};
use bitcoin::secp256k1::{All, Keypair, PublicKey, Secp256k1, SecretKey};
use invreq::bolt12::{Introduction, PaymentPath};
use invreq_lightning::InboundPayment;
use lightning::blinded_path::message::{
    BlindedMessagePath, MessageContext, MessageForwardNode, OffersContext,
};
use lightning::blinded_path::payment::{BlindedPayInfo, BlindedPaymentPath};
use lightning::blinded_path::{BlindedHop, EmptyNodeIdLookUp};
use lightning::ln::msgs::OnionMessage;
use lightning::ln::peer_handler::IgnoringMessageHandler;
use lightning::offers::invoice::{Bolt12Invoice, UnsignedBolt12Invoice};
use lightning::offers::refund::Refund;
use lightning::onion_message::messenger::{
    create_onion_message, peel_onion_message, Destination, OnionMessagePath, PeeledOnion,
};
use lightning::onion_message::offers::OffersMessage;
use lightning::sign::{KeysManager, NodeSigner, Recipient};
use lightning::types::payment::PaymentHash;
use lightning::util::logger::{Logger, Record};
use lightning::util::ser::{LengthReadable, Writeable};

/// A wallet with keys of its own that knows only what its host tells it.
pub struct Wallet {
    keys: KeysManager,
    secp: Secp256k1<All>,
}

/// How an invoice gets to the payer, and a reply back.
pub struct Way {
    /// The first node of the request's blinded path.
    pub introduction: PublicKey,
    /// The nodes between the host and the introduction.
    pub hops: Vec<PublicKey>,
    /// The nodes from the one the payer knows to the host.
    pub reply_hops: Vec<PublicKey>,
}

impl Way {
    pub fn first_hop(&self) -> PublicKey {
        self.hops.first().copied().unwrap_or(self.introduction)
    }
}

impl Wallet {
    pub fn new() -> Wallet {
        Wallet {
            keys: KeysManager::new(&[42; 32], 0, 0, true),
            secp: Secp256k1::new(),
        }
    }

    /// Where replies to the wallet end.
    pub fn mailbox(&self) -> PublicKey {
        self.keys.get_node_id(Recipient::Node).unwrap()
    }

    pub fn answer(&self, request: &str, inbound: &InboundPayment) -> Vec<u8> {
        let refund: Refund = request.parse().unwrap();
        let keypair = Keypair::from_secret_key(&self.secp, &SecretKey::from_slice(&[77; 32]).unwrap());
        let paths = inbound.paths.iter().map(payment_path).collect();
        let created_at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let sign = |invoice: &UnsignedBolt12Invoice| {
            Ok(self
                .secp
                .sign_schnorr_no_aux_rand(invoice.as_ref().as_digest(), &keypair))
        };
        refund
            .respond_with_no_std(
                paths,
                PaymentHash(inbound.payment_hash),
                keypair.public_key(),
                created_at,
            )
            .unwrap()
            .relative_expiry(600)
            .allow_mpp()
            .build()
            .unwrap()
            .sign(sign)
            .unwrap()
            .encode()
    }

    /// The onion message that brings an invoice to the payer.
    pub fn packet(&self, way: &Way, request: &str, invoice: &[u8]) -> Vec<u8> {
        let refund: Refund = request.parse().unwrap();
        let path = &refund.paths()[0];
        let invoice = Bolt12Invoice::try_from(invoice.to_vec()).unwrap();
        let context = OffersContext::InboundPayment {
            payment_hash: invoice.payment_hash(),
        };
        let (point, blinded_hops) = (path.blinding_point(), path.blinded_hops().to_vec());
        let path = OnionMessagePath {
            intermediate_nodes: way.hops.clone(),
            destination: Destination::BlindedPath(BlindedMessagePath::from_blinded_path(
                way.introduction,
                point,
                blinded_hops,
            )),
            first_node_addresses: Vec::new(),
        };
        let (_, message, _) = create_onion_message(
            &&self.keys,
            &&self.keys,
            &EmptyNodeIdLookUp {},
            &self.secp,
            path,
            OffersMessage::Invoice(invoice),
            Some(self.reply_path(&way.reply_hops, context)),
        )
        .unwrap();
        message.encode()
    }

    /// Peels a reply that was intercepted at the host: the payment hash of the reply path and the error's text.
    pub fn open_error(&self, message: &[u8]) -> ([u8; 32], String) {
        let message = OnionMessage::read_from_fixed_length_buffer(&mut &message[..]).unwrap();
        let peeled = peel_onion_message(
            &message,
            &self.secp,
            &self.keys,
            &Silent,
            &IgnoringMessageHandler {},
        );
        match peeled {
            Ok(PeeledOnion::Offers(OffersMessage::InvoiceError(error), Some(context), _)) => match context {
                OffersContext::InboundPayment { payment_hash } => (payment_hash.0, error.to_string()),
                other => panic!("{other:?}"),
            },
            _ => panic!("not an invoice_error over our reply path"),
        }
    }

    fn reply_path(&self, route: &[PublicKey], context: OffersContext) -> BlindedMessagePath {
        let hops: Vec<_> = route
            .iter()
            .map(|node_id| MessageForwardNode {
                node_id: *node_id,
                short_channel_id: None,
            })
            .collect();
        let key = self.keys.get_receive_auth_key();
        let context = MessageContext::Offers(context);
        BlindedMessagePath::new(&hops, self.mailbox(), key, context, &self.keys, &self.secp)
    }
}

/// A preimage and its payment hash.
pub fn preimage(fill: u8) -> ([u8; 32], [u8; 32]) {
    ([fill; 32], sha256::Hash::hash(&[fill; 32]).to_byte_array())
}

/// The channel by which LDK's request names its payer: a short channel id and a direction.
pub fn request_channel(request: &str) -> (u64, u8) {
    let path = request_path(request);
    assert!(path[0] < 2, "a sciddir, not a node id");
    (u64::from_be_bytes(path[1..9].try_into().unwrap()), path[0])
}

/// The first path of a request, encoded.
pub fn request_path(request: &str) -> Vec<u8> {
    request.parse::<Refund>().unwrap().paths()[0].encode()
}

fn payment_path(path: &PaymentPath) -> BlindedPaymentPath {
    let PaymentPath { path, payinfo: info } = path;
    let hops = path.hops.iter().map(|hop| BlindedHop {
        blinded_node_id: hop.blinded_node_id,
        encrypted_payload: hop.encrypted_recipient_data.clone(),
    });
    assert!(info.features.is_empty());
    let info = BlindedPayInfo {
        fee_base_msat: info.fee_base_msat,
        fee_proportional_millionths: info.fee_proportional_millionths,
        cltv_expiry_delta: info.cltv_expiry_delta,
        htlc_minimum_msat: info.htlc_minimum_msat,
        htlc_maximum_msat: info.htlc_maximum_msat,
        features: lightning::types::features::BlindedHopFeatures::empty(),
    };
    let Introduction::NodeId(introduction) = path.introduction else {
        panic!("LDK introduces payments by node id")
    };
    BlindedPaymentPath::from_blinded_path_and_payinfo(introduction, path.path_key, hops.collect(), info)
}

struct Silent;

impl Logger for Silent {
    fn log(&self, _: Record) {}
}
