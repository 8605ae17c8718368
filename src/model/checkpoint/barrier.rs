//! Barriers at a task: from the source's mailbox through the alignment to the snapshot, and out to the consumers.
//!
//! `flink-semantics` 3.2 to 3.5 (`SingleCheckpointBarrierHandler`), 3.6 and 3.7 (its alternating states), at-least-once
//! (`CheckpointBarrierTracker`). One handler serves all gates of a task. It blocks nothing itself: the sender has stopped
//! already; it remembers which channels to resume.

#[cfg(test)]
mod tests;

use crate::model::Job;
use crate::model::event::{Agenda, Event};
use crate::model::ids::{ChannelId, CheckpointId, PartitionId, TaskId};
use crate::model::network::{Barrier, BarrierKind, InFlight};
use crate::model::observe::{Fact, FailureReason, Observer};
use crate::model::task::activity::Mail;
use crate::scenario::calibration::TRIGGER_WAKE;
use crate::scenario::{self, Mode};
use crate::units::{SimDuration, SimTime};

/// Which inputs of a task have seen the barrier, and when its snapshot may be taken.
#[derive(Clone, Debug)]
pub struct Alignment {
    /// Open channels over all gates; 0 for a source.
    channels: u32,
    mode: Mode,
    /// At-least-once keeps several checkpoints; exactly-once at most one.
    pending: Vec<Pending>,
    /// Barriers up to this checkpoint come too late.
    finished: Option<CheckpointId>,
    /// Channels of the alignment that ended last: to resume after the sync phase.
    aligned: Vec<ChannelId>,
}

/// A checkpoint some of whose barriers have come.
#[derive(Clone, Debug)]
struct Pending {
    checkpoint: CheckpointId,
    /// When the first barrier was processed, and the bytes that the task had polled by then.
    first: SimTime,
    polled_at_first: u64,
    /// Its barriers may become unaligned: one of them was time-outable. Those of an exchange that never overtakes are not
    /// (`FORCED_ALIGNED`, `flink-semantics` 3.6).
    timeoutable: bool,
    /// The snapshot is under way and barriers overtake.
    overtaking: bool,
    /// Channels whose barrier has come.
    arrived: Vec<ChannelId>,
}

/// What a barrier means for the task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Too late: the channel may go on.
    Late,
    /// Others are still to come.
    Aligning,
    /// It was the last one: the task takes its snapshot.
    Aligned {
        /// First to last barrier.
        span: Span,
    },
    /// Snapshot now, although barriers are missing: barriers overtake.
    Overtake {
        /// First to this barrier.
        span: Span,
        /// No barrier is missing.
        last: bool,
    },
    /// The snapshot was taken at an earlier barrier: what has come on this channel since is in-flight data.
    Overtaken {
        /// First to this barrier.
        span: Span,
        /// No barrier is missing.
        last: bool,
    },
}

/// From a checkpoint's first barrier at a task to a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// When the first barrier was processed.
    pub first: SimTime,
    /// From there to the barrier in question.
    pub waited: SimDuration,
    /// Bytes polled in between.
    pub processed: u64,
}

/// A barrier at the task, with what the handler needs to know of the moment.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// When it is processed.
    pub now: SimTime,
    /// Where it came from.
    pub channel: ChannelId,
    /// Whose barrier it is.
    pub checkpoint: CheckpointId,
    /// How it travelled.
    pub kind: BarrierKind,
    /// The checkpoint is older than the aligned-checkpoint-timeout.
    pub timed_out: bool,
    /// Bytes the task has polled so far.
    pub polled: u64,
}

impl Pending {
    fn until(&self, now: SimTime, polled: u64) -> Span {
        Span {
            first: self.first,
            waited: now - self.first,
            processed: polled - self.polled_at_first,
        }
    }
}

impl Alignment {
    /// A handler for so many channels.
    pub fn new(channels: u32, mode: Mode) -> Self {
        Alignment {
            channels,
            mode,
            pending: Vec::new(),
            finished: None,
            aligned: Vec::new(),
        }
    }

    /// A handler of the same channels that has seen nothing.
    #[must_use]
    pub fn fresh(&self) -> Self {
        Alignment::new(self.channels, self.mode)
    }

    fn position(&self, checkpoint: CheckpointId) -> Option<usize> {
        let mut pending = self.pending.iter();
        pending.position(|pending| pending.checkpoint == checkpoint)
    }

    /// Whether some barrier of the checkpoint has come, and not all.
    pub fn is_pending(&self, checkpoint: CheckpointId) -> bool {
        self.position(checkpoint).is_some()
    }

    /// Whether this channel has delivered the barrier of a pending checkpoint.
    pub fn has_arrived(&self, channel: ChannelId) -> bool {
        self.pending
            .iter()
            .any(|pending| pending.arrived.contains(&channel))
    }

    /// A barrier has reached the task.
    pub fn on_barrier(&mut self, arrival: Arrival) -> Verdict {
        let Arrival {
            now,
            channel,
            checkpoint,
            kind,
            timed_out,
            polled,
        } = arrival;
        if self.is_over(checkpoint) {
            return Verdict::Late;
        }
        let position = self.position(checkpoint).unwrap_or_else(|| {
            self.pending.push(Pending {
                checkpoint,
                first: now,
                polled_at_first: polled,
                timeoutable: false,
                overtaking: false,
                arrived: Vec::with_capacity(self.channels as usize),
            });
            self.pending.len() - 1
        });
        let pending = &mut self.pending[position];
        pending.arrived.push(channel);
        pending.timeoutable |= kind == BarrierKind::Timeoutable;
        let last = pending.arrived.len() == self.channels as usize;
        let span = pending.until(now, polled);
        // A time-outable barrier that is the last one finds the task aligned: nothing is left to overtake.
        let switches = match kind {
            BarrierKind::Priority => true,
            BarrierKind::Timeoutable => timed_out && !last,
            BarrierKind::Aligned | BarrierKind::NonBlocking | BarrierKind::Cancelled => false,
        };
        let starts = switches && !pending.overtaking;
        pending.overtaking |= switches;
        let overtaking = pending.overtaking;
        if last {
            self.aligned = self.finish(position).arrived;
        }
        match (starts, overtaking) {
            (true, _) => Verdict::Overtake { span, last },
            (false, true) => Verdict::Overtaken { span, last },
            (false, false) if last => Verdict::Aligned { span },
            (false, false) => Verdict::Aligning,
        }
    }

    /// The channels whose barrier of this checkpoint has come; those of an alignment that has ended only once.
    pub fn arrived(&mut self, checkpoint: CheckpointId) -> Vec<ChannelId> {
        match self.position(checkpoint) {
            Some(position) => self.pending[position].arrived.clone(),
            None => self.take_aligned(),
        }
    }

    /// The channels whose barriers made up the alignment that ended last; empty when asked again.
    pub fn take_aligned(&mut self) -> Vec<ChannelId> {
        std::mem::take(&mut self.aligned)
    }

    /// The time-out has passed, and the task has polled so many bytes. If it has processed some barrier, it must take its
    /// snapshot now: from the first barrier to now.
    pub fn on_timeout(
        &mut self,
        checkpoint: CheckpointId,
        now: SimTime,
        polled: u64,
    ) -> Option<Span> {
        let position = self.position(checkpoint)?;
        let pending = &mut self.pending[position];
        let switches = pending.timeoutable && !std::mem::replace(&mut pending.overtaking, true);
        switches.then(|| pending.until(now, polled))
    }

    /// The checkpoint was cancelled: channels that waited for it, to resume. Its barriers come too late from now on.
    pub fn cancel(&mut self, checkpoint: CheckpointId) -> Vec<ChannelId> {
        let waiting = self.arrived(checkpoint);
        if !self.is_over(checkpoint) {
            if let Some(position) = self.position(checkpoint) {
                self.finish(position);
            }
            self.finished = self.finished.max(Some(checkpoint));
        }
        waiting
    }

    /// With exactly-once a newer barrier makes the pending checkpoint pointless (`CHECKPOINT_DECLINED_SUBSUMED`): which.
    pub fn superseded_by(&self, checkpoint: CheckpointId) -> Option<CheckpointId> {
        if self.mode == Mode::AtLeastOnce {
            return None;
        }
        let mut pending = self.pending.iter().map(|pending| pending.checkpoint);
        pending.find(|older| *older < checkpoint)
    }

    /// Whether barriers of this checkpoint come too late. With exactly-once a newer barrier, which may have overtaken them,
    /// is enough (`SingleCheckpointBarrierHandler.processBarrier`).
    pub fn is_over(&self, checkpoint: CheckpointId) -> bool {
        let exactly_once = self.mode == Mode::ExactlyOnce;
        self.finished.is_some_and(|finished| checkpoint <= finished)
            || exactly_once && self.pending.iter().any(|p| p.checkpoint > checkpoint)
    }

    /// The checkpoint is no longer pending, and neither are older ones (`CheckpointBarrierTracker.processBarrier`).
    fn finish(&mut self, position: usize) -> Pending {
        let done = self.pending.swap_remove(position);
        self.pending.retain(|p| p.checkpoint > done.checkpoint);
        self.finished = self.finished.max(Some(done.checkpoint));
        done
    }
}

/// Why a task takes its snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It has all barriers, or does not wait for them.
    Aligned,
    /// A barrier makes it overtake.
    Overtakes {
        /// The channel whose barrier does; `None` = its alignment has timed out.
        by: Option<ChannelId>,
        /// No other barrier is missing.
        last: bool,
    },
}

/// An end of a wait for a barrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    Begins,
    Over,
}

impl<O: Observer> Job<O> {
    /// The trigger RPCs have come: each source's thread is woken.
    pub(crate) fn trigger_sources(&mut self, checkpoint: CheckpointId, agenda: &mut Agenda) {
        for id in self.tasks.ids() {
            if let Some(source) = &mut self.tasks[id].source {
                // A later trigger does not overtake an earlier one in the mailbox.
                let awake = agenda.now() + self.latencies.draw(TRIGGER_WAKE);
                source.awake = source.awake.max(awake);
                agenda.at(source.awake, Event::SourceAwake(id, checkpoint));
            }
        }
    }

    /// A source finds the trigger in its mailbox.
    pub(crate) fn trigger_source(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda,
    ) {
        let urgent = self.scenario.checkpointing.alignment == scenario::Alignment::Unaligned;
        self.emit_wait(Wait::Begins, checkpoint, id, None, agenda.now());
        self.post(id, Mail::Trigger(checkpoint), urgent, agenda);
    }

    /// A task reads a mail.
    pub(crate) fn read_mail(&mut self, id: TaskId, mail: Mail, agenda: &mut Agenda) {
        match mail {
            Mail::Trigger(checkpoint) => {
                let span = Span {
                    first: agenda.now(),
                    waited: SimDuration::ZERO,
                    processed: 0,
                };
                self.emit_wait(Wait::Over, checkpoint, id, None, agenda.now());
                self.take_snapshot(id, checkpoint, (span, Cause::Aligned), agenda);
            }
            Mail::PriorityBarrier(channel, checkpoint) => {
                self.priority_barrier(id, channel, checkpoint, agenda);
            }
            Mail::AlignmentTimeout(checkpoint) => self.switch_to_unaligned(id, checkpoint, agenda),
            Mail::Completed(checkpoint) => {
                self.tasks[id].backend.confirm(checkpoint);
                self.begin_commit(id, checkpoint, agenda);
            }
            Mail::Timers => self.read_timers(id, agenda),
        }
    }

    /// A barrier has come to the head of its channel.
    pub(crate) fn barrier_in_line(
        &mut self,
        id: TaskId,
        channel: ChannelId,
        barrier: Barrier,
        agenda: &mut Agenda,
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
                self.process_barrier(id, channel, barrier, agenda);
            }
        }
    }

    /// A barrier counts: the task aligns on, takes its snapshot, or has what was in flight on this channel.
    pub(crate) fn process_barrier(
        &mut self,
        id: TaskId,
        channel: ChannelId,
        Barrier { checkpoint, kind }: Barrier,
        agenda: &mut Agenda,
    ) {
        let now = agenda.now();
        self.decline_older(id, checkpoint, agenda);
        let fact = Fact::BarrierProcessed {
            checkpoint,
            channel,
        };
        self.observer.observe(now, &fact);
        self.emit_wait(Wait::Over, checkpoint, id, Some(channel), now);
        let age = now - self.info(checkpoint).trigger;
        let alignment = self.scenario.checkpointing.alignment;
        let timed_out = matches!(alignment,
            scenario::Alignment::AlignedThenUnaligned { after } if age >= after);
        let task = &mut self.tasks[id];
        let verdict = task.alignment.on_barrier(Arrival {
            now,
            channel,
            checkpoint,
            kind,
            timed_out,
            polled: task.counters.bytes,
        });
        match verdict {
            Verdict::Late => self.network.resume(now, channel, checkpoint),
            Verdict::Aligning => {}
            Verdict::Aligned { span } => {
                self.take_snapshot(id, checkpoint, (span, Cause::Aligned), agenda);
            }
            Verdict::Overtake { span, last } => {
                let by = Some(channel);
                let cause = Cause::Overtakes { by, last };
                self.take_snapshot(id, checkpoint, (span, cause), agenda);
            }
            Verdict::Overtaken { span, last } => {
                self.persist_recorded(id, checkpoint, channel, now);
                self.network.resume(now, channel, checkpoint);
                if last {
                    self.complete_input(id, checkpoint, span, agenda);
                }
            }
        }
    }

    /// A newer barrier ends the alignment of an older checkpoint (`CHECKPOINT_DECLINED_SUBSUMED`).
    fn decline_older(&mut self, id: TaskId, checkpoint: CheckpointId, agenda: &mut Agenda) {
        if let Some(older) = self.tasks[id].alignment.superseded_by(checkpoint) {
            self.cancel_at_task(id, older, agenda);
            self.abort_checkpoint(older, FailureReason::DeclinedSubsumed, agenda);
        }
    }

    /// The task gives the checkpoint up: it resumes what waited and sends cancel markers to its consumers.
    pub(crate) fn cancel_at_task(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda,
    ) {
        if !self.tasks[id].alignment.is_over(checkpoint) {
            self.give_up_at_task(id, checkpoint, agenda);
        }
    }

    /// The same for a checkpoint whose alignment may have just ended.
    pub(crate) fn give_up_at_task(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda,
    ) {
        let now = agenda.now();
        for channel in self.tasks[id].alignment.cancel(checkpoint) {
            self.network.resume(now, channel, checkpoint);
        }
        for output in &self.tasks[id].outputs {
            let kind = BarrierKind::Cancelled;
            let marker = Barrier { checkpoint, kind };
            self.network
                .broadcast_in_line(now, output.partition, marker);
        }
        self.tasks[id].begin_replay(&self.network);
    }

    /// How the barrier of a checkpoint leaves on an output.
    fn kind_on(
        &self,
        supports_unaligned: bool,
        checkpoint: CheckpointId,
        overtakes: bool,
        age: SimDuration,
    ) -> BarrierKind {
        use scenario::Alignment;
        let options = &self.scenario.checkpointing;
        if options.mode == Mode::AtLeastOnce
            || matches!(options.alignment, Alignment::Caching { .. })
        {
            return BarrierKind::NonBlocking;
        }
        // Savepoints are always aligned (`flink-semantics` 1.4); some exchanges never overtake (`flink-semantics` 3.6).
        if self.info(checkpoint).savepoint.is_some() || !supports_unaligned {
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

    /// Sends the barrier of the task's snapshot into all its channels.
    pub(crate) fn broadcast_barrier(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        overtakes: bool,
        agenda: &mut Agenda,
    ) {
        let now = agenda.now();
        let age = now - self.info(checkpoint).trigger;
        for position in 0..self.tasks[id].outputs.len() {
            let output = &self.tasks[id].outputs[position];
            let partition = output.partition;
            let kind = self.kind_on(output.supports_unaligned, checkpoint, overtakes, age);
            self.emit_barriers_sent(partition, Barrier { checkpoint, kind }, now);
            if kind == BarrierKind::Priority {
                self.overtake_outputs(id, partition, checkpoint, agenda);
                continue;
            }
            if kind == BarrierKind::Timeoutable {
                // The ack waits until they have left their subpartitions (`flink-semantics` 3.7).
                let sent = self.network.partition(partition).channels.len() as u32;
                self.snapshot_of(id, checkpoint).barriers_waiting += sent;
            }
            self.network
                .broadcast_in_line(now, partition, Barrier { checkpoint, kind });
        }
    }

    fn emit_barriers_sent(&mut self, partition: PartitionId, barrier: Barrier, now: SimTime) {
        let Barrier { checkpoint, kind } = barrier;
        let channels = self.network.partition(partition).channels.clone();
        for channel in channels.map(ChannelId) {
            let fact = Fact::BarrierSent {
                checkpoint,
                channel,
                priority: kind == BarrierKind::Priority,
            };
            self.observer.observe(now, &fact);
            let consumer = self.network.channel(channel).consumer;
            self.emit_wait(Wait::Begins, checkpoint, consumer, Some(channel), now);
            if let Some(ledger) = &mut self.ledger {
                ledger.barrier_sent(checkpoint, channel);
            }
        }
    }

    /// For those who look closely.
    fn emit_wait(
        &mut self,
        wait: Wait,
        checkpoint: CheckpointId,
        id: TaskId,
        channel: Option<ChannelId>,
        now: SimTime,
    ) {
        if !self.observer.looks_closely() {
            return;
        }
        let task = &self.tasks[id];
        let mut ahead = InFlight::default();
        if let Some(channel) = channel.filter(|_| wait == Wait::Begins) {
            ahead = self.network.in_channel(channel);
            let rests = task.rests().filter(|(from, _)| *from == channel);
            rests.for_each(|(_, rest)| ahead += rest);
        }
        let fact = Fact::Waits {
            checkpoint,
            task: id,
            channel,
            over: wait == Wait::Over,
            ahead,
            counters: task.counters_at(now),
            polled: task.inputs.iter().map(|input| input.bytes).collect(),
        };
        self.observer.observe(now, &fact);
    }
}
