//! Checkpoints: the coordinator, barriers and their alignment, snapshots (`flink-semantics` 1 and 3).
//!
//! In the order in which a checkpoint passes them: [`coordinator`] triggers, `completion` completes; [`barrier`] is what a task does
//! with barriers, `unaligned` what it does when they overtake; [`snapshot`] is the task's part, `channel_state` the
//! in-flight data in it; [`contents`] is what a completed checkpoint holds.

pub mod barrier;
pub mod channel_state;
mod completion;
pub mod contents;
pub mod coordinator;
pub mod pre_barrier;
pub mod snapshot;
mod unaligned;
