//! Building and peeling onion messages, beside LDK's own functions for the same.
//!
//! `cargo bench -p invreq --bench onion`
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)] // criterion's macros; a bench may stop

use std::hint::black_box;
use std::ops::Deref;

use bitcoin::secp256k1::{PublicKey, Secp256k1};
use criterion::{criterion_group, criterion_main, Criterion};
use invreq::bolt12::{BlindedPath, Introduction};
use invreq::onion::{build, ecdh_with, peel, reply_path, Destination, Outgoing};
use lightning::blinded_path::message::{
    BlindedMessagePath, MessageContext, MessageForwardNode, OffersContext,
};
use lightning::blinded_path::{BlindedHop, EmptyNodeIdLookUp};
use lightning::io;
use lightning::ln::msgs::OnionMessage;
use lightning::ln::peer_handler::IgnoringMessageHandler;
use lightning::offers::invoice_error::InvoiceError;
use lightning::onion_message::messenger::{
    create_onion_message, peel_onion_message, Destination as LdkDestination, OnionMessagePath, PeeledOnion,
};
use lightning::onion_message::offers::OffersMessage;
use lightning::onion_message::packet::OnionMessageContents;
use lightning::sign::{KeysManager, NodeSigner};
use lightning::types::payment::PaymentHash;
use lightning::util::logger::{Logger, Record};
use lightning::util::ser::{LengthReadable, Writeable, Writer};

fn onion(c: &mut Criterion) {
    let secp = Secp256k1::new();
    let [payer, relay, us] = [1, 2, 3].map(|seed| KeysManager::new(&[seed; 32], 0, 0, true));
    let [payer_id, relay_id, us_id] =
        [&payer, &relay, &us].map(|keys| keys.get_node_secret_key().public_key(&secp));
    let key = us.get_node_secret_key();

    c.bench_function("reply path, 2 hops: invreq", |b| {
        b.iter(|| reply_path(black_box(&[relay_id]), us_id, &[9; 32], [1; 32]).unwrap())
    });
    c.bench_function("reply path, 2 hops: ldk", |b| {
        b.iter(|| ldk_path(&us, us_id, black_box(relay_id)))
    });

    // The invoice of a real node is some 440 bytes; one with many paths spills into the large packet.
    let theirs = ldk_path(&payer, payer_id, relay_id);
    let path = ours(&theirs, relay_id);
    for (size, len) in [("small", 438), ("large", 1500)] {
        let invoice = vec![7; len];
        let reply = reply_path(&[], us_id, &[9; 32], [1; 32]).unwrap();
        let reply_theirs = ldk(&reply);
        let outgoing = Outgoing {
            invoice: &invoice,
            destination: Destination::Path {
                path: &path,
                introduction: relay_id,
            },
            via: &[],
            reply_path: Some(&reply),
        };
        c.bench_function(&format!("build, {size} packet, 2 hops: invreq"), |b| {
            b.iter(|| build(black_box(&outgoing), [1; 32]).unwrap())
        });
        c.bench_function(&format!("build, {size} packet, 2 hops: ldk"), |b| {
            b.iter(|| {
                send(
                    &us,
                    black_box(&theirs),
                    Raw(invoice.clone()),
                    Some(reply_theirs.clone()),
                )
            })
        });
    }

    // An error from the payer, one layer, each over a path that its own side can read.
    let error = || OffersMessage::InvoiceError(InvoiceError::from_string("Invalid value".to_owned()));
    let to_us = send(
        &payer,
        &ldk(&reply_path(&[], us_id, &[9; 32], [1; 32]).unwrap()),
        error(),
        None,
    );
    let to_ldk = send(&payer, &ldk_path_to(&us, us_id, &[]), error(), None);
    c.bench_function("peel, final layer: invreq", |b| {
        b.iter(|| peel(black_box(&to_us), ecdh_with(&key)).unwrap())
    });
    c.bench_function("peel, final layer: ldk", |b| {
        b.iter(|| ldk_peel(&us, black_box(&to_ldk)).unwrap())
    });

    let onward = send(&us, &theirs, Raw(vec![7; 438]), None);
    let relay_key = relay.get_node_secret_key();
    c.bench_function("peel, relay layer: invreq", |b| {
        b.iter(|| peel(black_box(&onward), ecdh_with(&relay_key)).unwrap())
    });
    c.bench_function("peel, relay layer: ldk", |b| {
        b.iter(|| ldk_peel(&relay, black_box(&onward)).unwrap())
    });
    let large = send(&us, &theirs, Raw(vec![7; 1500]), None);
    c.bench_function("peel, large relay layer: invreq", |b| {
        b.iter(|| peel(black_box(&large), ecdh_with(&relay_key)).unwrap())
    });
    c.bench_function("peel, large relay layer: ldk", |b| {
        b.iter(|| ldk_peel(&relay, black_box(&large)).unwrap())
    });
}

criterion_group!(benches, onion);
criterion_main!(benches);

fn ldk_path(keys: &KeysManager, id: PublicKey, relay: PublicKey) -> BlindedMessagePath {
    ldk_path_to(
        keys,
        id,
        &[MessageForwardNode {
            node_id: relay,
            short_channel_id: None,
        }],
    )
}

fn ldk_path_to(keys: &KeysManager, id: PublicKey, via: &[MessageForwardNode]) -> BlindedMessagePath {
    let context = OffersContext::InboundPayment {
        payment_hash: PaymentHash([4; 32]),
    };
    let context = MessageContext::Offers(context);
    BlindedMessagePath::new(
        via,
        id,
        keys.get_receive_auth_key(),
        context,
        keys,
        &Secp256k1::new(),
    )
}

fn ours(path: &BlindedMessagePath, introduction: PublicKey) -> BlindedPath {
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

fn ldk(path: &BlindedPath) -> BlindedMessagePath {
    let Introduction::NodeId(introduction) = path.introduction else {
        panic!("not in this bench")
    };
    let hops = path.hops.iter().map(|hop| BlindedHop {
        blinded_node_id: hop.blinded_node_id,
        encrypted_payload: hop.encrypted_recipient_data.clone(),
    });
    BlindedMessagePath::from_blinded_path(introduction, path.path_key, hops.collect())
}

fn send(
    keys: &KeysManager,
    path: &BlindedMessagePath,
    content: impl OnionMessageContents,
    reply: Option<BlindedMessagePath>,
) -> Vec<u8> {
    let path = OnionMessagePath {
        intermediate_nodes: Vec::new(),
        destination: LdkDestination::BlindedPath(path.clone()),
        first_node_addresses: Vec::new(),
    };
    let lookup = EmptyNodeIdLookUp {};
    let secp = Secp256k1::new();
    let (_, message, _) = create_onion_message(&keys, &keys, &lookup, &secp, path, content, reply).unwrap();
    message.encode()
}

fn ldk_peel(keys: &KeysManager, message: &[u8]) -> Result<PeeledOnion<std::convert::Infallible>, ()> {
    let message = OnionMessage::read_from_fixed_length_buffer(&mut &message[..]).map_err(drop)?;
    peel_onion_message(
        &message,
        &Secp256k1::new(),
        keys,
        Quiet,
        IgnoringMessageHandler {},
    )
}

#[derive(Debug)]
struct Raw(Vec<u8>);

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
