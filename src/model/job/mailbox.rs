//! The mailbox loop of a task (`flink-semantics` 3.1): mails first; then, if output is available, the next input.

use std::ops::ControlFlow::{self, Break, Continue};

use crate::model::ids::ChannelId;
use crate::model::job::caching::{self, CacheLimit};
use crate::model::job::piece;
use crate::model::network::{Barrier, Element, Network};
use crate::model::task::{Doing, InHand, Mail, Spending, Task};
use crate::scenario::Reading;
use crate::units::SimTime;

/// What ends a round of the loop before the task rests: the job deals with it, then comes the next round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notice {
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
pub(super) enum Output {
    /// A free segment, and no subpartition at its limit, on every output.
    Available,
    /// Not so: mails still run (soft backpressure).
    Unavailable,
    /// Inside a record with the overdraft used up (hard backpressure).
    Stuck,
}

/// The state of a task's outputs.
#[inline]
pub(super) fn output(task: &Task, network: &Network) -> Output {
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
pub(super) fn round(
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
        next_of_inputs(task, network, cache, now)?
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
    let wakes_at = match &mut task.source {
        Some(source) => {
            let (due, quantum) = (source.schedule.next_due(), task.service.quantum());
            // Records that come faster than the quantum are emitted in batches of one quantum.
            if due.since(now) < quantum {
                now + quantum
            } else {
                due
            }
        }
        None => {
            let arrivals = task.inputs.iter();
            let arrivals = arrivals.filter_map(|input| network.next_arrival(input.gate));
            arrivals.min().unwrap_or(SimTime::MAX)
        }
    };
    task.doing = Doing::Waiting;
    task.clock.switch(now, Spending::Idle);
    task.wakes_at = wakes_at;
    task.turn += 1;
    wakes_at
}

/// Takes buffers in hand: for a union one, from the gates in turn; for an alternating task one from each input. Returns how
/// many records may be processed.
#[inline]
fn next_of_inputs(
    task: &mut Task,
    network: &mut Network,
    cache: Option<CacheLimit>,
    now: SimTime,
) -> ControlFlow<Notice, u32> {
    let (inputs, alternating) = (task.inputs.len(), task.reading == Reading::Alternating);
    let (mut sides, mut least) = (0, u32::MAX);
    let mut input = task.next_input;
    for _ in 0..inputs {
        let left = match (&task.inputs[input].in_hand, cache) {
            (Some(in_hand), _) => in_hand.left,
            (None, None) => take(task, network, input, now)?,
            (None, Some(limit)) => caching::take(task, network, input, limit, now)?,
        };
        if left > 0 {
            if !alternating {
                task.next_input = input;
                return Continue(left);
            }
            sides += 1;
            least = least.min(left);
        }
        input = if input + 1 == inputs { 0 } else { input + 1 };
    }
    // While several inputs have data, one record of each in turn.
    Continue(if sides > 0 { least * sides } else { 0 })
}

/// Takes the next element of an input; returns the number of its records.
#[inline]
fn take(
    task: &mut Task,
    network: &mut Network,
    input: usize,
    now: SimTime,
) -> ControlFlow<Notice, u32> {
    match network.poll(now, task.inputs[input].gate) {
        Some(polled) => hold(task, network, input, polled, false, now),
        None => Continue(0),
    }
}

/// Takes an element in hand; `cached` = it comes from the old alignment cache, and has been counted.
#[inline]
pub(super) fn hold(
    task: &mut Task,
    network: &mut Network,
    input: usize,
    (channel, element): (ChannelId, Element),
    cached: bool,
    now: SimTime,
) -> ControlFlow<Notice, u32> {
    let buffer = match element {
        Element::Data(buffer) => buffer,
        Element::Barrier(barrier) => return Break(Notice::Barrier(channel, barrier)),
    };
    let input = &mut task.inputs[input];
    if !cached {
        input.bytes += u64::from(buffer.bytes);
        task.counters.bytes += u64::from(buffer.bytes);
        task.counters.taken += u64::from(buffer.records);
    }
    if buffer.records == 0 {
        if !cached {
            network.recycle(now, channel, buffer);
        }
        return Break(Notice::NoRecords);
    }
    input.in_hand = Some(InHand {
        channel,
        buffer,
        left: buffer.records,
        cached,
    });
    Continue(buffer.records)
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
