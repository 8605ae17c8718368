//! The loop of a task's thread (`MailboxProcessor`, `flink-semantics` 3.1): mails first; then, if output is available, the
//! next buffer, whose records are processed and emitted.
//!
//! To be read straight down: which task goes on; one pass of its loop; how a batch of records begins; how it ends, with what
//! it emits and the buffers that are given back.
//!
//! Records are processed in batches, of as many records of the current buffers as fit into the quantum and into about one
//! output buffer, and emitted at the end of their batch: one event per record would cost ten times as much. A batch whose
//! output becomes unavailable is cut at that record, as the real task, which tests before each record, would have stopped
//! there.

use std::ops::ControlFlow::{self, Break, Continue};

use crate::model::Job;
use crate::model::event::{Agenda, Event};
use crate::model::ids::{ChannelId, TaskId};
use crate::model::network::{Barrier, Buffer, Element, Network, Wake};
use crate::model::observe::Observer;
use crate::model::processors::Work;
use crate::model::task::activity::{Batch, Mail, TaskState, TimeKind};
use crate::model::task::audited::Audited;
use crate::model::task::barrier_buffer::Limit;
use crate::model::task::firing::{begin_firing, end_firing};
use crate::model::task::output::{Output, give, output};
use crate::model::task::{CurrentBuffer, Pause, Task, TaskInput};
use crate::scenario::{BufferTimeout, Reading};
use crate::units::SimTime;

impl<O: Observer> Job<O> {
    /// Lets every task go on that may.
    #[inline]
    pub(crate) fn run_tasks(&mut self, agenda: &mut Agenda) {
        while self.network.has_wakes() || self.network.has_departed() || !self.runnable.is_empty() {
            self.run_woken(agenda);
        }
    }

    /// Lets those go on that are awake by now, and one that has mail.
    fn run_woken(&mut self, agenda: &mut Agenda) {
        self.network.swap_wakes(&mut self.wakes);
        for position in 0..self.wakes.len() {
            let wake = self.wakes[position];
            self.wake(wake, agenda);
        }
        if let Some(task) = self.runnable.pop_front() {
            self.run_loop(task, agenda);
        } else if self.network.has_departed() {
            self.note_departed_barriers(agenda);
        }
    }

    #[inline]
    fn wake(&mut self, wake: Wake, agenda: &mut Agenda) {
        let Wake { task: id, at } = wake;
        let task = &mut self.tasks[id];
        if task.state.is_occupied() {
            return;
        }
        if at <= agenda.now() {
            self.run_loop(id, agenda);
        } else if task.state == TaskState::Waiting && at < task.wakes_at {
            task.wakes_at = at;
            task.generation += 1;
            agenda.at(at, Event::Step(id, task.generation));
        }
    }

    /// The task's event: its batch is processed, or its waiting time is over.
    #[inline]
    pub(crate) fn step(&mut self, id: TaskId, agenda: &mut Agenda) {
        let task = &mut self.tasks[id];
        match task.state {
            TaskState::Processing(batch) => self.end_processing(id, batch, agenda),
            TaskState::Firing(piece) => end_firing(task, &mut self.network, piece, agenda),
            TaskState::Committing => task.state = TaskState::Waiting,
            _ => {}
        }
        self.run_loop(id, agenda);
    }

    #[inline]
    fn end_processing(&mut self, id: TaskId, batch: Batch, agenda: &mut Agenda) {
        let task = &mut self.tasks[id];
        let audited = self.ledger.as_deref_mut();
        let audited = audited.map(|ledger| Audited::new(ledger, id, task, batch.records));
        end_batch(task, &mut self.network, audited, batch, agenda);
        if self.scenario.simulation.trigger_every_records.is_some()
            && self.tasks[id].source.is_some()
        {
            self.count_emitted(agenda);
        }
    }

    /// The loop, until the task is occupied or has nothing to do.
    #[inline]
    fn run_loop(&mut self, id: TaskId, agenda: &mut Agenda) {
        let mut aside = Limit::of(self.scenario.checkpointing.alignment);
        if self.recovering > 0 {
            aside = self.look_at_restored(id, aside, agenda);
        }
        loop {
            if self.watermarks.is_some() {
                self.look_at_watermarks(id, agenda.now());
            }
            let task = &mut self.tasks[id];
            if task.state.is_occupied() {
                return;
            }
            match pass(task, &mut self.network, aside, agenda.now()) {
                Continue(SimTime::MAX) => return,
                Continue(due) => {
                    let (occupied, generation) = (task.state.is_occupied(), task.generation);
                    let demand = due.since(agenda.now());
                    if !occupied || !self.share_processor(Work::Task(id), demand, agenda) {
                        agenda.at(due, Event::Step(id, generation));
                    }
                    return;
                }
                Break(interruption) => self.interrupt(id, interruption, agenda),
            }
        }
    }

    /// Deals with what has ended a pass.
    #[cold]
    fn interrupt(&mut self, id: TaskId, interruption: Interruption, agenda: &mut Agenda) {
        match interruption {
            Interruption::Mail(mail) => self.read_mail(id, mail, agenda),
            Interruption::Barrier(channel, barrier) => {
                self.barrier_in_line(id, channel, barrier, agenda);
            }
            Interruption::NoRecords => {}
            Interruption::BarrierBufferFull => {
                let task = &self.tasks[id];
                let vertex = &self.scenario.vertices[task.vertex].name;
                let reason = format!(
                    "java.lang.OutOfMemoryError: alignment cache of {vertex} #{} is full",
                    task.subtask
                );
                self.inject_failure(&[id], reason, agenda);
            }
        }
    }

    /// Gives mail to a task, urgent mail before all other, and lets it read it at the next record boundary. What is sent to an
    /// execution that is gone is dropped (`TaskExecutor.triggerCheckpoint`, `confirmCheckpoint`: unknown task).
    pub(crate) fn post(&mut self, id: TaskId, mail: Mail, urgent: bool, agenda: &mut Agenda) {
        let task = &mut self.tasks[id];
        if task.state == TaskState::Down {
            return;
        }
        let not_urgent = task.mails.iter().position(|mail| !mail.is_urgent());
        let position = not_urgent.filter(|_| urgent);
        task.mails
            .insert(position.unwrap_or(task.mails.len()), mail);
        if !self.cut_shared_batch(id, agenda) {
            let task = &mut self.tasks[id];
            if let Some(until) = task.cut_batch(agenda.now()) {
                task.generation += 1;
                agenda.at(until, Event::Step(id, task.generation));
            }
        }
        self.runnable.push_back(id);
    }

    /// The output flusher's period has passed (`RecordWriter.OutputFlusher`).
    pub(crate) fn flush(&mut self, id: TaskId, agenda: &mut Agenda) {
        for output in &self.tasks[id].outputs {
            self.network.flush(agenda.now(), output.partition);
        }
        if let BufferTimeout::Every(period) = self.scenario.network.buffer_timeout {
            agenda.after(period, Event::Flush(id));
        }
    }
}

/// What ends a pass of the loop before the task rests: the job deals with it, then comes the next pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Interruption {
    /// A mail is to be read.
    Mail(Mail),
    /// A barrier has come to the head of its channel.
    Barrier(ChannelId, Barrier),
    /// A part of a record that is not complete yet, or something that was put aside: dealt with already.
    NoRecords,
    /// The barrier buffer is beyond its limit and may not spill.
    BarrierBufferFull,
}

/// One pass of the loop. Returns when the task's next step is due, occupied or not ([`SimTime::MAX`]: not before something
/// wakes it), or what interrupted it.
#[inline]
fn pass(
    task: &mut Task,
    network: &mut Network,
    aside: Option<Limit>,
    now: SimTime,
) -> ControlFlow<Interruption, SimTime> {
    let output = output(&task.outputs, network);
    if output == Output::Stuck {
        return Continue(wait_for_output(task, TaskState::HardBackpressured, now));
    }
    if let Some(timers) = &task.timers
        && timers.fire()
        && (task.mails.is_empty() || !timers.interruptible())
    {
        return Continue(begin_firing(task, now));
    }
    if !task.mails.is_empty()
        && may_read_mail(task, now)
        && let Some(mail) = task.mails.pop_front()
    {
        task.state = TaskState::Waiting;
        return Break(Interruption::Mail(mail));
    }
    if output == Output::Unavailable {
        return Continue(wait_for_output(task, TaskState::SoftBackpressured, now));
    }
    let available = if task.source.is_some() {
        records_due(task, now)
    } else {
        fill_current(task, network, aside, now)?;
        records_at_hand(task)
    };
    Continue(if available > 0 {
        begin_batch(task, available, now)
    } else {
        wait_for_input(task, network, now)
    })
}

/// Whether the thread looks at its mailbox now. Only some sources do not; a `SourceFunction` that has nothing to emit does not
/// hold the lock.
#[inline]
fn may_read_mail(task: &mut Task, now: SimTime) -> bool {
    let emitted = task.counters.records;
    let Some(source) = &mut task.source else {
        return true;
    };
    let paused = source.pause == Pause::UntilTriggered;
    if paused || (source.due == 0 && source.schedule.next_due() > now) {
        return true;
    }
    if source.batch > 1 && !emitted.is_multiple_of(u64::from(source.batch)) {
        return false;
    }
    let Some(lock) = &mut source.lock else {
        return true;
    };
    let wins = lock.wins_in == 0;
    if wins {
        lock.draw();
    }
    wins
}

fn wait_for_output(task: &mut Task, state: TaskState, now: SimTime) -> SimTime {
    task.state = state;
    task.clock.switch(now, TimeKind::Backpressured);
    SimTime::MAX
}

/// Returns when the task will look again by itself.
#[inline]
fn wait_for_input(task: &mut Task, network: &Network, now: SimTime) -> SimTime {
    let wakes_at = if let Some(source) = &mut task.source {
        if source.pause == Pause::UntilTriggered {
            task.state = TaskState::Waiting;
            task.clock.switch(now, TimeKind::Idle);
            return SimTime::MAX;
        }
        let (due, quantum) = (source.schedule.next_due(), task.service.longest_batch());
        if due > source.reads_until {
            task.state = TaskState::Waiting;
            task.clock.switch(now, TimeKind::Idle);
            return SimTime::MAX;
        }
        // Records that come faster than the quantum are emitted in batches of one quantum.
        if due.since(now) < quantum {
            now + quantum
        } else {
            due
        }
    } else {
        let arrivals = task.inputs.iter();
        let arrivals = arrivals.filter_map(|input| network.next_arrival(input.gate));
        arrivals.min().unwrap_or(SimTime::MAX)
    };
    task.state = TaskState::Waiting;
    task.clock.switch(now, TimeKind::Idle);
    task.wakes_at = wakes_at;
    task.generation += 1;
    wakes_at
}

/// Looks at a source's schedule; a generator's has waited while the source could not emit. Returns the number of records
/// that are due.
fn records_due(task: &mut Task, now: SimTime) -> u32 {
    let source = task.source.as_mut().expect("the caller saw a source");
    if source.pause == Pause::UntilTriggered {
        return 0;
    }
    if !source.log && task.clock.kind() == TimeKind::Backpressured {
        source.schedule.postpone(now - task.clock.since());
    }
    if source.due == 0 {
        let until = now.min(source.reads_until);
        source.due = source.schedule.take_due(until, task.batch_records_max);
    }
    source.due
}

/// Takes buffers to read: for a union one, from the gates in turn; for an alternating task one from each input.
#[inline]
fn fill_current(
    task: &mut Task,
    network: &mut Network,
    aside: Option<Limit>,
    now: SimTime,
) -> ControlFlow<Interruption> {
    let mut input = task.next_input;
    for _ in 0..task.inputs.len() {
        if task.inputs[input].current.is_none() {
            take(task, network, input, aside, now)?;
        }
        if task.inputs[input].current.is_some() && task.reading == Reading::Union {
            task.next_input = input;
            break;
        }
        input = task.input_after(input);
    }
    Continue(())
}

/// Records of the current buffers that may be processed.
#[inline]
fn records_at_hand(task: &Task) -> u32 {
    let left = |input: &TaskInput| input.current.as_ref().map(|current| current.left);
    match task.reading {
        Reading::Union => task.inputs.get(task.next_input).and_then(left).unwrap_or(0),
        // While several inputs have data, one record of each in turn.
        Reading::Alternating => {
            let sides = task.inputs.iter().filter_map(left);
            let least = sides.clone().min().unwrap_or(0);
            least.saturating_mul(sides.count() as u32)
        }
    }
}

/// Takes the next element of an input, if there is one; `aside` = how much may be put aside of channels whose barrier has
/// come.
#[inline]
fn take(
    task: &mut Task,
    network: &mut Network,
    input: usize,
    aside: Option<Limit>,
    now: SimTime,
) -> ControlFlow<Interruption> {
    let replayed = aside.is_some() && task.barrier_buffer.waits_for_replay();
    let next = if replayed {
        task.barrier_buffer.replay(input)
    } else {
        network.poll(now, task.inputs[input].gate)
    };
    let Some((channel, element)) = next else {
        return Continue(());
    };
    if let Some(limit) = aside
        && task.alignment.has_arrived(channel)
    {
        return put_aside(task, network, (channel, element), replayed, limit, now);
    }
    match element {
        Element::Data(buffer) => read(task, network, input, (channel, buffer), replayed, now),
        Element::Barrier(barrier) => Break(Interruption::Barrier(channel, barrier)),
    }
}

#[cold]
fn put_aside(
    task: &mut Task,
    network: &mut Network,
    (channel, element): (ChannelId, Element),
    replayed: bool,
    limit: Limit,
    now: SimTime,
) -> ControlFlow<Interruption> {
    let full = task.barrier_buffer.put_aside(channel, element, limit);
    if let Element::Data(buffer) = element
        && !replayed
    {
        task.counters.bytes += u64::from(buffer.bytes);
        task.counters.taken += u64::from(buffer.records);
        network.recycle(now, channel, buffer);
    }
    Break(if full {
        Interruption::BarrierBufferFull
    } else {
        Interruption::NoRecords
    })
}

/// Makes a buffer the current one of its input, unless it holds no record's end. What is replayed has been counted.
#[inline]
fn read(
    task: &mut Task,
    network: &mut Network,
    input: usize,
    (channel, buffer): (ChannelId, Buffer),
    replayed: bool,
    now: SimTime,
) -> ControlFlow<Interruption> {
    let input = &mut task.inputs[input];
    if !replayed {
        input.bytes += u64::from(buffer.bytes);
        task.counters.bytes += u64::from(buffer.bytes);
        task.counters.taken += u64::from(buffer.records);
    }
    if buffer.records > 0 {
        input.current = Some(CurrentBuffer {
            channel,
            buffer,
            left: buffer.records,
            replayed,
        });
        return Continue(());
    }
    if !replayed {
        network.recycle(now, channel, buffer);
    }
    Break(Interruption::NoRecords)
}

/// Begins to process some of the `available` records; returns when the batch ends.
#[inline]
fn begin_batch(task: &mut Task, available: u32, now: SimTime) -> SimTime {
    let mut most = available.min(task.batch_records_max);
    if let Some(source) = &task.source {
        most = most.min(source.until_it_looks(task.counters.records, !task.mails.is_empty()));
    }
    let (records, mut takes) = task.service.batch(most);
    if let Some(sink) = &mut task.sink {
        takes += sink.hand_over(now + takes, records);
    }
    if let Some(source) = &mut task.source {
        source.due -= records;
    }
    let until = now + takes;
    task.state = TaskState::Processing(Batch {
        from: now,
        until,
        records,
    });
    task.clock.switch(now, TimeKind::Busy);
    task.generation += 1;
    until
}

/// Emits what the batch's records give, and gives back the buffers that are read to their end.
#[inline]
fn end_batch(
    task: &mut Task,
    network: &mut Network,
    mut audited: Option<Audited>,
    batch: Batch,
    agenda: &mut Agenda,
) {
    let now = agenda.now();
    let mut done = 0;
    while done < batch.records {
        match &mut audited {
            None => emit(task, network, agenda),
            Some(audited) => audited.emit(task, network, agenda),
        }
        done += 1;
        if done < batch.records && output(&task.outputs, network) != Output::Available {
            break;
        }
    }
    task.state = TaskState::Waiting;
    if done < batch.records {
        // The output ran out at this record: the rest is not processed yet, and the task has waited since.
        let since = batch.time_of(done);
        task.clock.switch(since, TimeKind::Backpressured);
    }
    task.counters.records += u64::from(done);
    match &mut task.source {
        Some(source) => {
            source.due += batch.records - done;
            if let (Some(lock), false) = (&mut source.lock, task.mails.is_empty()) {
                lock.wins_in = lock.wins_in.saturating_sub(done);
            }
            task.counters.buffers += 1;
        }
        None => consume(task, network, done, now),
    }
}

/// Emits what one processed record gives, on every output. What it gives beyond one record is counted as work: a record may
/// give any number.
#[inline]
fn emit(task: &mut Task, network: &mut Network, agenda: &mut Agenda) {
    task.fraction += task.selectivity;
    let Task {
        outputs,
        counters,
        fraction,
        ..
    } = task;
    give(outputs, &mut counters.written, fraction, network, agenda);
}

/// Takes `records` processed records out of the current buffers, in turn.
#[inline]
fn consume(task: &mut Task, network: &mut Network, records: u32, now: SimTime) {
    let union = task.reading == Reading::Union;
    let mut left = records;
    while left > 0 {
        let input = task.next_input;
        if !union {
            task.next_input = task.input_after(input);
        }
        let Some(current) = &mut task.inputs[input].current else {
            continue;
        };
        let taken = if union { left } else { 1 };
        current.left -= taken;
        left -= taken;
        if current.left == 0 {
            let read = *current;
            task.inputs[input].current = None;
            task.counters.buffers += 1;
            if union {
                task.next_input = task.input_after(input);
            }
            if !read.replayed {
                network.recycle(now, read.channel, read.buffer);
            }
        }
    }
}
