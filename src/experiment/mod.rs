//! One run; many runs; formula beside measurement; results that can be saved and drawn again.

pub mod result;
pub mod run;

pub use crate::experiment::result::{
    Comparison, Coordinate, JobEnd, PointSummary, Prediction, RunResult, SweepResult, VertexResult,
};
