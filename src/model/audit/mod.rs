//! Proof that checkpoints are consistent cuts: the identity of every record, and what each side of a channel has seen of
//! it (`flink-semantics` 3 and 6; the documents' F4, F7 and F8).
//!
//! Present only with `simulation.check-consistency`; an ordinary run pays one branch per record.
//!
//! * **F4**, `C_k = {S_1, …, S_n}`: a [`Cut`] holds every subtask's state, the sources' positions among them, and both
//!   sides of every channel ([`Invariant::EveryTaskTakesPart`]).
//! * **F7**, `S' = f(S, X)`: every task folds its input into a [`Fold`], a count and a checksum that do not depend on order.
//!   `f` for the whole job stands in [`mod@reference`], without tasks, buffers or time.
//! * **F8**, `C(S') = C(S)`: on every channel, what was sent before the barrier was processed before the snapshot
//!   ([`Invariant::SentIsReceived`]), or is persisted as in-flight data ([`Invariant::SentIsReceivedOrPersisted`]: the
//!   number that the mechanism of unaligned barriers persisted is compared with the number that the ledger knows to be in
//!   flight). All in all the states are those that an uninterrupted run makes of what the sources had read
//!   ([`Invariant::StateIsThatOfTheInput`]): what is restored is what was saved, and what was saved is right.
//!   At-least-once promises less ([`Invariant::NothingIsLost`]) and reports [`Duplicates`].
//!
//! The ledger watches; it changes nothing. But a run with a ledger draws a record's key and the number of its outputs from
//! its identity instead of from random streams, so that a run with failures must end in the state of the run without.
//! After a failure, the restarted tasks and their channels are set back by [`Ledger::restore`]; their sources must go back
//! to position [`Cut::state`]`.records` of their schedules, and the records of [`ChannelCut::in_flight`] must be put back
//! into the channels. That they do is seen at once ([`Ledger::audit`]: [`Invariant::SourceReadsOn`],
//! [`Invariant::ChannelHoldsWhatIsSent`]), and again in every later cut: a record is known by the offset at which the model
//! really read it.

#[cfg(test)]
mod broken_restore;
mod cut;
mod identity;
mod invariant;
mod passage;
pub mod reference;
mod states;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use crate::model::audit::cut::{ChannelCut, Cut, Promise};
pub use crate::model::audit::identity::{Fold, Identity};
pub use crate::model::audit::invariant::{Amount, Invariant, Place, Violation};
use crate::model::audit::passage::Passage;
use crate::model::audit::reference::Reference;
use crate::model::ids::{ChannelId, CheckpointId, Table, TaskId};
use crate::model::network::{Channel, InFlight, Network};
use crate::model::task::Task;
use crate::scenario::{Exchange, Mode, Scenario, VertexId};
use crate::units::SimTime;

/// The accounts of all tasks and channels of a job, and the cuts of its checkpoints.
#[derive(Clone, Debug)]
pub struct Ledger {
    wiring: Wiring,
    tasks: Table<TaskId, Fold>,
    channels: Table<ChannelId, Passage>,
    pending: BTreeMap<CheckpointId, Cut>,
    completed: BTreeMap<CheckpointId, Cut>,
    reference: Reference,
    checked: u64,
    violations: Vec<Violation>,
    duplicates: Vec<Duplicates>,
    /// With at-least-once, by task: the records that its state is made of, in order.
    histories: Option<Table<TaskId, Vec<Identity>>>,
    repeated: u64,
}

/// Who is connected to whom: what the ledger knows of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct Wiring {
    /// By task: its vertex, and its index within it.
    pub tasks: Table<TaskId, (usize, usize)>,
    /// By channel: whom it connects.
    pub channels: Table<ChannelId, Wires>,
    /// By vertex: what becomes of its records.
    pub vertices: Vec<Step>,
}

/// What the ledger knows of one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wires {
    /// The task that writes.
    pub producer: TaskId,
    /// The task that reads.
    pub consumer: TaskId,
    /// Bytes of a record on the wire.
    pub record_bytes: u64,
}

/// What a vertex makes of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// It reads its records itself.
    pub source: bool,
    /// Records out per record in, on every output.
    pub selectivity: f64,
    /// Consuming vertices, one per edge, and how many of their subtasks get each record.
    pub consumers: Vec<(usize, u64)>,
}

/// Records of one channel that a restore of the checkpoint would have processed twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duplicates {
    /// The checkpoint that would be restored.
    pub checkpoint: CheckpointId,
    /// Through which channel they came.
    pub channel: ChannelId,
    /// When it completed.
    pub at: SimTime,
    /// What was sent before the barrier.
    pub sent: Fold,
    /// What was processed before the snapshot.
    pub received: Fold,
}

impl Wiring {
    /// The wiring of a scenario's job.
    pub fn of(scenario: &Scenario, tasks: &Table<TaskId, Task>, network: &Network) -> Self {
        let record_bytes = |channel: &Channel| {
            let producer = &tasks[channel.producer];
            u64::from(producer.outputs[0].record_bytes)
        };
        Wiring {
            tasks: tasks
                .iter()
                .map(|task| (task.vertex, task.subtask))
                .collect(),
            channels: network
                .channels()
                .iter()
                .map(|channel| Wires {
                    producer: channel.producer,
                    consumer: channel.consumer,
                    record_bytes: record_bytes(channel),
                })
                .collect(),
            vertices: (0..scenario.vertices.len())
                .map(|vertex| Step::of(scenario, VertexId(vertex)))
                .collect(),
        }
    }
}

impl Step {
    fn of(scenario: &Scenario, id: VertexId) -> Self {
        let vertex = scenario.vertex(id);
        let copies = |consumer: VertexId, exchange: &Exchange| match exchange {
            Exchange::Broadcast => scenario.vertex(consumer).parallelism as u64,
            Exchange::Hash { .. } | Exchange::Rebalance | Exchange::Rescale | Exchange::Forward => {
                1
            }
        };
        Step {
            source: vertex.is_source(),
            selectivity: vertex.selectivity(),
            consumers: scenario
                .outputs(id)
                .map(|(consumer, input)| (consumer.0, copies(consumer, &input.exchange)))
                .collect(),
        }
    }
}

impl Ledger {
    /// The ledger of a scenario's job at its start.
    pub fn of(scenario: &Scenario, tasks: &Table<TaskId, Task>, network: &Network) -> Self {
        let ledger = Ledger::new(Wiring::of(scenario, tasks, network));
        match scenario.checkpointing.mode {
            Mode::ExactlyOnce => ledger,
            Mode::AtLeastOnce => ledger.remembering(),
        }
    }

    /// A job at its start.
    pub fn new(wiring: Wiring) -> Self {
        Ledger {
            tasks: vec![Fold::default(); wiring.tasks.len()].into(),
            channels: vec![Passage::default(); wiring.channels.len()].into(),
            pending: BTreeMap::new(),
            completed: BTreeMap::new(),
            reference: Reference::new(&wiring),
            checked: 0,
            violations: Vec::new(),
            duplicates: Vec::new(),
            histories: None,
            repeated: 0,
            wiring,
        }
    }

    /// Remembers every record: where records may be processed twice, sums show nothing.
    #[must_use]
    pub fn remembering(mut self) -> Self {
        self.histories = Some(vec![Vec::new(); self.tasks.len()].into());
        self
    }

    /// A source task reads the record at an offset of its input.
    #[inline]
    pub fn read(&mut self, task: TaskId, offset: u64) -> Identity {
        let (vertex, subtask) = self.wiring.tasks[task];
        let record = Identity::of_source(vertex, subtask, offset);
        self.add(task, record);
        record
    }

    /// The consumer of a channel processes the next record.
    #[inline]
    pub fn process(&mut self, channel: ChannelId) -> Identity {
        let record = self.channels[channel].process();
        let consumer = self.wiring.channels[channel].consumer;
        self.add(consumer, record);
        record
    }

    #[inline]
    fn add(&mut self, task: TaskId, record: Identity) {
        self.tasks[task].add(record);
        if let Some(histories) = &mut self.histories {
            histories[task].push(record);
        }
    }

    /// The producer of a channel writes a record.
    #[inline]
    pub fn send(&mut self, channel: ChannelId, record: Identity) {
        self.channels[channel].send(record);
    }

    /// The checkpoint begins.
    pub fn open(&mut self, checkpoint: CheckpointId, promise: Promise) {
        let cut = Cut::new(promise, self.tasks.len(), self.channels.len());
        self.pending.insert(checkpoint, cut);
    }

    /// The task takes its snapshot.
    pub fn snapshot(&mut self, checkpoint: CheckpointId, task: TaskId) {
        let Some(cut) = self.pending.get_mut(&checkpoint) else {
            return;
        };
        cut.tasks[task] = Some(self.tasks[task]);
        for (id, wires) in self.wiring.channels.with_ids() {
            if wires.consumer != task {
                continue;
            }
            let (channel, passage) = (&mut cut.channels[id], &mut self.channels[id]);
            channel.received = Some(passage.received());
            match channel.sent {
                Some(sent) => {
                    let (from, until) = (passage.received().records, sent.records);
                    channel.in_flight = passage.in_flight(checkpoint, from);
                    channel
                        .in_flight
                        .truncate(until.saturating_sub(from) as usize);
                }
                None => passage.await_barrier(checkpoint),
            }
        }
    }

    /// The barrier leaves the producer of a channel.
    pub fn barrier_sent(&mut self, checkpoint: CheckpointId, channel: ChannelId) {
        let Some(cut) = self.pending.get_mut(&checkpoint) else {
            return;
        };
        let passage = &mut self.channels[channel];
        let channel = &mut cut.channels[channel];
        channel.sent = Some(passage.sent());
        if let Some(received) = channel.received {
            channel.in_flight = passage.in_flight(checkpoint, received.records);
        }
    }

    /// The mechanism has made in-flight data of a channel part of the checkpoint.
    pub fn persisted(&mut self, checkpoint: CheckpointId, channel: ChannelId, data: InFlight) {
        if let Some(cut) = self.pending.get_mut(&checkpoint) {
            cut.channels[channel].persisted += data;
        }
    }

    /// The checkpoint is complete: its cut is checked, and kept until [`Ledger::keep`] forgets it.
    pub fn complete(&mut self, now: SimTime, checkpoint: CheckpointId) {
        let Some(cut) = self.pending.remove(&checkpoint) else {
            return;
        };
        self.checked += 1;
        let violations = &mut self.violations;
        let mut report = |invariant, place, expected, found| {
            violations.push(Violation {
                invariant,
                checkpoint: Some(checkpoint),
                at: now,
                place,
                expected,
                found,
            });
        };
        invariant::check(&cut, &self.wiring, &mut report);
        invariant::check_states(&cut, &self.wiring, &mut self.reference, &mut report);
        for (id, channel) in cut.channels.with_ids() {
            if channel.duplicates() > 0
                && let (Some(sent), Some(received)) = (channel.sent, channel.received)
            {
                self.duplicates.push(Duplicates {
                    checkpoint,
                    channel: id,
                    at: now,
                    sent,
                    received,
                });
            }
        }
        self.completed.insert(checkpoint, cut);
    }

    /// The checkpoint is given up.
    pub fn abort(&mut self, checkpoint: CheckpointId) {
        if self.pending.remove(&checkpoint).is_some() {
            for passage in &mut self.channels {
                passage.release(checkpoint);
            }
        }
    }

    /// Forgets completed checkpoints and savepoints that will not be restored.
    pub fn keep(&mut self, wanted: impl Fn(CheckpointId) -> bool) {
        self.completed.retain(|&checkpoint, _| wanted(checkpoint));
    }

    /// The cut of a completed checkpoint that has not been forgotten.
    pub fn cut(&self, checkpoint: CheckpointId) -> Option<&Cut> {
        self.completed.get(&checkpoint)
    }

    /// The tasks of a region restart from a completed checkpoint that has not been forgotten, or from the start of the job
    /// (`None`): their states and the channels between them are set back, the latter to what was in flight. No channel may
    /// lead into the region or out of it. Checkpoints that are pending are given up.
    pub fn restore(&mut self, from: Option<CheckpointId>, restarts: impl Fn(TaskId) -> bool) {
        let pending: Vec<CheckpointId> = self.pending.keys().copied().collect();
        for checkpoint in pending {
            self.abort(checkpoint);
        }
        let cut = from.map(|checkpoint| {
            let cut = self.completed.get(&checkpoint);
            cut.expect("only what is retained is restored")
        });
        for task in self.tasks.ids().filter(|task| restarts(*task)) {
            let state = cut.map_or(Fold::default(), |cut| cut.state(task));
            self.tasks[task] = state;
            if let Some(histories) = &mut self.histories {
                histories[task].truncate(state.records as usize);
            }
        }
        for (id, wires) in self.wiring.channels.with_ids() {
            if !restarts(wires.consumer) {
                continue;
            }
            let passage = &mut self.channels[id];
            match cut.map(|cut| cut.channel(id)) {
                Some(ChannelCut {
                    sent, in_flight, ..
                }) => {
                    passage.restore(sent.unwrap_or_default(), in_flight);
                }
                None => *passage = Passage::default(),
            }
        }
    }

    /// Who is connected to whom.
    pub fn wiring(&self) -> &Wiring {
        &self.wiring
    }

    /// Everything a task has read or processed so far, folded.
    pub fn state(&self, task: TaskId) -> Fold {
        self.tasks[task]
    }

    /// Records that are written to a channel and not processed.
    pub fn in_channel(&self, channel: ChannelId) -> u64 {
        let passage = &self.channels[channel];
        passage.sent().records - passage.received().records
    }

    /// Completed checkpoints, all of which have been checked.
    pub fn checked(&self) -> u64 {
        self.checked
    }

    /// What does not hold.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Records that the states held once too often when [`Ledger::audit_states`] looked; only at-least-once allows it.
    pub fn repeated(&self) -> u64 {
        self.repeated
    }

    /// What a restore would have processed twice.
    pub fn duplicates(&self) -> &[Duplicates] {
        &self.duplicates
    }
}
