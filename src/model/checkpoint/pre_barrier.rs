//! What a task does before it passes a barrier on.
//!
//! Its operators write what they have buffered (`prepareSnapshotPreBarrier`, `flink-semantics` 3.4): SQL's window aggregation the
//! records of the open windows, a mini-batch what it holds. Only then does the barrier leave, and the snapshot begins; the
//! time is on the task's thread and in no phase that Flink reports, so that consumers see it as start delay
//! (`SubtaskCheckpointCoordinatorImpl.checkpointState`). Where processors are shared, what the thread does for the checkpoint whatever its
//! state is (`processors`) is counted here, too.

use crate::model::Job;
use crate::model::checkpoint::barrier::{Cause, Span};
use crate::model::event::{Agenda, Event};
use crate::model::ids::{CheckpointId, TaskId};
use crate::model::observe::Observer;
use crate::model::processors::Work;
use crate::model::task::activity::{TaskState, TimeKind};

impl<O: Observer> Job<O> {
    /// A task is to take its snapshot: first its operators write what they have buffered. Nothing else runs on the thread
    /// meanwhile.
    pub(crate) fn take_snapshot(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        (span, cause): (Span, Cause),
        agenda: &mut Agenda,
    ) {
        if self.aborted.contains(&checkpoint) {
            self.give_up_at_task(id, checkpoint, agenda);
            return;
        }
        let own = self.snapshot_work(id);
        let task = &mut self.tasks[id];
        let mut takes = own + self.scenario.vertices[task.vertex].pre_barrier;
        let processed = task.counters.records;
        if let Some(timers) = &mut task.timers {
            takes += timers.flush(processed);
        }
        if takes.is_zero() {
            self.pass_barrier_on(id, checkpoint, (span, cause), agenda);
            return;
        }
        task.state = TaskState::Snapshotting;
        task.clock.switch(agenda.now(), TimeKind::Busy);
        task.before_barrier = Some((span, cause));
        if !self.share_processor(Work::PreBarrier(id, checkpoint), takes, agenda) {
            agenda.after(takes, Event::PreBarrierDone(id, checkpoint));
        }
    }

    /// It has written what it had buffered.
    pub(crate) fn end_pre_barrier(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda,
    ) {
        let task = &mut self.tasks[id];
        let Some(intake) = task.before_barrier.take() else {
            return;
        };
        task.state = TaskState::Waiting;
        if self.aborted.contains(&checkpoint) {
            self.give_up_at_task(id, checkpoint, agenda);
            self.runnable.push_back(id);
        } else {
            self.pass_barrier_on(id, checkpoint, intake, agenda);
        }
    }

    /// Sends the barrier to all consumers, then begins the snapshot (`flink-semantics` 3.4: the barrier leaves before the own
    /// state is taken).
    fn pass_barrier_on(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        (span, cause): (Span, Cause),
        agenda: &mut Agenda,
    ) {
        if cause == Cause::Aligned {
            let task = &mut self.tasks[id];
            task.to_resume = task.alignment.take_aligned();
        }
        self.begin_snapshot(id, checkpoint, span, agenda);
        self.broadcast_barrier(id, checkpoint, cause != Cause::Aligned, agenda);
        let complete = match cause {
            Cause::Aligned => true,
            Cause::Overtakes { by, last } => {
                self.persist_inputs(id, checkpoint, by, agenda);
                last
            }
        };
        if complete {
            self.complete_input(id, checkpoint, span, agenda);
        }
        self.tasks[id].begin_replay(&self.network);
    }
}
