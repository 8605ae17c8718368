//! What a run and a sweep give: plain data, complete enough to redraw every report without simulating.

use serde::{Deserialize, Serialize};

use crate::experiment::costs::CostEstimate;
use crate::experiment::course::Course;
use crate::experiment::fast_forward::Skip;
use crate::measure::{
    CheckpointRecord, Consistency, Estimate, Occupancy, RecoveryRecord, Timeline,
};
use crate::units::SimTime;

/// One run of one scenario with one seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// Number of subtasks.
    pub parallelism: usize,
    /// Records per second of all subtasks: emitted (sources) or processed (operators).
    pub records_per_s: f64,
    /// By subtask.
    pub subtask_records_per_s: Vec<f64>,
    /// Share of time busy, by subtask (`busyTimeMsPerSecond` / 1000).
    pub busy: Vec<f64>,
    /// Share of time backpressured, by subtask.
    pub backpressured: Vec<f64>,
    /// Share of time idle, by subtask.
    pub idle: Vec<f64>,
}

/// A grid of points, each with all its replications summarised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepResult {
    /// Format of this file.
    pub schema: String,
    /// Version of the program.
    pub version: String,
    /// Name of the job.
    pub scenario: String,
    /// SHA-256 of the effective scenario text.
    pub scenario_sha256: String,
    /// The effective scenario, as TOML.
    pub scenario_toml: String,
    /// Root seed.
    pub seed: u64,
    /// Runs per point.
    pub replications: u32,
    /// Swept keys, such as `flink.execution.checkpointing.interval`.
    pub axes: Vec<String>,
    /// In grid order: the last axis varies fastest.
    pub points: Vec<PointSummary>,
}

/// The value of one axis at one point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coordinate {
    /// As written in the scenario (`"30 s"`).
    pub label: String,
    /// As a number, in the base unit (seconds, bytes, bytes/s, plain), if it is one.
    pub value: Option<f64>,
}

/// One point: statistics over checkpoints after warm-up within each replication, then intervals over replications.
/// Durations in seconds, sizes in bytes; `None` where no checkpoint completed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PointSummary {
    /// One per axis.
    pub coordinates: Vec<Coordinate>,
    /// End-to-end duration, median.
    pub duration_p50: Option<Estimate>,
    /// End-to-end duration, 95th percentile.
    pub duration_p95: Option<Estimate>,
    /// End-to-end duration, 99th percentile.
    pub duration_p99: Option<Estimate>,
    /// End-to-end duration, largest.
    pub duration_max: Option<Estimate>,
    /// Start delay of the slowest subtask, median over checkpoints.
    pub start_delay: Option<Estimate>,
    /// Alignment of the slowest subtask, median.
    pub alignment: Option<Estimate>,
    /// Sync phase of the slowest subtask, median.
    pub sync: Option<Estimate>,
    /// Async phase of the slowest subtask, median.
    pub r#async: Option<Estimate>,
    /// Last ack to pointer committed, median.
    pub completion: Option<Estimate>,
    /// Checkpointed bytes of the whole job, median.
    pub checkpointed: Option<Estimate>,
    /// Full state size of the whole job, median.
    pub state_size: Option<Estimate>,
    /// Persisted in-flight bytes, median.
    pub persisted: Option<Estimate>,
    /// Completed checkpoints after warm-up.
    pub completed: Option<Estimate>,
    /// Failed checkpoints after warm-up.
    pub failed: Option<Estimate>,
    /// Completed checkpoints per second after warm-up.
    pub frequency: Option<Estimate>,
    /// Records per second emitted by all sources after warm-up.
    pub throughput: Option<Estimate>,
    /// Share of the saturated throughput that checkpoints cost (0 to 1): paired runs with and without, sources unlimited.
    pub throughput_loss: Option<Estimate>,
    /// Largest busy share of any subtask.
    pub utilisation: Option<Estimate>,
    /// What the interval costs besides: rework, downtime, visibility, storage, money.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub costs: Vec<CostEstimate>,
    /// Digests of the replications.
    pub digests: Vec<String>,
    /// Formula beside measurement.
    pub comparisons: Vec<Comparison>,
    /// Why some or all replications could not be simulated; the estimates are those of the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// What a formula says, from the scenario alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// `F1`, `F2`, … of the documents; refined laws have an `R`.
    pub id: String,
    /// What it predicts, in Flink's words.
    pub quantity: String,
    /// The formula, as one line of text.
    pub formula: String,
    /// Value in the base unit (seconds, 1/s, share, bytes, records/s); `None` if undefined for this scenario.
    pub value: Option<f64>,
    /// Base unit: `s`, `1/s`, `share`, `B`, `records/s`.
    pub unit: String,
    /// Assumptions that this scenario breaks; empty = all hold.
    pub broken_assumptions: Vec<String>,
}

/// A prediction beside what the simulation measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The formula's side.
    pub prediction: Prediction,
    /// The simulation's side, in the same unit.
    pub simulated: Option<Estimate>,
}

impl Comparison {
    /// (prediction − simulated) / simulated; `None` without both or at zero.
    pub fn deviation(&self) -> Option<f64> {
        let (predicted, simulated) = (self.prediction.value?, self.simulated?.value);
        (simulated != 0.0).then(|| (predicted - simulated) / simulated)
    }
}
