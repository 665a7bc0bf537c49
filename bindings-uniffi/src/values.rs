//! Small things that all of it needs.

use std::sync::{Mutex, MutexGuard};

use invreq::NodeKey;
use zeroize::Zeroizing;

use crate::BadValue;

/// 32 secret bytes. The copy that crossed is cleared.
pub(crate) fn secret(bytes: Vec<u8>, rule: &str) -> Result<Zeroizing<[u8; 32]>, BadValue> {
    let bytes = Zeroizing::new(bytes);
    let array = bytes.as_slice().try_into().map_err(|_| BadValue::new(rule))?;
    Ok(Zeroizing::new(array))
}

/// A secret key.
pub(crate) fn node_key(bytes: Vec<u8>) -> Result<NodeKey, BadValue> {
    let bytes = secret(bytes, "a secret key is 32 bytes")?;
    NodeKey::new(&bytes).map_err(|error| BadValue::new(error.message()))
}

/// What a defect left in the middle of something is refused from then on.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> Result<MutexGuard<'_, T>, BadValue> {
    mutex.lock().map_err(|_| BadValue::Broken)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn what_a_defect_left_half_done_is_refused() {
        let mutex = Mutex::new(1);
        assert_eq!(lock(&mutex).map(|value| *value).ok(), Some(1));
        let defect = thread::scope(|scope| {
            let call = scope.spawn(|| {
                let _half = lock(&mutex);
                panic!("a defect");
            });
            call.join()
        });
        assert!(defect.is_err());
        assert!(matches!(lock(&mutex), Err(BadValue::Broken)));
    }
}
