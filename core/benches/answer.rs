//! From a string to the signed invoice.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
#![allow(clippy::print_stdout, clippy::expect_used)]

mod support;

use std::hint::black_box;

use bitcoin::secp256k1::{All, Keypair, Secp256k1};
use criterion::Criterion;
use invreq::answer::{answer, prepare, Answerable, Terms};
use invreq::bolt12::{Invoice, InvoiceRequest, BITCOIN};
use support::data::{invoice_key, point, regtest, seed, signed, signed_for_offer, terms, LDK_REFUND};
use support::floor::Floor;
use support::pairs::{measure, report, Limit};
use support::peer::Ldk;

/// One request, and what it takes to answer it.
struct Case {
    text: String,
    chain: [u8; 32],
    terms: Terms,
    secp: Secp256k1<All>,
}

impl Case {
    fn new(text: String, chain: [u8; 32], seed: Option<&Invoice>) -> Self {
        let terms = terms(seed, point(0x45));
        Self {
            text,
            chain,
            terms,
            secp: Secp256k1::new(),
        }
    }

    /// String, verified request, every rule, fresh key, signed invoice, read again and self-checked, string.
    fn answer(&self) -> String {
        self.invoice().to_string()
    }

    fn invoice(&self) -> Invoice {
        let request: InvoiceRequest = black_box(&self.text).parse().unwrap();
        let now = Some(self.terms.created_at);
        let answerable = Answerable::new(request, Some(self.chain), now).unwrap();
        let key = Keypair::from_secret_key(&self.secp, black_box(&invoice_key()));
        let terms = Terms {
            node_id: key.public_key(),
            paths: self.terms.paths.clone(),
            ..self.terms
        };
        answer(&answerable, &terms, &key, &self.secp).unwrap()
    }

    fn floor(&self) -> Floor {
        let request: InvoiceRequest = self.text.parse().unwrap();
        Floor::answer(&request, &self.invoice(), invoice_key())
    }
}

fn main() {
    if !support::only_criterion() {
        ratios();
    }
    support::criterion(benches);
}

fn ratios() {
    let seed = seed();
    let invoice: Invoice = seed.invoice.parse().unwrap();
    let cases = [
        (
            "signed request of the seed",
            Case::new(seed.request, regtest(), Some(&invoice)),
        ),
        ("signed request, no paths", Case::new(signed(0), BITCOIN, None)),
        ("signed request, 3 paths", Case::new(signed(3), BITCOIN, None)),
        (
            "unsigned request of LDK",
            Case::new(LDK_REFUND.to_owned(), BITCOIN, None),
        ),
    ];
    for (name, case) in &cases {
        let floor = case.floor();
        let measured = measure(|| case.answer(), || floor.run());
        let what = format!("string to signed invoice: {name}");
        report(&what, &floor.describe(), &measured, &Limit::Ratio(1.2));
    }

    // LDK's invoices have no string, so both stop at the bytes, as they go into the onion message.
    let case = Case::new(LDK_REFUND.to_owned(), BITCOIN, None);
    let ldk = Ldk::new(&case.terms);
    let measured = measure(
        || case.invoice().as_bytes().to_vec(),
        || ldk.answer_refund(black_box(&case.text), black_box(&invoice_key())),
    );
    let what = "string to bytes of signed invoice: unsigned request of LDK";
    report(
        what,
        "LDK Refund to invoice, same string",
        &measured,
        &Limit::Faster,
    );

    // LDK answers no signed request without an offer, nor one with paths, and we answer none with an offer: its string has
    // one record more.
    let case = Case::new(signed(0), BITCOIN, None);
    let theirs = signed_for_offer();
    let measured = measure(
        || case.invoice().as_bytes().to_vec(),
        || ldk.answer_request(black_box(&theirs), black_box(&invoice_key())),
    );
    let what = "string to bytes of signed invoice: signed request, no paths";
    let against = "LDK InvoiceRequest to invoice, same records and offer_issuer_id";
    report(what, against, &measured, &Limit::Faster);
}

fn benches(c: &mut Criterion) {
    let seed = seed();
    let invoice: Invoice = seed.invoice.parse().unwrap();
    let case = Case::new(seed.request, regtest(), Some(&invoice));
    c.bench_function("answer/whole", |b| b.iter(|| case.answer()));
    let request: InvoiceRequest = case.text.parse().unwrap();
    let answerable = Answerable::new(request, None, None).unwrap();
    let unsigned = Case::new(LDK_REFUND.to_owned(), BITCOIN, None);
    c.bench_function("answer/unsigned", |b| b.iter(|| unsigned.invoice()));
    c.bench_function("answer/prepare", |b| {
        b.iter(|| prepare(&answerable, &case.terms).unwrap())
    });
    let unsigned = prepare(&answerable, &case.terms).unwrap();
    let signature = case.invoice().signature();
    c.bench_function("answer/finish", |b| {
        b.iter(|| unsigned.finish(&signature).unwrap())
    });
}
