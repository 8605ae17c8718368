//! `vertex.timers` and `vertex.window`: what fires on the task's thread without a record.
//!
//! All timers of an operator that are due fire in one go: processing-time timers in one mail, event-time timers when the
//! watermark has passed (`InternalTimerServiceImpl.onProcessingTime`, `advanceWatermark`). Until the last one has fired
//! the task reads neither mail nor input, so that a barrier waits, aligned or not; only with
//! `execution.checkpointing.unaligned.interruptible-timers.enabled` mail is read between two timers (FLINK-35051). Windows
//! are timers: at the end of each, one for every key (`WindowOperator`; SQL's slicing windows: one for every key and slice).

use crate::scenario::keys::kind::{Duration, Number, Word, ns};
use crate::scenario::keys::table::{choice, table};
use crate::units::SimDuration;

/// Timers of a vertex that fire together, again and again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timers {
    /// From one time to the next.
    pub every: SimDuration,
    /// The first time, before which nothing fires; `None`: drawn for every run, between zero and `every`.
    pub offset: Option<SimDuration>,
    /// How many fire each time.
    pub number: Fires,
    /// Time on the task's thread per timer.
    pub time: SimDuration,
    /// Records that a timer emits, on average.
    pub output: f64,
    /// Time on the task's thread per record that is buffered, to write it into the state before timers fire or a barrier leaves.
    pub buffered: SimDuration,
    /// What it waits for.
    pub clock: Clock,
}

/// How many timers fire each time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fires {
    /// So many of all subtasks together.
    Keys(f64),
    /// One for every record of so long a time (a window that keeps its records); `keys` of all subtasks together emit.
    Records {
        /// The size of the window.
        of: SimDuration,
        /// Keys of all subtasks together.
        keys: f64,
    },
}

impl Timers {
    /// Timers that fire, and records that they emit, per second on a subtask that has `part` of what belongs to all keys and
    /// reads so many records per second.
    pub fn per_second(&self, part: impl Fn(f64) -> f64, records_per_s: f64) -> (f64, f64) {
        let every_s = self.every.as_secs_f64();
        match self.number {
            Fires::Keys(number) => {
                let fired = part(number) / every_s;
                (fired, fired * self.output)
            }
            Fires::Records { of, keys } => {
                let windows = of.as_secs_f64() / every_s;
                (records_per_s * windows, part(keys) / every_s * self.output)
            }
        }
    }
}

impl Fires {
    /// So many times as many.
    #[must_use]
    pub fn times(self, factor: f64) -> Fires {
        match self {
            Fires::Keys(number) => Fires::Keys(number * factor),
            Fires::Records { of, keys } => Fires::Records {
                of,
                keys: keys * factor,
            },
        }
    }
}

choice! {
    /// What timers wait for.
    pub enum Clock {
        /// The clock on the wall.
        Processing = "processing",
        /// The watermark: all records up to that time have been read on all inputs.
        Event = "event",
    }
}

table! {
    /// Timers that fire together on the task's thread.
    pub struct TimersTable {
        /// From one time to the next.
        every (like "\"10 s\""): Duration<{ ns::MILLISECOND }, { 366 * ns::DAY }>;
        /// The first time. Default: another one in every run.
        offset: Duration<0, { 366 * ns::DAY }>;
        /// Timers of all subtasks that fire each time.
        number (like "50000"): Number;
        /// One timer for every record of so long a time instead (a window that keeps its records); `number` of them emit.
        records_of (like "\"1 min\""): Duration<{ ns::MILLISECOND }, { 366 * ns::DAY }>;
        /// Time on the task's thread per timer.
        time: Duration<0, { ns::DAY }> = SimDuration::from_micros(1);
        /// Records that a timer emits, on average.
        output: Number = 0.0;
        /// Time on the task's thread per record that the operator has buffered, to write it into the state before the timers fire or
        /// a barrier leaves.
        buffered: Duration<0, { ns::DAY }> = SimDuration::ZERO;
        /// "processing" (the clock on the wall) or "event" (the watermark).
        clock: Word<Clock> = Clock::Processing;
    }
}

table! {
    /// A window by key.
    pub struct Window one of ["size", "gap"] {
        /// Length of a tumbling or sliding window.
        size (like "\"1 min\""): Duration<{ ns::MILLISECOND }, { 366 * ns::DAY }>;
        /// From one sliding window to the next. Default: `size`, a tumbling window.
        slide: Duration<{ ns::MILLISECOND }, { 366 * ns::DAY }>;
        /// A session window instead: it ends so long after its last record.
        gap (like "\"30 s\""): Duration<{ ns::MILLISECOND }, { 366 * ns::DAY }>;
        /// Of a session window: mean time from its first to its last record. Default: `gap`.
        session: Duration<{ ns::MILLISECOND }, { 366 * ns::DAY }>;
        /// "event" (the watermark) or "processing" (the clock on the wall).
        time: Word<Clock> = Clock::Event;
        /// The first end of a window. Default: another one in every run.
        offset: Duration<0, { 366 * ns::DAY }>;
        /// Keys with a record in a window, of all subtasks together; of sessions: keys at a time.
        keys (like "50000"): Number;
        /// "incremental" (`AggregateFunction`: one value per key) or "list" (`ProcessWindowFunction`: all records are kept, and
        /// read when the window fires).
        aggregation: Word<Aggregation> = Aggregation::Incremental;
        /// Time on the task's thread per record that the operator has buffered, to write it into the state before the window fires or
        /// a barrier leaves (SQL's window aggregation: `prepareSnapshotPreBarrier`).
        buffered: Duration<0, { ns::DAY }> = SimDuration::ZERO;
        /// Time on the task's thread when a window fires: per key, with `aggregation = "list"` per record.
        firing: Duration<0, { ns::DAY }> = SimDuration::from_micros(1);
        /// Records that it emits per key.
        output: Number = 1.0;
    }
}

choice! {
    /// What a window keeps.
    pub enum Aggregation {
        /// One value per key.
        Incremental = "incremental",
        /// All records.
        List = "list",
    }
}
