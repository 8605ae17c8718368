//! One channel and what travels in it, first in, first out: the producer's subpartition and, if remote, the consumer's queue
//! and credits.
//!
//! `flink-semantics` 3.2, 4.2, 4.4 (`PipelinedSubpartition`, `RemoteInputChannel`, `BufferManager`). What the producer does
//! with it stands in `send`, what the consumer does in `receive`, what overtakes in `overtake`.

use std::collections::VecDeque;
use std::ops::AddAssign;

use crate::model::ids::{ChannelId, CheckpointId, GateId, PartitionId, TaskId};

/// State of one channel.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts of one channel"
)]
pub struct Channel {
    /// The task that writes.
    pub producer: TaskId,
    /// The task that reads.
    pub consumer: TaskId,
    /// The producer's pool.
    pub partition: PartitionId,
    /// The consumer's gate.
    pub gate: GateId,
    /// On another TaskManager: has receiver buffers and credits.
    pub remote: bool,
    /// A barrier of this checkpoint has left; nothing else may leave the subpartition until its consumption is resumed.
    pub blocked_by: Option<CheckpointId>,
    /// The gate knows that it has data.
    pub listed: bool,
    /// While listed: the channel behind it.
    pub next_ready: ChannelId,
    /// A flush asked for the partly filled buffer, too.
    pub flush_requested: bool,
    /// Waits in the gate for floating buffers.
    pub awaits_floating: bool,
    /// Data that is sent (remote) or taken (local) is in-flight data of an unaligned checkpoint
    /// (`ChannelStatePersister`).
    pub recording: bool,
    /// The last checkpoint whose barrier has overtaken what was here.
    pub overtaken_by: Option<CheckpointId>,
    /// The last checkpoint whose priority barrier the consumer has met.
    pub met_priority: Option<CheckpointId>,
    /// Data recorded since `recording` was set.
    pub recorded: InFlight,
    /// Segments of the pool that this subpartition uses.
    pub segments: u32,
    /// Bytes that fit into the next segment (less than a segment with debloating).
    pub capacity: u32,
    /// Records that the consumer has taken so far.
    pub polled: u64,
    /// Sender: finished buffers and events.
    pub queue: VecDeque<Element>,
    /// Barriers in `queue`.
    pub queued_events: u32,
    /// Sender: the buffer being filled.
    pub open: Option<OpenBuffer>,
    /// Receiver: sent to it; the first `visible` have arrived.
    pub received: VecDeque<Element>,
    /// Elements of `received` that have arrived.
    pub visible: u32,
    /// Receiver: free exclusive buffers (credits).
    pub free_exclusive: u32,
    /// Receiver: free floating buffers (credits).
    pub free_floating: u32,
    /// Receiver: free buffers it wants, by the last announced backlog.
    pub required: u32,
}

/// The segment that is being filled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenBuffer {
    /// Bytes written in all.
    pub filled: u32,
    /// Bytes that no slice has handed over yet.
    pub bytes: u32,
    /// Records that no slice has handed over yet.
    pub records: u32,
    /// Bytes that fit.
    pub capacity: u32,
}

impl Channel {
    /// An empty channel whose next segment holds `capacity` bytes; a remote one has `exclusive` receiver buffers.
    pub fn new(
        (producer, partition): (TaskId, PartitionId),
        (consumer, gate): (TaskId, GateId),
        remote: bool,
        capacity: u32,
        exclusive: u32,
    ) -> Self {
        Channel {
            producer,
            consumer,
            partition,
            gate,
            remote,
            blocked_by: None,
            listed: false,
            next_ready: ChannelId(0),
            flush_requested: false,
            awaits_floating: false,
            recording: false,
            overtaken_by: None,
            met_priority: None,
            recorded: InFlight::default(),
            segments: 0,
            capacity,
            polled: 0,
            queue: VecDeque::new(),
            queued_events: 0,
            open: None,
            received: VecDeque::new(),
            visible: 0,
            free_exclusive: if remote { exclusive } else { 0 },
            free_floating: 0,
            required: 0,
        }
    }

    /// Records in the channel, on both sides.
    pub fn records(&self) -> u64 {
        let queued = self.queue.iter().chain(&self.received);
        InFlight::among(queued).records + self.open.map_or(0, |open| u64::from(open.records))
    }

    /// Buffers in the channel, on both sides, the open one included.
    pub fn buffers(&self) -> usize {
        self.queue.len()
            + self.received.len()
            + usize::from(self.open.is_some_and(|open| open.bytes > 0))
    }
}

/// A buffer or an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// A buffer of records.
    Data(Buffer),
    /// A checkpoint barrier or cancel marker.
    Barrier(Barrier),
}

impl Element {
    /// A barrier in line.
    pub fn barrier(checkpoint: CheckpointId, kind: BarrierKind) -> Self {
        Element::Barrier(Barrier { checkpoint, kind })
    }
}

/// A network buffer, or the slice of one that a flush has handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// Records whose last byte lies in it.
    pub records: u32,
    /// Bytes in it, those of incomplete records included.
    pub bytes: u32,
    /// Its segment returns to the producer's pool with it (it is not a slice of a segment that is still being filled).
    pub last_of_segment: bool,
    /// It occupies a floating buffer of the receiver (else an exclusive one, or none on a local channel).
    pub floating: bool,
}

/// Records, and the bytes that they take, somewhere between two tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InFlight {
    /// Records whose last byte is among the bytes.
    pub records: u64,
    /// All bytes, those of incomplete records included.
    pub bytes: u64,
}

impl InFlight {
    /// The data among some elements of a channel.
    pub fn among<'a>(elements: impl Iterator<Item = &'a Element>) -> Self {
        let mut sum = InFlight::default();
        for element in elements {
            if let Element::Data(buffer) = element {
                sum += InFlight::from(*buffer);
            }
        }
        sum
    }

    /// The same in so many parts, which are as equal as whole numbers allow.
    pub fn parts(self, parts: usize) -> impl Iterator<Item = InFlight> {
        let before = move |part: usize, amount: u64| {
            (u128::from(amount) * part as u128 / parts as u128) as u64
        };
        let share = move |part, amount| before(part + 1, amount) - before(part, amount);
        (0..parts).map(move |part| InFlight {
            records: share(part, self.records),
            bytes: share(part, self.bytes),
        })
    }
}

impl From<Buffer> for InFlight {
    fn from(buffer: Buffer) -> Self {
        InFlight {
            records: u64::from(buffer.records),
            bytes: u64::from(buffer.bytes),
        }
    }
}

impl AddAssign for InFlight {
    #[inline]
    fn add_assign(&mut self, other: InFlight) {
        self.records += other.records;
        self.bytes += other.bytes;
    }
}

/// A barrier (`CheckpointBarrier`), or the marker that its checkpoint was cancelled (`CancelCheckpointMarker`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Barrier {
    /// The checkpoint that it belongs to.
    pub checkpoint: CheckpointId,
    /// How it travels.
    pub kind: BarrierKind,
}

/// How a barrier travels (`Buffer.DataType`, `CheckpointOptions.AlignmentType`). As wide as the number of bytes whose place
/// it takes in an [`Element`], so that nobody reads half of either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum BarrierKind {
    /// In line; blocks its channel at the sender (`ALIGNED_CHECKPOINT_BARRIER`, also forced-aligned).
    Aligned,
    /// In line; blocks its channel until it is pulled to the head (`TIMEOUTABLE_ALIGNED_CHECKPOINT_BARRIER`).
    Timeoutable,
    /// In line; does not block (at-least-once, and the old caching alignment).
    NonBlocking,
    /// At the head of the line (`PRIORITIZED_EVENT_BUFFER`).
    Priority,
    /// In line; the checkpoint is cancelled.
    Cancelled,
}

impl BarrierKind {
    /// Whether nothing behind it may be sent before the receiver resumes consumption.
    pub fn blocks(self) -> bool {
        match self {
            BarrierKind::Aligned | BarrierKind::Timeoutable => true,
            BarrierKind::NonBlocking | BarrierKind::Priority | BarrierKind::Cancelled => false,
        }
    }
}
