//! The `CheckpointCoordinator`: when to trigger, what is pending, what is complete, what has failed.
//!
//! `flink-semantics` 1.2 (fixed-rate timer, min pause shifts the phase), 1.3 (queued requests, admission), 1.4
//! (savepoints), 1.7 (acks, completion, subsumption), 1.8 (expiry, failure counter). [`Coordinator`] schedules nothing and
//! sends nothing: it answers what is to be done, and the job does it.

use std::collections::VecDeque;

use crate::model::audit::Promise;
use crate::model::event::{Agenda, Event};
use crate::model::ids::CheckpointId;
use crate::model::observe::{Fact, FailureReason, Observer};
use crate::model::{CheckpointInfo, Job, KEPT_OF_SUBTASK};
use crate::scenario::calibration::{NOTIFY, TRIGGER_RPC};
use crate::scenario::{Alignment, Checkpointing, SavepointFormat, Trigger, VertexKind};
use crate::units::{SimDuration, SimTime};

/// `CheckpointRequestDecider`: the queue holds at most this many requests.
const QUEUE_MAX: usize = 1000;

/// The coordinator of one job.
#[derive(Debug)]
pub struct Coordinator {
    options: Checkpointing,
    tasks: u32,
    queue: Vec<QueuedRequest>,
    pending: Vec<Pending>,
    /// When `ScheduledTrigger` is due, and its epoch: that of an older one was cancelled.
    next_trigger: SimTime,
    epoch: u32,
    /// A source reports that it works off a backlog.
    backlog: bool,
    triggering: bool,
    last_completion: Option<SimTime>,
    next_id: u32,
    consecutive_failures: u32,
    last_succeeded: Option<CheckpointId>,
    retained: VecDeque<CheckpointId>,
    /// Some task does not run: no requests are accepted.
    suspended: bool,
}

/// A request in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the fields are the sort key, in order"
)]
struct QueuedRequest {
    /// `false` sorts first: savepoints before checkpoints.
    checkpoint: bool,
    /// Forced before not forced.
    not_forced: bool,
    /// Non-periodic before periodic.
    periodic: bool,
    created: SimTime,
    canonical: bool,
    stops_for: Option<u32>,
}

/// Where a request for a checkpoint comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckpointRequest {
    /// The interval has passed (or so many records have).
    Periodic,
    /// A user asked for a checkpoint.
    Checkpoint,
    /// A user asked for a savepoint.
    Savepoint(SavepointFormat),
    /// The job is to stop with a savepoint, for an operation.
    Stop(SavepointFormat, u32),
}

/// A checkpoint that waits for acks.
#[derive(Clone, Copy, Debug)]
struct Pending {
    id: CheckpointId,
    savepoint: Option<SavepointFormat>,
    stops_for: Option<u32>,
    missing: u32,
}

/// A scheduled trigger that has not been cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScheduledTrigger {
    /// When the next one is due; `None` without an interval.
    pub next: Option<SimTime>,
}

/// What the request queue says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Nothing to do now.
    Nothing,
    /// A periodic request came too early: `ScheduledTrigger` is now due at this time, with this epoch.
    Postponed(SimTime, u32),
    /// Trigger a checkpoint; with a format, a savepoint.
    Trigger(CheckpointId, Option<SavepointFormat>),
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
            next_trigger: SimTime::ZERO,
            epoch: 0,
            backlog: false,
            triggering: false,
            last_completion: None,
            next_id: 1,
            consecutive_failures: 0,
            last_succeeded: None,
            retained: VecDeque::new(),
            suspended: false,
        }
    }

    /// Starts the periodic scheduler: when `ScheduledTrigger` is due first, and its epoch, if checkpointing is on.
    ///
    /// Recordings of real 2.3.0 clusters: the random initial delay is used up while the tasks still deploy (an attempt
    /// that fails in preflight), and the first checkpoint comes min-pause after the last task runs. After a failure the
    /// scheduler starts while the tasks still restore, so that its first attempt fails in preflight and the next one comes
    /// an interval later.
    pub fn start(&mut self, at: SimTime) -> Option<(SimTime, u32)> {
        self.options.interval?;
        Some(self.reschedule(at + self.options.min_pause))
    }

    /// Some task has failed (`flink-semantics` 1.9): the scheduler stops, requests are dropped; which checkpoints are to be aborted.
    pub fn suspend(&mut self) -> Vec<CheckpointId> {
        self.suspended = true;
        self.queue.clear();
        self.triggering = false;
        self.epoch += 1;
        self.pending.iter().map(|pending| pending.id).collect()
    }

    /// A savepoint is what a new job starts from.
    pub fn start_from(&mut self, savepoint: CheckpointId) {
        self.retained.push_back(savepoint);
        if self.retained.len() > self.options.retained {
            self.retained.pop_front();
        }
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

    /// The operation for which the job stops with this savepoint, which is under way.
    fn stops_for(&self, id: CheckpointId) -> Option<u32> {
        let pending = self.pending.iter().find(|pending| pending.id == id);
        pending.and_then(|pending| pending.stops_for)
    }

    /// The job has so many tasks from now on.
    pub fn count_tasks(&mut self, tasks: usize) {
        self.tasks = u32::try_from(tasks).expect("a job has fewer than 2^32 tasks");
    }

    /// Whether a checkpoint still waits for acks or its pointer.
    pub fn is_pending(&self, id: CheckpointId) -> bool {
        self.pending.iter().any(|pending| pending.id == id)
    }

    /// Whether a first attempt fails in preflight while the tasks deploy (seen with min-pause 0, never above).
    pub fn fails_first_preflight(&self) -> bool {
        self.options.interval.is_some() && self.options.min_pause.is_zero()
    }

    /// `ScheduledTrigger` is due; `None` if that epoch was cancelled. Fixed rate (`flink-semantics` 1.2): the phase is
    /// anchored to the schedule, not to completions. Checkpoints that are triggered by records, without an interval, are
    /// scheduled only when min-pause has put one off, and once.
    /// `runs` = all tasks that a checkpoint needs do.
    pub fn on_scheduled_trigger(
        &mut self,
        now: SimTime,
        epoch: u32,
        runs: bool,
    ) -> Option<ScheduledTrigger> {
        if epoch != self.epoch {
            return None;
        }
        if !self.suspended && runs {
            self.enqueue(now, CheckpointRequest::Periodic);
        }
        let next = self.present_interval().map(|interval| {
            self.next_trigger = self.next_trigger + interval;
            self.next_trigger.max(now)
        });
        if next.is_none() {
            self.next_trigger = SimTime::MAX;
        }
        Some(ScheduledTrigger { next })
    }

    fn present_interval(&self) -> Option<SimDuration> {
        if self.backlog {
            self.options.interval_during_backlog()
        } else {
            self.options.interval
        }
    }

    /// Some source begins to report a backlog, or none does any more: when `ScheduledTrigger` is due now, and its epoch, if it
    /// changes. It is never put off (`setIsProcessingBacklog`).
    pub fn report_backlog(&mut self, now: SimTime, backlog: bool) -> Option<(SimTime, u32)> {
        self.backlog = backlog;
        let due = now + self.present_interval()?;
        (due < self.next_trigger).then(|| self.reschedule(due))
    }

    /// Adds a request to the queue; one is to be chosen afterwards.
    pub fn enqueue(&mut self, now: SimTime, request: CheckpointRequest) {
        let (savepoint, canonical) = match request {
            CheckpointRequest::Periodic | CheckpointRequest::Checkpoint => (false, false),
            CheckpointRequest::Savepoint(format) | CheckpointRequest::Stop(format, _) => {
                (true, format == SavepointFormat::Canonical)
            }
        };
        // `flink-semantics` 1.4: a savepoint is forced iff unaligned checkpoints are disabled.
        let forced = savepoint && !self.options.may_overtake();
        let queued = QueuedRequest {
            checkpoint: !savepoint,
            not_forced: !forced,
            periodic: request == CheckpointRequest::Periodic,
            created: now,
            canonical,
            stops_for: match request {
                CheckpointRequest::Stop(_, operation) => Some(operation),
                CheckpointRequest::Periodic
                | CheckpointRequest::Checkpoint
                | CheckpointRequest::Savepoint(_) => None,
            },
        };
        let position = self.queue.partition_point(|other| *other <= queued);
        self.queue.insert(position, queued);
        if self.queue.len() > QUEUE_MAX {
            self.queue.pop();
        }
    }

    /// Chooses the request that is executed next (`CheckpointRequestDecider.chooseRequestToExecute`).
    pub fn choose_request(&mut self, now: SimTime) -> Admission {
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
            let (at, epoch) = self.reschedule(last + self.options.min_pause);
            return Admission::Postponed(at, epoch);
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
            stops_for: head.stops_for,
            missing: self.tasks,
        });
        Admission::Trigger(id, savepoint)
    }

    /// The trigger RPCs are out; the next request may be chosen.
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

    /// The checkpoint is finalized: which older pending checkpoints are subsumed (`flink-semantics` 1.7). `None` if it was
    /// aborted meanwhile.
    pub fn on_finalized(&mut self, now: SimTime, id: CheckpointId) -> Option<Vec<CheckpointId>> {
        let position = self.pending.iter().position(|pending| pending.id == id)?;
        let completed = self.pending.remove(position);
        // Completed savepoints count for min-pause, too (`flink-semantics` 1.3), but subsume nothing and are not in the store.
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
        // Savepoint failures found by the JobManager do not count (`flink-semantics` 1.8).
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

    fn reschedule(&mut self, at: SimTime) -> (SimTime, u32) {
        self.next_trigger = at;
        self.epoch += 1;
        (at, self.epoch)
    }
}

impl<O: Observer> Job<O> {
    /// The periodic scheduler starts.
    pub(crate) fn start_scheduler(&mut self, at: SimTime, agenda: &mut Agenda) {
        if let Some((at, epoch)) = self.coordinator.start(at) {
            agenda.at(at, Event::ScheduledTrigger(epoch));
        }
    }

    /// The sources report a backlog from the start on, and at some time none does any more.
    pub(crate) fn schedule_backlog(&mut self, agenda: &mut Agenda) {
        let backlogs = self
            .scenario
            .vertices
            .iter()
            .filter_map(|vertex| match &vertex.work {
                VertexKind::Source(source) => Some(source.backlog),
                VertexKind::Operator(_) => None,
            });
        let longest = backlogs.max().unwrap_or(SimDuration::ZERO);
        if !longest.is_zero() {
            self.coordinator.report_backlog(agenda.now(), true);
            agenda.after(longest, Event::BacklogReportEnds);
        }
    }

    /// No source reports a backlog any more.
    pub(crate) fn end_backlog(&mut self, agenda: &mut Agenda) {
        if let Some((at, epoch)) = self.coordinator.report_backlog(agenda.now(), false) {
            agenda.at(at, Event::ScheduledTrigger(epoch));
        }
    }

    /// `ScheduledTrigger` is due.
    pub(crate) fn scheduled_trigger(&mut self, epoch: u32, agenda: &mut Agenda) {
        let now = agenda.now();
        let runs = !self.lacks_finished_tasks();
        let Some(due) = self.coordinator.on_scheduled_trigger(now, epoch, runs) else {
            return;
        };
        if let Some(next) = due.next {
            agenda.at(next, Event::ScheduledTrigger(epoch));
        }
        if self.coordinator.is_suspended() || !runs {
            self.observer.observe(now, &Fact::PreflightFailed);
        }
        self.trigger_requests(agenda);
    }

    /// Whether a task has finished, and checkpoints do not go on without it: "Not all required tasks are currently running"
    /// (`DefaultCheckpointPlanCalculator`).
    fn lacks_finished_tasks(&self) -> bool {
        let mut sources = self.tasks.iter().filter_map(|task| task.source.as_ref());
        !self.scenario.checkpointing.after_finish && sources.any(|source| source.is_finished())
    }

    /// A user asks for a checkpoint or a savepoint.
    pub(crate) fn request(&mut self, trigger: u32, agenda: &mut Agenda) {
        let request = match self.scenario.triggers[trigger as usize].kind {
            Trigger::Checkpoint => CheckpointRequest::Checkpoint,
            Trigger::Savepoint(format) => CheckpointRequest::Savepoint(format),
        };
        self.ask_for(request, agenda);
    }

    /// Somebody asks for a checkpoint or a savepoint.
    pub(crate) fn ask_for(&mut self, request: CheckpointRequest, agenda: &mut Agenda) {
        let now = agenda.now();
        if self.coordinator.is_suspended() || self.lacks_finished_tasks() {
            self.observer.observe(now, &Fact::PreflightFailed);
            return;
        }
        self.coordinator.enqueue(now, request);
        self.trigger_requests(agenda);
    }

    /// Counts what the sources have emitted, and triggers by number of records if asked to.
    pub(crate) fn count_emitted(&mut self, agenda: &mut Agenda) {
        let Some(every) = self.scenario.simulation.trigger_every_records else {
            return;
        };
        let sources = self.tasks.iter().filter(|task| task.source.is_some());
        let emitted: u64 = sources.map(|task| task.counters.records).sum();
        if emitted - self.emitted_at_trigger >= every && !self.coordinator.is_suspended() {
            self.emitted_at_trigger = emitted;
            let request = CheckpointRequest::Periodic;
            self.coordinator.enqueue(agenda.now(), request);
            self.trigger_requests(agenda);
        }
    }

    /// Triggers as many of the queued requests as the rules allow.
    pub(crate) fn trigger_requests(&mut self, agenda: &mut Agenda) {
        loop {
            match self.coordinator.choose_request(agenda.now()) {
                Admission::Nothing => return,
                Admission::Postponed(at, epoch) => {
                    return agenda.at(at, Event::ScheduledTrigger(epoch));
                }
                Admission::Trigger(id, savepoint) => self.trigger(id, savepoint, agenda),
            }
        }
    }

    /// The trigger RPCs leave, and the clocks of the time-outs start.
    fn trigger(
        &mut self,
        checkpoint: CheckpointId,
        savepoint: Option<SavepointFormat>,
        agenda: &mut Agenda,
    ) {
        let trigger = agenda.now();
        let stops_for = self.coordinator.stops_for(checkpoint);
        if stops_for.is_some() {
            self.begin_to_stop(trigger);
        }
        self.checkpoints.push(CheckpointInfo {
            trigger,
            savepoint,
            stops_for,
            handles: 0,
            channels: 0,
        });
        self.kept += self.tasks.len() as u64 * KEPT_OF_SUBTASK;
        self.contents.open(checkpoint, trigger);
        let fact = Fact::Triggered {
            checkpoint,
            savepoint,
        };
        self.observer.observe(trigger, &fact);
        let options = &self.scenario.checkpointing;
        if let Some(ledger) = &mut self.ledger {
            ledger.open(checkpoint, Promise::of(options, savepoint));
        }
        let arrival = self.latencies.at_tasks(trigger, TRIGGER_RPC);
        agenda.at(arrival, Event::TriggerAtSources(checkpoint));
        if options.spared != Some(u64::from(checkpoint.0)) {
            agenda.after(options.timeout, Event::CheckpointExpired(checkpoint));
        }
        if let Alignment::AlignedThenUnaligned { after } = options.alignment
            && options.may_overtake()
            && savepoint.is_none()
        {
            agenda.after(after, Event::AlignmentTimedOut(checkpoint));
        }
    }

    /// The trigger RPCs reach the sources; only then the next request may be chosen.
    pub(crate) fn triggered(&mut self, checkpoint: CheckpointId, agenda: &mut Agenda) {
        self.trigger_sources(checkpoint, agenda);
        self.coordinator.triggered();
        self.trigger_requests(agenda);
    }

    /// The timeout counts from the trigger; a checkpoint whose metadata is being written is not aborted any more.
    pub(crate) fn expire(&mut self, checkpoint: CheckpointId, agenda: &mut Agenda) {
        if !self.coordinator.is_fully_acknowledged(checkpoint) {
            self.abort_checkpoint(checkpoint, FailureReason::Expired, agenda);
        }
    }

    /// Gives a pending checkpoint up. Nothing else happens before the caller goes on: if the job cannot tolerate it, it
    /// fails only after what is being done now ([`Job::fail_if_intolerable`]), as the JobManager, which learns of it by a
    /// message, would see to it.
    pub(crate) fn abort_checkpoint(
        &mut self,
        checkpoint: CheckpointId,
        reason: FailureReason,
        agenda: &mut Agenda,
    ) {
        let Some(tolerance) = self.coordinator.abort(checkpoint, reason) else {
            return;
        };
        self.aborted.insert(checkpoint);
        if let Some(ledger) = &mut self.ledger {
            ledger.abort(checkpoint);
        }
        let fact = Fact::Failed { checkpoint, reason };
        self.observer.observe(agenda.now(), &fact);
        let arrival = self.latencies.at_tasks(agenda.now(), NOTIFY);
        agenda.at(arrival, Event::AbortAtTasks(checkpoint));
        self.count_failed_checkpoint(reason, agenda);
        match tolerance {
            Tolerance::Tolerated => self.trigger_requests(agenda),
            Tolerance::Exceeded => self.failure.intolerable = true,
        }
    }
}

#[cfg(test)]
mod tests;
