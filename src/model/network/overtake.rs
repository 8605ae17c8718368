//! Unaligned barriers: what they overtake is in-flight data of the checkpoint (`flink-semantics` 3.6, 3.7).
//!
//! A priority barrier reaches the consumer as an event of its own. On a remote channel it also leaves a mark in line,
//! which tells at any time which data it has overtaken.

use crate::model::ids::{ChannelId, CheckpointId};
use crate::model::network::{BarrierKind, Element, InFlight, Network};
use crate::units::SimTime;

impl Network {
    /// Sends a priority barrier on a channel; returns the data that it overtakes on the sender's side. What was
    /// being filled has been finished before ([`Network::finish_open_buffers`]).
    pub fn send_priority(
        &mut self,
        now: SimTime,
        id: ChannelId,
        checkpoint: CheckpointId,
    ) -> InFlight {
        let overtaken = InFlight::among(self.channels[id].queue.iter());
        self.mark(now, id, checkpoint);
        overtaken
    }

    /// The task takes its snapshot before this channel's barrier has come: returns the data in front of the barrier
    /// that is with the receiver, and records what is still to come.
    pub fn start_recording(&mut self, id: ChannelId, checkpoint: CheckpointId) -> InFlight {
        let channel = &mut self.channels[id];
        let mark = Element::barrier(checkpoint, BarrierKind::Priority);
        let mark = channel.received.iter().position(|element| *element == mark);
        let passed = mark.is_none() && channel.overtaken_by == Some(checkpoint);
        channel.recording = mark.is_none() && !passed;
        channel.recorded = InFlight::default();
        if passed {
            // The task has read the mark: all that is left is behind the barrier.
            return InFlight::default();
        }
        let in_front = mark.unwrap_or(channel.received.len());
        InFlight::among(channel.received.iter().take(in_front))
    }

    /// The channel's barrier has come (or the checkpoint is over): returns the data recorded since the start.
    pub fn stop_recording(&mut self, id: ChannelId) -> InFlight {
        let channel = &mut self.channels[id];
        channel.recording = false;
        std::mem::take(&mut channel.recorded)
    }

    /// Whether a barrier that may time out waits at the sender.
    pub fn waits_at_sender(&self, id: ChannelId, checkpoint: CheckpointId) -> bool {
        let waiting = Element::barrier(checkpoint, BarrierKind::Timeoutable);
        let channel = &self.channels[id];
        channel.queued_events > 0 && channel.queue.contains(&waiting)
    }

    /// The time-out has passed while the barrier waits at the sender: it becomes a priority barrier
    /// (`PipelinedSubpartition.alignedBarrierTimeout`). Returns the data it overtakes, or `None` if it has left.
    pub fn prioritize_at_sender(
        &mut self,
        now: SimTime,
        id: ChannelId,
        checkpoint: CheckpointId,
    ) -> Option<InFlight> {
        let channel = &mut self.channels[id];
        let waiting = Element::barrier(checkpoint, BarrierKind::Timeoutable);
        let position = channel.queue.iter().position(|e| *e == waiting)?;
        let overtaken = InFlight::among(channel.queue.iter().take(position));
        channel.queue.remove(position);
        channel.queued_events -= 1;
        self.mark(now, id, checkpoint);
        Some(overtaken)
    }

    /// The time-out has passed while the announced barrier waits at the receiver: it is pulled to the head (a mark stays in
    /// line, to tell what it has overtaken), and the channel, which it had blocked as it left the sender, may go on. Returns
    /// whether it was there.
    pub fn prioritize_at_receiver(
        &mut self,
        now: SimTime,
        id: ChannelId,
        checkpoint: CheckpointId,
    ) -> bool {
        let announced = Element::barrier(checkpoint, BarrierKind::Timeoutable);
        let mut received = self.channels[id].received.iter_mut();
        let Some(element) = received.find(|element| **element == announced) else {
            return false;
        };
        *element = Element::barrier(checkpoint, BarrierKind::Priority);
        self.resume(now, id, checkpoint);
        true
    }

    /// The consumer meets this checkpoint's priority barrier, by its event or by its mark; returns whether it is the
    /// first time.
    pub fn meet_priority(&mut self, id: ChannelId, checkpoint: CheckpointId) -> bool {
        let met = &mut self.channels[id].met_priority;
        let first = *met < Some(checkpoint);
        *met = (*met).max(Some(checkpoint));
        first
    }

    fn mark(&mut self, now: SimTime, id: ChannelId, checkpoint: CheckpointId) {
        let channel = &mut self.channels[id];
        channel.recording = false;
        channel.overtaken_by = Some(checkpoint);
        if !channel.remote {
            return;
        }
        let mark = Element::barrier(checkpoint, BarrierKind::Priority);
        channel.received.push_back(mark);
        let producer = channel.producer;
        let arrival = self.links.arrival(producer, now, 0);
        self.arrives(id, arrival);
    }
}
