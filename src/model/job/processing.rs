//! Records: what a task does when it may go on.
//!
//! The mailbox loop of `flink-semantics` 3.1: mails first; then, if output is available, the next input. A task works on
//! pieces: as many records of the buffer in hand as fit into the quantum and into about one output buffer. Records are
//! emitted at the end of their piece. A piece whose output becomes unavailable is cut at that record, as the real task,
//! which tests before each record, would have stopped there.

use crate::engine::Agenda;
use crate::model::event::Event;
use crate::model::ids::{ChannelId, TaskId};
use crate::model::job::Job;
use crate::model::network::{Buffer, Element};
use crate::model::observe::Observer;
use crate::model::task::{Doing, InHand, Piece, Spending};
use crate::scenario::{Alignment, BufferTimeout, Overflow, Reading};
use crate::units::SimTime;

/// What a look at the input has brought.
enum Found {
    /// Records, in hand now.
    Records,
    /// Something that is dealt with already, such as a barrier.
    Event,
    /// Nothing.
    Nothing,
}

impl<O: Observer> Job<O> {
    /// Lets every task go on that may.
    #[inline]
    pub(super) fn run_tasks(&mut self, agenda: &mut Agenda<Event>) {
        loop {
            self.network.take_wakes(&mut self.wakes);
            let wakes = std::mem::take(&mut self.wakes);
            for wake in &wakes {
                self.wake(wake.task, wake.at, agenda);
            }
            self.wakes = wakes;
            self.wakes.clear();
            let Some(task) = self.runnable.pop_front() else {
                if self.network.has_departed() {
                    self.note_departed_barriers(agenda);
                    continue;
                }
                return;
            };
            self.go_on(task, agenda);
        }
    }

    #[inline]
    fn wake(&mut self, id: TaskId, at: SimTime, agenda: &mut Agenda<Event>) {
        let task = &mut self.tasks[id.index()];
        match task.doing {
            Doing::Waiting if at > agenda.now() => {
                if at < task.wakes_at {
                    task.wakes_at = at;
                    task.turn += 1;
                    agenda.at(
                        at,
                        Event::Step {
                            task: id,
                            turn: task.turn,
                        },
                    );
                }
            }
            Doing::Waiting | Doing::SoftBackpressured | Doing::HardBackpressured => {
                if at <= agenda.now() {
                    self.runnable.push_back(id);
                }
            }
            Doing::Working(_) | Doing::Snapshotting => {}
        }
    }

    /// The task's event: its piece is done, or its waiting time is over.
    #[inline]
    pub(super) fn step(&mut self, id: TaskId, agenda: &mut Agenda<Event>) {
        if let Doing::Working(piece) = self.tasks[id.index()].doing {
            self.finish_piece(id, piece, agenda.now());
            if self.tasks[id.index()].source.is_some() {
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
            if matches!(
                self.tasks[id.index()].doing,
                Doing::Working(_) | Doing::Snapshotting
            ) {
                return;
            }
            if self.tasks[id.index()]
                .outputs
                .iter()
                .any(|output| self.network.hard_blocked(output.partition))
            {
                let task = &mut self.tasks[id.index()];
                task.doing = Doing::HardBackpressured;
                task.clock.switch(now, Spending::Backpressured);
                return;
            }
            if let Some(mail) = self.tasks[id.index()].mails.pop_front() {
                self.tasks[id.index()].doing = Doing::Waiting;
                self.read_mail(id, mail, agenda);
                continue;
            }
            if !self.output_available(id) {
                let task = &mut self.tasks[id.index()];
                task.doing = Doing::SoftBackpressured;
                task.clock.switch(now, Spending::Backpressured);
                return;
            }
            let found = if self.tasks[id.index()].source.is_some() {
                self.next_of_source(id, now)
            } else {
                self.next_of_inputs(id, agenda)
            };
            match found {
                Found::Records => return self.begin_piece(id, agenda),
                Found::Event => {}
                Found::Nothing => return self.wait(id, agenda),
            }
        }
    }

    #[inline]
    fn output_available(&self, id: TaskId) -> bool {
        self.tasks[id.index()]
            .outputs
            .iter()
            .all(|output| self.network.available(output.partition))
    }

    fn wait(&mut self, id: TaskId, agenda: &mut Agenda<Event>) {
        let now = agenda.now();
        let task = &mut self.tasks[id.index()];
        let wakes_at = match &mut task.source {
            Some(source) => {
                let due = source.schedule.next_due();
                // Records that come faster than the quantum are emitted in batches of one quantum.
                if due.since(now) < self.scenario.simulation.quantum {
                    now + self.scenario.simulation.quantum
                } else {
                    due
                }
            }
            None => task
                .inputs
                .iter()
                .filter_map(|input| self.network.next_arrival(input.gate))
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

    fn next_of_source(&mut self, id: TaskId, now: SimTime) -> Found {
        let task = &mut self.tasks[id.index()];
        let source = task.source.as_mut().expect("the caller saw a source");
        if !source.log && task.clock.kind() == Spending::Backpressured {
            source.schedule.postpone(now - task.clock.since());
        }
        if source.due == 0 {
            source.due = source.schedule.take_due(now, task.piece_records_max);
        }
        if source.due > 0 {
            Found::Records
        } else {
            Found::Nothing
        }
    }

    /// Takes buffers in hand: for a union one, from the gates in turn; for an alternating task one from each input.
    #[inline]
    fn next_of_inputs(&mut self, id: TaskId, agenda: &mut Agenda<Event>) -> Found {
        let inputs = self.tasks[id.index()].inputs.len();
        let alternating = self.tasks[id.index()].reading == Reading::Alternating;
        let mut found = Found::Nothing;
        for offset in 0..inputs {
            let task = &self.tasks[id.index()];
            let input = (task.next_input + offset) % inputs;
            if task.inputs[input].in_hand.is_some() {
                found = Found::Records;
            } else {
                match self.take_element(id, input, agenda) {
                    Found::Nothing => continue,
                    Found::Records => found = Found::Records,
                    Found::Event => return Found::Event,
                }
            }
            if !alternating {
                self.tasks[id.index()].next_input = input;
                return found;
            }
        }
        found
    }

    /// Takes the next element of an input, from the old alignment cache before the gate.
    #[inline]
    fn take_element(&mut self, id: TaskId, input: usize, agenda: &mut Agenda<Event>) -> Found {
        let gate = self.tasks[id.index()].inputs[input].gate;
        let replayed = self.take_replayed(id, input);
        let cached = replayed.is_some();
        let Some((channel, element)) = replayed.or_else(|| self.network.poll(agenda.now(), gate))
        else {
            return Found::Nothing;
        };
        if matches!(
            self.scenario.checkpointing.alignment,
            Alignment::Caching { .. }
        ) && self.tasks[id.index()].alignment.has_arrived(channel)
        {
            self.cache_element(id, channel, element, cached, agenda);
            return Found::Event;
        }
        match element {
            Element::Barrier(barrier) => {
                self.barrier_in_line(id, channel, barrier, agenda);
                Found::Event
            }
            Element::Data(buffer) => {
                let task = &mut self.tasks[id.index()];
                if !cached {
                    task.counters.bytes += u64::from(buffer.bytes);
                    task.inputs[input].bytes += u64::from(buffer.bytes);
                    task.counters.taken += u64::from(buffer.records);
                }
                if buffer.records == 0 {
                    self.give_back(channel, buffer, cached, agenda.now());
                    return Found::Event;
                }
                task.inputs[input].in_hand = Some(InHand {
                    channel,
                    buffer,
                    left: buffer.records,
                    cached,
                });
                Found::Records
            }
        }
    }

    fn take_replayed(&mut self, id: TaskId, input: usize) -> Option<(ChannelId, Element)> {
        let task = &mut self.tasks[id.index()];
        let &(channel, _) = task.cache.replay.front()?;
        if self.network.channel(channel).gate != task.inputs[input].gate {
            return None;
        }
        let (channel, element) = task.cache.replay.pop_front()?;
        if let Element::Data(buffer) = element {
            task.cache.bytes -= u64::from(buffer.bytes);
        }
        Some((channel, element))
    }

    /// Old Flink (`BarrierBuffer`): data of a channel whose barrier has come is cached, and spilled beyond the limit.
    fn cache_element(
        &mut self,
        id: TaskId,
        channel: ChannelId,
        element: Element,
        replayed: bool,
        agenda: &mut Agenda<Event>,
    ) {
        let Alignment::Caching { limit, overflow } = self.scenario.checkpointing.alignment else {
            unreachable!("only the caching mode caches")
        };
        let task = &mut self.tasks[id.index()];
        task.cache.cached.push_back((channel, element));
        let Element::Data(buffer) = element else {
            return;
        };
        task.cache.bytes += u64::from(buffer.bytes);
        if !replayed {
            task.counters.bytes += u64::from(buffer.bytes);
            task.counters.taken += u64::from(buffer.records);
        }
        if task.cache.bytes > limit.get() {
            match overflow {
                Overflow::Spill => task.cache.spilled += u64::from(buffer.bytes),
                Overflow::Fail => {
                    let vertex = &self.scenario.vertices[task.vertex].name;
                    let reason = format!(
                        "java.lang.OutOfMemoryError: alignment cache of {vertex} #{} is full",
                        task.subtask
                    );
                    self.fail_job(reason, agenda);
                }
            }
        }
        self.give_back(channel, buffer, replayed, agenda.now());
    }

    fn give_back(&mut self, channel: ChannelId, buffer: Buffer, cached: bool, now: SimTime) {
        if !cached {
            self.network.recycle(now, channel, buffer);
        }
    }

    /// Begins to process what is in hand (or due).
    #[inline]
    fn begin_piece(&mut self, id: TaskId, agenda: &mut Agenda<Event>) {
        let now = agenda.now();
        let task = &mut self.tasks[id.index()];
        let available = match &mut task.source {
            Some(source) => source.due,
            None if task.reading == Reading::Union => task.inputs[task.next_input]
                .in_hand
                .map_or(0, |in_hand| in_hand.left),
            // While several inputs have data, one record of each in turn.
            None => {
                let in_hand = task
                    .inputs
                    .iter()
                    .filter_map(|input| input.in_hand.as_ref());
                in_hand
                    .clone()
                    .map(|in_hand| in_hand.left)
                    .min()
                    .unwrap_or(0)
                    * in_hand.count() as u32
            }
        };
        let most = available.min(task.piece_records_max);
        let (records, takes) = task.service.piece(most, self.scenario.simulation.quantum);
        if let Some(source) = &mut task.source {
            source.due -= records;
        }
        task.doing = Doing::Working(Piece {
            from: now,
            until: now + takes,
            records,
        });
        task.clock.switch(now, Spending::Busy);
        task.turn += 1;
        agenda.at(
            now + takes,
            Event::Step {
                task: id,
                turn: task.turn,
            },
        );
    }

    /// Emits what the piece's records give, and gives back the buffers that are read to their end.
    fn finish_piece(&mut self, id: TaskId, piece: Piece, now: SimTime) {
        let mut done = 0;
        while done < piece.records {
            self.emit(id, now);
            done += 1;
            if done < piece.records && !self.output_available(id) {
                break;
            }
        }
        let task = &mut self.tasks[id.index()];
        task.doing = Doing::Waiting;
        if done < piece.records {
            // The output ran out at this record: the rest is not processed yet, and the task has waited since.
            task.clock
                .switch(piece.time_of(done), Spending::Backpressured);
        }
        task.counters.records += u64::from(done);
        match &mut task.source {
            Some(source) => {
                source.due += piece.records - done;
                task.counters.buffers += 1;
            }
            None => self.consume(id, done, now),
        }
    }

    /// Takes `records` processed records out of the buffers in hand, in turn.
    #[inline]
    fn consume(&mut self, id: TaskId, records: u32, now: SimTime) {
        let mut left = records;
        let inputs = self.tasks[id.index()].inputs.len();
        while left > 0 {
            let task = &mut self.tasks[id.index()];
            let input = task.next_input;
            if task.reading == Reading::Alternating {
                task.next_input = (input + 1) % inputs;
            }
            let Some(in_hand) = &mut task.inputs[input].in_hand else {
                continue;
            };
            let taken = if task.reading == Reading::Union {
                left
            } else {
                1
            };
            in_hand.left -= taken;
            left -= taken;
            if in_hand.left == 0 {
                let InHand {
                    channel,
                    buffer,
                    cached,
                    ..
                } = *in_hand;
                task.inputs[input].in_hand = None;
                task.counters.buffers += 1;
                if task.reading == Reading::Union {
                    task.next_input = (input + 1) % inputs;
                }
                self.give_back(channel, buffer, cached, now);
            }
        }
    }

    /// Emits what one processed record gives, on every output.
    #[inline]
    fn emit(&mut self, id: TaskId, now: SimTime) {
        let task = &mut self.tasks[id.index()];
        task.fraction += task.selectivity;
        while task.fraction >= 1.0 - 1e-9 {
            task.fraction -= 1.0;
            for output in &mut task.outputs {
                let every_record =
                    self.scenario.network.buffer_timeout == BufferTimeout::EveryRecord;
                if let Some(to) = output.partitioner.choose() {
                    self.network
                        .write(now, output.partition, to, output.record_bytes);
                    task.counters.written += 1;
                    if every_record {
                        self.network.flush_channel(now, output.partition, to);
                    }
                } else {
                    self.network
                        .write_to_all(now, output.partition, output.record_bytes);
                    task.counters.written +=
                        self.network.partition(output.partition).channels.len() as u64;
                    if every_record {
                        self.network.flush(now, output.partition);
                    }
                }
            }
        }
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
            .map(|channel| channel.records())
            .sum::<u64>()
            + self.network.shared_records()
    }
}
