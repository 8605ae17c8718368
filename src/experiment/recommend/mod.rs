//! Which interval? The configuration that meets all objectives and costs least, found by simulation.

pub mod answer;
pub mod answering;
pub mod ask;
pub mod changes;
pub mod choices;
pub mod closed_forms;
mod headroom;
pub mod headroom_input;
pub mod inputs;
pub mod interval_grid;
pub mod judge;
pub mod objective;
pub mod prior;
pub mod recommending;
pub mod remedy;
mod report;
pub mod result;
pub mod run_plan;
pub mod search;
pub mod sensitivity;
mod setting;

pub use crate::experiment::recommend::result::{
    Candidate, Change, Headroom, LeverEffect, Limit, MetricName, Objective, Recommendation,
    Relation, SCHEMA, SensitivityEntry, Verdict,
};
