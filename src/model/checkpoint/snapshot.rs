//! Snapshots: the sync phase that blocks the task, the async phase that uploads, the ack.
//!
//! `flink-semantics` 3.4, 3.5, 5.

use crate::engine::Agenda;
use crate::model::Job;
use crate::model::checkpoint::alignment::Span;
use crate::model::checkpoint::channel_state::SharedFile;
use crate::model::checkpoint::snapshot_record::Snapshot;
use crate::model::event::Event;
use crate::model::ids::{CheckpointId, GateId, TaskId};
use crate::model::observe::{Fact, FailureReason, FileStep, Observer};
use crate::model::state::SnapshotKind;
use crate::model::storage::{Direction, File, FileId, FileOwner};
use crate::model::task::{Doing, Spending};
use crate::scenario::calibration::ASYNC_END_TO_ACK;
use crate::units::{Bytes, SimDuration, SimTime};

/// So many transfers that share bandwidth are as much work as an event.
const TRANSFERS_PER_EVENT: u64 = 100;

impl<O: Observer> Job<O> {
    /// The sync phase begins: the task is blocked.
    pub(crate) fn begin_snapshot(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        span: Span,
        agenda: &mut Agenda<Event>,
    ) {
        let now = agenda.now();
        let info = self.info(checkpoint);
        let kind = info
            .savepoint
            .map_or(SnapshotKind::Checkpoint, SnapshotKind::Savepoint);
        let task = &mut self.tasks[id.index()];
        let mut plan = task
            .state
            .snapshot(now, task.counters.records, checkpoint, kind);
        plan.sync += self.scenario.vertices[task.vertex].sync_extra;
        self.note_cut(id, checkpoint);
        let task = &mut self.tasks[id.index()];
        let start_delay = span.first - info.trigger;
        let sync = plan.sync;
        let mut snapshot = Snapshot::new(checkpoint, plan, start_delay);
        snapshot.input_complete = false;
        snapshot.channel_state_written =
            !(self.scenario.checkpointing.may_overtake() && info.savepoint.is_none());
        task.snapshots.begin(snapshot);
        task.doing = Doing::Snapshotting;
        task.clock.switch(now, Spending::Busy);
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
        agenda.after(
            sync,
            Event::SyncPhaseDone {
                task: id,
                checkpoint,
            },
        );
    }

    /// The snapshot of a task that takes part in the checkpoint.
    pub(crate) fn snapshot_of(&mut self, id: TaskId, checkpoint: CheckpointId) -> &mut Snapshot {
        self.tasks[id.index()]
            .snapshots
            .get_mut(checkpoint)
            .expect("the snapshot has begun and its async part runs on")
    }

    /// All barriers of the task have come.
    pub(crate) fn complete_input(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        span: Span,
        agenda: &mut Agenda<Event>,
    ) {
        let Some(snapshot) = self.tasks[id.index()].snapshots.get_mut(checkpoint) else {
            return;
        };
        snapshot.input_complete = true;
        snapshot.record.alignment = span.waited;
        snapshot.record.processed = Bytes::new(span.processed);
        self.hand_in_channel_state(id, checkpoint, agenda);
    }

    /// A time-outable barrier has left one of the task's subpartitions.
    pub(crate) fn barrier_departed(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda<Event>,
    ) {
        let Some(snapshot) = self.tasks[id.index()].snapshots.get_mut(checkpoint) else {
            return;
        };
        snapshot.barriers_waiting = snapshot.barriers_waiting.saturating_sub(1);
        if snapshot.barriers_waiting == 0 {
            self.hand_in_channel_state(id, checkpoint, agenda);
        }
    }

    /// The task's in-flight data is known: the last of those who share a file writes it.
    fn hand_in_channel_state(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda<Event>,
    ) {
        let Some(snapshot) = self.tasks[id.index()].snapshots.get_mut(checkpoint) else {
            return;
        };
        if !snapshot.input_complete || snapshot.barriers_waiting > 0 {
            return;
        }
        if !snapshot.channel_state_written {
            let persisted = snapshot.record.persisted.get();
            snapshot.record.unaligned |= persisted > 0;
            if let Some(SharedFile { group, bytes }) =
                self.channel_state.hand_in(id, checkpoint, persisted)
            {
                self.write_channel_state(group, bytes, checkpoint, agenda);
            }
        }
        self.end_async_if_done(id, checkpoint, agenda);
    }

    fn write_channel_state(
        &mut self,
        group: usize,
        bytes: u64,
        checkpoint: CheckpointId,
        agenda: &mut Agenda<Event>,
    ) {
        if bytes <= self.scenario.checkpointing.inline_threshold.get() {
            self.channel_state_written(group, checkpoint, agenda);
            return;
        }
        let taskmanager = self.taskmanager_of[self.channel_state.members(group)[0].index()];
        let owner = FileOwner::ChannelState(group, checkpoint);
        self.open_file(
            File {
                owner,
                taskmanager,
                bytes,
            },
            agenda,
        );
    }

    fn channel_state_written(
        &mut self,
        group: usize,
        checkpoint: CheckpointId,
        agenda: &mut Agenda<Event>,
    ) {
        for id in self.channel_state.members(group).to_vec() {
            if let Some(snapshot) = self.tasks[id.index()].snapshots.get_mut(checkpoint) {
                snapshot.channel_state_written = true;
                self.end_async_if_done(id, checkpoint, agenda);
            }
        }
    }

    /// The task may process again; inputs that waited are resumed only now (3.3).
    pub(crate) fn end_sync_phase(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda<Event>,
    ) {
        let now = agenda.now();
        self.resume_aligned(id, checkpoint, now);
        self.observer.observe(
            now,
            &Fact::SyncPhaseEnded {
                checkpoint,
                task: id,
            },
        );
        let task = &mut self.tasks[id.index()];
        task.doing = Doing::Waiting;
        if task.snapshots.enqueue_async(now, checkpoint) {
            self.begin_async(id, checkpoint, agenda);
        }
        self.runnable.push_back(id);
    }

    fn begin_async(&mut self, id: TaskId, checkpoint: CheckpointId, agenda: &mut Agenda<Event>) {
        if self.observer.looks_closely() {
            let task = id;
            let fact = Fact::AsyncPhaseBegan { checkpoint, task };
            self.observer.observe(agenda.now(), &fact);
        }
        let plan = &self.snapshot_of(id, checkpoint).plan;
        let (fixed, overhead) = (plan.fixed, plan.overhead);
        agenda.after(
            fixed + self.latencies.draw(overhead),
            Event::AsyncFixedPartDone {
                task: id,
                checkpoint,
            },
        );
    }

    fn upload_next_files(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda<Event>,
    ) {
        let taskmanager = self.taskmanager_of[id.index()];
        while let Some(bytes) = self.snapshot_of(id, checkpoint).next_file() {
            self.open_file(
                File {
                    owner: FileOwner::State(id, checkpoint),
                    taskmanager,
                    bytes,
                },
                agenda,
            );
        }
    }

    pub(crate) fn open_file(&mut self, file: File, agenda: &mut Agenda<Event>) {
        let id = self.storage.create(file);
        self.tell_file(id, FileStep::Created(file), agenda.now());
        agenda.after(self.storage.open_time(), Event::FileOpened { file: id });
    }

    /// Tells those who look closely what happened to a file.
    pub(crate) fn tell_file(&mut self, file: FileId, step: FileStep, now: SimTime) {
        if self.observer.looks_closely() {
            self.observer.observe(now, &Fact::File { file, step });
        }
    }

    pub(crate) fn forecast_transfers(&mut self, direction: Direction, agenda: &mut Agenda<Event>) {
        // Each of them has got another rate.
        agenda.toil(self.storage.moving(direction) / TRANSFERS_PER_EVENT);
        if let Some((end, forecast)) = self.storage.forecast(direction) {
            let done = Event::TransferDone {
                direction,
                forecast,
            };
            agenda.at(end.max(agenda.now()), done);
        }
    }

    pub(crate) fn end_transfers(&mut self, direction: Direction, agenda: &mut Agenda<Event>) {
        for file in self.storage.take_ended(agenda.now(), direction) {
            self.tell_file(file, FileStep::Through, agenda.now());
            let closed = self.storage.close_time(direction);
            agenda.after(closed, Event::FileClosed { file });
        }
        self.forecast_transfers(direction, agenda);
    }

    pub(crate) fn close_file(&mut self, file: FileId, agenda: &mut Agenda<Event>) {
        let File { owner, bytes, .. } = self.storage.closed(file);
        self.tell_file(file, FileStep::Closed, agenda.now());
        match owner {
            FileOwner::State(id, checkpoint) => {
                self.snapshot_of(id, checkpoint).files_open -= 1;
                self.upload_next_files(id, checkpoint, agenda);
                self.end_async_if_done(id, checkpoint, agenda);
            }
            FileOwner::Restore(id) => self.read_state_file(id, bytes, agenda),
            FileOwner::Materialisation(id) => self.materialised_file(id, agenda),
            FileOwner::ChannelState(group, checkpoint) => {
                self.channel_state_written(group, checkpoint, agenda);
            }
        }
    }

    pub(crate) fn end_async_fixed_part(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda<Event>,
    ) {
        if self.observer.looks_closely() {
            let task = id;
            let fact = Fact::UploadBegan { checkpoint, task };
            self.observer.observe(agenda.now(), &fact);
        }
        let snapshot = self.snapshot_of(id, checkpoint);
        snapshot.fixed_over = true;
        if snapshot.plan.too_large {
            self.abort_checkpoint(checkpoint, FailureReason::AsyncException, agenda);
        }
        self.upload_next_files(id, checkpoint, agenda);
        self.end_async_if_done(id, checkpoint, agenda);
    }

    fn end_async_if_done(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda<Event>,
    ) {
        let now = agenda.now();
        let snapshots = &mut self.tasks[id.index()].snapshots;
        if snapshots.running() != Some(checkpoint)
            || !snapshots.get(checkpoint).is_some_and(Snapshot::is_done)
        {
            return;
        }
        let (mut done, next) = snapshots.finish(now, checkpoint);
        done.record.checkpointed += done.record.persisted;
        done.record.state_size += done.record.persisted;
        self.observer.observe(
            now,
            &Fact::AsyncPhaseEnded {
                checkpoint,
                task: id,
            },
        );
        if !done.plan.too_large {
            self.tasks[id.index()]
                .reports
                .push((checkpoint, done.record));
            agenda.after(
                self.latencies.draw(ASYNC_END_TO_ACK),
                Event::AckAtCoordinator {
                    task: id,
                    checkpoint,
                },
            );
        }
        if let Some(next) = next {
            self.begin_async(id, next, agenda);
        }
    }

    /// The tasks learn of an abort: parts that nobody will complete are not waited for; uploads that run go on (an
    /// expired checkpoint does not free the upload).
    pub(crate) fn abort_at_tasks(&mut self, checkpoint: CheckpointId, agenda: &mut Agenda<Event>) {
        self.channel_state.abort(checkpoint);
        for id in (0..self.tasks.len() as u32).map(TaskId) {
            let snapshots = &mut self.tasks[id.index()].snapshots;
            snapshots.abort(checkpoint);
            self.tasks[id.index()].state.forget(checkpoint);
            let snapshots = &mut self.tasks[id.index()].snapshots;
            if let Some(snapshot) = snapshots.get_mut(checkpoint) {
                snapshot.input_complete = true;
                snapshot.barriers_waiting = 0;
                snapshot.channel_state_written = true;
                self.end_async_if_done(id, checkpoint, agenda);
            }
        }
    }

    pub(crate) fn schedule_debloating(&mut self, id: TaskId, agenda: &mut Agenda<Event>) {
        let Some(options) = self.scenario.network.debloating else {
            return;
        };
        for input in &self.tasks[id.index()].inputs {
            agenda.after(options.period, Event::Debloat { gate: input.gate });
        }
    }

    /// A gate announces how large the buffers are that it wants (4.5); those requested from now on are.
    pub(crate) fn debloat(&mut self, gate: GateId, agenda: &mut Agenda<Event>) {
        let Some(options) = self.scenario.network.debloating else {
            return;
        };
        agenda.after(options.period, Event::Debloat { gate });
        let now = agenda.now();
        let task = &self.tasks[self.network.gate(gate).consumer.index()];
        let bytes = task
            .inputs
            .iter()
            .find(|input| input.gate == gate)
            .map_or(0, |input| input.bytes);
        let idle = task.clock.spent(now, Spending::Idle);
        let in_use = self.network.buffers_in_use(gate);
        let announced = self.debloaters[gate.index()].measure(
            &options,
            bytes,
            now.since(SimTime::ZERO).saturating_sub(idle),
            in_use,
        );
        if let Some(size) = announced {
            for channel in self.network.gate(gate).channels.clone() {
                self.network.set_capacity(channel, size);
            }
        }
    }

    pub(crate) fn metadata_delay(&mut self) -> SimDuration {
        let storage = &self.scenario.storage;
        match self.scenario.checkpointing.storage {
            crate::scenario::CheckpointStorage::FileSystem => storage.open + storage.close,
            crate::scenario::CheckpointStorage::JobManager { .. } => SimDuration::ZERO,
        }
    }
}
