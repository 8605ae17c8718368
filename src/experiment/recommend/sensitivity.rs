//! How the answer moves when an input does: the search again, cheaply, by walking from the answer to better neighbours.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::experiment::metric::replicate::Replication;
use crate::experiment::recommend::inputs::{ALL, Input};
use crate::experiment::recommend::judge::{Judgement, Question};
use crate::experiment::recommend::result::SensitivityEntry;
use crate::experiment::recommend::search::Site;
use crate::scenario::Scenario;

/// By how much inputs are changed.
pub const SHARE: f64 = 0.2;
/// Runs of a site: differences are paired, so that few suffice.
pub const REPLICATIONS: u32 = 2;
/// Rungs that an answer may move.
const STEPS_MAX: usize = 8;

/// A change of a scenario.
pub type Change<'a> = &'a (dyn Fn(&mut Scenario) + Sync);

/// The base of the sensitivity and where it may look.
pub struct Base<'a> {
    /// What is asked.
    pub question: &'a Question,
    /// The answer.
    pub site: Site,
    /// Intervals, s.
    pub rungs: &'a [f64],
    /// Scenario of the answer.
    pub scenario: &'a Scenario,
    /// Evaluations that may be made of one input in one direction; with fewer than [`LEAST`] there is nothing to see.
    pub budget: usize,
}

/// Evaluations of an answer and its two neighbours.
pub const LEAST: usize = 3 * REPLICATIONS as usize;

/// Walks that a sensitivity of this scenario takes.
pub fn walks(scenario: &Scenario) -> usize {
    1 + 2 * present(scenario).len()
}

fn present(scenario: &Scenario) -> Vec<&'static Input> {
    let has = |input: &&Input| (input.scale)(&mut scenario.clone(), 1.0 + SHARE);
    ALL.iter().filter(has).collect()
}

/// Where a walk has ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct End {
    interval_s: Option<f64>,
    cost: Option<f64>,
}

/// One entry per input that the scenario has, the largest first; and the number of evaluations. The base is searched with
/// as few runs as the changed inputs, so that only the input differs. Call it inside a thread pool.
pub fn sensitivity(
    base: &Base<'_>,
    evaluate: impl Fn(Site, u32, Change<'_>) -> Replication + Sync,
) -> (Vec<SensitivityEntry>, usize) {
    let inputs = present(base.scenario);
    let mut walks: Vec<(Option<&Input>, f64)> = vec![(None, 1.0)];
    for input in &inputs {
        walks.extend([(Some(*input), 1.0 - SHARE), (Some(*input), 1.0 + SHARE)]);
    }
    let ends: Vec<(End, usize, usize)> = walks
        .par_iter()
        .with_max_len(1)
        .map(|(input, factor)| {
            let change = |scenario: &mut Scenario| {
                if let Some(input) = input {
                    (input.scale)(scenario, *factor);
                }
            };
            walk(base, &|site, replication| {
                evaluate(site, replication, &change)
            })
        })
        .collect();
    let evaluations = ends.iter().map(|(_, _, evaluations)| evaluations).sum();
    let (home, ..) = ends[0];
    let mut entries: Vec<SensitivityEntry> = inputs
        .iter()
        .zip(ends[1..].chunks(2))
        .map(|(input, pair)| SensitivityEntry {
            input: input.name.to_owned(),
            low: pair[0].0.interval_s,
            high: pair[1].0.interval_s,
            base: home.interval_s.unwrap_or(base.rungs[base.site.rung]),
            cost_low: pair[0].0.cost,
            cost_high: pair[1].0.cost,
            cost_base: home.cost,
        })
        .collect();
    entries.sort_by(|a, b| spread(b).total_cmp(&spread(a)));
    (entries, evaluations)
}

/// How many times the longest of the three intervals is the shortest; without an answer, infinite. Equal intervals are
/// told apart by cost.
fn spread(entry: &SensitivityEntry) -> f64 {
    let (Some(low), Some(high)) = (entry.low, entry.high) else {
        return f64::INFINITY;
    };
    let longest = low.max(high).max(entry.base);
    let shortest = low.min(high).min(entry.base);
    let costs = [entry.cost_low, entry.cost_high, entry.cost_base];
    let dearest = costs.iter().flatten().copied().fold(0.0, f64::max);
    let cheapest = costs
        .iter()
        .flatten()
        .copied()
        .fold(f64::INFINITY, f64::min);
    let tie = if cheapest > 0.0 && cheapest.is_finite() {
        dearest / cheapest
    } else {
        1.0
    };
    longest / shortest + 1e-3 * tie.min(100.0)
}

impl End {
    /// Whether an interval that meets all objectives was found.
    pub(super) fn passes(&self) -> bool {
        self.interval_s.is_some()
    }
}

/// Goes to the better neighbour until there is none: where it ends, at which rung, after how many evaluations.
pub(super) fn walk(
    base: &Base<'_>,
    evaluate: &dyn Fn(Site, u32) -> Replication,
) -> (End, usize, usize) {
    let mut judged: BTreeMap<usize, Judgement> = BTreeMap::new();
    let mut at = base.site.rung;
    for _ in 0..=STEPS_MAX {
        let last = (at + 1).min(base.rungs.len() - 1);
        let near = at.saturating_sub(1)..=last;
        let new = near
            .clone()
            .filter(|rung| !judged.contains_key(rung))
            .count();
        if (judged.len() + new) * REPLICATIONS as usize > base.budget {
            break;
        }
        for rung in near {
            judged.entry(rung).or_insert_with(|| {
                let site = Site {
                    branch: base.site.branch,
                    rung,
                };
                let runs: Vec<Replication> = (0..REPLICATIONS)
                    .map(|replication| evaluate(site, replication))
                    .collect();
                base.question.judge(&runs)
            });
        }
        let better = judged
            .iter()
            .filter(|(rung, _)| rung.abs_diff(at) <= 1)
            .min_by(|(_, a), (_, b)| {
                let (a, b) = (a.rank(), b.rank());
                a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
            })
            .map_or(at, |(rung, _)| *rung);
        if better == at || judged[&better].rank() == judged[&at].rank() {
            break;
        }
        at = better;
    }
    let here = judged.get(&at);
    let end = End {
        interval_s: here.filter(|here| here.passes()).map(|_| base.rungs[at]),
        cost: here.and_then(|here| here.cost).map(|cost| cost.value),
    };
    (end, at, judged.len() * REPLICATIONS as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::metric::MetricId;
    use crate::experiment::metric::replicate::Figures;
    use crate::experiment::recommend::interval_grid::rungs;
    use crate::experiment::recommend::objective::{minimised, parse};
    use crate::experiment::sample;
    use crate::scenario::{Rate, VertexKind};

    /// Recovery: 40 s and the interval times the rate (1000/s at first); overhead falls with the interval.
    fn evaluated(grid: &[f64], site: Site, change: Change<'_>) -> Replication {
        let mut scenario = sample::scenario(10);
        change(&mut scenario);
        let VertexKind::Source(source) = &scenario.vertices[0].work else {
            panic!("the first vertex is a source");
        };
        let Rate::Constant(rate) = source.rate else {
            panic!("its rate is constant");
        };
        let interval_s = grid[site.rung];
        let mut run = Replication {
            figures: Figures::from_iter([(MetricId::Overhead, 1.0 / interval_s)]),
            ..Replication::default()
        };
        run.recoveries.recovery.ended = vec![40.0 + interval_s * rate / 1000.0];
        run
    }

    #[test]
    fn the_input_that_matters_comes_first_and_moves_the_answer() {
        let grid = rungs(10.0, 3600.0, None);
        let question = Question {
            objectives: vec![parse("recovery_p95<=100s").unwrap()],
            minimised: minimised("overhead").unwrap(),
        };
        let at = grid
            .iter()
            .position(|rung| (*rung - 60.0).abs() < 1e-9)
            .unwrap();
        let scenario = sample::scenario(10);
        let base = Base {
            question: &question,
            site: Site {
                branch: 0,
                rung: at,
            },
            rungs: &grid,
            scenario: &scenario,
            budget: 20,
        };
        let (entries, evaluations) =
            sensitivity(&base, |site, _, change| evaluated(&grid, site, change));
        let first = &entries[0];
        assert_eq!((first.input.as_str(), first.base), ("input rate", 60.0));
        // 60/0.8 = 75 s, 60/1.2 = 50 s
        assert_eq!((first.low, first.high), (Some(75.0), Some(50.0)));
        assert_eq!((entries[1].low, entries[1].high), (Some(60.0), Some(60.0)));
        assert!(evaluations < 80, "{evaluations}");
    }
}
