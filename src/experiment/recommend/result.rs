//! What a recommendation says: plain data, complete enough to print and to draw it without simulating.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::experiment::metric::replicate::NOT_SIMULATED;
use crate::experiment::summary::Coordinate;
use crate::measure::Estimate;
use crate::units::Unit;

/// Format of the file.
pub const SCHEMA: &str = "ckptsim.recommendation/1";

/// The answer to "which interval?", and everything that it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Recommendation {
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
    /// Runs that were made.
    pub runs: u64,
    /// Runs that were allowed.
    pub budget: u64,
    /// What was asked for; all must hold.
    pub objectives: Vec<Objective>,
    /// What is as small as the objectives allow.
    pub minimised: MetricName,
    /// Keys that were searched; the first is the interval.
    pub axes: Vec<String>,
    /// By the discrete choices, then by interval.
    pub candidates: Vec<Candidate>,
    /// Index of the answer in `candidates`; `None` = nothing meets all objectives.
    pub chosen: Option<usize>,
    /// Index of the configuration in use in `candidates`.
    pub current: Option<usize>,
    /// Intervals that also pass, with the other choices as chosen.
    pub range: Option<Range>,
    /// Objectives that keep the answer from being better, or the range from being wider.
    pub binding: Vec<Binding>,
    /// The best candidate that differs.
    pub runner_up: Option<RunnerUp>,
    /// Without an answer: the candidate that misses its objectives least.
    pub nearest: Option<Nearest>,
    /// Mean time between failures, s, if it is known.
    #[serde(default)]
    pub mtbf_s: Option<f64>,
    /// Closed forms beside the answer.
    pub formulas: Vec<FormulaInterval>,
    /// Why they disagree, as sentences.
    pub disagreement: Vec<String>,
    /// How the answer moves when an input does; largest first.
    pub sensitivity: Vec<SensitivityEntry>,
    /// How many checkpoints reach back as far as was wished.
    pub retention: Option<Retention>,
    /// Without an answer: what would meet the objectives.
    #[serde(default)]
    pub remedy: Option<Remedy>,
    /// How far an input can go, if that was asked.
    #[serde(default)]
    pub headroom: Option<Headroom>,
    /// Options to change.
    pub changes: Vec<Change>,
    /// What the reader has to know about the search, as sentences: failures that were put in, runs that were prolonged.
    pub notes: Vec<String>,
}

impl Recommendation {
    /// The candidate that everything is about: the answer, or what comes closest.
    pub fn focus(&self) -> Option<&Candidate> {
        let nearest = self.nearest.as_ref().map(|nearest| nearest.candidate);
        self.candidates.get(self.chosen.or(nearest)?)
    }
}

/// A reported metric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricName {
    /// As written in an objective: `recovery_p95`.
    pub name: String,
    /// In words.
    pub meaning: String,
    /// Base unit of its values: `s`, `B`, `share`, `1/s`, `records/s`, `B/h`, or empty.
    pub unit: Unit,
}

/// Which side of the bound is wished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Relation {
    /// `<=`
    #[serde(rename = "<=")]
    AtMost,
    /// `<`
    #[serde(rename = "<")]
    Below,
    /// `>=`
    #[serde(rename = ">=")]
    AtLeast,
    /// `>`
    #[serde(rename = ">")]
    Above,
}

/// A wish that a configuration must fulfil.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// As it was written.
    pub text: String,
    /// Which metric.
    pub metric: MetricName,
    /// Which side.
    pub relation: Relation,
    /// The bound, in the base unit.
    pub bound: f64,
}

/// One configuration, as far as it was simulated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// One per axis; the first is the interval.
    pub coordinates: Vec<Coordinate>,
    /// By name, those that objectives and costs need and those that are always reported. A metric without any sample is
    /// absent.
    pub metrics: BTreeMap<String, Estimate>,
    /// Metrics that are larger than the number says: something was not over when the run ended.
    pub at_least: Vec<String>,
    /// Whether all objectives are met by the estimates.
    pub feasible: bool,
    /// One per objective.
    pub verdicts: Vec<Verdict>,
    /// Runs that were made of it.
    pub evaluations: u32,
    /// Why the job failed, if it did in any run, or why a run could not be made; such a candidate is not feasible.
    pub failure: Option<String>,
}

impl Candidate {
    /// Whether nothing speaks against it but that a run could not be made.
    pub fn is_unknown(&self) -> bool {
        let why = self.failure.as_deref();
        why.is_some_and(|why| why.starts_with(NOT_SIMULATED))
    }
}

/// Whether an objective is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// With its whole 95 % interval.
    Met,
    /// By the estimate; the interval contains the bound.
    LikelyMet,
    /// Not by the estimate; the interval contains the bound.
    LikelyMissed,
    /// With its whole 95 % interval.
    Missed,
    /// There is no number to judge.
    Unknown,
}

impl Verdict {
    /// Whether the estimate meets the objective.
    pub fn is_met(self) -> bool {
        match self {
            Verdict::Met | Verdict::LikelyMet => true,
            Verdict::LikelyMissed | Verdict::Missed | Verdict::Unknown => false,
        }
    }
}

/// From the shortest to the longest interval that meets all objectives around the answer. Seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Range {
    /// Shortest that was simulated and passed.
    pub from_s: f64,
    /// Longest that was simulated and passed.
    pub to_s: f64,
    /// The search ended here, not the feasible range.
    pub open_below: bool,
    /// The search ended here, not the feasible range.
    pub open_above: bool,
}

/// An objective that stops the answer from moving.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Binding {
    /// Index in `objectives`.
    pub objective: usize,
    /// Interval at which it is no longer met, s.
    pub beyond_s: f64,
    /// The metric there, in its base unit.
    pub value: f64,
}

/// The best of the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunnerUp {
    /// Index in `candidates`.
    pub candidate: usize,
    /// What is minimised, there minus here, paired by replication; in the base unit.
    pub difference: Option<Estimate>,
}

/// What comes closest when nothing meets all objectives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nearest {
    /// Index in `candidates`.
    pub candidate: usize,
    /// Index in `objectives` of the one that is missed most there.
    pub objective: usize,
    /// By how much, as a share of the bound.
    pub excess: f64,
}

/// What a closed form recommends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FormulaInterval {
    /// `Young`, `Daly`, `Jayasekara`.
    pub name: String,
    /// As one line of text.
    pub formula: String,
    /// Period from trigger to trigger, s; `None` where it is undefined.
    pub interval_s: Option<f64>,
}

/// What a fifth less and a fifth more of an input do to the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SensitivityEntry {
    /// In words: `write bandwidth`.
    pub input: String,
    /// Recommended interval with the input at 80 %, s; `None` = no interval meets the objectives then.
    pub low: Option<f64>,
    /// Recommended interval with the input at 120 %, s.
    pub high: Option<f64>,
    /// Recommended interval as things are, s.
    pub base: f64,
    /// What is minimised at the answer with the input at 80 %, in its base unit.
    pub cost_low: Option<f64>,
    /// The same at 120 %.
    pub cost_high: Option<f64>,
    /// The same as things are.
    pub cost_base: Option<f64>,
}

/// What one lever would give.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeverEffect {
    /// In words.
    pub name: String,
    /// `(path, value)` of the keys that it sets.
    pub settings: Vec<(String, String)>,
    /// The metric of the objective that is missed most, with it; in its base unit.
    pub value: Option<f64>,
    /// Largest excess over any bound that is left, as a share of the bound.
    pub excess: f64,
}

/// What would meet the objectives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Remedy {
    /// Each lever alone, the best first.
    pub levers: Vec<LeverEffect>,
    /// A set of levers that meets all objectives together, if one was found; without any of them it does not.
    pub passes: Option<LeverEffect>,
}

/// How far an input can go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Headroom {
    /// In words.
    pub input: String,
    /// Whether more of it is harder.
    pub more_is_harder: bool,
    /// Its size as things are, if it is one number: records/s out of all sources, or TaskManagers.
    pub now: Option<f64>,
    /// With the interval as it is.
    pub fixed: Limit,
    /// With the best interval.
    pub best: Limit,
    /// Everything that was tried with the interval as it is, by factor.
    pub tried: Vec<Tried>,
}

/// The hardest that passes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// The input, as a multiple of what it is; `None` if nothing that was tried passes.
    pub factor: Option<f64>,
    /// The interval there, s.
    pub interval_s: f64,
    /// Index of the objective that is missed one step further; `None` at the end of what is tried.
    pub binds: Option<usize>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    /// The input, as a multiple of what it is.
    pub factor: f64,
    /// Largest excess over a bound, as a share of it; 0 if all objectives are met.
    pub excess: f64,
    /// What the objectives are about, in their order, in the units of their metrics.
    pub values: Vec<Option<f64>>,
}

/// How many checkpoints have to be retained.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Retention {
    /// How far back they should reach, s.
    pub wish_s: f64,
    /// `execution.checkpointing.num-retained` that does.
    pub retained: u64,
    /// How far the present number reaches at the recommended interval, s.
    pub present_s: f64,
}

/// An option to change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Flink's key, or a key of the scenario such as `cluster.taskmanagers`.
    pub key: String,
    /// Value in use, in Flink's spelling; `None` = not set.
    pub old: Option<String>,
    /// Value to use, in Flink's spelling.
    pub new: String,
    /// Why.
    pub reason: String,
}
