//! `[[vertex]]` as written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::file::input::Input;
use crate::scenario::file::quantity::{Count, Number, ShareRate, Text};
use crate::scenario::file::short::{FromShort, OneOrMany, Short};
use crate::scenario::file::source::Source;
use crate::units::{Bytes, SimDuration};

/// What runs as one task per subtask: a source or an operator (chain).
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Vertex {
    /// Unique name.
    pub name: Option<String>,
    /// Number of subtasks. Default: 1, or `parallelism.default` of `[flink]`.
    pub parallelism: Option<Count>,
    /// Makes this vertex a source.
    pub source: Option<Source>,
    /// Names of the vertices that this one reads, or tables with an exchange. Makes this vertex an operator.
    pub inputs: Option<Vec<Short<Input>>>,
    /// How several inputs are read: "union" (one input) or "alternating" (a join, record by record). Default: "union".
    pub reading: Option<ReadingKind>,
    /// Time on the task's thread per record, "35 us", or a table with a distribution. Default: "1 us".
    pub service: Option<Short<Service>>,
    /// Subtasks that are slower than the others.
    pub slow: Option<OneOrMany<Slow>>,
    /// Factor on the service time of every subtask, instead of `slow`.
    pub slowness: Option<Vec<Number>>,
    /// Records out per record in, on average. Default: 1.0.
    pub selectivity: Option<Number>,
    /// Bytes on the wire of one record that this vertex emits. Default: that of the first input; of a source "100 B".
    pub record: Option<Text<Bytes>>,
    /// Keyed state.
    pub state: Option<State>,
    /// Time of user code in `snapshotState`, on the task's thread. Default: "0 s".
    pub sync_extra: Option<Text<SimDuration>>,
    /// TaskManager of every subtask. Default: by `cluster.placement`.
    pub placement: Option<Vec<Count>>,
}

/// `vertex.reading`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReadingKind {
    /// One input made of several.
    Union,
    /// Two-input operator.
    Alternating,
}

/// Time on the task's thread per record.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Service {
    /// Mean. Default: "1 us".
    pub mean: Option<Text<SimDuration>>,
    /// "deterministic", "exponential", "lognormal" or "uniform". Default: "deterministic".
    pub distribution: Option<Distribution>,
    /// Of a lognormal distribution: standard deviation of the logarithm.
    pub sigma: Option<Number>,
    /// Of a lognormal distribution, instead of `sigma`: standard deviation divided by mean.
    pub cv: Option<Number>,
    /// Of a uniform distribution: half width divided by mean, at most 1.
    pub spread: Option<Number>,
}

/// Shape of a distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Distribution {
    /// Always the mean.
    Deterministic,
    /// Exponential.
    Exponential,
    /// Lognormal, with `sigma` or `cv`.
    Lognormal,
    /// Uniform, with `spread`.
    Uniform,
}

impl FromShort for Service {
    const SHORT: &'static str = "a duration such as \"35 us\"";
    type Short = Text<SimDuration>;
    fn from_short(mean: Text<SimDuration>) -> Self {
        Service {
            mean: Some(mean),
            ..Service::default()
        }
    }
}

/// A slow subtask.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Slow {
    /// Which subtask, from 0. Default: 0.
    pub subtask: Option<Count>,
    /// Factor on its service time. Default: 2.0.
    pub factor: Option<Number>,
}

/// Keyed state of a vertex.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct State {
    /// Value bytes of all subtasks together.
    pub size: Option<Text<Bytes>>,
    /// Value bytes of one entry. Default: "1 KiB".
    pub entry: Option<Text<Bytes>>,
    /// Share of the entries that are overwritten per time, "3 %/min". Default: none.
    pub dirty: Option<Text<ShareRate>>,
    /// Entries that every record overwrites, instead of `dirty`.
    pub updates_per_record: Option<Number>,
    /// Entries that every record adds while as many expire (time-to-live), instead of `dirty`.
    pub adds_per_record: Option<Number>,
    /// Time on the task's thread per record for state access. Default: "0 s".
    pub access: Option<Text<SimDuration>>,
    /// State accesses per record, instead of `access`: each costs 0.5 us on the heap and 10 us in RocksDB.
    pub accesses_per_record: Option<Number>,
}
