//! Barriers that overtake: what they pass becomes part of the checkpoint.
//!
//! `flink-semantics` 3.6 and 3.7.

use crate::model::Job;
use crate::model::checkpoint::barrier::Cause;
use crate::model::event::{Agenda, Event};
use crate::model::ids::{ChannelId, CheckpointId, PartitionId, TaskId};
use crate::model::network::{Barrier, BarrierKind, InFlight};
use crate::model::observe::{Fact, Observer};
use crate::model::task::activity::Mail;
use crate::units::SimTime;

impl<O: Observer> Job<O> {
    /// The task's barriers overtake what is on this output, which becomes in-flight data of its snapshot.
    pub(crate) fn overtake_outputs(
        &mut self,
        id: TaskId,
        partition: PartitionId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda,
    ) {
        let now = agenda.now();
        self.network.finish_open_buffers(now, partition);
        let channels = self.network.partition(partition).channels.clone();
        for channel in channels.map(ChannelId) {
            let with_sender = self.network.send_priority(now, channel, checkpoint);
            self.persist(id, checkpoint, channel, with_sender, now);
            self.announce_priority(channel, checkpoint, agenda);
        }
    }

    /// A barrier that overtakes goes to the consumer past everything in the channel.
    fn announce_priority(
        &mut self,
        channel: ChannelId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda,
    ) {
        if self.network.channel(channel).remote {
            agenda.after(
                self.network.latency(),
                Event::PriorityBarrierAtTask(channel, checkpoint),
            );
        } else {
            // At once: the consumer reads the same queue, and must not find the data behind the barrier first.
            self.post_priority(channel, checkpoint, agenda);
        }
    }

    /// The consumer finds a priority barrier in its mailbox.
    pub(crate) fn post_priority(
        &mut self,
        channel: ChannelId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda,
    ) {
        let consumer = self.network.channel(channel).consumer;
        let mail = Mail::PriorityBarrier(channel, checkpoint);
        self.post(consumer, mail, true, agenda);
    }

    /// The task has found a priority barrier: as an event, or the mark in line if it comes to that first (both may arrive
    /// in the same instant). What is behind the mark is not in flight, so the barrier counts before it is read.
    pub(crate) fn priority_barrier(
        &mut self,
        id: TaskId,
        channel: ChannelId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda,
    ) {
        if self.network.meet_priority(channel, checkpoint) {
            let kind = BarrierKind::Priority;
            self.process_barrier(id, channel, Barrier { checkpoint, kind }, agenda);
        }
    }

    /// The task overtakes: what lies in its inputs in front of the missing barriers is in-flight data of the checkpoint,
    /// the unprocessed rest of the current buffer included. Channels that an aligned barrier had blocked may go on.
    pub(crate) fn persist_inputs(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        by: Option<ChannelId>,
        agenda: &mut Agenda,
    ) {
        let now = agenda.now();
        let arrived = self.tasks[id].alignment.arrived(checkpoint);
        let aligned = |channel: ChannelId| Some(channel) != by && arrived.contains(&channel);
        let rests: Vec<_> = self.tasks[id].rests().collect();
        for (channel, rest) in rests.into_iter().filter(|(channel, _)| !aligned(*channel)) {
            self.persist(id, checkpoint, channel, rest, now);
        }
        for input in 0..self.tasks[id].inputs.len() {
            let gate = self.tasks[id].inputs[input].gate;
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
    pub(crate) fn persist_recorded(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        channel: ChannelId,
        now: SimTime,
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
        now: SimTime,
    ) {
        let InFlight { records, bytes } = data;
        self.contents.add_in_flight(checkpoint, channel, data);
        let fact = Fact::Persisted {
            checkpoint,
            channel,
            bytes,
            records,
        };
        self.observer.observe(now, &fact);
        if let Some(snapshot) = self.tasks[id].snapshots.get_mut(checkpoint) {
            snapshot.persist(bytes);
        }
        self.checkpoints[checkpoint.index() - 1].channels += u64::from(bytes > 0);
        if let Some(ledger) = &mut self.ledger {
            ledger.persisted(checkpoint, channel, data);
        }
    }

    /// The checkpoint is as old as the aligned-checkpoint-timeout (`flink-semantics` 3.7): announced barriers that wait at
    /// receivers are pulled to the head; tasks that align, or whose barriers wait in their outputs, find a mail about it.
    /// Both timers of Flink run in the mailbox (`BarrierAlignmentUtil.createRegisterTimerCallback`): a task that is stuck in a
    /// record, or a source that waits for buffers under the checkpoint lock, learns of it when it is free.
    pub(crate) fn time_alignments_out(&mut self, checkpoint: CheckpointId, agenda: &mut Agenda) {
        let now = agenda.now();
        let mut senders = vec![false; self.tasks.len()];
        for channel in self.network.channels().ids() {
            let network = &mut self.network;
            if network.waits_at_sender(channel, checkpoint) {
                senders[network.channel(channel).producer.index()] = true;
            } else if network.prioritize_at_receiver(now, channel, checkpoint) {
                self.post_priority(channel, checkpoint, agenda);
            }
        }
        for id in self.tasks.ids() {
            if senders[id.index()] || self.tasks[id].alignment.is_pending(checkpoint) {
                self.post(id, Mail::AlignmentTimeout(checkpoint), true, agenda);
            }
        }
    }

    /// Barriers that wait in a task's outputs overtake what is in front of them.
    fn prioritize_outputs(&mut self, id: TaskId, checkpoint: CheckpointId, agenda: &mut Agenda) {
        let now = agenda.now();
        let partitions: Vec<_> = self.tasks[id]
            .outputs
            .iter()
            .map(|output| output.partition)
            .collect();
        for partition in partitions {
            for channel in self
                .network
                .partition(partition)
                .channels
                .clone()
                .map(ChannelId)
            {
                let Some(overtaken) = self.network.prioritize_at_sender(now, channel, checkpoint)
                else {
                    continue;
                };
                self.persist(id, checkpoint, channel, overtaken, now);
                if let Some(snapshot) = self.tasks[id].snapshots.get_mut(checkpoint) {
                    snapshot.record.unaligned = true;
                }
                self.barrier_departed(id, checkpoint, agenda);
                self.announce_priority(channel, checkpoint, agenda);
            }
        }
    }

    /// A task learns of the time-out: its waiting barriers overtake, and if it aligns, it takes its snapshot without the
    /// barriers that are missing.
    pub(crate) fn switch_to_unaligned(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda,
    ) {
        self.prioritize_outputs(id, checkpoint, agenda);
        let task = &mut self.tasks[id];
        let polled = task.counters.bytes;
        let span = task.alignment.on_timeout(checkpoint, agenda.now(), polled);
        let Some(span) = span else {
            return;
        };
        if self.aborted.contains(&checkpoint) {
            self.cancel_at_task(id, checkpoint, agenda);
            return;
        }
        let cause = Cause::Overtakes {
            by: None,
            last: false,
        };
        self.take_snapshot(id, checkpoint, (span, cause), agenda);
    }

    /// Time-outable barriers have left their subpartitions: the acks of their tasks need not wait for them any more.
    pub(crate) fn note_departed_barriers(&mut self, agenda: &mut Agenda) {
        for (task, checkpoint) in self.network.take_departed() {
            self.barrier_departed(task, checkpoint, agenda);
        }
    }
}
