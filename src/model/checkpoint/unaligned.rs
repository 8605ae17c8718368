//! Barriers that overtake: what they pass becomes part of the checkpoint.
//!
//! `flink-semantics` 3.6 and 3.7.

use crate::engine::Agenda;
use crate::model::Job;
use crate::model::checkpoint::alignment::Span;
use crate::model::event::Event;
use crate::model::ids::{ChannelId, CheckpointId, TaskId};
use crate::model::network::{Barrier, BarrierKind, Channel, InFlight};
use crate::model::observe::{Fact, Observer};
use crate::model::task::Mail;
use crate::units::SimTime;

impl<O: Observer> Job<O> {
    /// A barrier that overtakes goes to the consumer past everything in the channel.
    pub(crate) fn send_priority(
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

    /// The task has found a priority barrier: as an event, or the mark in line if it comes to that first (both may arrive
    /// in the same instant). What is behind the mark is not in flight, so the barrier counts before it is read.
    pub(crate) fn priority_barrier(
        &mut self,
        id: TaskId,
        channel: ChannelId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda<Event>,
    ) {
        if self.network.meet_priority(channel, checkpoint) {
            let kind = BarrierKind::Priority;
            self.barrier(id, channel, Barrier { checkpoint, kind }, agenda);
        }
    }

    /// The task overtakes: what lies in its inputs in front of the missing barriers is in-flight data of the checkpoint,
    /// the unread rest of the buffer in hand included. Channels that an aligned barrier had blocked may go on.
    pub(crate) fn persist_inputs(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        by: Option<ChannelId>,
        agenda: &mut Agenda<Event>,
    ) {
        let now = agenda.now();
        let arrived = self.tasks[id.index()].alignment.arrived(checkpoint);
        let aligned = |channel: ChannelId| Some(channel) != by && arrived.contains(&channel);
        let rests: Vec<_> = self.tasks[id.index()].rests_in_hand().collect();
        for (channel, rest) in rests.into_iter().filter(|(channel, _)| !aligned(*channel)) {
            self.persist(id, checkpoint, channel, rest, now);
        }
        for input in 0..self.tasks[id.index()].inputs.len() {
            let gate = self.tasks[id.index()].inputs[input].gate;
            for channel in self.network.gate(gate).channels.clone() {
                if aligned(channel) {
                    self.network.resume(now, channel, checkpoint);
                    continue;
                }
                let with_receiver = self.network.start_recording(channel, checkpoint);
                self.persist(id, checkpoint, channel, with_receiver, now);
            }
        }
        if let Some(channel) = by {
            self.network.resume(now, channel, checkpoint);
        }
    }

    /// The barrier has come: what was recorded on its channel until then is in-flight data, too.
    pub(crate) fn collect_recorded(
        &mut self,
        id: TaskId,
        channel: ChannelId,
        checkpoint: CheckpointId,
        now: SimTime,
    ) {
        let recorded = self.network.stop_recording(channel);
        self.persist(id, checkpoint, channel, recorded, now);
    }

    /// In-flight data of a channel becomes part of the task's snapshot, if that is still under way.
    pub(crate) fn persist(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        channel: ChannelId,
        data: InFlight,
        now: SimTime,
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
    pub(crate) fn time_alignments_out(
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

    /// A task that aligns learns of the time-out: it takes its snapshot without the barriers that are missing.
    pub(crate) fn switch_to_unaligned(
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
}
