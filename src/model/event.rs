//! Everything that can happen, in the order in which a barrier meets it.

use crate::engine;
use crate::model::ids::{ChannelId, CheckpointId, GateId, TaskId};
use crate::model::storage::file::{Direction, FileId};

/// The job's future events.
pub type Agenda = engine::Agenda<Event>;

/// An event of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A task has finished its batch, or what it waits for is there. The number is the task's generation when this was
    /// scheduled: the event is outdated if the task has moved on.
    Step(TaskId, u32),
    /// The output flusher of a task hands partly filled buffers over.
    Flush(TaskId),
    /// The interval has passed: the coordinator may start a checkpoint (`CheckpointCoordinator.ScheduledTrigger`). Outdated
    /// if the trigger was rescheduled since this epoch.
    ScheduledTrigger(u32),
    /// No source reports any more that it works off a backlog.
    BacklogReportEnds,
    /// A user asks for a checkpoint or savepoint: the index among the scenario's triggers.
    Requested(u32),
    /// An operation begins: its index among the scenario's. One that waits for a checkpoint has its machines now.
    OperationDue(u32),
    /// Such an operation waits for a checkpoint no longer.
    OperationOverdue(u32),
    /// The trigger RPCs reach the sources.
    TriggerAtSources(CheckpointId),
    /// The thread of a source has woken up and finds the trigger in its mailbox.
    SourceAwake(TaskId, CheckpointId),
    /// The priority barrier of a channel reaches its consumer as an urgent mail.
    PriorityBarrierAtTask(ChannelId, CheckpointId),
    /// The checkpoint is as old as the aligned-checkpoint-timeout: barriers overtake from now on.
    AlignmentTimedOut(CheckpointId),
    /// The next thread of a TaskManager has had the processor for as long as it wanted. Outdated if a newer forecast than this one
    /// was made.
    ProcessorFree(u32, u32),
    /// A garbage collection stops the threads of a TaskManager.
    CollectionBegins(u32),
    /// They go on.
    CollectionEnds(u32),
    /// Processing-time timers of a task are due.
    TimersDue(TaskId),
    /// A source emits a watermark.
    WatermarkDue(TaskId),
    /// The watermarks of a group of sources are compared.
    SourcesAligned(u32),
    /// The task has done what comes before the barrier leaves.
    PreBarrierDone(TaskId, CheckpointId),
    /// A task has read all its entries for a canonical savepoint.
    StateScanned(TaskId, CheckpointId),
    /// The flush thread of a TaskManager has come to a task's flush, where processors are shared.
    FlushThreadFree(TaskId, CheckpointId),
    /// The task has finished the part of the snapshot during which it cannot process.
    SyncPhaseDone(TaskId, CheckpointId),
    /// The fixed part of the asynchronous phase is over: uploads begin.
    AsyncFixedPartDone(TaskId, CheckpointId),
    /// A file is open: its bytes begin to flow.
    FileOpened(FileId),
    /// The last byte of some file may be through. Outdated if a newer forecast than this one was made.
    TransferDone(Direction, u32),
    /// The store had too many requests: the client asks for the file again, for the so-many-th time.
    FileRefused(FileId, u32),
    /// A file is closed.
    FileClosed(FileId),
    /// The coordinator knows that this task is done.
    AckAtCoordinator(TaskId, CheckpointId),
    /// The JobManager has come to that ack.
    AckHandled(TaskId, CheckpointId),
    /// The metadata is written and the pointer to it is in the high-availability store.
    CheckpointFinalized(CheckpointId),
    /// The tasks learn that the checkpoint is complete.
    CompletionAtTasks(CheckpointId),
    /// The checkpoint is as old as its timeout.
    CheckpointExpired(CheckpointId),
    /// The tasks learn that the checkpoint was aborted.
    AbortAtTasks(CheckpointId),
    /// A failure of `[[failure]]` happens: its index.
    GivenFailure(u32),
    /// A failure of `[failures]` happens.
    RandomFailure,
    /// The JobManager learns of the failure.
    FailureDetected,
    /// The tasks are cancelled, the delay is over and slots are there: the job is deployed again.
    RestartDue,
    /// A restarted task begins to read its state.
    TaskDeployed(TaskId),
    /// A restarted task has its state.
    TaskRestored(TaskId),
    /// After a recovery: is the backlog worked off?
    BacklogChecked,
    /// An outage of storage begins or ends.
    OutageChanged,
    /// The inner backend of a task's changelog is materialized.
    Materialize(TaskId),
    /// A gate computes the size of the buffers it wants to receive.
    Debloat(GateId),
}
