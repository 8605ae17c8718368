//! What a change is worth: two scenarios under the same random numbers and the same failures, replication by replication.
//!
//! A replication of A and the one of B with its number draw from the same streams, so that what both have in common
//! cancels out of their difference. The interval is Student's t of the differences, not of the two means.

use serde::Serialize;

use crate::experiment::grid::Point;
use crate::experiment::journal::Journal;
use crate::experiment::loss;
use crate::experiment::metric::replicate::Sample;
use crate::experiment::metric::{self, Better, Metric, MetricId};
use crate::experiment::run::{RunError, Wanted};
use crate::experiment::run_document::RunDocument;
use crate::experiment::run_result::RunResult;
use crate::experiment::summary::Coordinate;
use crate::experiment::sweep::{Options, SweepError, samples, sweep};
use crate::measure::{Estimate, Scale};
use crate::scenario::Scenario;
use crate::units::Unit;

/// A difference below this share of the values is rounding.
const ROUNDING: f64 = 1e-9;

/// What the differences say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// B is better.
    Better,
    /// B is worse.
    Worse,
    /// B has more, which is neither better nor worse.
    Higher,
    /// B has less, which is neither better nor worse.
    Lower,
    /// The interval of the difference contains zero, or there is none.
    NoEvidence,
}

/// One metric of A beside that of B.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Which metric.
    #[serde(rename = "name")]
    pub id: MetricId,
    /// Its base unit.
    pub unit: Unit,
    /// Which way is better.
    pub better: Better,
    /// Of A.
    pub a: Option<Estimate>,
    /// Of B.
    pub b: Option<Estimate>,
    /// B − A over the replications that have both.
    pub difference: Option<Estimate>,
    /// What follows.
    pub verdict: Verdict,
}

impl Difference {
    /// (B − A) / A; `None` without both or where A is 0.
    pub fn relative(&self) -> Option<f64> {
        let a = self.a?.value;
        (a != 0.0).then_some(self.difference?.value / a)
    }
}

/// A comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// One per metric that A or B has, in the order of the table.
    pub differences: Vec<Difference>,
    /// Sentences about jobs that failed, and about losses that could not be measured.
    pub troubles: Vec<String>,
    /// Sentences about runs that could not be made: the differences are those of the others.
    pub failures: Vec<String>,
    /// Both have the same root seed, so that a pair has the same random numbers.
    pub same_numbers: bool,
}

impl Compared {
    /// Whether any metric differs.
    pub fn differs(&self) -> bool {
        self.differences
            .iter()
            .any(|difference| difference.verdict != Verdict::NoEvidence)
    }
}

/// Makes all runs of both scenarios with `runner`, and compares them.
pub fn compare<R>(
    a: &Scenario,
    b: &Scenario,
    options: &Options<'_>,
    runner: R,
) -> Result<Compared, SweepError>
where
    R: Fn(Wanted<'_>) -> Result<RunResult, RunError> + Sync,
{
    let mut journal = Journal::in_memory();
    let swept = sweep(&points(a, b), options, &mut journal, runner)?;
    let samples = |scenario: &Scenario| samples(scenario, options, &journal);
    let (of_a, of_b) = paired(samples(a), samples(b));
    let failures = swept.points.iter().filter_map(|point| {
        let name = point.coordinates.first().map(|at| at.label.as_str());
        Some(format!("{}: {}", name?, point.failure.as_ref()?))
    });
    Ok(Compared {
        differences: differences(&of_a, &of_b),
        failures: failures.collect(),
        troubles: swept.troubles,
        same_numbers: true,
    })
}

/// Compares two saved runs, without simulating.
pub fn compare_saved(a: &RunDocument, b: &RunDocument) -> Compared {
    let (of_a, of_b) = paired(a.replications.clone(), b.replications.clone());
    let failure = |(name, run): (&str, &RunDocument)| {
        Some(format!("{name}: {}", run.summary.failure.as_ref()?))
    };
    Compared {
        differences: differences(&of_a, &of_b),
        failures: [("A", a), ("B", b)]
            .into_iter()
            .filter_map(failure)
            .collect(),
        troubles: Vec::new(),
        same_numbers: a.result.seed == b.result.seed,
    }
}

/// A and B as points of a sweep.
pub fn points(a: &Scenario, b: &Scenario) -> [Point; 2] {
    [("A", a), ("B", b)].map(|(name, scenario)| Point {
        coordinates: vec![Coordinate {
            label: name.to_owned(),
            value: None,
        }],
        paths: vec!["scenario".to_owned()],
        scenario: scenario.clone(),
    })
}

/// The replications that both have; all of one where the other has none.
fn paired(a: Vec<Option<Sample>>, b: Vec<Option<Sample>>) -> (Vec<Sample>, Vec<Sample>) {
    if a.iter().all(Option::is_none) || b.iter().all(Option::is_none) {
        return (
            a.into_iter().flatten().collect(),
            b.into_iter().flatten().collect(),
        );
    }
    a.into_iter().zip(b).filter_map(|(a, b)| a.zip(b)).unzip()
}

/// Compares samples in pairs: the first of A with the first of B, and so on. Metrics that neither has are left out.
pub fn differences(a: &[Sample], b: &[Sample]) -> Vec<Difference> {
    metric::all()
        .iter()
        .filter(|metric| metric.is_compared())
        .filter_map(|metric| difference(metric, a, b))
        .collect()
}

fn read(metric: &Metric, samples: &[Sample]) -> Vec<Option<f64>> {
    let read = |sample: &Sample| {
        if metric.needs_pairs() {
            sample.loss
        } else {
            metric.of(&sample.replication)
        }
    };
    samples.iter().map(read).collect()
}

fn difference(metric: &Metric, a: &[Sample], b: &[Sample]) -> Option<Difference> {
    let (a, b) = (read(metric, a), read(metric, b));
    let estimate = |values: &[Option<f64>]| {
        let values: Vec<f64> = values.iter().flatten().copied().collect();
        if metric.needs_pairs() {
            loss::estimate(&values)
        } else {
            Estimate::of(&values, Scale::of_unit(metric.unit))
        }
    };
    let pairs = a.iter().zip(&b);
    let pairs: Vec<f64> = pairs
        .filter_map(|(a, b)| Some(delta((*a)?, (*b)?)))
        .collect();
    let (a, b) = (estimate(&a), estimate(&b));
    if a.is_none() && b.is_none() {
        return None;
    }
    let difference = Estimate::of(&pairs, Scale::Signed);
    let verdict = none_completes(metric, a.as_ref(), b.as_ref())
        .or_else(|| difference.map(|of| verdict(&of, metric.better)))
        .unwrap_or(Verdict::NoEvidence);
    Some(Difference {
        id: metric.id,
        unit: metric.unit,
        better: metric.better,
        a,
        b,
        difference,
        verdict,
    })
}

/// Fewer checkpoints may be wanted, none at all is a loss, and no matter of luck: `None` if both or neither complete some, or one
/// of them could not be simulated.
fn none_completes(metric: &Metric, a: Option<&Estimate>, b: Option<&Estimate>) -> Option<Verdict> {
    let completes = |of: &Estimate| of.value > 0.0;
    match (metric.id, completes(a?), completes(b?)) {
        (MetricId::Completed, true, false) => Some(Verdict::Worse),
        (MetricId::Completed, false, true) => Some(Verdict::Better),
        _ => None,
    }
}

fn delta(a: f64, b: f64) -> f64 {
    let delta = b - a;
    if delta.abs() <= ROUNDING * a.abs().max(b.abs()) {
        0.0
    } else {
        delta
    }
}

fn verdict(difference: &Estimate, better: Better) -> Verdict {
    // Without an interval the difference may be luck.
    if !difference.has_interval() {
        return Verdict::NoEvidence;
    }
    let rises = difference.low > 0.0;
    if !rises && difference.high >= 0.0 {
        return Verdict::NoEvidence;
    }
    match better {
        Better::Neither if rises => Verdict::Higher,
        Better::Neither => Verdict::Lower,
        Better::Higher if rises => Verdict::Better,
        Better::Lower if !rises => Verdict::Better,
        Better::Higher | Better::Lower => Verdict::Worse,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::metric::replicate::{Figures, Replication};
    use crate::experiment::sample;
    use crate::experiment::simulate::simulate;
    use crate::experiment::watch::Watch;
    use crate::scenario::load::Loaded;
    use std::sync::atomic::AtomicBool;

    static NEVER: AtomicBool = AtomicBool::new(false);

    fn options(replications: u32) -> Options<'static> {
        Options {
            jobs: 1,
            loss: true,
            seed: 7,
            replications,
            stop: &NEVER,
            progress: &|_| {},
        }
    }

    fn throughputs(values: &[f64]) -> Vec<Sample> {
        let sample = |throughput: &f64| Sample {
            replication: Replication {
                figures: Figures::from_iter([(MetricId::Throughput, *throughput)]),
                ..Replication::default()
            },
            loss: None,
        };
        values.iter().map(sample).collect()
    }

    fn throughput(a: &[f64], b: &[f64]) -> Difference {
        let all = differences(&throughputs(a), &throughputs(b));
        let mut of = all.into_iter().filter(|of| of.id == MetricId::Throughput);
        of.next().unwrap()
    }

    #[test]
    fn a_run_that_cannot_be_made_costs_its_pair_and_shifts_no_other() {
        let (a, b) = (sample::scenario(10), sample::scenario(20));
        let options = Options {
            jobs: 1,
            loss: false,
            seed: 7,
            replications: 4,
            stop: &std::sync::atomic::AtomicBool::new(false),
            progress: &|_| {},
        };
        let without = |missing: Option<u32>| {
            let runner = |wanted: Wanted<'_>| {
                let (scenario, seed, n) = (wanted.scenario, wanted.seed, wanted.replication);
                let is_b = scenario.checkpointing.interval == b.checkpointing.interval;
                assert!(!is_b || Some(n) != missing, "a fault of the model");
                sample::run(scenario, seed, n)
            };
            compare(&a, &b, &options, runner).unwrap()
        };
        let (whole, broken) = (without(None), without(Some(1)));
        assert!(whole.failures.is_empty());
        let told = &broken.failures[0];
        assert!(
            told.starts_with("B: 1 of 4 replications not simulated: "),
            "{told}"
        );
        let of = |compared: &Compared| {
            let found = compared
                .differences
                .iter()
                .find(|one| one.id == MetricId::Completed);
            let found = found.unwrap().difference.unwrap();
            (found.value, found.n)
        };
        assert_eq!(of(&broken), (of(&whole).0, 3));
        let nothing = compare(&a, &b, &options, |wanted| {
            let interval = wanted.scenario.checkpointing.interval;
            assert!(interval == a.checkpointing.interval, "a fault of the model");
            sample::made(wanted)
        });
        let nothing = nothing.unwrap();
        assert!(!nothing.differs(), "what was not simulated is not worse");
        assert!(nothing.failures[0].starts_with("B: not simulated: "));
    }

    #[test]
    fn what_both_runs_have_in_common_cancels_out() {
        // 1 more in each pair, ± 0.1, although the replications differ by hundreds
        let found = throughput(&[100.0, 300.0, 900.0], &[101.1, 300.9, 901.0]);
        let difference = found.difference.unwrap();
        assert!((difference.value - 1.0).abs() < 1e-9);
        // t = 4.303 with two degrees of freedom, sd 0.1, √3
        assert!((difference.half_width() - 0.2484).abs() < 1e-3);
        assert_eq!(found.verdict, Verdict::Better);
    }

    #[test]
    fn an_interval_around_zero_is_no_evidence() {
        let found = throughput(&[100.0, 100.0, 100.0], &[99.0, 101.0, 100.5]);
        assert_eq!(found.verdict, Verdict::NoEvidence);
    }

    #[test]
    fn one_pair_is_no_evidence() {
        let found = throughput(&[100.0], &[200.0]);
        assert_eq!(found.verdict, Verdict::NoEvidence);
        assert_eq!(found.relative(), Some(1.0));
    }

    #[test]
    fn a_metric_of_taste_is_neither_better_nor_worse() {
        let difference = |value| Estimate {
            value,
            low: value - 1.0,
            high: value + 1.0,
            n: 5,
        };
        assert_eq!(verdict(&difference(5.0), Better::Neither), Verdict::Higher);
        assert_eq!(verdict(&difference(-5.0), Better::Neither), Verdict::Lower);
        assert_eq!(verdict(&difference(-5.0), Better::Lower), Verdict::Better);
        assert_eq!(verdict(&difference(-5.0), Better::Higher), Verdict::Worse);
    }

    #[test]
    fn a_scenario_does_not_differ_from_itself() {
        let scenario = sample::scenario(10);
        let same = compare(&scenario, &scenario, &options(3), sample::made).unwrap();
        assert!(!same.differs(), "{:?}", same.differences);
    }

    #[test]
    fn a_longer_interval_loses_less_and_shows_results_later() {
        let (a, b) = (sample::scenario(5), sample::scenario(20));
        let compared = compare(&a, &b, &options(3), sample::made).unwrap();
        let verdict = |id: MetricId| {
            let mut of = compared.differences.iter().filter(|of| of.id == id);
            of.next().unwrap().verdict
        };
        assert!(compared.differs());
        assert_eq!(verdict(MetricId::ThroughputLoss), Verdict::Better);
        assert_eq!(verdict(MetricId::VisibilityMean), Verdict::Worse);
        assert_eq!(verdict(MetricId::Completed), Verdict::Lower);
        assert_eq!(verdict(MetricId::Failed), Verdict::NoEvidence);
    }

    #[test]
    fn a_metric_that_only_one_side_has_is_shown_without_a_verdict() {
        let mut b = sample::scenario(10);
        b.checkpointing.interval = None;
        let compared = compare(&sample::scenario(10), &b, &options(3), sample::made).unwrap();
        let median = &compared.differences[0];
        assert_eq!((median.id, median.b), (MetricId::DurationP50, None));
        assert_eq!(median.verdict, Verdict::NoEvidence);
    }

    #[test]
    fn a_side_that_completes_nothing_is_worse_even_in_one_run() {
        // Its first checkpoint would come after the end.
        let (a, b) = (sample::scenario(10), sample::scenario(1_000_000));
        let verdicts = |a: &Scenario, b: &Scenario| {
            let compared = compare(a, b, &options(1), sample::made).unwrap();
            let mut of = compared
                .differences
                .iter()
                .filter(|of| of.id == MetricId::Completed);
            of.next().unwrap().verdict
        };
        assert_eq!(verdicts(&a, &b), Verdict::Worse);
        assert_eq!(verdicts(&b, &a), Verdict::Better);
    }

    #[test]
    fn saved_runs_are_compared_as_their_scenarios_are() {
        let (a, b) = (sample::loaded(10), sample::loaded(20));
        let document = |loaded: &Loaded| {
            let simulated = simulate(loaded, &options(3), &Watch::default(), &|| 0).unwrap();
            RunDocument::of(loaded, &simulated)
        };
        let saved = compare_saved(&document(&a), &document(&b));
        let simulated = compare(&a.scenario, &b.scenario, &options(3), |wanted| {
            wanted.simulation().run()
        })
        .unwrap();
        assert!(saved.same_numbers && saved.differs());
        assert_eq!(saved.differences, simulated.differences);
    }
}
