//! How the barriers of a run travelled.

use crate::engine::{self, Agenda, Streams};
use crate::measure::flight::{Flight, FlightWatch};
use crate::model::Job;
use crate::model::observe::Observer;
use crate::scenario::Scenario;
use crate::units::SimTime;

/// Simulates replication 0 once more and follows its barriers: listening does not change a run.
pub fn observe(scenario: &Scenario, seed: u64) -> Vec<Flight> {
    let parallelism: Vec<usize> = scenario
        .vertices
        .iter()
        .map(|vertex| vertex.parallelism)
        .collect();
    let mut agenda = Agenda::default();
    let mut watch = None;
    let slot = &mut watch;
    let mut job = Job::new(
        scenario,
        &Streams::new(seed, 0),
        move |network| -> &mut dyn Observer {
            slot.insert(FlightWatch::new(&parallelism, network.channels()))
        },
        &mut agenda,
    );
    let end = SimTime::ZERO + scenario.job.duration;
    // A job that fails, or a limit on events, ends the watch early, as it ends the run.
    engine::run(&mut job, &mut agenda, end, scenario.simulation.max_events);
    drop(job);
    watch.expect("the job asked for it").flights()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{run, sample};

    #[test]
    fn first_and_last_barriers_are_those_of_the_reported_phases() {
        let scenario = sample::scenario(10);
        let result = run::run(&scenario, 3, 0).unwrap();
        let flights = observe(&scenario, 3);
        assert!(!flights.is_empty());
        let mut compared = 0;
        for flight in &flights {
            let record = &result.checkpoints[flight.checkpoint as usize - 1];
            let Some(subtask) = record.subtasks[flight.to.vertex][flight.to.subtask] else {
                continue;
            };
            let first = record.trigger + subtask.start_delay;
            if flight.first {
                assert_eq!(flight.processed, first);
            }
            if flight.last {
                assert_eq!(flight.processed, first + subtask.alignment);
            }
            assert!(flight.sent <= flight.processed);
            compared += 1;
        }
        assert!(compared > 0);
    }
}
