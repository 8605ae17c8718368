//! One record per failure: what was lost, and how long it took until everything was as before.

use serde::{Deserialize, Serialize};

use crate::units::{SimDuration, SimTime};

/// A failure and what followed (`flink-semantics` 6.4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecoveryRecord {
    /// When something failed.
    pub failed: SimTime,
    /// What, in Flink's words.
    pub cause: String,
    /// When the JobManager knew.
    pub detected: Option<SimTime>,
    /// When tasks were deployed anew: the restart delay is over, slots are there.
    pub restarted: Option<SimTime>,
    /// The checkpoint that was restored; `None` = none had completed.
    pub checkpoint: Option<u64>,
    /// Its trigger (the start of the job without one): what came after it is processed again. `None` = nothing was restored
    /// before the run ended, so that nothing was processed again.
    #[serde(default)]
    pub replayed_from: Option<SimTime>,
    /// Bytes of state that were read.
    pub restored_bytes: u64,
    /// When all tasks ran.
    pub running: Option<SimTime>,
    /// When no more records waited than before the failure.
    pub caught_up: Option<SimTime>,
    /// Another failure came before this one was over.
    pub interrupted: bool,
}

impl RecoveryRecord {
    /// Failure until all tasks run.
    pub fn downtime(&self) -> Option<SimDuration> {
        Some(self.running?.since(self.failed))
    }

    /// Failure until deployment: detection, restart delay, cancellation, slots.
    pub fn restart_delay(&self) -> Option<SimDuration> {
        Some(self.restarted?.since(self.failed))
    }

    /// Deployment until all tasks run.
    pub fn restore_time(&self) -> Option<SimDuration> {
        Some(self.running?.since(self.restarted?))
    }

    /// All tasks run until no more records wait than before.
    pub fn catch_up(&self) -> Option<SimDuration> {
        Some(self.caught_up?.since(self.running?))
    }

    /// Failure until no more records wait than before: the recovery time.
    pub fn recovery_time(&self) -> Option<SimDuration> {
        Some(self.caught_up?.since(self.failed))
    }

    /// Work that is done again: trigger of the restored checkpoint until the failure; `None` if none was restored.
    pub fn rework(&self) -> Option<SimDuration> {
        Some(self.failed.since(self.replayed_from?))
    }
}
