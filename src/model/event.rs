//! Everything that can happen, in the order in which a barrier lives it.

use crate::model::ids::{ChannelId, CheckpointId, GateId, TaskId};
use crate::model::storage::{Direction, FileId};

/// An event of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A task has finished its piece of work, or what it waits for is there. `turn` tells an outdated event.
    Step {
        /// Who.
        task: TaskId,
        /// The task's turn when this was scheduled.
        turn: u32,
    },
    /// The output flusher of a task hands partly filled buffers over.
    Flush {
        /// Whose.
        task: TaskId,
    },
    /// The interval has passed: the coordinator may start a checkpoint.
    CheckpointDue {
        /// Number of the tick; an older one was cancelled.
        tick: u32,
    },
    /// Somebody asks for a checkpoint or savepoint.
    Requested {
        /// Index in the scenario's triggers.
        trigger: u32,
    },
    /// The trigger RPCs reach the sources.
    TriggerAtSources {
        /// Which.
        checkpoint: CheckpointId,
    },
    /// A priority barrier reaches its task as an urgent mail.
    PriorityBarrierAtTask {
        /// Where.
        channel: ChannelId,
        /// Which.
        checkpoint: CheckpointId,
    },
    /// The checkpoint is as old as the aligned-checkpoint-timeout: barriers overtake from now on.
    AlignmentTimedOut {
        /// Which.
        checkpoint: CheckpointId,
    },
    /// The task has finished the part of the snapshot during which it cannot process.
    SyncPhaseDone {
        /// Who.
        task: TaskId,
        /// Which.
        checkpoint: CheckpointId,
    },
    /// The fixed part of the asynchronous phase is over.
    AsyncFixedPartDone {
        /// Who.
        task: TaskId,
        /// Which.
        checkpoint: CheckpointId,
    },
    /// A file of a snapshot is open: its bytes begin to flow.
    FileOpened {
        /// Which file.
        file: FileId,
    },
    /// The last byte of some file may be through.
    TransferDone {
        /// Which way.
        direction: Direction,
        /// Number of the forecast; an older one is outdated.
        forecast: u32,
    },
    /// A file is closed.
    FileClosed {
        /// Which file.
        file: FileId,
    },
    /// The coordinator knows that this task is done.
    AckAtCoordinator {
        /// Who.
        task: TaskId,
        /// Which.
        checkpoint: CheckpointId,
    },
    /// The metadata is written and the pointer committed.
    CheckpointDurable {
        /// Which.
        checkpoint: CheckpointId,
    },
    /// The tasks learn that the checkpoint is complete.
    CompletionAtTasks {
        /// Which.
        checkpoint: CheckpointId,
    },
    /// The checkpoint is as old as its timeout.
    CheckpointExpired {
        /// Which.
        checkpoint: CheckpointId,
    },
    /// The tasks learn that the checkpoint was aborted.
    AbortAtTasks {
        /// Which.
        checkpoint: CheckpointId,
    },
    /// A failure of `[[failure]]` strikes.
    GivenFailure {
        /// Which.
        given: u32,
    },
    /// A failure of `[failures]` strikes.
    RandomFailure,
    /// The JobManager learns of the failure.
    FailureDetected,
    /// Cancelled, the delay over, slots there: the job is deployed anew.
    RestartDue,
    /// A restarted task begins to read its state.
    TaskDeployed {
        /// Who.
        task: TaskId,
    },
    /// A restarted task has its state.
    TaskRestored {
        /// Who.
        task: TaskId,
    },
    /// After a recovery: is the backlog worked off?
    BacklogLooked,
    /// An outage of storage begins or ends.
    OutageChanged,
    /// A changelog's inner backend is written anew.
    Materialise {
        /// Whose.
        task: TaskId,
    },
    /// A gate computes the size of the buffers it wants to receive.
    Debloat {
        /// Which.
        gate: GateId,
    },
}
