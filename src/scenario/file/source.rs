//! `vertex.source` as written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::file::quantity::{SourceRate, Text};
use crate::units::{Bytes, SimDuration};

/// Where records come from. The rate is one of `rate`, `trace`, `curve` and `steps`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Source {
    /// Records of all subtasks together, "50000/s" or "unlimited".
    pub rate: Option<Text<SourceRate>>,
    /// CSV file with the columns `seconds` and `records_per_s`; relative to the scenario file.
    pub trace: Option<String>,
    /// Daily curve, such as `["00:00 20000/s", "08:00 50000/s"]`; repeats every 24 hours.
    pub curve: Option<Vec<String>>,
    /// Steps since the start, such as `["0 s 20000/s", "5 min 50000/s"]`.
    pub steps: Option<Vec<String>>,
    /// With `steps` or `trace`: length after which they repeat. Default: the last rate stays.
    pub period: Option<Text<SimDuration>>,
    /// "regular" (equal gaps) or "poisson". Default: "regular".
    pub arrivals: Option<ArrivalsKind>,
    /// Bytes on the wire of one record. Default: "100 B".
    pub record: Option<Text<Bytes>>,
    /// true: the rate is a schedule, unread records wait and are caught up (Kafka). false: a generator, which slows
    /// down under backpressure. Default: true; with rate = "unlimited" false.
    pub log: Option<bool>,
    /// The schedule begins this long after the job has started. Default: "0 s".
    pub start: Option<Text<SimDuration>>,
}

/// `source.arrivals`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ArrivalsKind {
    /// Equal gaps.
    Regular,
    /// Exponential gaps.
    Poisson,
}
