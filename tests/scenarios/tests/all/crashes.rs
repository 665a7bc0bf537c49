//! Every scenario, stopped after every write and after every send, and carried on with: it ends as it would have ended.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use invreq::engine::{Record, Status};
use invreq::PaymentHash;
use invreq_scenarios::scenario::all;
use invreq_scenarios::{run, Ran, Scenario};
use serde_json::{Map, Value};

use crate::golden::standing;

/// The number of writes and sends.
fn points(ran: &Ran) -> u32 {
    let is_point = |line: &&String| {
        let line = line.strip_prefix("b ").unwrap_or(line);
        line.starts_with("write ") || line.starts_with("send ")
    };
    u32::try_from(ran.lines.iter().filter(is_point).count()).unwrap()
}

#[test]
fn after_every_write_and_every_send() {
    let (mut wrong, mut runs) = (Vec::new(), 0u32);
    let began = Instant::now();
    // The long form dies a second time, after every write and send that follows.
    let twice = std::env::var_os("INVREQ_LONG").is_some();
    for scenario in all()
        .iter()
        .filter(|scenario| scenario.file["crash"]["all"].is_null())
    {
        let whole = run(scenario, &[]);
        for first in 1..=points(&whole) {
            let once = run(scenario, &[first]);
            runs += 1;
            check(scenario, &whole, &once, &[first], &mut wrong);
            for second in 1..=points(&once).saturating_sub(first) * u32::from(twice) {
                let deaths = [first, second];
                runs += 1;
                check(scenario, &whole, &run(scenario, &deaths), &deaths, &mut wrong);
            }
        }
    }
    assert!(runs > 600, "{runs}");
    eprintln!("{runs} crashes in {:?}", began.elapsed());
    assert!(
        wrong.is_empty(),
        "{} of {runs}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn check(scenario: &Scenario, whole: &Ran, ran: &Ran, deaths: &[u32], wrong: &mut Vec<String>) {
    let name = &scenario.name;
    let mut fault = |text: String| wrong.push(format!("{name}, died after {deaths:?}: {text}"));
    if !ran.died {
        return fault("it did not die".to_owned());
    }
    let why_not = &scenario.file["crash"];
    let end: Map<String, Value> = ran.records.iter().map(standing).collect();
    if why_not["end"].is_null() && Value::Object(end.clone()) != scenario.file["end"] {
        fault(format!("it ends with {}", Value::Object(end)));
    }
    let lost: Vec<String> = sent(whole).difference(&sent(ran)).cloned().collect();
    if why_not["sent"].is_null() && !lost.is_empty() {
        fault(format!("never sent: {lost:?}"));
    }
    let (before, after) = (hashes(whole), hashes(ran));
    for (label, hashes) in after {
        let known = before.get(&label).map_or(0, BTreeSet::len);
        if hashes.len() > known.max(1) {
            fault(format!("{label} has {} payment hashes", hashes.len()));
        }
    }
    let mut paid: BTreeSet<PaymentHash> = BTreeSet::new();
    for record in ran.seen.iter().chain(&ran.records) {
        let is_paid = record.status == Status::Paid;
        if paid.contains(&record.payment_hash) && !is_paid {
            fault(format!(
                "{} was paid, and is {} again",
                record.label,
                record.status.as_str()
            ));
        }
        if is_paid {
            paid.insert(record.payment_hash);
            let proof = &record.payment.as_ref().unwrap().payment_preimage;
            assert_eq!(proof.payment_hash(), record.payment_hash);
        }
    }
}

/// The labels of which a copy was handed to the transport.
fn sent(ran: &Ran) -> BTreeSet<String> {
    let is_send = |line: &&String| line.starts_with("send ") || line.starts_with("b send ");
    ran.lines
        .iter()
        .filter(is_send)
        .map(|line| line.rsplit(' ').next().unwrap().to_owned())
        .collect()
}

/// The payment hashes that were ever seen under each label.
fn hashes(ran: &Ran) -> BTreeMap<String, BTreeSet<PaymentHash>> {
    let mut all: BTreeMap<String, BTreeSet<PaymentHash>> = BTreeMap::new();
    let seen: Vec<&Record> = ran.seen.iter().chain(&ran.records).collect();
    for record in seen {
        all.entry(record.label.clone())
            .or_default()
            .insert(record.payment_hash);
    }
    all
}
