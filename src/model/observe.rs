//! What the model emits: facts, as they happen.
//!
//! The model knows no statistics. Whoever implements [`Observer`] may count, list or print.

use serde::{Deserialize, Serialize};

use crate::model::ids::{ChannelId, CheckpointId, TaskId};
use crate::model::network::{InFlight, Network};
use crate::model::storage::file::{File, FileId};
use crate::scenario::{SavepointFormat, Scenario};
use crate::units::{Bytes, SimDuration, SimTime};

/// Listens to a run.
pub trait Observer {
    /// `fact` has happened at `now`.
    fn observe(&mut self, now: SimTime, fact: &Fact);

    /// Whether it wants the facts that take time to find out: [`Fact::Waits`], [`Fact::AsyncPhaseBegan`],
    /// [`Fact::UploadBegan`] and [`Fact::File`].
    fn looks_closely(&self) -> bool {
        false
    }

    /// The job has other tasks and channels from now on.
    fn rescaled(&mut self, _scenario: &Scenario, _network: &Network) {}
}

/// Something that an observer may want to know, in the order in which a checkpoint passes it.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    missing_docs,
    reason = "fields that are named after their types need no words"
)]
#[non_exhaustive]
pub enum Fact {
    /// The coordinator has begun a checkpoint.
    Triggered {
        checkpoint: CheckpointId,
        /// Checkpoint or savepoint.
        savepoint: Option<SavepointFormat>,
    },
    /// A request failed before a checkpoint existed.
    PreflightFailed,
    /// A task has put the barrier into a channel.
    BarrierSent {
        checkpoint: CheckpointId,
        channel: ChannelId,
        /// It overtakes what is in the channel.
        priority: bool,
    },
    /// A task has processed the barrier of a channel.
    BarrierProcessed {
        checkpoint: CheckpointId,
        channel: ChannelId,
    },
    /// A wait for a barrier begins or ends: at a source for the mail that was put into its box, elsewhere for the
    /// barrier that was put into a channel. Only for those who look closely.
    Waits {
        checkpoint: CheckpointId,
        task: TaskId,
        /// The channel; `None` at a source.
        channel: Option<ChannelId>,
        /// The wait is over.
        over: bool,
        /// What is in front of the barrier, the unprocessed rest of the current buffer included.
        ahead: InFlight,
        /// How the task has spent its time so far.
        counters: TaskCounters,
        /// Bytes that it has polled so far, by input.
        polled: Vec<u64>,
    },
    /// In-flight data of a channel became part of the checkpoint.
    Persisted {
        checkpoint: CheckpointId,
        /// Where it lay.
        channel: ChannelId,
        bytes: u64,
        /// Records whose last byte is among them.
        records: u64,
    },
    /// A task has all barriers (or does not wait for them) and takes its snapshot.
    SnapshotStarted {
        checkpoint: CheckpointId,
        task: TaskId,
        /// Trigger to first barrier.
        start_delay: SimDuration,
        /// First barrier to now.
        alignment: SimDuration,
    },
    /// The synchronous phase is over.
    SyncPhaseEnded {
        checkpoint: CheckpointId,
        task: TaskId,
    },
    /// The task's thread for asynchronous parts takes this one. Only for those who look closely.
    AsyncPhaseBegan {
        checkpoint: CheckpointId,
        task: TaskId,
    },
    /// What precedes the upload is done. Only for those who look closely.
    UploadBegan {
        checkpoint: CheckpointId,
        task: TaskId,
    },
    /// Something about a file in the checkpoint directory. Only for those who look closely.
    File {
        /// Its number; numbers are used again.
        file: FileId,
        step: FileStep,
    },
    /// A mark among the records has come to the end of the job: those before it, from a source, are this old.
    Processed { age: SimDuration },
    /// The store had too many requests, and refused those of a file: the client will come back.
    RequestsRefused,
    /// The asynchronous phase is over.
    AsyncPhaseEnded {
        checkpoint: CheckpointId,
        task: TaskId,
    },
    /// The coordinator has handled an ack.
    Acknowledged {
        checkpoint: CheckpointId,
        task: TaskId,
        record: SubtaskRecord,
    },
    /// All acks are there; the metadata is being written.
    AllAcknowledged { checkpoint: CheckpointId },
    /// The pointer is committed.
    Completed { checkpoint: CheckpointId },
    /// The checkpoint will not complete.
    Failed {
        checkpoint: CheckpointId,
        reason: FailureReason,
    },
    /// Something has failed.
    FailureStruck {
        /// What, in Flink's words.
        cause: String,
    },
    /// The JobManager knows, and cancels what is connected to it.
    FailureDetected,
    /// Tasks are deployed again.
    Restarted {
        /// What they will restore; `None` = no checkpoint had completed.
        checkpoint: Option<CheckpointId>,
        /// Its trigger (the start of the job without one): from then on the input is read again. After a stop with a savepoint nothing
        /// is read again, and it is the time of the stop.
        trigger: SimTime,
    },
    /// A task has read its state.
    Restored { task: TaskId, bytes: u64 },
    /// All tasks run.
    AllRunning,
    /// No more records wait than before the failure.
    CaughtUp,
    /// The job has failed for good.
    JobFailed { reason: String },
}

/// Counters of one task at an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskCounters {
    /// Records processed (operators) or emitted (sources).
    pub records: u64,
    /// Buffers processed or emitted.
    pub buffers: u64,
    /// Time busy with records and snapshots.
    pub busy: SimDuration,
    /// Time without output buffers.
    pub backpressured: SimDuration,
    /// Time without input.
    pub idle: SimDuration,
}

impl std::ops::AddAssign for TaskCounters {
    fn add_assign(&mut self, more: TaskCounters) {
        self.records += more.records;
        self.buffers += more.buffers;
        self.busy += more.busy;
        self.backpressured += more.backpressured;
        self.idle += more.idle;
    }
}

/// The life of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileStep {
    /// It is being created.
    Created(File),
    /// Its bytes begin to flow.
    Flows,
    /// Its last byte is through.
    Through,
    /// It is closed.
    Closed,
}

/// What one subtask reports in its ack (`flink-semantics` 2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SubtaskRecord {
    /// Ack handled by the JobManager.
    pub ack: SimTime,
    /// Trigger to first barrier processed.
    pub start_delay: SimDuration,
    /// First to last barrier processed.
    pub alignment: SimDuration,
    /// Duration of the synchronous phase.
    pub sync: SimDuration,
    /// End of the synchronous phase to the end of the async part, queueing included.
    pub r#async: SimDuration,
    /// Newly persisted bytes.
    pub checkpointed: Bytes,
    /// Full size, re-used files counted.
    pub state_size: Bytes,
    /// Bytes processed between first and last barrier.
    pub processed: Bytes,
    /// In-flight bytes persisted.
    pub persisted: Bytes,
    /// Completed as unaligned.
    pub unaligned: bool,
}

/// Why a checkpoint failed (`CheckpointFailureReason`); only what the model can bring about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureReason {
    /// Older than the timeout.
    Expired,
    /// A younger checkpoint completed first.
    Subsumed,
    /// A newer barrier reached a task that still aligned this one.
    DeclinedSubsumed,
    /// The asynchronous part failed.
    AsyncException,
    /// A task failed, or was cancelled because another one did.
    Suspended,
}

impl FailureReason {
    /// The message that Flink gives.
    pub fn message(self) -> &'static str {
        match self {
            FailureReason::Expired => "Checkpoint expired before completing.",
            FailureReason::Subsumed => "Checkpoint has been subsumed.",
            FailureReason::DeclinedSubsumed => {
                "Checkpoint was canceled because a barrier from newer checkpoint was received."
            }
            FailureReason::AsyncException => "Asynchronous task checkpoint failed.",
            FailureReason::Suspended => "Checkpoint Coordinator is suspending.",
        }
    }

    /// Whether it counts towards the tolerable failures (`flink-semantics` 1.8).
    pub fn counts(self) -> bool {
        match self {
            FailureReason::Expired | FailureReason::AsyncException => true,
            FailureReason::Subsumed
            | FailureReason::DeclinedSubsumed
            | FailureReason::Suspended => false,
        }
    }
}

impl<A: Observer, B: Observer> Observer for (A, B) {
    fn observe(&mut self, now: SimTime, fact: &Fact) {
        self.0.observe(now, fact);
        self.1.observe(now, fact);
    }

    fn looks_closely(&self) -> bool {
        self.0.looks_closely() || self.1.looks_closely()
    }

    fn rescaled(&mut self, scenario: &Scenario, network: &Network) {
        self.0.rescaled(scenario, network);
        self.1.rescaled(scenario, network);
    }
}

/// Where speed does not matter: the model is compiled once for all of these.
impl Observer for &mut dyn Observer {
    fn observe(&mut self, now: SimTime, fact: &Fact) {
        (**self).observe(now, fact);
    }

    fn looks_closely(&self) -> bool {
        (**self).looks_closely()
    }

    fn rescaled(&mut self, scenario: &Scenario, network: &Network) {
        (**self).rescaled(scenario, network);
    }
}

impl<A: Observer> Observer for Option<A> {
    fn observe(&mut self, now: SimTime, fact: &Fact) {
        if let Some(observer) = self {
            observer.observe(now, fact);
        }
    }

    fn looks_closely(&self) -> bool {
        self.as_ref().is_some_and(A::looks_closely)
    }

    fn rescaled(&mut self, scenario: &Scenario, network: &Network) {
        if let Some(observer) = self {
            observer.rescaled(scenario, network);
        }
    }
}
