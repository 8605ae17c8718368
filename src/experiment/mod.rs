//! One run; many runs; formula beside measurement; results that can be saved and drawn again.

pub mod compare;
pub mod flights;
pub mod grid;
pub mod journal;
pub mod loss;
pub mod occupancy;
pub mod published;
pub mod replicate;
pub mod result;
pub mod run;
#[cfg(test)]
pub(in crate::experiment) mod sample;
pub mod saved;
pub mod saved_run;
pub mod sweep;
pub mod validate;

pub use crate::experiment::result::{
    Comparison, Coordinate, JobEnd, PointSummary, Prediction, RunResult, SweepResult, VertexResult,
};
