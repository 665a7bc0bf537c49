//! The store: whose it is, reading it again, and other writers.

use bitcoin::Network;
use futures_lite::future::block_on;
use invreq::engine::{
    Answer, Answers, Config, Engine, Event, Input, Need, Progress, Record, SendOutcome, Status,
};
use invreq::store::{Batch, Entry, MemoryStore, Store};
use invreq::ErrorCode;

use crate::common::{config, error_bytes, params, Host, Request, SEED};

pub fn key(rest: &[u8]) -> Vec<u8> {
    [b"invreq/main/", rest].concat()
}

fn restored_with(host: &Host, config: Config, seed: [u8; 32]) -> invreq::Result<()> {
    Host::unopened(config, seed, host.store.clone()).restore()
}

/// Changes the raw entries, as damage would.
pub fn overwrite(host: &Host, change: impl FnOnce(Batch) -> Batch) {
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
    assert_eq!(host.config.store_prefix(), key(b""));
    assert_eq!(host.config.revision_key(), key(b"v"));
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
        Input::OnionMessage {
            node_id: None,
            bytes: vec![],
        },
    ];
    for input in inputs {
        assert_eq!(host.give(&input).unwrap_err().code(), ErrorCode::NotOpen);
    }
    // A restore that is not committed does not count.
    let (entropy, mut answers) = ([1; 32], Answers::new());
    while let Progress::Need(needs) = host.engine.begin(&Input::Restore, 1, &entropy, &answers).unwrap() {
        for need in needs {
            answers.insert(need, Answer::Entries(vec![]));
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
    let Record {
        payment_hash: hash,
        expires_at,
        ..
    } = host.get("a");
    let late = (expires_at + 1) * 1_000;
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
        let mut begin = || host.engine.begin(&input, host.now_ms, &[1; 32], &Answers::new());
        assert!(matches!(begin(), Ok(Progress::Step(_))));
        // Whether such a batch was written only the store can say.
        assert_eq!(begin().unwrap_err().code(), ErrorCode::StoreConflict);
        host.restore().unwrap();
    }
    // It is as unclaimed as before: it expires, which a claimed one would not.
    assert_eq!(host.engine.open_invoices(), 1);
    let mut answers = Answers::new();
    let expiry = loop {
        match host.engine.begin(&Input::Tick, late, &[1; 32], &answers).unwrap() {
            Progress::Step(step) => break step.batch,
            Progress::Need(needs) => needs.into_iter().for_each(|need| {
                let answer = host.answer(&need);
                answers.insert(need, answer);
            }),
        }
    };
    assert!(expiry.is_some());
    host.restore().unwrap();
    assert!(!host.get("a").claiming);
    assert_eq!(host.deliveries.len(), 1);
}

#[test]
fn one_damaged_invoice_holds_up_no_other() {
    let mut host = Host::new();
    host.send(params(&Request::number(1).text(), "a")).unwrap();
    host.crash();
    // One bit of the signature, of the record that is read at the start.
    let mut entry = host
        .entries()
        .into_iter()
        .find(|entry| entry.key.starts_with(&key(b"o")))
        .unwrap();
    let signature = entry.value.windows(2).position(|at| at == [240, 64]).unwrap();
    entry.value[signature + 10] ^= 1;
    overwrite(&host, |batch| batch.put(entry.key, entry.value));
    host.restore().unwrap();
    host.events.clear();
    host.send(params(&Request::number(2).text(), "b")).unwrap();
    host.wait_s(10);
    assert!(host.deliveries.iter().any(|delivery| delivery.label == "b"));
    assert!(host.deliveries.iter().all(|delivery| delivery.label != "a"));
    let told = host.events.iter().filter_map(|event| match event {
        Event::Trouble(details) => Some((details.code, details.record.as_ref().map(|record| &*record.label))),
        _ => None,
    });
    let told: Vec<_> = told.collect();
    assert_eq!(told, [(ErrorCode::StoreCorrupt, Some("a"))]);
    host.wait_s(100_000);
    assert_eq!(host.get("a").status, Status::Expired);
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

#[test]
fn an_invoice_that_is_open_again_is_no_new_one() {
    let mut host = Host::new();
    host.send(params(&Request::default().text(), "a")).unwrap();
    let before = host.entries();
    let hash = host.get("a").payment_hash;
    host.receive(hash, 50_000).unwrap();
    // Somebody puts an older backup under the running engine.
    let after = host.entries();
    overwrite(&host, |mut batch| {
        batch.deletes.extend(after.into_iter().map(|entry| entry.key));
        let kept = before.into_iter().filter(|entry| entry.key != key(b"v"));
        batch.puts.extend(kept);
        batch
            .deletes
            .retain(|gone| batch.puts.iter().all(|put| put.key != *gone));
        batch.deletes.retain(|gone| *gone != key(b"v"));
        batch
    });
    host.events.clear();
    host.restore().unwrap();
    assert_eq!(host.get("a").status, Status::Unpaid);
    assert_eq!(host.event_names(), [] as [&str; 0]);
}

#[test]
fn a_store_is_read_in_as_few_pages_as_it_fills() {
    let mut host = Host::new();
    host.send(params(&Request::default().text(), "a")).unwrap();
    host.crash();
    let mut answers = Answers::new();
    let mut reads = 0;
    while let Progress::Need(needs) = host
        .engine
        .begin(&Input::Restore, host.now_ms, &[0; 32], &answers)
        .unwrap()
    {
        for need in needs {
            let answer = host.answer(&need);
            answers.insert(need, answer);
            reads += 1;
        }
    }
    assert_eq!(
        reads, 4,
        "the revision, the end of an import, the counters, the open invoices"
    );
}

#[test]
fn what_a_later_version_must_have_understood_is_not_passed_over() {
    for (number, understood) in [(60, false), (61, true)] {
        let mut host = Host::new();
        host.send(params(&Request::default().text(), "a")).unwrap();
        let open = key(b"o");
        let mut entry = host
            .entries()
            .into_iter()
            .find(|entry| entry.key.starts_with(&open))
            .unwrap();
        entry.value.extend([number, 1, 7]);
        overwrite(&host, |batch| batch.put(entry.key, entry.value));
        let read = host.restore().map_err(|error| error.code());
        let expected = if understood {
            Ok(())
        } else {
            Err(ErrorCode::StoreCorrupt)
        };
        assert_eq!(read, expected, "{number}");
    }
}

#[test]
fn a_wallet_id_has_64_letters_at_most() {
    let named = |length| Config {
        wallet_id: "w".repeat(length),
        ..config()
    };
    assert_eq!(named(64).check(), Ok(()));
    for length in [0, 65] {
        assert_eq!(
            named(length).check().unwrap_err().code(),
            ErrorCode::InvalidParameter
        );
    }
}

#[test]
fn a_store_that_fails_is_named_as_such() {
    let mut host = Host::new();
    host.crash();
    let mut answers = Answers::new();
    let Ok(Progress::Need(needs)) = host
        .engine
        .begin(&Input::Restore, host.now_ms, &[0; 32], &answers)
    else {
        panic!("nothing is read");
    };
    for need in needs {
        answers.insert(need, Answer::Failed("the disk is gone".to_owned()));
    }
    let error = host
        .engine
        .begin(&Input::Restore, host.now_ms, &[0; 32], &answers)
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::StoreFailed);
    assert!(error.message().contains("the disk is gone"));
}

#[test]
fn a_store_in_the_middle_of_an_import_is_not_opened() {
    let mut host = Host::new();
    overwrite(&host, |batch| batch.put(key(b"\xffimport"), b"1".to_vec()));
    let error = host.restore().unwrap_err();
    assert_eq!(error.code(), ErrorCode::StoreCorrupt);
    assert!(error.message().contains("import"), "{error}");
}

#[test]
fn a_host_can_forget_what_it_read_and_nothing_else() {
    let read = Need::Range {
        start: b"a".to_vec(),
        end: b"b".to_vec(),
        limit: 1,
    };
    let asked = Need::CanReceive { amount_msat: 1 };
    let mut answers = Answers::new();
    answers.insert(read.clone(), Answer::Entries(Vec::new()));
    answers.insert(asked.clone(), Answer::CanReceive(Some(true)));
    answers.forget_reads();
    assert_eq!(answers.get(&read), None);
    assert_eq!(answers.get(&asked), Some(&Answer::CanReceive(Some(true))));
}
