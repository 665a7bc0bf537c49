use rusqlite::Connection;
use tempfile::TempDir;

use super::database::{Database, RANGE};
use super::failure::Failure;
use crate::store::{Batch, StoreError};

#[test]
fn every_commit_is_synced() {
    let (folder, db) = store();
    assert_eq!(pragma::<String>(&db, "journal_mode"), "wal");
    assert_eq!(pragma::<i64>(&db, "synchronous"), 2); // FULL
    assert_eq!(pragma::<i64>(&db, "fullfsync"), 1);
    assert_eq!(pragma::<i64>(&db, "checkpoint_fullfsync"), 1);
    // And again for a file that exists.
    let again = Database::open(&folder.path().join("store")).unwrap();
    assert_eq!(pragma::<String>(&again, "journal_mode"), "wal");
    assert_eq!(pragma::<i64>(&again, "synchronous"), 2);
}

#[test]
fn a_record_shares_its_page_with_others() {
    let (_folder, mut db) = store();
    assert_eq!(pragma::<i64>(&db, "page_size"), 8_192);
    for revision in 1..=100u64 {
        let batch = Batch::new("revision", revision).put(revision.to_be_bytes(), vec![7; 1_500]);
        db.write(&batch).unwrap();
    }
    let pages = pragma::<i64>(&db, "page_count");
    assert!(pages < 40, "{pages}");
}

#[test]
fn a_range_is_a_search_of_the_key() {
    let (_folder, db) = store();
    let explain = format!("EXPLAIN QUERY PLAN {RANGE}");
    let plan: String = db
        .connection()
        .query_row(&explain, (&b"a"[..], &b"b"[..], 1), |row| row.get(3))
        .unwrap();
    assert_eq!(plan, "SEARCH entries USING PRIMARY KEY (key>? AND key<?)");
}

#[test]
fn a_full_disk_is_its_own_error() {
    let (_folder, mut db) = store();
    let pages: i64 = pragma(&db, "page_count");
    db.connection()
        .pragma_update(None, "max_page_count", pages + 20)
        .unwrap();
    let large = Batch::new("revision", 1)
        .put("a", "small")
        .put("b", vec![7; 1 << 20]);
    assert!(matches!(error(db.write(&large)), StoreError::Full(_)));
    // Nothing of it is there, and what fits can still be written.
    assert!(db.range(b"", b"\xff", 10).unwrap().is_empty());
    db.write(&Batch::new("revision", 1).put("a", "small")).unwrap();
}

#[test]
fn a_write_to_a_read_only_database_is_its_own_error() {
    let (_folder, mut db) = store();
    db.connection().pragma_update(None, "query_only", true).unwrap();
    assert!(matches!(
        error(db.write(&Batch::new("revision", 1))),
        StoreError::ReadOnly(_)
    ));
}

#[test]
#[cfg(unix)]
fn a_file_that_may_not_be_written_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, db) = store();
    db.close().unwrap();
    let path = folder.path().join("store");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
    if std::fs::File::options().write(true).open(&path).is_ok() {
        return; // the superuser may do everything
    }
    assert!(matches!(error(Database::open(&path)), StoreError::ReadOnly(_)));
}

#[test]
fn a_lock_that_stays_is_an_error() {
    let (folder, mut db) = store();
    let other = Connection::open(folder.path().join("store")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    db.connection()
        .busy_timeout(std::time::Duration::from_millis(20))
        .unwrap();
    let locked = StoreError::Failed("another process keeps its file locked".to_owned());
    assert_eq!(error(db.write(&Batch::new("revision", 1))), locked);
    // Readers are not in the way of a writer, nor it in theirs.
    assert!(db.range(b"", b"\xff", 10).unwrap().is_empty());
    other.execute_batch("ROLLBACK").unwrap();
    db.write(&Batch::new("revision", 1)).unwrap();
}

#[test]
fn a_table_that_was_altered_is_damage() {
    let (folder, db) = store();
    db.connection()
        .execute_batch("ALTER TABLE entries ADD COLUMN note TEXT")
        .unwrap();
    db.close().unwrap();
    let path = folder.path().join("store");
    assert!(matches!(error(Database::open(&path)), StoreError::Corrupt(_)));
    Connection::open(&path)
        .unwrap()
        .execute_batch("DROP TABLE entries")
        .unwrap();
    assert!(matches!(error(Database::open(&path)), StoreError::Corrupt(_)));
}

fn store() -> (TempDir, Database) {
    let folder = tempfile::tempdir().unwrap();
    let db = Database::open(&folder.path().join("store")).unwrap();
    (folder, db)
}

fn pragma<T: rusqlite::types::FromSql>(db: &Database, name: &str) -> T {
    db.connection()
        .pragma_query_value(None, name, |row| row.get(0))
        .unwrap()
}

fn error<T>(result: Result<T, Failure>) -> StoreError {
    result.map(drop).unwrap_err().into()
}
