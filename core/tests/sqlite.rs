//! What is special to the SQLite store: its file, other processes, and the sudden end of one.

#![cfg(feature = "sqlite")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::print_stdout
)] // a test

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use futures_lite::future::{block_on, poll_once};
use invreq::store::{prefix_end, Batch, Conflict, Entry, SqliteStore, Store, StoreError};
use rusqlite::Connection;
use tempfile::tempdir;

const REVISION: &[u8] = b"~revision";

#[test]
fn every_acknowledged_write_survives_kill_9() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("store");
    let mut written = 0;
    for round in 1..=8u64 {
        let mut child = child("write_until_killed", &path);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Some writes after the checkpoints that SQLite makes by itself, and at a different point each time.
        let mut acknowledged = written;
        while acknowledged < written + 40 * round {
            acknowledged = number_in(lines.next().unwrap().unwrap()).unwrap_or(acknowledged);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // Those that were acknowledged while the signal was on its way count too.
        acknowledged = lines
            .map_while(Result::ok)
            .filter_map(number_in)
            .last()
            .unwrap_or(acknowledged);

        let store = block_on(SqliteStore::open(&path)).unwrap();
        let revision = block_on(revision(&store));
        assert!(
            revision == acknowledged || revision == acknowledged + 1,
            "{revision} after {acknowledged}"
        );
        let entries = block_on(store.range(b"k", b"l", usize::MAX)).unwrap();
        assert_eq!(entries, (1..=revision).flat_map(entries_of).collect::<Vec<_>>());
        block_on(store.close()).unwrap();
        check_integrity(&path);
        written = revision;
    }
}

/// Not a test of its own: what the child process of the test above does, and the test after it.
#[test]
fn child_process() {
    let Ok(path) = std::env::var("INVREQ_TEST_STORE") else {
        return;
    };
    match std::env::var("INVREQ_TEST_CHILD").unwrap().as_str() {
        "write_until_killed" => block_on(write_until_killed(Path::new(&path))),
        "race" => block_on(race(Path::new(&path))),
        other => panic!("there is no child {other}"),
    }
}

async fn write_until_killed(path: &Path) {
    let store = SqliteStore::open(path).await.unwrap();
    for revision in revision(&store).await + 1.. {
        let mut batch = Batch::new(REVISION, revision);
        batch.puts.extend(entries_of(revision));
        batch
            .absent
            .extend(entries_of(revision).into_iter().map(|entry| entry.key));
        store.write(&batch).await.unwrap();
        acknowledge(revision);
    }
}

#[test]
fn processes_race_and_one_wins_each_time() {
    const PROCESSES: usize = 4;
    let folder = tempdir().unwrap();
    let path = folder.path().join("store");
    // They begin with making the file, all at once.
    let children: Vec<_> = (0..PROCESSES).map(|_| child("race", &path)).collect();
    let mut wins = Vec::new();
    for mut child in children {
        let mut output = String::new();
        child.stdout.take().unwrap().read_to_string(&mut output).unwrap();
        assert!(child.wait().unwrap().success());
        wins.push(output.lines().filter_map(number_in).collect::<Vec<_>>());
    }
    // Every revision was won by exactly one of them, and its write is the one that is there.
    let mut all: Vec<u64> = wins.concat();
    all.sort_unstable();
    assert_eq!(all, (1..=RACE_LENGTH).collect::<Vec<_>>());
    let store = block_on(SqliteStore::open(&path)).unwrap();
    assert_eq!(block_on(revision(&store)), RACE_LENGTH);
    let keys = block_on(store.range(b"k", b"l", usize::MAX)).unwrap();
    assert_eq!(keys.len(), all.len() * 2);
    block_on(store.close()).unwrap();
    check_integrity(&path);
}

const RACE_LENGTH: u64 = 200;

async fn race(path: &Path) {
    let store = SqliteStore::open(path).await.unwrap();
    loop {
        let next = revision(&store).await + 1;
        if next > RACE_LENGTH {
            return;
        }
        let mut batch = Batch::new(REVISION, next);
        batch.puts.extend(entries_of(next));
        match store.write(&batch).await {
            Ok(()) => acknowledge(next),
            Err(StoreError::Conflict(Conflict::Revision)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_file_of_another_application_is_refused_and_left_alone() {
    let sql =
        |sql: &'static str| move |path: &Path| Connection::open(path).unwrap().execute_batch(sql).unwrap();
    type Make = Box<dyn Fn(&Path)>;
    let files: [(&str, Make); 7] = [
        (
            "text",
            Box::new(|path| fs::write(path, "not a database, but long enough to look at").unwrap()),
        ),
        ("short", Box::new(|path| fs::write(path, "x").unwrap())),
        ("noise", Box::new(|path| fs::write(path, [0xa7; 10_000]).unwrap())),
        (
            "table",
            Box::new(sql("CREATE TABLE entries (key BLOB, value BLOB)")),
        ),
        (
            "wal",
            Box::new(sql("PRAGMA journal_mode = WAL; CREATE TABLE invoices (id)")),
        ),
        (
            "id",
            Box::new(sql(
                "PRAGMA application_id = 252006674; CREATE TABLE t (x); DROP TABLE t",
            )),
        ),
        (
            "version",
            Box::new(sql("PRAGMA user_version = 1; CREATE TABLE t (x); DROP TABLE t")),
        ),
    ];
    let folder = tempdir().unwrap();
    for (name, make) in files {
        let path = folder.path().join(name);
        make(&path);
        let before = fs::read(&path).unwrap();
        let opened = block_on(SqliteStore::open(&path));
        assert!(
            matches!(opened, Err(StoreError::Foreign(_))),
            "{name}: {opened:?}"
        );
        assert_eq!(fs::read(&path).unwrap(), before, "{name}");
    }
}

#[test]
fn a_store_of_a_later_version_is_refused() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("store");
    block_on(async { SqliteStore::open(&path).await.unwrap().close().await.unwrap() });
    Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 2)
        .unwrap();
    let refused = block_on(SqliteStore::open(&path)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "this is not a store of this library: its layout has version 2, and this library knows 1"
    );
}

#[test]
fn a_path_that_cannot_be_a_file_is_an_error() {
    let folder = tempdir().unwrap();
    for path in [folder.path().to_owned(), folder.path().join("missing/store")] {
        let refused = block_on(SqliteStore::open(&path)).unwrap_err();
        assert!(matches!(refused, StoreError::Failed(_)), "{refused:?}");
    }
}

#[test]
fn a_damaged_file_is_an_error_and_never_a_panic() {
    let folder = tempdir().unwrap();
    let whole = folder.path().join("whole");
    block_on(async {
        let store = SqliteStore::open(&whole).await.unwrap();
        let batch = (0..500u64).fold(Batch::new(REVISION, 1), |batch, number| {
            batch.put(number.to_be_bytes(), vec![7; 200])
        });
        store.write(&batch).await.unwrap();
        store.close().await.unwrap();
    });
    let bytes = fs::read(&whole).unwrap();
    let path = folder.path().join("damaged");
    let mut errors = 0;
    for at in (100..bytes.len()).step_by(bytes.len() / 50) {
        let mut overwritten = bytes.clone();
        overwritten.splice(
            at..(at + 2_000).min(bytes.len()),
            vec![0xff; 2_000.min(bytes.len() - at)],
        );
        let cut = bytes.get(..at).unwrap().to_vec();
        for damaged in [overwritten, cut] {
            fs::write(&path, damaged).unwrap();
            let read = block_on(async {
                let store = SqliteStore::open(&path).await?;
                let read = store.range(b"", &prefix_end(b""), 1_000).await;
                store.write(&Batch::new(REVISION, 2).put("more", "")).await.ok();
                store.close().await.ok();
                read
            });
            errors += usize::from(matches!(
                read,
                Err(StoreError::Corrupt(_) | StoreError::Foreign(_))
            ));
        }
        for ending in ["", "-wal", "-shm", "-journal"] {
            fs::remove_file(folder.path().join(format!("damaged{ending}"))).ok();
        }
    }
    assert!(errors > 50, "{errors}");
}

#[test]
fn closing_leaves_one_file() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("store");
    let files = || fs::read_dir(folder.path()).unwrap().count();
    block_on(async {
        let store = SqliteStore::open(&path).await.unwrap();
        store.write(&Batch::new(REVISION, 1).put("a", "1")).await.unwrap();
        assert_eq!(files(), 3);
        store.close().await.unwrap();
        assert_eq!(files(), 1);
    });
}

#[test]
#[cfg(unix)]
fn the_files_are_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempdir().unwrap();
    let store = block_on(SqliteStore::open(folder.path().join("store"))).unwrap();
    block_on(store.write(&Batch::new(REVISION, 1))).unwrap();
    for file in fs::read_dir(folder.path()).unwrap() {
        assert_eq!(
            file.unwrap().metadata().unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}

#[test]
fn the_caller_is_not_blocked_while_another_process_writes() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("store");
    let store = block_on(SqliteStore::open(&path)).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let batch = Batch::new(REVISION, 1);
    let mut write = Box::pin(store.write(&batch));
    assert!(block_on(poll_once(&mut write)).is_none());
    thread::sleep(Duration::from_millis(50));
    assert!(block_on(poll_once(&mut write)).is_none());
    other.execute_batch("COMMIT").unwrap();
    block_on(write).unwrap();
}

#[test]
fn a_million_entries_open_at_once() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("store");
    block_on(async { SqliteStore::open(&path).await.unwrap().close().await.unwrap() });
    let fill = "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999999)
                INSERT INTO entries SELECT CAST(printf('k%08d', i) AS BLOB), zeroblob(100) FROM n";
    Connection::open(&path).unwrap().execute_batch(fill).unwrap();
    block_on(async {
        // The least of some: what else the machine does is not the store's.
        let mut opening = Duration::MAX;
        for _ in 0..5 {
            let begun = Instant::now();
            let store = SqliteStore::open(&path).await.unwrap();
            opening = opening.min(begun.elapsed());
            store.close().await.unwrap();
        }
        let store = SqliteStore::open(&path).await.unwrap();
        let mut pages: Vec<Duration> = Vec::new();
        for page in 0..51 {
            let begun = Instant::now();
            let start = format!("k{:08}", page * 19_000);
            let entries = store.range(start.as_bytes(), b"l", 100).await.unwrap();
            pages.push(begun.elapsed());
            assert_eq!(entries.len(), 100);
        }
        pages.sort_unstable();
        let page = pages.get(25).unwrap();
        println!("opened in {opening:?}, median page of 100 in {page:?}");
        // Far more than it takes, and far less than a scan would.
        assert!(opening < Duration::from_millis(100), "{opening:?}");
        assert!(*page < Duration::from_millis(5), "{page:?}");
    });
}

fn child(what: &str, store: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["child_process", "--exact", "--nocapture"])
        .env("INVREQ_TEST_CHILD", what)
        .env("INVREQ_TEST_STORE", store)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Tells the parent, which has to get it before anything else happens.
fn acknowledge(revision: u64) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\nwrote {revision}").unwrap();
    out.flush().unwrap();
}

fn number_in(line: impl AsRef<str>) -> Option<u64> {
    line.as_ref().strip_prefix("wrote ")?.parse().ok()
}

/// Two entries, one of them large enough for pages of its own.
fn entries_of(revision: u64) -> [Entry; 2] {
    let key = |name: &str| [b"k", &revision.to_be_bytes()[..], name.as_bytes()].concat();
    [
        Entry::new(key("a"), revision.to_string()),
        Entry::new(key("b"), vec![revision.to_be_bytes()[7]; 9_000]),
    ]
}

async fn revision(store: &SqliteStore) -> u64 {
    let entries = store.range(REVISION, &prefix_end(REVISION), 1).await.unwrap();
    entries.first().map_or(0, |entry| {
        u64::from_be_bytes(entry.value.as_slice().try_into().unwrap())
    })
}

fn check_integrity(path: &Path) {
    let connection = Connection::open(path).unwrap();
    let verdict: String = connection
        .query_row("PRAGMA integrity_check", (), |row| row.get(0))
        .unwrap();
    assert_eq!(verdict, "ok");
}
