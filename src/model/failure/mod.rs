//! Failures: what strikes, who is lost, when the job may come back (`flink-semantics` 6.1 to 6.3).
//!
//! A struck task is down at once. The JobManager learns of it later, cancels what is connected to it, aborts all pending
//! checkpoints and asks the restart strategy for a delay. How the lost tasks come back stands in `restore`.

pub mod restart;
mod restore;
pub mod source;

use crate::engine::{Agenda, Stream, Streams};
use crate::model::checkpoint::contents::{Cut, Cuts};
use crate::model::event::Event;
use crate::model::failure::restart::Backoff;
use crate::model::failure::source::FailureSource;
use crate::model::ids::TaskId;
use crate::model::observe::{Fact, FailureReason, Observer};
use crate::model::storage::{Direction, FileOwner};
use crate::model::{Job, KEPT_OF_FAILURE};
use crate::scenario::calibration::{CANCEL, FAILURE_REPORT, RESTART_LATE};
use crate::scenario::{Commit, Detection, Failover, OutageKind, Scenario, Target};
use crate::units::{SimDuration, SimTime};

/// What goes wrong, and what is needed to put it right.
#[derive(Debug)]
pub(crate) struct Mishaps {
    pub(crate) source: FailureSource,
    pub(crate) backoff: Backoff,
    pub(crate) cuts: Cuts,
    /// By task: it has to be deployed anew.
    pub(crate) lost: Vec<bool>,
    /// By TaskManager: it was lost, and local copies with it.
    pub(crate) lost_taskmanagers: Vec<bool>,
    /// Draws when the last heartbeat came.
    pub(crate) heartbeats: Stream,
    /// The JobManager waits for this instant to restart.
    pub(crate) restart: Option<SimTime>,
    /// When the next random failure is due.
    pub(crate) next_random: Option<SimTime>,
    /// When enough slots are there.
    pub(crate) slots: SimTime,
    /// Records that waited before the failure.
    pub(crate) backlog: u64,
    /// The backlog is being worked off.
    pub(crate) catching_up: bool,
    /// A checkpoint was given up that the job cannot tolerate: it fails when the present event is dealt with.
    pub(crate) intolerable: bool,
}

impl Mishaps {
    /// Nothing has gone wrong yet.
    pub(crate) fn new(scenario: &Scenario, streams: &Streams, beginning: Cut) -> Self {
        Mishaps {
            source: FailureSource::new(&scenario.failures, streams),
            backoff: Backoff::new(
                scenario.failures.recovery.strategy,
                streams.named("restart delay"),
            ),
            lost: vec![false; beginning.tasks.len()],
            cuts: Cuts::new(beginning),
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
}

impl<O: Observer> Job<O> {
    pub(crate) fn schedule_failures(&mut self, agenda: &mut Agenda<Event>) {
        for (given, failure) in self.scenario.failures.given.iter().enumerate() {
            let given = given as u32;
            agenda.after(failure.at, Event::GivenFailure { given });
        }
        self.schedule_random_failure(agenda);
        for outage in &self.scenario.failures.outages {
            if matches!(outage.what, OutageKind::Storage { .. }) {
                agenda.after(outage.at, Event::OutageChanged);
                agenda.after(outage.at + outage.duration, Event::OutageChanged);
            }
        }
    }

    fn schedule_random_failure(&mut self, agenda: &mut Agenda<Event>) {
        let next = self.mishaps.source.next_random(agenda.now());
        self.mishaps.next_random = next.map(|at| at.max(agenda.now()));
        if let Some(at) = self.mishaps.next_random {
            agenda.at(at, Event::RandomFailure);
        }
    }

    /// When the next random failure is due.
    pub fn next_random_failure(&self) -> Option<SimTime> {
        self.mishaps.next_random
    }

    /// The next random failure comes so much earlier: steady time is left out.
    pub fn hasten_random_failure(&mut self, by: SimDuration, agenda: &mut Agenda<Event>) {
        agenda.retain(|event| *event != Event::RandomFailure);
        if let Some(at) = &mut self.mishaps.next_random {
            *at = SimTime::ZERO + at.since(SimTime::ZERO).saturating_sub(by);
            agenda.at((*at).max(agenda.now()), Event::RandomFailure);
        }
    }

    pub(crate) fn fail_as_given(&mut self, given: u32, agenda: &mut Agenda<Event>) {
        self.mishaps.source.strike(given as usize);
        let target = self.scenario.failures.given[given as usize].target;
        self.fail(target, agenda);
    }

    pub(crate) fn fail_at_random(&mut self, agenda: &mut Agenda<Event>) {
        let vertices = self.scenario.vertices.iter();
        let parallelism: Vec<usize> = vertices.map(|vertex| vertex.parallelism).collect();
        let taskmanagers = self.mishaps.lost_taskmanagers.len();
        let target = self.mishaps.source.target(&parallelism, taskmanagers);
        self.schedule_random_failure(agenda);
        self.fail(target, agenda);
    }

    fn fail(&mut self, target: Target, agenda: &mut Agenda<Event>) {
        match target {
            Target::Task { vertex, subtask } => {
                let before = &self.scenario.vertices[..vertex];
                let first: usize = before.iter().map(|vertex| vertex.parallelism).sum();
                let id = TaskId((first + subtask) as u32);
                let name = &self.scenario.vertices[vertex].name;
                let cause = format!(
                    "{name} ({}/{}) failed",
                    subtask + 1,
                    self.parallelism(vertex)
                );
                self.strike(&[id], cause, agenda);
            }
            Target::TaskManager(lost) => {
                let on_it = |id: &TaskId| self.taskmanager_of[id.index()] == lost;
                let tasks: Vec<TaskId> = self.all_tasks().filter(on_it).collect();
                self.mishaps.lost_taskmanagers[lost] = true;
                let start = self.scenario.failures.recovery.taskmanager_start;
                self.mishaps.slots = self.mishaps.slots.max(agenda.now() + start);
                if let Some(restart) = self.mishaps.restart
                    && restart < self.mishaps.slots
                {
                    self.schedule_restart(self.mishaps.slots, agenda);
                }
                self.strike(&tasks, format!("TaskManager {lost} was lost"), agenda);
            }
            Target::JobManager => self.lose_jobmanager(agenda),
        }
    }

    fn parallelism(&self, vertex: usize) -> usize {
        self.scenario.vertices[vertex].parallelism
    }

    pub(crate) fn all_tasks(&self) -> impl Iterator<Item = TaskId> + use<O> {
        (0..self.tasks.len() as u32).map(TaskId)
    }

    /// Tasks fail. Those that are lost already have nothing more to lose: Flink merges failures that come before the
    /// planned restart.
    pub(crate) fn strike(&mut self, tasks: &[TaskId], cause: String, agenda: &mut Agenda<Event>) {
        let alive = |id: &&TaskId| !self.mishaps.lost[id.index()];
        let struck: Vec<TaskId> = tasks.iter().filter(alive).copied().collect();
        if struck.is_empty() {
            return;
        }
        let now = agenda.now();
        if self.recovering == 0 && !self.mishaps.catching_up {
            self.mishaps.backlog = self.backlog(now);
        }
        self.kept += KEPT_OF_FAILURE;
        self.observer.observe(now, &Fact::FailureStruck { cause });
        self.lose(&struck, agenda);
        let delay = self.detection_delay(struck.len() > 1);
        agenda.after(delay, Event::FailureDetected);
    }

    /// A failure that concerns no task in particular: everything restarts.
    pub(crate) fn fail_globally(&mut self, cause: String, agenda: &mut Agenda<Event>) {
        let all: Vec<TaskId> = self.all_tasks().collect();
        self.strike(&all, cause, agenda);
    }

    /// Without high availability a lost JobManager takes the job with it; else a new leader restores it, and the tasks,
    /// which have lost their leader, start anew.
    fn lose_jobmanager(&mut self, agenda: &mut Agenda<Event>) {
        let cause = "The JobManager was lost".to_owned();
        if self.scenario.cluster.commit == Commit::None {
            let reason =
                "The JobManager was lost, and there is no high availability (cluster.commit)";
            return self.fail_job(reason.to_owned(), agenda);
        }
        let leads = agenda.now() + self.scenario.failures.recovery.jobmanager_start;
        self.mishaps.slots = self.mishaps.slots.max(leads);
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
                    .scale(self.mishaps.heartbeats.unit());
                recovery.heartbeat_timeout.saturating_sub(since_last)
            }
            Detection::Heartbeat | Detection::Immediate => FAILURE_REPORT,
        }
    }

    /// The JobManager cancels what is connected to the failed tasks, and plans the restart. A failure that comes before a
    /// planned restart is part of it (6.3).
    pub(crate) fn detect(&mut self, agenda: &mut Agenda<Event>) {
        if !self.mishaps.lost.contains(&true) {
            return;
        }
        let now = agenda.now();
        let connected = self.connected_to_lost();
        self.lose(&connected, agenda);
        if self.mishaps.restart.is_some() {
            return;
        }
        self.observer.observe(now, &Fact::FailureDetected);
        for checkpoint in self.coordinator.suspend() {
            self.channel_state.abort(checkpoint);
            self.abort_checkpoint(checkpoint, FailureReason::Suspended, agenda);
        }
        let Some(delay) = self.mishaps.backoff.on_failure(now) else {
            let reason = "Recovery is suppressed by the restart strategy".to_owned();
            return self.fail_job(reason, agenda);
        };
        let due = (now + delay.max(CANCEL) + RESTART_LATE).max(self.mishaps.slots);
        self.schedule_restart(due, agenda);
    }

    fn schedule_restart(&mut self, at: SimTime, agenda: &mut Agenda<Event>) {
        self.mishaps.restart = Some(at);
        agenda.at(at, Event::RestartDue);
    }

    /// Tasks go down with everything that they have begun.
    fn lose(&mut self, tasks: &[TaskId], agenda: &mut Agenda<Event>) {
        let now = agenda.now();
        for id in tasks {
            self.mishaps.lost[id.index()] = true;
            let task = &mut self.tasks[id.index()];
            if !task.restoring {
                self.recovering += 1;
                task.restoring = true;
            }
            task.fail(now);
            self.plans.remove(id);
        }
        let lost = &self.mishaps.lost;
        let survives = |event: &Event| !self.happens_at(*event, &|id: TaskId| lost[id.index()]);
        agenda.retain(survives);
        let lost = &self.mishaps.lost;
        self.storage.cancel(now, |owner| match owner {
            FileOwner::State(id, _) | FileOwner::Materialisation(id) | FileOwner::Restore(id) => {
                lost[id.index()]
            }
            FileOwner::ChannelState(..) => false,
        });
        self.forecast_transfers(Direction::Write, agenda);
        self.forecast_transfers(Direction::Read, agenda);
    }

    /// Whether an event happens at one of the lost tasks.
    fn happens_at(&self, event: Event, lost: &impl Fn(TaskId) -> bool) -> bool {
        match event {
            Event::Step { task, .. }
            | Event::Flush { task }
            | Event::SyncPhaseDone { task, .. }
            | Event::AsyncFixedPartDone { task, .. }
            | Event::AckAtCoordinator { task, .. }
            | Event::TaskDeployed { task }
            | Event::TaskRestored { task }
            | Event::Materialise { task } => lost(task),
            Event::PriorityBarrierAtTask { channel, .. } => {
                lost(self.network.channel(channel).consumer)
            }
            Event::Debloat { gate } => lost(self.network.gate(gate).consumer),
            Event::FileOpened { file } | Event::FileClosed { file } => {
                match self.storage.owner(file) {
                    Some(
                        FileOwner::State(id, _)
                        | FileOwner::Materialisation(id)
                        | FileOwner::Restore(id),
                    ) => lost(id),
                    Some(FileOwner::ChannelState(..)) | None => false,
                }
            }
            Event::CheckpointDue { .. }
            | Event::Requested { .. }
            | Event::TriggerAtSources { .. }
            | Event::AlignmentTimedOut { .. }
            | Event::TransferDone { .. }
            | Event::CheckpointDurable { .. }
            | Event::CompletionAtTasks { .. }
            | Event::CheckpointExpired { .. }
            | Event::AbortAtTasks { .. }
            | Event::GivenFailure { .. }
            | Event::RandomFailure
            | Event::FailureDetected
            | Event::RestartDue
            | Event::BacklogLooked
            | Event::OutageChanged => false,
        }
    }

    /// Tasks that do not run without the lost ones: the failover region, or all (`RestartPipelinedRegionFailoverStrategy`:
    /// all exchanges of a streaming job are pipelined).
    fn connected_to_lost(&self) -> Vec<TaskId> {
        let mut lost = self.mishaps.lost.clone();
        let full = self.scenario.failures.recovery.failover == Failover::Full;
        loop {
            let mut grown = false;
            for channel in self.network.channels() {
                let (producer, consumer) = (channel.producer.index(), channel.consumer.index());
                if lost[producer] != lost[consumer] {
                    (lost[producer], lost[consumer], grown) = (true, true, true);
                }
            }
            if !grown {
                break;
            }
        }
        let newly = |id: &TaskId| (full || lost[id.index()]) && !self.mishaps.lost[id.index()];
        self.all_tasks().filter(newly).collect()
    }

    /// An outage of storage begins or ends.
    pub(crate) fn change_outage(&mut self, agenda: &mut Agenda<Event>) {
        let now = agenda.now().since(SimTime::ZERO);
        let during = self.scenario.failures.outages.iter();
        let during =
            during.filter(|outage| (outage.at..outage.at + outage.duration).contains(&now));
        let share = during
            .filter_map(|outage| match outage.what {
                OutageKind::Storage { share } => Some(share),
                OutageKind::Replica(_) => None,
            })
            .fold(1.0, f64::min);
        self.storage.set_scale(agenda.now(), share);
        self.forecast_transfers(Direction::Write, agenda);
        self.forecast_transfers(Direction::Read, agenda);
    }
}
