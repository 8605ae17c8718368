//! Recovery: from the restart to the moment when everything is as before the failure (`flink-semantics` 6.4).
//!
//! Lost tasks are deployed, read their full state on shared bandwidth, process their recovered in-flight data, and run.
//! Sources are back where they stood when the restored checkpoint was taken: a log's records since then are due at once,
//! so that replay and catch-up need no rule of their own.

use crate::model::event::{Agenda, Event};
use crate::model::ids::{CheckpointId, Table, TaskId};
use crate::model::network::{Buffer, Element, InFlight};
use crate::model::observe::{Fact, Observer};
use crate::model::processors::Work;
use crate::model::state::file_sizes::Transfers;
use crate::model::state::restore::RestorePlan;
use crate::model::storage::file::{File, FileOwner};
use crate::model::task::Task;
use crate::model::task::activity::TaskState;
use crate::model::task::barrier_buffer::Limit;
use crate::model::{Job, graph};
use crate::scenario::calibration::{COORDINATOR_START, DEPLOY};
use crate::scenario::{BufferTimeout, SavepointFormat};
use crate::units::{SimDuration, SimTime};

/// How often the backlog is looked at while it is worked off.
const BACKLOG_STEP: SimDuration = SimDuration::from_millis(50);
/// Input of so much time counts as no backlog: about what one buffer timeout holds back.
const BACKLOG_NEGLIGIBLE: SimDuration = SimDuration::from_millis(100);

/// A task that gets its state back.
#[derive(Debug)]
pub struct Restoring {
    transfers: Transfers,
    /// Time on a processor after the last byte, and time on top.
    work: SimDuration,
    fixed: SimDuration,
}

impl<O: Observer> Job<O> {
    /// What a task will do for its state when it is deployed.
    pub(super) fn plan_restore(&mut self, id: TaskId, plan: RestorePlan) {
        let restoring = Restoring {
            transfers: Transfers::new(plan.files, plan.threads),
            work: plan.work,
            fixed: self.latencies.draw(plan.fixed),
        };
        self.restores.insert(id, restoring);
    }

    /// The job starts from a savepoint or retained checkpoint (`[restore]`): no task runs before it has read its state,
    /// and log sources have piled up records since it was taken.
    pub(crate) fn start_restored(&mut self, agenda: &mut Agenda) {
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
        let fact = Fact::Restarted {
            checkpoint: None,
            trigger: now,
        };
        self.observer.observe(now, &fact);
        let canonical = restore.format == Some(SavepointFormat::Canonical);
        for id in self.tasks.ids() {
            let task = &mut self.tasks[id];
            let new = self.scenario.vertices[task.vertex].parallelism;
            let mut rescaled = restore.parallelism.iter();
            let rescaled = rescaled.find(|(vertex, _)| *vertex == task.vertex);
            let old = rescaled.map_or(new, |(_, old)| *old);
            let plan = task
                .backend
                .rescale_plan(task.subtask, (old, new), canonical);
            if let Some(source) = task.source.as_mut().filter(|source| source.log) {
                source.schedule.begin_earlier(restore.age);
            }
            task.state = TaskState::Down;
            task.restoring = true;
            self.recovering += 1;
            self.plan_restore(id, plan);
            agenda.after(self.latencies.draw(DEPLOY), Event::TaskDeployed(id));
        }
        self.coordinator.suspend();
        let starts = now + self.latencies.draw(COORDINATOR_START);
        self.start_scheduler(starts, agenda);
    }

    /// The delay is over: the lost tasks are deployed with the state of the newest completed checkpoint.
    pub(crate) fn restart(&mut self, agenda: &mut Agenda) {
        // A restart that had to wait longer for its slots.
        if self.failure.restart != Some(agenda.now()) {
            return;
        }
        let now = agenda.now();
        self.failure.restart = None;
        // Tasks that were lost since, and not missed yet, come back now, too: not without what is connected to them. Whoever
        // they are afterwards, all of them are new.
        let checkpoint = self.coordinator.newest();
        let trigger = self.reads_again_from(self.contents.get(checkpoint).trigger);
        let change = self.take_change();
        let down = match change {
            Some(_) => self.tasks.ids().collect(),
            None => self.connected_to_lost(),
        };
        self.cancel_tasks(&down, agenda);
        let fact = Fact::Restarted {
            checkpoint,
            trigger,
        };
        self.observer.observe(now, &fact);
        match change {
            Some(change) => self.rescale(&change, checkpoint, agenda),
            None => self.set_lost_back(checkpoint, agenda),
        }
        self.failure.lost_taskmanagers.fill(false);
        let starts = now + self.latencies.draw(COORDINATOR_START);
        self.start_scheduler(starts, agenda);
    }

    /// The tasks that are lost are deployed as they were.
    fn set_lost_back(&mut self, checkpoint: Option<CheckpointId>, agenda: &mut Agenda) {
        let now = agenda.now();
        let lost = std::mem::replace(&mut self.failure.lost, vec![false; self.tasks.len()].into());
        let built = graph::build(&self.scenario, &self.streams).network;
        self.records_lost += self.network.reset(&built, |id| lost[id]);
        if let Some(watermarks) = &mut self.watermarks {
            watermarks.reset(&self.network, |id| lost[id]);
        }
        for id in self.tasks.ids().filter(|id| lost[*id]) {
            self.set_back(id, checkpoint, now);
            agenda.after(self.latencies.draw(DEPLOY), Event::TaskDeployed(id));
        }
        self.put_in_flight_data_back(checkpoint, &lost);
        if let Some(ledger) = &mut self.ledger {
            ledger.restore(checkpoint, |id| lost[id]);
        }
        self.audit(now, |id| lost[id]);
    }

    /// A task is again what it was when it took its snapshot.
    fn set_back(&mut self, id: TaskId, checkpoint: Option<CheckpointId>, now: SimTime) {
        let local = self.scenario.failures.recovery.local
            && !self.failure.lost_taskmanagers[self.taskmanager_of[id]];
        let taken = self.contents.get(checkpoint).tasks[id]
            .as_ref()
            .expect("a completed checkpoint holds every task");
        let task = &mut self.tasks[id];
        if let (Some(source), Some((position, due))) = (&mut task.source, &taken.source) {
            source.schedule.return_to(position);
            source.due = *due;
            if !source.log {
                // A generator goes on from its place as if no time had passed.
                let late = now.since(source.schedule.next_due());
                source.schedule.postpone(late);
            }
        }
        task.fraction = taken.fraction;
        if let (Some(timers), Some((progress, processed))) = (&mut task.timers, &taken.timers) {
            let now = task.counters.records;
            timers.return_to(progress, (now - processed, now));
        }
        if let Some(sink) = &mut task.sink {
            sink.restart(now, task.counters.records);
        }
        let savepoint = checkpoint.and_then(|id| self.checkpoints[id.index() - 1].savepoint);
        let mut plan = if savepoint == Some(SavepointFormat::Canonical) {
            let parallelism = self.scenario.vertices[task.vertex].parallelism;
            let scale = (parallelism, parallelism);
            taken.backend.rescale_plan(task.subtask, scale, true)
        } else {
            taken.backend.restore_plan(checkpoint)
        };
        // Local copies are those of checkpoints; without one the job begins again, with nothing.
        if (local && savepoint.is_none()) || checkpoint.is_none() {
            plan.read_nothing();
        }
        *task.backend = taken.backend.clone();
        task.backend
            .restored(now, task.counters.records, checkpoint);
        if savepoint.is_some() {
            task.backend.share_nothing();
        }
        self.plan_restore(id, plan);
    }

    /// In-flight data is read and processed before anything else.
    pub(super) fn put_in_flight_data_back(
        &mut self,
        checkpoint: Option<CheckpointId>,
        lost: &Table<TaskId, bool>,
    ) {
        for (&id, data) in &self.contents.get(checkpoint).in_flight {
            let channel = self.network.channel(id);
            if lost[channel.consumer] && data.records > 0 {
                let buffers = recovered(*data).map(|buffer| (id, Element::Data(buffer)));
                let replay = self.tasks[channel.consumer].replayed(channel.gate);
                replay.extend(buffers);
            }
        }
    }

    /// The task is deployed: it reads its state.
    pub(crate) fn begin_restore(&mut self, id: TaskId, agenda: &mut Agenda) {
        let Some(restoring) = self.restores.get_mut(&id) else {
            return;
        };
        let transfers = &mut restoring.transfers;
        let files: Vec<u64> = std::iter::from_fn(|| transfers.begin_next()).collect();
        if transfers.are_over() {
            let work = std::mem::take(&mut restoring.work);
            if work.is_zero() || !self.share_processor(Work::Restore(id), work, agenda) {
                self.open_state(id, work, agenda);
            }
            return;
        }
        for bytes in files {
            let file = File {
                owner: FileOwner::Restore(id),
                taskmanager: self.taskmanager_of[id],
                bytes,
            };
            self.open_file(file, agenda);
        }
    }

    /// Its entries are where they belong after `work`: what is left is time that is the same for all.
    pub(crate) fn open_state(&mut self, id: TaskId, work: SimDuration, agenda: &mut Agenda) {
        if let Some(restoring) = self.restores.remove(&id) {
            agenda.after(work + restoring.fixed, Event::TaskRestored(id));
        }
    }

    /// A file of the task's state is read.
    pub(crate) fn state_file_read(&mut self, id: TaskId, bytes: u64, agenda: &mut Agenda) {
        let fact = Fact::Restored { task: id, bytes };
        self.observer.observe(agenda.now(), &fact);
        if let Some(restoring) = self.restores.get_mut(&id) {
            restoring.transfers.end_one();
            self.begin_restore(id, agenda);
        }
    }

    /// The task has its state; it runs as soon as it has processed its in-flight data.
    pub(crate) fn end_restore(&mut self, id: TaskId, agenda: &mut Agenda) {
        self.tasks[id].state = TaskState::Waiting;
        if let BufferTimeout::Every(period) = self.scenario.network.buffer_timeout
            && !self.tasks[id].outputs.is_empty()
        {
            agenda.after(period, Event::Flush(id));
        }
        self.schedule_periodic_work_of(id, agenda);
        self.runnable.push_back(id);
    }

    /// A task that may go on while others are being restored: reads its in-flight data first, and runs after that.
    #[cold]
    pub(crate) fn look_at_restored(
        &mut self,
        id: TaskId,
        aside: Option<Limit>,
        agenda: &mut Agenda,
    ) -> Option<Limit> {
        let task = &mut self.tasks[id];
        if !task.restoring || task.state.is_occupied() {
            return aside;
        }
        if task.barrier_buffer.waits_for_replay() {
            return aside.or(Some(Limit::NONE));
        }
        if task.unprocessed().next().is_none() {
            task.restoring = false;
            self.recovering -= 1;
            if self.recovering == 0 {
                self.all_run(agenda);
            }
        }
        aside
    }

    fn all_run(&mut self, agenda: &mut Agenda) {
        let now = agenda.now();
        self.coordinator.resume();
        self.observer.observe(now, &Fact::AllRunning);
        for (given, after) in self.failure.source.repeats(&self.scenario.failures) {
            let given = given as u32;
            agenda.after(after, Event::GivenFailure(given));
        }
        if !self.failure.catching_up {
            self.failure.catching_up = true;
            agenda.after(SimDuration::ZERO, Event::BacklogChecked);
        }
    }

    /// While records wait that did not wait before the failure, the job is not what it was.
    pub(crate) fn check_backlog(&mut self, agenda: &mut Agenda) {
        let now = agenda.now();
        if self.recovering > 0 {
            self.failure.catching_up = false;
            return;
        }
        let due = |until| self.unread(until);
        let negligible = due(now + BACKLOG_NEGLIGIBLE) - due(now);
        if self.backlog(now) > self.failure.backlog + negligible {
            agenda.after(BACKLOG_STEP, Event::BacklogChecked);
            return;
        }
        self.failure.catching_up = false;
        self.observer.observe(now, &Fact::CaughtUp);
    }

    /// Records that wait: due and not emitted, in channels, or in the current buffers.
    pub(crate) fn backlog(&self, now: SimTime) -> u64 {
        self.unread(now) + self.records_between_tasks()
    }

    /// Records that were emitted and not processed: in channels, and in the current buffers.
    pub fn records_between_tasks(&self) -> u64 {
        let current = self.tasks.iter().flat_map(Task::unprocessed);
        self.network.records() + current.map(|(_, records)| records).sum::<u64>()
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
    let buffers = data.records.max(data.bytes).div_ceil(MOST);
    data.parts(buffers as usize).map(|part| Buffer {
        records: part.records as u32,
        bytes: part.bytes as u32,
        last_of_segment: false,
        floating: false,
    })
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
