//! The clock and the random generator of the system.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::driver::{Clock, Entropy, HostError};

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// The system's random generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

/// The longest sleep in one piece, so that a clock that is set anew, or a suspended machine, is noticed soon.
const NAP: Duration = Duration::from_secs(30);

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    async fn sleep_until(&self, at_ms: u64) {
        let left = Duration::from_millis(at_ms.saturating_sub(self.now_ms()));
        async_io::Timer::after(left.min(NAP)).await;
    }
}

impl Entropy for SystemEntropy {
    fn bytes(&self) -> Result<[u8; 32], HostError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)
            .map_err(|error| HostError(format!("the system has no randomness: {error}")))?;
        Ok(bytes)
    }
}
