//! What travels in a channel, first in, first out.

use std::ops::AddAssign;

use crate::model::ids::CheckpointId;

/// A buffer or an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// Records.
    Data(Buffer),
    /// A checkpoint barrier or cancel marker.
    Barrier(Barrier),
}

/// A network buffer, or the slice of one that a flush has handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// Records whose last byte lies in it.
    pub records: u32,
    /// Bytes.
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
    /// Bytes.
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
    /// The checkpoint.
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
