//! What one engine says while another writes to its store.

use invreq::engine::{
    Answers, CallId, Effects, Input, ListIndex, ListInvoices, Outcome, Progress, SendInvoice, SendOutcome,
    Status,
};
use invreq::ErrorCode;

use crate::common::host::event_name;
use crate::common::{config, params, Host, Request, SEED};

/// Two engines on one store that know one open invoice, `a`.
fn pair() -> (Host, Host) {
    let mut ours = Host::new();
    let params = SendInvoice {
        expiry: Some(1000),
        ..params(&Request::number(1).text(), "a")
    };
    ours.send(params).unwrap();
    ours.delivered(SendOutcome::Accepted);
    let theirs = second(&ours);
    (ours, theirs)
}

fn second(ours: &Host) -> Host {
    let mut theirs = Host::unopened(config(), SEED, ours.store.clone());
    theirs.dice = 1_000_000;
    theirs.restore().unwrap();
    theirs
}

/// Has an invoice that was paid once and is forgotten, as with a wallet that tidies up.
fn tidy(host: &mut Host) {
    host.send(params(&Request::number(2).text(), "b")).unwrap();
    pay(host, "b");
    host.delete("b", Status::Paid).unwrap();
}

fn pay(host: &mut Host, label: &str) {
    let hash = host.get(label).payment_hash;
    host.receive(hash, 50_000).unwrap();
}

fn claim(host: &mut Host) {
    let hash = host.get("a").payment_hash;
    host.claim(hash, 50_000).unwrap();
}

#[test]
fn a_payment_that_another_claimed_is_not_refused_as_too_late() {
    let (mut ours, mut theirs) = pair();
    let invoice = ours.get("a");
    assert!(theirs.claim(invoice.payment_hash, 50_000).is_ok());
    // The node shows it once more, and to us: its preimage is out.
    let late = invoice.expires_at + 1;
    let said = ours.claim_begun(invoice.payment_hash, 50_000, late);
    assert_eq!(said.unwrap_err().code(), ErrorCode::StoreConflict);
    ours.restore().unwrap();
    let approval = ours.claim_begun(invoice.payment_hash, 50_000, late).unwrap();
    assert!(approval.preimage.is_some());
}

#[test]
fn what_is_said_of_money_without_a_write_is_so_in_the_store() {
    let claim_failed = |host: &mut Host| {
        let payment_hash = host.get("a").payment_hash;
        host.record(|call| Input::ClaimFailed { call, payment_hash })
    };
    let (mut ours, mut theirs) = pair();
    let hash = ours.get("a").payment_hash;
    theirs.claim(hash, 50_000).unwrap();
    // It would seem taken back, and wait for its money for ever.
    assert_eq!(
        claim_failed(&mut ours).unwrap_err().code(),
        ErrorCode::StoreConflict
    );
    ours.restore().unwrap();
    assert!(!claim_failed(&mut ours).unwrap().claiming);
    theirs.restore().unwrap();
    assert!(!theirs.get("a").claiming);

    pay(&mut theirs, "a");
    ours.events.clear();
    for said in [
        ours.receive(hash, 1).unwrap_err(),
        ours.claim(hash, 1).unwrap_err(),
        ours.claim(hash, 100_001).unwrap_err(),
    ] {
        assert_eq!(said.code(), ErrorCode::StoreConflict);
    }
    assert_eq!(
        ours.event_names(),
        [""; 0],
        "too little came, but before it all had come"
    );
}

#[test]
fn a_wait_for_any_payment_gives_none_but_paid_ones() {
    let (mut ours, mut theirs) = pair();
    tidy(&mut ours);
    theirs.restore().unwrap();
    pay(&mut theirs, "a");
    let call = ours.call();
    let (last_pay_index, timeout) = (0, Some(10));
    ours.give(&Input::WaitAnyInvoice {
        call,
        last_pay_index,
        timeout,
    })
    .unwrap();
    let Some(Ok(Outcome::Record(record))) = ours.reply(call) else {
        panic!("it was paid");
    };
    assert_eq!((record.label.as_str(), record.status), ("a", Status::Paid));
    assert_eq!(record.payment.unwrap().pay_index, 2);
}

#[test]
fn a_list_shows_what_the_store_has_as_closed() {
    let (mut ours, mut theirs) = pair();
    pay(&mut theirs, "a");
    for index in [ListIndex::Created, ListIndex::Updated] {
        let query = ListInvoices {
            index,
            ..ListInvoices::default()
        };
        let page = ours.list(query).unwrap();
        let found: Vec<_> = page
            .records
            .iter()
            .map(|record| (&*record.label, record.status))
            .collect();
        assert_eq!(found, [("a", Status::Paid)], "{index:?}");
    }
}

type Act = fn(&mut Host);

/// What another writer can do at once, and what is told of it.
const ACTS: [(&str, Act, &[&str]); 7] = [
    ("creates", |host| create(host), &["created"]),
    ("claims", |host| claim(host), &["claiming"]),
    ("is paid", |host| pay(host, "a"), &["paid"]),
    ("lets expire", |host| host.wait_s(1001), &["expired"]),
    (
        "deletes",
        |host| drop(host.delete("a", Status::Unpaid).unwrap()),
        &["deleted"],
    ),
    (
        "creates and is paid",
        |host| {
            create(host);
            pay(host, "c");
        },
        &["created", "paid"],
    ),
    (
        "is paid and deletes",
        |host| {
            pay(host, "a");
            drop(host.delete("a", Status::Paid).unwrap());
        },
        &["paid", "deleted"],
    ),
];

fn create(host: &mut Host) {
    host.send(params(&Request::number(9).text(), "c")).unwrap();
}

#[test]
fn what_another_does_between_two_reads_is_told_once() {
    for (what, act, told) in ACTS {
        for is_tidy in [false, true] {
            let mut after = 1;
            while interrupted(what, act, told, is_tidy, after) {
                after += 1;
            }
            assert!(after > 5, "{what}: after each of {after} reads");
        }
    }
}

/// Has the store read while another writer does something after so many reads. False where there are not so many.
fn interrupted(what: &str, act: Act, told: &[&str], is_tidy: bool, after: usize) -> bool {
    let (mut ours, mut theirs) = pair();
    if is_tidy {
        tidy(&mut ours);
        theirs.restore().unwrap();
    }
    let (one, any) = (ours.call(), ours.call());
    ours.give(&Input::WaitInvoice {
        call: one,
        label: "a".to_owned(),
    })
    .unwrap();
    ours.give(&Input::WaitAnyInvoice {
        call: any,
        last_pay_index: u64::from(is_tidy),
        timeout: None,
    })
    .unwrap();
    ours.events.clear();
    let mut reads = 0;
    let effects = read(&mut ours, |_| {
        reads += 1;
        if reads == after {
            act(&mut theirs);
        }
    });
    ours.now_ms = theirs.now_ms;
    let again = read(&mut ours, |_| {});
    let at = format!("{what}, tidy: {is_tidy}, after read {after} of {reads}");
    let mut names: Vec<_> = [&effects, &again]
        .iter()
        .flat_map(|effects| effects.events.iter().map(event_name))
        .collect();
    let before = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), before, "{at}: told twice");
    if reads >= after {
        assert!(names.iter().any(|name| told.contains(name)), "{at}: {names:?}");
    }
    for call in [one, any] {
        let replies = [&effects, &again].map(|effects| replies_to(effects, call));
        let replies: Vec<_> = replies.into_iter().flatten().collect();
        assert!(replies.len() <= 1, "{at}: {replies:?}");
        let is_paid = reads >= after && (what == "is paid" || (call == any && what.ends_with("is paid")));
        assert_eq!(replies.contains(&Ok(Status::Paid)), is_paid, "{at}: {replies:?}");
    }
    reads >= after
}

fn replies_to(effects: &Effects, call: CallId) -> Vec<Result<Status, ErrorCode>> {
    let replies = effects.replies.iter().filter(|reply| reply.call == call);
    let status = |outcome: &Outcome| match outcome {
        Outcome::Record(record) => record.status,
        other => panic!("{other:?}"),
    };
    let said = replies.map(|reply| match &reply.result {
        Ok(outcome) => Ok(status(outcome)),
        Err(error) => Err(error.code()),
    });
    said.collect()
}

/// Reads the store, and calls back after every read. A conflict has it read once more.
fn read(host: &mut Host, mut after: impl FnMut(&Host)) -> Effects {
    let (entropy, mut answers) = (host.entropy(), Answers::new());
    loop {
        match host
            .engine
            .begin(&Input::Restore, host.now_ms, &entropy, &answers)
        {
            Ok(Progress::Step(step)) => return host.engine.commit(step.id).unwrap(),
            Ok(Progress::Need(needs)) => {
                for need in needs {
                    let answer = host.answer(&need);
                    answers.insert(need, answer);
                    after(host);
                }
            }
            Err(error) => {
                assert_eq!(error.code(), ErrorCode::StoreConflict);
                answers.forget_reads();
            }
        }
    }
}
