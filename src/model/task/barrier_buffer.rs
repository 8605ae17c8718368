//! Elements that a task reads before those of the network: old Flink's alignment (`BarrierBuffer`, before 1.5), and the
//! in-flight data of a restored task.
//!
//! While old Flink aligns, channels whose barrier has come go on filling the buffer, which spills, or overflows, beyond its
//! limit; after the alignment it is read first.

use std::collections::VecDeque;

use crate::model::ids::ChannelId;
use crate::model::network::Element;
use crate::scenario::{Alignment, Overflow};
use crate::units::Bytes;

/// Elements put aside during an alignment, and those that wait to be replayed.
#[derive(Clone, Debug, Default)]
pub struct BarrierBuffer {
    /// From channels whose barrier has come.
    pub blocked: VecDeque<(ChannelId, Element)>,
    /// By input: to be read before anything else.
    pub replay: Vec<VecDeque<(ChannelId, Element)>>,
    /// Bytes in `blocked` and `replay`.
    bytes: u64,
}

/// What the buffer of one subtask may hold, and what happens beyond.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    bytes: Bytes,
    overflow: Overflow,
}

impl Limit {
    /// For a restored task that reads its in-flight data.
    pub const NONE: Limit = Limit {
        bytes: Bytes::new(u64::MAX),
        overflow: Overflow::Spill,
    };

    /// The limit, if the alignment fills the buffer.
    #[inline]
    pub fn of(alignment: Alignment) -> Option<Self> {
        match alignment {
            Alignment::Caching { limit, overflow } => Some(Limit {
                bytes: limit,
                overflow,
            }),
            Alignment::Aligned | Alignment::Unaligned | Alignment::AlignedThenUnaligned { .. } => {
                None
            }
        }
    }
}

impl BarrierBuffer {
    /// Whether something is to be read before anything else.
    pub fn waits_for_replay(&self) -> bool {
        self.replay.iter().any(|input| !input.is_empty())
    }

    /// The next element of this input that is to be read again.
    #[cold]
    pub fn replay(&mut self, input: usize) -> Option<(ChannelId, Element)> {
        let (channel, element) = self.replay.get_mut(input)?.pop_front()?;
        if let Element::Data(buffer) = element {
            self.bytes = self.bytes.saturating_sub(u64::from(buffer.bytes));
        }
        Some((channel, element))
    }

    /// What waits to be read again on this input.
    pub fn replayed(&mut self, input: usize) -> &mut VecDeque<(ChannelId, Element)> {
        if self.replay.len() <= input {
            self.replay.resize_with(input + 1, VecDeque::new);
        }
        &mut self.replay[input]
    }

    /// The alignment is over: what was put aside is read before anything else of its input, and before what was to be
    /// read again already.
    pub fn begin_replay(&mut self, input_of: impl Fn(ChannelId) -> usize) {
        while let Some((channel, element)) = self.blocked.pop_back() {
            self.replayed(input_of(channel))
                .push_front((channel, element));
        }
    }

    /// Puts an element of a channel whose barrier has come aside. Returns whether the buffer is beyond its limit and may
    /// not spill.
    #[cold]
    pub fn put_aside(&mut self, channel: ChannelId, element: Element, limit: Limit) -> bool {
        self.blocked.push_back((channel, element));
        let Element::Data(buffer) = element else {
            return false;
        };
        self.bytes += u64::from(buffer.bytes);
        match limit.overflow {
            Overflow::Spill => false,
            Overflow::Fail => self.bytes > limit.bytes.get(),
        }
    }
}
