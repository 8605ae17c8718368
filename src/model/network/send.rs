//! The producer's side: records become buffers, buffers leave subpartitions.

use crate::model::ids::{ChannelId, PartitionId};
use crate::model::network::{
    Barrier, BarrierKind, Buffer, Channel, Element, InFlight, Network, OpenBuffer, ReadyList,
    Request, SharedSegments, Wake,
};
use crate::units::{SimDuration, SimTime};

impl Network {
    /// Writes one record of `bytes` into subpartition `to`. It is written whole, whatever the pool says: that a task
    /// takes overdraft segments inside a record is what `BufferWritingResultPartition` does (`flink-semantics` 4.3).
    #[inline]
    pub fn write(&mut self, now: SimTime, partition: PartitionId, to: u32, bytes: u32) {
        let per_channel = self.limits.per_channel;
        let pool = &mut self.partitions[partition];
        let id = ChannelId(pool.channels.start + to);
        let channel = &mut self.channels[id];
        let mut left = bytes;
        let mut finished = false;
        loop {
            let open = if let Some(open) = &mut channel.open {
                open
            } else {
                channel.segments += 1;
                pool.took_segment(id);
                pool.full += u32::from(channel.segments == per_channel);
                channel.open.insert(OpenBuffer {
                    capacity: channel.capacity,
                    ..OpenBuffer::default()
                })
            };
            let fits = left.min(open.capacity - open.filled);
            open.filled += fits;
            open.bytes += fits;
            left -= fits;
            open.records += u32::from(left == 0);
            if open.filled == open.capacity {
                channel.finish_open();
                finished = true;
            }
            if left == 0 {
                break;
            }
        }
        if finished {
            self.offer(now, id);
        }
    }

    /// Writes one record to all subpartitions.
    pub fn write_to_all(&mut self, now: SimTime, partition: PartitionId, bytes: u32) {
        let capacity = self.limits.segment;
        let mut left = bytes;
        loop {
            let pool = &mut self.partitions[partition];
            let shared = pool
                .shared
                .as_mut()
                .expect("only broadcast partitions are written to all");
            if shared.open.is_none() {
                shared.open = Some(OpenBuffer {
                    capacity,
                    ..OpenBuffer::default()
                });
                let first = ChannelId(pool.channels.start);
                pool.took_segment(first);
            }
            let shared = pool
                .shared
                .as_mut()
                .expect("only broadcast partitions are written to all");
            let open = shared.open.as_mut().expect("opened above");
            let fits = left.min(open.capacity - open.filled);
            open.filled += fits;
            open.bytes += fits;
            left -= fits;
            let full = open.filled == open.capacity;
            if left == 0 {
                open.records += 1;
            }
            if full {
                self.finish_shared(now, partition);
            }
            if left == 0 {
                return;
            }
        }
    }

    /// Hands partly filled buffers over: the output flusher's period has passed (`RecordWriter.OutputFlusher`).
    pub fn flush(&mut self, now: SimTime, partition: PartitionId) {
        if self.partitions[partition].shared.is_some() {
            self.flush_shared(now, partition);
            return;
        }
        for id in self.partitions[partition].channels.clone() {
            let channel = &mut self.channels[ChannelId(id)];
            if channel.open.is_some_and(|open| open.bytes > 0) || !channel.queue.is_empty() {
                channel.flush_requested = true;
                self.offer(now, ChannelId(id));
            }
        }
    }

    /// Hands one subpartition's partly filled buffer over (buffer timeout 0: after every record).
    pub fn flush_channel(&mut self, now: SimTime, partition: PartitionId, to: u32) {
        let id = ChannelId(self.partitions[partition].channels.start + to);
        self.channels[id].flush_requested = true;
        self.offer(now, id);
    }

    /// Puts a barrier into every subpartition, behind the data. It finishes the buffer being filled, but takes no
    /// segment itself and needs no credit (`flink-semantics` 3.2).
    pub fn broadcast_in_line(&mut self, now: SimTime, partition: PartitionId, barrier: Barrier) {
        self.finish_open_buffers(now, partition);
        for id in self.partitions[partition].channels.clone() {
            self.channels[ChannelId(id)].push_barrier(barrier);
            self.offer(now, ChannelId(id));
        }
    }

    /// Finishes the buffers being filled, as every event does before it is added.
    pub fn finish_open_buffers(&mut self, now: SimTime, partition: PartitionId) {
        if self.partitions[partition].shared.is_some() {
            self.finish_shared(now, partition);
            return;
        }
        for id in self.partitions[partition].channels.clone() {
            self.finish_buffer(now, ChannelId(id));
        }
    }

    #[inline]
    fn finish_buffer(&mut self, now: SimTime, id: ChannelId) {
        if self.channels[id].finish_open() {
            self.release_segment(now, id);
        }
        self.offer(now, id);
    }

    /// Lets the consumer see (local) or the link take (remote) what the subpartition may hand over.
    #[inline]
    pub(in crate::model::network) fn offer(&mut self, now: SimTime, id: ChannelId) {
        let channel = &mut self.channels[id];
        if channel.remote {
            self.send(now, id, SimDuration::ZERO);
        } else if !channel.listed && channel.has_data() {
            channel.listed = true;
            let (gate, task) = (channel.gate, channel.consumer);
            ReadyList::push(&mut self.gates[gate].ready, &mut self.channels, id);
            self.woken.push(Wake { task, at: now });
        }
    }

    /// Sends everything that credits allow; it leaves `delay` from now (the time a credit needs to come back).
    ///
    /// Segments return to the pool as they are handed to the link: what the link holds is bounded by credits.
    pub(in crate::model::network) fn send(
        &mut self,
        now: SimTime,
        id: ChannelId,
        delay: SimDuration,
    ) {
        loop {
            let channel = &mut self.channels[id];
            let data = !matches!(channel.queue.front(), Some(Element::Barrier(_)));
            if !channel.has_data() || (data && channel.credits() == 0) {
                return;
            }
            let mut element = channel.take();
            let mut bytes = 0;
            let mut releases = false;
            if let Element::Data(buffer) = &mut element {
                channel.occupy_receiver(buffer);
                bytes = buffer.bytes;
                releases = buffer.last_of_segment;
                if channel.recording {
                    channel.recorded += InFlight::from(*buffer);
                }
            }
            channel.received.push_back(element);
            let (producer, backlog) = (channel.producer, channel.backlog());
            if let Element::Barrier(Barrier {
                checkpoint,
                kind: BarrierKind::Timeoutable,
            }) = element
            {
                self.departed.push((producer, checkpoint));
            }
            if releases {
                self.release_segment(now, id);
            }
            let arrival = self.links.arrival(producer, now + delay, bytes);
            self.arrives(id, arrival);
            if data {
                self.announce_backlog(id, backlog);
            }
        }
    }

    /// Returns a segment to the pool, and wakes the producer if that makes it available again.
    #[inline]
    pub(in crate::model::network) fn release_segment(&mut self, now: SimTime, id: ChannelId) {
        let Network {
            channels,
            partitions,
            limits,
            woken,
            ..
        } = self;
        let channel = &mut channels[id];
        let pool = &mut partitions[channel.partition];
        let was_available = pool.is_available();
        if let Some(shared) = &mut pool.shared {
            pool.used -= shared.give_back((id.0 - pool.channels.start) as usize);
        } else {
            pool.full -= u32::from(channel.segments == limits.per_channel);
            channel.segments -= 1;
            pool.used -= 1;
        }
        if let Request::Blocking { waits_for } = &mut pool.request {
            // The pool is available again: a segment is free, and no subpartition is at its limit, where the one that is
            // waited for does not count yet.
            let phantom = |id: &ChannelId| u32::from(channels[*id].segments == limits.per_channel);
            let held = waits_for.as_ref().map_or(0, phantom);
            if waits_for.is_some() && pool.used <= pool.pool && pool.full == held {
                *waits_for = None;
                woken.push(Wake {
                    task: pool.producer,
                    at: now,
                });
            }
            return;
        }
        let overdraft_again = pool.used == pool.pool + limits.overdraft;
        if !was_available && (overdraft_again || pool.is_available()) {
            woken.push(Wake {
                task: pool.producer,
                at: now,
            });
        }
    }

    fn finish_shared(&mut self, now: SimTime, partition: PartitionId) {
        let pool = &mut self.partitions[partition];
        let shared = pool
            .shared
            .as_mut()
            .expect("the caller saw a broadcast partition");
        let Some(open) = shared.open.take() else {
            return;
        };
        shared.readers.push_back(pool.channels.len() as u32);
        self.hand_to_all(now, partition, open, true);
    }

    fn flush_shared(&mut self, now: SimTime, partition: PartitionId) {
        let shared = self.partitions[partition]
            .shared
            .as_mut()
            .expect("the caller saw a broadcast partition");
        let Some(open) = shared.open.as_mut().filter(|open| open.bytes > 0) else {
            return;
        };
        let slice = *open;
        (open.bytes, open.records) = (0, 0);
        self.hand_to_all(now, partition, slice, false);
    }

    fn hand_to_all(
        &mut self,
        now: SimTime,
        partition: PartitionId,
        open: OpenBuffer,
        last_of_segment: bool,
    ) {
        let buffer = Buffer {
            records: open.records,
            bytes: open.bytes,
            last_of_segment,
            floating: false,
        };
        for id in self.partitions[partition].channels.clone() {
            self.channels[ChannelId(id)]
                .queue
                .push_back(Element::Data(buffer));
            self.offer(now, ChannelId(id));
        }
    }
}

impl SharedSegments {
    /// A subpartition is done with its oldest segment. Returns how many segments nobody reads any more.
    fn give_back(&mut self, subpartition: usize) -> u32 {
        let segment = self.returned[subpartition];
        self.returned[subpartition] += 1;
        let position = usize::try_from(segment - self.first)
            .expect("segments are kept while somebody reads them");
        self.readers[position] -= 1;
        let mut free = 0;
        while self.readers.front() == Some(&0) {
            self.readers.pop_front();
            self.first += 1;
            free += 1;
        }
        free
    }
}

impl Channel {
    /// Credits that the sender holds.
    #[inline]
    pub fn credits(&self) -> u32 {
        self.free_exclusive + self.free_floating
    }

    /// Whether a partly filled buffer may be handed over now.
    #[inline]
    fn slice_ready(&self) -> bool {
        self.flush_requested && self.open.is_some_and(|open| open.bytes > 0)
    }

    /// Whether the sender could hand something over.
    #[inline]
    pub fn has_data(&self) -> bool {
        self.blocked_by.is_none() && (!self.queue.is_empty() || self.slice_ready())
    }

    /// Buffers behind the one just sent (`getBuffersInBacklogUnsafe`).
    pub fn backlog(&self) -> u32 {
        if self.blocked_by.is_some() {
            return 0;
        }
        self.queue.len() as u32 - self.queued_events + u32::from(self.slice_ready())
    }

    /// Takes what is at the head of the subpartition; the caller has seen `has_data`.
    ///
    /// A blocking barrier blocks the subpartition as it leaves (`flink-semantics` 3.2: "blocking happens at the sender").
    #[inline]
    pub fn take(&mut self) -> Element {
        if let Some(element) = self.queue.pop_front() {
            if self.queue.is_empty() && self.open.is_none() {
                self.flush_requested = false;
            }
            if let Element::Barrier(barrier) = element {
                self.queued_events -= 1;
                self.blocked_by = barrier.kind.blocks().then_some(barrier.checkpoint);
            }
            return element;
        }
        self.flush_requested = false;
        let open = self.open.as_mut().expect("has_data saw a slice");
        let slice = Buffer {
            records: open.records,
            bytes: open.bytes,
            last_of_segment: false,
            floating: false,
        };
        open.records = 0;
        open.bytes = 0;
        Element::Data(slice)
    }

    /// Finishes the open buffer, if any. Returns whether its segment is free at once, because everything in it has
    /// been handed over already and nothing is queued.
    pub fn finish_open(&mut self) -> bool {
        let Some(open) = self.open.take() else {
            return false;
        };
        if open.bytes == 0 && self.queue.is_empty() {
            return true;
        }
        self.queue.push_back(Element::Data(Buffer {
            records: open.records,
            bytes: open.bytes,
            last_of_segment: true,
            floating: false,
        }));
        false
    }

    /// Puts a barrier behind everything else.
    pub fn push_barrier(&mut self, barrier: Barrier) {
        self.queue.push_back(Element::Barrier(barrier));
        self.queued_events += 1;
    }

    /// Takes a free receiver buffer for a data buffer that is sent; floating ones first (`AvailableBufferQueue`).
    #[inline]
    pub fn occupy_receiver(&mut self, buffer: &mut Buffer) {
        if self.free_floating > 0 {
            self.free_floating -= 1;
            buffer.floating = true;
        } else {
            self.free_exclusive -= 1;
        }
    }
}
