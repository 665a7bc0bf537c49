use rusqlite::ErrorCode;

use crate::store::{Conflict, StoreError};

/// What goes wrong at the database, before it becomes a [`StoreError`]: so that SQLite's types stay inside this
/// module.
#[derive(Debug)]
pub(super) enum Failure {
    Sqlite(rusqlite::Error),
    Store(StoreError),
}

impl Failure {
    /// Whether another connection was in the way, and the same may succeed in a moment.
    pub(super) fn is_busy(&self) -> bool {
        match self {
            Self::Sqlite(error) => error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy),
            Self::Store(_) => false,
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        let error = match failure {
            Failure::Sqlite(error) => error,
            Failure::Store(error) => return error,
        };
        let why = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full(why),
            Some(ErrorCode::ReadOnly) => Self::ReadOnly(why),
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt(why),
            Some(ErrorCode::NotADatabase) => Self::Foreign(why),
            Some(ErrorCode::DatabaseBusy) => Self::Failed("another process keeps its file locked".to_owned()),
            _ => Self::Failed(why),
        }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Conflict> for Failure {
    fn from(conflict: Conflict) -> Self {
        Self::Store(StoreError::Conflict(conflict))
    }
}
