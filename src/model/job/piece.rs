//! A piece of work: records that are processed without a break.
//!
//! As many records of the buffers in hand as fit into the quantum and into about one output buffer. They are emitted at
//! the end of their piece. A piece whose output becomes unavailable is cut at that record, as the real task, which tests
//! before each record, would have stopped there.

use crate::model::ids::ChannelId;
use crate::model::job::caching::{self, CacheLimit};
use crate::model::network::{Barrier, Element, Network};
use crate::model::task::{Doing, InHand, Piece, Spending, Task};
use crate::scenario::Reading;
use crate::units::SimTime;

/// What a look at the input has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// So many records, in hand or due, that may be processed.
    Records(u32),
    /// A part of a record that is not complete yet, or something for the cache: nothing to process.
    NoRecords,
    /// A barrier.
    Barrier(ChannelId, Barrier),
    /// There was nothing.
    Nothing,
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

/// Takes buffers in hand: for a union one, from the gates in turn; for an alternating task one from each input.
#[inline]
pub(super) fn next_of_inputs(
    task: &mut Task,
    network: &mut Network,
    cache: Option<CacheLimit>,
    now: SimTime,
) -> Found {
    let (inputs, alternating) = (task.inputs.len(), task.reading == Reading::Alternating);
    let (mut sides, mut least) = (0, u32::MAX);
    let mut input = task.next_input;
    for _ in 0..inputs {
        let found = match (&task.inputs[input].in_hand, cache) {
            (Some(in_hand), _) => Found::Records(in_hand.left),
            (None, None) => take(task, network, input, now),
            (None, Some(limit)) => caching::take(task, network, input, limit, now),
        };
        match found {
            Found::Records(left) if alternating => {
                sides += 1;
                least = least.min(left);
            }
            Found::Records(_) => {
                task.next_input = input;
                return found;
            }
            Found::Nothing => {}
            Found::NoRecords | Found::Barrier(..) | Found::CacheOverflow => return found,
        }
        input = if input + 1 == inputs { 0 } else { input + 1 };
    }
    // While several inputs have data, one record of each in turn.
    if sides > 0 {
        Found::Records(least * sides)
    } else {
        Found::Nothing
    }
}

/// Takes the next element of an input.
#[inline]
fn take(task: &mut Task, network: &mut Network, input: usize, now: SimTime) -> Found {
    match network.poll(now, task.inputs[input].gate) {
        Some(polled) => hold(task, network, input, polled, false, now),
        None => Found::Nothing,
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
) -> Found {
    let buffer = match element {
        Element::Data(buffer) => buffer,
        Element::Barrier(barrier) => return Found::Barrier(channel, barrier),
    };
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
        return Found::Records(buffer.records);
    }
    if !cached {
        network.recycle(now, channel, buffer);
    }
    Found::NoRecords
}

/// Looks at a source's schedule; a generator's has waited while the source could not emit.
pub(super) fn due(task: &mut Task, now: SimTime) -> Found {
    let source = task.source.as_mut().expect("the caller saw a source");
    if !source.log && task.clock.kind() == Spending::Backpressured {
        source.schedule.postpone(now - task.clock.since());
    }
    if source.due == 0 {
        source.due = source.schedule.take_due(now, task.piece_records_max);
    }
    if source.due > 0 {
        Found::Records(source.due)
    } else {
        Found::Nothing
    }
}

/// Begins to process `available` records that are in hand (or due); returns when the piece ends.
#[inline]
pub(super) fn begin(task: &mut Task, available: u32, now: SimTime) -> SimTime {
    let (records, takes) = task.service.piece(available.min(task.piece_records_max));
    if let Some(source) = &mut task.source {
        source.due -= records;
    }
    let until = now + takes;
    task.doing = Doing::Working(Piece {
        from: now,
        until,
        records,
    });
    task.clock.switch(now, Spending::Busy);
    task.turn += 1;
    until
}

/// Emits what the piece's records give, and gives back the buffers that are read to their end.
#[inline]
pub(super) fn finish(task: &mut Task, network: &mut Network, piece: Piece, now: SimTime) {
    let mut done = 0;
    while done < piece.records {
        emit(task, network, now);
        done += 1;
        if done < piece.records && output(task, network) != Output::Available {
            break;
        }
    }
    task.doing = Doing::Waiting;
    if done < piece.records {
        // The output ran out at this record: the rest is not processed yet, and the task has waited since.
        task.clock
            .switch(piece.time_of(done), Spending::Backpressured);
    }
    task.counters.records += u64::from(done);
    match &mut task.source {
        Some(source) => {
            source.due += piece.records - done;
            task.counters.buffers += 1;
        }
        None => consume(task, network, done, now),
    }
}

/// Emits what one processed record gives, on every output.
#[inline]
fn emit(task: &mut Task, network: &mut Network, now: SimTime) {
    task.fraction += task.selectivity;
    while task.fraction >= 1.0 - 1e-9 {
        task.fraction -= 1.0;
        for output in &mut task.outputs {
            if let Some(to) = output.partitioner.choose() {
                network.write(now, output.partition, to, output.record_bytes);
                task.counters.written += 1;
                if output.flush_every_record {
                    network.flush_channel(now, output.partition, to);
                }
            } else {
                network.write_to_all(now, output.partition, output.record_bytes);
                task.counters.written += network.partition(output.partition).channels.len() as u64;
                if output.flush_every_record {
                    network.flush(now, output.partition);
                }
            }
        }
    }
}

/// Takes `records` processed records out of the buffers in hand, in turn.
#[inline]
fn consume(task: &mut Task, network: &mut Network, records: u32, now: SimTime) {
    let (inputs, union) = (task.inputs.len(), task.reading == Reading::Union);
    let mut left = records;
    while left > 0 {
        let input = task.next_input;
        let next = if input + 1 == inputs { 0 } else { input + 1 };
        if !union {
            task.next_input = next;
        }
        let Some(in_hand) = &mut task.inputs[input].in_hand else {
            continue;
        };
        let taken = if union { left } else { 1 };
        in_hand.left -= taken;
        left -= taken;
        if in_hand.left == 0 {
            let InHand {
                channel,
                buffer,
                cached,
                ..
            } = *in_hand;
            task.inputs[input].in_hand = None;
            task.counters.buffers += 1;
            if union {
                task.next_input = next;
            }
            if !cached {
                network.recycle(now, channel, buffer);
            }
        }
    }
}
