//! Checkpoints: the coordinator, barriers and their alignment, snapshots (`flink-semantics` 1 and 3).

pub mod alignment;
mod barrier;
pub mod channel_state;
pub mod contents;
pub mod coordinator;
mod lifecycle;
mod snapshot;
pub mod snapshot_record;
mod unaligned;
