use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, MAIN_DB};

use super::failure::Failure;
use crate::store::{Batch, Conflict, Entry, StoreError};

/// `invq`: tells our files from those of other applications.
const APPLICATION_ID: i32 = 0x696e_7671;

/// The version of the layout below.
const LAYOUT_VERSION: i32 = 1;

const LAYOUT: &str =
    "CREATE TABLE entries (key BLOB PRIMARY KEY NOT NULL, value BLOB NOT NULL) STRICT, WITHOUT ROWID";

pub(super) const RANGE: &str =
    "SELECT key, value FROM entries WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT ?3";

/// In bytes. A value above a quarter of a page takes a page of its own, and records of an invoice are 1 to 2 KiB: with the
/// usual 4,096 the file is three times as large, and reading takes three times as long. Commits take the same time.
const PAGE_SIZE: i64 = 8_192;

/// How long to wait for a lock of another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// An open store file. Every method blocks until SQLite is done.
pub(super) struct Database(Connection);

enum Identity {
    Empty,
    Ours,
}

impl Database {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        prepare_file(path)?;
        // Without SQLITE_OPEN_URI, so that a path is a path whatever it looks like.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Self(Connection::open_with_flags(path, flags)?);
        db.0.busy_timeout(BUSY_TIMEOUT)?;
        // SQLite does not wait where waiting could be a deadlock, as when two processes turn on WAL together.
        let begun = Instant::now();
        loop {
            match db.prepare() {
                Err(failure) if failure.is_busy() && begun.elapsed() < BUSY_TIMEOUT => {
                    thread::sleep(Duration::from_millis(5));
                }
                done => break done.map(|()| db),
            }
        }
    }

    pub(super) fn open_in_memory() -> Result<Self, Failure> {
        let db = Self(Connection::open_in_memory()?);
        db.create()?;
        Ok(db)
    }

    /// The first `limit` entries from `start` to before `end`.
    pub(super) fn range(&self, start: &[u8], end: &[u8], limit: usize) -> Result<Vec<Entry>, Failure> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut select = self.0.prepare_cached(RANGE)?;
        let rows = select.query_map((start, end, limit), |row| {
            Ok(Entry {
                key: row.get(0)?,
                value: row.get(1)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The whole batch in one durable transaction, which holds the write lock before it looks at the conditions.
    pub(super) fn write(&mut self, batch: &Batch) -> Result<(), Failure> {
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut select = transaction.prepare_cached("SELECT value FROM entries WHERE key = ?1")?;
            let revision: Option<Vec<u8>> = select
                .query_row([&batch.revision_key], |row| row.get(0))
                .optional()?;
            if revision.as_deref() != batch.expected_revision().as_ref().map(<[u8; 8]>::as_slice) {
                return Err(Conflict::Revision.into());
            }
            let mut present = transaction.prepare_cached("SELECT 1 FROM entries WHERE key = ?1")?;
            for key in &batch.absent {
                if present.exists([key])? {
                    return Err(Conflict::Present(key.clone()).into());
                }
            }
            let mut delete = transaction.prepare_cached("DELETE FROM entries WHERE key = ?1")?;
            for key in &batch.deletes {
                delete.execute([key])?;
            }
            let mut put = transaction.prepare_cached(
                "INSERT INTO entries (key, value) VALUES (?1, ?2)
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            )?;
            for Entry { key, value } in &batch.puts {
                put.execute((key, value))?;
            }
            put.execute((&batch.revision_key, batch.new_revision().as_slice()))?;
        }
        // Every way out before this line rolls back, by the transaction's drop.
        Ok(transaction.commit()?)
    }

    pub(super) fn close(self) -> Result<(), Failure> {
        Ok(self.0.close().map_err(|(_, error)| error)?)
    }

    #[cfg(test)]
    pub(super) fn connection(&self) -> &Connection {
        &self.0
    }

    /// Makes the open file ready for use, or says why it is none of ours. A foreign file is not changed.
    fn prepare(&self) -> Result<(), Failure> {
        self.0
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        let identity = self.identity()?;
        if self.0.is_readonly(MAIN_DB)? {
            return Err(StoreError::ReadOnly("its file may not be written".to_owned()).into());
        }
        self.0
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;

        self.0.pragma_update(None, "synchronous", "FULL")?;
        // Apple's fsync leaves the data in the drive's cache; elsewhere these two do nothing.
        self.0.pragma_update(None, "fullfsync", true)?;
        self.0.pragma_update(None, "checkpoint_fullfsync", true)?;
        if let Identity::Empty = identity {
            self.0.pragma_update(None, "page_size", PAGE_SIZE)?;
            self.create()?;
        }
        // After the layout, so that the file itself says whose it is from the beginning, and not only its WAL.
        let mode: String = self
            .0
            .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
        if mode != "wal" {
            let why = format!("SQLite cannot keep a write-ahead log here (journal_mode is {mode})");
            return Err(StoreError::Failed(why).into());
        }
        Ok(())
    }

    fn create(&self) -> Result<(), Failure> {
        // Unchecked only means that the borrow checker does not rule out a nested one.
        let transaction = rusqlite::Transaction::new_unchecked(&self.0, TransactionBehavior::Immediate)?;
        // Another process may have been faster since we looked.
        if let Identity::Empty = self.identity()? {
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", LAYOUT_VERSION)?;
            transaction.execute(LAYOUT, ())?;
        }
        Ok(transaction.commit()?)
    }

    fn identity(&self) -> Result<Identity, Failure> {
        let (application, version, tables, layout): (i32, i32, i64, Option<String>) = self.0.query_row(
            "SELECT (SELECT application_id FROM pragma_application_id),
                    (SELECT user_version FROM pragma_user_version),
                    (SELECT count(*) FROM sqlite_schema),
                    (SELECT sql FROM sqlite_schema WHERE name = 'entries')",
            (),
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )?;
        match (application, version, tables) {
            (0, 0, 0) => Ok(Identity::Empty),
            (APPLICATION_ID, LAYOUT_VERSION, _) if layout.as_deref() == Some(LAYOUT) => Ok(Identity::Ours),
            (APPLICATION_ID, LAYOUT_VERSION, _) => {
                Err(StoreError::Corrupt("its table is missing or altered".to_owned()).into())
            }
            (APPLICATION_ID, _, _) => {
                let why =
                    format!("its layout has version {version}, and this library knows {LAYOUT_VERSION}");
                Err(StoreError::Foreign(why).into())
            }
            _ => Err(StoreError::Foreign("it is the database of another application".to_owned()).into()),
        }
    }
}

/// Makes the file where it does not exist, readable by its owner alone; SQLite gives the files beside it the same
/// mode.
///
/// Refuses a file that is no database, because SQLite takes a very short one for an empty database and overwrites it.
fn prepare_file(path: &Path) -> Result<(), Failure> {
    let failed = |error: io::Error| StoreError::Failed(format!("its file cannot be opened: {error}"));
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed(error).into()),
    }
    let mut head = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(HEAD.len() as u64)
        .read_to_end(&mut head)
        .map_err(failed)?;
    // Nothing but zeros is what a loss of power can leave of a new file; SQLite mends it from its journal.
    match head == HEAD || head.iter().all(|byte| *byte == 0) {
        true => Ok(()),
        false => Err(StoreError::Foreign("its file is no SQLite database".to_owned()).into()),
    }
}

/// How every SQLite database begins.
const HEAD: &[u8] = b"SQLite format 3\0";
