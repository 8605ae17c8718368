//! Old Flink's alignment (`BarrierBuffer`): what was cached is read first, and channels whose barrier has come go on filling
//! the cache, which spills, or overflows, beyond its limit.

use std::collections::VecDeque;
use std::ops::ControlFlow::{self, Break};

use crate::model::ids::ChannelId;
use crate::model::network::{Element, Network};
use crate::model::task::Task;
use crate::model::task::run::Notice;
use crate::scenario::{Alignment, Overflow};
use crate::units::{Bytes, SimTime};

/// What the cache of one subtask may hold, and what happens beyond.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CacheLimit {
    limit: Bytes,
    overflow: Overflow,
}

impl CacheLimit {
    /// For a restored task that reads its in-flight data: nothing is cached.
    pub(crate) const NONE: CacheLimit = CacheLimit {
        limit: Bytes::new(u64::MAX),
        overflow: Overflow::Spill,
    };

    /// The limit, if the alignment caches.
    #[inline]
    pub(crate) fn of(alignment: Alignment) -> Option<Self> {
        match alignment {
            Alignment::Caching { limit, overflow } => Some(CacheLimit { limit, overflow }),
            Alignment::Aligned | Alignment::Unaligned | Alignment::AlignedThenUnaligned { .. } => {
                None
            }
        }
    }
}

/// The next element of this input that is to be read again.
#[cold]
pub(crate) fn replay(task: &mut Task, input: usize) -> Option<(ChannelId, Element)> {
    let (channel, element) = task.cache.replay.get_mut(input)?.pop_front()?;
    if let Element::Data(buffer) = element {
        task.cache.bytes = task.cache.bytes.saturating_sub(u64::from(buffer.bytes));
    }
    Some((channel, element))
}

/// The alignment is over: what was cached is read before anything else of its input, and before what was to be read again
/// already.
pub(crate) fn begin_replay(task: &mut Task, network: &Network) {
    let Task { cache, inputs, .. } = task;
    if cache.cached.is_empty() {
        return;
    }
    cache.replay.resize_with(inputs.len(), VecDeque::new);
    while let Some((channel, element)) = cache.cached.pop_back() {
        let gate = network.channel(channel).gate;
        let input = inputs.iter().position(|input| input.gate == gate);
        let input = input.expect("a task reads from its own gates");
        cache.replay[input].push_front((channel, element));
    }
}

/// Puts an element of a channel whose barrier has come into the cache.
#[cold]
pub(crate) fn keep(
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
