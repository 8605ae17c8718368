//! Barriers: from the source's mailbox through the channels to the snapshot of every task.
//!
//! `flink-semantics` 3.2 to 3.7.

use crate::engine::Agenda;
use crate::model::alignment::{Arrival, Span, Verdict};
use crate::model::event::Event;
use crate::model::ids::{ChannelId, CheckpointId, TaskId};
use crate::model::job::caching;
use crate::model::job::{Job, Wait};
use crate::model::network::{Barrier, BarrierKind, Channel, InFlight};
use crate::model::observe::{Fact, FailureReason, Observer};
use crate::model::task::{Mail, TaskOutput};
use crate::scenario::{Alignment, Mode};
use crate::units::SimDuration;

impl<O: Observer> Job<O> {
    /// The trigger RPCs have come: each source finds a mail in its box.
    pub(super) fn trigger_sources(&mut self, checkpoint: CheckpointId, agenda: &mut Agenda<Event>) {
        let urgent = self.scenario.checkpointing.alignment == Alignment::Unaligned;
        for task in 0..self.tasks.len() {
            if self.tasks[task].source.is_some() {
                let wait = Wait {
                    checkpoint,
                    task: TaskId(task as u32),
                    channel: None,
                    over: false,
                };
                self.tell_wait(wait, agenda.now());
                self.post(
                    TaskId(task as u32),
                    Mail::Trigger(checkpoint),
                    urgent,
                    agenda,
                );
            }
        }
    }

    /// A task reads a mail.
    pub(super) fn read_mail(&mut self, id: TaskId, mail: Mail, agenda: &mut Agenda<Event>) {
        match mail {
            Mail::Trigger(checkpoint) => {
                let first = agenda.now();
                let wait = Wait {
                    checkpoint,
                    task: id,
                    channel: None,
                    over: true,
                };
                self.tell_wait(wait, first);
                self.take_snapshot(
                    id,
                    checkpoint,
                    Span {
                        first,
                        waited: SimDuration::ZERO,
                        processed: 0,
                    },
                    None,
                    agenda,
                );
            }
            Mail::PriorityBarrier(channel, checkpoint) => {
                self.barrier(
                    id,
                    channel,
                    Barrier {
                        checkpoint,
                        kind: BarrierKind::Priority,
                    },
                    agenda,
                );
            }
            Mail::AlignmentTimeout(checkpoint) => self.switch_to_unaligned(id, checkpoint, agenda),
            Mail::Completed(checkpoint) => self.tasks[id.index()].state.confirm(checkpoint),
        }
    }

    /// A barrier has come to the head of its channel.
    pub(super) fn barrier_in_line(
        &mut self,
        id: TaskId,
        channel: ChannelId,
        barrier: Barrier,
        agenda: &mut Agenda<Event>,
    ) {
        match barrier.kind {
            // The mark of a barrier that has come as a priority event.
            BarrierKind::Priority => {}
            // As with a barrier, an older checkpoint that is still pending is given up first
            // (`SingleCheckpointBarrierHandler.processCancellationBarrier`).
            BarrierKind::Cancelled => {
                self.decline_older(id, barrier.checkpoint, agenda);
                self.cancel_at_task(id, barrier.checkpoint, agenda);
            }
            BarrierKind::Aligned | BarrierKind::Timeoutable | BarrierKind::NonBlocking => {
                self.barrier(id, channel, barrier, agenda);
            }
        }
    }

    fn barrier(
        &mut self,
        id: TaskId,
        channel: ChannelId,
        barrier: Barrier,
        agenda: &mut Agenda<Event>,
    ) {
        let now = agenda.now();
        let Barrier { checkpoint, kind } = barrier;
        self.decline_older(id, checkpoint, agenda);
        self.observer.observe(
            now,
            &Fact::BarrierProcessed {
                checkpoint,
                channel,
            },
        );
        let wait = Wait {
            checkpoint,
            task: id,
            channel: Some(channel),
            over: true,
        };
        self.tell_wait(wait, now);
        let age = now - self.info(checkpoint).trigger;
        let timed_out = matches!(self.scenario.checkpointing.alignment,
            Alignment::AlignedThenUnaligned { after } if age >= after);
        let polled = self.tasks[id.index()].counters.bytes;
        let arrival = Arrival {
            now,
            channel,
            checkpoint,
            kind,
            timed_out,
            polled,
        };
        match self.tasks[id.index()].alignment.on_barrier(arrival) {
            Verdict::Late => self.network.resume(now, channel),
            Verdict::Waiting => {
                let overtaking = self.tasks[id.index()]
                    .alignment
                    .pending(checkpoint)
                    .is_some_and(|p| p.overtaking);
                if overtaking {
                    self.collect_recorded(id, channel, checkpoint, now);
                    self.network.resume(now, channel);
                }
            }
            Verdict::Overtake { span, last } => {
                self.take_snapshot(id, checkpoint, span, Some(channel), agenda);
                if last {
                    self.complete_input(id, checkpoint, span, agenda);
                }
            }
            Verdict::Complete {
                span,
                overtaking: false,
            } => {
                let aligned = self.tasks[id.index()].alignment.take_aligned();
                self.tasks[id.index()].to_resume = aligned;
                self.take_snapshot(id, checkpoint, span, None, agenda);
            }
            Verdict::Complete {
                span,
                overtaking: true,
            } => {
                self.collect_recorded(id, channel, checkpoint, now);
                self.network.resume(now, channel);
                self.complete_input(id, checkpoint, span, agenda);
            }
        }
    }

    /// A newer barrier ends the alignment of an older checkpoint (`CHECKPOINT_DECLINED_SUBSUMED`).
    fn decline_older(&mut self, id: TaskId, checkpoint: CheckpointId, agenda: &mut Agenda<Event>) {
        if self.scenario.checkpointing.mode == Mode::AtLeastOnce {
            return;
        }
        while let Some(older) = self.tasks[id.index()].alignment.superseded_by(checkpoint) {
            self.cancel_at_task(id, older, agenda);
            self.abort_checkpoint(older, FailureReason::DeclinedSubsumed, agenda);
        }
    }

    /// The task gives the checkpoint up: it resumes what waited and tells its consumers.
    fn cancel_at_task(&mut self, id: TaskId, checkpoint: CheckpointId, agenda: &mut Agenda<Event>) {
        let now = agenda.now();
        let task = &mut self.tasks[id.index()];
        if task.alignment.is_over(checkpoint) {
            return;
        }
        for channel in task.alignment.cancel(checkpoint) {
            self.network.resume(now, channel);
        }
        self.broadcast_cancel(id, checkpoint, agenda);
        self.replay_cache(id);
    }

    /// Sends the barrier to all consumers, then begins the snapshot (3.4: the barrier leaves before the own state is
    /// taken). `overtaken_by` = the channel whose barrier makes the task overtake, if it does.
    fn take_snapshot(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        span: Span,
        overtaken_by: Option<ChannelId>,
        agenda: &mut Agenda<Event>,
    ) {
        if self.aborted.contains(&checkpoint) {
            self.resume_aligned(id, agenda.now());
            self.broadcast_cancel(id, checkpoint, agenda);
            self.replay_cache(id);
            return;
        }
        self.begin_snapshot(id, checkpoint, span, agenda);
        self.broadcast_barrier(id, checkpoint, overtaken_by.is_some(), agenda);
        if overtaken_by.is_some() {
            self.persist_inputs(id, checkpoint, overtaken_by, agenda);
        } else {
            self.complete_input(id, checkpoint, span, agenda);
        }
        self.replay_cache(id);
    }

    /// How the barrier of a checkpoint leaves on an output.
    fn kind_on(
        &self,
        output: &TaskOutput,
        checkpoint: CheckpointId,
        overtakes: bool,
        age: SimDuration,
    ) -> BarrierKind {
        let options = &self.scenario.checkpointing;
        if options.mode == Mode::AtLeastOnce
            || matches!(options.alignment, Alignment::Caching { .. })
        {
            return BarrierKind::NonBlocking;
        }
        // Savepoints are always aligned (1.4); some exchanges never overtake (3.6).
        if self.info(checkpoint).savepoint.is_some() || !output.supports_unaligned {
            return BarrierKind::Aligned;
        }
        match options.alignment {
            Alignment::Aligned | Alignment::Caching { .. } => BarrierKind::Aligned,
            Alignment::Unaligned => BarrierKind::Priority,
            Alignment::AlignedThenUnaligned { after } if overtakes || age >= after => {
                BarrierKind::Priority
            }
            Alignment::AlignedThenUnaligned { .. } => BarrierKind::Timeoutable,
        }
    }

    fn broadcast_barrier(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        overtakes: bool,
        agenda: &mut Agenda<Event>,
    ) {
        let now = agenda.now();
        let age = now - self.info(checkpoint).trigger;
        for position in 0..self.tasks[id.index()].outputs.len() {
            let output = &self.tasks[id.index()].outputs[position];
            let (partition, kind) = (
                output.partition,
                self.kind_on(output, checkpoint, overtakes, age),
            );
            let channels = self.network.partition(partition).channels.clone();
            for channel in channels.clone().map(ChannelId) {
                let priority = kind == BarrierKind::Priority;
                self.observer.observe(
                    now,
                    &Fact::BarrierSent {
                        checkpoint,
                        channel,
                        priority,
                    },
                );
                let wait = Wait {
                    checkpoint,
                    task: self.network.channel(channel).consumer,
                    channel: Some(channel),
                    over: false,
                };
                self.tell_wait(wait, now);
                if let Some(ledger) = &mut self.ledger {
                    ledger.barrier_sent(checkpoint, channel);
                }
            }
            match kind {
                BarrierKind::Priority => {
                    self.network.finish_open_buffers(now, partition);
                    for channel in channels.map(ChannelId) {
                        let with_sender = self.network.send_priority(now, channel, checkpoint);
                        self.persist(id, checkpoint, channel, with_sender, now);
                        self.send_priority(channel, checkpoint, agenda);
                    }
                }
                BarrierKind::Timeoutable => {
                    self.snapshot_of(id, checkpoint).barriers_waiting += channels.len() as u32;
                    self.network
                        .broadcast_in_line(now, partition, Barrier { checkpoint, kind });
                }
                BarrierKind::Aligned | BarrierKind::NonBlocking | BarrierKind::Cancelled => {
                    self.network
                        .broadcast_in_line(now, partition, Barrier { checkpoint, kind });
                }
            }
        }
    }

    fn send_priority(
        &mut self,
        channel: ChannelId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda<Event>,
    ) {
        let &Channel {
            remote, consumer, ..
        } = self.network.channel(channel);
        if remote {
            agenda.after(
                self.network.latency(),
                Event::PriorityBarrierAtTask {
                    channel,
                    checkpoint,
                },
            );
        } else {
            // At once: the consumer reads the same queue, and must not find the data behind the barrier first.
            let mail = Mail::PriorityBarrier(channel, checkpoint);
            self.post(consumer, mail, true, agenda);
        }
    }

    fn broadcast_cancel(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda<Event>,
    ) {
        for output in &self.tasks[id.index()].outputs {
            let barrier = Barrier {
                checkpoint,
                kind: BarrierKind::Cancelled,
            };
            self.network
                .broadcast_in_line(agenda.now(), output.partition, barrier);
        }
    }

    /// The task overtakes: what lies in its inputs in front of the missing barriers is in-flight data of the checkpoint,
    /// the unread rest of the buffer in hand included. Channels that an aligned barrier had blocked may go on.
    fn persist_inputs(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        by: Option<ChannelId>,
        agenda: &mut Agenda<Event>,
    ) {
        let now = agenda.now();
        let arrived = self.tasks[id.index()]
            .alignment
            .pending(checkpoint)
            .map(|p| p.arrived.clone())
            .unwrap_or_default();
        let aligned = |channel: ChannelId| Some(channel) != by && arrived.contains(&channel);
        let rests: Vec<_> = self.tasks[id.index()].rests_in_hand().collect();
        for (channel, rest) in rests.into_iter().filter(|(channel, _)| !aligned(*channel)) {
            self.snapshot_of(id, checkpoint).persist(rest.bytes);
            self.mishaps.cuts.note_in_flight(checkpoint, channel, rest);
            if let Some(ledger) = &mut self.ledger {
                ledger.persisted(checkpoint, channel, rest);
            }
        }
        for input in 0..self.tasks[id.index()].inputs.len() {
            let gate = self.tasks[id.index()].inputs[input].gate;
            for channel in self.network.gate(gate).channels.clone() {
                if aligned(channel) {
                    self.network.resume(now, channel);
                    continue;
                }
                let with_receiver = self.network.start_recording(channel, checkpoint);
                self.persist(id, checkpoint, channel, with_receiver, now);
            }
        }
        if let Some(channel) = by {
            self.network.resume(now, channel);
        }
    }

    fn collect_recorded(
        &mut self,
        id: TaskId,
        channel: ChannelId,
        checkpoint: CheckpointId,
        now: crate::units::SimTime,
    ) {
        let recorded = self.network.stop_recording(channel);
        self.persist(id, checkpoint, channel, recorded, now);
    }

    /// In-flight data of a channel becomes part of the task's snapshot, if that is still under way.
    fn persist(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        channel: ChannelId,
        data: InFlight,
        now: crate::units::SimTime,
    ) {
        let InFlight { records, bytes } = data;
        self.mishaps.cuts.note_in_flight(checkpoint, channel, data);
        self.observer.observe(
            now,
            &Fact::Persisted {
                checkpoint,
                channel,
                bytes,
                records,
            },
        );
        if let Some(snapshot) = self.tasks[id.index()].snapshots.get_mut(checkpoint) {
            snapshot.persist(bytes);
        }
        if let Some(ledger) = &mut self.ledger {
            ledger.persisted(checkpoint, channel, data);
        }
    }

    /// The checkpoint is as old as the aligned-checkpoint-timeout (3.7): barriers that wait at senders and, announced,
    /// at receivers are pulled to the head; tasks that align take their snapshots.
    pub(super) fn time_alignments_out(
        &mut self,
        checkpoint: CheckpointId,
        agenda: &mut Agenda<Event>,
    ) {
        let now = agenda.now();
        for channel in (0..self.network.channels().len() as u32).map(ChannelId) {
            if let Some(overtaken) = self.network.prioritise_at_sender(now, channel, checkpoint) {
                let producer = self.network.channel(channel).producer;
                self.persist(producer, checkpoint, channel, overtaken, now);
                if let Some(snapshot) = self.tasks[producer.index()].snapshots.get_mut(checkpoint) {
                    snapshot.record.unaligned = true;
                }
                self.barrier_departed(producer, checkpoint, agenda);
                self.send_priority(channel, checkpoint, agenda);
            } else if self
                .network
                .prioritise_at_receiver(now, channel, checkpoint)
            {
                let consumer = self.network.channel(channel).consumer;
                self.post(
                    consumer,
                    Mail::PriorityBarrier(channel, checkpoint),
                    true,
                    agenda,
                );
            }
        }
        for task in (0..self.tasks.len() as u32).map(TaskId) {
            if self.tasks[task.index()]
                .alignment
                .pending(checkpoint)
                .is_some()
            {
                self.post(task, Mail::AlignmentTimeout(checkpoint), true, agenda);
            }
        }
    }

    fn switch_to_unaligned(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda<Event>,
    ) {
        if !self.tasks[id.index()].alignment.on_timeout(checkpoint) {
            return;
        }
        let now = agenda.now();
        let task = &self.tasks[id.index()];
        let pending = task
            .alignment
            .pending(checkpoint)
            .expect("it has just been found");
        let processed = task.counters.bytes - pending.polled_at_first;
        let span = Span {
            first: pending.first,
            waited: now - pending.first,
            processed,
        };
        if self.aborted.contains(&checkpoint) {
            self.cancel_at_task(id, checkpoint, agenda);
            return;
        }
        self.begin_snapshot(id, checkpoint, span, agenda);
        self.broadcast_barrier(id, checkpoint, true, agenda);
        self.persist_inputs(id, checkpoint, None, agenda);
    }

    /// Time-outable barriers have left their subpartitions: the acks of their tasks need not wait for them any more.
    pub(super) fn note_departed_barriers(&mut self, agenda: &mut Agenda<Event>) {
        for (task, checkpoint) in self.network.take_departed() {
            self.barrier_departed(task, checkpoint, agenda);
        }
    }

    pub(super) fn resume_aligned(&mut self, id: TaskId, now: crate::units::SimTime) {
        for channel in std::mem::take(&mut self.tasks[id.index()].to_resume) {
            self.network.resume(now, channel);
        }
    }

    /// Old Flink: after the alignment, what was cached is read before anything else.
    fn replay_cache(&mut self, id: TaskId) {
        caching::begin_replay(&mut self.tasks[id.index()], &self.network);
    }
}
