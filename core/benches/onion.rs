//! Building and peeling onion messages, in turns with LDK's own functions for the same.
//!
//! Both begin with the same things and end with the same: an invoice and paths become the bytes of a message, bytes become
//! what a message says, or the bytes for the next node.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
#![allow(clippy::print_stdout)]

mod support;

use std::hint::black_box;

use criterion::Criterion;
use invreq::bolt12::BlindedPath;
use invreq::onion::{build, ecdh_with, peel, reply_path, Destination, Outgoing};
use lightning::offers::invoice_error::InvoiceError;
use lightning::onion_message::offers::OffersMessage;
use support::messenger::{ours, theirs, Messenger, Raw};
use support::pairs::{measure, report, Limit};

/// The invoice of a real node is some 440 bytes; one with many paths spills into the large packet.
const SIZES: [(&str, usize); 2] = [("small", 438), ("large", 1500)];

const NOT_SLOWER: Limit = Limit::Ratio(1.0);

fn main() {
    if !support::only_criterion() {
        ratios();
    }
    support::criterion(benches);
}

struct Nodes {
    payer: Messenger,
    relay: Messenger,
    us: Messenger,
    /// Over the relay to the payer, as LDK makes it.
    path: BlindedPath,
    reply: BlindedPath,
}

impl Nodes {
    fn new() -> Self {
        let [payer, relay, us] = [1, 2, 3].map(Messenger::new);
        let path = ours(&payer.path(&[relay.id]), relay.id);
        let reply = reply_path(&[], us.id, &[9; 32], [1; 32]).unwrap();
        Self {
            payer,
            relay,
            us,
            path,
            reply,
        }
    }

    fn outgoing<'a>(&'a self, invoice: &'a [u8]) -> Outgoing<'a> {
        Outgoing {
            invoice,
            destination: Destination::Path {
                path: &self.path,
                introduction: self.relay.id,
            },
            via: &[],
            reply_path: Some(&self.reply),
        }
    }

    /// An invoice on its way, for the relay.
    fn onward(&self, len: usize) -> Vec<u8> {
        self.us
            .send(theirs(&self.path), Raw(vec![7; len]), Some(theirs(&self.reply)))
    }

    /// An error from the payer, each over a path of one hop that its own side can read.
    fn errors(&self) -> (Vec<u8>, Vec<u8>) {
        let error = || OffersMessage::InvoiceError(InvoiceError::from_string("Invalid value".to_owned()));
        let send = |path| self.payer.send(path, error(), None);
        (send(theirs(&self.reply)), send(self.us.path(&[])))
    }
}

fn ratios() {
    let nodes = Nodes::new();
    let Nodes { relay, us, .. } = &nodes;

    let measured = measure(
        || reply_path(black_box(&[relay.id]), us.id, &[9; 32], [1; 32]).unwrap(),
        || us.path(black_box(&[relay.id])),
    );
    let what = "reply path of 2 hops";
    report(what, "LDK BlindedMessagePath::new", &measured, &NOT_SLOWER);

    for (size, len) in SIZES {
        let invoice = vec![7; len];
        let outgoing = nodes.outgoing(&invoice);
        let (path, content, reply) = (theirs(&nodes.path), Raw(invoice.clone()), theirs(&nodes.reply));
        let measured = measure(
            || build(black_box(&outgoing), [1; 32]).unwrap(),
            || us.send(path.clone(), content.clone(), Some(reply.clone())),
        );
        let what = format!("invoice to onion message over 2 hops, {size} packet");
        report(&what, "LDK create_onion_message", &measured, &NOT_SLOWER);
    }

    let (key, (to_us, to_ldk)) = (us.key(), nodes.errors());
    let measured = measure(
        || peel(black_box(&to_us), ecdh_with(&key)).unwrap(),
        || us.receive(black_box(&to_ldk)),
    );
    let what = "onion message to what it says: an error from the payer";
    report(what, "LDK peel_onion_message", &measured, &NOT_SLOWER);

    let key = relay.key();
    for (size, len) in SIZES {
        let message = nodes.onward(len);
        let measured = measure(
            || peel(black_box(&message), ecdh_with(&key)).unwrap(),
            || relay.relay(black_box(&message)),
        );
        let what = format!("onion message to the next hop's, {size} packet");
        report(&what, "LDK peel_onion_message", &measured, &NOT_SLOWER);
    }
}

fn benches(c: &mut Criterion) {
    let nodes = Nodes::new();
    let Nodes { relay, us, .. } = &nodes;
    c.bench_function("onion/reply path", |b| {
        b.iter(|| reply_path(black_box(&[relay.id]), us.id, &[9; 32], [1; 32]).unwrap())
    });
    let (key, relay_key, (to_us, _)) = (us.key(), relay.key(), nodes.errors());
    c.bench_function("onion/peel/final", |b| {
        b.iter(|| peel(black_box(&to_us), ecdh_with(&key)).unwrap())
    });
    for (size, len) in SIZES {
        let invoice = vec![7; len];
        c.bench_function(&format!("onion/build/{size}"), |b| {
            b.iter(|| build(black_box(&nodes.outgoing(&invoice)), [1; 32]).unwrap())
        });
        let message = nodes.onward(len);
        c.bench_function(&format!("onion/peel/relay, {size}"), |b| {
            b.iter(|| peel(black_box(&message), ecdh_with(&relay_key)).unwrap())
        });
    }
}
