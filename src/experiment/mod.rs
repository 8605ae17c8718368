//! One run; many runs; formula beside measurement; results that can be saved and drawn again.
//!
//! | subject | modules |
//! |---|---|
//! | make a run | `run` with `run_result`, `fast_forward`, `timeline`, `course`; `occupancy` looks closer |
//! | summarise | `metric` (the table, its children a run and a replication), `spans`, `recoveries`, `ages`, `commit_latency`, `costs`, `storage_usage`, `sync_overhead`; `summary`, `witness`, `objectives` |
//! | many | `grid`, `sweep`, `simulate`, `loss`, `compare`, `journal`, `workers`, `guard` |
//! | answer | `recommend`, `explain` |
//! | prove | `theory`, `validate`, `published`; `fit`, `calibrate` and `why` of a job of one's own |
//! | keep | `saved`, `run_document` |

pub mod ages;
pub mod calibrate;
pub mod commit_latency;
pub mod compare;
pub mod costs;
pub mod course;
pub mod explain;
pub mod fast_forward;
pub mod fit;
pub mod grid;
pub mod guard;
pub mod journal;
pub mod levers;
pub mod loss;
pub mod metric;
pub mod objectives;
pub mod occupancy;
pub mod operating_cost;
pub mod published;
pub mod recommend;
pub mod recoveries;
pub mod run;
pub mod run_document;
pub mod run_result;
#[cfg(test)]
pub(in crate::experiment) mod sample;
pub mod saved;
pub mod simulate;
pub mod spans;
pub mod storage_usage;
pub mod summary;
pub mod sweep;
pub mod sweeping;
pub mod sync_overhead;
pub mod theory;
pub mod time_budget;
mod timeline;
pub mod validate;
pub mod watch;
pub mod why;
pub mod witness;
pub mod workers;

pub use crate::experiment::run_result::{JobEnd, RunResult, VertexResult};
pub use crate::experiment::summary::{Comparison, Coordinate, PointSummary, SweepResult};
