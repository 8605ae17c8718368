//! Operations: the job is stopped on purpose and started again ([`crate::scenario::operation`] says what Flink does).
//!
//! It is no failure, but observers count what it costs as that of one.

use crate::model::checkpoint::coordinator::CheckpointRequest;
use crate::model::event::{Agenda, Event};
use crate::model::ids::{CheckpointId, TaskId};
use crate::model::observe::{Fact, FailureReason, Observer};
use crate::model::{Job, KEPT_OF_FAILURE};
use crate::scenario::Operation;
use crate::scenario::calibration::{CANCEL, RESTART_LATE};
use crate::scenario::operation::{Change, RESCALE_CHECKPOINT_FAILURES};
use crate::units::{SimDuration, SimTime};

/// Operations under way.
#[derive(Debug, Default)]
pub struct Operations {
    /// The one that has its machines and waits for a checkpoint, and how many have failed meanwhile.
    waiting: Option<(u32, u32)>,
    /// The one for which the job is stopped, and since when it is.
    stopped_for: Option<(u32, SimTime)>,
    /// Records that waited when its savepoint was triggered: sources have read none since.
    backlog: u64,
}

impl Operations {
    /// Whether one waits for a checkpoint.
    pub fn wait(&self) -> bool {
        self.waiting.is_some()
    }
}

impl<O: Observer> Job<O> {
    pub(crate) fn schedule_operations(&mut self, agenda: &mut Agenda) {
        for (number, operation) in self.scenario.operations.iter().enumerate() {
            let due = match operation.savepoint {
                Some(_) => operation.at,
                None => operation.at + operation.provisioning,
            };
            agenda.after(due, Event::OperationDue(number as u32));
        }
    }

    /// A savepoint is asked for, or the machines are there.
    pub(crate) fn begin_operation(&mut self, operation: u32, agenda: &mut Agenda) {
        if let Some(format) = self.scenario.operations[operation as usize].savepoint {
            self.ask_for(CheckpointRequest::Stop(format, operation), agenda);
            return;
        }
        self.operations.waiting = Some((operation, 0));
        let patience = Operation::patience(&self.scenario.checkpointing);
        agenda.after(patience, Event::OperationOverdue(operation));
    }

    /// A checkpoint has failed: an operation waits for so many only.
    pub(crate) fn count_failed_checkpoint(&mut self, reason: FailureReason, agenda: &mut Agenda) {
        if let Some((operation, failed)) = &mut self.operations.waiting
            && reason.counts()
        {
            *failed += 1;
            if *failed == RESCALE_CHECKPOINT_FAILURES {
                agenda.after(SimDuration::ZERO, Event::OperationOverdue(*operation));
            }
        }
    }

    /// The operation has waited long enough. A restart that is due anyway sees to it.
    pub(crate) fn end_patience(&mut self, operation: u32, agenda: &mut Agenda) {
        let waits = self
            .operations
            .waiting
            .is_some_and(|(waiting, _)| waiting == operation);
        if waits && !self.failure.lost.contains(&true) {
            self.restart_for_operation(agenda);
        }
    }

    /// The savepoint with which the job stops is triggered.
    pub(crate) fn begin_to_stop(&mut self, now: SimTime) {
        self.operations.backlog = self.backlog(now);
    }

    /// What the job waited for is there, or will not come: it is cancelled, to be restarted from its newest checkpoint.
    pub(crate) fn restart_for_operation(&mut self, agenda: &mut Agenda) {
        if let Some((operation, _)) = self.operations.waiting.take() {
            let what = match self.scenario.operations[operation as usize].change {
                Some(_) => "rescaled",
                None => "restarted",
            };
            let cause = format!("The job is {what} on purpose");
            self.operations.backlog = self.backlog(agenda.now());
            self.stop(operation, cause, SimDuration::ZERO, agenda);
        }
    }

    /// The job stops with a savepoint that is complete, and a new one starts from it once its machines are there.
    pub(crate) fn stop_with_savepoint(
        &mut self,
        savepoint: CheckpointId,
        operation: u32,
        agenda: &mut Agenda,
    ) {
        let after = self.scenario.operations[operation as usize].provisioning;
        let cause = format!("The job was stopped with savepoint {}", savepoint.0);
        self.stop(operation, cause, after, agenda);
    }

    fn stop(&mut self, operation: u32, cause: String, after: SimDuration, agenda: &mut Agenda) {
        let now = agenda.now();
        self.operations.stopped_for = Some((operation, now));
        if self.recovering == 0 && !self.failure.catching_up {
            self.failure.backlog = self.operations.backlog;
        }
        self.kept += KEPT_OF_FAILURE;
        self.observer.observe(now, &Fact::FailureStruck { cause });
        self.observer.observe(now, &Fact::FailureDetected);
        self.suspend_checkpoints(agenda);
        let all: Vec<TaskId> = self.tasks.ids().collect();
        self.cancel_tasks(&all, agenda);
        self.failure.slots = self.failure.slots.max(now + after);
        let ready = self.latencies.draw(CANCEL) + self.latencies.draw(RESTART_LATE);
        let due = (now + ready).max(self.failure.slots);
        self.schedule_restart(due, agenda);
    }

    /// From when on the input is read again after a restart: since the trigger of what is restored, but since its end if the job has
    /// stopped with it.
    pub(super) fn reads_again_from(&self, trigger: SimTime) -> SimTime {
        let Some((operation, stopped)) = self.operations.stopped_for else {
            return trigger;
        };
        match self.scenario.operations[operation as usize].savepoint {
            Some(_) => stopped,
            None => trigger,
        }
    }

    /// The job is restarted: what an operation that was waiting for this, if any, changes.
    pub(super) fn take_change(&mut self) -> Option<Change> {
        let waiting = self.operations.waiting.take();
        let waiting = waiting.map(|(operation, _)| operation);
        let stopped_for = self.operations.stopped_for.take();
        let operation = stopped_for.map(|(operation, _)| operation).or(waiting)?;
        self.scenario.operations[operation as usize].change.clone()
    }
}
