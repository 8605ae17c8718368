//! `cluster.cores`: the threads of a TaskManager share its processors.
//!
//! A task's thread wants a processor while it processes records, fires timers, or takes the synchronous part of a snapshot, and
//! another thread for as long as it reads all entries for a canonical savepoint, compacts, or encrypts what is uploaded. With more of them
//! than processors each gets its equal part ([`ProcessorSharing`]), as the operating system's scheduler sees to
//! it. Flink counts a thread that waits for a processor as busy. A garbage collection (`garbage`) stops all of a TaskManager.
//! A checkpoint itself is work: of each task's thread for its barriers and the snapshot ([`Job::snapshot_work`]), of another for the
//! asynchronous part and the ack, whose usual times are what they take on a processor of their own. Forty-eight subtasks on two
//! processors took 0.2 s for that (see the constants).
//! A vertex that is `blocking` waits while it is busy: for its records, and for `sync-extra`, it needs no processor.
//! Limits: the JobManager has a machine of its own; the threads of the network are counted to the task that reads.
//! Without `cluster.cores` there are always enough, and without collections none of this is looked at.

use crate::engine::ProcessorSharing;
use crate::model::Job;
use crate::model::event::{Agenda, Event};
use crate::model::ids::{CheckpointId, TaskId};
use crate::model::observe::Observer;
use crate::model::storage::file::FileId;
use crate::model::task::activity::TaskState;
use crate::scenario::Cluster;
use crate::scenario::calibration::{BARRIER_WORK, SNAPSHOT_WORK};
use crate::units::SimDuration;

/// What a thread works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// A task's own thread: records or timers.
    Task(TaskId),
    /// What a task does before it passes a barrier on.
    PreBarrier(TaskId, CheckpointId),
    /// The synchronous part of a task's snapshot.
    Sync(TaskId, CheckpointId),
    /// Reading and serialising all entries for a canonical savepoint.
    Scan(TaskId, CheckpointId),
    /// A compaction in the background, for which nobody waits.
    Compaction(TaskId),
    /// Inserting restored entries one by one.
    Restore(TaskId),
    /// Preparing the asynchronous part of a snapshot.
    Async(TaskId, CheckpointId),
    /// Sending its ack.
    Ack(TaskId, CheckpointId),
    /// Encrypting or decrypting, and checking, what is written or read.
    Transfer(FileId),
}

/// The processors of all TaskManagers.
#[derive(Debug)]
pub struct Processors {
    of: Vec<(ProcessorSharing<Work>, u32)>,
}

impl Processors {
    /// Those of so many TaskManagers; `None` if they are neither counted nor stopped.
    pub fn of(cluster: &Cluster, taskmanagers: usize) -> Option<Self> {
        let stopped = cluster.gc.map(|_| f64::INFINITY);
        let cores = cluster.cores.or(stopped)?;
        Some(Processors {
            of: vec![(ProcessorSharing::new(cores), 0); taskmanagers],
        })
    }
}

impl<O: Observer> Job<O> {
    /// A thread wants a processor for so long. Returns whether processors are shared at all: else the caller knows when it
    /// will be done.
    pub(crate) fn share_processor(
        &mut self,
        work: Work,
        demand: SimDuration,
        agenda: &mut Agenda,
    ) -> bool {
        if matches!(work, Work::Task(id) if self.waits_while_busy(id)) {
            return false;
        }
        let taskmanager = match work {
            Work::Transfer(file) => self.storage.taskmanager(file),
            Work::Task(id)
            | Work::PreBarrier(id, _)
            | Work::Sync(id, _)
            | Work::Scan(id, _)
            | Work::Async(id, _)
            | Work::Ack(id, _)
            | Work::Restore(id)
            | Work::Compaction(id) => self.taskmanager_of[id],
        };
        let Some(processors) = &mut self.processors else {
            return false;
        };
        processors.of[taskmanager]
            .0
            .begin(agenda.now(), work, demand);
        self.forecast_processor(taskmanager, agenda);
        true
    }

    /// The threads of a TaskManager stand still, or go on.
    pub(crate) fn stop_processors(
        &mut self,
        taskmanager: usize,
        stopped: bool,
        agenda: &mut Agenda,
    ) {
        if let Some(processors) = &mut self.processors {
            processors.of[taskmanager]
                .0
                .set_stopped(agenda.now(), stopped);
            self.forecast_processor(taskmanager, agenda);
        }
    }

    /// The task's thread needs no processor for its records, nor for what user code does in the synchronous part.
    pub(crate) fn waits_while_busy(&self, id: TaskId) -> bool {
        self.processors.is_some() && self.scenario.vertices[self.tasks[id].vertex].blocking
    }

    /// Time on a processor that a checkpoint takes of a task's thread, whatever its state is.
    pub(crate) fn snapshot_work(&self, id: TaskId) -> SimDuration {
        if self.scenario.cluster.cores.is_none() {
            return SimDuration::ZERO;
        }
        let inputs = self.tasks[id].inputs.iter();
        let channels = inputs.map(|input| self.network.gate(input.gate).channels.len() as u64);
        SNAPSHOT_WORK + BARRIER_WORK * channels.sum::<u64>()
    }

    fn forecast_processor(&mut self, taskmanager: usize, agenda: &mut Agenda) {
        let Some(processors) = &mut self.processors else {
            return;
        };
        let (shared, forecast) = &mut processors.of[taskmanager];
        *forecast += 1;
        if let Some(end) = shared.next_end() {
            let due = Event::ProcessorFree(taskmanager as u32, *forecast);
            agenda.at(end.max(agenda.now()), due);
        }
    }

    /// Some thread has had the service that it wanted, unless the forecast is outdated.
    pub(crate) fn end_work(&mut self, taskmanager: u32, forecast: u32, agenda: &mut Agenda) {
        let Some(processors) = &mut self.processors else {
            return;
        };
        let (shared, current) = &mut processors.of[taskmanager as usize];
        if *current != forecast {
            return;
        }
        let ended = shared.take_ended(agenda.now());
        self.forecast_processor(taskmanager as usize, agenda);
        for work in ended {
            match work {
                Work::Task(id) => {
                    self.stretch(id, agenda);
                    self.step(id, agenda);
                }
                Work::PreBarrier(id, checkpoint) => self.end_pre_barrier(id, checkpoint, agenda),
                Work::Sync(id, checkpoint) => self.end_sync_phase(id, checkpoint, agenda),
                Work::Scan(id, checkpoint) => self.end_scan(id, checkpoint, agenda),
                Work::Async(id, checkpoint) => self.end_async_fixed_part(id, checkpoint, agenda),
                Work::Ack(id, checkpoint) => self.receive_ack(id, checkpoint, agenda),
                Work::Transfer(file) => self.end_transfer_work(file, agenda),
                Work::Restore(id) => self.open_state(id, SimDuration::ZERO, agenda),
                Work::Compaction(_) => {}
            }
        }
    }

    /// A piece of work took until now, waiting for the processor included.
    fn stretch(&mut self, id: TaskId, agenda: &Agenda) {
        if let TaskState::Processing(piece) | TaskState::Firing(piece) = &mut self.tasks[id].state {
            piece.until = agenda.now();
        }
    }

    /// A mail has come: the batch ends at the next record boundary. Returns whether processors are shared.
    pub(crate) fn cut_shared_batch(&mut self, id: TaskId, agenda: &mut Agenda) -> bool {
        if self.waits_while_busy(id) {
            return false;
        }
        let taskmanager = self.taskmanager_of[id];
        let Some(processors) = &mut self.processors else {
            return false;
        };
        let task = &mut self.tasks[id];
        let TaskState::Processing(batch) = task.state else {
            return true;
        };
        let shared = &mut processors.of[taskmanager].0;
        let Some(attained) = shared.attained(agenda.now(), Work::Task(id)) else {
            return true;
        };
        // On a processor of its own the batch would stand here.
        if let Some(until) = task.cut_batch(batch.from + attained) {
            shared.change(agenda.now(), Work::Task(id), until - batch.from);
            self.forecast_processor(taskmanager, agenda);
        }
        true
    }

    /// Lost tasks want no processor any more.
    pub(crate) fn cancel_work(&mut self, agenda: &mut Agenda) {
        let (lost, storage) = (&self.failure.lost, &self.storage);
        let Some(processors) = &mut self.processors else {
            return;
        };
        let given_up = |work: Work| match work {
            Work::Transfer(file) => storage.owner(file).is_none(),
            Work::Task(id)
            | Work::PreBarrier(id, _)
            | Work::Sync(id, _)
            | Work::Scan(id, _)
            | Work::Async(id, _)
            | Work::Ack(id, _)
            | Work::Restore(id)
            | Work::Compaction(id) => lost[id],
        };
        let taskmanagers = processors.of.len();
        for (shared, _) in &mut processors.of {
            shared.cancel(agenda.now(), given_up);
        }
        for taskmanager in 0..taskmanagers {
            self.forecast_processor(taskmanager, agenda);
        }
    }
}
