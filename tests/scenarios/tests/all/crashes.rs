//! Every scenario, stopped after every write and after every send, and carried on with: it ends as it would have ended, in every
//! field of every record.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use invreq::engine::{Record, Status};
use invreq::PaymentHash;
use invreq_scenarios::scenario::all;
use invreq_scenarios::{run, Ran, Scenario};
use serde_json::{Map, Value};

use crate::golden::standing;

/// The writes and sends.
fn points(ran: &Ran) -> impl Iterator<Item = &str> {
    let point = |line: &'_ String| -> bool {
        let line = line.strip_prefix("b ").unwrap_or(line);
        line.starts_with("write ") || line.starts_with("send ")
    };
    ran.lines
        .iter()
        .filter(move |line| point(line))
        .map(String::as_str)
}

fn count(ran: &Ran) -> u32 {
    u32::try_from(points(ran).count()).unwrap()
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
        for first in 1..=count(&whole) {
            let once = run(scenario, &[first]);
            runs += 1;
            check(scenario, &whole, &once, &[first], &mut wrong);
            for second in 1..=count(&once).saturating_sub(first) * u32::from(twice) {
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
    if why_not["end"].is_null() {
        differences(scenario, whole, ran, deaths)
            .into_iter()
            .for_each(&mut fault);
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
        if paid.contains(&record.payment_hash) && !is_paid && why_not["paid"].is_null() {
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

/// Where a record is not what it is without a crash. It has to be the same in every field but those that are left out here.
fn differences(scenario: &Scenario, whole: &Ran, ran: &Ran, deaths: &[u32]) -> Vec<String> {
    let rounds = begun_again(scenario, ran);
    let unread = has_lost_an_arrival(scenario, ran);
    let mut differences = Vec::new();
    if whole.records.len() != ran.records.len() {
        differences.push(format!("there are {} invoices", ran.records.len()));
    }
    for (before, after) in whole.records.iter().zip(&ran.records) {
        let mut left_out = Vec::new();
        // An onion message that arrived and could not be written when the process died is gone: nobody sends it again.
        let mut unheard = unread;
        if made_at(whole, before) > deaths[0] {
            // The process after the crash made it, with entropy of its own: its key and preimage are its own, too. What a payer
            // answers in the scenario was made for the invoice of the first process, and is no answer to this one.
            left_out.extend(["/bolt12", "/paymentHash", "/payment/paymentPreimage"]);
            unheard |= before.delivery.error.is_some();
        }
        if unheard && after.delivery.error.is_none() {
            left_out.extend(["/delivery/error", "/delivery/state"]);
        }
        if rounds.contains(&before.label) {
            // The app does not know how far its call came and calls again: another resend, or a join of what was unreachable by
            // then, is another round of copies. It takes none back.
            left_out.extend(["/delivery/state", "/delivery/paths", "/delivery/attempts"]);
            if after.delivery.attempts < before.delivery.attempts {
                differences.push(format!("{}: fewer attempts", before.label));
            }
        }
        let (before, after) = (shown(before, &left_out), shown(after, &left_out));
        if before != after {
            differences.push(format!("{before}\n  became {after}"));
        }
    }
    differences
}

fn shown(record: &Record, left_out: &[&str]) -> Value {
    let mut value = serde_json::to_value(record).unwrap();
    for pointer in left_out {
        if let Some(field) = value.pointer_mut(pointer) {
            *field = Value::Null;
        }
    }
    value
}

/// Which of the writes and sends made this invoice: the write that puts its payment hash for the first time.
fn made_at(whole: &Ran, record: &Record) -> u32 {
    let key = format!("2f68{}=", record.payment_hash);
    let is_done =
        |line: &str| line.contains(&key) && !line.ends_with("conflict") && !line.ends_with("failed");
    let place = points(whole).position(is_done).expect("some write made it");
    u32::try_from(place).unwrap() + 1
}

/// The labels for which a call that a crash broke off began another round of copies when it was called again.
fn begun_again(scenario: &Scenario, ran: &Ran) -> BTreeSet<String> {
    let mut labels = BTreeSet::new();
    let lives: Vec<_> = ran.lines.split(|line| line == "died").collect();
    for (place, life) in lives.iter().enumerate().skip(1) {
        let number = lives[place - 1].iter().rev().find_map(|line| action_of(line));
        let number = number.expect("it died in an action");
        let action = &scenario.actions[number - 1];
        let label = action["label"].as_str().unwrap_or_default();
        let again = format!("> {number} {}", action["do"].as_str().unwrap());
        let called = life.iter().skip_while(|line| **line != again).skip(1);
        let called: Vec<_> = called.take_while(|line| !line.starts_with("> ")).collect();
        let begins = format!("event delivery {label} unpaid stored ");
        // Had it died again right after the write that begins the round, nobody would be told of it.
        let untold = place + 1 < lives.len() && called.last().is_some_and(|line| line.starts_with("write "));
        if untold || called.iter().any(|line| line.starts_with(&begins)) {
            labels.insert(label.to_owned());
        }
    }
    labels
}

/// Whether the process died while what had arrived at the transport was not written.
fn has_lost_an_arrival(scenario: &Scenario, ran: &Ran) -> bool {
    let mut lives: Vec<_> = ran.lines.split(|line| line == "died").collect();
    lives.pop();
    lives.iter().any(|life| {
        let number = life.iter().rev().find_map(|line| action_of(line)).unwrap();
        let failed = life.last().is_some_and(|line| line.ends_with(" failed"));
        failed && scenario.actions[number - 1]["do"] == "arrive"
    })
}

/// The number of the action that begins with this line.
fn action_of(line: &str) -> Option<usize> {
    line.strip_prefix("> ")?.split(' ').next()?.parse().ok()
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
