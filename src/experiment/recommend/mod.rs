//! Which interval? The configuration that meets all objectives and costs least, found by simulation.

pub mod choices;
pub mod judge;
pub mod ladder;
pub mod objective;
pub mod result;
pub mod search;

pub use crate::experiment::recommend::result::{
    Binding, Candidate, Change, FormulaInterval, MetricName, Nearest, Objective, Range,
    Recommendation, Relation, Retention, RunnerUp, SCHEMA, TornadoEntry, Verdict,
};
