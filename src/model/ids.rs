//! Indices into the job's tables. Each is its own type, so that a channel cannot be used as a task.

use serde::{Deserialize, Serialize};

/// A subtask (Flink: task), over all vertices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(pub u32);

/// One producer subtask to one consumer subtask over one edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChannelId(pub u32);

/// The output of one subtask to one edge (Flink: result partition).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartitionId(pub u32);

/// The input of one subtask from one edge (Flink: input gate).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GateId(pub u32);

/// Flink's checkpoint id, from 1; savepoints count along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CheckpointId(pub u32);

macro_rules! index {
    ($($id:ident),*) => { $(impl $id {
        /// The position in the table.
        #[inline]
        pub fn index(self) -> usize {
            self.0 as usize
        }
    })* };
}
index!(TaskId, ChannelId, PartitionId, GateId, CheckpointId);
