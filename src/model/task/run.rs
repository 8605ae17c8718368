//! The mailbox loop of a task (`flink-semantics` 3.1): mails first; then, if output is available, the next input.

use std::ops::ControlFlow::{self, Break, Continue};

use crate::model::ids::ChannelId;
use crate::model::network::{Barrier, Buffer, Element, Network};
use crate::model::task::barrier_buffer::{self, CacheLimit};
use crate::model::task::piece;
use crate::model::task::{Doing, InHand, Mail, Spending, Task, TaskInput};
use crate::scenario::Reading;
use crate::units::SimTime;

/// What ends a round of the loop before the task rests: the job deals with it, then comes the next round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// A mail is to be read.
    Mail(Mail),
    /// A barrier has come to the head of its channel.
    Barrier(ChannelId, Barrier),
    /// A part of a record that is not complete yet, or something for the cache: dealt with already.
    NoRecords,
    /// Something for the cache, which is beyond its limit and may not spill.
    CacheOverflow,
}

/// Whether a task may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// A free segment, and no subpartition at its limit, on every output.
    Available,
    /// Not so: mails still run (soft backpressure).
    Unavailable,
    /// Inside a record with the overdraft used up (hard backpressure).
    Stuck,
}

/// The state of a task's outputs.
#[inline]
pub(crate) fn output(task: &Task, network: &Network) -> Output {
    if task
        .outputs
        .iter()
        .all(|output| network.available(output.partition))
    {
        Output::Available
    } else if task
        .outputs
        .iter()
        .any(|output| network.hard_blocked(output.partition))
    {
        Output::Stuck
    } else {
        Output::Unavailable
    }
}

/// One round of the loop. Returns when the task's next step is due, occupied or not ([`SimTime::MAX`]: not before
/// something wakes it), or what ended the round before.
#[inline]
pub(crate) fn round(
    task: &mut Task,
    network: &mut Network,
    cache: Option<CacheLimit>,
    now: SimTime,
) -> ControlFlow<Notice, SimTime> {
    let output = output(task, network);
    if output == Output::Stuck {
        return Continue(wait_for_output(task, Doing::HardBackpressured, now));
    }
    if let Some(mail) = task.mails.pop_front() {
        task.doing = Doing::Waiting;
        return Break(Notice::Mail(mail));
    }
    if output == Output::Unavailable {
        return Continue(wait_for_output(task, Doing::SoftBackpressured, now));
    }
    let available = if task.source.is_some() {
        due(task, now)
    } else {
        fill_hands(task, network, cache, now)?;
        in_hand(task)
    };
    Continue(if available > 0 {
        piece::begin(task, available, now)
    } else {
        wait_for_input(task, network, now)
    })
}

fn wait_for_output(task: &mut Task, doing: Doing, now: SimTime) -> SimTime {
    task.doing = doing;
    task.clock.switch(now, Spending::Backpressured);
    SimTime::MAX
}

/// Returns when the task will look again by itself.
#[inline]
fn wait_for_input(task: &mut Task, network: &Network, now: SimTime) -> SimTime {
    let wakes_at = if let Some(source) = &mut task.source {
        let (due, quantum) = (source.schedule.next_due(), task.service.quantum());
        // Records that come faster than the quantum are emitted in batches of one quantum.
        if due.since(now) < quantum {
            now + quantum
        } else {
            due
        }
    } else {
        let arrivals = task.inputs.iter();
        let arrivals = arrivals.filter_map(|input| network.next_arrival(input.gate));
        arrivals.min().unwrap_or(SimTime::MAX)
    };
    task.doing = Doing::Waiting;
    task.clock.switch(now, Spending::Idle);
    task.wakes_at = wakes_at;
    task.turn += 1;
    wakes_at
}

/// Takes buffers in hand: for a union one, from the gates in turn; for an alternating task one from each input.
#[inline]
fn fill_hands(
    task: &mut Task,
    network: &mut Network,
    cache: Option<CacheLimit>,
    now: SimTime,
) -> ControlFlow<Notice> {
    let mut input = task.next_input;
    for _ in 0..task.inputs.len() {
        if task.inputs[input].in_hand.is_none() {
            take(task, network, input, cache, now)?;
        }
        if task.inputs[input].in_hand.is_some() && task.reading == Reading::Union {
            task.next_input = input;
            break;
        }
        input = task.input_after(input);
    }
    Continue(())
}

/// Records of the buffers in hand that may be processed.
#[inline]
fn in_hand(task: &Task) -> u32 {
    let left = |input: &TaskInput| input.in_hand.as_ref().map(|in_hand| in_hand.left);
    match task.reading {
        Reading::Union => task.inputs.get(task.next_input).and_then(left).unwrap_or(0),
        // While several inputs have data, one record of each in turn.
        Reading::Alternating => {
            let sides = task.inputs.iter().filter_map(left);
            let least = sides.clone().min().unwrap_or(0);
            least.saturating_mul(sides.count() as u32)
        }
    }
}

/// Takes the next element of an input, if there is one, in hand or into the cache.
#[inline]
fn take(
    task: &mut Task,
    network: &mut Network,
    input: usize,
    cache: Option<CacheLimit>,
    now: SimTime,
) -> ControlFlow<Notice> {
    let gate = task.inputs[input].gate;
    let cached = cache.is_some() && task.cache.waits_for_replay();
    let next = if cached {
        barrier_buffer::replay(task, input)
    } else {
        network.poll(now, gate)
    };
    let Some((channel, element)) = next else {
        return Continue(());
    };
    if let Some(limit) = cache
        && task.alignment.has_arrived(channel)
    {
        return barrier_buffer::keep(task, network, (channel, element), cached, limit, now);
    }
    match element {
        Element::Data(buffer) => hold(task, network, input, (channel, buffer), cached, now),
        Element::Barrier(barrier) => Break(Notice::Barrier(channel, barrier)),
    }
}

/// Takes a buffer in hand; `cached` = it comes from the old alignment cache, and has been counted.
#[inline]
fn hold(
    task: &mut Task,
    network: &mut Network,
    input: usize,
    (channel, buffer): (ChannelId, Buffer),
    cached: bool,
    now: SimTime,
) -> ControlFlow<Notice> {
    let input = &mut task.inputs[input];
    if !cached {
        input.bytes += u64::from(buffer.bytes);
        task.counters.bytes += u64::from(buffer.bytes);
        task.counters.taken += u64::from(buffer.records);
    }
    if buffer.records > 0 {
        input.in_hand = Some(InHand {
            channel,
            buffer,
            left: buffer.records,
            cached,
        });
        return Continue(());
    }
    if !cached {
        network.recycle(now, channel, buffer);
    }
    Break(Notice::NoRecords)
}

/// Looks at a source's schedule; a generator's has waited while the source could not emit. Returns the number of records
/// that are due.
fn due(task: &mut Task, now: SimTime) -> u32 {
    let source = task.source.as_mut().expect("the caller saw a source");
    if !source.log && task.clock.kind() == Spending::Backpressured {
        source.schedule.postpone(now - task.clock.since());
    }
    if source.due == 0 {
        source.due = source.schedule.take_due(now, task.piece_records_max);
    }
    source.due
}
