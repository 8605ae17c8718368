//! Recovery: from the restart to the moment when everything is as before the failure (`flink-semantics` 6.4).
//!
//! Lost tasks are deployed, read their full state on shared bandwidth, process their recovered in-flight data, and run.
//! Sources are back where they stood when the restored checkpoint was taken: a log's records since then are due at once,
//! so that replay and catch-up need no rule of their own.

use std::collections::VecDeque;

use crate::engine::Agenda;
use crate::model::Job;
use crate::model::checkpoint::contents::{Cut, TaskCut};
use crate::model::event::Event;
use crate::model::graph;
use crate::model::ids::{CheckpointId, TaskId};
use crate::model::network::{Buffer, Element, InFlight};
use crate::model::observe::{Fact, Observer};
use crate::model::storage::{File, FileOwner};
use crate::model::task::barrier_buffer::CacheLimit;
use crate::model::task::{Doing, Task};
use crate::scenario::calibration::{COORDINATOR_START, DEPLOY};
use crate::scenario::{BufferTimeout, SavepointFormat};
use crate::units::{SimDuration, SimTime};

/// How often the backlog is looked at while it is worked off.
const BACKLOG_STEP: SimDuration = SimDuration::from_millis(50);
/// Input of so much time counts as no backlog: about what one buffer timeout holds back.
const BACKLOG_NEGLIGIBLE: SimDuration = SimDuration::from_millis(100);

impl<O: Observer> Job<O> {
    /// The beginning of the job, as a cut.
    pub(crate) fn beginning(tasks: &[Task]) -> Cut {
        Cut {
            trigger: SimTime::ZERO,
            tasks: tasks.iter().map(|task| Some(cut_of(task))).collect(),
            ..Cut::default()
        }
    }

    /// The job starts from a savepoint or retained checkpoint (`[restore]`): no task runs before it has read its state,
    /// and log sources have piled up records since it was taken.
    pub(crate) fn start_restored(&mut self, agenda: &mut Agenda<Event>) {
        let Some(restore) = self.scenario.failures.restore.clone() else {
            return;
        };
        let now = agenda.now();
        let what = match restore.format {
            None => "a retained checkpoint",
            Some(SavepointFormat::Canonical) => "a canonical savepoint",
            Some(SavepointFormat::Native) => "a native savepoint",
        };
        let cause = format!("The job was started from {what}");
        self.observer.observe(now, &Fact::FailureStruck { cause });
        let trigger = now;
        self.observer.observe(
            now,
            &Fact::Restarted {
                checkpoint: None,
                trigger,
            },
        );
        let canonical = restore.format == Some(SavepointFormat::Canonical);
        for id in self.all_tasks() {
            let task = &mut self.tasks[id.index()];
            let new = self.scenario.vertices[task.vertex].parallelism;
            let old = restore.parallelism.iter();
            let old = old.filter(|(vertex, _)| *vertex == task.vertex);
            let old = old.map(|(_, old)| *old).next().unwrap_or(new);
            let plan = task.state.rescale_plan(task.subtask, (old, new), canonical);
            if let Some(source) = task.source.as_mut().filter(|source| source.log) {
                source.schedule.begin_earlier(restore.age);
            }
            task.doing = Doing::Down;
            task.restoring = true;
            self.recovering += 1;
            self.plans.insert(id, plan);
            agenda.after(DEPLOY, Event::TaskDeployed { task: id });
        }
        self.coordinator.suspend();
        if let Some((at, tick)) = self.coordinator.restart(now + COORDINATOR_START) {
            agenda.at(at, Event::CheckpointDue { tick });
        }
    }

    /// A task takes its snapshot.
    pub(crate) fn note_cut(&mut self, id: TaskId, checkpoint: CheckpointId) {
        let cut = cut_of(&self.tasks[id.index()]);
        self.mishaps.cuts.note_task(checkpoint, id, cut);
    }

    /// Only the newest completed checkpoint is ever restored, and a pending one may become it. How many more are retained
    /// for people does not matter here.
    pub(crate) fn forget_cuts(&mut self) {
        let coordinator = &self.coordinator;
        let newest = coordinator.newest();
        self.mishaps
            .cuts
            .keep(|checkpoint| coordinator.is_pending(checkpoint) || Some(checkpoint) == newest);
        if let Some(ledger) = &mut self.ledger {
            ledger.keep(|checkpoint| Some(checkpoint) == newest);
        }
    }

    /// The delay is over: the lost tasks are deployed with the state of the newest completed checkpoint.
    pub(crate) fn restart(&mut self, agenda: &mut Agenda<Event>) {
        // A restart that had to wait longer for its slots.
        if self.mishaps.restart != Some(agenda.now()) {
            return;
        }
        let now = agenda.now();
        self.mishaps.restart = None;
        let checkpoint = self.coordinator.newest();
        let trigger = self.mishaps.cuts.get(checkpoint).trigger;
        self.observer.observe(
            now,
            &Fact::Restarted {
                checkpoint,
                trigger,
            },
        );
        let lost = std::mem::replace(&mut self.mishaps.lost, vec![false; self.tasks.len()]);
        let built = graph::build(&self.scenario, &self.streams).network;
        self.records_lost += self.network.reset(&built, |id| lost[id.index()]);
        for id in self.all_tasks().filter(|id| lost[id.index()]) {
            self.set_back(id, checkpoint, now);
            agenda.after(DEPLOY, Event::TaskDeployed { task: id });
        }
        self.put_in_flight_data_back(checkpoint, &lost);
        if let Some(ledger) = &mut self.ledger {
            ledger.restore(checkpoint, |id| lost[id.index()]);
        }
        self.audit(now, |id| lost[id.index()]);
        self.mishaps.lost_taskmanagers.fill(false);
        if let Some((at, tick)) = self.coordinator.restart(now + COORDINATOR_START) {
            agenda.at(at, Event::CheckpointDue { tick });
        }
    }

    /// A task is again what it was when it took its snapshot.
    fn set_back(&mut self, id: TaskId, checkpoint: Option<CheckpointId>, now: SimTime) {
        let local = self.scenario.failures.recovery.local
            && !self.mishaps.lost_taskmanagers[self.taskmanager_of[id.index()]];
        let cut = self.mishaps.cuts.get(checkpoint).tasks[id.index()]
            .as_ref()
            .expect("a completed checkpoint holds every task");
        let task = &mut self.tasks[id.index()];
        if let (Some(source), Some((position, due))) = (&mut task.source, &cut.source) {
            source.schedule.return_to(position);
            source.due = *due;
            if !source.log {
                // A generator goes on from its place as if no time had passed.
                let late = now.since(source.schedule.next_due());
                source.schedule.postpone(late);
            }
        }
        task.fraction = cut.fraction;
        let mut plan = cut.state.restore_plan(checkpoint);
        // Without a checkpoint the job begins anew, with nothing.
        if local || checkpoint.is_none() {
            plan.files.clear();
        }
        *task.state = cut.state.clone();
        task.state.restored(now, task.counters.records, checkpoint);
        self.plans.insert(id, plan);
    }

    /// In-flight data is read and processed before anything else.
    fn put_in_flight_data_back(&mut self, checkpoint: Option<CheckpointId>, lost: &[bool]) {
        let Job {
            mishaps,
            network,
            tasks,
            ..
        } = self;
        for (&channel, data) in &mishaps.cuts.get(checkpoint).in_flight {
            let (consumer, gate) = {
                let channel = network.channel(channel);
                (channel.consumer, channel.gate)
            };
            if !lost[consumer.index()] || data.records == 0 {
                continue;
            }
            let task = &mut tasks[consumer.index()];
            let inputs = task.inputs.len();
            let input = task.inputs.iter().position(|input| input.gate == gate);
            let input = input.expect("a task reads from its own gates");
            let replay = &mut task.cache.replay;
            replay.resize_with(inputs, VecDeque::new);
            let buffers = recovered(*data).map(|buffer| (channel, Element::Data(buffer)));
            replay[input].extend(buffers);
        }
    }

    /// The task is deployed: it reads its state.
    pub(crate) fn begin_restore(&mut self, id: TaskId, agenda: &mut Agenda<Event>) {
        let taskmanager = self.taskmanager_of[id.index()];
        let Some(plan) = self.plans.get_mut(&id) else {
            return;
        };
        let mut files = Vec::new();
        while let Some(bytes) = plan.next_file() {
            files.push(bytes);
        }
        if plan.is_done() {
            let fixed = plan.fixed;
            self.plans.remove(&id);
            return agenda.after(fixed, Event::TaskRestored { task: id });
        }
        for bytes in files {
            let owner = FileOwner::Restore(id);
            self.open_file(
                File {
                    owner,
                    taskmanager,
                    bytes,
                },
                agenda,
            );
        }
    }

    /// A file of the task's state is read.
    pub(crate) fn read_state_file(&mut self, id: TaskId, bytes: u64, agenda: &mut Agenda<Event>) {
        self.observer
            .observe(agenda.now(), &Fact::Restored { task: id, bytes });
        if let Some(plan) = self.plans.get_mut(&id) {
            plan.open -= 1;
            self.begin_restore(id, agenda);
        }
    }

    /// The task has its state; it runs as soon as it has processed its in-flight data.
    pub(crate) fn end_restore(&mut self, id: TaskId, agenda: &mut Agenda<Event>) {
        self.tasks[id.index()].doing = Doing::Waiting;
        if let BufferTimeout::Every(period) = self.scenario.network.buffer_timeout
            && !self.tasks[id.index()].outputs.is_empty()
        {
            agenda.after(period, Event::Flush { task: id });
        }
        self.schedule_periodic_work_of(id, agenda);
        self.runnable.push_back(id);
    }

    /// A task that may go on while others are being restored: reads its in-flight data first, and runs after that.
    #[cold]
    pub(crate) fn look_at_restored(
        &mut self,
        id: TaskId,
        cache: Option<CacheLimit>,
        agenda: &mut Agenda<Event>,
    ) -> Option<CacheLimit> {
        let task = &mut self.tasks[id.index()];
        if !task.restoring || task.is_occupied() {
            return cache;
        }
        if task.cache.waits_for_replay() {
            return cache.or(Some(CacheLimit::NONE));
        }
        if task.inputs.iter().all(|input| input.in_hand.is_none()) {
            task.restoring = false;
            self.recovering -= 1;
            if self.recovering == 0 {
                self.all_run(agenda);
            }
        }
        cache
    }

    fn all_run(&mut self, agenda: &mut Agenda<Event>) {
        let now = agenda.now();
        self.coordinator.resume();
        self.observer.observe(now, &Fact::AllRunning);
        for (given, after) in self.mishaps.source.repeats(&self.scenario.failures) {
            let given = given as u32;
            agenda.after(after, Event::GivenFailure { given });
        }
        if !self.mishaps.catching_up {
            self.mishaps.catching_up = true;
            agenda.after(SimDuration::ZERO, Event::BacklogLooked);
        }
    }

    /// While records wait that did not wait before the failure, the job is not what it was.
    pub(crate) fn look_at_backlog(&mut self, agenda: &mut Agenda<Event>) {
        let now = agenda.now();
        if self.recovering > 0 {
            self.mishaps.catching_up = false;
            return;
        }
        let due = |until| self.unread(until);
        let negligible = due(now + BACKLOG_NEGLIGIBLE) - due(now);
        if self.backlog(now) > self.mishaps.backlog + negligible {
            agenda.after(BACKLOG_STEP, Event::BacklogLooked);
            return;
        }
        self.mishaps.catching_up = false;
        self.observer.observe(now, &Fact::CaughtUp);
    }

    /// Records that wait: due and not emitted, in channels, or in the buffers in hand.
    pub(crate) fn backlog(&self, now: SimTime) -> u64 {
        self.unread(now) + self.records_between_tasks()
    }

    /// Records that were emitted and not processed: in channels, and in the buffers in hand.
    pub fn records_between_tasks(&self) -> u64 {
        let inputs = self.tasks.iter().flat_map(|task| &task.inputs);
        let in_hand = inputs.filter_map(|input| input.in_hand.as_ref());
        let left: u64 = in_hand.map(|in_hand| u64::from(in_hand.left)).sum();
        self.records_in_channels() + left
    }

    /// Records of log sources that are due and not emitted.
    pub fn unread(&self, now: SimTime) -> u64 {
        let sources = self.tasks.iter().filter_map(|task| task.source.as_ref());
        sources
            .filter(|source| source.log)
            .map(|source| source.schedule.unread(now) + u64::from(source.due))
            .sum()
    }
}

/// Recovered data of a channel: in one buffer, or in as many as its counters need.
fn recovered(data: InFlight) -> impl Iterator<Item = Buffer> {
    const MOST: u64 = u32::MAX as u64;
    let parts = data.records.max(data.bytes).div_ceil(MOST);
    // What the parts before this one have of an amount that is shared out as evenly as whole numbers allow.
    let before = move |part: u64, amount: u64| {
        (u128::from(amount) * u128::from(part) / u128::from(parts)) as u64
    };
    let share = move |part, amount| (before(part + 1, amount) - before(part, amount)) as u32;
    (0..parts).map(move |part| Buffer {
        records: share(part, data.records),
        bytes: share(part, data.bytes),
        last_of_segment: false,
        floating: false,
    })
}

fn cut_of(task: &Task) -> TaskCut {
    TaskCut {
        source: task
            .source
            .as_ref()
            .map(|source| (source.schedule.position(), source.due)),
        fraction: task.fraction,
        state: (*task.state).clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovered_data_that_no_buffer_can_count_comes_in_several() {
        let data = InFlight {
            records: 9,
            bytes: 3 * u64::from(u32::MAX) + 2,
        };
        let buffers: Vec<Buffer> = recovered(data).collect();
        assert_eq!(buffers.len(), 4);
        assert_eq!(
            buffers.iter().map(|b| u64::from(b.bytes)).sum::<u64>(),
            data.bytes
        );
        assert_eq!(
            buffers.iter().map(|b| u64::from(b.records)).sum::<u64>(),
            data.records
        );
        let small = InFlight {
            records: 5,
            bytes: 500,
        };
        let buffers: Vec<Buffer> = recovered(small).collect();
        assert_eq!(
            (buffers.len(), buffers[0].records, buffers[0].bytes),
            (1, 5, 500)
        );
    }
}
