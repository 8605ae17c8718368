//! Records: what a task does when it may go on.
//!
//! The mailbox loop of `flink-semantics` 3.1: mails first; then, if output is available, the next input. What happens to
//! the records stands in `piece`.

use crate::engine::Agenda;
use crate::model::event::Event;
use crate::model::ids::TaskId;
use crate::model::job::Job;
use crate::model::job::caching::CacheLimit;
use crate::model::job::piece::{self, Found, Output};
use crate::model::network::{Channel, Wake};
use crate::model::observe::Observer;
use crate::model::task::{Doing, Spending, TaskInput};
use crate::scenario::BufferTimeout;
use crate::units::SimTime;

impl<O: Observer> Job<O> {
    /// Lets every task go on that may.
    #[inline]
    pub(super) fn run_tasks(&mut self, agenda: &mut Agenda<Event>) {
        loop {
            if self.network.has_wakes() {
                self.network.swap_wakes(&mut self.wakes);
                for position in 0..self.wakes.len() {
                    let wake = self.wakes[position];
                    self.wake(wake, agenda);
                }
            }
            if let Some(task) = self.runnable.pop_front() {
                self.go_on(task, agenda);
            } else if self.network.has_departed() {
                self.note_departed_barriers(agenda);
            } else if !self.network.has_wakes() {
                return;
            }
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
            piece::finish(task, &mut self.network, piece, agenda.now());
            if self.scenario.checkpointing.every_records.is_some()
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
        let now = agenda.now();
        loop {
            let task = &mut self.tasks[id.index()];
            if task.is_occupied() {
                return;
            }
            let output = piece::output(task, &self.network);
            if output == Output::Stuck {
                task.doing = Doing::HardBackpressured;
                task.clock.switch(now, Spending::Backpressured);
                return;
            }
            if let Some(mail) = task.mails.pop_front() {
                task.doing = Doing::Waiting;
                self.read_mail(id, mail, agenda);
                continue;
            }
            if output == Output::Unavailable {
                task.doing = Doing::SoftBackpressured;
                task.clock.switch(now, Spending::Backpressured);
                return;
            }
            let found = if task.source.is_some() {
                piece::due(task, now)
            } else {
                let cache = CacheLimit::of(self.scenario.checkpointing.alignment);
                piece::next_of_inputs(task, &mut self.network, cache, now)
            };
            match found {
                Found::Records(available) => {
                    let until = piece::begin(task, available, now);
                    let turn = task.turn;
                    return agenda.at(until, Event::Step { task: id, turn });
                }
                Found::Barrier(channel, barrier) => {
                    self.barrier_in_line(id, channel, barrier, agenda);
                }
                Found::NoRecords => {}
                Found::CacheOverflow => self.fail_for_overflow(id, agenda),
                Found::Nothing => return self.wait(id, agenda),
            }
        }
    }

    fn wait(&mut self, id: TaskId, agenda: &mut Agenda<Event>) {
        let now = agenda.now();
        let quantum = self.scenario.simulation.quantum;
        let task = &mut self.tasks[id.index()];
        let arrival = |input: &TaskInput| self.network.next_arrival(input.gate);
        let wakes_at = match &mut task.source {
            // Records that come faster than the quantum are emitted in batches of one quantum.
            Some(source) => {
                let due = source.schedule.next_due();
                // Records that come faster than the quantum are emitted in batches of one quantum.
                if due.since(now) < quantum {
                    now + quantum
                } else {
                    due
                }
            }
            None => task
                .inputs
                .iter()
                .filter_map(arrival)
                .min()
                .unwrap_or(SimTime::MAX),
        };
        task.doing = Doing::Waiting;
        task.clock.switch(now, Spending::Idle);
        task.wakes_at = wakes_at;
        task.turn += 1;
        if wakes_at < SimTime::MAX {
            agenda.at(
                wakes_at,
                Event::Step {
                    task: id,
                    turn: task.turn,
                },
            );
        }
    }

    fn fail_for_overflow(&mut self, id: TaskId, agenda: &mut Agenda<Event>) {
        let task = &self.tasks[id.index()];
        let vertex = &self.scenario.vertices[task.vertex].name;
        let reason = format!(
            "java.lang.OutOfMemoryError: alignment cache of {vertex} #{} is full",
            task.subtask
        );
        self.fail_job(reason, agenda);
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
