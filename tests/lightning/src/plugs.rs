//! What LDK asks its user to plug in, as little of it as a test needs.

use bitcoin::Transaction;
use lightning::chain::chaininterface::{BroadcasterInterface, ConfirmationTarget, FeeEstimator};
use lightning::chain::chainmonitor::Persist;
use lightning::chain::channelmonitor::{ChannelMonitor, ChannelMonitorUpdate};
use lightning::chain::ChannelMonitorUpdateStatus;
use lightning::sign::InMemorySigner;
use lightning::util::logger::{Level, Logger, Record};
use lightning::util::persist::MonitorName;

/// Takes transactions to broadcast and channel states to store, and does nothing with either.
pub(crate) struct Discard;

impl BroadcasterInterface for Discard {
    fn broadcast_transactions(&self, _: &[&Transaction]) {}
}

impl Persist<InMemorySigner> for Discard {
    fn persist_new_channel(
        &self,
        _: MonitorName,
        _: &ChannelMonitor<InMemorySigner>,
    ) -> ChannelMonitorUpdateStatus {
        ChannelMonitorUpdateStatus::Completed
    }

    fn update_persisted_channel(
        &self,
        _: MonitorName,
        _: Option<&ChannelMonitorUpdate>,
        _: &ChannelMonitor<InMemorySigner>,
    ) -> ChannelMonitorUpdateStatus {
        ChannelMonitorUpdateStatus::Completed
    }

    fn archive_persisted_channel(&self, _: MonitorName) {}
}

/// The lowest fee rate there is, for everything.
pub(crate) struct FlatFee;

impl FeeEstimator for FlatFee {
    fn get_est_sat_per_1000_weight(&self, _: ConfirmationTarget) -> u32 {
        253
    }
}

/// Shows what LDK logs on stderr from the level that the environment variable `LIGHTNING_LOG` names; else nothing.
pub(crate) struct Log {
    node: String,
    least: Option<Level>,
}

impl Log {
    pub(crate) fn new(node: &str) -> Log {
        let least = match std::env::var("LIGHTNING_LOG").as_deref() {
            Ok("trace") => Some(Level::Trace),
            Ok("debug") => Some(Level::Debug),
            Ok("info") => Some(Level::Info),
            Ok("warn") => Some(Level::Warn),
            Ok("error") => Some(Level::Error),
            _ => None,
        };
        Log {
            node: node.to_owned(),
            least,
        }
    }
}

impl Logger for Log {
    fn log(&self, record: Record) {
        if self.least.is_some_and(|least| record.level >= least) {
            eprintln!(
                "[{} {} {}] {}",
                self.node, record.level, record.module_path, record.args
            );
        }
    }
}
