//! A subtask: one thread, one mailbox, the buffers it reads, and how it spends its time.
//!
//! `flink-semantics` 3.1 (mailbox), 4.6 (busy, backpressured, idle). A task is data and small answers; what it does next
//! is decided in `run`.

pub mod activity;
mod audited;
pub mod barrier_buffer;
mod firing;
pub mod output;
mod run;
pub mod schedule;
pub mod service;
pub mod sink;
pub mod timers;

use std::collections::VecDeque;

use crate::engine::Stream;
use crate::model::checkpoint::barrier::{Alignment, Cause, Span};
use crate::model::checkpoint::contents::TaskStateSnapshot;
use crate::model::checkpoint::snapshot::Snapshots;
use crate::model::ids::{ChannelId, CheckpointId, GateId};
use crate::model::network::{Buffer, Element, InFlight, Network};
use crate::model::observe::{SubtaskRecord, TaskCounters};
use crate::model::state::StateBackend;
use crate::model::task::activity::{Mail, TaskState, TimeAccount, TimeKind};
use crate::model::task::barrier_buffer::BarrierBuffer;
use crate::model::task::output::TaskOutput;
use crate::model::task::schedule::Schedule;
use crate::model::task::service::ServiceTime;
use crate::model::task::sink::SinkWriter;
use crate::model::task::timers::TimerService;
use crate::scenario::Reading;
use crate::scenario::calibration::LOCK_PER_RELEASE;
use crate::units::SimTime;

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
    /// The input whose turn it is.
    pub next_input: usize,
    /// What it does at the moment.
    pub state: TaskState,
    /// It was lost and does not run yet.
    pub restoring: bool,
    /// Counts what was scheduled for it: an event of an older generation is outdated.
    pub generation: u32,
    /// While waiting: when it will look again by itself.
    pub wakes_at: SimTime,
    /// Mails, urgent ones first.
    pub mails: VecDeque<Mail>,
    /// Time per record.
    pub service: ServiceTime,
    /// A source's schedule.
    pub source: Option<Box<SourceState>>,
    /// Its timers.
    pub timers: Option<Box<TimerService>>,
    /// What it owes an external system.
    pub sink: Option<Box<SinkWriter>>,
    /// Records out per record in.
    pub selectivity: f64,
    /// Fraction of a record that is still to be emitted.
    pub fraction: f64,
    /// At most so many records in one batch: about one output buffer.
    pub batch_records_max: u32,
    /// What it has done so far.
    pub counters: Counters,
    /// How it has spent its time.
    pub clock: TimeAccount,
    /// The snapshot that begins when its operators have written what they have buffered.
    pub before_barrier: Option<(Span, Cause)>,
    /// Its barrier handler.
    pub alignment: Box<Alignment>,
    /// Its state backend.
    pub backend: Box<StateBackend>,
    /// Snapshots that are not acknowledged.
    pub snapshots: Box<Snapshots>,
    /// Acks on their way.
    pub reports: Vec<(CheckpointId, SubtaskRecord)>,
    /// Channels to resume after the sync phase.
    pub to_resume: Vec<ChannelId>,
    /// Elements to be read before those of the network.
    pub barrier_buffer: Box<BarrierBuffer>,
}

/// One input of a task.
#[derive(Clone, Debug)]
pub struct TaskInput {
    /// The gate that it reads.
    pub gate: GateId,
    /// The buffer whose records are being processed.
    pub current: Option<CurrentBuffer>,
    /// Bytes polled from it so far.
    pub bytes: u64,
}

/// A buffer while its records are processed.
#[derive(Clone, Copy, Debug)]
pub struct CurrentBuffer {
    /// Where it came from.
    pub channel: ChannelId,
    /// What was polled.
    pub buffer: Buffer,
    /// Records not yet processed.
    pub left: u32,
    /// From the barrier buffer: there is no network buffer to give back.
    pub replayed: bool,
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
    /// Records that are emitted without a look at the mailbox.
    pub batch: u32,
    /// It finishes when nothing is left to be read.
    pub finishes: bool,
    /// The checkpoint lock of a `SourceFunction`.
    pub lock: Option<CheckpointLock>,
    /// Whether it waits for a first checkpoint.
    pub pause: Pause,
    /// When its thread has woken up for the trigger that was sent last.
    pub awake: SimTime,
    /// It reads no record that was due later: it is ahead of others for which it waits.
    pub reads_until: SimTime,
}

/// Whether a source emits before the first checkpoint after a start (`pipeline.sources.pause-until-first-checkpoint`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// It does not wait for one.
    Never,
    /// It waits for its trigger.
    UntilTriggered,
    /// It has waited.
    Over,
}

/// The lock that a `SourceFunction` holds while it emits a record, and the mailbox thread while it reads a mail. Java's
/// monitors are not fair: who has just released one mostly gets it again.
#[derive(Debug)]
pub struct CheckpointLock {
    stream: Stream,
    /// Records that will be emitted before a waiting mail is read.
    pub wins_in: u32,
}

impl CheckpointLock {
    /// A free lock.
    pub fn new(stream: Stream) -> Self {
        let mut lock = CheckpointLock { stream, wins_in: 0 };
        lock.draw();
        lock
    }

    /// The mailbox thread has had its turn; the next one comes after a geometric number of records.
    pub fn draw(&mut self) {
        let records = self.stream.exponential() / LOCK_PER_RELEASE;
        self.wins_in = (records as u32).max(1);
    }
}

impl SourceState {
    /// Records until its reader looks at its mailbox, after so many that it has emitted: those of its batch, and those of a
    /// `SourceFunction` that gets the lock again although a mail `waits`.
    #[inline]
    pub fn until_it_looks(&self, emitted: u64, waits: bool) -> u32 {
        let of_batch = if self.batch > 1 {
            self.batch - (emitted % u64::from(self.batch)) as u32
        } else {
            u32::MAX
        };
        match &self.lock {
            Some(lock) if waits => of_batch.min(lock.wins_in.max(1)),
            _ => of_batch,
        }
    }

    /// The time of the records that it will read next: those that were taken from the schedule and wait are as old, or older.
    pub fn event_time(&mut self, now: SimTime) -> SimTime {
        if self.log {
            self.schedule.next_due().min(now)
        } else {
            now
        }
    }

    /// Since when it has read no record, for lack of one; `None` if there is one to be read.
    pub fn silent_since(&mut self, now: SimTime) -> Option<SimTime> {
        let since = self.schedule.silent_since(now);
        since.filter(|_| self.due == 0)
    }

    /// Its first checkpoint is triggered; a generator goes on as if no time had passed.
    pub fn end_pause(&mut self, now: SimTime) {
        if self.pause == Pause::UntilTriggered {
            self.pause = Pause::Over;
            if !self.log {
                let late = now.since(self.schedule.next_due());
                self.schedule.postpone(late);
            }
        }
    }

    /// Whether it has finished.
    pub fn is_finished(&self) -> bool {
        self.finishes && self.due == 0 && self.schedule.ended()
    }

    /// The offset of the next record to be emitted, while `begun` records are being worked on.
    pub fn offset(&self, begun: u32) -> u64 {
        self.schedule.taken() - u64::from(self.due) - u64::from(begun)
    }
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
    /// Buffers processed to the end, or emitted batches of a source.
    pub buffers: u64,
    /// Bytes polled from all inputs.
    pub bytes: u64,
}

impl Task {
    /// It fails or is cancelled: everything but its counters is lost.
    pub fn cancel(&mut self, now: SimTime) {
        self.state = TaskState::Down;
        self.clock.switch(now, TimeKind::Idle);
        self.generation += 1;
        self.wakes_at = SimTime::MAX;
        self.mails.clear();
        for input in &mut self.inputs {
            input.current = None;
        }
        if let Some(source) = &mut self.source {
            source.due = 0;
            source.reads_until = SimTime::MAX;
            if source.pause == Pause::Over {
                source.pause = Pause::UntilTriggered;
            }
        }
        self.before_barrier = None;
        *self.alignment = self.alignment.fresh();
        *self.snapshots = Snapshots::default();
        self.reports.clear();
        self.to_resume.clear();
        *self.barrier_buffer = BarrierBuffer::default();
    }

    /// The input whose turn comes after this one.
    #[inline]
    pub fn input_after(&self, input: usize) -> usize {
        let next = input + 1;
        if next == self.inputs.len() { 0 } else { next }
    }

    /// The alignment is over: what was put aside is read before anything else.
    pub fn begin_replay(&mut self, network: &Network) {
        let inputs = &self.inputs;
        self.barrier_buffer
            .begin_replay(|channel| input_of(inputs, network.channel(channel).gate));
    }

    /// In-flight data of a channel that the task reads before anything else.
    pub fn replayed(&mut self, gate: GateId) -> &mut VecDeque<(ChannelId, Element)> {
        self.barrier_buffer.replayed(input_of(&self.inputs, gate))
    }

    /// Records of the current buffers that are not processed, by channel.
    pub fn unprocessed(&self) -> impl Iterator<Item = (ChannelId, u64)> {
        let current = self.inputs.iter().filter_map(|input| input.current);
        current.map(|current| (current.channel, u64::from(current.left)))
    }

    /// Records of the buffer in hand that came over a channel: they count as read when all are processed.
    pub fn in_hand(&self, channel: ChannelId) -> u64 {
        let current = self.inputs.iter().filter_map(|input| input.current);
        let of_it = current.filter(|current| current.channel == channel && !current.replayed);
        of_it.map(|current| u64::from(current.buffer.records)).sum()
    }

    /// The unprocessed rests of the current buffers: they are in-flight data, too.
    pub fn rests(&self) -> impl Iterator<Item = (ChannelId, InFlight)> {
        self.inputs.iter().filter_map(|input| {
            let current = input.current.as_ref()?;
            let (buffer, records) = (current.buffer, u64::from(current.left));
            let bytes = u64::from(buffer.bytes) * records / u64::from(buffer.records);
            Some((current.channel, InFlight { records, bytes }))
        })
    }

    /// Ends the batch at the next record boundary, because a mail has come; the new end if that is earlier.
    pub fn cut_batch(&mut self, now: SimTime) -> Option<SimTime> {
        let TaskState::Processing(batch) = &mut self.state else {
            return None;
        };
        let boundary = match &self.source {
            Some(source) if source.batch > 1 => {
                let begun = (self.counters.records % u64::from(source.batch)) as u32;
                (source.batch - begun, source.batch)
            }
            _ => (1, 1),
        };
        let lost = batch.cut(now, boundary);
        if let Some(source) = &mut self.source {
            source.due += lost;
        }
        (lost > 0).then_some(batch.until)
    }

    /// What it has done by `now`.
    pub fn counters_at(&self, now: SimTime) -> TaskCounters {
        TaskCounters {
            records: self.counters.records,
            buffers: self.counters.buffers,
            busy: self.clock.spent(now, TimeKind::Busy),
            backpressured: self.clock.spent(now, TimeKind::Backpressured),
            idle: self.clock.spent(now, TimeKind::Idle),
        }
    }

    /// What a checkpoint keeps of it.
    pub fn state_snapshot(&self) -> TaskStateSnapshot {
        let (source, timers) = (self.source.as_ref(), self.timers.as_ref());
        TaskStateSnapshot {
            source: source.map(|source| (source.schedule.position(), source.due)),
            fraction: self.fraction,
            timers: timers.map(|timers| (timers.progress(), self.counters.records)),
            backend: (*self.backend).clone(),
        }
    }
}

fn input_of(inputs: &[TaskInput], gate: GateId) -> usize {
    let position = inputs.iter().position(|input| input.gate == gate);
    position.expect("a task reads from its own gates")
}
