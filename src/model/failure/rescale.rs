//! A restart with other subtasks: state, timers, offsets and in-flight data are dealt anew.
//!
//! The tasks, their channels and whatever follows them are built again from the changed scenario; what belongs to the JobManager, the
//! store and the world outside stays. `contents` then holds the restored checkpoint as it was dealt, so that a failure before
//! the next one is a restart like any other.

use std::collections::BTreeMap;

use crate::model::checkpoint::channel_state::ChannelState;
use crate::model::checkpoint::contents::TaskStateSnapshot;
use crate::model::event::{Agenda, Event};
use crate::model::garbage::Collections;
use crate::model::graph::{self, Graph};
use crate::model::ids::{ChannelId, CheckpointId, TaskId};
use crate::model::network::InFlight;
use crate::model::observe::{Observer, TaskCounters};
use crate::model::processors::Processors;
use crate::model::task::activity::{TaskState, TimeAccount};
use crate::model::watermark::Watermarks;
use crate::model::{Job, debloaters, source_alignment};
use crate::scenario::calibration::DEPLOY;
use crate::scenario::operation::Change;
use crate::scenario::{SavepointFormat, Scenario, VertexKind};
use crate::units::SimTime;

/// What subtasks that were there before have done, by vertex and subtask.
#[derive(Debug)]
pub struct Retired {
    counters: Vec<Vec<TaskCounters>>,
    /// There are others now.
    pub any: bool,
    /// Records written by them, and taken from their inputs.
    pub balance: (u64, u64),
}

impl Retired {
    /// Nothing yet: for a job that will be rescaled.
    pub fn of(scenario: &Scenario) -> Option<Self> {
        let widths = (0..scenario.vertices.len()).map(|vertex| scenario.widest(vertex));
        scenario.is_rescaled().then(|| Retired {
            counters: widths
                .map(|width| vec![TaskCounters::default(); width])
                .collect(),
            any: false,
            balance: (0, 0),
        })
    }

    /// With what is done by those that are there now.
    pub fn with(
        &self,
        present: impl Iterator<Item = (usize, usize, TaskCounters)>,
    ) -> Vec<TaskCounters> {
        let mut all = self.counters.clone();
        present.for_each(|(vertex, subtask, counters)| all[vertex][subtask] += counters);
        all.concat()
    }
}

/// An input of a vertex: the vertex, and which of its inputs.
type InputOf = (usize, usize);

/// Whether an event has nothing to do with the tasks that were there.
fn outlives_tasks(event: Event) -> bool {
    matches!(
        event,
        Event::BacklogReportEnds
            | Event::Requested(_)
            | Event::OperationDue(_)
            | Event::OperationOverdue(_)
            | Event::GivenFailure(_)
            | Event::RandomFailure
            | Event::OutageChanged
    )
}

impl<O: Observer> Job<O> {
    /// All tasks are down: the job comes back as `change` says, from the checkpoint.
    pub(super) fn rescale(
        &mut self,
        change: &Change,
        checkpoint: Option<CheckpointId>,
        agenda: &mut Agenda,
    ) {
        let now = agenda.now();
        self.retire_tasks(now);
        let in_flight = self.in_flight_by_input(checkpoint);
        let taken = self.taken_by_vertex(checkpoint);
        agenda.retain(|event| outlives_tasks(*event));
        self.build_anew(change.applied_to(&self.scenario), agenda);
        let ids: Vec<TaskId> = self.tasks.ids().collect();
        for id in ids {
            self.deal_state(id, &taken, checkpoint, now);
            agenda.after(self.latencies.draw(DEPLOY), Event::TaskDeployed(id));
        }
        let snapshots = self.tasks.iter().map(|task| Some(task.state_snapshot()));
        let in_flight = self.dealt(&in_flight);
        self.contents
            .deal(checkpoint, snapshots.collect(), in_flight);
        let all = vec![true; self.tasks.len()].into();
        self.put_in_flight_data_back(checkpoint, &all);
        self.observer.rescaled(&self.scenario, &self.network);
    }

    fn retire_tasks(&mut self, now: SimTime) {
        self.records_lost += self.network.records();
        let Some(retired) = &mut self.retired else {
            return;
        };
        retired.any = true;
        for task in &self.tasks {
            retired.counters[task.vertex][task.subtask] += task.counters_at(now);
            retired.balance.0 += task.counters.written;
            retired.balance.1 += task.counters.taken;
        }
    }

    fn in_flight_by_input(&self, checkpoint: Option<CheckpointId>) -> BTreeMap<InputOf, InFlight> {
        let mut by_input = BTreeMap::<InputOf, InFlight>::new();
        for (&id, data) in &self.contents.get(checkpoint).in_flight {
            let channel = self.network.channel(id);
            let consumer = &self.tasks[channel.consumer];
            let mut inputs = consumer.inputs.iter();
            if let Some(input) = inputs.position(|input| input.gate == channel.gate) {
                *by_input.entry((consumer.vertex, input)).or_default() += *data;
            }
        }
        by_input
    }

    fn taken_by_vertex(&self, checkpoint: Option<CheckpointId>) -> Vec<Vec<TaskStateSnapshot>> {
        let mut by_vertex = vec![Vec::new(); self.scenario.vertices.len()];
        for (id, taken) in self.contents.get(checkpoint).tasks.with_ids() {
            let taken = taken.clone();
            by_vertex[self.tasks[id].vertex]
                .push(taken.expect("a completed checkpoint holds every task"));
        }
        by_vertex
    }

    /// Tasks, channels, and what follows them, as at the start of a job.
    fn build_anew(&mut self, then: Scenario, agenda: &mut Agenda) {
        let Graph {
            tasks,
            network,
            taskmanager_of,
        } = graph::build(&then, &self.streams);
        let taskmanagers = taskmanager_of.iter().max().map_or(1, |last| last + 1);
        let limit = then.checkpointing.subtasks_per_channel_state_file;
        self.coordinator.count_tasks(tasks.len());
        self.channel_state = ChannelState::new(&taskmanager_of, limit);
        self.storage.begin_anew(&then.storage, taskmanagers);
        self.flush_thread_free = vec![SimTime::ZERO; taskmanagers];
        self.processors = Processors::of(&then.cluster, taskmanagers);
        self.collections = Collections::of(&then.cluster, taskmanagers, &self.streams);
        self.aligned_sources = source_alignment::groups(&then, &tasks);
        let fired = self
            .watermarks
            .as_ref()
            .map_or(SimTime::ZERO, |of| of.fired());
        let counts = (network.channels().len(), tasks.len());
        self.watermarks = Watermarks::of(&then, counts, fired);
        self.debloaters = debloaters(&then, &tasks);
        self.failure
            .begin_anew(then.cluster.taskmanagers, tasks.len());
        self.emitted_at_trigger = 0;
        self.recovering = tasks.len();
        self.restores.clear();
        self.runnable.clear();
        self.wakes.clear();
        (self.tasks, self.network, self.taskmanager_of) = (tasks, network, taskmanager_of);
        self.scenario = then;
        self.schedule_collections(agenda);
        self.schedule_source_alignment(agenda);
        self.change_outage(agenda);
    }

    /// A task gets its part of what its vertex had when the checkpoint was taken.
    fn deal_state(
        &mut self,
        id: TaskId,
        taken: &[Vec<TaskStateSnapshot>],
        checkpoint: Option<CheckpointId>,
        now: SimTime,
    ) {
        let savepoint = checkpoint.and_then(|id| self.info(id).savepoint);
        let task = &mut self.tasks[id];
        let taken = &taken[task.vertex];
        let vertex = &self.scenario.vertices[task.vertex];
        (task.state, task.restoring) = (TaskState::Down, true);
        task.clock = TimeAccount::starting(now);
        if let (Some(source), VertexKind::Source(of)) = (&mut task.source, &vertex.work) {
            let places = taken.iter().filter_map(|task| task.source.as_ref());
            source.schedule.go_on_from(places, of.records);
            if !source.log {
                let late = now.since(source.schedule.next_due());
                source.schedule.postpone(late);
            }
        }
        if let Some(timers) = &mut task.timers {
            let progress = taken.iter().filter_map(|task| task.timers.as_ref());
            timers.go_on_from(progress.collect::<Vec<_>>().as_slice(), vertex.parallelism);
        }
        if let Some(sink) = &mut task.sink {
            sink.restart(now, 0);
        }
        let scale = (taken.len(), vertex.parallelism);
        let canonical = savepoint == Some(SavepointFormat::Canonical);
        let mut plan = if scale.0 == scale.1 && !canonical {
            let backend = &taken[task.subtask].backend;
            *task.backend = backend.clone();
            backend.restore_plan(checkpoint)
        } else {
            let share = vertex.part_of(1.0, task.subtask);
            task.backend
                .take_over(share, taken.iter().map(|task| &task.backend));
            task.backend.rescale_plan(task.subtask, scale, canonical)
        };
        if checkpoint.is_none() {
            plan.read_nothing();
        }
        task.backend.restored(now, 0, checkpoint);
        if savepoint.is_some() || scale.0 != scale.1 {
            task.backend.share_nothing();
        }
        self.plan_restore(id, plan);
    }

    /// In-flight data of every input, evenly over its channels.
    fn dealt(&self, by_input: &BTreeMap<InputOf, InFlight>) -> BTreeMap<ChannelId, InFlight> {
        let mut channels = BTreeMap::<InputOf, Vec<ChannelId>>::new();
        for task in &self.tasks {
            for (input, of) in task.inputs.iter().enumerate() {
                let of_vertex = channels.entry((task.vertex, input)).or_default();
                of_vertex.extend(&self.network.gate(of.gate).channels);
            }
        }
        let mut dealt = BTreeMap::new();
        for (input, data) in by_input {
            let to = channels.get(input).map_or(&[][..], Vec::as_slice);
            let parts = data.parts(to.len());
            dealt.extend(to.iter().copied().zip(parts));
        }
        dealt
    }
}
