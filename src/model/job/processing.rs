//! Records: what a task does when it may go on.
//!
//! The rounds of a task's mailbox loop stand in `mailbox`, what happens to the records in `piece`.

use std::ops::ControlFlow::{Break, Continue};

use crate::engine::Agenda;
use crate::model::event::Event;
use crate::model::ids::TaskId;
use crate::model::job::Job;
use crate::model::job::caching::CacheLimit;
use crate::model::job::mailbox::{self, Notice};
use crate::model::job::piece;
use crate::model::network::{Channel, Wake};
use crate::model::observe::Observer;
use crate::model::task::Doing;
use crate::scenario::BufferTimeout;
use crate::units::SimTime;

impl<O: Observer> Job<O> {
    /// Lets every task go on that may.
    #[inline]
    pub(super) fn run_tasks(&mut self, agenda: &mut Agenda<Event>) {
        while self.network.has_wakes() || self.network.has_departed() || !self.runnable.is_empty() {
            self.run_woken(agenda);
        }
    }

    /// Lets those go on that are awake by now, and one that has mail.
    fn run_woken(&mut self, agenda: &mut Agenda<Event>) {
        self.network.swap_wakes(&mut self.wakes);
        for position in 0..self.wakes.len() {
            let wake = self.wakes[position];
            self.wake(wake, agenda);
        }
        if let Some(task) = self.runnable.pop_front() {
            self.go_on(task, agenda);
        } else if self.network.has_departed() {
            self.note_departed_barriers(agenda);
        }
    }

    #[inline]
    fn wake(&mut self, wake: Wake, agenda: &mut Agenda<Event>) {
        let Wake { task: id, at } = wake;
        let task = &mut self.tasks[id.index()];
        if task.is_occupied() {
            return;
        }
        if at <= agenda.now() {
            self.go_on(id, agenda);
        } else if task.doing == Doing::Waiting && at < task.wakes_at {
            task.wakes_at = at;
            task.turn += 1;
            let turn = task.turn;
            agenda.at(at, Event::Step { task: id, turn });
        }
    }

    /// The task's event: its piece is done, or its waiting time is over.
    #[inline]
    pub(super) fn step(&mut self, id: TaskId, agenda: &mut Agenda<Event>) {
        let task = &mut self.tasks[id.index()];
        if let Doing::Working(piece) = task.doing {
            let ledger = self.ledger.as_deref_mut().map(|ledger| (ledger, id));
            piece::finish(task, &mut self.network, ledger, piece, agenda);
            if self.scenario.simulation.trigger_every_records.is_some()
                && self.tasks[id.index()].source.is_some()
            {
                self.count_emitted(agenda);
            }
        }
        self.go_on(id, agenda);
    }

    /// The mailbox loop, until the task is occupied or has nothing to do.
    #[inline]
    pub(super) fn go_on(&mut self, id: TaskId, agenda: &mut Agenda<Event>) {
        let mut cache = CacheLimit::of(self.scenario.checkpointing.alignment);
        if self.recovering > 0 {
            cache = self.look_at_restored(id, cache, agenda);
        }
        loop {
            let task = &mut self.tasks[id.index()];
            if task.is_occupied() {
                return;
            }
            match mailbox::round(task, &mut self.network, cache, agenda.now()) {
                Continue(SimTime::MAX) => return,
                Continue(due) => {
                    let turn = task.turn;
                    return agenda.at(due, Event::Step { task: id, turn });
                }
                Break(notice) => self.notice(id, notice, agenda),
            }
        }
    }

    /// Deals with what has ended a round.
    #[cold]
    fn notice(&mut self, id: TaskId, notice: Notice, agenda: &mut Agenda<Event>) {
        match notice {
            Notice::Mail(mail) => self.read_mail(id, mail, agenda),
            Notice::Barrier(channel, barrier) => self.barrier_in_line(id, channel, barrier, agenda),
            Notice::NoRecords => {}
            Notice::CacheOverflow => self.fail_for_overflow(id, agenda),
        }
    }

    fn fail_for_overflow(&mut self, id: TaskId, agenda: &mut Agenda<Event>) {
        let task = &self.tasks[id.index()];
        let vertex = &self.scenario.vertices[task.vertex].name;
        let reason = format!(
            "java.lang.OutOfMemoryError: alignment cache of {vertex} #{} is full",
            task.subtask
        );
        self.strike(&[id], reason, agenda);
    }

    /// The output flusher has come round.
    pub(super) fn flush(&mut self, id: TaskId, agenda: &mut Agenda<Event>) {
        for output in &self.tasks[id.index()].outputs {
            self.network.flush(agenda.now(), output.partition);
        }
        if let BufferTimeout::Every(period) = self.scenario.network.buffer_timeout {
            agenda.after(period, Event::Flush { task: id });
        }
    }

    /// Records in all channels, shared segments and caches counted once per reader.
    pub(super) fn records_in_channels(&self) -> u64 {
        self.network
            .channels()
            .iter()
            .map(Channel::records)
            .sum::<u64>()
            + self.network.shared_records()
    }
}
