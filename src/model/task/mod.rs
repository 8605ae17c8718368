//! A subtask: one thread, one mailbox, what it has in hand, and how it spends its time.
//!
//! `flink-semantics` 3.1 (mailbox), 4.6 (busy, backpressured, idle). A task is data and small answers; what it does
//! next is decided in `job/processing`.

pub mod barrier_buffer;
mod piece;
mod processing;
mod run;
pub mod schedule;
pub mod service;

use std::collections::VecDeque;

use crate::model::checkpoint::alignment::Alignment;
use crate::model::checkpoint::snapshot_record::Snapshots;
use crate::model::ids::{ChannelId, CheckpointId, GateId, PartitionId};
use crate::model::network::{Buffer, Element, InFlight};
use crate::model::observe::SubtaskRecord;
use crate::model::state::StateBackend;
use crate::model::task::schedule::Schedule;
use crate::model::task::service::{Partitioner, ServiceTime};
use crate::scenario::Reading;
use crate::units::{SimDuration, SimTime};

/// A subtask. What only checkpoints (or sources) need stands apart: all tasks' work on records fits into the fastest cache.
#[derive(Debug)]
pub struct Task {
    /// Index of its vertex.
    pub vertex: usize,
    /// Index within the vertex.
    pub subtask: usize,
    /// Where its records come from: nothing for a source.
    pub inputs: Vec<TaskInput>,
    /// Where its records go.
    pub outputs: Vec<TaskOutput>,
    /// How several inputs are read.
    pub reading: Reading,
    /// The input to look at first.
    pub next_input: usize,
    /// What it does now.
    pub doing: Doing,
    /// It was lost and does not run yet.
    pub restoring: bool,
    /// Counts what was scheduled for it: an event of an older turn is outdated.
    pub turn: u32,
    /// While waiting: when it will look again by itself.
    pub wakes_at: SimTime,
    /// Mails, urgent ones first.
    pub mails: VecDeque<Mail>,
    /// Time per record.
    pub service: ServiceTime,
    /// A source's schedule.
    pub source: Option<Box<SourceState>>,
    /// Records out per record in.
    pub selectivity: f64,
    /// Fraction of a record that is still to be emitted.
    pub fraction: f64,
    /// At most so many records in one piece: about one output buffer.
    pub piece_records_max: u32,
    /// What it has done so far.
    pub counters: Counters,
    /// How it has spent its time.
    pub clock: TimeAccount,
    /// Its barrier handler.
    pub alignment: Box<Alignment>,
    /// Its state.
    pub state: Box<StateBackend>,
    /// Its snapshots.
    pub snapshots: Box<Snapshots>,
    /// Acks on their way.
    pub reports: Vec<(CheckpointId, SubtaskRecord)>,
    /// Channels to resume after the sync phase.
    pub to_resume: Vec<ChannelId>,
    /// Old Flink's alignment cache.
    pub cache: Box<AlignmentCache>,
}

/// One input of a task.
#[derive(Clone, Debug)]
pub struct TaskInput {
    /// Its gate.
    pub gate: GateId,
    /// The buffer being read.
    pub in_hand: Option<InHand>,
    /// Bytes polled.
    pub bytes: u64,
}

/// A buffer while its records are processed.
#[derive(Clone, Copy, Debug)]
pub struct InHand {
    /// Where it came from.
    pub channel: ChannelId,
    /// The buffer.
    pub buffer: Buffer,
    /// Records not yet processed.
    pub left: u32,
    /// From the alignment cache: there is no network buffer to give back.
    pub cached: bool,
}

/// One output edge of a task.
#[derive(Debug)]
pub struct TaskOutput {
    /// Its pool and subpartitions.
    pub partition: PartitionId,
    /// Who gets which record.
    pub partitioner: Partitioner,
    /// Bytes of a record on the wire.
    pub record_bytes: u32,
    /// Buffer timeout 0: every record is handed over at once.
    pub flush_every_record: bool,
    /// Unaligned barriers may overtake here.
    pub supports_unaligned: bool,
}

/// A source's progress.
#[derive(Debug)]
pub struct SourceState {
    /// When records are due.
    pub schedule: Schedule,
    /// Unread records wait (else the schedule slows down).
    pub log: bool,
    /// Due, but not emitted yet.
    pub due: u32,
}

impl SourceState {
    /// The offset of the next record to be emitted, while `begun` records are being worked on.
    pub fn offset(&self, begun: u32) -> u64 {
        self.schedule.taken() - u64::from(self.due) - u64::from(begun)
    }
}

/// What a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Waits for input (a source: for its schedule).
    Waiting,
    /// Processes records.
    Working(Piece),
    /// Waits for output buffers; mails run.
    SoftBackpressured,
    /// Stuck inside a record; nothing runs.
    HardBackpressured,
    /// The synchronous phase of a snapshot.
    Snapshotting,
    /// Has failed, was cancelled, or has not got its state back.
    Down,
}

/// Records that are processed without a break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Begin.
    pub from: SimTime,
    /// End.
    pub until: SimTime,
    /// Number, over all inputs.
    pub records: u32,
}

/// What waits in the mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mail {
    /// A source is to take its snapshot.
    Trigger(CheckpointId),
    /// A priority barrier has come.
    PriorityBarrier(ChannelId, CheckpointId),
    /// The time-out of an alignment has passed.
    AlignmentTimeout(CheckpointId),
    /// The checkpoint is complete.
    Completed(CheckpointId),
}

/// Numbers that only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Records processed (an operator) or emitted (a source).
    pub records: u64,
    /// Records written, counted once per output edge (broadcast: once per consumer).
    pub written: u64,
    /// Records taken from the inputs.
    pub taken: u64,
    /// Buffers processed to the end, or emitted pieces of a source.
    pub buffers: u64,
    /// Bytes polled.
    pub bytes: u64,
}

/// Busy, backpressured and idle time, counted where it ends.
#[derive(Clone, Copy, Debug, Default)]
pub struct TimeAccount {
    kind: Spending,
    since: SimTime,
    spent: [SimDuration; 3],
}

/// How a moment is spent (`busyTimeMsPerSecond` and its siblings).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spending {
    /// No input, output available.
    #[default]
    Idle = 0,
    /// Records, snapshots.
    Busy = 1,
    /// No output available, whatever the input.
    Backpressured = 2,
}

/// Elements cached during an alignment, and those that wait to be replayed.
#[derive(Clone, Debug, Default)]
pub struct AlignmentCache {
    /// From channels whose barrier has come.
    pub cached: VecDeque<(ChannelId, Element)>,
    /// By input: to be read before anything else.
    pub replay: Vec<VecDeque<(ChannelId, Element)>>,
    /// Bytes in `cached` and `replay`.
    pub bytes: u64,
    /// Bytes that went to disk.
    pub spilled: u64,
}

impl AlignmentCache {
    /// Whether something is to be read before anything else.
    pub fn waits_for_replay(&self) -> bool {
        self.replay.iter().any(|input| !input.is_empty())
    }
}

impl TimeAccount {
    /// From `at` on the time is spent like this.
    #[inline]
    pub fn switch(&mut self, at: SimTime, kind: Spending) {
        if self.kind != kind {
            self.spent[self.kind as usize] += at.since(self.since);
            self.since = at;
            self.kind = kind;
        }
    }

    /// Time spent so far.
    pub fn spent(&self, now: SimTime, kind: Spending) -> SimDuration {
        let running = if self.kind == kind {
            now.since(self.since)
        } else {
            SimDuration::ZERO
        };
        self.spent[kind as usize] + running
    }

    /// Since when the time is spent as it is.
    pub fn since(&self) -> SimTime {
        self.since
    }

    /// How the time is spent now.
    pub fn kind(&self) -> Spending {
        self.kind
    }
}

impl Task {
    /// Whether it neither reads mail nor takes input now.
    #[inline]
    pub fn is_occupied(&self) -> bool {
        matches!(
            self.doing,
            Doing::Working(_) | Doing::Snapshotting | Doing::Down
        )
    }

    /// It fails or is cancelled: everything but its counters is lost.
    pub fn fail(&mut self, now: SimTime) {
        self.doing = Doing::Down;
        self.clock.switch(now, Spending::Idle);
        self.turn += 1;
        self.wakes_at = SimTime::MAX;
        self.mails.clear();
        for input in &mut self.inputs {
            input.in_hand = None;
        }
        if let Some(source) = &mut self.source {
            source.due = 0;
        }
        *self.alignment = self.alignment.fresh();
        *self.snapshots = Snapshots::default();
        self.reports.clear();
        self.to_resume.clear();
        *self.cache = AlignmentCache::default();
    }

    /// The input whose turn comes after this one.
    #[inline]
    pub fn input_after(&self, input: usize) -> usize {
        let next = input + 1;
        if next == self.inputs.len() { 0 } else { next }
    }

    /// Puts a mail into the box: urgent ones before all others (3.1).
    pub fn post(&mut self, mail: Mail, urgent: bool) {
        if urgent {
            let position = self
                .mails
                .iter()
                .position(|mail| !mail.is_urgent())
                .unwrap_or(self.mails.len());
            self.mails.insert(position, mail);
        } else {
            self.mails.push_back(mail);
        }
    }

    /// The unread rests of the buffers in hand: they are in-flight data, too.
    pub fn rests_in_hand(&self) -> impl Iterator<Item = (ChannelId, InFlight)> {
        self.inputs.iter().filter_map(|input| {
            let in_hand = input.in_hand.as_ref()?;
            let (buffer, left) = (in_hand.buffer, u64::from(in_hand.left));
            let bytes = u64::from(buffer.bytes) * left / u64::from(buffer.records);
            let rest = InFlight {
                records: left,
                bytes,
            };
            Some((in_hand.channel, rest))
        })
    }

    /// Cuts the piece at the next record boundary after `now`, because a mail has come; the new end if that is earlier.
    pub fn cut_piece(&mut self, now: SimTime) -> Option<SimTime> {
        let Doing::Working(piece) = &mut self.doing else {
            return None;
        };
        if piece.records < 2 {
            return None;
        }
        let length = (piece.until - piece.from).as_nanos();
        let done = u128::from((now - piece.from).as_nanos()) * u128::from(piece.records);
        let records = (done.div_ceil(u128::from(length.max(1))) as u32).clamp(1, piece.records);
        if records == piece.records {
            return None;
        }
        if let Some(source) = &mut self.source {
            source.due += piece.records - records;
        }
        piece.until = piece.time_of(records);
        piece.records = records;
        Some(piece.until)
    }
}

impl Piece {
    /// When the first `records` of it are processed.
    pub fn time_of(&self, records: u32) -> SimTime {
        let length = u128::from((self.until - self.from).as_nanos());
        let part = (length * u128::from(records)).div_ceil(u128::from(self.records.max(1)));
        self.from + SimDuration::from_nanos(part as u64)
    }
}

impl Mail {
    fn is_urgent(self) -> bool {
        match self {
            Mail::PriorityBarrier(..) | Mail::AlignmentTimeout(_) => true,
            Mail::Trigger(_) | Mail::Completed(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_millis(millis)
    }

    #[test]
    fn time_is_counted_where_it_ends() {
        let mut clock = TimeAccount::default();
        clock.switch(at(10), Spending::Busy);
        clock.switch(at(15), Spending::Busy);
        clock.switch(at(30), Spending::Backpressured);
        assert_eq!(
            clock.spent(at(50), Spending::Idle),
            SimDuration::from_millis(10)
        );
        assert_eq!(
            clock.spent(at(50), Spending::Busy),
            SimDuration::from_millis(20)
        );
        assert_eq!(
            clock.spent(at(50), Spending::Backpressured),
            SimDuration::from_millis(20)
        );
    }

    #[test]
    fn the_first_records_of_a_piece_end_in_proportion() {
        let piece = Piece {
            from: at(10),
            until: at(20),
            records: 5,
        };
        assert_eq!(piece.time_of(2), at(14));
        assert_eq!(piece.time_of(5), at(20));
    }
}
