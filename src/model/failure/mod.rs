//! Failures: what fails, which tasks are lost, when the job may come back (`flink-semantics` 6.1 to 6.3).
//!
//! A task that fails is down at once. The JobManager learns of it later, cancels what is connected to it, aborts all pending
//! checkpoints and asks the restart strategy for a delay. How the lost tasks come back stands in `restore`.

pub mod operation;
pub mod rescale;
pub mod restart;
pub mod restore;
pub mod source;

use crate::engine::{Stream, Streams};
use crate::model::event::{Agenda, Event};
use crate::model::failure::restart::Backoff;
use crate::model::failure::source::FailureSource;
use crate::model::ids::{Table, TaskId};
use crate::model::observe::{Fact, FailureReason, Observer};
use crate::model::storage::file::FileOwner;
use crate::model::{Job, KEPT_OF_FAILURE};
use crate::scenario::calibration::{CANCEL, FAILURE_REPORT, RESTART_LATE};
use crate::scenario::{Commit, Detection, Failover, OutageKind, Scenario, Target};
use crate::units::{SimDuration, SimTime};

/// What has failed, and what is needed to come back.
#[derive(Debug)]
pub struct FailureState {
    source: FailureSource,
    backoff: Backoff,
    /// By task: it has to be deployed again.
    pub lost: Table<TaskId, bool>,
    /// By TaskManager: it was lost, and local copies with it.
    lost_taskmanagers: Vec<bool>,
    /// Draws when the last heartbeat came.
    heartbeats: Stream,
    /// The JobManager waits for this instant to restart.
    restart: Option<SimTime>,
    /// When the next random failure is due.
    next_random: Option<SimTime>,
    /// When enough slots are there.
    slots: SimTime,
    /// Records that waited before the failure.
    backlog: u64,
    /// The backlog is being worked off.
    pub catching_up: bool,
    /// A checkpoint was given up that the job cannot tolerate: it fails when the present event is dealt with.
    pub intolerable: bool,
}

impl FailureState {
    /// Nothing has failed yet.
    pub fn new(scenario: &Scenario, streams: &Streams, tasks: usize) -> Self {
        let strategy = scenario.failures.recovery.strategy;
        FailureState {
            source: FailureSource::new(&scenario.failures, streams),
            backoff: Backoff::new(strategy, streams.named("restart delay")),
            lost: vec![false; tasks].into(),
            lost_taskmanagers: vec![false; scenario.cluster.taskmanagers],
            heartbeats: streams.named("heartbeats"),
            restart: None,
            next_random: None,
            slots: SimTime::ZERO,
            backlog: 0,
            catching_up: false,
            intolerable: false,
        }
    }

    /// Other tasks on so many TaskManagers: none of them is lost, and what they catch up with is looked at when all of them run.
    fn begin_anew(&mut self, taskmanagers: usize, tasks: usize) {
        self.catching_up = false;
        self.lost = vec![false; tasks].into();
        self.lost_taskmanagers = vec![false; taskmanagers];
    }
}

impl<O: Observer> Job<O> {
    pub(crate) fn schedule_failures(&mut self, agenda: &mut Agenda) {
        for (given, failure) in self.scenario.failures.given.iter().enumerate() {
            let given = given as u32;
            agenda.after(failure.at, Event::GivenFailure(given));
        }
        self.schedule_random_failure(agenda);
        for outage in &self.scenario.failures.outages {
            if matches!(outage.what, OutageKind::Storage { .. }) {
                agenda.after(outage.at, Event::OutageChanged);
                agenda.after(outage.at + outage.duration, Event::OutageChanged);
            }
        }
    }

    fn schedule_random_failure(&mut self, agenda: &mut Agenda) {
        let next = self.failure.source.next_random(agenda.now());
        self.failure.next_random = next.map(|at| at.max(agenda.now()));
        if let Some(at) = self.failure.next_random {
            agenda.at(at, Event::RandomFailure);
        }
    }

    /// When the next random failure is due.
    pub fn next_random_failure(&self) -> Option<SimTime> {
        self.failure.next_random
    }

    /// The next random failure comes so much earlier: steady time is left out.
    pub fn hasten_random_failure(&mut self, by: SimDuration, agenda: &mut Agenda) {
        agenda.retain(|event| *event != Event::RandomFailure);
        if let Some(at) = &mut self.failure.next_random {
            *at = SimTime::ZERO + at.since(SimTime::ZERO).saturating_sub(by);
            agenda.at((*at).max(agenda.now()), Event::RandomFailure);
        }
    }

    pub(crate) fn fail_as_given(&mut self, given: u32, agenda: &mut Agenda) {
        self.failure.source.count(given as usize);
        let target = self.scenario.failures.given[given as usize].target;
        self.fail(target, agenda);
    }

    pub(crate) fn fail_at_random(&mut self, agenda: &mut Agenda) {
        let vertices = self.scenario.vertices.iter();
        let parallelism: Vec<usize> = vertices.map(|vertex| vertex.parallelism).collect();
        let taskmanagers = self.failure.lost_taskmanagers.len();
        let target = self.failure.source.target(&parallelism, taskmanagers);
        self.schedule_random_failure(agenda);
        self.fail(target, agenda);
    }

    fn fail(&mut self, target: Target, agenda: &mut Agenda) {
        match target {
            Target::Task { vertex, subtask } => {
                let is_it = |id: &TaskId| {
                    let task = &self.tasks[*id];
                    (task.vertex, task.subtask) == (vertex, subtask)
                };
                let failed: Vec<TaskId> = self.tasks.ids().filter(is_it).collect();
                let vertex = &self.scenario.vertices[vertex];
                let (name, number, of) = (&vertex.name, subtask + 1, vertex.parallelism);
                let cause = format!("{name} ({number}/{of}) failed");
                self.inject_failure(&failed, cause, agenda);
            }
            Target::TaskManager(lost) => {
                let on_it = |id: &TaskId| self.taskmanager_of[*id] == lost;
                let failed: Vec<TaskId> = self.tasks.ids().filter(on_it).collect();
                if let Some(is_lost) = self.failure.lost_taskmanagers.get_mut(lost) {
                    *is_lost = true;
                }
                let start = self.scenario.failures.recovery.taskmanager_start;
                self.failure.slots = self.failure.slots.max(agenda.now() + start);
                if let Some(restart) = self.failure.restart
                    && restart < self.failure.slots
                {
                    self.schedule_restart(self.failure.slots, agenda);
                }
                self.inject_failure(&failed, format!("TaskManager {lost} was lost"), agenda);
            }
            Target::JobManager => self.lose_jobmanager(agenda),
        }
    }

    /// Tasks fail. Those that are lost already have nothing more to lose: Flink merges failures that come before the
    /// planned restart.
    pub(crate) fn inject_failure(&mut self, tasks: &[TaskId], cause: String, agenda: &mut Agenda) {
        let alive = |id: &&TaskId| !self.failure.lost[**id];
        let failed: Vec<TaskId> = tasks.iter().filter(alive).copied().collect();
        if failed.is_empty() {
            return;
        }
        let now = agenda.now();
        if self.recovering == 0 && !self.failure.catching_up {
            self.failure.backlog = self.backlog(now);
        }
        self.kept += KEPT_OF_FAILURE;
        self.observer.observe(now, &Fact::FailureStruck { cause });
        self.cancel_tasks(&failed, agenda);
        let delay = self.detection_delay(failed.len() > 1);
        agenda.after(delay, Event::FailureDetected);
    }

    /// A failure that concerns no task in particular: everything restarts.
    fn fail_globally(&mut self, cause: String, agenda: &mut Agenda) {
        let all: Vec<TaskId> = self.tasks.ids().collect();
        self.inject_failure(&all, cause, agenda);
    }

    /// The job fails if a checkpoint was given up that it cannot tolerate. Tasks go down here, with their snapshots and
    /// files: no handler may be in the middle of one.
    #[inline]
    pub(crate) fn fail_if_intolerable(&mut self, agenda: &mut Agenda) {
        if std::mem::take(&mut self.failure.intolerable) {
            let cause = "Exceeded checkpoint tolerable failure threshold.".to_owned();
            self.fail_globally(cause, agenda);
        }
    }

    /// The job fails for good, without a restart: the run ends here.
    fn fail_job(&mut self, reason: &str, agenda: &mut Agenda) {
        self.failed = true;
        let reason = reason.to_owned();
        self.observer
            .observe(agenda.now(), &Fact::JobFailed { reason });
    }

    /// Without high availability a lost JobManager takes the job with it; else a new leader restores it, and the tasks,
    /// which have lost their leader, are restarted.
    fn lose_jobmanager(&mut self, agenda: &mut Agenda) {
        let cause = "The JobManager was lost".to_owned();
        if self.scenario.cluster.commit == Commit::None {
            let reason =
                "The JobManager was lost, and there is no high availability (cluster.commit)";
            return self.fail_job(reason, agenda);
        }
        let leads = agenda.now() + self.scenario.failures.recovery.jobmanager_start;
        self.failure.slots = self.failure.slots.max(leads);
        self.fail_globally(cause, agenda);
    }

    /// An exception, or a broken connection, is reported at once; silence is noticed when the heartbeat times out, which
    /// began with the last one received.
    fn detection_delay(&mut self, several: bool) -> SimDuration {
        let recovery = &self.scenario.failures.recovery;
        match recovery.detection {
            Detection::Heartbeat if several => {
                let since_last = recovery
                    .heartbeat_interval
                    .scale(self.failure.heartbeats.unit());
                recovery.heartbeat_timeout.saturating_sub(since_last)
            }
            Detection::Heartbeat | Detection::Immediate => self.latencies.draw(FAILURE_REPORT),
        }
    }

    /// The JobManager cancels what is connected to the failed tasks, and plans the restart. A failure that comes before a
    /// planned restart is part of it (`flink-semantics` 6.3).
    pub(crate) fn detect(&mut self, agenda: &mut Agenda) {
        if !self.failure.lost.contains(&true) {
            return;
        }
        let now = agenda.now();
        let connected = self.connected_to_lost();
        self.cancel_tasks(&connected, agenda);
        if self.failure.restart.is_some() {
            return;
        }
        self.observer.observe(now, &Fact::FailureDetected);
        self.suspend_checkpoints(agenda);
        let Some(delay) = self.failure.backoff.on_failure(now) else {
            return self.fail_job("Recovery is suppressed by the restart strategy", agenda);
        };
        let cancelled = self.latencies.draw(CANCEL);
        let late = self.latencies.draw(RESTART_LATE);
        let due = (now + delay.max(cancelled) + late).max(self.failure.slots);
        self.schedule_restart(due, agenda);
    }

    /// No checkpoints while tasks are down: those that are pending are aborted.
    pub(super) fn suspend_checkpoints(&mut self, agenda: &mut Agenda) {
        for checkpoint in self.coordinator.suspend() {
            self.channel_state.abort(checkpoint);
            self.abort_checkpoint(checkpoint, FailureReason::Suspended, agenda);
        }
    }

    pub(super) fn schedule_restart(&mut self, at: SimTime, agenda: &mut Agenda) {
        self.failure.restart = Some(at);
        agenda.at(at, Event::RestartDue);
    }

    /// Tasks go down with everything that they have begun.
    pub(super) fn cancel_tasks(&mut self, tasks: &[TaskId], agenda: &mut Agenda) {
        for &id in tasks {
            self.failure.lost[id] = true;
            let task = &mut self.tasks[id];
            if !task.restoring {
                self.recovering += 1;
                task.restoring = true;
            }
            task.cancel(agenda.now());
            self.restores.remove(&id);
        }
        let lost = &self.failure.lost;
        agenda.retain(|event| !self.place_of(*event).is_some_and(|id| lost[id]));
        let lost = lost.clone();
        let of_lost = |owner: FileOwner| owner.task().is_some_and(|id| lost[id]);
        self.cancel_files(of_lost, agenda);
        self.cancel_work(agenda);
    }

    /// The task at which an event happens.
    fn place_of(&self, event: Event) -> Option<TaskId> {
        match event {
            Event::Step(id, _)
            | Event::Flush(id)
            | Event::TimersDue(id)
            | Event::WatermarkDue(id)
            | Event::PreBarrierDone(id, _)
            | Event::SourceAwake(id, _)
            | Event::FlushThreadFree(id, _)
            | Event::SyncPhaseDone(id, _)
            | Event::StateScanned(id, _)
            | Event::AsyncFixedPartDone(id, _)
            | Event::AckAtCoordinator(id, _)
            | Event::AckHandled(id, _)
            | Event::TaskDeployed(id)
            | Event::TaskRestored(id)
            | Event::Materialize(id) => Some(id),
            Event::PriorityBarrierAtTask(channel, _) => {
                Some(self.network.channel(channel).consumer)
            }
            Event::Debloat(gate) => Some(self.network.gate(gate).consumer),
            Event::FileOpened(file) | Event::FileRefused(file, _) | Event::FileClosed(file) => {
                self.storage.owner(file)?.task()
            }
            Event::ScheduledTrigger(_)
            | Event::BacklogReportEnds
            | Event::SourcesAligned(_)
            | Event::Requested(_)
            | Event::OperationDue(_)
            | Event::OperationOverdue(_)
            | Event::TriggerAtSources(_)
            | Event::AlignmentTimedOut(_)
            | Event::TransferDone(..)
            | Event::ProcessorFree(..)
            | Event::CollectionBegins(_)
            | Event::CollectionEnds(_)
            | Event::CheckpointFinalized(_)
            | Event::CompletionAtTasks(_)
            | Event::CheckpointExpired(_)
            | Event::AbortAtTasks(_)
            | Event::GivenFailure(_)
            | Event::RandomFailure
            | Event::FailureDetected
            | Event::RestartDue
            | Event::BacklogChecked
            | Event::OutageChanged => None,
        }
    }

    /// Tasks that do not run without the lost ones: the failover region, or all (`RestartPipelinedRegionFailoverStrategy`:
    /// all exchanges of a streaming job are pipelined).
    fn connected_to_lost(&self) -> Vec<TaskId> {
        let mut lost = self.failure.lost.clone();
        let full = self.scenario.failures.recovery.failover == Failover::Full;
        loop {
            let mut grown = false;
            for channel in self.network.channels() {
                let (producer, consumer) = (channel.producer, channel.consumer);
                if lost[producer] != lost[consumer] {
                    (lost[producer], lost[consumer], grown) = (true, true, true);
                }
            }
            if !grown {
                break;
            }
        }
        let newly = |id: &TaskId| (full || lost[*id]) && !self.failure.lost[*id];
        self.tasks.ids().filter(newly).collect()
    }
}
