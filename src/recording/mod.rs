//! Recordings of real Flink clusters: what they were made with, and what they measured.
//!
//! A recording is one JSON file: the parameters that were known before the job started, and what Flink's REST API answered.
//! [`known`] makes a scenario of the former; [`measured`] reads the medians to be predicted from the latter,
//! [`recovery`] the failures and what followed them.

pub mod answers;
pub mod catch_up;
pub mod clock;
pub mod estimate;
pub mod failing;
pub mod file;
pub mod known;
#[doc = include_str!("lessons.md")]
pub mod lessons {}
#[cfg(feature = "cli")]
pub mod live;
pub mod log;
pub mod machines;
pub mod measured;
pub mod names;
pub mod prometheus;
pub mod real;
pub mod recovery;
pub mod spans;

pub use crate::recording::answers::Answers;
pub use crate::recording::estimate::what_if;
pub use crate::recording::file::{Recording, RecordingError};
