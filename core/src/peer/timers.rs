//! When something is due.

/// How long the other side may take from the first byte to its `init`, in milliseconds.
pub const HANDSHAKE_MS: u64 = 10_000;

/// After so long without a message a ping is sent, in milliseconds.
pub const PING_AFTER_MS: u64 = 30_000;

/// How long any message may be in coming after a ping, in milliseconds.
pub const PONG_MS: u64 = 15_000;

/// So many pings are answered at once; then one every quarter of a second.
pub const PINGS_AT_ONCE: u64 = 64;

const PING_INTERVAL_MS: u64 = 250;

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// The end of the handshake.
    Handshake { until: u64 },
    /// A quiet while.
    Quiet { until: u64 },
    /// A sign of life after a ping.
    Pong { until: u64 },
}

impl Timer {
    pub(super) fn handshake(now_ms: u64) -> Self {
        Self::Handshake {
            until: now_ms.saturating_add(HANDSHAKE_MS),
        }
    }

    pub(super) fn quiet(now_ms: u64) -> Self {
        Self::Quiet {
            until: now_ms.saturating_add(PING_AFTER_MS),
        }
    }

    pub(super) fn pong(now_ms: u64) -> Self {
        Self::Pong {
            until: now_ms.saturating_add(PONG_MS),
        }
    }

    pub(super) fn until(self) -> u64 {
        match self {
            Self::Handshake { until } | Self::Quiet { until } | Self::Pong { until } => until,
        }
    }
}

/// Counts the pings that may be answered: a short ping can ask for a pong two thousand times as long.
pub(super) struct PingLimit {
    left: u64,
    since: u64,
}

impl PingLimit {
    pub(super) fn new(now_ms: u64) -> Self {
        Self {
            left: PINGS_AT_ONCE,
            since: now_ms,
        }
    }

    /// Whether one more may be answered.
    pub(super) fn allow(&mut self, now_ms: u64) -> bool {
        let earned = now_ms.saturating_sub(self.since) / PING_INTERVAL_MS;
        if earned > 0 {
            self.left = self.left.saturating_add(earned).min(PINGS_AT_ONCE);
            self.since = now_ms;
        }
        let allowed = self.left > 0;
        self.left = self.left.saturating_sub(1);
        allowed
    }
}
