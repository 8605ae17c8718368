//! The job over time, sampled at equal steps: what comes in, what is processed, what waits, what storage holds.

use serde::{Deserialize, Serialize};

use crate::units::{Bytes, SimDuration, SimTime};

/// Samples of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// In order of time, a constant step apart.
    pub samples: Vec<Sample>,
}

/// The job at an instant; rates are means since the sample before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When.
    pub at: SimTime,
    /// Records per second that became due at all sources.
    pub due_per_s: f64,
    /// Records per second that the sources emitted, replayed ones included.
    pub emitted_per_s: f64,
    /// Records per second that the last vertices (those without consumers) processed, replayed ones included.
    pub processed_per_s: f64,
    /// Records that are due and not emitted, of log sources.
    pub unread: u64,
    /// Records in channels, and in the buffers that tasks have in hand.
    pub in_channels: u64,
    /// How far the slowest source subtask is behind its schedule: a lower bound of the latency of what comes out.
    pub lag: SimDuration,
    /// All tasks run.
    pub running: bool,
    /// Bytes written to storage since the start.
    pub written: Bytes,
    /// Bytes that the retained checkpoints hold.
    pub retained: Bytes,
}
