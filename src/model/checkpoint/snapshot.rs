//! A task's snapshot: the sync phase that blocks it, the async phase that uploads, the ack.
//!
//! `flink-semantics` 3.4, 3.5 and 5. The async pool of a task (core 0, unbounded queue) runs one thread, so async parts of
//! concurrent checkpoints are serialised, and the queueing is part of `checkpoint.async`.

use std::collections::VecDeque;

use crate::model::Job;
use crate::model::checkpoint::barrier::Span;
use crate::model::event::{Agenda, Event};
use crate::model::ids::{CheckpointId, TaskId};
use crate::model::observe::{Fact, FailureReason, Observer, SubtaskRecord};
use crate::model::processors::Work;
use crate::model::state::file_sizes::Transfers;
use crate::model::state::{SnapshotKind, SnapshotPlan};
use crate::model::storage::file::{File, FileOwner};
use crate::model::task::activity::{TaskState, TimeKind};
use crate::scenario::calibration::ASYNC_END_TO_ACK;
use crate::units::{Bytes, SimDuration, SimTime};

/// The snapshots of one task, and the single thread that finishes them one after another.
#[derive(Clone, Debug, Default)]
pub struct Snapshots {
    open: Vec<Snapshot>,
    /// Async parts in the order in which they will run; the first one runs.
    queue: VecDeque<CheckpointId>,
}

/// One snapshot from its barrier to its ack.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent parts, each of which is over or not"
)]
pub struct Snapshot {
    checkpoint: CheckpointId,
    /// What the ack will say; filled phase by phase.
    pub record: SubtaskRecord,
    /// What it costs, but for its files.
    plan: SnapshotPlan,
    uploads: Transfers,
    sync_began: SimTime,
    /// Time on a processor of the sync phase: user code, and the flush.
    sync_work: SimDuration,
    /// End of the sync phase; `None` before.
    sync_ended: Option<SimTime>,
    /// The async part has begun and its fixed time is over.
    fixed_over: bool,
    /// All entries are read, where they are read one by one.
    scanned: bool,
    /// All barriers of the task have come: its in-flight data is complete.
    input_complete: bool,
    /// Time-outable barriers that have not left their subpartitions: the ack waits for them (`flink-semantics` 3.7).
    pub barriers_waiting: u32,
    /// It takes part in a shared channel-state file, and that file is written.
    pub channel_state_written: bool,
}

impl Snapshots {
    /// The snapshot of this checkpoint.
    pub fn get_mut(&mut self, checkpoint: CheckpointId) -> Option<&mut Snapshot> {
        let mut open = self.open.iter_mut();
        open.find(|snapshot| snapshot.checkpoint == checkpoint)
    }

    /// The sync phase is over: the async part queues. Returns whether it can begin at once.
    fn enqueue_async(&mut self, now: SimTime, checkpoint: CheckpointId) -> bool {
        let snapshot = self.get_mut(checkpoint);
        let snapshot = snapshot.expect("a snapshot has a sync phase");
        snapshot.sync_ended = Some(now);
        snapshot.record.sync = now - snapshot.sync_began;
        self.queue.push_back(checkpoint);
        self.queue.len() == 1
    }

    /// The async part that runs is over if nothing keeps it: the finished snapshot, and the next async part that may begin.
    fn finish_if_done(
        &mut self,
        now: SimTime,
        checkpoint: CheckpointId,
    ) -> Option<(Snapshot, Option<CheckpointId>)> {
        if self.queue.front() != Some(&checkpoint) || !self.get_mut(checkpoint)?.is_done() {
            return None;
        }
        self.queue.pop_front();
        let mut open = self.open.iter();
        let position = open.position(|snapshot| snapshot.checkpoint == checkpoint)?;
        let mut done = self.open.remove(position);
        done.record.r#async = now - done.sync_ended.expect("async follows sync");
        done.record.checkpointed += done.record.persisted;
        done.record.state_size += done.record.persisted;
        Some((done, self.queue.front().copied()))
    }

    /// The checkpoint was aborted: an async part that has not begun will have nothing to do (the running one goes on:
    /// an expired checkpoint does not free the upload), and parts that nobody will complete are not waited for.
    fn abort(&mut self, checkpoint: CheckpointId) {
        let running = self.queue.front() == Some(&checkpoint);
        if let Some(snapshot) = self.get_mut(checkpoint) {
            if !running {
                snapshot.uploads.drop_waiting();
            }
            snapshot.input_complete = true;
            snapshot.barriers_waiting = 0;
            snapshot.channel_state_written = true;
        }
    }
}

impl Snapshot {
    /// A snapshot whose sync phase begins now, with so much user code; `overtakes` = its barriers may, so that it has in-flight data.
    fn new(
        checkpoint: CheckpointId,
        mut plan: SnapshotPlan,
        (trigger, span): (SimTime, Span),
        now: SimTime,
        overtakes: bool,
    ) -> Self {
        let record = SubtaskRecord {
            start_delay: span.first - trigger,
            checkpointed: Bytes::new(plan.checkpointed),
            state_size: Bytes::new(plan.state_size),
            ..SubtaskRecord::default()
        };
        Snapshot {
            checkpoint,
            record,
            scanned: plan.scan.is_zero(),
            uploads: Transfers::new(std::mem::take(&mut plan.files), plan.threads),
            sync_work: SimDuration::ZERO,
            plan,
            sync_began: now,
            sync_ended: None,
            fixed_over: false,
            input_complete: false,
            barriers_waiting: 0,
            channel_state_written: !overtakes,
        }
    }

    /// Whether all that it overtakes is known.
    fn is_in_flight_data_complete(&self) -> bool {
        self.input_complete && self.barriers_waiting == 0
    }

    /// Whether nothing keeps the async part from ending.
    fn is_done(&self) -> bool {
        self.fixed_over
            && self.scanned
            && self.uploads.are_over()
            && self.is_in_flight_data_complete()
            && self.channel_state_written
    }

    /// Adds in-flight data.
    pub fn persist(&mut self, bytes: u64) {
        self.record.persisted += Bytes::new(bytes);
    }
}

impl<O: Observer> Job<O> {
    /// The sync phase begins: the task is blocked.
    pub(crate) fn begin_snapshot(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        span: Span,
        agenda: &mut Agenda,
    ) {
        let now = agenda.now();
        let info = self.info(checkpoint);
        let kind = info
            .savepoint
            .map_or(SnapshotKind::Checkpoint, SnapshotKind::Savepoint);
        let overtakes = self.scenario.checkpointing.may_overtake() && info.savepoint.is_none();
        let unfired = self.unfired(id);
        let blocking = self.waits_while_busy(id);
        let task = &mut self.tasks[id];
        if let Some(source) = &mut task.source {
            source.end_pause(now);
        }
        let processed = task.counters.records;
        task.backend.keep_unfired(unfired);
        let plan = task.backend.snapshot(now, processed, checkpoint, kind);
        let mut user = self.scenario.vertices[task.vertex].sync_extra;
        if let Some(sink) = &mut task.sink {
            user += sink.flush(now, processed, checkpoint);
        }
        let (flush, start_delay) = (plan.flush, span.first - info.trigger);
        self.contents
            .add_task(checkpoint, id, task.state_snapshot());
        self.checkpoints[checkpoint.index() - 1].handles += plan.handles;
        let snapshot = Snapshot::new(checkpoint, plan, (info.trigger, span), now, overtakes);
        task.snapshots.open.push(snapshot);
        task.state = TaskState::Snapshotting;
        task.clock.switch(now, TimeKind::Busy);
        if let Some(ledger) = &mut self.ledger {
            ledger.snapshot(checkpoint, id);
        }
        let fact = Fact::SnapshotStarted {
            checkpoint,
            task: id,
            start_delay,
            alignment: span.waited,
        };
        self.observer.observe(now, &fact);
        if overtakes {
            self.start_channel_state(id, checkpoint, agenda);
        }
        let wait = self.wait_for_flush_thread(id, now + user, flush);
        if self.processors.is_none() {
            agenda.after(wait + user + flush, Event::SyncPhaseDone(id, checkpoint));
            return;
        }
        let (wait, works) = if blocking {
            (wait + user, flush)
        } else {
            (wait, user + flush)
        };
        self.snapshot_of(id, checkpoint).sync_work = works;
        if wait.is_zero() {
            self.begin_sync_work(id, checkpoint, agenda);
        } else {
            agenda.after(wait, Event::FlushThreadFree(id, checkpoint));
        }
    }

    /// A flush joins the line in front of its TaskManager's flush thread when the task gets to it: how long it waits.
    fn wait_for_flush_thread(
        &mut self,
        id: TaskId,
        at: SimTime,
        flush: SimDuration,
    ) -> SimDuration {
        if flush.is_zero() {
            return SimDuration::ZERO;
        }
        let free = &mut self.flush_thread_free[self.taskmanager_of[id]];
        let begins = at.max(*free);
        *free = begins + flush;
        begins - at
    }

    /// The sync phase takes a processor, where they are shared: the flush thread has come to the task's flush.
    pub(crate) fn begin_sync_work(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda,
    ) {
        let works = self.snapshot_of(id, checkpoint).sync_work;
        if !self.share_processor(Work::Sync(id, checkpoint), works, agenda) {
            agenda.after(works, Event::SyncPhaseDone(id, checkpoint));
        }
    }

    /// The snapshot of a task that takes part in the checkpoint.
    pub(crate) fn snapshot_of(&mut self, id: TaskId, checkpoint: CheckpointId) -> &mut Snapshot {
        let snapshot = self.tasks[id].snapshots.get_mut(checkpoint);
        snapshot.expect("the snapshot has begun and its async part runs on")
    }

    /// All barriers of the task have come.
    pub(crate) fn complete_input(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        span: Span,
        agenda: &mut Agenda,
    ) {
        if let Some(snapshot) = self.tasks[id].snapshots.get_mut(checkpoint) {
            snapshot.input_complete = true;
            snapshot.record.alignment = span.waited;
            snapshot.record.processed = Bytes::new(span.processed);
            self.complete_in_flight_data(id, checkpoint, agenda);
        }
    }

    /// A time-outable barrier has left one of the task's subpartitions.
    pub(crate) fn barrier_departed(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda,
    ) {
        if let Some(snapshot) = self.tasks[id].snapshots.get_mut(checkpoint) {
            snapshot.barriers_waiting = snapshot.barriers_waiting.saturating_sub(1);
            self.complete_in_flight_data(id, checkpoint, agenda);
        }
    }

    fn complete_in_flight_data(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda,
    ) {
        let snapshot = self.snapshot_of(id, checkpoint);
        if !snapshot.is_in_flight_data_complete() {
            return;
        }
        if !snapshot.channel_state_written {
            self.hand_in_channel_state(id, checkpoint, agenda);
        }
        self.end_async_if_done(id, checkpoint, agenda);
    }

    /// The task may process again; inputs that waited are resumed only now (`flink-semantics` 3.3).
    pub(crate) fn end_sync_phase(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda,
    ) {
        let now = agenda.now();
        for channel in std::mem::take(&mut self.tasks[id].to_resume) {
            self.network.resume(now, channel, checkpoint);
        }
        let task = id;
        let fact = Fact::SyncPhaseEnded { checkpoint, task };
        self.observer.observe(now, &fact);
        let stops = self.info(checkpoint).stops_for.is_some();
        let task = &mut self.tasks[id];
        task.state = if stops && task.source.is_some() {
            task.clock.switch(now, TimeKind::Idle);
            TaskState::Suspended
        } else {
            TaskState::Waiting
        };
        if task.snapshots.enqueue_async(now, checkpoint) {
            self.begin_async(id, checkpoint, agenda);
        }
        let compaction = self.snapshot_of(id, checkpoint).plan.compaction;
        if !compaction.is_zero() {
            self.share_processor(Work::Compaction(id), compaction, agenda);
        }
        self.runnable.push_back(id);
    }

    fn begin_async(&mut self, id: TaskId, checkpoint: CheckpointId, agenda: &mut Agenda) {
        let task = id;
        self.emit_closely(agenda.now(), &Fact::AsyncPhaseBegan { checkpoint, task });
        let plan = &self.snapshot_of(id, checkpoint).plan;
        let (fixed, overhead) = (plan.fixed, plan.overhead);
        let overhead = self.latencies.draw(overhead);
        // A delay that is waited for leaves the processors to others.
        let work = Work::Async(id, checkpoint);
        if !fixed.is_zero() || !self.share_processor(work, overhead, agenda) {
            agenda.after(fixed + overhead, Event::AsyncFixedPartDone(id, checkpoint));
        }
    }

    /// The uploads begin.
    pub(crate) fn end_async_fixed_part(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda,
    ) {
        let task = id;
        self.emit_closely(agenda.now(), &Fact::UploadBegan { checkpoint, task });
        let snapshot = self.snapshot_of(id, checkpoint);
        snapshot.fixed_over = true;
        let scan = snapshot.plan.scan;
        if snapshot.plan.too_large {
            self.abort_checkpoint(checkpoint, FailureReason::AsyncException, agenda);
        }
        self.upload_next_files(id, checkpoint, agenda);
        let work = Work::Scan(id, checkpoint);
        if !scan.is_zero() && !self.share_processor(work, scan, agenda) {
            agenda.after(scan, Event::StateScanned(id, checkpoint));
        }
        self.end_async_if_done(id, checkpoint, agenda);
    }

    /// All entries of a canonical savepoint are read and serialised.
    pub(crate) fn end_scan(&mut self, id: TaskId, checkpoint: CheckpointId, agenda: &mut Agenda) {
        if let Some(snapshot) = self.tasks[id].snapshots.get_mut(checkpoint) {
            snapshot.scanned = true;
            self.end_async_if_done(id, checkpoint, agenda);
        }
    }

    /// Opens as many files as there are free threads.
    fn upload_next_files(&mut self, id: TaskId, checkpoint: CheckpointId, agenda: &mut Agenda) {
        let (owner, taskmanager) = (FileOwner::State(id, checkpoint), self.taskmanager_of[id]);
        while let Some(bytes) = self.snapshot_of(id, checkpoint).uploads.begin_next() {
            let file = File {
                owner,
                taskmanager,
                bytes,
            };
            self.open_file(file, agenda);
        }
    }

    /// One of its files is in storage.
    pub(crate) fn state_file_written(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda,
    ) {
        self.snapshot_of(id, checkpoint).uploads.end_one();
        self.upload_next_files(id, checkpoint, agenda);
        self.end_async_if_done(id, checkpoint, agenda);
    }

    /// The ack leaves when nothing keeps the async part, and the next one begins.
    pub(crate) fn end_async_if_done(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda,
    ) {
        let now = agenda.now();
        let task = &mut self.tasks[id];
        let Some((done, next)) = task.snapshots.finish_if_done(now, checkpoint) else {
            return;
        };
        let fact = Fact::AsyncPhaseEnded {
            checkpoint,
            task: id,
        };
        self.observer.observe(now, &fact);
        if !done.plan.too_large {
            task.reports.push((checkpoint, done.record));
            let delay = self.latencies.draw(ASYNC_END_TO_ACK);
            if !self.share_processor(Work::Ack(id, checkpoint), delay, agenda) {
                agenda.after(delay, Event::AckAtCoordinator(id, checkpoint));
            }
        }
        if let Some(next) = next {
            self.begin_async(id, next, agenda);
        }
    }

    /// A sink commits what the complete checkpoint holds: nothing else runs on its thread meanwhile.
    pub(crate) fn begin_commit(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda,
    ) {
        let (now, task) = (agenda.now(), &mut self.tasks[id]);
        let takes = task.sink.as_mut().map(|sink| sink.commit(checkpoint));
        let Some(takes) = takes.filter(|takes| !takes.is_zero()) else {
            return;
        };
        task.state = TaskState::Committing;
        task.clock.switch(now, TimeKind::Busy);
        task.generation += 1;
        agenda.after(takes, Event::Step(id, task.generation));
    }

    /// The tasks learn of an abort.
    pub(crate) fn abort_at_tasks(&mut self, checkpoint: CheckpointId, agenda: &mut Agenda) {
        self.channel_state.abort(checkpoint);
        self.storage.forget(checkpoint);
        for id in self.tasks.ids() {
            let task = &mut self.tasks[id];
            task.snapshots.abort(checkpoint);
            task.backend.forget(checkpoint);
            if task.state == TaskState::Suspended {
                task.state = TaskState::Waiting;
                self.runnable.push_back(id);
            }
            self.end_async_if_done(id, checkpoint, agenda);
        }
    }
}
