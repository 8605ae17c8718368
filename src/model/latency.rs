//! How long messages between JobManager and tasks take.
//!
//! Messages from the JobManager to the tasks keep their order (`flink-semantics` 1.5: one RPC connection per TaskManager).

use crate::engine::{Stream, Streams};
use crate::scenario::LatencyDraw;
use crate::scenario::calibration::{LATENCY_BETWEEN_RUNS, LATENCY_BETWEEN_RUNS_OF_A_JOB, Latency};
use crate::units::{SimDuration, SimTime};

/// Draws delays of the control plane.
#[derive(Debug)]
pub struct Latencies {
    draw: LatencyDraw,
    stream: Stream,
    /// How loaded this run's machines are: multiplies what differs from message to message.
    load: f64,
    last_to_tasks: SimTime,
}

impl Latencies {
    /// Its own stream of random numbers.
    /// With a `factor` the load of the machines is known, and differs less from run to run.
    pub fn new(draw: LatencyDraw, factor: Option<f64>, streams: &Streams) -> Self {
        let mut stream = streams.named("control plane");
        let (typical, spread) = match factor {
            None => (1.0, LATENCY_BETWEEN_RUNS),
            Some(factor) => (factor, LATENCY_BETWEEN_RUNS_OF_A_JOB),
        };
        let load = match draw {
            LatencyDraw::Random => typical * libm::exp(spread * stream.normal()),
            LatencyDraw::Typical => typical,
        };
        Latencies {
            draw,
            load,
            stream,
            last_to_tasks: SimTime::ZERO,
        }
    }

    /// Draws the delay of one message.
    pub fn draw(&mut self, latency: Latency) -> SimDuration {
        match self.draw {
            LatencyDraw::Typical => latency.floor + latency.median.scale(self.load),
            LatencyDraw::Random => {
                let factor = self.load * libm::exp(latency.sigma * self.stream.normal());
                latency.floor + latency.median.scale(factor)
            }
        }
    }

    /// When a message that is sent now arrives at the tasks: not before those that were sent earlier.
    pub fn at_tasks(&mut self, now: SimTime, latency: Latency) -> SimTime {
        let arrival = now + self.draw(latency);
        self.last_to_tasks = self.last_to_tasks.max(arrival);
        self.last_to_tasks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::calibration::TRIGGER_RPC;

    fn latencies(draw: LatencyDraw) -> Latencies {
        Latencies::new(draw, None, &Streams::new(1, 0))
    }

    #[test]
    fn half_of_the_runs_are_faster_than_the_typical_one() {
        let typical = latencies(LatencyDraw::Typical).draw(TRIGGER_RPC);
        let faster = (0..1000)
            .map(|run| Latencies::new(LatencyDraw::Random, None, &Streams::new(1, run)))
            .filter_map(|mut run| (run.draw(TRIGGER_RPC) < typical).then_some(()))
            .count();
        assert!((450..550).contains(&faster), "{faster}");
    }

    #[test]
    fn a_later_message_does_not_overtake() {
        let mut random = latencies(LatencyDraw::Random);
        let mut last = SimTime::ZERO;
        for millis in 0..1000 {
            let sent = SimTime::ZERO + SimDuration::from_millis(millis);
            let arrival = random.at_tasks(sent, TRIGGER_RPC);
            assert!(arrival >= last && arrival >= sent + TRIGGER_RPC.floor);
            last = arrival;
        }
    }
}
