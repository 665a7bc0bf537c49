use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use bitcoin::hashes::{sha256, Hash};
use futures_lite::future::block_on;
use invreq::engine::{Input, ListIndex, ListInvoices, Outcome, Status};
use invreq::store::{export, import, Batch, Entry, MemoryStore, Store, StoreError};
use invreq::{ErrorCode, PaymentHash};

use crate::common::{config, Host, SEED};

/// A store in every state (tests/vectors/store).
static SOUND: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let vector = include_str!("../../../tests/vectors/store/v1.json");
    let vector: serde_json::Value = serde_json::from_str(vector).unwrap();
    let bytes = |hex: &serde_json::Value| unhex(hex.as_str().unwrap());
    let entries = vector["entries"].as_array().unwrap();
    entries
        .iter()
        .map(|entry| Entry::new(bytes(&entry[0]), bytes(&entry[1])))
        .collect()
});

const NOW_MS: u64 = 1_700_000_010_000;

/// Opens a store, or takes in a backup, that was sound before the bytes changed it.
///
/// The first byte says which. Whatever the engine reads, no claim gives away the preimage of something else.
pub fn restore(data: &[u8]) {
    let Some((head, rest)) = data.split_first() else {
        return;
    };
    let mut input = Unstructured::new(rest);
    let store = match head & 3 {
        // Too few bytes are no find.
        0 => backup(&mut input).ok().flatten(),
        _ => damaged(&mut input).ok(),
    };
    if let Some(store) = store {
        open(store, head >> 2);
    }
}

fn damaged(input: &mut Unstructured<'_>) -> Result<MemoryStore> {
    let mut entries = SOUND.clone();
    for _ in 0..input.int_in_range(1..=4)? {
        match input.int_in_range(0..=8)? {
            0 => {
                let which = input.choose_index(entries.len())?;
                entries.remove(which);
            }
            1 => {
                let kind = *input.choose(b"movrlhqup")?;
                let key = [&b"invreq/main/"[..], &[kind], &few(input, 44)?].concat();
                entries.retain(|entry| entry.key != key);
                entries.push(Entry::new(key, few(input, 100)?));
            }
            2 => {
                // One entry says what another does.
                let (one, other) = (
                    input.choose_index(entries.len())?,
                    input.choose_index(entries.len())?,
                );
                entries[one].value = entries[other].value.clone();
            }
            _ => {
                let which = input.choose_index(entries.len())?;
                damage(input, &mut entries[which].value)?;
            }
        }
        if entries.is_empty() {
            break;
        }
    }
    let store = MemoryStore::new();
    let all = Batch {
        puts: entries,
        ..Batch::new("elsewhere", 1)
    };
    block_on(store.write(&all)).unwrap();
    Ok(store)
}

fn few(input: &mut Unstructured<'_>, most: usize) -> Result<Vec<u8>> {
    let len = input.int_in_range(0..=most)?.min(input.len());
    Ok(input.bytes(len)?.to_vec())
}

fn damage(input: &mut Unstructured<'_>, value: &mut Vec<u8>) -> Result<()> {
    let at = input.int_in_range(0..=value.len())?;
    match input.int_in_range(0..=3)? {
        0 => value.truncate(at),
        1 => value.insert(at, input.arbitrary()?),
        2 if at < value.len() => drop(value.remove(at)),
        _ => {
            let new = few(input, 40)?;
            for (old, new) in value.iter_mut().skip(at).zip(new) {
                *old = new;
            }
        }
    }
    Ok(())
}

/// A backup with some bytes changed: it is taken in as a whole or refused.
fn backup(input: &mut Unstructured<'_>) -> Result<Option<MemoryStore>> {
    static DUMP: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let store = MemoryStore::new();
        let revision = config().revision_key();
        let all = Batch {
            puts: SOUND
                .iter()
                .filter(|entry| entry.key != revision)
                .cloned()
                .collect(),
            ..Batch::new(revision.clone(), 1)
        };
        block_on(store.write(&all)).unwrap();
        block_on(export(&store, &config().store_prefix(), &revision)).unwrap()
    });
    let mut dump = DUMP.clone();
    let sound = input.ratio(1, 8)?;
    if !sound {
        dump.truncate(dump.len() - 32);
        for _ in 0..input.int_in_range(1..=3)? {
            damage(input, &mut dump)?;
        }
        // Mostly with a checksum that is right, or nothing but the checksum would be tested.
        let checksum = sha256::Hash::hash(&dump).to_byte_array();
        dump.extend(if input.ratio(1, 16)? { [0; 32] } else { checksum });
    }
    let store = MemoryStore::new();
    let config = config();
    let taken = block_on(import(
        &store,
        &config.store_prefix(),
        &config.revision_key(),
        &dump,
    ));
    assert!(taken.is_ok() || !sound);
    if let Err(error) = &taken {
        let wrong = matches!(
            error,
            StoreError::Corrupt(_) | StoreError::Foreign(_) | StoreError::Invalid(_)
        );
        assert!(wrong, "{error:?}");
        assert_eq!(
            block_on(store.range(b"", &[0xff; 8], 1)),
            Ok(Vec::new()),
            "nothing is written"
        );
    }
    Ok(taken.is_ok().then_some(store))
}

fn open(store: MemoryStore, choices: u8) {
    let mut host = Host::unopened(config(), SEED, store);
    host.dice = 1 << 32;
    host.now_ms = NOW_MS;
    if let Err(error) = host.restore() {
        typed(error.code());
        return;
    }
    let mut hashes = Vec::new();
    let mut labels = Vec::new();
    for index in [ListIndex::Created, ListIndex::Updated] {
        let query = ListInvoices {
            index,
            ..ListInvoices::default()
        };
        match host.list(query) {
            Ok(page) => {
                hashes.extend(page.records.iter().map(|record| record.payment_hash));
                labels.extend(page.records.iter().map(|record| record.label.clone()));
            }
            Err(error) => typed(error.code()),
        }
    }
    for label in labels {
        let call = host.call();
        match choices & 3 {
            0 => refused(
                host.delete(&label, Status::Unpaid)
                    .err()
                    .map(|error| error.code()),
            ),
            1 => refused(
                host.give(&Input::Resend { call, label })
                    .err()
                    .map(|error| error.code()),
            ),
            2 => refused(
                host.give(&Input::WaitInvoice { call, label })
                    .err()
                    .map(|error| error.code()),
            ),
            _ => {}
        }
    }
    hashes
        .into_iter()
        .for_each(|hash| money(&mut host, hash, choices));
    if choices & 32 != 0 {
        host.now_ms += 1_000_000_000;
    }
    for _ in 0..4 {
        refused(host.give(&Input::Tick).err().map(|error| error.code()));
    }
}

/// A preimage that comes out is that of the payment.
fn money(host: &mut Host, hash: PaymentHash, choices: u8) {
    let amount = [50_000, 60_000, 1_000_000, u64::MAX][usize::from(choices >> 3 & 3)];
    match host.claim(hash, amount) {
        Ok(approval) => {
            if let Some(preimage) = approval.preimage {
                assert_eq!(preimage.payment_hash(), hash);
            }
            assert!(approval.record.claiming);
        }
        Err(error) => refused(Some(error.code())),
    }
    let call = host.call();
    let payment = invreq::engine::PaymentReceived {
        payment_hash: hash,
        amount_msat: amount,
        paid_at: host.now(),
        preimage: None,
    };
    match host.give(&Input::PaymentReceived { call, payment }) {
        Ok(()) => {
            if let Some(Ok(Outcome::Record(record))) = host.reply(call) {
                assert_eq!(record.status, Status::Paid);
            }
        }
        Err(error) => refused(Some(error.code())),
    }
}

fn typed(code: ErrorCode) {
    use ErrorCode as E;
    assert!(
        matches!(code, E::StoreCorrupt | E::WrongStore | E::StoreConflict),
        "{code:?}"
    );
}

/// Any error but one that would be a defect of ours.
fn refused(code: Option<ErrorCode>) {
    assert!(
        !matches!(code, Some(ErrorCode::Internal | ErrorCode::SelfCheckFailed)),
        "{code:?}"
    );
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}
