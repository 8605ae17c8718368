//! What a run and a sweep give: plain data, complete enough to redraw every report without simulating.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::experiment::course::Course;
use crate::experiment::fast_forward::Skip;
use crate::experiment::metric::{self, Metric, MetricId};
use crate::formulas::FormulaId;
use crate::measure::{
    CheckpointRecord, Consistency, Estimate, Occupancy, RecoveryRecord, Timeline,
};
use crate::units::{SimTime, Unit};

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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "SavedPoint", into = "SavedPoint")]
pub struct PointSummary {
    /// One per axis.
    pub coordinates: Vec<Coordinate>,
    /// By metric, in base units; absent where no replication has it.
    pub metrics: Estimates,
    /// Metrics that are larger than the number says: something was not over when a run ended.
    pub at_least: Vec<MetricId>,
    /// Digests of the replications.
    pub digests: Vec<String>,
    /// Formula beside measurement.
    pub comparisons: Vec<Comparison>,
    /// Why some or all replications could not be simulated; the estimates are those of the others.
    pub failure: Option<String>,
}

impl PointSummary {
    /// The estimate of a metric.
    pub fn metric(&self, id: MetricId) -> Option<Estimate> {
        self.metrics.get(id)
    }

    /// What the interval costs besides the checkpoints: rework, downtime, visibility, storage, money.
    pub fn costs(&self) -> impl Iterator<Item = (&'static Metric, Estimate)> {
        let costs = metric::all().iter().filter(|metric| metric.is_cost());
        costs.filter_map(|metric| Some((metric, self.metric(metric.id)?)))
    }
}

/// Estimates by metric.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Estimates(BTreeMap<MetricId, Estimate>);

impl Estimates {
    /// The estimate of this metric.
    pub fn get(&self, id: MetricId) -> Option<Estimate> {
        self.0.get(&id).copied()
    }

    /// Sets the estimate of this metric.
    pub fn set(&mut self, id: MetricId, estimate: Estimate) {
        self.0.insert(id, estimate);
    }
}

/// Every metric under its name, in the order of the table; `null` where there is no estimate.
impl Serialize for Estimates {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let metrics = metric::all().iter();
        serializer.collect_map(metrics.map(|metric| (metric.name, self.get(metric.id))))
    }
}

/// What another version calls by another name is left out.
impl<'de> Deserialize<'de> for Estimates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let saved = BTreeMap::<String, Option<Estimate>>::deserialize(deserializer)?;
        let known = saved
            .into_iter()
            .filter_map(|(name, estimate)| Some((MetricId::named(&name)?, estimate?)));
        Ok(Estimates(known.collect()))
    }
}

/// A point as files have it: with its costs once more, as a list with words.
#[derive(Serialize, Deserialize)]
struct SavedPoint {
    coordinates: Vec<Coordinate>,
    #[serde(flatten)]
    metrics: Estimates,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    at_least: Vec<MetricId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    costs: Vec<SavedCost>,
    digests: Vec<String>,
    comparisons: Vec<Comparison>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct SavedCost {
    id: MetricId,
    quantity: String,
    unit: Unit,
    value: Estimate,
}

impl From<PointSummary> for SavedPoint {
    fn from(point: PointSummary) -> SavedPoint {
        let cost = |(metric, value): (&Metric, Estimate)| SavedCost {
            id: metric.id,
            quantity: metric.label.to_owned(),
            unit: metric.unit,
            value,
        };
        SavedPoint {
            costs: point.costs().map(cost).collect(),
            coordinates: point.coordinates,
            metrics: point.metrics,
            at_least: point.at_least,
            digests: point.digests,
            comparisons: point.comparisons,
            failure: point.failure,
        }
    }
}

impl From<SavedPoint> for PointSummary {
    fn from(saved: SavedPoint) -> PointSummary {
        let mut metrics = saved.metrics;
        // Version 0.1 has costs in the list only.
        for cost in saved.costs {
            metrics.0.entry(cost.id).or_insert(cost.value);
        }
        PointSummary {
            coordinates: saved.coordinates,
            metrics,
            at_least: saved.at_least,
            digests: saved.digests,
            comparisons: saved.comparisons,
            failure: saved.failure,
        }
    }
}

/// What a formula says, from the scenario alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// Which formula.
    pub id: FormulaId,
    /// What it predicts, in Flink's words.
    pub quantity: String,
    /// The formula, as one line of text.
    pub formula: String,
    /// Value in the base unit (seconds, 1/s, share, bytes, records/s); `None` if undefined for this scenario.
    pub value: Option<f64>,
    /// Base unit.
    pub unit: Unit,
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
