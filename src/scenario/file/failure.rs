//! `[failures]`, `[[failure]]`, `[[outage]]` and `[restore]` as written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::file::job::FormatKind;
use crate::scenario::file::quantity::{Count, Number, Share, Text};
use crate::units::SimDuration;

/// Failures at random, and how the machines come back. When they come is one of `mtbf`, `trace` and `at`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Failures {
    /// Mean time between failures of the whole job.
    pub mtbf: Option<Text<SimDuration>>,
    /// Of `mtbf`: "exponential" (no memory) or "weibull" (with `shape`). Default: "exponential".
    pub law: Option<LawKind>,
    /// Of a Weibull law: below 1 failures come in clusters, above 1 things wear out.
    pub shape: Option<Number>,
    /// CSV file with the column `seconds`: instants of the failures, rising; relative to the scenario file.
    pub trace: Option<String>,
    /// Instants of the failures since the start of the job, rising, such as `["5 min", "2 h"]`.
    pub at: Option<Vec<Text<SimDuration>>>,
    /// What fails each time: "task", "taskmanager" or "jobmanager"; which one is drawn. Default: "taskmanager".
    pub what: Option<TargetKind>,
    /// How the loss of a TaskManager is noticed: "immediate" (its connections break) or "heartbeat" (it falls silent, and
    /// `heartbeat.timeout` passes). Default: "immediate".
    pub detection: Option<DetectionKind>,
    /// Until a lost TaskManager is replaced and has registered; "0 s": a spare one stands by. Default: "30 s".
    pub taskmanager_start: Option<Text<SimDuration>>,
    /// Until a new JobManager leads. Default: "30 s".
    pub jobmanager_start: Option<Text<SimDuration>>,
}

/// `failures.law`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LawKind {
    /// No memory.
    Exponential,
    /// With a shape.
    Weibull,
}

/// `failures.what`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TargetKind {
    /// An exception in one subtask.
    Task,
    /// A TaskManager process, with everything on it.
    TaskManager,
    /// The JobManager.
    JobManager,
}

/// `failures.detection`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DetectionKind {
    /// Connections break.
    Immediate,
    /// Nothing is heard any more.
    Heartbeat,
}

/// A failure at a given time. What fails is one of `task`, `taskmanager` and `jobmanager`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Failure {
    /// When, since the start of the job.
    pub at: Option<Text<SimDuration>>,
    /// An exception in this subtask.
    pub task: Option<Task>,
    /// This TaskManager is lost, from 0.
    pub taskmanager: Option<Count>,
    /// true: the JobManager is lost.
    pub jobmanager: Option<bool>,
    /// How many times in all. Default: 1.
    pub times: Option<Count>,
    /// With `times` above 1: from the moment when all tasks run again to the next failure. Default: "0 s".
    pub again_after: Option<Text<SimDuration>>,
}

/// One subtask.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Task {
    /// Name of its vertex.
    pub vertex: Option<String>,
    /// Which subtask, from 0. Default: 0.
    pub subtask: Option<Count>,
}

/// Something is slow or away for a while: one of `storage` and `replica`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Outage {
    /// When it begins, since the start of the job.
    pub at: Option<Text<SimDuration>>,
    /// How long it lasts.
    pub duration: Option<Text<SimDuration>>,
    /// The checkpoint directory has this share of its bandwidths left, "0 %" = nothing moves.
    pub storage: Option<Text<Share>>,
    /// This replica of the quorum store (`cluster.commit`) does not answer, from 0.
    pub replica: Option<Count>,
}

/// What the job starts from.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Restore {
    /// "checkpoint" (a retained one) or "savepoint". Default: "checkpoint".
    pub from: Option<OriginKind>,
    /// Of a savepoint: "canonical" or "native". Default: "canonical".
    pub format: Option<FormatKind>,
    /// Age of its trigger when the job starts; unread records of log sources have piled up for so long. Default: "0 s".
    pub age: Option<Text<SimDuration>>,
    /// Parallelism under which it was taken, by vertex, where it differs: `{ join = 4 }`.
    pub parallelism: Option<BTreeMap<String, Count>>,
}

/// `restore.from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OriginKind {
    /// A retained checkpoint.
    Checkpoint,
    /// A savepoint.
    Savepoint,
}
