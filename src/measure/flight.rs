//! How barriers travelled: for every subtask the first barrier of a checkpoint and the last one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::network::Channel;
use crate::model::observe::{Fact, Observer};
use crate::units::SimTime;

/// A subtask: vertex in scenario order, subtask from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Position of the vertex in the scenario.
    pub vertex: usize,
    /// Number of the subtask.
    pub subtask: usize,
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
#[derive(Clone, Debug)]
pub struct FlightWatch {
    places: Vec<Place>,
    /// Producer and consumer by channel.
    ends: Vec<(usize, usize)>,
    /// By channel: barriers that were sent and not processed, with their checkpoints.
    under_way: Vec<Vec<(u64, SimTime)>>,
    /// By checkpoint and consumer: first and last.
    arrived: BTreeMap<(u64, usize), (Hop, Hop)>,
}

#[derive(Clone, Copy, Debug)]
struct Hop {
    producer: usize,
    sent: SimTime,
    processed: SimTime,
}

impl FlightWatch {
    /// Watches these channels between vertices of this parallelism, in scenario order.
    pub fn new(parallelism: &[usize], channels: &[Channel]) -> Self {
        let places = parallelism
            .iter()
            .enumerate()
            .flat_map(|(vertex, &n)| (0..n).map(move |subtask| Place { vertex, subtask }));
        let ends: Vec<(usize, usize)> = channels
            .iter()
            .map(|channel| (channel.producer.index(), channel.consumer.index()))
            .collect();
        FlightWatch {
            places: places.collect(),
            under_way: vec![Vec::new(); ends.len()],
            ends,
            arrived: BTreeMap::new(),
        }
    }

    /// The flights by checkpoint and consumer; one that was first and last is listed once.
    pub fn flights(&self) -> Vec<Flight> {
        let mut flights = Vec::new();
        for (&(checkpoint, consumer), (first, last)) in &self.arrived {
            let flight = |hop: &Hop, is_first, is_last| Flight {
                checkpoint,
                from: self.places[hop.producer],
                to: self.places[consumer],
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
