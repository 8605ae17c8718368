//! A piece of work: records that are processed without a break.
//!
//! As many records of the buffers in hand as fit into the quantum and into about one output buffer. They are emitted at
//! the end of their piece. A piece whose output becomes unavailable is cut at that record, as the real task, which tests
//! before each record, would have stopped there.

use crate::engine::Agenda;
use crate::model::audit::{Identity, Ledger};
use crate::model::event::Event;
use crate::model::ids::{ChannelId, TaskId};
use crate::model::network::Network;
use crate::model::task::run::{Output, output};
use crate::model::task::{Doing, InHand, Piece, Spending, Task, TaskOutput};
use crate::scenario::Reading;
use crate::units::SimTime;

/// Begins to process `available` records that are in hand (or due); returns when the piece ends.
#[inline]
pub(crate) fn begin(task: &mut Task, available: u32, now: SimTime) -> SimTime {
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
pub(crate) fn finish(
    task: &mut Task,
    network: &mut Network,
    mut ledger: Option<(&mut Ledger, TaskId)>,
    piece: Piece,
    agenda: &mut Agenda<Event>,
) {
    let now = agenda.now();
    let mut done = 0;
    let mut input = task.next_input;
    let offset = match (&ledger, &task.source) {
        (Some(_), Some(source)) => source.offset(piece.records),
        _ => 0,
    };
    while done < piece.records {
        match &mut ledger {
            None => emit(task, network, agenda),
            Some((ledger, id)) => {
                let record = match next_channel(task, &mut input) {
                    Some(channel) => ledger.process(channel),
                    None => ledger.read(*id, offset + u64::from(done)),
                };
                emit_known(task, network, ledger, record, agenda);
            }
        }
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

/// Emits what one processed record gives, on every output. What it gives beyond one record is counted: a record may give
/// any number.
#[inline]
fn emit(task: &mut Task, network: &mut Network, agenda: &mut Agenda<Event>) {
    task.fraction += task.selectivity;
    while task.fraction >= 1.0 - 1e-9 {
        task.fraction -= 1.0;
        for output in &mut task.outputs {
            let to = output.partitioner.choose();
            task.counters.written += write(output, network, to, agenda);
        }
        if task.fraction >= 1.0 - 1e-9 && !agenda.toil(1) {
            task.fraction = 0.0;
        }
    }
}

/// Bytes of one record that are as much work as an event: those of a buffer of Flink's default size.
const BYTES_PER_EVENT: u32 = 32 * 1024;

/// Writes a record to one consumer, or to all (`None`). Returns to how many. What a record fills beyond one buffer is
/// counted: it may fill any number.
#[inline]
fn write(
    output: &TaskOutput,
    network: &mut Network,
    to: Option<u32>,
    agenda: &mut Agenda<Event>,
) -> u64 {
    let now = agenda.now();
    if output.record_bytes >= BYTES_PER_EVENT {
        agenda.toil(u64::from(output.record_bytes / BYTES_PER_EVENT));
    }
    if let Some(to) = to {
        network.write(now, output.partition, to, output.record_bytes);
        if output.flush_every_record {
            network.flush_channel(now, output.partition, to);
        }
        return 1;
    }
    network.write_to_all(now, output.partition, output.record_bytes);
    if output.flush_every_record {
        network.flush(now, output.partition);
    }
    network.partition(output.partition).channels.len() as u64
}

/// As [`emit`], for a record whose identity decides what it gives and to whom.
#[cold]
fn emit_known(
    task: &mut Task,
    network: &mut Network,
    ledger: &mut Ledger,
    record: Identity,
    agenda: &mut Agenda<Event>,
) {
    for number in 0..record.outputs(task.selectivity) {
        let given = record.output(task.vertex, number);
        for output in &mut task.outputs {
            let to = output.partitioner.choose_for(given.key());
            let channels = network.partition(output.partition).channels.clone();
            let receivers = to.map_or(channels.clone(), |to| {
                channels.start + to..channels.start + to + 1
            });
            for channel in receivers.map(ChannelId) {
                ledger.send(channel, given);
            }
            task.counters.written += write(output, network, to, agenda);
        }
        if number > 0 && !agenda.toil(1) {
            return;
        }
    }
}

/// The channel of the next record of a piece, in the order in which [`consume`] takes them; `None` at a source.
fn next_channel(task: &Task, input: &mut usize) -> Option<ChannelId> {
    for _ in 0..task.inputs.len() {
        let in_hand = &task.inputs[*input].in_hand;
        if task.reading == Reading::Alternating {
            *input = task.input_after(*input);
        }
        if let Some(in_hand) = in_hand {
            return Some(in_hand.channel);
        }
    }
    None
}

/// Takes `records` processed records out of the buffers in hand, in turn.
#[inline]
fn consume(task: &mut Task, network: &mut Network, records: u32, now: SimTime) {
    let union = task.reading == Reading::Union;
    let mut left = records;
    while left > 0 {
        let input = task.next_input;
        if !union {
            task.next_input = task.input_after(input);
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
                task.next_input = task.input_after(input);
            }
            if !cached {
                network.recycle(now, channel, buffer);
            }
        }
    }
}
