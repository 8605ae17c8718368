//! How barriers travelled: for every subtask the first barrier of a checkpoint and the last one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::measure::look::Look;
use crate::model::ids::TaskId;
use crate::model::network::Network;
use crate::model::observe::{Fact, Observer};
use crate::scenario::Scenario;
use crate::units::SimTime;

/// A subtask: vertex in scenario order, subtask from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Position of the vertex in the scenario.
    pub vertex: usize,
    /// Number of the subtask.
    pub subtask: usize,
}

impl Place {
    /// Every subtask, in the order of tasks.
    pub fn all(scenario: &Scenario) -> impl Iterator<Item = Place> {
        let vertices = scenario.vertices.iter().enumerate();
        vertices.flat_map(|(vertex, one)| {
            (0..one.parallelism).map(move |subtask| Place { vertex, subtask })
        })
    }
}

/// A barrier that began or ended an alignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flight {
    /// Checkpoint id.
    pub checkpoint: u64,
    /// Who sent it.
    pub from: Place,
    /// Who waited for it.
    pub to: Place,
    /// Put into the channel.
    pub sent: SimTime,
    /// Processed by the consumer.
    pub processed: SimTime,
    /// It was the first to come: it ended the start delay.
    pub first: bool,
    /// It was the last to come: it ended the alignment.
    pub last: bool,
}

/// Follows every barrier of a run; keeps two per checkpoint and subtask.
#[derive(Clone, Debug, Default)]
pub struct FlightWatch {
    /// Producer and consumer by channel.
    ends: Vec<(Place, Place)>,
    /// By channel: barriers that were sent and not processed, with their checkpoints.
    under_way: Vec<Vec<(u64, SimTime)>>,
    /// By checkpoint and consumer: first and last.
    arrived: BTreeMap<(u64, Place), (Hop, Hop)>,
}

#[derive(Clone, Copy, Debug)]
struct Hop {
    producer: Place,
    sent: SimTime,
    processed: SimTime,
}

impl FlightWatch {
    /// The flights by checkpoint and consumer; one that was first and last is listed once.
    pub fn flights(&self) -> Vec<Flight> {
        let mut flights = Vec::new();
        for (&(checkpoint, consumer), (first, last)) in &self.arrived {
            let flight = |hop: &Hop, is_first, is_last| Flight {
                checkpoint,
                from: hop.producer,
                to: consumer,
                sent: hop.sent,
                processed: hop.processed,
                first: is_first,
                last: is_last,
            };
            let only = first.producer == last.producer && first.sent == last.sent;
            flights.push(flight(first, true, only));
            if !only {
                flights.push(flight(last, false, true));
            }
        }
        flights
    }

    fn sent(&mut self, channel: usize, checkpoint: u64, now: SimTime) {
        self.under_way[channel].push((checkpoint, now));
    }

    fn processed(&mut self, channel: usize, checkpoint: u64, now: SimTime) {
        let under_way = &mut self.under_way[channel];
        let found = under_way.iter().find(|(id, _)| *id == checkpoint).copied();
        // What is older was cancelled: a barrier does not overtake another one.
        under_way.retain(|(id, _)| *id > checkpoint);
        let Some((_, sent)) = found else { return };
        let (producer, consumer) = self.ends[channel];
        let hop = Hop {
            producer,
            sent,
            processed: now,
        };
        let ends = self
            .arrived
            .entry((checkpoint, consumer))
            .or_insert((hop, hop));
        ends.1 = hop;
    }
}

impl Look for FlightWatch {
    fn begin(&mut self, scenario: &Scenario, network: &Network) {
        let places: Vec<Place> = Place::all(scenario).collect();
        let at = |task: TaskId| places[task.index()];
        let channels = network.channels().iter();
        self.ends = channels
            .map(|channel| (at(channel.producer), at(channel.consumer)))
            .collect();
        self.under_way = vec![Vec::new(); self.ends.len()];
    }

    fn shift(&mut self, number: &dyn Fn(u64) -> Option<u64>, real: &dyn Fn(SimTime) -> SimTime) {
        let shifted = |hop: Hop| Hop {
            sent: real(hop.sent),
            processed: real(hop.processed),
            ..hop
        };
        let arrived = std::mem::take(&mut self.arrived).into_iter();
        self.arrived = arrived
            .filter_map(|((checkpoint, consumer), (first, last))| {
                let ends = (shifted(first), shifted(last));
                Some(((number(checkpoint)?, consumer), ends))
            })
            .collect();
    }
}

impl Observer for FlightWatch {
    fn observe(&mut self, now: SimTime, fact: &Fact) {
        if let Fact::BarrierSent {
            checkpoint,
            channel,
            ..
        } = fact
        {
            self.sent(channel.index(), u64::from(checkpoint.0), now);
        } else if let Fact::BarrierProcessed {
            checkpoint,
            channel,
        } = fact
        {
            self.processed(channel.index(), u64::from(checkpoint.0), now);
        }
    }
}
