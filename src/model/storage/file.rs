//! Files: what they hold, and which way their bytes go.

use crate::model::ids::{CheckpointId, TaskId};

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Into the directory.
    Write,
    /// Out of it.
    Read,
}

/// A file while it is transferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A file, and what waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File {
    /// What it holds.
    pub owner: FileOwner,
    /// The TaskManager that writes or reads it.
    pub taskmanager: usize,
    /// How large it is.
    pub bytes: u64,
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileOwner {
    /// State of a subtask.
    State(TaskId, CheckpointId),
    /// The inner backend of a subtask's changelog.
    Materialization(TaskId),
    /// In-flight data of the subtasks that share channel-state file number so-and-so.
    ChannelState(usize, CheckpointId),
    /// State that a subtask reads to be restored.
    Restore(TaskId),
}

impl FileOwner {
    /// Which way its bytes go.
    pub fn direction(self) -> Direction {
        match self {
            FileOwner::State(..) | FileOwner::Materialization(_) | FileOwner::ChannelState(..) => {
                Direction::Write
            }
            FileOwner::Restore(_) => Direction::Read,
        }
    }

    /// The task that writes or reads it, if it is only one.
    pub fn task(self) -> Option<TaskId> {
        match self {
            FileOwner::State(id, _) | FileOwner::Materialization(id) | FileOwner::Restore(id) => {
                Some(id)
            }
            FileOwner::ChannelState(..) => None,
        }
    }
}
