//! Every scenario comes to what was expected by hand, and to the transcript that every language has to repeat.

use std::fs;

use hex_conservative::FromHex;
use invreq::{PaymentHash, Preimage};
use invreq_scenarios::scenario::{all, folder};
use invreq_scenarios::{run, Ran, Scenario};
use serde_json::{Map, Value};

use crate::make;

/// Whether what is there is to be written anew.
pub fn writes() -> bool {
    std::env::var_os("INVREQ_WRITE_VECTORS").is_some()
}

/// Writes a file, or holds it against what is there.
pub fn hold_against(name: &str, made: &str) {
    let path = folder().join(name);
    if writes() {
        fs::write(&path, made).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    if written != made {
        let at = written
            .lines()
            .zip(made.lines())
            .position(|(one, other)| one != other);
        let at = at.unwrap_or(written.lines().count().min(made.lines().count()));
        let line = |text: &str| text.lines().nth(at).unwrap_or("the end").to_owned();
        panic!(
            "{name}, line {}:\n  there: {}\n   made: {}",
            at + 1,
            line(&written),
            line(made)
        );
    }
}

#[test]
fn every_scenario_comes_to_what_was_expected() {
    make::shared_data();
    let made: Map<String, Value> = all().iter().filter_map(make::made).collect();
    hold_against("made.json", &make::pretty(&made));
    let chosen = std::env::var("INVREQ_SCENARIO").ok();
    let mut wrong = Vec::new();
    for scenario in all()
        .iter()
        .filter(|scenario| chosen.as_ref().is_none_or(|name| *name == scenario.name))
    {
        let ran = run(scenario, &[]);
        let faults = faults(scenario, &ran);
        if !faults.is_empty() {
            wrong.push(format!("{}\n  {}", scenario.name, faults.join("\n  ")));
        }
        hold_against(
            &format!("transcripts/{}.txt", scenario.name),
            &(ran.lines.join("\n") + "\n"),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Where a run is not what the scenario says by hand.
pub fn faults(scenario: &Scenario, ran: &Ran) -> Vec<String> {
    let mut faults = Vec::new();
    let mut blocks = ran.lines.split(|line| line.starts_with("> ")).skip(1);
    for (place, action) in scenario.actions.iter().enumerate() {
        let lines = blocks.next().unwrap_or_default();
        let at = format!("{} {}", place + 1, action["do"]);
        let no_lines = Vec::new();
        let mut wanted = action["expect"]
            .as_array()
            .unwrap_or(&no_lines)
            .iter()
            .map(|line| line.as_str().unwrap());
        let mut next = wanted.next();
        for line in lines {
            if let Some(text) = next.filter(|text| begins_with(line, text)) {
                faults.extend(contradiction(scenario, ran, text, line).map(|fault| format!("{at}: {fault}")));
                next = wanted.next();
            } else if is_shown(line) {
                faults.push(format!("{at}: not expected: {}", shorten(line)));
            }
        }
        let missing = next.into_iter().chain(wanted);
        faults.extend(missing.map(|text| format!("{at}: it never came: {text}")));
    }
    let end: Map<String, Value> = ran.records.iter().map(standing).collect();
    if Value::Object(end.clone()) != scenario.file["end"] {
        faults.push(format!("the end: {}", Value::Object(end)));
    }
    faults
}

fn begins_with(line: &str, text: &str) -> bool {
    line.strip_prefix(text)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// What is wrong with a line whose beginning was expected. The rest of it is not written by hand, but what is money in it follows
/// from the scenario all the same.
fn contradiction(scenario: &Scenario, ran: &Ran, text: &str, line: &str) -> Option<String> {
    let line = line.strip_prefix("b ").unwrap_or(line);
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        ["done", number, "error", ..] if !text.contains(&format!("done {number} error")) => {
            Some(format!("no error was expected: {}", shorten(line)))
        }
        ["done", _, "settle", "-", ..] if !text.contains(" settle -") => {
            Some("a settlement without a preimage was not expected".to_owned())
        }
        ["done", number, "settle", preimage, ..] if preimage != "-" => {
            let action = &scenario.actions[number.parse::<usize>().unwrap() - 1];
            let preimage = <[u8; 32]>::from_hex(preimage).unwrap();
            let made = Preimage::new(preimage).payment_hash();
            (!is_asked_for(ran, action, made)).then(|| "it is the preimage of another payment".to_owned())
        }
        ["event", "paid", ..] => {
            let paid = words.iter().find_map(|word| word.strip_prefix("paid="))?;
            let (_, paid) = paid.split_once(':')?;
            let reported = |action: &Value| {
                action["do"] == "paymentReceived"
                    && format!("{}:{}", action["amountMsat"], action["paidAt"]) == paid
            };
            (!scenario.actions.iter().any(reported)).then(|| format!("nobody reported this payment: {paid}"))
        }
        _ => None,
    }
}

/// Whether an action names this payment hash, as itself or by the label of its invoice.
fn is_asked_for(ran: &Ran, action: &Value, hash: PaymentHash) -> bool {
    let named = action["paymentHash"].as_str().unwrap();
    match named.strip_prefix('$') {
        Some(label) => {
            let mut seen = ran.seen.iter().chain(&ran.records);
            seen.any(|record| record.label == label && record.payment_hash == hash)
        }
        None => named == hash.to_string(),
    }
}

/// What an app sees: all of it has to be expected by hand.
fn is_shown(line: &str) -> bool {
    let line = line.strip_prefix("b ").unwrap_or(line);
    line.starts_with("event ") || line.starts_with("done ")
}

/// The label of an invoice, and where it stands.
pub fn standing(record: &invreq::engine::Record) -> (String, Value) {
    let claiming = if record.claiming { "+claiming" } else { "" };
    (
        record.label.clone(),
        format!("{}{claiming}", record.status.as_str()).into(),
    )
}

fn shorten(line: &str) -> String {
    line.split(" rpc ").next().unwrap().chars().take(200).collect()
}
