//! `[cluster]` as written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::file::quantity::{Count, Number, Text};
use crate::scenario::file::vertex::Distribution;
use crate::units::{ByteRate, Bytes, SimDuration};

/// The machines that run the job.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Cluster {
    /// Number of TaskManagers. Default: 1.
    pub taskmanagers: Option<Count>,
    /// Slots of one TaskManager. Default: `taskmanager.numberOfTaskSlots` of `[flink]`, else as many as the job needs.
    pub slots: Option<Count>,
    /// "spread" (subtask i on TaskManager i mod n) or "fill" (one TaskManager after the other). Default: "spread".
    pub placement: Option<PlacementKind>,
    /// Network egress of one TaskManager. Default: never the bottleneck.
    pub link: Option<Text<ByteRate>>,
    /// One way between two TaskManagers. Default: "150 us".
    pub latency: Option<Text<SimDuration>>,
    /// Heap for state of one TaskManager; `check` warns when a heap backend does not fit.
    pub heap: Option<Text<Bytes>>,
    /// Commit of the pointer to a completed checkpoint in a quorum store (high availability). Default: none.
    pub commit: Option<Commit>,
}

/// `cluster.placement`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PlacementKind {
    /// Round robin.
    Spread,
    /// One after the other.
    Fill,
}

/// A quorum store such as ZooKeeper or etcd.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Commit {
    /// Number of replicas. Default: 3.
    pub replicas: Option<Count>,
    /// Answers that are needed. Default: more than half.
    pub quorum: Option<Count>,
    /// Mean round trip to one replica, disk write included. Default: "5 ms".
    pub round_trip: Option<Text<SimDuration>>,
    /// "deterministic", "exponential", "lognormal" or "uniform". Default: "exponential".
    pub distribution: Option<Distribution>,
    /// Of a lognormal distribution: standard deviation of the logarithm.
    pub sigma: Option<Number>,
    /// Of a lognormal distribution, instead of `sigma`: standard deviation divided by mean.
    pub cv: Option<Number>,
    /// Of a uniform distribution: half width divided by mean, at most 1.
    pub spread: Option<Number>,
}
