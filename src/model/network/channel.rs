//! One channel: the producer's subpartition and, if remote, the consumer's queue and credits.
//!
//! `flink-semantics` 3.2, 4.2, 4.4 (`PipelinedSubpartition`, `RemoteInputChannel`, `BufferManager`). It knows nothing of
//! pools and gates: what it takes from them is handed to it.

use std::collections::VecDeque;

use crate::model::ids::{ChannelId, CheckpointId, GateId, PartitionId, TaskId};
use crate::model::network::element::{Barrier, BarrierKind, Buffer, Element, InFlight};

/// State of one channel.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts of one channel"
)]
pub struct Channel {
    /// Who writes.
    pub producer: TaskId,
    /// Who reads.
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

    /// Buffers behind the one just sent (`getBuffersInBacklogUnsafe`).
    pub fn backlog(&self) -> u32 {
        if self.blocked_by.is_some() {
            return 0;
        }
        self.queue.len() as u32 - self.queued_events + u32::from(self.slice_ready())
    }

    /// Takes what is at the head of the subpartition; the caller has seen `has_data`.
    ///
    /// A blocking barrier blocks the subpartition as it leaves (3.2: "blocking happens at the sender").
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

    /// Data on the sender's side, all buffers finished: what an unaligned barrier overtakes there.
    pub fn with_sender(&self) -> InFlight {
        InFlight::among(self.queue.iter())
    }

    /// Takes the time-outable barrier of `checkpoint` out of the sender's queue; returns the data in front of it.
    pub fn pull_from_sender(&mut self, barrier: Barrier) -> Option<InFlight> {
        let position = self
            .queue
            .iter()
            .position(|element| is_timeoutable(element, barrier))?;
        let overtaken = InFlight::among(self.queue.iter().take(position));
        self.queue.remove(position);
        self.queued_events -= 1;
        Some(overtaken)
    }

    /// Lets the time-outable barrier at the receiver become a priority barrier: its mark stays in line, to tell what it
    /// has overtaken. Returns whether it was there.
    pub fn prioritise_at_receiver(&mut self, barrier: Barrier) -> bool {
        let found = self
            .received
            .iter_mut()
            .find(|element| is_timeoutable(element, barrier));
        let Some(element) = found else { return false };
        *element = Element::Barrier(Barrier {
            kind: BarrierKind::Priority,
            ..barrier
        });
        true
    }

    /// Data at the receiver in front of the mark of this checkpoint's priority barrier, and whether it is there.
    pub fn with_receiver_before(&self, checkpoint: CheckpointId) -> (InFlight, bool) {
        let mark = Element::Barrier(Barrier {
            checkpoint,
            kind: BarrierKind::Priority,
        });
        let position = self.received.iter().position(|element| *element == mark);
        let in_front = position.unwrap_or(self.received.len());
        (
            InFlight::among(self.received.iter().take(in_front)),
            position.is_some(),
        )
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

fn is_timeoutable(element: &Element, barrier: Barrier) -> bool {
    *element
        == Element::Barrier(Barrier {
            kind: BarrierKind::Timeoutable,
            ..barrier
        })
}
