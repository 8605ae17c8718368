//! Old Flink's alignment (`BarrierBuffer`): what was cached is read first, and channels whose barrier has come go on filling
//! the cache, which spills, or overflows, beyond its limit.

use std::ops::ControlFlow::{self, Break, Continue};

use crate::model::ids::ChannelId;
use crate::model::job::mailbox::{self, Notice};
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

/// Takes the next element of an input, from the cache if it is the input's turn there; returns the number of its records.
#[cold]
pub(super) fn take(
    task: &mut Task,
    network: &mut Network,
    input: usize,
    limit: CacheLimit,
    now: SimTime,
) -> ControlFlow<Notice, u32> {
    let replayed = take_replayed(task, network, input);
    let cached = replayed.is_some();
    let gate = task.inputs[input].gate;
    let Some((channel, element)) = replayed.or_else(|| network.poll(now, gate)) else {
        return Continue(0);
    };
    if task.alignment.has_arrived(channel) {
        return keep(task, network, (channel, element), cached, limit, now);
    }
    mailbox::hold(task, network, input, (channel, element), cached, now)
}

fn take_replayed(task: &mut Task, network: &Network, input: usize) -> Option<(ChannelId, Element)> {
    let &(channel, _) = task.cache.replay.front()?;
    if network.channel(channel).gate != task.inputs[input].gate {
        return None;
    }
    let (channel, element) = task.cache.replay.pop_front()?;
    if let Element::Data(buffer) = element {
        task.cache.bytes -= u64::from(buffer.bytes);
    }
    Some((channel, element))
}

/// Puts an element of a channel whose barrier has come into the cache.
fn keep(
    task: &mut Task,
    network: &mut Network,
    (channel, element): (ChannelId, Element),
    replayed: bool,
    CacheLimit { limit, overflow }: CacheLimit,
    now: SimTime,
) -> ControlFlow<Notice, u32> {
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
