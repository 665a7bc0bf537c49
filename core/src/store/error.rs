use core::fmt;

use crate::{Error, ErrorCode};

/// Why a store did not do what it was asked.
///
/// The texts are sentences for a person, without keys and values. It becomes an [`Error`] by `From`; the code is
/// named with each variant. It is exhaustive on purpose: the bindings list every variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// A condition of the batch does not hold, so nothing was written: `store_conflict`.
    Conflict(Conflict),
    /// There is no room left for the write, and nothing was written: `store_failed`.
    Full(String),
    /// The store can be read but not written: `store_failed`, not retryable.
    ReadOnly(String),
    /// The store could not read or write: `store_failed`. A write may have been done all the same.
    Failed(String),
    /// What is stored is damaged: `store_corrupt`.
    Corrupt(String),
    /// What was opened belongs to another application or to another version of this library: `wrong_store`.
    Foreign(String),
    /// The caller broke the contract, and nothing was written: `internal`.
    Invalid(String),
    /// The store was closed before the call: `store_failed`, not retryable.
    Closed,
}

/// Which condition of a batch does not hold.
#[derive(Clone, PartialEq, Eq)]
pub enum Conflict {
    /// The revision is not the next one: another writer was first.
    Revision,
    /// This key exists, and the batch needs it to be absent.
    Present(Vec<u8>),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict(Conflict::Revision) => f.write_str("another writer changed the store first"),
            Self::Conflict(Conflict::Present(_)) => {
                f.write_str("the store already holds a key that has to be new")
            }
            Self::Full(why) => write!(f, "the store is full: {why}"),
            Self::ReadOnly(why) => write!(f, "the store cannot be written: {why}"),
            Self::Failed(why) => write!(f, "the store failed: {why}"),
            Self::Corrupt(why) => write!(f, "the store is damaged: {why}"),
            Self::Foreign(why) => write!(f, "this is not a store of this library: {why}"),
            Self::Invalid(why) => write!(f, "the store was used wrongly: {why}"),
            Self::Closed => f.write_str("the store is closed"),
        }
    }
}

impl std::error::Error for StoreError {}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let code = match error {
            StoreError::Conflict(_) => ErrorCode::StoreConflict,
            StoreError::Full(_) | StoreError::ReadOnly(_) | StoreError::Failed(_) | StoreError::Closed => {
                ErrorCode::StoreFailed
            }
            StoreError::Corrupt(_) => ErrorCode::StoreCorrupt,
            StoreError::Foreign(_) => ErrorCode::WrongStore,
            StoreError::Invalid(_) => ErrorCode::Internal,
        };
        let mut details = Error::new(code, error.to_string()).into_details();
        // A caller that retries on `retryable` must not spin on a store that will never come back.
        details.retryable &= !matches!(error, StoreError::ReadOnly(_) | StoreError::Closed);
        details.into()
    }
}

impl fmt::Debug for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Revision => f.write_str("Revision"),
            Self::Present(key) => write!(f, "Present({})", key.escape_ascii()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn becomes_an_error_with_a_code() {
        let why = || "why".to_owned();
        for (error, code, retryable) in [
            (StoreError::Conflict(Conflict::Revision), "store_conflict", true),
            (
                StoreError::Conflict(Conflict::Present(vec![0])),
                "store_conflict",
                true,
            ),
            (StoreError::Full(why()), "store_failed", true),
            (StoreError::ReadOnly(why()), "store_failed", false),
            (StoreError::Failed(why()), "store_failed", true),
            (StoreError::Corrupt(why()), "store_corrupt", false),
            (StoreError::Foreign(why()), "wrong_store", false),
            (StoreError::Invalid(why()), "internal", false),
            (StoreError::Closed, "store_failed", false),
        ] {
            let message = error.to_string();
            let error = Error::from(error);
            assert_eq!((error.code().as_str(), error.retryable()), (code, retryable));
            assert_eq!(error.message(), message);
        }
    }
}
