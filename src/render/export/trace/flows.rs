//! Arrows: from the JobManager to the sources, and along the barriers that began and ended each alignment.

use crate::experiment::run_document::RunDocument;
use crate::render::export::trace::event::{Event, What};
use crate::render::export::trace::lanes::{Lanes, acknowledged};
use crate::units::SimTime;

/// Both ends of every arrow; an arrow needs a slice at either end, which a subtask without an ack does not have.
pub fn events(run: &RunDocument, lanes: &Lanes) -> Vec<Event> {
    let mut events = Vec::new();
    let mut arrow = |name: &str, from: (SimTime, (usize, usize)), to: (SimTime, (usize, usize))| {
        let id = events.len() as u64 / 2 + 1;
        events.push(Event::new(What::FlowStart(id), name, from.0, from.1));
        events.push(Event::new(What::FlowEnd(id), name, to.0.max(from.0), to.1));
    };
    let checkpoints = &run.result.checkpoints;
    let consumers: Vec<bool> = (0..run.result.vertices.len())
        .map(|vertex| {
            run.flights
                .iter()
                .flatten()
                .any(|flight| flight.to.vertex == vertex)
        })
        .collect();
    for (position, checkpoint) in checkpoints.iter().enumerate() {
        let from = (checkpoint.trigger, lanes.checkpoint(position));
        let sources = checkpoint
            .acknowledged()
            .filter(|(vertex, ..)| !consumers[*vertex]);
        for (vertex, subtask, record) in
            sources.filter(|_| run.flights.iter().flatten().next().is_some())
        {
            if let Some(track) = lanes.snapshot(position, vertex, subtask) {
                arrow(
                    "trigger",
                    from,
                    (checkpoint.trigger + record.start_delay, track),
                );
            }
        }
    }
    for flight in run.flights.iter().flatten() {
        let position = checkpoints.partition_point(|record| record.id < flight.checkpoint);
        let (from, to) = (flight.from, flight.to);
        let tracks = lanes
            .snapshot(position, from.vertex, from.subtask)
            .zip(lanes.snapshot(position, to.vertex, to.subtask));
        let Some((sender, receiver)) = tracks else {
            continue;
        };
        let ack = |vertex, subtask| {
            acknowledged(&checkpoints[position], vertex, subtask).map_or(SimTime::MAX, |it| it.ack)
        };
        // A barrier that came after the ack, as with at-least-once, ends at the ack: there is no slice later.
        let processed = flight.processed.min(ack(to.vertex, to.subtask));
        let sent = flight
            .sent
            .min(ack(from.vertex, from.subtask))
            .min(processed);
        let name = match (flight.first, flight.last) {
            (true, true) => "only barrier",
            (true, false) => "first barrier",
            (false, _) => "last barrier",
        };
        arrow(name, (sent, sender), (processed, receiver));
    }
    events
}
