//! The `CheckpointCoordinator`: when to trigger, what is pending, what is complete.
//!
//! `flink-semantics` 1.2 (fixed-rate ticks, min pause shifts the phase), 1.3 (queued requests, admission), 1.4
//! (savepoints), 1.7 (completion, subsumption), 1.8 (expiry, failure counter). It schedules nothing and talks to nobody:
//! it answers what is to be done.

use std::collections::VecDeque;

use crate::model::ids::CheckpointId;
use crate::model::observe::FailureReason;
use crate::scenario::{Checkpointing, SavepointFormat};
use crate::units::{SimDuration, SimTime};

/// `CheckpointRequestDecider`: the queue holds at most this many requests.
const QUEUE_MAX: usize = 1000;

/// The coordinator of one job.
#[derive(Debug)]
pub struct Coordinator {
    options: Checkpointing,
    tasks: u32,
    queue: Vec<Request>,
    pending: Vec<Pending>,
    /// When the next tick is due, and its number: an older tick was cancelled.
    next_tick: SimTime,
    tick: u32,
    triggering: bool,
    last_completion: Option<SimTime>,
    next_id: u32,
    consecutive_failures: u32,
    last_succeeded: Option<CheckpointId>,
    retained: VecDeque<CheckpointId>,
    /// Some task does not run: no requests are accepted.
    suspended: bool,
}

/// A wish for a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the fields are the sort key, in order"
)]
struct Request {
    /// `false` sorts first: savepoints before checkpoints.
    checkpoint: bool,
    /// Forced before not forced.
    not_forced: bool,
    /// Non-periodic before periodic.
    periodic: bool,
    created: SimTime,
    canonical: bool,
}

/// Who wants a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// The interval has passed (or so many records have).
    Periodic,
    /// Somebody asked for a checkpoint.
    Checkpoint,
    /// Somebody asked for a savepoint.
    Savepoint(SavepointFormat),
}

/// A checkpoint that waits for acks.
#[derive(Clone, Copy, Debug)]
struct Pending {
    id: CheckpointId,
    savepoint: Option<SavepointFormat>,
    missing: u32,
}

/// A tick that has not been cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// When the next one is due; `None` without an interval.
    pub next: Option<SimTime>,
}

/// What the request queue says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Nothing to do now.
    Nothing,
    /// A periodic request came too early: the next tick is now at this time, with this number.
    Postponed {
        /// When.
        at: SimTime,
        /// Number of the tick.
        tick: u32,
    },
    /// Trigger a checkpoint.
    Trigger {
        /// Which.
        id: CheckpointId,
        /// Checkpoint or savepoint.
        savepoint: Option<SavepointFormat>,
    },
}

/// What an ack means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ack {
    /// The checkpoint is no longer pending.
    Late,
    /// Others are still missing.
    Recorded,
    /// It was the last one.
    Complete,
}

/// What a failed checkpoint means for the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tolerance {
    /// The job goes on.
    Tolerated,
    /// One too many in a row.
    Exceeded,
}

impl Coordinator {
    /// A coordinator for so many tasks; its scheduler has not started.
    pub fn new(options: Checkpointing, tasks: usize) -> Self {
        Coordinator {
            options,
            tasks: u32::try_from(tasks).expect("a job has fewer than 2^32 tasks"),
            queue: Vec::new(),
            pending: Vec::new(),
            next_tick: SimTime::ZERO,
            tick: 0,
            triggering: false,
            last_completion: None,
            next_id: 1,
            consecutive_failures: 0,
            last_succeeded: None,
            retained: VecDeque::new(),
            suspended: false,
        }
    }

    /// Starts the periodic scheduler: the time and number of the first tick, if checkpointing is on.
    ///
    /// Recordings of real 2.3.0 clusters: the random initial delay is used up while the tasks still deploy (an attempt
    /// that fails in preflight), and the first checkpoint comes min-pause after the last task runs.
    pub fn start(&mut self, now: SimTime) -> Option<(SimTime, u32)> {
        self.options.interval?;
        Some(self.reschedule(now + self.options.min_pause))
    }

    /// Some task has failed (1.9): the scheduler stops, requests are dropped; which checkpoints are to be aborted.
    pub fn suspend(&mut self) -> Vec<CheckpointId> {
        self.suspended = true;
        self.queue.clear();
        self.triggering = false;
        // An older tick is outdated.
        self.tick += 1;
        self.pending.iter().map(|pending| pending.id).collect()
    }

    /// The tasks are deployed anew: the time and number of the first tick, if checkpointing is on.
    ///
    /// Recordings of real 2.3.0 clusters: the scheduler starts while the tasks still restore, so that its first attempt
    /// fails in preflight and the next one comes an interval later.
    pub fn restart(&mut self, at: SimTime) -> Option<(SimTime, u32)> {
        self.options.interval?;
        Some(self.reschedule(at + self.options.min_pause))
    }

    /// All tasks run: requests are accepted again.
    pub fn resume(&mut self) {
        self.suspended = false;
    }

    /// Whether some task does not run: a request fails in preflight.
    pub fn is_suspended(&self) -> bool {
        self.suspended
    }

    /// The newest completed checkpoint that is not a savepoint.
    pub fn newest(&self) -> Option<CheckpointId> {
        self.retained.back().copied()
    }

    /// Whether a checkpoint still waits for acks or its pointer.
    pub fn is_pending(&self, id: CheckpointId) -> bool {
        self.pending.iter().any(|pending| pending.id == id)
    }

    /// Whether a first attempt fails in preflight while the tasks deploy (seen with min-pause 0, never above).
    pub fn fails_first_preflight(&self) -> bool {
        self.options.interval.is_some() && self.options.min_pause.is_zero()
    }

    /// A tick is due; `None` if it was cancelled. Fixed rate (1.2 no. 3): the phase is anchored to the schedule, not to
    /// completions. A checkpoint that is triggered by records, without an interval, ticks only when min-pause has put it
    /// off, and once.
    pub fn on_tick(&mut self, now: SimTime, tick: u32) -> Option<Tick> {
        if tick != self.tick {
            return None;
        }
        if !self.suspended {
            self.enqueue(now, Wish::Periodic);
        }
        let next = self.options.interval.map(|interval| {
            self.next_tick = self.next_tick + interval;
            self.next_tick.max(now)
        });
        Some(Tick { next })
    }

    /// Adds a request to the queue; the queue is to be looked at afterwards.
    pub fn enqueue(&mut self, now: SimTime, wish: Wish) {
        let (savepoint, canonical) = match wish {
            Wish::Periodic | Wish::Checkpoint => (false, false),
            Wish::Savepoint(format) => (true, format == SavepointFormat::Canonical),
        };
        // 1.4: a savepoint is forced iff unaligned checkpoints are disabled.
        let forced = savepoint && !self.options.may_overtake();
        let request = Request {
            checkpoint: !savepoint,
            not_forced: !forced,
            periodic: wish == Wish::Periodic,
            created: now,
            canonical,
        };
        let position = self.queue.partition_point(|other| *other <= request);
        self.queue.insert(position, request);
        if self.queue.len() > QUEUE_MAX {
            self.queue.pop();
        }
    }

    /// Looks at the queue (1.3, `chooseRequestToExecute`).
    pub fn admit(&mut self, now: SimTime) -> Admission {
        let Some(&head) = self.queue.first() else {
            return Admission::Nothing;
        };
        let full = self.pending.len() >= self.options.max_concurrent;
        if self.triggering || (full && head.not_forced) {
            return Admission::Nothing;
        }
        if head.periodic
            && let Some(last) = self.last_completion
            && last + self.options.min_pause > now
        {
            self.queue.remove(0);
            let (at, tick) = self.reschedule(last + self.options.min_pause);
            return Admission::Postponed { at, tick };
        }
        self.queue.remove(0);
        let id = CheckpointId(self.next_id);
        self.next_id += 1;
        self.triggering = true;
        let format = if head.canonical {
            SavepointFormat::Canonical
        } else {
            SavepointFormat::Native
        };
        let savepoint = (!head.checkpoint).then_some(format);
        self.pending.push(Pending {
            id,
            savepoint,
            missing: self.tasks,
        });
        Admission::Trigger { id, savepoint }
    }

    /// The trigger RPCs are out; the queue is to be looked at again.
    pub fn triggered(&mut self) {
        self.triggering = false;
    }

    /// A task has acknowledged.
    pub fn on_ack(&mut self, id: CheckpointId) -> Ack {
        let Some(pending) = self.pending.iter_mut().find(|pending| pending.id == id) else {
            return Ack::Late;
        };
        pending.missing -= 1;
        if pending.missing == 0 {
            Ack::Complete
        } else {
            Ack::Recorded
        }
    }

    /// The pointer is committed: which older pending checkpoints are subsumed (1.7 no. 8). `None` if the checkpoint
    /// was aborted meanwhile.
    pub fn on_durable(&mut self, now: SimTime, id: CheckpointId) -> Option<Vec<CheckpointId>> {
        let position = self.pending.iter().position(|pending| pending.id == id)?;
        let completed = self.pending.remove(position);
        // Completed savepoints count for min-pause, too (1.3), but subsume nothing and are not in the store.
        self.last_completion = Some(now);
        if self.last_succeeded.is_none_or(|last| id > last) {
            self.last_succeeded = Some(id);
            self.consecutive_failures = 0;
        }
        if completed.savepoint.is_some() {
            return Some(Vec::new());
        }
        self.retained.push_back(id);
        if self.retained.len() > self.options.retained {
            self.retained.pop_front();
        }
        let older = |pending: &Pending| pending.id < id && pending.savepoint.is_none();
        Some(
            self.pending
                .iter()
                .filter(|pending| older(pending))
                .map(|pending| pending.id)
                .collect(),
        )
    }

    /// Gives up a pending checkpoint: what that means for the job, or `None` if it is not pending.
    pub fn abort(&mut self, id: CheckpointId, reason: FailureReason) -> Option<Tolerance> {
        let position = self.pending.iter().position(|pending| pending.id == id)?;
        let aborted = self.pending.remove(position);
        // Savepoint failures found by the JobManager do not count (1.8).
        let counts = reason.counts()
            && (aborted.savepoint.is_none() || reason == FailureReason::AsyncException);
        if !counts || self.last_succeeded.is_some_and(|last| id < last) {
            return Some(Tolerance::Tolerated);
        }
        self.consecutive_failures += 1;
        if self.consecutive_failures > self.options.tolerable_failures {
            self.consecutive_failures = 0;
            return Some(Tolerance::Exceeded);
        }
        Some(Tolerance::Tolerated)
    }

    /// Whether all acks of a pending checkpoint are there: only its metadata is missing.
    pub fn is_fully_acknowledged(&self, id: CheckpointId) -> bool {
        self.pending
            .iter()
            .any(|pending| pending.id == id && pending.missing == 0)
    }

    /// `execution.checkpointing.timeout`.
    pub fn timeout(&self) -> SimDuration {
        self.options.timeout
    }

    fn reschedule(&mut self, at: SimTime) -> (SimTime, u32) {
        self.next_tick = at;
        self.tick += 1;
        (at, self.tick)
    }
}

#[cfg(test)]
mod tests;
