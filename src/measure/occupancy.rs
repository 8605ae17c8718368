//! Buffers in flight over time: what a picture of barriers and backpressure is drawn from.

use serde::{Deserialize, Serialize};

use crate::units::{SimDuration, SimTime};

/// Bytes in flight in front of every subtask, sampled at equal steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Occupancy {
    /// First sample.
    pub start: SimTime,
    /// Between two samples.
    pub step: SimDuration,
    /// Label of each row, `vertex #subtask ← producer #subtask`.
    pub rows: Vec<String>,
    /// By row, then sample: buffers in flight on that channel (sender and receiver side).
    pub buffers: Vec<Vec<f32>>,
    /// By row, then sample: whether the channel was blocked by alignment.
    pub blocked: Vec<Vec<bool>>,
    /// Barriers entering and leaving channels.
    pub barriers: Vec<BarrierMark>,
}

/// A barrier's life in one channel.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BarrierMark {
    /// Row of [`Occupancy::rows`].
    pub row: usize,
    /// Checkpoint id.
    pub checkpoint: u64,
    /// Put into the channel by the producer.
    pub sent: SimTime,
    /// Processed by the consumer.
    pub processed: SimTime,
    /// In-flight bytes it overtook and that were persisted.
    pub overtaken_bytes: u64,
}
