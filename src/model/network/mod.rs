//! Buffers between tasks: subpartitions with their limits, output pools, gates, credits, links.
//!
//! The mechanisms and their citations stand where they act: writing and sending in `send`, polling and credits in
//! `receive`, unaligned barriers in `overtake`. The network decides nothing about checkpoints. Whatever may let a task
//! go on (data for a consumer, a free segment for a producer) is answered as a [`Wake`].

mod channel;
pub mod debloat;
mod overtake;
mod receive;
mod send;

use std::collections::VecDeque;
use std::ops::Range;

use crate::model::ids::{ChannelId, CheckpointId, GateId, PartitionId, Table, TaskId};
pub use crate::model::network::channel::{
    Barrier, BarrierKind, Buffer, Channel, Element, InFlight, OpenBuffer,
};
use crate::units::{ByteRate, SimDuration, SimTime};

/// All channels of a job.
#[derive(Clone, Debug)]
pub struct Network {
    channels: Table<ChannelId, Channel>,
    partitions: Table<PartitionId, Partition>,
    gates: Table<GateId, Gate>,
    links: Links,
    limits: BufferLimits,
    woken: Vec<Wake>,
    departed: Vec<(TaskId, CheckpointId)>,
}

/// A task may be able to go on from an instant on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wake {
    /// The task that may go on.
    pub task: TaskId,
    /// From when on.
    pub at: SimTime,
}

/// The output of one subtask to one edge, with its pool of segments.
#[derive(Clone, Debug)]
pub struct Partition {
    /// The task that writes.
    pub producer: TaskId,
    /// Its channels, one per subpartition.
    pub channels: Range<u32>,
    /// Segments in use, those of the overdraft included.
    pub used: u32,
    /// Segments of the pool: 2N + 8 with Flink's constants (`flink-semantics` 4.2).
    pub pool: u32,
    /// Subpartitions at their limit.
    pub full: u32,
    /// Every record goes to all subpartitions, in shared segments.
    pub shared: Option<SharedSegments>,
    /// How the producer asks for segments.
    pub request: Request,
}

/// How a producer asks for segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// It looks before each record whether the pool is available.
    Cooperative,
    /// A `SourceFunction` does not look: it takes segments as long as the pool has any, beyond the limit of a subpartition,
    /// without an overdraft (`SourceStreamTask.init`), and waits inside a record until the pool is available again
    /// (`LocalBufferPool.requestMemorySegmentBlocking`).
    Blocking {
        /// The subpartition of the record for which it waits. Its segment is counted as used already.
        waits_for: Option<ChannelId>,
    },
}

/// Segments that all subpartitions of a broadcast share: free when the slowest reader is done with them.
#[derive(Clone, Debug, Default)]
pub struct SharedSegments {
    /// The segment being filled.
    pub open: Option<OpenBuffer>,
    /// Readers that still hold each finished segment, oldest first.
    pub readers: VecDeque<u32>,
    /// Number of the oldest segment in `readers`.
    pub first: u64,
    /// By subpartition: segments it has returned.
    pub returned: Vec<u64>,
}

/// The input of one subtask from one edge.
#[derive(Clone, Debug)]
pub struct Gate {
    /// The task that reads.
    pub consumer: TaskId,
    /// Channels with data, in the order in which they will be polled: round robin per buffer. A list through
    /// [`Channel::next_ready`].
    ready: Option<ReadyList>,
    /// What is on its way, by time of arrival.
    inbound: VecDeque<(SimTime, ChannelId)>,
    /// Free floating buffers of the gate's pool.
    free_floating: u32,
    /// Channels that want floating buffers, first come, first served.
    awaiting: VecDeque<ChannelId>,
    /// All channels, in order of the producer's subtask.
    pub channels: Vec<ChannelId>,
}

/// Ends of a list of channels.
#[derive(Clone, Copy, Debug)]
struct ReadyList {
    first: ChannelId,
    last: ChannelId,
}

/// What a channel or a pool may hold (`flink-semantics` 4.1).
#[derive(Clone, Copy, Debug)]
pub struct BufferLimits {
    /// Exclusive receiver buffers per remote channel.
    pub exclusive: u32,
    /// Floating receiver buffers per gate.
    pub floating: u32,
    /// Segments per subpartition at which the producer becomes unavailable.
    pub per_channel: u32,
    /// Segments beyond the pool inside one record.
    pub overdraft: u32,
    /// Bytes of a segment.
    pub segment: u32,
}

/// The TaskManagers' egress links: each sends one buffer after the other.
#[derive(Clone, Debug)]
pub struct Links {
    /// By task: its TaskManager.
    pub taskmanager_of: Table<TaskId, usize>,
    /// By TaskManager: when its link is free.
    pub free_at: Vec<SimTime>,
    /// `None` = never the bottleneck.
    pub rate: Option<ByteRate>,
    /// From one TaskManager to another.
    pub latency: SimDuration,
}

impl Network {
    /// A network of empty channels. Ids are positions in the tables.
    pub fn new(
        channels: Table<ChannelId, Channel>,
        partitions: Table<PartitionId, Partition>,
        gates: Table<GateId, Gate>,
        links: Links,
        limits: BufferLimits,
    ) -> Self {
        Network {
            channels,
            partitions,
            gates,
            links,
            limits,
            woken: Vec::new(),
            departed: Vec::new(),
        }
    }

    /// The channel with this id.
    #[inline]
    pub fn channel(&self, id: ChannelId) -> &Channel {
        &self.channels[id]
    }

    /// All channels, in order of id.
    pub fn channels(&self) -> &Table<ChannelId, Channel> {
        &self.channels
    }

    /// The partition with this id.
    #[inline]
    pub fn partition(&self, id: PartitionId) -> &Partition {
        &self.partitions[id]
    }

    /// The gate with this id.
    pub fn gate(&self, id: GateId) -> &Gate {
        &self.gates[id]
    }

    /// Exchanges the wakes that have come, in the order of their causes, for an old list, which is emptied.
    #[inline]
    pub fn swap_wakes(&mut self, with: &mut Vec<Wake>) {
        with.clear();
        std::mem::swap(&mut self.woken, with);
    }

    /// Whether `swap_wakes` would bring any.
    #[inline]
    pub fn has_wakes(&self) -> bool {
        !self.woken.is_empty()
    }

    /// Producers whose time-outable barrier has left a subpartition since the last call, with its checkpoint.
    pub fn take_departed(&mut self) -> Vec<(TaskId, CheckpointId)> {
        std::mem::take(&mut self.departed)
    }

    /// Whether `take_departed` has something to say.
    #[inline]
    pub fn has_departed(&self) -> bool {
        !self.departed.is_empty()
    }

    /// Whether the producer may process its next record: a free segment, and no subpartition at its limit
    /// (`LocalBufferPool.shouldBeAvailable`).
    #[inline]
    pub fn available(&self, partition: PartitionId) -> bool {
        self.partitions[partition].is_available()
    }

    /// Whether the producer is stuck inside a record: even the overdraft is used up (`flink-semantics` 4.3), or it waits for
    /// the pool while it holds the checkpoint lock.
    pub fn hard_blocked(&self, partition: PartitionId) -> bool {
        let partition = &self.partitions[partition];
        match partition.request {
            Request::Cooperative => partition.used > partition.pool + self.limits.overdraft,
            Request::Blocking { waits_for } => waits_for.is_some(),
        }
    }

    /// Records in all channels, shared segments counted once per reader.
    pub fn records(&self) -> u64 {
        let channels = self.channels.iter().map(Channel::records);
        channels.sum::<u64>() + self.shared_records()
    }

    /// Records in shared segments that are still being filled, once per reader.
    pub fn shared_records(&self) -> u64 {
        let open = |partition: &Partition| {
            let shared = partition.shared.as_ref()?;
            Some(u64::from(shared.open?.records) * partition.channels.len() as u64)
        };
        self.partitions.iter().filter_map(open).sum()
    }

    /// Records of a channel in the shared segment that is still being filled.
    pub fn shared_records_of(&self, id: ChannelId) -> u64 {
        let shared = self.partition(self.channel(id).partition).shared.as_ref();
        let open = shared.and_then(|shared| shared.open);
        open.map_or(0, |open| u64::from(open.records))
    }

    /// Data in a channel on both sides, what is being filled included: all of it is in front of a barrier that is put
    /// into line now.
    pub fn in_channel(&self, id: ChannelId) -> InFlight {
        let channel = self.channel(id);
        let mut sum = InFlight::among(channel.queue.iter().chain(&channel.received));
        let shared = self.partition(channel.partition).shared.as_ref();
        let open = channel
            .open
            .or_else(|| shared.and_then(|shared| shared.open));
        if let Some(open) = open {
            sum += InFlight {
                records: u64::from(open.records),
                bytes: u64::from(open.bytes),
            };
        }
        sum
    }

    /// Sets everything between tasks that are lost back to how it was built: `built` is the network of the job at its
    /// beginning, and no channel connects a lost task with another. Returns how many records were lost.
    pub fn reset(&mut self, built: &Network, lost: impl Fn(TaskId) -> bool) -> u64 {
        let shared = self.shared_records();
        let mut records = 0;
        for (channel, fresh) in self.channels.iter_mut().zip(&built.channels) {
            if lost(channel.consumer) {
                records += channel.records();
                channel.clone_from(fresh);
            }
        }
        for (partition, fresh) in self.partitions.iter_mut().zip(&built.partitions) {
            if lost(partition.producer) {
                partition.clone_from(fresh);
            }
        }
        for (gate, fresh) in self.gates.iter_mut().zip(&built.gates) {
            if lost(gate.consumer) {
                gate.clone_from(fresh);
            }
        }
        self.woken.retain(|wake| !lost(wake.task));
        self.departed.retain(|(task, _)| !lost(*task));
        records + shared - self.shared_records()
    }

    /// One way between TaskManagers.
    pub fn latency(&self) -> SimDuration {
        self.links.latency
    }

    /// New segments on this channel hold at most this many bytes (buffer debloating).
    pub fn set_capacity(&mut self, channel: ChannelId, bytes: u32) {
        self.channels[channel].capacity = bytes;
    }
}

impl Partition {
    #[inline]
    fn is_available(&self) -> bool {
        match self.request {
            Request::Cooperative => self.full == 0 && self.used < self.pool,
            Request::Blocking { waits_for } => waits_for.is_none(),
        }
    }

    /// A segment was taken for a record to this channel: if the pool had none, a blocking producer waits from now on.
    #[inline]
    fn took_segment(&mut self, id: ChannelId) {
        self.used += 1;
        if let Request::Blocking { waits_for } = &mut self.request
            && self.used > self.pool
        {
            *waits_for = Some(id);
        }
    }
}

impl Gate {
    /// An empty gate with all its floating buffers.
    pub fn new(consumer: TaskId, floating: u32) -> Self {
        Gate {
            consumer,
            ready: None,
            inbound: VecDeque::new(),
            free_floating: floating,
            awaiting: VecDeque::new(),
            channels: Vec::new(),
        }
    }

    /// Lists the channels of what has arrived by `now`.
    #[inline]
    fn note_arrivals(&mut self, now: SimTime, channels: &mut Table<ChannelId, Channel>) {
        while let Some(&(arrival, id)) = self.inbound.front() {
            if arrival > now {
                break;
            }
            self.inbound.pop_front();
            let channel = &mut channels[id];
            channel.visible += 1;
            if !channel.listed {
                channel.listed = true;
                ReadyList::push(&mut self.ready, channels, id);
            }
        }
    }
}

impl ReadyList {
    /// Adds a channel at the end.
    #[inline]
    fn push(list: &mut Option<ReadyList>, channels: &mut Table<ChannelId, Channel>, id: ChannelId) {
        match list {
            Some(ends) => {
                channels[ends.last].next_ready = id;
                ends.last = id;
            }
            None => {
                *list = Some(ReadyList {
                    first: id,
                    last: id,
                });
            }
        }
    }
}

impl Links {
    /// When a buffer that `producer` hands to its link at `start` arrives.
    #[inline]
    fn arrival(&mut self, producer: TaskId, start: SimTime, bytes: u32) -> SimTime {
        let Some(rate) = self.rate else {
            return start + self.latency;
        };
        let free_at = &mut self.free_at[self.taskmanager_of[producer]];
        *free_at = start.max(*free_at) + rate.time_for(crate::units::Bytes::new(u64::from(bytes)));
        *free_at + self.latency
    }
}
