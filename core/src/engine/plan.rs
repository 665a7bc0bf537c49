//! The plan of a delivery: which path the next copy goes over, and when.
//!
//! All of it follows from what is stored, so a restart takes it up again without a write of its own (ADR 6).

use crate::engine::stored::StoredInvoice;
use crate::engine::{PathOutcome, PathReport};

/// How long the payer has before the next path is tried; twice as long after each further one, up to `LONGEST_WAIT_MS`.
const FIRST_WAIT_MS: u64 = 10_000;
/// The longest time any copy waits for.
pub(crate) const LONGEST_WAIT_MS: u64 = 60_000;

/// The first pause after a copy could not be sent; each further one is twice as long, up to `LONGEST_PAUSE_MS`.
const FIRST_PAUSE_MS: u64 = 1_000;
const LONGEST_PAUSE_MS: u64 = 30_000;

/// The pause after a copy could not be sent so often before.
pub(crate) fn pause_after(retries: u32) -> u64 {
    FIRST_PAUSE_MS
        .saturating_mul(1 << retries.min(5))
        .min(LONGEST_PAUSE_MS)
}

/// The time the payer has after so many paths took a copy.
fn wait_after(accepted: u32) -> u64 {
    FIRST_WAIT_MS
        .saturating_mul(1 << accepted.saturating_sub(1).min(3))
        .min(LONGEST_WAIT_MS)
}

impl StoredInvoice {
    /// The path the next copy goes over; `None` where no copy is to follow.
    pub(crate) fn upcoming(&self) -> Option<u32> {
        self.paths_to_try().next()
    }

    /// The paths for the next copy, best first.
    ///
    /// Until a copy is out these are all from the next one on. After that they are those of the round that were not tried
    /// yet, unless the payer spoke or pays: then it has the invoice, and a copy over another path is the same bytes again.
    pub(crate) fn paths_to_try(&self) -> impl Iterator<Item = u32> + '_ {
        let due = |number: u32, path: &PathReport| match self.next_path {
            Some(next) => number >= next,
            None => {
                use PathOutcome as O;
                self.has_further_copies() && matches!(path.outcome, O::Untried | O::Sending | O::Offline)
            }
        };
        let numbered = || {
            (0u32..)
                .zip(&self.paths)
                .filter(move |(number, path)| due(*number, path))
        };
        // A path that could not be told just now comes after those nobody has tried; the plan of the first copy has its
        // own order.
        let later = move |path: &PathReport| self.next_path.is_none() && path.outcome == PathOutcome::Offline;
        let first = numbered().filter(move |(_, path)| !later(path));
        first
            .chain(numbered().filter(move |(_, path)| later(path)))
            .map(|(number, _)| number)
    }

    fn has_further_copies(&self) -> bool {
        let spoke = self.answered.reach(self.round);
        self.is_open() && self.claim.is_none() && !spoke
    }

    /// Whether every copy that went out was answered with an error, and the first one of this round is out.
    pub(crate) fn all_answered(&self) -> bool {
        self.next_path.is_none() && !self.answered.is_empty() && self.sent.are_all_in(&self.answered)
    }

    /// When the next copy is due after one was accepted now.
    pub(crate) fn further_at(&self, now_ms: u64) -> u64 {
        now_ms.saturating_add(wait_after(self.accepted_paths()))
    }

    /// When the next copy is due after a restart. Nobody remembers when the last one left, but it was not before the invoice
    /// was made: an app that never lives as long as a wait gets on all the same.
    pub(crate) fn further_after_restart(&self, now_ms: u64) -> u64 {
        let planned = (1..=self.accepted_paths().max(1)).map(wait_after);
        let created_ms = self.created_at.saturating_mul(1000);
        let planned = planned.fold(created_ms, u64::saturating_add);
        self.further_at(now_ms).min(planned.max(now_ms))
    }

    fn accepted_paths(&self) -> u32 {
        let accepted = |path: &&PathReport| path.outcome == PathOutcome::Accepted;
        u32::try_from(self.paths.iter().filter(accepted).count()).unwrap_or(u32::MAX)
    }
}
