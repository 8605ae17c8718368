//! What a task does at the moment, what waits in its mailbox, and how it has spent its time.

use crate::model::ids::{ChannelId, CheckpointId};
use crate::units::{SimDuration, SimTime};

/// What a task does at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// Waits for input (a source: for its schedule).
    Waiting,
    /// Processes a batch of records.
    Processing(Batch),
    /// Fires timers.
    Firing(Batch),
    /// Commits what a complete checkpoint holds.
    Committing,
    /// Waits for output buffers; mails run.
    SoftBackpressured,
    /// Stuck inside a record; nothing runs.
    HardBackpressured,
    /// The synchronous phase of a snapshot.
    Snapshotting,
    /// A source that has taken its part in the savepoint with which the job stops: it emits nothing more.
    Suspended,
    /// Has failed, was cancelled, or has not got its state back.
    Down,
}

impl TaskState {
    /// Whether the thread neither reads mail nor takes input.
    #[inline]
    pub fn is_occupied(self) -> bool {
        matches!(
            self,
            TaskState::Processing(_)
                | TaskState::Firing(_)
                | TaskState::Committing
                | TaskState::Snapshotting
                | TaskState::Suspended
                | TaskState::Down
        )
    }
}

/// Records that are processed without a break: one event instead of one per record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// When the first record is begun.
    pub from: SimTime,
    /// When the last record is processed.
    pub until: SimTime,
    /// How many, over all inputs.
    pub records: u32,
}

impl Batch {
    /// When the first `records` of it are processed.
    pub fn time_of(&self, records: u32) -> SimTime {
        let length = u128::from((self.until - self.from).as_nanos());
        let part = (length * u128::from(records)).div_ceil(u128::from(self.records.max(1)));
        self.from + SimDuration::from_nanos(part as u64)
    }

    /// Ends the batch at the first record boundary after `now`, where boundaries are the `first` record and every `unit`-th
    /// after it; returns how many records it has lost by that.
    pub fn cut(&mut self, now: SimTime, (first, unit): (u32, u32)) -> u32 {
        if self.records < 2 {
            return 0;
        }
        let length = (self.until - self.from).as_nanos();
        let done = u128::from((now - self.from).as_nanos()) * u128::from(self.records);
        let done = (done.div_ceil(u128::from(length.max(1))) as u32).clamp(1, self.records);
        let units = done.saturating_sub(first).div_ceil(unit);
        let records = first
            .saturating_add(units.saturating_mul(unit))
            .min(self.records);
        let lost = self.records - records;
        if lost > 0 {
            self.until = self.time_of(records);
            self.records = records;
        }
        lost
    }
}

/// What waits in the mailbox (`flink-semantics` 3.1).
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
    /// Processing-time timers are due.
    Timers,
}

impl Mail {
    /// Whether it is read before all other mail, wherever it comes from.
    pub fn is_urgent(self) -> bool {
        match self {
            Mail::PriorityBarrier(..) | Mail::AlignmentTimeout(_) => true,
            Mail::Trigger(_) | Mail::Completed(_) | Mail::Timers => false,
        }
    }
}

/// How a moment is spent (`busyTimeMsPerSecond` and its siblings, `flink-semantics` 4.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeKind {
    /// No input, output available.
    #[default]
    Idle = 0,
    /// Processes records, or is blocked by a snapshot.
    Busy = 1,
    /// No output available, whatever the input.
    Backpressured = 2,
}

/// Busy, backpressured and idle time, counted where it ends.
#[derive(Clone, Copy, Debug, Default)]
pub struct TimeAccount {
    kind: TimeKind,
    since: SimTime,
    spent: [SimDuration; 3],
}

impl TimeAccount {
    /// Of a task that comes into being, idle.
    pub fn starting(at: SimTime) -> Self {
        TimeAccount {
            since: at,
            ..TimeAccount::default()
        }
    }

    /// From `at` on the time is spent like this.
    #[inline]
    pub fn switch(&mut self, at: SimTime, kind: TimeKind) {
        if self.kind != kind {
            self.spent[self.kind as usize] += at.since(self.since);
            self.since = at;
            self.kind = kind;
        }
    }

    /// Time spent like this by `now`.
    pub fn spent(&self, now: SimTime, kind: TimeKind) -> SimDuration {
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

    /// How the time is spent at the moment.
    pub fn kind(&self) -> TimeKind {
        self.kind
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
        clock.switch(at(10), TimeKind::Busy);
        clock.switch(at(15), TimeKind::Busy);
        clock.switch(at(30), TimeKind::Backpressured);
        let spent = |kind| clock.spent(at(50), kind).as_millis();
        assert_eq!(spent(TimeKind::Idle), 10);
        assert_eq!(spent(TimeKind::Busy), 20);
        assert_eq!(spent(TimeKind::Backpressured), 20);
    }

    #[test]
    fn the_first_records_of_a_batch_end_in_proportion() {
        let (from, until, records) = (at(10), at(20), 5);
        let batch = Batch {
            from,
            until,
            records,
        };
        assert_eq!(batch.time_of(2), at(14));
        assert_eq!(batch.time_of(5), at(20));
    }

    #[test]
    fn a_batch_is_cut_at_the_next_record_boundary() {
        let (from, until, records) = (at(10), at(20), 5);
        let batch = Batch {
            from,
            until,
            records,
        };
        let cut = |now| {
            let mut batch = batch;
            (batch.cut(now, (1, 1)), batch.until, batch.records)
        };
        assert_eq!(cut(at(13)), (3, at(14), 2));
        assert_eq!(cut(at(14)), (3, at(14), 2), "the boundary itself");
        assert_eq!(cut(at(10)), (4, at(12), 1), "the first record is begun");
        assert_eq!(cut(at(19)), (0, at(20), 5));
    }

    #[test]
    fn a_reader_that_does_not_stop_is_cut_where_it_looks_up() {
        let (from, until, records) = (at(10), at(20), 10);
        let cut = |now, first, unit| {
            let mut batch = Batch {
                from,
                until,
                records,
            };
            batch.cut(now, (first, unit));
            batch.records
        };
        assert_eq!(cut(at(12), 4, 5), 4);
        assert_eq!(cut(at(15), 4, 5), 9);
        assert_eq!(cut(at(12), 30, 50), 10, "not in this piece");
    }
}
