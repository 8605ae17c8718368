//! Old Flink's alignment (`BarrierBuffer`): what was cached is read first, and channels whose barrier has come go on filling
//! the cache, which spills, or overflows, beyond its limit.

use std::ops::ControlFlow::{self, Break};

use crate::model::ids::{ChannelId, GateId};
use crate::model::job::mailbox::Notice;
use crate::model::network::{Element, Network};
use crate::model::task::Task;
use crate::scenario::{Alignment, Overflow};
use crate::units::{Bytes, SimTime};

/// What the cache of one subtask may hold, and what happens beyond.
#[derive(Clone, Copy, Debug)]
pub(super) struct CacheLimit {
    limit: Bytes,
    overflow: Overflow,
}

impl CacheLimit {
    /// The limit, if the alignment caches.
    #[inline]
    pub(super) fn of(alignment: Alignment) -> Option<Self> {
        match alignment {
            Alignment::Caching { limit, overflow } => Some(CacheLimit { limit, overflow }),
            Alignment::Aligned | Alignment::Unaligned | Alignment::AlignedThenUnaligned { .. } => {
                None
            }
        }
    }
}

/// The next element to be read again, if it came in by this gate.
#[cold]
pub(super) fn replay(
    task: &mut Task,
    network: &Network,
    gate: GateId,
) -> Option<(ChannelId, Element)> {
    let comes_by_it = |(channel, _): &(ChannelId, _)| network.channel(*channel).gate == gate;
    let position = task.cache.replay.iter().position(comes_by_it)?;
    let (channel, element) = task.cache.replay.remove(position)?;
    if let Element::Data(buffer) = element {
        task.cache.bytes -= u64::from(buffer.bytes);
    }
    Some((channel, element))
}

/// Puts an element of a channel whose barrier has come into the cache.
#[cold]
pub(super) fn keep(
    task: &mut Task,
    network: &mut Network,
    (channel, element): (ChannelId, Element),
    replayed: bool,
    CacheLimit { limit, overflow }: CacheLimit,
    now: SimTime,
) -> ControlFlow<Notice> {
    task.cache.cached.push_back((channel, element));
    let Element::Data(buffer) = element else {
        return Break(Notice::NoRecords);
    };
    task.cache.bytes += u64::from(buffer.bytes);
    if !replayed {
        task.counters.bytes += u64::from(buffer.bytes);
        task.counters.taken += u64::from(buffer.records);
        network.recycle(now, channel, buffer);
    }
    if task.cache.bytes > limit.get() {
        match overflow {
            Overflow::Spill => task.cache.spilled += u64::from(buffer.bytes),
            Overflow::Fail => return Break(Notice::CacheOverflow),
        }
    }
    Break(Notice::NoRecords)
}
