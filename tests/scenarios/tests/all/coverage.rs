//! What the scenarios show, all taken together, and what they leave out with the reason.

use std::collections::{BTreeMap, BTreeSet};

use invreq::ErrorCode;
use invreq_scenarios::scenario::{all, folder, read};

/// The codes that no call of a payee can come to, or none that every language shares.
const NOT_SHOWN: &[(&str, &str)] = &[
    (
        "onion_invalid",
        "what comes from outside is counted, never an error of a call; the tests of `onion` show it",
    ),
    (
        "not_open",
        "a payee is handed out when it has read its store; the tests of the engine show it",
    ),
    (
        "step_superseded",
        "a payee carries out one step at a time; the tests of the engine show it",
    ),
    (
        "peer_protocol",
        "a socket's; tests/lightning and the tests of `peer` show it",
    ),
    (
        "peer_incompatible",
        "a socket's; tests/lightning and the tests of `peer` show it",
    ),
    (
        "peer_timeout",
        "a socket's; tests/lightning and the tests of `peer` show it",
    ),
    (
        "peer_unavailable",
        "a socket's; tests/lightning and the tests of `peer` show it",
    ),
    ("self_check_failed", "a defect of the library"),
    ("internal", "a defect of the library"),
];

/// The diagram of docs/ARCHITECTURE.md. A claim is a flag beside the status.
const STATUS: &[(&str, &str)] = &[("unpaid", "paid"), ("unpaid", "expired"), ("expired", "paid")];
const CLAIMS: &[(&str, &str)] = &[
    ("unpaid", "unpaid+claiming"),
    ("unpaid+claiming", "unpaid"),
    ("unpaid+claiming", "paid"),
    ("expired", "expired+claiming"),
    ("expired+claiming", "expired"),
    ("expired+claiming", "paid"),
];
const DELIVERY: &[(&str, &str)] = &[
    ("stored", "sending"),
    ("sending", "sent"),
    ("sent", "refused"),
    ("sending", "unreachable"),
    // No path has a route, so there was nothing to send.
    ("stored", "unreachable"),
    // A resend.
    ("sending", "stored"),
    ("sent", "stored"),
    ("refused", "stored"),
    ("unreachable", "stored"),
];

fn transcripts() -> impl Iterator<Item = (String, String)> {
    all().into_iter().map(|scenario| {
        let path = folder().join(format!("transcripts/{}.txt", scenario.name));
        let text = std::fs::read_to_string(path).unwrap();
        (scenario.name, text)
    })
}

fn pairs(list: &[(&str, &str)]) -> BTreeSet<(String, String)> {
    list.iter()
        .map(|(from, to)| ((*from).to_owned(), (*to).to_owned()))
        .collect()
}

#[test]
fn there_are_enough_of_them_and_each_is_told_in_a_sentence() {
    let all = all();
    assert!(all.len() >= 60, "{}", all.len());
    for scenario in &all {
        let about = scenario.file["about"].as_str().unwrap();
        assert!(about.ends_with('.') && about.len() < 200, "{}", scenario.name);
    }
    let transcripts = std::fs::read_dir(folder().join("transcripts")).unwrap().count();
    assert_eq!(transcripts, all.len(), "a transcript without its scenario");
}

#[test]
fn every_change_of_status_and_delivery_is_shown_and_no_other() {
    let (mut status, mut delivery) = (BTreeSet::new(), BTreeSet::new());
    for (_, text) in transcripts() {
        let mut last: BTreeMap<String, (String, String)> = BTreeMap::new();
        for line in text.lines() {
            if line.starts_with("> ") && line.ends_with(" putBackStore") {
                last.clear();
            }
            let words: Vec<&str> = line.split(' ').collect();
            let ["event", kind, label, now, sent, ..] = words[..] else {
                continue;
            };
            if ![
                "created",
                "delivery",
                "payerError",
                "claiming",
                "claimFailed",
                "paid",
                "expired",
                "deleted",
            ]
            .contains(&kind)
            {
                continue;
            }
            let new = (now.to_owned(), sent.to_owned());
            let known = if kind == "created" {
                None
            } else {
                last.get(label).cloned()
            };
            if let Some((old, old_sent)) = known {
                if old != now {
                    status.insert((old, now.to_owned()));
                }
                if old_sent != sent {
                    delivery.insert((old_sent, sent.to_owned()));
                }
            }
            last.insert(label.to_owned(), new);
        }
    }
    let known = &pairs(STATUS) | &pairs(CLAIMS);
    assert_eq!(status, known, "the status");
    assert_eq!(delivery, pairs(DELIVERY), "the delivery");
}

#[test]
fn every_error_is_shown_or_left_out_for_a_reason() {
    let mut shown = BTreeSet::new();
    for (_, text) in transcripts() {
        for line in text.lines() {
            if let Some((_, rest)) = line.split_once(" error ") {
                shown.insert(rest.split(' ').next().unwrap().to_owned());
            }
        }
    }
    let left_out: BTreeSet<String> = NOT_SHOWN.iter().map(|(code, _)| (*code).to_owned()).collect();
    let both: Vec<_> = shown.intersection(&left_out).collect();
    assert!(both.is_empty(), "shown after all: {both:?}");
    let known: BTreeSet<String> = ErrorCode::ALL
        .iter()
        .map(|code| code.as_str().to_owned())
        .collect();
    assert_eq!(&shown | &left_out, known);
}

#[test]
fn every_word_of_the_format_is_used() {
    let schema = read("scenario.schema.json");
    let mut unused: BTreeSet<String> = BTreeSet::new();
    for (action, about) in schema["$defs"].as_object().unwrap() {
        for (word, meaning) in about["properties"].as_object().unwrap() {
            unused.insert(format!("{action}.{word}"));
            let values = meaning["enum"].as_array().or(meaning["items"]["enum"].as_array());
            unused.extend(
                values
                    .into_iter()
                    .flatten()
                    .map(|value| format!("{action}.{word}={value}")),
            );
        }
    }
    for scenario in all() {
        for action in &scenario.actions {
            let kind = action["do"].as_str().unwrap();
            for (word, value) in action.as_object().unwrap() {
                unused.remove(&format!("{kind}.{word}"));
                let one = core::slice::from_ref(value);
                for value in value.as_array().map_or(one, Vec::as_slice) {
                    unused.remove(&format!("{kind}.{word}={value}"));
                }
            }
        }
    }
    // What may stand everywhere need not.
    unused.retain(|word| !word.ends_with(".expect") && !word.ends_with(".payee"));
    let defaults: [&str; 7] = [
        // Four say what is so anyway. The three words of `send`, which counts when `sends` has none left, are said by `sends`: a transport
        // does the same with a word of either.
        "sendInvoice.existing=\"error\"",
        "sendInvoice.replies=\"wanted\"",
        "listInvoices.index=\"created\"",
        "transport.send=\"no_route\"",
        "transport.send=\"failed\"",
        "transport.send=\"hold\"",
        "transport.sends=\"accepted\"",
    ];
    let unused: Vec<&String> = unused
        .iter()
        .filter(|word| !defaults.contains(&word.as_str()))
        .collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn every_kind_of_event_is_shown() {
    let kinds =
        "created delivery payerError claiming claimFailed paid expired deleted underpaid trouble clockBehind";
    let mut missing: BTreeSet<&str> = kinds.split(' ').collect();
    for (_, text) in transcripts() {
        missing.retain(|kind| !text.contains(&format!("\nevent {kind} ")));
    }
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_name_that_is_kept_is_used() {
    let data = read("data.json");
    let cases: Vec<String> = all().iter().map(|scenario| scenario.file.to_string()).collect();
    let defaults = data["defaults"].to_string();
    let is_used = |name: &String| {
        let reference = format!("\"@{name}\"");
        *name == "defaults"
            || defaults.contains(&reference)
            || cases.iter().any(|case| case.contains(&reference))
    };
    let unused: Vec<&String> = data
        .as_object()
        .unwrap()
        .keys()
        .filter(|name| !is_used(name))
        .collect();
    assert!(unused.is_empty(), "{unused:?}");
}
