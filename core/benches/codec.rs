//! Reading and writing strings.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
#![allow(clippy::print_stdout, clippy::expect_used)]

mod support;

use std::hint::black_box;

use criterion::Criterion;
use invreq::bolt12::{Invoice, InvoiceRequest};
use support::data::{seed, signed, signed_for_offer, LDK_REFUND};
use support::floor::Floor;
use support::pairs::{measure, report, Limit};
use support::peer::Ldk;

fn main() {
    if !support::only_criterion() {
        ratios();
    }
    support::criterion(benches);
}

fn read_request(text: &str) -> InvoiceRequest {
    black_box(text).parse().unwrap()
}

fn read_invoice(text: &str) -> Invoice {
    black_box(text).parse().unwrap()
}

fn ratios() {
    let requests = [
        ("signed request of the seed", seed().request),
        ("signed request, no paths", signed(0)),
        ("signed request, 3 paths", signed(3)),
    ];
    for (name, text) in &requests {
        let floor = Floor::request(&read_request(text));
        let measured = measure(|| read_request(text), || floor.run());
        let what = format!("string to verified request: {name}");
        report(&what, &floor.describe(), &measured, &Limit::Ratio(1.2));
    }

    let text = &seed().invoice;
    let floor = Floor::invoice(&read_invoice(text));
    let measured = measure(|| read_invoice(text), || floor.run());
    let what = "string to verified invoice: that of the seed";
    report(what, &floor.describe(), &measured, &Limit::Ratio(1.2));

    let text = signed_for_offer();
    let measured = measure(|| read_request(&text), || Ldk::read_request(black_box(&text)));
    let what = "string to verified request: signed, for an offer";
    report(what, "LDK InvoiceRequest, same string", &measured, &Limit::Faster);

    let floor = Floor::request(&read_request(LDK_REFUND));
    let measured = measure(|| read_request(LDK_REFUND), || floor.run());
    let what = "string to request: unsigned, of LDK";
    report(what, &floor.describe(), &measured, &Limit::None);
    let refund = || {
        black_box(LDK_REFUND)
            .parse::<lightning::offers::refund::Refund>()
            .unwrap()
    };
    let measured = measure(|| read_request(LDK_REFUND), refund);
    report(what, "LDK Refund, same string", &measured, &Limit::Faster);
}

fn benches(c: &mut Criterion) {
    let seed = seed();
    c.bench_function("codec/request/signed", |b| b.iter(|| read_request(&seed.request)));
    c.bench_function("codec/request/unsigned", |b| b.iter(|| read_request(LDK_REFUND)));
    c.bench_function("codec/invoice/read", |b| b.iter(|| read_invoice(&seed.invoice)));
    let invoice = read_invoice(&seed.invoice);
    c.bench_function("codec/invoice/write", |b| b.iter(|| invoice.to_string()));
    let bytes = invoice.as_bytes();
    c.bench_function("codec/tlv/parse", |b| {
        b.iter(|| invreq::bolt12::TlvStream::parse(bytes.to_vec()).unwrap())
    });
    let stream = invreq::bolt12::TlvStream::parse(bytes.to_vec()).unwrap();
    c.bench_function("codec/merkle", |b| {
        b.iter(|| invreq::bolt12::merkle_root(&stream))
    });
    c.bench_function("codec/string/decode", |b| {
        b.iter(|| invreq::bolt12::decode_string(&seed.invoice).unwrap())
    });
}
