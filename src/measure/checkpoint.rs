//! One checkpoint as it was lived: the figures of Flink's checkpoint tab, in nanoseconds.

use serde::{Deserialize, Serialize};

use crate::model::observe::FailureReason;
pub use crate::model::observe::SubtaskRecord;
use crate::units::{SimDuration, SimTime};

/// One checkpoint or savepoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckpointRecord {
    /// Flink's checkpoint id, from 1.
    pub id: u64,
    /// Checkpoint or savepoint.
    pub kind: CheckpointKind,
    /// `trigger_timestamp`.
    pub trigger: SimTime,
    /// How it ended.
    pub outcome: Outcome,
    /// By vertex (scenario order), then subtask; `None` where no ack came.
    pub subtasks: Vec<Vec<Option<SubtaskRecord>>>,
}

/// Checkpoint or savepoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckpointKind {
    /// Periodic or manual checkpoint.
    Checkpoint,
    /// Savepoint, canonical or native.
    Savepoint,
}

/// How a checkpoint ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All acknowledged and the pointer committed.
    Completed {
        /// `latest_ack_timestamp`.
        latest_ack: SimTime,
        /// Metadata written and pointer committed: the job can restore from it.
        durable: SimTime,
    },
    /// Aborted.
    Failed {
        /// `failure_timestamp`.
        at: SimTime,
        /// Flink's `CheckpointFailureReason`, in Flink's spelling.
        reason: String,
    },
    /// Still pending when the simulation ended.
    InProgress,
}

impl CheckpointRecord {
    /// When its pointer was committed; `None` if it did not complete.
    pub fn durable(&self) -> Option<SimTime> {
        match self.outcome {
            Outcome::Completed { durable, .. } => Some(durable),
            Outcome::Failed { .. } | Outcome::InProgress => None,
        }
    }

    /// From the trigger to the time-out that it ran into; `None` if it did not.
    pub fn expired_after(&self) -> Option<SimDuration> {
        match &self.outcome {
            Outcome::Failed { at, reason } if reason == FailureReason::Expired.message() => {
                Some(at.since(self.trigger))
            }
            Outcome::Failed { .. } | Outcome::Completed { .. } | Outcome::InProgress => None,
        }
    }

    /// `end_to_end_duration` of a completed checkpoint: trigger to last ack, metadata write excluded.
    pub fn end_to_end(&self) -> Option<SimDuration> {
        match self.outcome {
            Outcome::Completed { latest_ack, .. } => Some(latest_ack - self.trigger),
            Outcome::Failed { .. } | Outcome::InProgress => None,
        }
    }

    /// `(vertex, subtask, record)` of the subtask that acknowledged last.
    pub fn slowest(&self) -> Option<(usize, usize, &SubtaskRecord)> {
        self.acknowledged().max_by_key(|(_, _, record)| record.ack)
    }

    /// All acknowledged subtasks in scenario order.
    pub fn acknowledged(&self) -> impl Iterator<Item = (usize, usize, &SubtaskRecord)> {
        self.subtasks
            .iter()
            .enumerate()
            .flat_map(|(vertex, subtasks)| {
                subtasks
                    .iter()
                    .enumerate()
                    .filter_map(move |(subtask, record)| {
                        record.as_ref().map(|record| (vertex, subtask, record))
                    })
            })
    }
}
