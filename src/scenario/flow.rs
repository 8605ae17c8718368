//! Records per second on every subtask, as the job graph and the rates of the sources demand them.
//!
//! Nothing is limited here: a subtask above 100 % simply shows a utilisation above 1.

use crate::scenario::resolve::topological;
use crate::scenario::vertex::{Exchange, Rate, Source, Vertex, VertexKind};
use crate::scenario::{Input, Scenario};
use crate::units::SimDuration;

/// What flows through a vertex, per subtask.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// Records per second that a subtask works on; of a source, those that it emits.
    pub input_per_s: Vec<f64>,
    /// Records per second that a subtask emits, to each of its consumers.
    pub output_per_s: Vec<f64>,
    /// Share of time that the work takes, 1.0 = saturated; above 1 the subtask cannot keep up.
    pub utilisation: Vec<f64>,
}

impl Flow {
    /// Utilisation of the busiest subtask.
    pub fn utilisation_max(&self) -> f64 {
        self.utilisation.iter().copied().fold(0.0, f64::max)
    }

    /// Records per second of all subtasks.
    pub fn input_total(&self) -> f64 {
        self.input_per_s.iter().sum()
    }
}

/// Flows by vertex at the mean rates of the sources over the run; an unlimited source is infinite.
pub fn flows(scenario: &Scenario) -> Vec<Flow> {
    flows_with(scenario, |source| mean_rate(source, scenario.job.duration))
}

/// Flows by vertex when every source is at the highest rate of its schedule.
pub fn peak_flows(scenario: &Scenario) -> Vec<Flow> {
    flows_with(scenario, |source| peak_rate(&source.rate))
}

fn flows_with(scenario: &Scenario, rate: impl Fn(&Source) -> f64) -> Vec<Flow> {
    let vertices = &scenario.vertices;
    let mut flows: Vec<Option<Flow>> = vec![None; vertices.len()];
    // A resolved scenario has no cycles; what stands on one would stay without flow.
    for index in topological(vertices).unwrap_or_default() {
        let vertex = &vertices[index];
        let input = match &vertex.work {
            VertexKind::Source(source) => {
                let all = rate(source);
                source
                    .shares
                    .iter()
                    .map(|share| times(all, *share))
                    .collect()
            }
            VertexKind::Operator(_) => {
                let mut total = vec![0.0; vertex.parallelism];
                for input in &vertex.inputs {
                    if let Some(producer) = &flows[input.from.0] {
                        add(&mut total, &arriving(input, producer, vertex.parallelism));
                    }
                }
                total
            }
        };
        flows[index] = Some(flow(vertex, input));
    }
    let still = |vertex: &Vertex| flow(vertex, vec![0.0; vertex.parallelism]);
    flows
        .into_iter()
        .zip(vertices)
        .map(|(flow, vertex)| flow.unwrap_or_else(|| still(vertex)))
        .collect()
}

fn flow(vertex: &Vertex, input_per_s: Vec<f64>) -> Flow {
    let time = vertex.time_per_record().as_secs_f64();
    let selectivity = vertex.selectivity();
    // Timers: seconds of work per second, and records per second.
    let fired = |subtask: usize, rate: f64| {
        let part = |whole| vertex.part_of(whole, subtask);
        vertex.timers.map_or((0.0, 0.0), |timers| {
            let (fired, output) = timers.per_second(part, rate);
            (times(fired, timers.time.as_secs_f64()), output)
        })
    };
    let each = || input_per_s.iter().copied().enumerate();
    let utilisation = each()
        .map(|(subtask, rate)| {
            times(rate, time * vertex.slowness[subtask])
                + fired(subtask, rate).0 * vertex.slowness[subtask]
        })
        .collect();
    Flow {
        output_per_s: each()
            .map(|(subtask, rate)| times(rate, selectivity) + fired(subtask, rate).1)
            .collect(),
        input_per_s,
        utilisation,
    }
}

/// Records per second that arrive at each of `consumers` subtasks over one edge.
fn arriving(input: &Input, producer: &Flow, consumers: usize) -> Vec<f64> {
    let output = &producer.output_per_s;
    let total: f64 = output.iter().sum();
    let producers = output.len();
    match &input.exchange {
        Exchange::Hash { shares } => shares.iter().map(|share| times(total, *share)).collect(),
        Exchange::Rebalance => vec![total / consumers as f64; consumers],
        Exchange::Broadcast => vec![total; consumers],
        Exchange::Forward => output.clone(),
        Exchange::Rescale if producers >= consumers => (0..consumers)
            .map(|consumer| {
                output[consumer * producers / consumers..(consumer + 1) * producers / consumers]
                    .iter()
                    .sum()
            })
            .collect(),
        Exchange::Rescale => {
            let mut rates = vec![0.0; consumers];
            for (index, rate) in output.iter().enumerate() {
                let first = (index * consumers).div_ceil(producers);
                let end = ((index + 1) * consumers).div_ceil(producers);
                rates[first..end].fill(rate / (end - first) as f64);
            }
            rates
        }
    }
}

fn mean_rate(source: &Source, duration: SimDuration) -> f64 {
    let (steps, period) = match &source.rate {
        Rate::Unlimited => return f64::INFINITY,
        Rate::Constant(rate) => return *rate,
        Rate::Steps { steps, period } => (steps, period),
    };
    let horizon = duration.saturating_sub(source.start).as_secs_f64();
    let length = period.map_or(horizon, SimDuration::as_secs_f64);
    if horizon <= 0.0 || length <= 0.0 {
        return steps.first().map_or(0.0, |(_, rate)| *rate);
    }
    let whole = (horizon / length).floor();
    let records =
        whole * records_until(steps, length) + records_until(steps, horizon - whole * length);
    records / horizon
}

/// Records of a schedule from its start until `end` seconds.
fn records_until(steps: &[(SimDuration, f64)], end: f64) -> f64 {
    let ends = steps
        .iter()
        .skip(1)
        .map(|(at, _)| at.as_secs_f64())
        .chain([f64::INFINITY]);
    let records = steps.iter().zip(ends).map(|((at, rate), until)| {
        let length = until.min(end) - at.as_secs_f64();
        rate * length.max(0.0)
    });
    records.sum()
}

/// Records per second when most come; without limit, infinitely many.
pub(super) fn peak_rate(rate: &Rate) -> f64 {
    match rate {
        Rate::Unlimited => f64::INFINITY,
        Rate::Constant(rate) => *rate,
        Rate::Steps { steps, .. } => steps.iter().map(|(_, rate)| *rate).fold(0.0, f64::max),
    }
}

fn add(total: &mut [f64], more: &[f64]) {
    for (sum, rate) in total.iter_mut().zip(more) {
        *sum += rate;
    }
}

/// A product in which nothing of an unlimited flow is nothing.
fn times(rate: f64, factor: f64) -> f64 {
    if factor == 0.0 { 0.0 } else { rate * factor }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scenario::load;

    #[track_caller]
    fn scenario(text: &str) -> Scenario {
        load::parse(text, "test.toml", Path::new(""), &[])
            .unwrap()
            .scenario
    }

    #[track_caller]
    fn near(left: &[f64], right: &[f64]) {
        let equal = left
            .iter()
            .zip(right)
            .all(|(a, b)| (a - b).abs() < 1e-9 || a.total_cmp(b).is_eq());
        assert!(
            left.len() == right.len() && equal,
            "{left:?} is not {right:?}"
        );
    }

    #[test]
    fn a_skewed_join_is_busiest_at_its_hot_subtask() {
        let scenario = scenario(
            "[[vertex]]\nname = 'a'\nparallelism = 2\nsource = { rate = '1000/s' }\n\
             [[vertex]]\nname = 'b'\nparallelism = 2\nservice = '1 ms'\nselectivity = 0.5\n\
             inputs = [{ from = 'a', skew = { share = '80 %' } }]\nslow = { subtask = 1, factor = 3.0 }\n\
             [[vertex]]\nname = 'c'\ninputs = [{ from = 'b', exchange = 'rescale' }, { from = 'a', exchange = 'broadcast' }]\n",
        );
        let flows = flows(&scenario);
        near(&flows[0].output_per_s, &[500.0, 500.0]);
        near(&flows[1].input_per_s, &[800.0, 200.0]);
        near(&flows[1].utilisation, &[0.8, 0.6]);
        near(&flows[2].input_per_s, &[1500.0]);
    }

    #[test]
    fn a_rescale_to_more_subtasks_splits_each_producer() {
        let scenario = scenario(
            "[[vertex]]\nname = 'a'\nparallelism = 2\nsource = { rate = '600/s' }\n\
             [[vertex]]\nname = 'b'\nparallelism = 3\ninputs = [{ from = 'a', exchange = 'rescale' }]\n",
        );
        near(&flows(&scenario)[1].input_per_s, &[150.0, 150.0, 300.0]);
    }

    #[test]
    fn an_unlimited_source_floods_everything_but_what_gets_no_share() {
        let scenario = scenario(
            "[[vertex]]\nname = 'a'\nsource = { rate = 'unlimited' }\n\
             [[vertex]]\nname = 'b'\nparallelism = 2\ninputs = [{ from = 'a', skew = { share = '100 %' } }]\n",
        );
        near(&flows(&scenario)[1].input_per_s, &[f64::INFINITY, 0.0]);
    }

    #[test]
    fn a_schedule_counts_with_its_mean_and_its_peak() {
        let scenario = scenario(
            "[job]\nduration = '100 s'\n[[vertex]]\nname = 'a'\n\
             source = { steps = ['0 s 10/s', '10 s 30/s'], period = '40 s' }\n",
        );
        // 40 s hold 10 x 10 + 30 x 30 = 1000 records, 20 s more 10 x 10 + 10 x 30 = 400.
        near(&flows(&scenario)[0].input_per_s, &[24.0]);
        near(&peak_flows(&scenario)[0].input_per_s, &[30.0]);
    }
}
