//! The job as it stands, after a restore or at its end: what the ledger knows beside what the model holds (records on their
//! way, and where the sources read on).

use crate::model::Job;
use crate::model::audit::identity::Identity;
use crate::model::audit::invariant::{Amount, Invariant, Place, Violation, compare_states};
use crate::model::audit::{Ledger, Wiring, reference};
use crate::model::ids::{ChannelId, TaskId};
use crate::model::network::Element;
use crate::model::observe::Observer;
use crate::model::task::activity::TaskState;
use crate::model::task::barrier_buffer::BarrierBuffer;
use crate::units::SimTime;

/// What the model holds, as it counts it itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Records that wait for their consumer, wherever.
    pub channels: Vec<(ChannelId, u64)>,
    /// Offsets at which sources read on.
    pub sources: Vec<(TaskId, u64)>,
}

impl Ledger {
    /// Compares what the model holds with what it should hold.
    pub fn audit(&mut self, now: SimTime, held: &Held) {
        let mut found = Vec::new();
        for &(task, offset) in &held.sources {
            let (expected, place) = (self.state(task).records, Place::Task(task));
            if offset != expected {
                found.push((Invariant::SourceReadsOn, place, expected, offset));
            }
        }
        for &(channel, waiting) in &held.channels {
            let (expected, place) = (self.in_channel(channel), Place::Channel(channel));
            if waiting != expected {
                found.push((Invariant::ChannelHoldsWhatIsSent, place, expected, waiting));
            }
        }
        for (invariant, place, expected, found) in found {
            let (expected, found) = (Amount::Records(expected), Amount::Records(found));
            self.report(now, invariant, place, expected, found);
        }
    }

    /// Compares the states as they are, once what is between the tasks is processed, with those of an uninterrupted run.
    pub fn audit_states(&mut self, now: SimTime) {
        if self.histories.is_some() {
            return self.audit_histories(now);
        }
        let waiting: Vec<Vec<Identity>> = self
            .channels
            .iter()
            .map(|passage| passage.waiting().collect())
            .collect();
        let mut found = Vec::new();
        compare_states(
            &self.tasks,
            waiting.iter().map(Vec::as_slice),
            &self.wiring,
            &mut self.reference,
            |invariant, place, expected, state| found.push((invariant, place, expected, state)),
        );
        for (invariant, place, expected, state) in found {
            self.report(now, invariant, place, expected, state);
        }
    }

    /// Each record of an uninterrupted run is there, and some more often.
    fn audit_histories(&mut self, now: SimTime) {
        let vertices = self.wiring.vertices.len();
        let mut found: Vec<Vec<Identity>> = vec![Vec::new(); vertices];
        let histories = self.histories.iter().flatten().zip(&self.wiring.tasks);
        for (history, (vertex, _)) in histories {
            found[*vertex].extend(history);
        }
        let mut note = |vertex: usize, record, copies: u64| {
            found[vertex].extend((0..copies).map(|_| record));
        };
        for (passage, wires) in self.channels.iter().zip(&self.wiring.channels) {
            let (consumer, _) = self.wiring.tasks[wires.consumer];
            for record in passage.waiting() {
                reference::pass(&self.wiring, consumer, record, 1, &mut note);
            }
        }
        let read: Vec<u64> = self.tasks.iter().map(|state| state.records).collect();
        let expected = uninterrupted(&self.wiring, &read);
        self.repeated = 0;
        for (vertex, (mut found, expected)) in found.into_iter().zip(expected).enumerate() {
            found.sort_unstable();
            let lost = missing(&expected, &found);
            self.repeated += missing(&found, &expected);
            if lost > 0 {
                let all = expected.len() as u64;
                let (all, rest) = (Amount::Records(all), Amount::Records(all - lost));
                let place = Place::Vertex(vertex);
                self.report(now, Invariant::NothingIsLost, place, all, rest);
            }
        }
    }

    fn report(
        &mut self,
        at: SimTime,
        invariant: Invariant,
        place: Place,
        expected: Amount,
        found: Amount,
    ) {
        self.violations.push(Violation {
            invariant,
            checkpoint: None,
            at,
            place,
            expected,
            found,
        });
    }
}

/// By vertex, in order: what it has processed when the sources have read so much.
fn uninterrupted(wiring: &Wiring, read: &[u64]) -> Vec<Vec<Identity>> {
    let mut records: Vec<Vec<Identity>> = vec![Vec::new(); wiring.vertices.len()];
    let mut note = |vertex: usize, record, copies: u64| {
        records[vertex].extend((0..copies).map(|_| record));
    };
    for (&(vertex, subtask), &read) in wiring.tasks.iter().zip(read) {
        if wiring.vertices[vertex].source {
            for offset in 0..read {
                let record = Identity::of_source(vertex, subtask, offset);
                reference::pass(wiring, vertex, record, 1, &mut note);
            }
        }
    }
    for vertex in &mut records {
        vertex.sort_unstable();
    }
    records
}

/// How many of these records, in order, the others, in order, lack.
fn missing(records: &[Identity], others: &[Identity]) -> u64 {
    let mut others = others.iter().peekable();
    let lacks = |record: &&Identity| {
        while others.next_if(|other| other < record).is_some() {}
        others.next_if_eq(record).is_none()
    };
    records.iter().filter(lacks).count() as u64
}

impl<O: Observer> Job<O> {
    /// The run is over: the states must be those of an uninterrupted run of the same input, and what is not processed
    /// must be there. Of tasks that are lost and not restarted only the states of the last instant are known.
    pub fn audit_end(&mut self, now: SimTime) {
        let lost = self.failure.lost.clone();
        self.audit(now, |id| !lost[id]);
        if let Some(ledger) = &mut self.ledger {
            ledger.audit_states(now);
        }
    }

    /// Compares what these tasks and the channels among them hold with what the ledger knows.
    pub(crate) fn audit(&mut self, now: SimTime, of: impl Fn(TaskId) -> bool) {
        if self.ledger.is_none() {
            return;
        }
        let held = self.held(of);
        if let Some(ledger) = &mut self.ledger {
            ledger.audit(now, &held);
        }
    }

    fn held(&self, of: impl Fn(TaskId) -> bool) -> Held {
        let offset = |id: TaskId| {
            let task = &self.tasks[id];
            let begun = match task.state {
                TaskState::Processing(batch) => batch.records,
                _ => 0,
            };
            Some((id, task.source.as_ref()?.offset(begun)))
        };
        let tasks = self.tasks.ids().filter(|id| of(*id));
        let within = |id: &ChannelId| {
            let channel = self.network.channel(*id);
            of(channel.producer) && of(channel.consumer)
        };
        let channels = self.network.channels().ids().filter(within);
        Held {
            sources: tasks.filter_map(offset).collect(),
            channels: channels.map(|id| (id, self.records_waiting(id))).collect(),
        }
    }

    /// Records of a channel that are not processed: in its buffers, or with its consumer.
    fn records_waiting(&self, id: ChannelId) -> u64 {
        let channel = self.network.channel(id);
        let consumer = &self.tasks[channel.consumer];
        let current = consumer.unprocessed().filter(|(of, _)| *of == id);
        let current: u64 = current.map(|(_, records)| records).sum();
        let BarrierBuffer {
            blocked, replay, ..
        } = &*consumer.barrier_buffer;
        let buffered = blocked.iter().chain(replay.iter().flatten());
        let buffered = buffered.map(|(of, element)| match element {
            Element::Data(buffer) if *of == id => u64::from(buffer.records),
            Element::Data(_) | Element::Barrier(_) => 0,
        });
        channel.records() + self.network.shared_records_of(id) + current + buffered.sum::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_that_come_twice_are_missed_once_if_they_are_there_once() {
        let record = |number| Identity::of_source(0, 0, number);
        let mut all: Vec<Identity> = [1, 1, 2, 3, 3, 3].map(record).to_vec();
        all.sort_unstable();
        let mut some: Vec<Identity> = [1, 3, 3].map(record).to_vec();
        some.sort_unstable();
        assert_eq!(missing(&all, &some), 3);
        assert_eq!(missing(&some, &all), 0);
    }
}
