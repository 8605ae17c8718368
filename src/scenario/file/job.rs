//! `[job]`, `[simulation]` and `[[trigger]]` as written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::file::quantity::{Count, Text};
use crate::units::{Bytes, SimDuration};

/// What is simulated, for how long, and with which random numbers.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Job {
    /// Name in tables and pictures. Default: "job".
    pub name: Option<String>,
    /// Simulated time, warm-up included. Default: "10 min".
    pub duration: Option<Text<SimDuration>>,
    /// The beginning that is left out of statistics; shorter than `duration`. Default: a tenth of `duration`, at most
    /// "1 min".
    pub warmup: Option<Text<SimDuration>>,
    /// Root of all random numbers. Default: 42.
    pub seed: Option<Count>,
    /// Independent runs, each with its own random numbers. Default: 5.
    pub replications: Option<Count>,
    /// Version of Flink whose defaults hold, such as "2.3" or "1.20". Default: "2.3". Versions 1.x have fewer
    /// overdraft buffers and let `taskmanager.network.memory.buffers-per-channel` and its siblings act.
    pub flink_version: Option<String>,
    /// How far back completed checkpoints should reach; `check` warns if `num-retained` is too small for it.
    pub retention_wish: Option<Text<SimDuration>>,
}

/// How the simulation itself is done; not part of Flink.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Simulation {
    /// A task's work on a buffer is cut into pieces of at most this, so that barriers keep their timing.
    /// Default: "5 ms".
    pub quantum: Option<Text<SimDuration>>,
    /// How keys fall on subtasks: "random" (each record draws its consumer) or "even" (exact shares, in rotation).
    /// Default: "random".
    pub keys: Option<Keys>,
    /// Long runs with random failures: leave the steady time between them out. The checkpoints of the first steady stretch
    /// stand for those that are left out; failures and recoveries are all simulated. Default: false.
    pub skip_steady_time: Option<bool>,
    /// A run with more events than this ends with an error; each record that a processed one gives beyond the first
    /// counts as one. Default: 20000000000.
    pub max_events: Option<Count>,
    /// A job with more subtasks than this is refused. Default: 20000.
    pub max_subtasks: Option<Count>,
    /// A job with more channels than this is refused. Default: 4000000.
    pub max_channels: Option<Count>,
    /// Prove for every completed checkpoint that it is a consistent cut, record by record, and count what at-least-once
    /// would process twice. Takes about twice the time; a record's key and what it gives are then fixed by where its
    /// source read it. Default: false.
    pub check_consistency: Option<bool>,
    /// Also trigger a checkpoint whenever the sources have emitted this many records since the last trigger
    /// (Flink cannot do this). Default: by time only.
    pub trigger_every_records: Option<Count>,
    /// How long messages between JobManager and tasks take: "typical" (always the median) or "random" (with the spread
    /// from message to message and from cluster to cluster that recordings show). Default: "typical".
    pub latencies: Option<LatencyKind>,
    /// What happens to the fast channels during an aligned barrier: "flink" (blocked at the sender) or "caching"
    /// (read on and kept by the receiver, as Flink did before credit-based flow control). Default: "flink".
    pub alignment: Option<AlignmentKind>,
    /// With `alignment = "caching"`: bytes that one subtask may keep. Default: "64 MiB".
    pub cache_limit: Option<Text<Bytes>>,
    /// With `alignment = "caching"`: what happens beyond the limit, "spill" to local disk or "fail" (out of memory).
    /// Default: "spill".
    pub cache_overflow: Option<OverflowKind>,
}

/// `simulation.keys`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Keys {
    /// Independent draws.
    Random,
    /// Exact shares.
    Even,
}

/// `simulation.latencies`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LatencyKind {
    /// Drawn anew for every message.
    Random,
    /// Always the median.
    Typical,
}

/// `simulation.alignment`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AlignmentKind {
    /// As the options of Flink say.
    Flink,
    /// Old Flink's caching.
    Caching,
}

/// `simulation.cache-overflow`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OverflowKind {
    /// To local disk.
    Spill,
    /// Out of memory.
    Fail,
}

/// A checkpoint or savepoint that somebody asks for.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Trigger {
    /// When, since the start of the job.
    pub at: Option<Text<SimDuration>>,
    /// "checkpoint" or "savepoint". Default: "checkpoint".
    pub kind: Option<TriggerKind>,
    /// Of a savepoint: "canonical" (portable, all keys are read) or "native" (the backend's own files).
    /// Default: "canonical".
    pub format: Option<FormatKind>,
}

/// `trigger.kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TriggerKind {
    /// A checkpoint outside of the schedule.
    Checkpoint,
    /// A savepoint.
    Savepoint,
}

/// `trigger.format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FormatKind {
    /// All keys are read.
    Canonical,
    /// The backend's own files.
    Native,
}
