//! What one run gives: plain data, complete enough to redraw every picture without simulating.

use serde::{Deserialize, Serialize};

use crate::experiment::course::Course;
use crate::measure::{
    CheckpointRecord, Consistency, Occupancy, RecordLatency, RecoveryRecord, Timeline,
};
use crate::units::{SimDuration, SimTime};

/// One run of one scenario with one seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunResult {
    /// Root seed.
    pub seed: u64,
    /// Replication number, from 0; a replication has its own random numbers.
    pub replication: u32,
    /// SHA-256 over all checkpoint records and counters: equal results have equal digests.
    pub digest: String,
    /// Events handled.
    pub events: u64,
    /// Buffers that tasks have finished processing or emitting.
    pub buffers_processed: u64,
    /// End of the simulation.
    pub end: SimTime,
    /// Beginning of the statistics.
    pub warmup: SimTime,
    /// How the job ended.
    pub job_end: JobEnd,
    /// Every checkpoint, in order of id.
    pub checkpoints: Vec<CheckpointRecord>,
    /// Requests that failed before a checkpoint existed (Flink counts them in `failed` without a history entry).
    pub failed_in_preflight: u64,
    /// How often the store told a client to come back later (503 Slow Down).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub requests_refused: u64,
    /// Of the files that were asked for, the share that was created, with file merging.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_share: Option<f64>,
    /// How old records are at the end of the job, with `simulation.record-latency`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<RecordLatency>,
    /// Every failure, in order of time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recoveries: Vec<RecoveryRecord>,
    /// Steady time that was left out (`simulation.skip-steady-time`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Skip>,
    /// By vertex, in scenario order.
    pub vertices: Vec<VertexResult>,
    /// The job over time, if it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Timeline>,
    /// Whether the checkpoints were consistent cuts, with `simulation.check-consistency`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consistency: Option<Consistency>,
    /// Buffers over time, if they were asked for.
    pub occupancy: Option<Occupancy>,
    /// Records over time: for figures that are compared over the same window, not part of the result.
    #[serde(skip)]
    pub course: Course,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// How the simulated job ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobEnd {
    /// It ran for the whole duration.
    Running,
    /// It failed.
    Failed {
        /// When.
        at: SimTime,
        /// Why, in Flink's words.
        reason: String,
    },
}

/// What one vertex did after warm-up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VertexResult {
    /// Name.
    pub name: String,
    /// Number of subtasks; of a vertex that is rescaled, the most that it had.
    pub parallelism: usize,
    /// Records per second of all subtasks: emitted (sources) or processed (operators).
    pub records_per_s: f64,
    /// By subtask.
    pub subtask_records_per_s: Vec<f64>,
    /// Share of time busy, by subtask (`busyTimeMsPerSecond` / 1000); of the time for which a rescale lets it be there.
    pub busy: Vec<f64>,
    /// Share of time backpressured, by subtask.
    pub backpressured: Vec<f64>,
    /// Share of time idle, by subtask.
    pub idle: Vec<f64>,
}

/// Steady time that was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skip {
    /// Where, on the clock of the job.
    pub at: SimTime,
    /// How much: a whole number of checkpoint periods.
    pub duration: SimDuration,
    /// Checkpoints that would have been taken.
    pub checkpoints: u64,
}
