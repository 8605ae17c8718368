//! What runs say about a configuration: its metrics, which objectives it meets, what it costs.

use std::collections::BTreeMap;

use crate::experiment::metric::replicate::Replication;
use crate::experiment::metric::{self, Metric, Reading};
use crate::experiment::recommend::result::{Objective, Verdict};
use crate::measure::Estimate;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::units::Unit;

/// Fewer runs tell nothing of how much they differ.
pub const ENOUGH: u32 = 3;

/// The question: what must hold, and what should be small.
#[derive(Clone, Debug)]
pub struct Question {
    /// All must hold.
    pub objectives: Vec<Objective>,
    /// What is minimised among those that pass.
    pub minimised: &'static Metric,
}

/// What runs say about one configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// All metrics that the runs have.
    pub metrics: BTreeMap<String, Estimate>,
    /// Those that are only lower bounds.
    pub at_least: Vec<String>,
    /// One per objective.
    pub verdicts: Vec<Verdict>,
    /// What is minimised; `None` if the runs do not have it.
    pub cost: Option<Estimate>,
    /// Excess over the bound of the objective that is missed most, as a share of the bound; 0 if all are met.
    pub excess: f64,
    /// Its index.
    pub worst: Option<usize>,
    /// Why the job failed, if it did.
    pub failure: Option<String>,
}

impl Question {
    /// Whether any metric of the question depends on failures.
    pub fn needs_failure(&self) -> bool {
        let asked = self
            .objectives
            .iter()
            .map(|objective| objective.metric.name.as_str());
        asked
            .chain([self.minimised.name])
            .filter_map(|name| Metric::find(name).ok())
            .any(Metric::depends_on_failures)
    }

    /// Every metric of the question is one that a search measures; the error says which is not.
    pub fn check(&self) -> Result<(), Diagnostics> {
        let objectives = self.objectives.iter();
        let asked = objectives.map(|objective| objective.metric.name.as_str());
        let asked = asked.chain([self.minimised.name]);
        let refused = asked.filter(|name| Metric::find(name).is_ok_and(Metric::needs_pairs));
        let refused: Vec<Diagnostic> = refused
            .map(|name| {
                let problem = format!(
                    "`{name}` takes paired runs at saturation, which a search does not make"
                );
                Diagnostic::error(problem)
                    .help("`overhead` is what sync phases take of the same throughput")
            })
            .collect();
        if refused.is_empty() {
            Ok(())
        } else {
            Err(Diagnostics(refused))
        }
    }

    /// The longest time that an objective allows a failure to take, s.
    pub fn longest_recovery_s(&self) -> Option<f64> {
        let asked = self.objectives.iter().filter(|objective| {
            Metric::find(&objective.metric.name).is_ok_and(Metric::needs_failure)
                && objective.metric.unit == Unit::Time
        });
        asked.map(|objective| objective.bound).reduce(f64::max)
    }

    /// What the objectives are about, in their order.
    pub fn values(&self, judgement: &Judgement) -> Vec<Option<f64>> {
        let value = |objective: &Objective| {
            let estimate = judgement.metrics.get(&objective.metric.name)?;
            Some(estimate.value)
        };
        self.objectives.iter().map(value).collect()
    }

    /// Judges a configuration by its runs.
    pub fn judge(&self, runs: &[Replication]) -> Judgement {
        let readings: BTreeMap<&str, Reading> = metric::all()
            .iter()
            .filter_map(|metric| Some((metric.name, metric.read(runs)?)))
            .collect();
        let verdicts: Vec<Verdict> = self
            .objectives
            .iter()
            .map(|objective| verdict(objective, readings.get(objective.metric.name.as_str())))
            .collect();
        let excesses = self
            .objectives
            .iter()
            .map(|objective| excess(objective, readings.get(objective.metric.name.as_str())));
        let worst = excesses
            .enumerate()
            .filter(|(_, excess)| *excess > 0.0)
            .max_by(|a, b| a.1.total_cmp(&b.1));
        Judgement {
            at_least: readings
                .iter()
                .filter(|(_, reading)| reading.at_least)
                .map(|(name, _)| (*name).to_owned())
                .collect(),
            cost: readings
                .get(self.minimised.name)
                .map(|reading| reading.estimate),
            metrics: readings
                .into_iter()
                .map(|(name, reading)| (name.to_owned(), reading.estimate))
                .collect(),
            verdicts,
            excess: worst.map_or(0.0, |(_, excess)| excess),
            worst: worst.map(|(index, _)| index),
            failure: runs.iter().find_map(|run| run.failure.clone()),
        }
    }
}

impl Judgement {
    /// All objectives are met by the estimates, the job did not fail, and the cost is known.
    pub fn passes(&self) -> bool {
        self.failure.is_none()
            && self.cost.is_some()
            && self.verdicts.iter().all(|verdict| verdict.is_met())
    }

    /// All objectives are met with their whole intervals, which fewer than [`ENOUGH`] runs do not have.
    pub fn surely_passes(&self) -> bool {
        let enough = self.cost.is_some_and(|cost| cost.n >= ENOUGH as usize);
        enough && self.passes() && self.verdicts.iter().all(|verdict| *verdict == Verdict::Met)
    }

    /// Some objective is missed with its whole interval, or cannot be judged.
    pub fn surely_fails(&self) -> bool {
        let hopeless = |verdict: &Verdict| matches!(verdict, Verdict::Missed | Verdict::Unknown);
        self.failure.is_some() || self.cost.is_none() || self.verdicts.iter().any(hopeless)
    }

    /// For comparisons: what passes comes first, then what costs less; what does not pass, by how much it is missed.
    pub fn rank(&self) -> (bool, f64) {
        if self.passes() {
            let cost = self.cost.map_or(f64::INFINITY, |cost| cost.value);
            return (false, cost);
        }
        let hopeless = self.failure.is_some() || self.cost.is_none();
        (true, if hopeless { f64::INFINITY } else { self.excess })
    }
}

/// Judges one objective by a reading of its metric.
pub fn verdict(objective: &Objective, reading: Option<&Reading>) -> Verdict {
    let Some(reading) = reading else {
        return Verdict::Unknown;
    };
    let (relation, bound, estimate) = (objective.relation, objective.bound, reading.estimate);
    let holds = |value| relation.holds(value, bound);
    // A lower bound proves nothing good about a ceiling.
    if reading.at_least && relation.is_ceiling() {
        return Verdict::Missed;
    }
    match (
        holds(estimate.value),
        holds(estimate.low) && holds(estimate.high),
    ) {
        (true, true) => Verdict::Met,
        (true, false) => Verdict::LikelyMet,
        (false, _) if holds(estimate.low) || holds(estimate.high) => Verdict::LikelyMissed,
        (false, _) => Verdict::Missed,
    }
}

/// How far beyond its bound, as a share of the bound; infinite without a value.
fn excess(objective: &Objective, reading: Option<&Reading>) -> f64 {
    let Some(reading) = reading else {
        return f64::INFINITY;
    };
    let value = reading.estimate.value;
    let beyond = if objective.relation.is_ceiling() {
        value - objective.bound
    } else {
        objective.bound - value
    };
    let missed = !objective.relation.holds(value, objective.bound)
        || (reading.at_least && objective.relation.is_ceiling());
    if !missed {
        return 0.0;
    }
    // At a bound of zero every miss is whole; and a miss on the bound itself is one.
    let scale = if objective.bound == 0.0 {
        beyond.abs()
    } else {
        objective.bound.abs()
    };
    (beyond / scale).max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::metric::MetricId;
    use crate::experiment::metric::replicate::Figures;
    use crate::experiment::recommend::objective::{minimised, parse};

    fn question(objective: &str) -> Question {
        Question {
            objectives: vec![parse(objective).unwrap()],
            minimised: minimised("overhead").unwrap(),
        }
    }

    fn runs(recoveries: &[f64], open: &[f64]) -> Vec<Replication> {
        let mut run = Replication {
            figures: Figures::from_iter([(MetricId::Overhead, 0.01)]),
            ..Replication::default()
        };
        run.recoveries.recovery.ended = recoveries.to_vec();
        run.recoveries.recovery.open = open.to_vec();
        vec![run; 3]
    }

    #[test]
    fn a_recovery_that_is_not_over_misses_a_ceiling() {
        let question = question("recovery_p95<=3min");
        assert!(question.judge(&runs(&[60.0, 70.0], &[])).surely_passes());
        let once = question.judge(&runs(&[60.0, 70.0], &[])[..1]);
        assert!(once.passes() && !once.surely_passes());
        let open = question.judge(&runs(&[60.0], &[70.0]));
        assert_eq!(open.verdicts, [Verdict::Missed]);
        assert!(!open.passes() && open.excess > 0.0);
        assert!(open.at_least.contains(&"recovery_p95".to_owned()));
    }

    #[test]
    fn what_cannot_be_judged_does_not_pass() {
        let judged = question("recovery_p95<=3min").judge(&runs(&[], &[]));
        assert_eq!(judged.verdicts, [Verdict::Unknown]);
        assert!(judged.surely_fails());
    }

    #[test]
    fn the_excess_is_a_share_of_the_bound() {
        let judged = question("recovery_p50<=50s").judge(&runs(&[60.0], &[]));
        assert!((judged.excess - 0.2).abs() < 1e-12);
        assert_eq!(judged.worst, Some(0));
    }

    #[test]
    fn a_search_refuses_a_metric_that_only_paired_runs_have() {
        assert!(question("overhead<=1%").check().is_ok());
        let refused = question("throughput_loss<=1%").check().unwrap_err();
        assert!(refused.to_string().contains("paired runs"), "{refused}");
    }
}
