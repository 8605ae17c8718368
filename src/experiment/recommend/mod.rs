//! Which interval? The configuration that meets all objectives and costs least, found by simulation.

pub mod result;

pub use crate::experiment::recommend::result::{
    Binding, Candidate, Change, FormulaInterval, MetricName, Nearest, Objective, Range,
    Recommendation, Relation, Retention, RunnerUp, SCHEMA, TornadoEntry, Verdict,
};
