//! Recordings of real Flink clusters: what they were made with, and what they measured.
//!
//! A recording is one JSON file: the parameters that were known before the job started, and what Flink's REST API answered.
//! [`known`] makes a scenario of the former; [`measured`] reads the medians to be predicted from the latter.

pub mod answers;
pub mod clock;
pub mod estimate;
pub mod file;
pub mod known;
#[doc = include_str!("lessons.md")]
pub mod lessons {}
pub mod live;
pub mod measured;

pub use crate::recording::answers::Answers;
pub use crate::recording::estimate::what_if;
pub use crate::recording::file::{Recording, RecordingError};
