//! How many records reach every subtask, how busy that makes it, and by how much backpressure slows the sources.

use crate::formulas::exchange::{Edge, upstream_first};
use crate::scenario::{Rate, Scenario, Source, VertexId, VertexKind};
use crate::units::SimDuration;

/// A subtask this close to the capacity of the slowest one keeps its input buffers full, too.
const AS_HOT_AS_THE_HOTTEST: f64 = 0.98;

/// The flow through one vertex, by subtask, as offered: as if nothing ever slowed the sources.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// Records per second that arrive; 0 for sources.
    pub input_per_s: Vec<f64>,
    /// Records per second that leave.
    pub output_per_s: Vec<f64>,
    /// Share of time on the thread, above 1 if it cannot keep up.
    pub utilisation: Vec<f64>,
}

/// The load of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// By vertex, in scenario order.
    pub flows: Vec<Flow>,
    /// The busiest subtask of all operators with its utilisation; `None` without operators.
    pub hottest: Option<(VertexId, usize, f64)>,
}

impl Load {
    /// The flows that the sources would cause if nothing held them back.
    ///
    /// Question: how busy is every subtask?
    /// Formula: ρ = λ·s, with λ records/s at the subtask (rate × selectivities × shares) and s seconds per record.
    /// Assumptions: rates are averaged over the run; keys fall exactly as the shares say.
    /// Source: utilisation law (Denning and Buzen, 1978). Fails for bursts shorter than the run, and where the drawn
    /// keys differ much from their expectation.
    pub fn offered(scenario: &Scenario) -> Load {
        let mut flows: Vec<Option<Flow>> = vec![None; scenario.vertices.len()];
        for id in upstream_first(scenario) {
            flows[id.0] = Some(flow_of(scenario, id, &flows));
        }
        let flows: Vec<Flow> = flows
            .into_iter()
            .map(|flow| flow.expect("every vertex is in the order"))
            .collect();
        let hottest = hottest(scenario, &flows);
        Load { flows, hottest }
    }

    /// Utilisation of the busiest operator subtask; 0 without operators.
    pub fn peak(&self) -> f64 {
        self.hottest.map_or(0.0, |(_, _, utilisation)| utilisation)
    }

    /// Whether the sources are held back.
    pub fn is_backpressured(&self) -> bool {
        self.peak() >= 1.0
    }

    /// The share of the offered rates that the job sustains: min(1, 1/ρ of the busiest subtask).
    ///
    /// Assumes that all sources slow down alike; wrong for branches of a graph that do not share the bottleneck.
    pub fn sustained(&self) -> f64 {
        if self.is_backpressured() {
            1.0 / self.peak()
        } else {
            1.0
        }
    }

    /// Utilisation of a subtask at the rates that the job sustains; at most 1.
    pub fn busy(&self, vertex: VertexId, subtask: usize) -> f64 {
        (self.flows[vertex.0].utilisation[subtask] * self.sustained()).min(1.0)
    }

    /// Records per second that reach a subtask at the rates that the job sustains.
    pub fn input_per_s(&self, vertex: VertexId, subtask: usize) -> f64 {
        self.flows[vertex.0].input_per_s[subtask] * self.sustained()
    }

    /// Records per second of all sources at the rates that the job sustains.
    pub fn throughput_per_s(&self, scenario: &Scenario) -> f64 {
        let offered: f64 = scenario
            .vertices
            .iter()
            .zip(&self.flows)
            .filter(|(vertex, _)| vertex.is_source())
            .map(|(_, flow)| flow.output_per_s.iter().sum::<f64>())
            .sum();
        offered * self.sustained()
    }

    /// Whether a subtask of a backpressured job works without pause.
    pub fn is_saturated(&self, vertex: VertexId, subtask: usize) -> bool {
        self.is_backpressured() && self.busy(vertex, subtask) >= AS_HOT_AS_THE_HOTTEST
    }
}

fn flow_of(scenario: &Scenario, id: VertexId, upstream: &[Option<Flow>]) -> Flow {
    let vertex = scenario.vertex(id);
    let time_s: Vec<f64> = vertex
        .slowness
        .iter()
        .map(|slow| vertex.time_per_record().as_secs_f64() * slow)
        .collect();
    let (input_per_s, output_per_s, busy_records_per_s) = match &vertex.work {
        VertexKind::Source(source) => {
            let emitted = emitted_per_s(scenario, source, &time_s);
            (vec![0.0; vertex.parallelism], emitted.clone(), emitted)
        }
        VertexKind::Operator(operator) => {
            let arriving = arriving_per_s(scenario, id, upstream);
            let leaving = arriving
                .iter()
                .map(|rate| rate * operator.selectivity)
                .collect();
            (arriving.clone(), leaving, arriving)
        }
    };
    let utilisation = busy_records_per_s
        .iter()
        .zip(&time_s)
        .map(|(rate, time)| rate * time)
        .collect();
    Flow {
        input_per_s,
        output_per_s,
        utilisation,
    }
}

/// A source emits its rate, but not more than its thread can.
fn emitted_per_s(scenario: &Scenario, source: &Source, time_s: &[f64]) -> Vec<f64> {
    let wanted_per_s = mean_rate_per_s(&source.rate, scenario.job.duration.as_secs_f64());
    time_s
        .iter()
        .map(|time| {
            let limit = 1.0 / time.max(1e-9);
            wanted_per_s.map_or(limit, |total| (total / time_s.len() as f64).min(limit))
        })
        .collect()
}

fn arriving_per_s(scenario: &Scenario, id: VertexId, upstream: &[Option<Flow>]) -> Vec<f64> {
    let vertex = scenario.vertex(id);
    let mut arriving = vec![0.0; vertex.parallelism];
    for input in &vertex.inputs {
        let edge = Edge::new(scenario, id, input);
        let emitted = &upstream[input.from.0]
            .as_ref()
            .expect("producers come first")
            .output_per_s;
        for (producer, rate) in emitted.iter().enumerate() {
            for consumer in edge.consumers_of(producer) {
                arriving[consumer] += rate * edge.share(producer, consumer);
            }
        }
    }
    arriving
}

fn hottest(scenario: &Scenario, flows: &[Flow]) -> Option<(VertexId, usize, f64)> {
    let mut hottest: Option<(VertexId, usize, f64)> = None;
    for (index, flow) in flows
        .iter()
        .enumerate()
        .filter(|(index, _)| !scenario.vertices[*index].is_source())
    {
        for (subtask, &utilisation) in flow.utilisation.iter().enumerate() {
            if hottest.is_none_or(|(_, _, most)| utilisation > most) {
                hottest = Some((VertexId(index), subtask, utilisation));
            }
        }
    }
    hottest
}

/// Mean records per second over the first `horizon_s` seconds; `None` if the source has no rate of its own.
pub fn mean_rate_per_s(rate: &Rate, horizon_s: f64) -> Option<f64> {
    match rate {
        Rate::Unlimited => None,
        Rate::Constant(per_s) => Some(*per_s),
        Rate::Steps { steps, period } => {
            let end_s = period.map_or(horizon_s, SimDuration::as_secs_f64);
            let last = steps.last().map_or(0.0, |(_, per_s)| *per_s);
            let mut records = 0.0;
            for (index, (from, per_s)) in steps.iter().enumerate() {
                let until_s = steps
                    .get(index + 1)
                    .map_or(end_s, |(next, _)| next.as_secs_f64().min(end_s));
                records += per_s * (until_s - from.as_secs_f64()).max(0.0);
            }
            Some(if end_s > 0.0 { records / end_s } else { last })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formulas::scenarios_for_tests::{keyed, with_rate};

    #[test]
    fn six_hundred_records_on_four_subtasks_of_4_ms_are_60_percent() {
        // 600/s / 4 = 150/s per subtask, 150/s × 4 ms = 0.6
        let load = Load::offered(&keyed(600.0, SimDuration::from_millis(4)));
        assert!((load.peak() - 0.6).abs() < 1e-12);
        assert!((load.sustained() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn an_overloaded_job_sustains_what_its_slowest_subtask_can_take() {
        // 1500/s / 4 × 4 ms = 1.5: two thirds of the offered rate, 1000/s
        let scenario = keyed(1500.0, SimDuration::from_millis(4));
        let load = Load::offered(&scenario);
        assert!((load.throughput_per_s(&scenario) - 1000.0).abs() < 1e-9);
        assert!(load.is_saturated(VertexId(1), 3));
    }

    #[test]
    fn an_unlimited_source_emits_what_its_thread_can() {
        // 10 µs per record on two subtasks: 200 000/s
        let scenario = with_rate(Rate::Unlimited);
        let load = Load::offered(&scenario);
        assert!((load.flows[0].output_per_s.iter().sum::<f64>() - 200_000.0).abs() < 1e-6);
    }

    #[test]
    fn steps_are_averaged_over_their_period() {
        // 10 s at 100/s and 30 s at 200/s: (1000 + 6000) / 40 = 175/s
        let steps = vec![
            (SimDuration::ZERO, 100.0),
            (SimDuration::from_secs(10), 200.0),
        ];
        let rate = Rate::Steps {
            steps,
            period: Some(SimDuration::from_secs(40)),
        };
        assert_eq!(mean_rate_per_s(&rate, 1e9), Some(175.0));
    }
}
