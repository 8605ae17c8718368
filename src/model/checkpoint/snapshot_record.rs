//! The snapshots of one task, and the single thread that finishes them one after another.
//!
//! `flink-semantics` 3.4: the async pool of a task (core 0, unbounded queue) runs one thread, so async parts of
//! concurrent checkpoints are serialised, and the queueing is part of `checkpoint.async`.

use std::collections::VecDeque;

use crate::model::ids::CheckpointId;
use crate::model::observe::SubtaskRecord;
use crate::model::state::SnapshotPlan;
use crate::units::{Bytes, SimDuration, SimTime};

/// The snapshots of one task.
#[derive(Clone, Debug, Default)]
pub struct Snapshots {
    open: Vec<Snapshot>,
    /// Async parts in the order in which they will run; the first one runs.
    queue: VecDeque<CheckpointId>,
}

/// One snapshot from its barrier to its ack.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Which.
    pub checkpoint: CheckpointId,
    /// What the ack will say; filled phase by phase.
    pub record: SubtaskRecord,
    /// What it costs; its files are those that have not begun.
    pub plan: SnapshotPlan,
    /// End of the sync phase; `None` before.
    pub sync_ended: Option<SimTime>,
    /// Files that are being written.
    pub files_open: usize,
    /// The async part has begun and its fixed time is over.
    pub fixed_over: bool,
    /// All barriers of the task have come: its in-flight data is complete.
    pub input_complete: bool,
    /// Time-outable barriers that have not left their subpartitions: the ack waits for them (3.7).
    pub barriers_waiting: u32,
    /// It takes part in a shared channel-state file, and that file is written.
    pub channel_state_written: bool,
}

impl Snapshots {
    /// The snapshot of this checkpoint.
    pub fn get_mut(&mut self, checkpoint: CheckpointId) -> Option<&mut Snapshot> {
        self.open
            .iter_mut()
            .find(|snapshot| snapshot.checkpoint == checkpoint)
    }

    /// The snapshot of this checkpoint.
    pub fn get(&self, checkpoint: CheckpointId) -> Option<&Snapshot> {
        self.open
            .iter()
            .find(|snapshot| snapshot.checkpoint == checkpoint)
    }

    /// Begins a snapshot.
    pub fn begin(&mut self, snapshot: Snapshot) {
        self.open.push(snapshot);
    }

    /// The sync phase is over: the async part queues. Returns whether it can begin at once.
    pub fn enqueue_async(&mut self, now: SimTime, checkpoint: CheckpointId) -> bool {
        let snapshot = self
            .get_mut(checkpoint)
            .expect("a snapshot has a sync phase");
        snapshot.sync_ended = Some(now);
        self.queue.push_back(checkpoint);
        self.queue.len() == 1
    }

    /// The async part is over: the finished snapshot, and the next async part that may begin.
    pub fn finish(
        &mut self,
        now: SimTime,
        checkpoint: CheckpointId,
    ) -> (Snapshot, Option<CheckpointId>) {
        assert_eq!(
            self.queue.front(),
            Some(&checkpoint),
            "async parts run one after another"
        );
        self.queue.pop_front();
        let position = self
            .open
            .iter()
            .position(|s| s.checkpoint == checkpoint)
            .expect("it was begun");
        let mut snapshot = self.open.remove(position);
        snapshot.record.r#async = now - snapshot.sync_ended.expect("async follows sync");
        (snapshot, self.queue.front().copied())
    }

    /// The checkpoint was aborted: an async part that has not begun will have nothing to do (the running one goes on:
    /// an expired checkpoint does not free the upload).
    pub fn abort(&mut self, checkpoint: CheckpointId) {
        let running = self.queue.front() == Some(&checkpoint);
        if let Some(snapshot) = self.get_mut(checkpoint)
            && !running
        {
            snapshot.plan.files.clear();
        }
    }

    /// The async part that runs now.
    pub fn running(&self) -> Option<CheckpointId> {
        self.queue.front().copied()
    }
}

impl Snapshot {
    /// A snapshot whose sync phase begins now.
    pub fn new(checkpoint: CheckpointId, plan: SnapshotPlan, start_delay: SimDuration) -> Self {
        let record = SubtaskRecord {
            start_delay,
            sync: plan.sync,
            checkpointed: Bytes::new(plan.checkpointed),
            state_size: Bytes::new(plan.state_size),
            ..SubtaskRecord::default()
        };
        Snapshot {
            checkpoint,
            record,
            plan,
            sync_ended: None,
            files_open: 0,
            fixed_over: false,
            input_complete: true,
            barriers_waiting: 0,
            channel_state_written: true,
        }
    }

    /// The next file that a free upload thread takes, if there are both.
    pub fn next_file(&mut self) -> Option<u64> {
        if self.files_open >= self.plan.threads {
            return None;
        }
        let bytes = self.plan.files.take()?;
        self.files_open += 1;
        Some(bytes)
    }

    /// Whether nothing keeps the async part from ending.
    pub fn is_done(&self) -> bool {
        self.fixed_over
            && self.plan.files.is_empty()
            && self.files_open == 0
            && self.input_complete
            && self.barriers_waiting == 0
            && self.channel_state_written
    }

    /// Adds in-flight data.
    pub fn persist(&mut self, bytes: u64) {
        self.record.persisted += Bytes::new(bytes);
    }
}
