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
mod garbage;
pub mod graph;
pub mod ids;
pub mod latency;
pub mod network;
pub mod observe;
pub mod processors;
mod source_alignment;
pub mod state;
pub mod storage;
pub mod task;
pub mod watermark;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::engine::{Model, Stream, Streams};
use crate::model::audit::Ledger;
use crate::model::checkpoint::channel_state::ChannelState;
use crate::model::checkpoint::contents::CheckpointStore;
use crate::model::checkpoint::coordinator::Coordinator;
use crate::model::event::Agenda;
pub use crate::model::event::Event;
use crate::model::failure::FailureState;
use crate::model::failure::operation::Operations;
use crate::model::failure::rescale::Retired;
use crate::model::failure::restore::Restoring;
use crate::model::garbage::Collections;
use crate::model::ids::{CheckpointId, GateId, Table, TaskId};
use crate::model::latency::Latencies;
use crate::model::network::debloat::Debloater;
use crate::model::network::{Network, Wake};
use crate::model::observe::{Fact, Observer, TaskCounters};
use crate::model::processors::Processors;
use crate::model::source_alignment::SourceGroup;
use crate::model::storage::Storage;
use crate::model::storage::merging::MergedFiles;
use crate::model::task::Task;
use crate::model::task::activity::Mail;
use crate::model::watermark::Watermarks;
use crate::scenario::{BufferTimeout, SavepointFormat, Scenario};
use crate::units::{SimDuration, SimTime};

/// Bytes that observers may keep of checkpoints and failures.
const KEPT_MAX: u64 = 512 << 20;
/// Bytes that they keep of a subtask's part in a checkpoint.
const KEPT_OF_SUBTASK: u64 = 96;
/// Bytes that they keep of a failure.
const KEPT_OF_FAILURE: u64 = 200;

/// A running job, and who observes it.
#[derive(Debug)]
pub struct Job<O> {
    scenario: Scenario,
    tasks: Table<TaskId, Task>,
    network: Network,
    taskmanager_of: Table<TaskId, usize>,
    coordinator: Coordinator,
    /// By checkpoint, from 1.
    checkpoints: Vec<CheckpointInfo>,
    aborted: BTreeSet<CheckpointId>,
    contents: CheckpointStore,
    channel_state: ChannelState,
    /// Draws when replicas of the high-availability store answer.
    commit: Stream,
    operations: Operations,
    /// Until when the JobManager is busy with a checkpoint's metadata, and with acks that have come.
    locked_until: SimTime,
    acks_until: SimTime,
    /// Records that the sources had emitted when records last triggered a checkpoint.
    emitted_at_trigger: u64,
    latencies: Latencies,
    storage: Storage,
    /// By TaskManager: when the flush thread that its RocksDB instances share has nothing to do any more.
    flush_thread_free: Vec<SimTime>,
    /// Only where processors are counted, or stand still at times.
    processors: Option<Processors>,
    /// Only where garbage is collected.
    collections: Option<Collections>,
    /// Groups of sources whose readers wait for each other.
    aligned_sources: Vec<SourceGroup>,
    /// Only where timers wait for event time, or the latency of records is measured.
    watermarks: Option<Box<Watermarks>>,
    /// Empty without buffer debloating.
    debloaters: Table<GateId, Debloater>,
    /// Only with `simulation.check-consistency`.
    ledger: Option<Box<Ledger>>,
    failure: FailureState,
    /// The job has failed for good.
    failed: bool,
    /// Tasks that do not run.
    recovering: usize,
    /// What restored tasks still have to do.
    restores: BTreeMap<TaskId, Restoring>,
    records_lost: u64,
    /// Only where the job is rescaled.
    retired: Option<Retired>,
    /// Bytes that observers will keep of checkpoints and failures, about.
    kept: u64,
    streams: Streams,
    /// Tasks that have got mail or may go on for another reason than the network.
    runnable: VecDeque<TaskId>,
    wakes: Vec<Wake>,
    observer: O,
}

/// One for every gate, if buffers are debloated.
fn debloaters(scenario: &Scenario, tasks: &Table<TaskId, Task>) -> Table<GateId, Debloater> {
    let gates = tasks.iter().map(|task| task.inputs.len()).sum();
    let segment = scenario.network.segment.get();
    let options = scenario.network.debloating;
    let all = options.map(|options| vec![Debloater::new(&options, segment); gates]);
    all.unwrap_or_default().into()
}

/// What everybody may know about a checkpoint.
#[derive(Clone, Copy, Debug)]
struct CheckpointInfo {
    trigger: SimTime,
    savepoint: Option<SavepointFormat>,
    /// The operation for which the job stops with it.
    stops_for: Option<u32>,
    /// State handles that its metadata will hold, and channels with in-flight data.
    handles: u64,
    channels: u64,
}

impl<O: Observer> Job<O> {
    /// The scenario's job at time 0, all tasks running, with its first events on the agenda. `observe` makes its
    /// observer, which may want to know the channels.
    pub fn new(
        scenario: &Scenario,
        streams: &Streams,
        observe: impl FnOnce(&Network) -> O,
        agenda: &mut Agenda,
    ) -> Self {
        let graph::Graph {
            tasks,
            network,
            taskmanager_of,
        } = graph::build(scenario, streams);
        let taskmanagers = taskmanager_of.iter().max().map_or(1, |last| last + 1);
        let limit = scenario.checkpointing.subtasks_per_channel_state_file;
        let watched = scenario.simulation.check_consistency;
        let mut job = Job {
            coordinator: Coordinator::new(scenario.checkpointing.clone(), tasks.len()),
            checkpoints: Vec::new(),
            aborted: BTreeSet::new(),
            contents: CheckpointStore::new(tasks.iter().map(Task::state_snapshot).collect()),
            channel_state: ChannelState::new(&taskmanager_of, limit),
            commit: streams.named("commit"),
            operations: Operations::default(),
            locked_until: SimTime::ZERO,
            acks_until: SimTime::ZERO,
            emitted_at_trigger: 0,
            latencies: Latencies::new(
                scenario.simulation.latencies,
                scenario.cluster.control_plane_factor,
                streams,
            ),
            storage: Storage::new(
                &scenario.storage,
                scenario.checkpointing.file_merging,
                taskmanagers,
                streams.named("storage"),
            ),
            flush_thread_free: vec![SimTime::ZERO; taskmanagers],
            processors: Processors::of(&scenario.cluster, taskmanagers),
            collections: Collections::of(&scenario.cluster, taskmanagers, streams),
            aligned_sources: source_alignment::groups(scenario, &tasks),
            watermarks: Watermarks::of(
                scenario,
                (network.channels().len(), tasks.len()),
                SimTime::ZERO,
            ),
            debloaters: debloaters(scenario, &tasks),
            ledger: watched.then(|| Box::new(Ledger::of(scenario, &tasks, &network))),
            failure: FailureState::new(scenario, streams, tasks.len()),
            failed: false,
            recovering: 0,
            restores: BTreeMap::new(),
            records_lost: 0,
            retired: Retired::of(scenario),
            kept: 0,
            streams: *streams,
            runnable: tasks.ids().collect(),
            wakes: Vec::new(),
            observer: observe(&network),
            scenario: scenario.clone(),
            tasks,
            network,
            taskmanager_of,
        };
        job.schedule_first_events(streams, agenda);
        job.start_restored(agenda);
        job.run_tasks(agenda);
        job
    }

    fn schedule_first_events(&mut self, streams: &Streams, agenda: &mut Agenda) {
        // A task that is restored begins its periodic work after that.
        let fresh = self.scenario.failures.restore.is_none();
        if let (true, BufferTimeout::Every(period)) = (fresh, self.scenario.network.buffer_timeout)
        {
            let writes = |id: &TaskId| !self.tasks[*id].outputs.is_empty();
            for id in self.tasks.ids().filter(writes) {
                // Flusher threads start when their tasks do: their phases are unrelated.
                let phase = streams.named(&format!("flusher {}", id.0)).unit();
                agenda.after(period.scale(phase), Event::Flush(id));
            }
        }
        if self.coordinator.fails_first_preflight() {
            let now = agenda.now();
            self.observer.observe(now, &Fact::PreflightFailed);
        }
        self.schedule_backlog(agenda);
        self.start_scheduler(agenda.now(), agenda);
        for (trigger, request) in self.scenario.triggers.iter().enumerate() {
            agenda.after(request.at, Event::Requested(trigger as u32));
        }
        self.schedule_operations(agenda);
        self.schedule_failures(agenda);
        self.schedule_collections(agenda);
        self.schedule_source_alignment(agenda);
        for id in self.tasks.ids().filter(|_| fresh) {
            self.schedule_periodic_work_of(id, agenda);
        }
    }

    fn schedule_periodic_work_of(&mut self, id: TaskId, agenda: &mut Agenda) {
        self.schedule_materialization(id, agenda);
        self.schedule_debloating(id, agenda);
        self.schedule_timers(id, agenda);
        self.schedule_watermarks(id, agenda);
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

    /// Counters of every subtask, by vertex. In a job that is rescaled each vertex has as many as it has in its widest time
    /// ([`Scenario::widest`]); a subtask that is gone, or has not come, does nothing.
    pub fn counters(&self, now: SimTime) -> Vec<TaskCounters> {
        let present = self.tasks.iter();
        let present = present.map(|task| (task.vertex, task.subtask, task.counters_at(now)));
        match &self.retired {
            None => present.map(|(_, _, counters)| counters).collect(),
            Some(retired) => retired.with(present),
        }
    }

    /// Whether its tasks and channels are those of its beginning: it has not been rescaled.
    pub fn is_as_built(&self) -> bool {
        self.retired.as_ref().is_none_or(|retired| !retired.any)
    }

    /// `(written, taken by their consumers or lost, in channels)` records of the whole job: the first is the sum of the others.
    #[cfg(feature = "internals")]
    pub fn record_balance(&self) -> (u64, u64, u64) {
        let gone = self
            .retired
            .as_ref()
            .map_or((0, 0), |retired| retired.balance);
        let written: u64 = self.tasks.iter().map(|task| task.counters.written).sum();
        let taken: u64 = self.tasks.iter().map(|task| task.counters.taken).sum();
        let (written, taken) = (written + gone.0, taken + gone.1);
        (written, taken + self.records_lost, self.network.records())
    }

    /// Whether so much has been emitted of checkpoints and failures that keeping it takes too much memory. `check` refuses what
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
        self.runs() && !self.failure.catching_up
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

    /// Files so far, with file merging.
    pub fn merged_files(&self) -> Option<MergedFiles> {
        self.storage.merged_files()
    }

    /// Bytes written to storage so far.
    pub fn bytes_written(&self) -> u64 {
        self.storage.written()
    }

    /// For observers that look closely.
    fn emit_closely(&mut self, now: SimTime, fact: &Fact) {
        if self.observer.looks_closely() {
            self.observer.observe(now, fact);
        }
    }

    fn info(&self, checkpoint: CheckpointId) -> CheckpointInfo {
        self.checkpoints[checkpoint.index() - 1]
    }
}

impl<O: Observer> Model for Job<O> {
    type Event = Event;

    fn handle(&mut self, event: Event, agenda: &mut Agenda) {
        match event {
            Event::Step(task, generation) => {
                if self.tasks[task].generation == generation {
                    self.step(task, agenda);
                }
            }
            Event::Flush(task) => self.flush(task, agenda),
            Event::ScheduledTrigger(epoch) => self.scheduled_trigger(epoch, agenda),
            Event::BacklogReportEnds => self.end_backlog(agenda),
            Event::Requested(trigger) => self.request(trigger, agenda),
            Event::OperationDue(operation) => self.begin_operation(operation, agenda),
            Event::OperationOverdue(operation) => self.end_patience(operation, agenda),
            Event::TriggerAtSources(checkpoint) => self.triggered(checkpoint, agenda),
            Event::SourceAwake(task, checkpoint) => self.trigger_source(task, checkpoint, agenda),
            Event::PriorityBarrierAtTask(channel, checkpoint) => {
                self.post_priority(channel, checkpoint, agenda);
            }
            Event::AlignmentTimedOut(checkpoint) => self.time_alignments_out(checkpoint, agenda),
            Event::ProcessorFree(taskmanager, forecast) => {
                self.end_work(taskmanager, forecast, agenda);
            }
            Event::CollectionBegins(taskmanager) => self.begin_collection(taskmanager, agenda),
            Event::CollectionEnds(taskmanager) => self.end_collection(taskmanager, agenda),
            Event::TimersDue(task) => self.post_timers(task, agenda),
            Event::WatermarkDue(task) => self.emit_watermark(task, agenda),
            Event::SourcesAligned(group) => self.align_sources(group, agenda),
            Event::PreBarrierDone(task, checkpoint) => {
                self.end_pre_barrier(task, checkpoint, agenda);
            }
            Event::StateScanned(task, checkpoint) => self.end_scan(task, checkpoint, agenda),
            Event::FlushThreadFree(task, checkpoint) => {
                self.begin_sync_work(task, checkpoint, agenda);
            }
            Event::SyncPhaseDone(task, checkpoint) => self.end_sync_phase(task, checkpoint, agenda),
            Event::AsyncFixedPartDone(task, checkpoint) => {
                self.end_async_fixed_part(task, checkpoint, agenda);
            }
            Event::FileOpened(file) => self.begin_transfer(file, agenda),
            Event::FileRefused(file, attempt) => self.ask_for_file(file, attempt, agenda),
            Event::TransferDone(direction, forecast) => {
                self.end_transfers(direction, forecast, agenda);
            }
            Event::FileClosed(file) => self.close_file(file, agenda),
            Event::AckAtCoordinator(task, checkpoint) => self.receive_ack(task, checkpoint, agenda),
            Event::AckHandled(task, checkpoint) => self.acknowledge(task, checkpoint, agenda),
            Event::CheckpointFinalized(checkpoint) => self.complete_checkpoint(checkpoint, agenda),
            Event::CompletionAtTasks(checkpoint) => {
                for task in self.tasks.ids() {
                    self.post(task, Mail::Completed(checkpoint), false, agenda);
                }
            }
            Event::CheckpointExpired(checkpoint) => self.expire(checkpoint, agenda),
            Event::AbortAtTasks(checkpoint) => self.abort_at_tasks(checkpoint, agenda),
            Event::GivenFailure(given) => self.fail_as_given(given, agenda),
            Event::RandomFailure => self.fail_at_random(agenda),
            Event::FailureDetected => self.detect(agenda),
            Event::RestartDue => self.restart(agenda),
            Event::TaskDeployed(task) => self.begin_restore(task, agenda),
            Event::TaskRestored(task) => self.end_restore(task, agenda),
            Event::BacklogChecked => self.check_backlog(agenda),
            Event::OutageChanged => self.change_outage(agenda),
            Event::Materialize(task) => self.materialize(task, agenda),
            Event::Debloat(gate) => self.debloat(gate, agenda),
        }
        self.fail_if_intolerable(agenda);
        self.run_tasks(agenda);
        self.fail_if_intolerable(agenda);
    }

    fn finished(&self) -> bool {
        self.failed || self.keeps_too_much()
    }
}
