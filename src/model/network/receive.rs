//! The consumer's side: arrivals, polling, and credits.

use crate::model::ids::{ChannelId, CheckpointId, GateId};
use crate::model::network::{
    Barrier, BarrierKind, Buffer, Channel, Element, Gate, InFlight, Network, Wake,
};
use crate::units::SimTime;

impl Network {
    /// The next element of the gate: one buffer of the channel that has waited longest (`SingleInputGate`: round robin
    /// per buffer). `None` if nothing has arrived.
    #[inline]
    pub fn poll(&mut self, now: SimTime, gate: GateId) -> Option<(ChannelId, Element)> {
        let Network {
            channels,
            gates,
            departed,
            ..
        } = self;
        let gate = &mut gates[gate];
        gate.note_arrivals(now, channels);
        loop {
            let ends = gate.ready.as_mut()?;
            let id = ends.first;
            let channel = &mut channels[id];
            let taken = channel.take_arrived();
            // A channel without data was listed for a slice that has left meanwhile.
            channel.listed = taken.is_some() && channel.has_arrived();
            if ends.first != ends.last {
                ends.first = channel.next_ready;
                if channel.listed {
                    channels[ends.last].next_ready = id;
                    ends.last = id;
                }
            } else if !channel.listed {
                gate.ready = None;
            }
            let Some(element) = taken else { continue };
            let channel = &mut channels[id];
            if let Element::Data(buffer) = element {
                channel.polled += u64::from(buffer.records);
                if channel.recording && !channel.remote {
                    channel.recorded += InFlight::from(buffer);
                }
            }
            if let Element::Barrier(Barrier {
                checkpoint,
                kind: BarrierKind::Timeoutable,
            }) = element
                && !channel.remote
            {
                departed.push((channel.producer, checkpoint));
            }
            return Some((id, element));
        }
    }

    /// When the gate's next element arrives; `None` if nothing is on its way. Zero if it has data already.
    pub fn next_arrival(&self, gate: GateId) -> Option<SimTime> {
        let gate = &self.gates[gate];
        if gate.ready.is_none() {
            gate.inbound.front().map(|&(arrival, _)| arrival)
        } else {
            Some(SimTime::ZERO)
        }
    }

    /// The consumer has finished with a buffer: its segment (local) or its receiver buffer (remote) is free.
    #[inline]
    pub fn recycle(&mut self, now: SimTime, id: ChannelId, buffer: Buffer) {
        if self.channels[id].remote {
            self.free_receiver_buffer(now, id, buffer.floating);
        } else if buffer.last_of_segment {
            self.release_segment(now, id);
        }
    }

    fn free_receiver_buffer(&mut self, now: SimTime, id: ChannelId, floating: bool) {
        let channel = &mut self.channels[id];
        let gate = channel.gate;
        if floating {
            self.gates[gate].free_floating += 1;
            self.deal_floating(now, gate);
            return;
        }
        channel.free_exclusive += 1;
        // `BufferManager.addExclusiveBuffer`: with more free buffers than required, a floating one goes back.
        if channel.credits() > channel.required && channel.free_floating > 0 {
            channel.free_floating -= 1;
            self.gates[gate].free_floating += 1;
            self.deal_floating(now, gate);
        }
        self.send(now, id, self.links.latency);
    }

    /// Nothing behind the checkpoint's barrier was sent; now it may be (`resumeConsumption`). Nothing happens if a newer
    /// barrier has blocked the channel since.
    pub fn resume(&mut self, now: SimTime, id: ChannelId, checkpoint: CheckpointId) {
        let channel = &mut self.channels[id];
        if channel.blocked_by != Some(checkpoint) {
            return;
        }
        channel.blocked_by = None;
        if channel.remote {
            self.send(now, id, self.links.latency);
        } else {
            self.offer(now, id);
        }
    }

    /// Buffers in use as the gate counts them (for debloating, 4.5): on a remote channel those that have arrived and the
    /// backlog that the sender announced last (`RemoteInputChannel.getBuffersInUseCount`), on a local one the queue of
    /// the subpartition.
    pub fn buffers_in_use(&self, gate: GateId) -> usize {
        self.gates[gate]
            .channels
            .iter()
            .map(|id| {
                let channel = self.channel(*id);
                if channel.remote {
                    let backlog = channel.required.saturating_sub(self.limits.exclusive);
                    (channel.visible + backlog) as usize
                } else {
                    channel.queue.len() + usize::from(channel.open.is_some())
                }
            })
            .sum()
    }

    /// Notes that the last element of `received` arrives at `arrival`.
    #[inline]
    pub(in crate::model::network) fn arrives(&mut self, id: ChannelId, arrival: SimTime) {
        let gate = &mut self.gates[self.channels[id].gate];
        gate.inbound.push_back((arrival, id));
        // Links of different speed may overtake one another; one link never does.
        let mut position = gate.inbound.len() - 1;
        while position > 0 && gate.inbound[position - 1].0 > arrival {
            gate.inbound.swap(position - 1, position);
            position -= 1;
        }
        self.woken.push(Wake {
            task: gate.consumer,
            at: arrival,
        });
    }

    /// The receiver learns how many buffers wait behind the one sent, and tries to hold that many plus its exclusive
    /// ones (`RemoteInputChannel.onSenderBacklog`).
    #[inline]
    pub(in crate::model::network) fn announce_backlog(&mut self, id: ChannelId, backlog: u32) {
        let channel = &mut self.channels[id];
        channel.required = backlog + self.limits.exclusive;
        if channel.awaits_floating {
            return;
        }
        let gate = &mut self.gates[channel.gate];
        while channel.credits() < channel.required {
            if gate.free_floating == 0 {
                channel.awaits_floating = true;
                gate.awaiting.push_back(id);
                return;
            }
            gate.free_floating -= 1;
            channel.free_floating += 1;
        }
    }

    /// Gives free floating buffers to the channels that wait (`BufferManager.notifyBufferAvailable`).
    fn deal_floating(&mut self, now: SimTime, gate: GateId) {
        loop {
            let Gate {
                free_floating,
                awaiting,
                ..
            } = &mut self.gates[gate];
            if *free_floating == 0 {
                return;
            }
            let Some(id) = awaiting.pop_front() else {
                return;
            };
            let channel = &mut self.channels[id];
            if channel.credits() < channel.required {
                *free_floating -= 1;
                channel.free_floating += 1;
            }
            channel.awaits_floating = channel.credits() < channel.required;
            if channel.awaits_floating {
                awaiting.push_back(id);
            }
            self.send(now, id, self.links.latency);
        }
    }
}

impl Channel {
    /// Whether the consumer could take something.
    #[inline]
    pub fn has_arrived(&self) -> bool {
        if self.remote {
            self.visible > 0
        } else {
            self.has_data()
        }
    }

    /// Takes what the consumer finds first: on a local channel it reads the subpartition itself.
    #[inline]
    pub fn take_arrived(&mut self) -> Option<Element> {
        if !self.has_arrived() {
            return None;
        }
        if !self.remote {
            return Some(self.take());
        }
        self.visible -= 1;
        self.received.pop_front()
    }
}
