//! Small things that all of it needs.

use std::sync::{Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use crate::BadValue;

/// 32 secret bytes. The copy that crossed is cleared.
pub(crate) fn secret(bytes: Vec<u8>, rule: &str) -> Result<Zeroizing<[u8; 32]>, BadValue> {
    let bytes = Zeroizing::new(bytes);
    let array = bytes.as_slice().try_into().map_err(|_| BadValue::new(rule))?;
    Ok(Zeroizing::new(array))
}

/// Nothing in here panics, so a lock is never left in the middle of something.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
