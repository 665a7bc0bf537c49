//! Whatever comes in, an engine answers with a step, a question or an error.

use futures_lite::future::block_on;
use invreq::engine::{
    Answer, Answers, Claim, Existing, Input, ListIndex, ListInvoices, Need, PaymentReceived, Progress,
    Replies, ReplyPath, Route, SendInvoice, SendOutcome, Status,
};
use invreq::onion::reply_path;
use invreq::store::{Batch, Entry, Store};
use invreq::{ErrorCode, PaymentHash, Preimage};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use crate::common::{config, error_bytes, node, onion_error, params, secret, Host, Request, SEED};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (0..3u32).prop_map(|n| n.to_string()),
        1 => any::<String>(),
        1 => Just("x".repeat(300)),
    ]
}

fn invreq() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (0..4u32).prop_map(|n| Request::number(n).text()),
        1 => (0..4u32).prop_map(|n| Request::number(n).paths_over(&[1, 2]).unsigned().text()),
        1 => any::<String>(),
        1 => "lnr1[a-z0-9]{0,40}",
    ]
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(1), Just(50_000), Just(u64::MAX), any::<u64>()]
}

fn seconds() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), Just(1), Just(90), Just(u32::MAX), any::<u32>()]
}

fn status() -> impl Strategy<Value = Status> {
    prop_oneof![Just(Status::Unpaid), Just(Status::Paid), Just(Status::Expired)]
}

pub fn outcome() -> impl Strategy<Value = SendOutcome> {
    use SendOutcome as O;
    prop_oneof![
        Just(O::Accepted),
        Just(O::NoRoute),
        Just(O::Offline),
        Just(O::Failed)
    ]
}

/// What names an invoice: the engine's own hashes are put in place of the small numbers.
fn hash() -> impl Strategy<Value = PaymentHash> {
    any::<[u8; 32]>().prop_map(PaymentHash)
}

fn send() -> impl Strategy<Value = SendInvoice> {
    let times = (of(seconds()), of(seconds()));
    let rest = (of(number()), of(number()), any::<[bool; 3]>());
    (invreq(), text(), times, rest).prop_map(
        |(invreq, label, (timeout, expiry), (amount, quantity, flags))| SendInvoice {
            invreq,
            label,
            timeout,
            expiry,
            amount_msat: amount.filter(|_| flags[0]),
            quantity: quantity.filter(|_| flags[0]),
            existing: if flags[1] { Existing::Join } else { Existing::Error },
            again: flags[2],
            invoice_node_id: flags[0].then(|| node(55)),
            replies: if flags[2] {
                Replies::Unwanted
            } else {
                Replies::Wanted
            },
        },
    )
}

/// At the node of the host, at another, or at our reply key: made-up bytes, and messages that really end there.
fn onion_message() -> impl Strategy<Value = Input> {
    let real = (1..4usize, any::<[u8; 32]>(), prop_oneof![Just(68u64), Just(66)]);
    let real = real.prop_map(|(layers, path_id, number)| {
        let path = reply_path(&vec![node(80); layers], node(80), &path_id, [1; 32]).unwrap();
        onion_error(&path, number, &error_bytes("no", None))
    });
    let bytes = prop_oneof![vec(any::<u8>(), 0..200), real];
    let node_id = prop_oneof![Just(None), Just(Some(node(80))), Just(Some(node(81)))];
    (node_id, bytes).prop_map(|(node_id, bytes)| Input::OnionMessage { node_id, bytes })
}

/// Whatever a host may say of the way.
fn any_route() -> impl Strategy<Value = Answer> {
    let reply = prop_oneof![
        Just(ReplyPath::None),
        Just(ReplyPath::Host),
        (0..40usize).prop_map(|len| ReplyPath::Ours {
            via: vec![node(90); len]
        }),
        (0..40usize).prop_map(|len| ReplyPath::Node {
            via: vec![node(90); len],
            node_id: node(80)
        }),
    ];
    let route = (reply, 0..40usize, any::<bool>()).prop_map(|(reply, len, own_node)| Route {
        via: vec![node(91); len],
        own_node,
        reply,
        ..Route::default()
    });
    prop_oneof![
        1 => Just(Answer::Route(None)),
        1 => Just(Answer::Failed("no".to_owned())),
        3 => Just(crate::common::host::route(ReplyPath::Host)),
        8 => route.prop_map(|route| Answer::Route(Some(route))),
    ]
}

fn input() -> impl Strategy<Value = Input> {
    let call = 0..6u64;
    let list = (
        of(text()),
        of(hash()),
        of(status()),
        any::<bool>(),
        number(),
        of(seconds()),
    );
    let list = list.prop_map(
        |(label, payment_hash, status, updated, start, limit)| ListInvoices {
            label,
            payment_hash,
            status,
            index: if updated {
                ListIndex::Updated
            } else {
                ListIndex::Created
            },
            start,
            limit,
        },
    );
    let claim = (hash(), number(), number());
    let payment = (hash(), number(), number(), of(any::<[u8; 32]>()));
    prop_oneof![
        1 => Just(Input::Restore),
        4 => Just(Input::Tick),
        6 => (call.clone(), send()).prop_map(|(call, params)| Input::SendInvoice { call, params }),
        2 => (call.clone(), text()).prop_map(|(call, label)| Input::Resend { call, label }),
        2 => (call.clone(), text()).prop_map(|(call, label)| Input::WaitInvoice { call, label }),
        2 => (call.clone(), number(), of(seconds()))
            .prop_map(|(call, last_pay_index, timeout)| Input::WaitAnyInvoice { call, last_pay_index, timeout }),
        2 => (call.clone(), list).prop_map(|(call, query)| Input::ListInvoices { call, query }),
        1 => (call.clone(), text(), status()).prop_map(|(call, label, status)| Input::DelInvoice { call, label, status }),
        1 => (call.clone(), invreq()).prop_map(|(call, invreq)| Input::Preview { call, invreq }),
        3 => (call.clone(), claim).prop_map(|(call, (payment_hash, total_msat, first_htlc_at))| Input::Claim {
            call,
            claim: Claim { payment_hash, total_msat, first_htlc_at },
        }),
        3 => (call.clone(), payment).prop_map(|(call, (payment_hash, amount_msat, paid_at, preimage))| {
            let preimage = preimage.map(Preimage::new);
            let payment = PaymentReceived { payment_hash, amount_msat, paid_at, preimage };
            Input::PaymentReceived { call, payment }
        }),
        3 => ("[0-4]-[0-3]|[ -~]{0,8}", outcome()).prop_map(|(id, outcome)| Input::Delivered { id, outcome }),
        2 => onion_message(),
        1 => (any::<[u8; 32]>(), vec(any::<u8>(), 0..60))
            .prop_map(|(reply_path_id, bytes)| Input::InvoiceError { reply_path_id, bytes }),
        1 => call.prop_map(|call| Input::Cancel { call }),
    ]
}

/// How a host treats a question: 0 right, 1 fails, 2 something else, 3 empty.
fn answer(host: &mut Host, need: &Need, manner: u8) -> Answer {
    match manner {
        1 => Answer::Failed("no".to_owned()),
        2 => Answer::Signature([1; 64]),
        3 => Answer::Entries(Vec::new()),
        _ => host.answer(need),
    }
}

/// Random hashes name nothing; every second one is replaced by one that does.
fn aim(host: &Host, input: &mut Input) {
    let known: Vec<Vec<u8>> = host
        .entries()
        .into_iter()
        .filter(|entry| entry.key.starts_with(b"invreq/main/h"))
        .map(|entry| entry.key)
        .collect();
    let aim = |hash: &mut PaymentHash| {
        if let Some(key) = known.get(usize::from(hash.0[0]) % 8) {
            hash.0.copy_from_slice(&key[key.len() - 32..]);
        }
    };
    match input {
        Input::Claim { claim, .. } => aim(&mut claim.payment_hash),
        Input::PaymentReceived { payment, .. } => aim(&mut payment.payment_hash),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_input_at_any_time_with_any_answers(
        routes in vec(any_route(), 1..4),
        steps in vec((input(), prop_oneof![6 => Just(0u8), 1 => 1..4u8], number(), any::<bool>()), 1..40),
    ) {
        let mut host = Host::new();
        host.keys.insert(node(80), secret(80));
        host.keys.insert(node(66), secret(66));
        for (place, (mut input, manner, time, commits)) in steps.into_iter().enumerate() {
            aim(&host, &mut input);
            host.default_route = routes[place % routes.len()].clone();
            if time > 50_000 {
                host.now_ms = time;
            } else {
                host.now_ms = host.now_ms.saturating_add(time);
            }
            let (entropy, mut answers) = (host.entropy(), Answers::new());
            for round in 0.. {
                prop_assert!(round < 50, "it never has enough: {:?}", input);
                match host.engine.begin(&input, host.now_ms, &entropy, &answers) {
                    Err(error) => {
                        prop_assert!(!error.code().as_str().is_empty() && !error.message().is_empty());
                        prop_assert_ne!(error.code(), ErrorCode::Internal, "{:?}", error);
                        prop_assert_ne!(error.code(), ErrorCode::SelfCheckFailed, "{:?}", error);
                        break;
                    }
                    Ok(Progress::Need(needs)) => {
                        prop_assert!(!needs.is_empty());
                        for need in needs {
                            prop_assert_eq!(answers.get(&need), None);
                            let answer = answer(&mut host, &need, manner);
                            answers.insert(need, answer);
                        }
                    }
                    Ok(Progress::Step(step)) => {
                        // Made-up answers could make a store that is not one, so only honest steps count.
                        if commits && manner == 0 {
                            if let Some(batch) = &step.batch {
                                block_on(host.store.write(batch)).unwrap();
                            }
                            let effects = host.engine.commit(step.id).unwrap();
                            prop_assert_eq!(effects.wake_at, host.engine.wake_at());
                        }
                        break;
                    }
                }
            }
        }
        // And what was written can be read, and comes to rest.
        host.now_ms = u64::MAX;
        host.restart();
        host.settle();
        prop_assert_eq!(host.engine.wake_at(), None);
    }

    #[test]
    fn any_bytes_in_the_store_are_read_or_refused(
        damage in vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 0..5),
        strange in vec(("[movrlhqup]", vec(any::<u8>(), 0..12), vec(any::<u8>(), 0..40)), 0..4),
    ) {
        let mut host = Host::new();
        let sent = params(&Request::number(1).paths_over(&[1, 2]).text(), "a");
        host.send(SendInvoice { replies: Replies::Unwanted, ..sent }).unwrap();
        host.delivered(SendOutcome::Accepted);
        host.default_route = crate::common::host::route(ReplyPath::Node { via: vec![], node_id: node(80) });
        host.send(params(&Request::number(4).paths_over(&[1, 2]).text(), "d")).unwrap();
        host.delivered(SendOutcome::Accepted);
        host.default_route = crate::common::host::route(ReplyPath::Host);
        host.resend("d").unwrap();
        let copy = host.delivered(SendOutcome::Accepted);
        host.payer_error(copy.reply_path_id.unwrap(), error_bytes("no", Some((1, b"x"))));
        host.send(params(&Request::number(2).text(), "b")).unwrap();
        let hash = host.get("b").payment_hash;
        host.receive(hash, 50_000).unwrap();
        host.send(params(&Request::number(3).text(), "c")).unwrap();
        let hash = host.get("c").payment_hash;
        host.claim(hash, 50_000).unwrap();
        let mut entries = host.entries();
        for (which, place, byte, how) in damage {
            let entry = which.get(&entries).clone();
            let mut value = entry.value.clone();
            let at = place.index(value.len().max(1));
            match how {
                0 if !value.is_empty() => value[at] = byte,
                1 => value.truncate(at),
                2 => value.insert(at, byte),
                _ => value.clear(),
            }
            entries.retain(|other| other.key != entry.key);
            entries.push(Entry::new(entry.key, value));
        }
        for (kind, key, value) in strange {
            let key = [b"invreq/main/", kind.as_bytes(), &key].concat();
            entries.retain(|other| other.key != key);
            entries.push(Entry::new(key, value));
        }
        let store = invreq::store::MemoryStore::new();
        let all = Batch { puts: entries, ..Batch::new("elsewhere", 1) };
        block_on(store.write(&all)).unwrap();
        let mut other = Host::unopened(config(), SEED, store);
        other.dice = 1 << 32;
        other.now_ms = host.now_ms;
        let codes = [ErrorCode::StoreCorrupt, ErrorCode::WrongStore, ErrorCode::StoreConflict];
        if let Err(error) = other.restore() {
            prop_assert!(codes.contains(&error.code()), "{:?}", error);
            return Ok(());
        }
        for index in [ListIndex::Created, ListIndex::Updated] {
            let _ = other.list(ListInvoices { index, ..ListInvoices::default() });
        }
        for label in ["a", "b", "c", "d"] {
            let query = ListInvoices { label: Some(label.to_owned()), ..ListInvoices::default() };
            let _ = other.list(query);
            let _ = other.delete(label, Status::Unpaid);
        }
        for hash in [hash, copy.payment_hash] {
            let _ = other.claim(hash, 50_000);
            let _ = other.receive(hash, 50_000);
        }
        other.now_ms += 1_000_000;
        let _ = other.give(&Input::Tick);
        let _ = other.give(&Input::Tick);
    }
}
