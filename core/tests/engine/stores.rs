//! The store: whose it is, reading it again, and other writers.

use bitcoin::Network;
use futures_lite::future::block_on;
use invreq::engine::{
    Answer, Answers, Config, DeliveryState, Engine, Input, Need, Progress, SendInvoice, SendOutcome, Status,
};
use invreq::store::{Batch, Entry, MemoryStore, Store};
use invreq::ErrorCode;

use crate::common::{config, error_bytes, params, Host, Request, SEED};

fn key(rest: &[u8]) -> Vec<u8> {
    [b"invreq/main/", rest].concat()
}

fn restored_with(host: &Host, config: Config, seed: [u8; 32]) -> invreq::Result<()> {
    Host::unopened(config, seed, host.store.clone()).restore()
}

/// Changes the raw entries, as damage would.
fn overwrite(host: &Host, change: impl FnOnce(Batch) -> Batch) {
    let key = key(b"v");
    let found = host.entries().into_iter().find(|entry| entry.key == key).unwrap();
    let revision = u64::from_be_bytes(found.value.try_into().unwrap());
    block_on(host.store.write(&change(Batch::new(key, revision + 1)))).unwrap();
}

#[test]
fn a_store_belongs_to_one_wallet() {
    let mut host = Host::new();
    host.send(params(&Request::default().text(), "a")).unwrap();
    let before = host.entries();
    assert!(restored_with(&host, config(), SEED).is_ok());
    for (config, seed) in [
        (config(), [8; 32]),
        (Config::new(Network::Bitcoin), SEED),
        (Config::new(Network::Signet), SEED),
    ] {
        assert_eq!(
            restored_with(&host, config, seed).unwrap_err().code(),
            ErrorCode::WrongStore
        );
    }
    assert_eq!(host.entries(), before);
    // Another wallet in the same store is another story.
    let other = Config {
        wallet_id: "other".to_owned(),
        ..config()
    };
    let mut other = Host::unopened(other, [8; 32], host.store.clone());
    other.restore().unwrap();
    other.send(params(&Request::default().text(), "a")).unwrap();
    assert_eq!(other.get("a").created_index, 1);
    host.restart();
    assert_eq!(host.get("a").created_index, 1);
}

#[test]
fn the_first_entry_of_another_wallet_is_refused() {
    let host = Host::new();
    let meta = host
        .entries()
        .into_iter()
        .find(|entry| entry.key == key(b"m"))
        .unwrap();
    // The entry of another wallet id under our key.
    let other = Host::unopened(
        Config {
            wallet_id: "xxxx".to_owned(),
            ..config()
        },
        SEED,
        MemoryStore::new(),
    );
    let mut other = other;
    other.restore().unwrap();
    let theirs = other
        .entries()
        .into_iter()
        .find(|entry| entry.key.ends_with(b"/m"))
        .unwrap();
    overwrite(&host, |batch| batch.put(key(b"m"), theirs.value.clone()));
    assert_eq!(
        restored_with(&host, config(), SEED).unwrap_err().code(),
        ErrorCode::WrongStore
    );
    // A later format: the version is the first record.
    let mut later = meta.value.clone();
    assert_eq!(later[..3], [0, 1, 1]);
    later[2] = 2;
    overwrite(&host, |batch| batch.put(key(b"m"), later));
    assert_eq!(
        restored_with(&host, config(), SEED).unwrap_err().code(),
        ErrorCode::WrongStore
    );
    // And no first entry at all.
    overwrite(&host, |batch| batch.delete(key(b"m")));
    assert_eq!(
        restored_with(&host, config(), SEED).unwrap_err().code(),
        ErrorCode::StoreCorrupt
    );
}

#[test]
fn wallet_ids_are_checked() {
    for id in ["", "a/b", "a b", "ä", &"x".repeat(65)] {
        let config = Config {
            wallet_id: id.to_owned(),
            ..config()
        };
        assert_eq!(
            Engine::new(config, &SEED).unwrap_err().code(),
            ErrorCode::InvalidParameter
        );
    }
    let config = Config {
        wallet_id: "A-z_0.9".to_owned(),
        ..config()
    };
    assert!(Engine::new(config, &SEED).is_ok());
}

#[test]
fn nothing_goes_before_the_first_restore() {
    let mut host = Host::unopened(config(), SEED, MemoryStore::new());
    let text = Request::default().text();
    let inputs = [
        Input::Tick,
        Input::Cancel { call: 1 },
        Input::SendInvoice {
            call: 1,
            params: params(&text, "a"),
        },
        Input::Preview {
            call: 1,
            invreq: text,
        },
        Input::OnionMessage { bytes: vec![] },
    ];
    for input in inputs {
        assert_eq!(host.give(&input).unwrap_err().code(), ErrorCode::NotOpen);
    }
    // A restore that is not committed does not count.
    let (entropy, mut answers) = ([1; 32], Answers::new());
    loop {
        match host.engine.begin(&Input::Restore, 1, &entropy, &answers).unwrap() {
            Progress::Need(needs) => needs
                .into_iter()
                .for_each(|need| answers.insert(need, Answer::Entries(vec![]))),
            Progress::Step(_) => break,
        }
    }
    assert_eq!(host.give(&Input::Tick).unwrap_err().code(), ErrorCode::NotOpen);
    host.restore().unwrap();
    host.tick();
}

#[test]
fn a_later_begin_supersedes_a_step() {
    let mut host = Host::new();
    let begin = |host: &mut Host, input: &Input| match host.engine.begin(
        input,
        host.now_ms,
        &[1; 32],
        &Answers::new(),
    ) {
        Ok(Progress::Step(step)) => Some(step.id),
        _ => None,
    };
    let first = begin(&mut host, &Input::Tick).unwrap();
    let second = begin(&mut host, &Input::Tick).unwrap();
    let superseded =
        |result: invreq::Result<_>| result.map(|_: invreq::engine::Effects| ()).unwrap_err().code();
    assert_eq!(superseded(host.engine.commit(first)), ErrorCode::StepSuperseded);
    // The wrong number did not harm the right one.
    host.engine.commit(second).unwrap();
    assert_eq!(superseded(host.engine.commit(second)), ErrorCode::StepSuperseded);
    // A begin that only asks, or fails, supersedes as well.
    for input in [
        Input::Preview {
            call: 1,
            invreq: Request::default().text(),
        },
        Input::Preview {
            call: 1,
            invreq: String::new(),
        },
    ] {
        let step = begin(&mut host, &Input::Tick).unwrap();
        assert_eq!(begin(&mut host, &input), None);
        assert_eq!(superseded(host.engine.commit(step)), ErrorCode::StepSuperseded);
    }
}

#[test]
fn beginning_changes_nothing() {
    let mut host = Host::new();
    host.send(params(&Request::default().text(), "a")).unwrap();
    let hash = host.get("a").payment_hash;
    let claim = invreq::engine::Claim {
        payment_hash: hash,
        total_msat: 50_000,
        first_htlc_at: 0,
    };
    for _ in 0..3 {
        let input = Input::Claim {
            call: 9,
            claim: claim.clone(),
        };
        assert!(matches!(
            host.engine.begin(&input, host.now_ms, &[1; 32], &Answers::new()),
            Ok(Progress::Step(_))
        ));
    }
    assert!(!host.get("a").claiming);
    assert_eq!(host.deliveries.len(), 1);
}

#[test]
fn a_crash_before_the_copy_left_sends_the_same_copy() {
    let mut host = Host::new();
    let text = Request::default().paths_over(&[10]).text();
    host.send(params(&text, "a")).unwrap();
    let first = host.deliveries.pop_front().unwrap();
    for _ in 0..3 {
        host.restart();
        assert_eq!(host.get("a").delivery.state, DeliveryState::Stored);
        host.settle();
        assert_eq!(host.deliveries.pop_front().unwrap(), first);
    }
    host.say(&first.id, SendOutcome::Accepted);
    host.restart();
    host.settle();
    assert!(host.deliveries.is_empty(), "what was accepted is not sent again");
    assert_eq!(host.event_names(), [] as [&str; 0]);
}

#[test]
fn what_is_over_is_not_sent_after_a_crash() {
    let mut host = Host::new();
    for (number, label) in ["paid", "claiming", "expired"].iter().enumerate() {
        host.send(params(&Request::number(number as u32).text(), label))
            .unwrap();
    }
    let (paid, claiming) = (host.get("paid").payment_hash, host.get("claiming").payment_hash);
    host.receive(paid, 50_000).unwrap();
    host.claim(claiming, 50_000).unwrap();
    host.crash();
    host.now_ms += 100_000;
    host.restore().unwrap();
    host.settle();
    assert!(host.deliveries.is_empty());
    assert_eq!(host.get("expired").status, Status::Expired);
    assert_eq!(host.get("claiming").status, Status::Unpaid);
}

#[test]
fn an_invoice_of_any_size_is_read_again() {
    let mut host = Host::new();
    let mut request = Request::default();
    request.note = Some("n".repeat(30_900));
    request.description = Some("d".repeat(900));
    host.send(params(&request.text(), &"l".repeat(256))).unwrap();
    let record = host.get(&"l".repeat(256));
    assert!(record.bolt12.len() > 51_000);
    host.restart();
    assert_eq!(host.get(&record.label).bolt12, record.bolt12);
}

#[test]
fn many_large_invoices_expire_in_batches_a_store_takes() {
    let mut host = Host::new();
    for number in 0..150 {
        let mut request = Request::number(number);
        request.note = Some("n".repeat(31_000));
        host.send(params(&request.text(), &number.to_string())).unwrap();
        host.delivered(SendOutcome::Accepted);
    }
    host.wait_s(100);
    assert_eq!((host.engine.open_invoices(), host.engine.wake_at()), (0, None));
    assert_eq!(host.replies.len(), 150);
}

#[test]
fn ten_thousand_open_invoices_are_taken_up() {
    let mut host = Host::new();
    // One real one, and copies of it under other names: making each would take a minute.
    host.send(SendInvoice {
        expiry: Some(1000),
        ..params(&Request::default().text(), "0")
    })
    .unwrap();
    let entry = host
        .entries()
        .into_iter()
        .find(|entry| entry.key.starts_with(&key(b"o")))
        .unwrap();
    for chunk in (2..=10_000u64).collect::<Vec<_>>().chunks(2500) {
        overwrite(&host, |batch| {
            chunk.iter().fold(batch, |batch, index| {
                batch.put(
                    key(&[b"o".as_slice(), &index.to_be_bytes()].concat()),
                    entry.value.clone(),
                )
            })
        });
    }
    let began = std::time::Instant::now();
    host.restart();
    assert_eq!(host.engine.open_invoices(), 10_000);
    let mut sent = 0;
    while sent < 10_000 {
        assert_eq!(host.engine.wake_at(), Some(host.now_ms));
        host.tick();
        assert!(host.deliveries.len() <= 32, "a step hands out a few at a time");
        sent += host.deliveries.drain(..).count();
    }
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
}

#[test]
fn another_writer_between_two_reads_cannot_make_us_overwrite() {
    let mut ours = Host::new();
    let mut theirs = Host::unopened(config(), SEED, ours.store.clone());
    theirs.dice = 1_000_000;
    theirs.restore().unwrap();
    // While we read the store, they write to it: after each of our reads in turn.
    for after in 1..=3 {
        ours.crash();
        let (entropy, mut answers, mut reads) = (ours.entropy(), Answers::new(), 0);
        let text = Request::number(after).text();
        let step = loop {
            match ours
                .engine
                .begin(&Input::Restore, ours.now_ms, &entropy, &answers)
                .unwrap()
            {
                Progress::Step(step) => break step,
                Progress::Need(needs) => {
                    for need in needs {
                        let answer = ours.answer(&need);
                        answers.insert(need, answer);
                        reads += 1;
                        if reads == after {
                            theirs.restore().unwrap();
                            theirs.send(params(&text, &format!("theirs {after}"))).unwrap();
                        }
                    }
                }
            }
        };
        assert!(step.batch.is_none());
        ours.engine.commit(step.id).unwrap();
        let error = ours
            .send(params(&Request::number(after + 100).text(), "ours"))
            .unwrap_err();
        assert_eq!(error.code(), ErrorCode::StoreConflict, "after read {after}");
        assert_eq!(theirs.get(&format!("theirs {after}")).status, Status::Unpaid);
    }
}

#[test]
fn an_engine_that_has_not_seen_an_invoice_says_so() {
    let mut ours = Host::new();
    let mut theirs = Host::unopened(config(), SEED, ours.store.clone());
    theirs.dice = 1_000_000;
    theirs.restore().unwrap();
    theirs.send(params(&Request::default().text(), "a")).unwrap();
    let hash = theirs.get("a").payment_hash;
    // "Not found" would make a host fail a good payment.
    assert_eq!(
        ours.claim(hash, 50_000).unwrap_err().code(),
        ErrorCode::StoreConflict
    );
    assert_eq!(
        ours.receive(hash, 50_000).unwrap_err().code(),
        ErrorCode::StoreConflict
    );
    assert_eq!(ours.resend("a").unwrap_err().code(), ErrorCode::StoreConflict);
    let again = ours.send(params(&Request::default().text(), "b"));
    assert_eq!(again.unwrap_err().code(), ErrorCode::StoreConflict);
    ours.restore().unwrap();
    assert!(ours.claim(hash, 50_000).is_ok());
}

#[test]
fn reading_again_tells_what_others_did() {
    let mut ours = Host::new();
    let mut waits = Vec::new();
    for (number, label) in ["paid", "expired", "deleted", "open"].iter().enumerate() {
        let params = SendInvoice {
            expiry: Some(1000),
            ..params(&Request::number(number as u32).text(), label)
        };
        waits.push(ours.send(params).unwrap());
        ours.delivered(SendOutcome::Accepted);
    }
    let any = ours.call();
    ours.give(&Input::WaitAnyInvoice {
        call: any,
        last_pay_index: 0,
        timeout: None,
    })
    .unwrap();
    let mut theirs = Host::unopened(config(), SEED, ours.store.clone());
    theirs.dice = 1_000_000;
    theirs.restore().unwrap();
    let hash = theirs.get("paid").payment_hash;
    theirs.receive(hash, 50_000).unwrap();
    theirs.delete("deleted", Status::Unpaid).unwrap();
    theirs.send(params(&Request::number(77).text(), "new")).unwrap();
    ours.events.clear();
    ours.restore().unwrap();
    assert_eq!(ours.event_names(), ["created", "paid", "deleted"]);
    assert_eq!(ours.paid(waits[0]).label, "paid");
    assert_eq!(ours.paid(any).label, "paid");
    assert_eq!(ours.error(waits[2]).0, ErrorCode::NotFound);
    assert_eq!((ours.reply(waits[1]), ours.reply(waits[3])), (None, None));
    ours.restore().unwrap();
    assert_eq!(ours.event_names(), [] as [&str; 0], "but only once");
    // Money that came late is told, too.
    theirs.wait_s(1001);
    let hash = theirs.get("expired").payment_hash;
    theirs.receive(hash, 50_000).unwrap();
    ours.now_ms = theirs.now_ms;
    ours.restore().unwrap();
    assert_eq!(ours.event_names(), ["expired", "expired", "paid"]);
}

#[test]
fn a_copy_in_hand_stays_in_hand_unless_another_writer_went_on() {
    let mut ours = Host::new();
    ours.send(params(&Request::default().text(), "a")).unwrap();
    ours.restore().unwrap();
    ours.settle();
    assert_eq!(ours.deliveries.len(), 1, "reading again does not send again");
    assert_eq!(ours.get("a").delivery.state, DeliveryState::Sending);
    let mut theirs = Host::unopened(config(), SEED, ours.store.clone());
    theirs.restore().unwrap();
    theirs.settle();
    theirs.delivered(SendOutcome::Failed);
    // They tried, failed, and are gone. We have to take over, after a while.
    ours.restore().unwrap();
    let old = ours.deliveries.pop_front().unwrap();
    ours.settle();
    assert!(ours.deliveries.is_empty());
    ours.say(&old.id, SendOutcome::NoRoute);
    ours.wait_s(2);
    assert_eq!(ours.delivered(SendOutcome::Accepted).id, "1-1");
    assert_eq!(ours.get("a").delivery.state, DeliveryState::Sent);
}

#[test]
fn damage_is_an_error_and_never_a_panic() {
    let mut host = Host::new();
    host.send(params(&Request::default().text(), "a")).unwrap();
    let copy = host.delivered(SendOutcome::Accepted);
    host.payer_error(copy.reply_path_id.unwrap(), error_bytes("no", Some((1, b"2"))));
    let good = host.entries();
    let open = good
        .iter()
        .find(|entry| entry.key.starts_with(&key(b"o")))
        .unwrap()
        .clone();
    for cut in 0..open.value.len() {
        overwrite(&host, |batch| batch.put(open.key.clone(), &open.value[..cut]));
        if let Err(error) = restored_with(&host, config(), SEED) {
            assert_eq!(error.code(), ErrorCode::StoreCorrupt);
        }
    }
    // A record that a later version must be understood for.
    let later = [open.value.clone(), vec![46, 0]].concat();
    overwrite(&host, |batch| batch.put(open.key.clone(), later));
    assert_eq!(
        restored_with(&host, config(), SEED).unwrap_err().code(),
        ErrorCode::StoreCorrupt
    );
    // And one that it need not be.
    let later = [open.value.clone(), vec![45, 0]].concat();
    overwrite(&host, |batch| batch.put(open.key.clone(), later));
    assert!(restored_with(&host, config(), SEED).is_ok());
}

#[test]
fn wrong_answers_of_the_store_are_errors() {
    let entry = |value: &[u8]| vec![Entry::new(key(b"x"), value)];
    for answer in [
        Answer::Failed("disk".to_owned()),
        Answer::CanReceive(None),
        Answer::Entries(entry(b"")),
        Answer::Entries(entry(b"12345678")),
        Answer::Entries(entry(&[0xff; 300])),
    ] {
        let mut engine = Engine::new(config(), &SEED).unwrap();
        let mut answers = Answers::new();
        let mut rounds = 0;
        let error = loop {
            match engine.begin(&Input::Restore, 1, &[0; 32], &answers) {
                Err(error) => break error,
                Ok(Progress::Step(_)) => panic!("{answer:?} was taken for a store"),
                Ok(Progress::Need(needs)) => needs
                    .into_iter()
                    .for_each(|need: Need| answers.insert(need, answer.clone())),
            }
            rounds += 1;
            assert!(rounds < 10);
        };
        let codes = [
            ErrorCode::StoreFailed,
            ErrorCode::MissingAnswer,
            ErrorCode::StoreCorrupt,
        ];
        assert!(codes.contains(&error.code()), "{error:?}");
    }
}
