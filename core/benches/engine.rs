//! The engine with 10,000 open invoices, and a whole answer through it.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
#![allow(clippy::print_stdout, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use bitcoin::Network;
use criterion::Criterion;
use invreq::bolt12::{Invoice, InvoiceRequest, PaymentPath};
use invreq::engine::{
    Answer, Answers, Config, Effects, Engine, Fixture, InboundPayment, Input, Need, Progress, Route,
    SendInvoice,
};
use support::data::{invoice_key, payment_path, point, signed};
use support::floor::Floor;
use support::pairs::{measure, report, Limit};

const SEED: [u8; 32] = [7; 32];
const NOW_MS: u64 = 1_700_000_100_000;

/// An engine and a store that costs next to nothing.
struct Wallet {
    engine: Engine,
    store: BTreeMap<Vec<u8>, Vec<u8>>,
    answers: u64,
    paths: Vec<PaymentPath>,
}

impl Wallet {
    fn new(open: u64) -> Self {
        let config = Config::new(Network::Bitcoin);
        let fixture = Fixture::new(config.clone(), &SEED, point(0x42));
        let entries = fixture.head(0, open).into_iter();
        let entries = entries.chain((1..=open).flat_map(|index| fixture.open(index).unwrap()));
        let mut wallet = Self {
            engine: Engine::new(config, &SEED).unwrap(),
            store: entries.map(|entry| (entry.key, entry.value)).collect(),
            answers: 0,
            paths: vec![payment_path(0x70), payment_path(0x74)],
        };
        wallet.run(&Input::Restore, &[1; 32]);
        assert_eq!(wallet.engine.open_invoices() as u64, open);
        wallet
    }

    fn run(&mut self, input: &Input, entropy: &[u8; 32]) -> Effects {
        let mut answers = Answers::new();
        loop {
            match self.engine.begin(input, NOW_MS, entropy, &answers).unwrap() {
                Progress::Need(needs) => {
                    for need in needs {
                        let answer = self.answer(&need);
                        answers.insert(need, answer);
                    }
                }
                Progress::Step(step) => {
                    if let Some(batch) = step.batch {
                        batch.deletes.iter().for_each(|key| drop(self.store.remove(key)));
                        self.store
                            .insert(batch.revision_key.clone(), batch.new_revision().to_vec());
                        self.store
                            .extend(batch.puts.into_iter().map(|put| (put.key, put.value)));
                    }
                    return self.engine.commit(step.id).unwrap();
                }
            }
        }
    }

    fn answer(&self, need: &Need) -> Answer {
        match need {
            Need::Range { start, end, limit } => {
                let limit = usize::try_from(*limit).unwrap();
                let entries = self.store.range(start.clone()..end.clone()).take(limit);
                let entry = |(key, value): (&Vec<u8>, &Vec<u8>)| {
                    invreq::store::Entry::new(key.clone(), value.clone())
                };
                Answer::Entries(entries.map(entry).collect())
            }
            Need::CreateInboundPayment(_) => Answer::InboundPayment(InboundPayment {
                paths: self.paths.clone(),
                mpp: true,
                ..InboundPayment::default()
            }),
            Need::FindRoute { .. } => Answer::Route(Some(Route::default())),
            other => panic!("nothing else is asked here: {other:?}"),
        }
    }

    /// Answers a request under the next label.
    fn send(&mut self, text: &str) -> Effects {
        self.answers += 1;
        let mut entropy = [3; 32];
        entropy[..8].copy_from_slice(&self.answers.to_be_bytes());
        let params = SendInvoice {
            invreq: text.to_owned(),
            label: format!("answer {}", self.answers),
            again: true,
            ..SendInvoice::default()
        };
        let call = self.answers;
        self.run(&Input::SendInvoice { call, params }, &entropy)
    }

    fn tick(&mut self) -> Effects {
        let begun = self
            .engine
            .begin(black_box(&Input::Tick), NOW_MS, &[2; 32], &Answers::new());
        match begun.unwrap() {
            Progress::Step(step) if step.batch.is_none() => self.engine.commit(step.id).unwrap(),
            other => panic!("nothing was due: {other:?}"),
        }
    }
}

fn main() {
    if !support::only_criterion() {
        ratios();
    }
    support::criterion(benches);
}

fn ratios() {
    let (mut many, mut one) = (Wallet::new(10_000), Wallet::new(1));
    let measured = measure(|| many.tick(), || one.tick());
    let what = "tick with 10,000 open invoices, none due";
    let limit = Limit::Time(Duration::from_micros(10));
    report(what, "the same with 1 open invoice", &measured, &limit);

    let text = signed(3);
    let request: InvoiceRequest = text.parse().unwrap();
    let mut wallet = Wallet::new(0);
    let mut send = || wallet.send(&text);
    let effects = send();
    let invoice = effects.events.iter().find_map(|event| match event {
        invreq::engine::Event::Created(record) => Some(record.bolt12.clone()),
        _ => None,
    });
    let invoice: Invoice = invoice.unwrap().parse().unwrap();
    let floor = Floor::answer(&request, &invoice, invoice_key());
    let measured = measure(send, || floor.run());
    let what = "sendinvoice through the engine, with its entries of the store: signed request, 3 paths";
    report(what, &floor.describe(), &measured, &Limit::None);
}

fn benches(c: &mut Criterion) {
    let mut wallet = Wallet::new(10_000);
    c.bench_function("engine/tick", |b| b.iter(|| wallet.tick()));
    c.bench_function("engine/restore", |b| {
        b.iter(|| wallet.run(&Input::Restore, &[1; 32]))
    });
    let (mut wallet, text) = (Wallet::new(0), signed(3));
    c.bench_function("engine/sendinvoice", |b| b.iter(|| wallet.send(&text)));
}
