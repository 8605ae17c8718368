//! How timers fire: all that are due at a time in one go on the task's thread ([`crate::scenario::timers`] says where Flink does
//! that).
//!
//! The task reads neither mail nor input before the last has fired. They are fired in pieces of a quantum, which nothing comes
//! between; what a timer emits is written at the end of its piece. Without output buffers the task waits inside a timer, as
//! inside a record.

use crate::model::Job;
use crate::model::event::{Agenda, Event};
use crate::model::ids::TaskId;
use crate::model::network::Network;
use crate::model::observe::Observer;
use crate::model::task::Task;
use crate::model::task::activity::{Batch, Mail, TaskState, TimeKind};
use crate::model::task::output::{Output, give, output};
use crate::scenario::timers::Clock;
use crate::units::SimTime;

/// Begins to fire timers; returns when the piece ends.
pub(super) fn begin_firing(task: &mut Task, now: SimTime) -> SimTime {
    let (longest, most) = (task.service.longest_batch(), task.batch_records_max);
    let timers = task.timers.as_mut().expect("the caller saw timers");
    let (number, takes) = timers.piece(longest, most);
    timers.take(number);
    let until = now + takes;
    task.state = TaskState::Firing(Batch {
        from: now,
        until,
        records: number,
    });
    task.clock.switch(now, TimeKind::Busy);
    task.generation += 1;
    until
}

/// Emits what the fired timers give; those behind one that has taken the last buffer have not fired yet.
pub(super) fn end_firing(
    task: &mut Task,
    network: &mut Network,
    piece: Batch,
    agenda: &mut Agenda,
) {
    task.state = TaskState::Waiting;
    let mut done = 0;
    while done < piece.records {
        let timers = task.timers.as_mut().expect("timers have fired");
        let owed = timers.owed();
        let written = &mut task.counters.written;
        give(&mut task.outputs, written, owed, network, agenda);
        done += 1;
        if done < piece.records && output(&task.outputs, network) == Output::Stuck {
            break;
        }
    }
    if done < piece.records {
        let timers = task.timers.as_mut().expect("timers have fired");
        timers.put_back(piece.records - done);
        task.clock
            .switch(piece.time_of(done), TimeKind::Backpressured);
    }
}

impl<O: Observer> Job<O> {
    /// The clock on the wall wakes a task's timers when their next time comes.
    pub(crate) fn schedule_timers(&self, id: TaskId, agenda: &mut Agenda) {
        if let Some(timers) = &self.tasks[id].timers
            && timers.clock() == Clock::Processing
        {
            agenda.at(timers.next_time().max(agenda.now()), Event::TimersDue(id));
        }
    }

    /// Processing-time timers are due: they fire as a mail (`ProcessingTimeService`).
    pub(crate) fn post_timers(&mut self, id: TaskId, agenda: &mut Agenda) {
        self.post(id, Mail::Timers, false, agenda);
    }

    /// A task reads that its processing-time timers are due.
    pub(crate) fn read_timers(&mut self, id: TaskId, agenda: &mut Agenda) {
        let task = &mut self.tasks[id];
        let processed = task.counters.records;
        if let Some(timers) = &mut task.timers {
            timers.come_due(agenda.now(), processed);
        }
        self.schedule_timers(id, agenda);
    }
}
