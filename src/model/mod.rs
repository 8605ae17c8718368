//! Flink, simulated at the level of network buffers.
//!
//! Start with [`event`]: everything that can happen. This file is the job: what it consists of, and the one `match` over
//! [`Event`] that says what each of them does. The details stand by Flink's subjects, state and handlers together:
//! [`checkpoint`] (coordinator, barriers, snapshots), [`task`] (the mailbox loop, records), [`network`] (buffers, credits),
//! [`state`] (backends and what their snapshots cost), [`storage`] (files on shared bandwidth), [`failure`] (restart and
//! recovery) and [`audit`] (are checkpoints consistent cuts?). Only handlers of [`Job`] schedule; what they ask (a
//! coordinator, an alignment, a network, a backend) answers with values. Nothing outside this module knows that buffers
//! exist.

pub mod audit;
pub mod checkpoint;
pub mod event;
pub mod failure;
pub mod graph;
pub mod ids;
pub mod latency;
pub mod network;
pub mod observe;
pub mod state;
pub mod storage;
pub mod task;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::engine::{Agenda, Model, Stream, Streams};
use crate::model::audit::Ledger;
use crate::model::checkpoint::channel_state::ChannelState;
use crate::model::checkpoint::coordinator::Coordinator;
pub use crate::model::event::Event;
use crate::model::failure::Mishaps;
use crate::model::ids::{ChannelId, CheckpointId, TaskId};
use crate::model::latency::Latencies;
use crate::model::network::debloat::Debloater;
use crate::model::network::{InFlight, Network, Wake};
use crate::model::observe::{Fact, FileStep, Observer};
use crate::model::state::RestorePlan;
use crate::model::storage::Storage;
use crate::model::task::{Doing, Mail, Spending, Task};
use crate::scenario::{BufferTimeout, SavepointFormat, Scenario};
use crate::units::{SimDuration, SimTime};

/// Bytes that observers may keep of checkpoints and failures.
const KEPT_MAX: u64 = 512 << 20;
/// Bytes that they keep of a subtask's part in a checkpoint.
const KEPT_OF_SUBTASK: u64 = 96;
/// Bytes that they keep of a failure.
const KEPT_OF_FAILURE: u64 = 200;

/// A running job, told to an observer.
#[derive(Debug)]
pub struct Job<O> {
    scenario: Scenario,
    tasks: Vec<Task>,
    network: Network,
    coordinator: Coordinator,
    storage: Storage,
    channel_state: ChannelState,
    taskmanager_of: Vec<usize>,
    checkpoints: Vec<CheckpointInfo>,
    aborted: BTreeSet<CheckpointId>,
    commit: Stream,
    latencies: Latencies,
    locked_until: SimTime,
    emitted_at_trigger: u64,
    debloaters: Vec<Debloater>,
    /// With `simulation.check-consistency`.
    ledger: Option<Box<Ledger>>,
    failed: bool,
    /// Bytes that observers will keep of checkpoints and failures, about.
    kept: u64,
    mishaps: Mishaps,
    /// Tasks that do not run.
    recovering: usize,
    /// What restored tasks still have to read.
    plans: BTreeMap<TaskId, RestorePlan>,
    records_lost: u64,
    streams: Streams,
    runnable: VecDeque<TaskId>,
    wakes: Vec<Wake>,
    observer: O,
}

/// What everybody may know about a checkpoint.
#[derive(Clone, Copy, Debug)]
struct CheckpointInfo {
    trigger: SimTime,
    savepoint: Option<SavepointFormat>,
}

/// Counters of one task at an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskCounters {
    /// Records processed (operators) or emitted (sources).
    pub records: u64,
    /// Buffers processed or emitted.
    pub buffers: u64,
    /// Time busy.
    pub busy: SimDuration,
    /// Time backpressured.
    pub backpressured: SimDuration,
    /// Time idle.
    pub idle: SimDuration,
}

/// A wait that begins or ends, as [`Fact::Waits`] tells it.
#[derive(Clone, Copy, Debug)]
struct Wait {
    checkpoint: CheckpointId,
    task: TaskId,
    channel: Option<ChannelId>,
    over: bool,
}

impl<O: Observer> Job<O> {
    /// The scenario's job at time 0, all tasks running, with its first events on the agenda. `observe` makes its
    /// observer, which may want to know the channels.
    pub fn new(
        scenario: &Scenario,
        streams: &Streams,
        observe: impl FnOnce(&Network) -> O,
        agenda: &mut Agenda<Event>,
    ) -> Self {
        let graph::Graph {
            tasks,
            network,
            taskmanager_of,
        } = graph::build(scenario, streams);
        let taskmanagers = taskmanager_of.iter().max().map_or(1, |last| last + 1);
        let gates = tasks.iter().map(|task| task.inputs.len()).sum();
        let segment = scenario.network.segment.get();
        let debloaters = scenario
            .network
            .debloating
            .map(|options| vec![Debloater::new(&options, segment); gates])
            .unwrap_or_default();
        let limit = scenario.checkpointing.subtasks_per_channel_state_file;
        let mut job = Job {
            coordinator: Coordinator::new(scenario.checkpointing.clone(), tasks.len()),
            storage: Storage::new(&scenario.storage, taskmanagers),
            channel_state: ChannelState::new(&taskmanager_of, limit),
            taskmanager_of,
            checkpoints: Vec::new(),
            aborted: BTreeSet::new(),
            commit: streams.named("commit"),
            latencies: Latencies::new(scenario.simulation.latencies, streams),
            locked_until: SimTime::ZERO,
            emitted_at_trigger: 0,
            debloaters,
            ledger: scenario
                .simulation
                .check_consistency
                .then(|| Box::new(Ledger::of(scenario, &tasks, &network))),
            failed: false,
            kept: 0,
            mishaps: Mishaps::new(scenario, streams, Self::beginning(&tasks)),
            recovering: 0,
            plans: BTreeMap::new(),
            records_lost: 0,
            streams: *streams,
            runnable: (0..tasks.len() as u32).map(TaskId).collect(),
            wakes: Vec::new(),
            observer: observe(&network),
            scenario: scenario.clone(),
            tasks,
            network,
        };
        job.schedule_first_events(streams, agenda);
        job.start_restored(agenda);
        job.run_tasks(agenda);
        job
    }

    fn schedule_first_events(&mut self, streams: &Streams, agenda: &mut Agenda<Event>) {
        // A task that is restored begins its periodic work after that.
        let fresh = self.scenario.failures.restore.is_none();
        if let (true, BufferTimeout::Every(period)) = (fresh, self.scenario.network.buffer_timeout)
        {
            let writes = |id: &TaskId| !self.tasks[id.index()].outputs.is_empty();
            for task in self.all_tasks().filter(writes) {
                // Flusher threads start when their tasks do: their phases are unrelated.
                let phase = streams.named(&format!("flusher {}", task.0)).unit();
                agenda.after(period.scale(phase), Event::Flush { task });
            }
        }
        if let Some((at, tick)) = self.coordinator.start(agenda.now()) {
            if self.coordinator.fails_first_preflight() {
                self.observer.observe(agenda.now(), &Fact::PreflightFailed);
            }
            agenda.at(at, Event::CheckpointDue { tick });
        }
        for (trigger, wish) in self.scenario.triggers.iter().enumerate() {
            agenda.after(
                wish.at,
                Event::Requested {
                    trigger: trigger as u32,
                },
            );
        }
        self.schedule_failures(agenda);
        for id in self.all_tasks().filter(|_| fresh) {
            self.schedule_periodic_work_of(id, agenda);
        }
    }

    fn schedule_periodic_work_of(&mut self, id: TaskId, agenda: &mut Agenda<Event>) {
        self.schedule_materialisation(id, agenda);
        self.schedule_debloating(id, agenda);
    }

    /// The observer, to read what it has gathered.
    pub fn observer(&self) -> &O {
        &self.observer
    }

    /// Takes the observer out.
    pub fn into_observer(self) -> O {
        self.observer
    }

    /// The buffers between the tasks, to look at.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// What is known of every record, if the scenario wants its checkpoints checked.
    pub fn ledger(&self) -> Option<&Ledger> {
        self.ledger.as_deref()
    }

    /// Counters of every task, in order of id.
    pub fn counters(&self, now: SimTime) -> Vec<TaskCounters> {
        self.tasks
            .iter()
            .map(|task| counters_of(task, now))
            .collect()
    }

    /// `(written, processed, in hand or lost, in channels)` records of the whole job: the first is the sum of the others.
    pub fn record_balance(&self) -> (u64, u64, u64) {
        let written = self.tasks.iter().map(|task| task.counters.written).sum();
        let taken: u64 = self.tasks.iter().map(|task| task.counters.taken).sum();
        (
            written,
            taken + self.records_lost,
            self.records_in_channels(),
        )
    }

    /// Whether so much has been told of checkpoints and failures that keeping it takes too much memory. `check` refuses what
    /// is sure to come to that; how often a job fails, only the run shows.
    pub fn keeps_too_much(&self) -> bool {
        self.kept > KEPT_MAX
    }

    /// Whether all tasks run.
    pub fn runs(&self) -> bool {
        self.recovering == 0
    }

    /// Whether all tasks run and the backlog of the last failure is worked off.
    pub fn is_steady(&self) -> bool {
        self.runs() && !self.mishaps.catching_up
    }

    /// How far the slowest subtask of the log sources is behind its schedule.
    pub fn lag(&self, now: SimTime) -> SimDuration {
        let sources = self.tasks.iter().filter_map(|task| task.source.as_ref());
        let lags = sources
            .filter(|source| source.log)
            .map(|source| source.schedule.lag(now));
        lags.max().unwrap_or(SimDuration::ZERO)
    }

    /// Records that the schedules of all sources have brought so far; emitted ones of sources without a rate.
    pub fn due(&self, now: SimTime) -> u64 {
        let due = |task: &Task| {
            let source = task.source.as_ref()?;
            Some(source.schedule.due(now).unwrap_or(task.counters.records))
        };
        self.tasks.iter().filter_map(due).sum()
    }

    /// Bytes written to storage, and files created, so far.
    pub fn storage_totals(&self) -> (u64, u64) {
        self.storage.totals()
    }

    /// Gives mail to a task, and lets it read it at the next record boundary. What is sent to an execution that is gone
    /// finds nobody (`TaskExecutor.triggerCheckpoint`, `confirmCheckpoint`: unknown task).
    fn post(&mut self, task: TaskId, mail: Mail, urgent: bool, agenda: &mut Agenda<Event>) {
        let receiver = &mut self.tasks[task.index()];
        if receiver.doing == Doing::Down {
            return;
        }
        receiver.post(mail, urgent);
        if let Some(until) = receiver.cut_piece(agenda.now()) {
            receiver.turn += 1;
            agenda.at(
                until,
                Event::Step {
                    task,
                    turn: receiver.turn,
                },
            );
        }
        self.runnable.push_back(task);
    }

    /// Tells those who look closely that a wait for a barrier begins or is over.
    fn tell_wait(&mut self, wait: Wait, now: SimTime) {
        if !self.observer.looks_closely() {
            return;
        }
        let Wait {
            checkpoint,
            task: id,
            channel,
            over,
        } = wait;
        let task = &self.tasks[id.index()];
        let mut ahead = InFlight::default();
        if let Some(channel) = channel.filter(|_| !over) {
            ahead = self.network.in_channel(channel);
            let rests = task.rests_in_hand().filter(|(from, _)| *from == channel);
            rests.for_each(|(_, rest)| ahead += rest);
        }
        let fact = Fact::Waits {
            checkpoint,
            task: id,
            channel,
            over,
            ahead,
            counters: counters_of(task, now),
            polled: task.inputs.iter().map(|input| input.bytes).collect(),
        };
        self.observer.observe(now, &fact);
    }

    fn info(&self, checkpoint: CheckpointId) -> CheckpointInfo {
        self.checkpoints[checkpoint.index() - 1]
    }
}

fn counters_of(task: &Task, now: SimTime) -> TaskCounters {
    TaskCounters {
        records: task.counters.records,
        buffers: task.counters.buffers,
        busy: task.clock.spent(now, Spending::Busy),
        backpressured: task.clock.spent(now, Spending::Backpressured),
        idle: task.clock.spent(now, Spending::Idle),
    }
}

impl<O: Observer> Model for Job<O> {
    type Event = Event;

    fn handle(&mut self, event: Event, agenda: &mut Agenda<Event>) {
        match event {
            Event::Step { task, turn } => {
                if self.tasks[task.index()].turn == turn {
                    self.step(task, agenda);
                }
            }
            Event::Flush { task } => self.flush(task, agenda),
            Event::CheckpointDue { tick } => {
                if let Some(due) = self.coordinator.on_tick(agenda.now(), tick) {
                    if let Some(next) = due.next {
                        agenda.at(next, Event::CheckpointDue { tick });
                    }
                    if self.coordinator.is_suspended() {
                        self.observer.observe(agenda.now(), &Fact::PreflightFailed);
                    }
                    self.look_at_queue(agenda);
                }
            }
            Event::Requested { trigger } => self.request(trigger, agenda),
            Event::TriggerAtSources { checkpoint } => {
                self.trigger_sources(checkpoint, agenda);
                self.coordinator.triggered();
                self.look_at_queue(agenda);
            }
            Event::PriorityBarrierAtTask {
                channel,
                checkpoint,
            } => {
                let task = self.network.channel(channel).consumer;
                self.post(
                    task,
                    Mail::PriorityBarrier(channel, checkpoint),
                    true,
                    agenda,
                );
            }
            Event::AlignmentTimedOut { checkpoint } => self.time_alignments_out(checkpoint, agenda),
            Event::SyncPhaseDone { task, checkpoint } => {
                self.end_sync_phase(task, checkpoint, agenda);
            }
            Event::AsyncFixedPartDone { task, checkpoint } => {
                self.end_async_fixed_part(task, checkpoint, agenda);
            }
            Event::FileOpened { file } => {
                let direction = self.storage.begin(agenda.now(), file);
                self.tell_file(file, FileStep::Flows, agenda.now());
                self.forecast_transfers(direction, agenda);
            }
            Event::TransferDone {
                direction,
                forecast,
            } => {
                if self.storage.is_current(direction, forecast) {
                    self.end_transfers(direction, agenda);
                }
            }
            Event::FileClosed { file } => self.close_file(file, agenda),
            Event::AckAtCoordinator { task, checkpoint } => {
                self.acknowledge(task, checkpoint, agenda);
            }
            Event::CheckpointDurable { checkpoint } => self.complete_checkpoint(checkpoint, agenda),
            Event::CompletionAtTasks { checkpoint } => {
                for task in 0..self.tasks.len() as u32 {
                    self.post(TaskId(task), Mail::Completed(checkpoint), false, agenda);
                }
            }
            Event::CheckpointExpired { checkpoint } => self.expire(checkpoint, agenda),
            Event::AbortAtTasks { checkpoint } => self.abort_at_tasks(checkpoint, agenda),
            Event::GivenFailure { given } => self.fail_as_given(given, agenda),
            Event::RandomFailure => self.fail_at_random(agenda),
            Event::FailureDetected => self.detect(agenda),
            Event::RestartDue => self.restart(agenda),
            Event::TaskDeployed { task } => self.begin_restore(task, agenda),
            Event::TaskRestored { task } => self.end_restore(task, agenda),
            Event::BacklogLooked => self.look_at_backlog(agenda),
            Event::OutageChanged => self.change_outage(agenda),
            Event::Materialise { task } => self.materialise(task, agenda),
            Event::Debloat { gate } => self.debloat(gate, agenda),
        }
        self.fail_if_intolerable(agenda);
        self.run_tasks(agenda);
        self.fail_if_intolerable(agenda);
    }

    fn finished(&self) -> bool {
        self.failed || self.keeps_too_much()
    }
}
