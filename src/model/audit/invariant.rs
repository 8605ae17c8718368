//! What must hold for every completed checkpoint, after every restore and at the end, by name.

use crate::model::audit::Wiring;
use crate::model::audit::cut::{Cut, Promise};
use crate::model::audit::identity::{Fold, Identity};
use crate::model::audit::reference::{self, Reference};
use crate::model::ids::{ChannelId, CheckpointId, TaskId};
use crate::units::SimTime;

/// A property of every completed checkpoint, and of the job after a restore and at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invariant {
    /// F4: the checkpoint holds the state of every subtask, and a barrier went through every channel.
    EveryTaskTakesPart,
    /// Exactly once with aligned barriers (F8): no record is between the two sides of a channel.
    SentIsReceived,
    /// Exactly once with barriers that overtake (F8): what is between the two sides of a channel is persisted.
    SentIsReceivedOrPersisted,
    /// The persisted bytes of a channel are those of the persisted records, give or take one record at each side.
    PersistedBytesAreThoseOfTheRecords,
    /// At least once: every record sent before the barrier is processed before the snapshot, and no record of the input
    /// is missing in the states.
    NothingIsLost,
    /// F7 and F8: the states, once the in-flight data is processed, are those that an uninterrupted run makes of what
    /// the sources have read.
    StateIsThatOfTheInput,
    /// A restore puts in-flight data back, and between two restores nothing disappears: what the ledger knows to be sent
    /// and not processed waits in the channels, the current buffers and the barrier buffers of the model.
    ChannelHoldsWhatIsSent,
    /// A source goes on at the offset that its state says, after a restore the one of the checkpoint.
    SourceReadsOn,
}

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What should hold.
    pub invariant: Invariant,
    /// Of which checkpoint; `None` = of the job as it stands, after a restore or at the end.
    pub checkpoint: Option<CheckpointId>,
    /// Found when it completed, or the job was looked at.
    pub at: SimTime,
    /// Where it does not hold.
    pub place: Place,
    /// What should be.
    pub expected: Amount,
    /// What is found instead.
    pub found: Amount,
}

/// Where an invariant does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Between two tasks.
    Channel(ChannelId),
    /// At a task.
    Task(TaskId),
    /// In the states of a vertex.
    Vertex(usize),
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// A number of records.
    Records(u64),
    /// A number of bytes.
    Bytes(u64),
    /// A set of records.
    Set(Fold),
    /// A part of the checkpoint that is there, or not.
    Present(bool),
}

impl Invariant {
    /// Its name, as a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Invariant::EveryTaskTakesPart => "every subtask takes part in the checkpoint",
            Invariant::SentIsReceived => {
                "what is sent before the barrier is processed before the snapshot, and nothing else"
            }
            Invariant::SentIsReceivedOrPersisted => {
                "what is sent before the barrier is processed before the snapshot or persisted, and nothing else"
            }
            Invariant::PersistedBytesAreThoseOfTheRecords => {
                "the persisted bytes are those of the persisted records"
            }
            Invariant::NothingIsLost => {
                "what is sent before the barrier is processed before the snapshot, and all input is in the states"
            }
            Invariant::StateIsThatOfTheInput => {
                "the states are those that an uninterrupted run makes of the same input"
            }
            Invariant::ChannelHoldsWhatIsSent => {
                "what is sent and not processed waits in its channel"
            }
            Invariant::SourceReadsOn => "a source reads on at the offset that its state says",
        }
    }
}

/// Looks at everything that can be seen in the cut itself: reports each violation as (invariant, place, expected, found).
pub fn check(cut: &Cut, wiring: &Wiring, mut report: impl FnMut(Invariant, Place, Amount, Amount)) {
    let (yes, no) = (Amount::Present(true), Amount::Present(false));
    for (task, state) in cut.tasks.with_ids() {
        if state.is_none() {
            let place = Place::Task(task);
            report(Invariant::EveryTaskTakesPart, place, yes, no);
        }
    }
    for ((id, channel), wires) in cut.channels.with_ids().zip(&wiring.channels) {
        let place = Place::Channel(id);
        let (Some(sent), Some(received)) = (channel.sent, channel.received) else {
            report(Invariant::EveryTaskTakesPart, place, yes, no);
            continue;
        };
        match cut.promise {
            Promise::Aligned if sent != received => {
                let (sent, received) = (Amount::Set(sent), Amount::Set(received));
                report(Invariant::SentIsReceived, place, sent, received);
            }
            Promise::Overtaking => {
                let found = received.records + channel.persisted.records;
                if sent.records != found {
                    let (sent, found) = (Amount::Records(sent.records), Amount::Records(found));
                    report(Invariant::SentIsReceivedOrPersisted, place, sent, found);
                }
                let bytes = channel.persisted.records * wires.record_bytes;
                if bytes.abs_diff(channel.persisted.bytes) > 2 * wires.record_bytes {
                    let found = Amount::Bytes(channel.persisted.bytes);
                    let invariant = Invariant::PersistedBytesAreThoseOfTheRecords;
                    report(invariant, place, Amount::Bytes(bytes), found);
                }
            }
            Promise::AtLeastOnce if sent.records > received.records => {
                let sent = Amount::Records(sent.records);
                let found = Amount::Records(received.records);
                report(Invariant::NothingIsLost, place, sent, found);
            }
            Promise::Aligned | Promise::AtLeastOnce => {}
        }
    }
}

/// Compares the states, once the in-flight data is processed, with those of the reference.
pub fn check_states(
    cut: &Cut,
    wiring: &Wiring,
    reference: &mut Reference,
    report: impl FnMut(Invariant, Place, Amount, Amount),
) {
    if cut.promise == Promise::AtLeastOnce {
        return;
    }
    let tasks = cut.tasks.iter().map(|state| state.unwrap_or_default());
    let tasks: Vec<Fold> = tasks.collect();
    let in_flight = cut.channels.iter();
    let in_flight = in_flight.map(|channel| channel.in_flight.as_slice());
    compare_states(&tasks, in_flight, wiring, reference, report);
}

/// Compares states, by task, once what is between the tasks, by channel, is processed, with those of the reference.
pub fn compare_states<'a>(
    tasks: &[Fold],
    in_flight: impl Iterator<Item = &'a [Identity]>,
    wiring: &Wiring,
    reference: &mut Reference,
    mut report: impl FnMut(Invariant, Place, Amount, Amount),
) {
    let mut states = vec![Fold::default(); wiring.vertices.len()];
    for (state, (vertex, _)) in tasks.iter().zip(&wiring.tasks) {
        states[*vertex].merge(*state);
    }
    for (records, wires) in in_flight.zip(&wiring.channels) {
        let (consumer, _) = wiring.tasks[wires.consumer];
        let mut add = |vertex: usize, record, copies| states[vertex].add_copies(record, copies);
        for record in records {
            reference::pass(wiring, consumer, *record, 1, &mut add);
        }
    }
    let read: Vec<u64> = tasks.iter().map(|state| state.records).collect();
    let expected = reference.states(wiring, &read);
    for (vertex, (found, expected)) in states.iter().zip(expected).enumerate() {
        if found != expected {
            report(
                Invariant::StateIsThatOfTheInput,
                Place::Vertex(vertex),
                Amount::Set(*expected),
                Amount::Set(*found),
            );
        }
    }
}
