//! Barriers: from the source's mailbox through the channels to the snapshot of every task.
//!
//! `flink-semantics` 3.2 to 3.5.

use crate::engine::Agenda;
use crate::model::checkpoint::alignment::{Arrival, Span, Verdict};
use crate::model::event::Event;
use crate::model::ids::{ChannelId, CheckpointId, TaskId};
use crate::model::network::{Barrier, BarrierKind};
use crate::model::observe::{Fact, FailureReason, Observer};
use crate::model::task::barrier_buffer;
use crate::model::task::{Mail, TaskOutput};
use crate::model::{Job, Wait};
use crate::scenario::{Alignment, Mode};
use crate::units::{SimDuration, SimTime};

impl<O: Observer> Job<O> {
    /// The trigger RPCs have come: each source finds a mail in its box.
    pub(crate) fn trigger_sources(&mut self, checkpoint: CheckpointId, agenda: &mut Agenda<Event>) {
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
    pub(crate) fn read_mail(&mut self, id: TaskId, mail: Mail, agenda: &mut Agenda<Event>) {
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
                self.priority_barrier(id, channel, checkpoint, agenda);
            }
            Mail::AlignmentTimeout(checkpoint) => self.switch_to_unaligned(id, checkpoint, agenda),
            Mail::Completed(checkpoint) => self.tasks[id.index()].state.confirm(checkpoint),
        }
    }

    /// A barrier has come to the head of its channel.
    pub(crate) fn barrier_in_line(
        &mut self,
        id: TaskId,
        channel: ChannelId,
        barrier: Barrier,
        agenda: &mut Agenda<Event>,
    ) {
        match barrier.kind {
            BarrierKind::Priority => {
                self.priority_barrier(id, channel, barrier.checkpoint, agenda);
            }
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

    pub(crate) fn barrier(
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
            Verdict::Late => self.network.resume(now, channel, checkpoint),
            Verdict::Waiting => {
                let overtaking = self.tasks[id.index()]
                    .alignment
                    .pending(checkpoint)
                    .is_some_and(|p| p.overtaking);
                if overtaking {
                    self.collect_recorded(id, channel, checkpoint, now);
                    self.network.resume(now, channel, checkpoint);
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
                self.take_snapshot(id, checkpoint, span, None, agenda);
            }
            Verdict::Complete {
                span,
                overtaking: true,
            } => {
                self.collect_recorded(id, channel, checkpoint, now);
                self.network.resume(now, channel, checkpoint);
                self.complete_input(id, checkpoint, span, agenda);
            }
        }
    }

    /// A newer barrier ends the alignment of an older checkpoint (`CHECKPOINT_DECLINED_SUBSUMED`).
    fn decline_older(&mut self, id: TaskId, checkpoint: CheckpointId, agenda: &mut Agenda<Event>) {
        if let Some(older) = self.tasks[id.index()].alignment.superseded_by(checkpoint) {
            self.cancel_at_task(id, older, agenda);
            self.abort_checkpoint(older, FailureReason::DeclinedSubsumed, agenda);
        }
    }

    /// The task gives the checkpoint up: it resumes what waited and tells its consumers.
    pub(crate) fn cancel_at_task(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda<Event>,
    ) {
        if !self.tasks[id.index()].alignment.is_over(checkpoint) {
            self.give_up_at_task(id, checkpoint, agenda);
        }
    }

    /// The same for a checkpoint whose alignment may have just ended.
    fn give_up_at_task(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda<Event>,
    ) {
        let alignment = &mut self.tasks[id.index()].alignment;
        let arrived = alignment.arrived(checkpoint);
        alignment.cancel(checkpoint);
        for channel in arrived {
            self.network.resume(agenda.now(), channel, checkpoint);
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
            self.give_up_at_task(id, checkpoint, agenda);
            return;
        }
        if overtaken_by.is_none() {
            let task = &mut self.tasks[id.index()];
            task.to_resume = task.alignment.take_aligned();
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

    pub(crate) fn broadcast_barrier(
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

    /// Time-outable barriers have left their subpartitions: the acks of their tasks need not wait for them any more.
    pub(crate) fn note_departed_barriers(&mut self, agenda: &mut Agenda<Event>) {
        for (task, checkpoint) in self.network.take_departed() {
            self.barrier_departed(task, checkpoint, agenda);
        }
    }

    /// The channels of the alignment that ended with this checkpoint's last barrier may go on.
    pub(crate) fn resume_aligned(&mut self, id: TaskId, checkpoint: CheckpointId, now: SimTime) {
        for channel in std::mem::take(&mut self.tasks[id.index()].to_resume) {
            self.network.resume(now, channel, checkpoint);
        }
    }

    /// Old Flink: after the alignment, what was cached is read before anything else.
    fn replay_cache(&mut self, id: TaskId) {
        barrier_buffer::begin_replay(&mut self.tasks[id.index()], &self.network);
    }
}
