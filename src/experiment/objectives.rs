//! The objectives of a scenario, and whether its runs meet them.

use serde::{Deserialize, Serialize};

use crate::experiment::metric::replicate::Replication;
use crate::experiment::metric::{Metric, Reading};
use crate::experiment::recommend::judge::verdict;
use crate::experiment::recommend::{Candidate, Objective, Recommendation, Verdict, objective};
use crate::measure::Estimate;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::key_path::KeyPath;
use crate::scenario::load::Loaded;
use crate::scenario::{FailureLaw, Scenario};

/// An objective, what was measured, and whether that meets it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// What must hold.
    pub objective: Objective,
    /// The metric over all replications; `None` if none of them has it.
    pub measured: Option<Estimate>,
    /// The value is only a lower bound: something was not over when a run ended.
    pub at_least: bool,
    /// By the rules of a recommendation.
    pub verdict: Verdict,
}

/// The objectives that a scenario names in `[objectives]`; all mistakes are reported where they were written.
pub fn of(loaded: &Loaded) -> Result<Vec<Objective>, Diagnostics> {
    let mut objectives = Vec::new();
    let mut problems: Vec<Diagnostic> = Vec::new();
    for wish in &loaded.scenario.objectives {
        let place = || loaded.place(&KeyPath::top("objectives").key(&wish.metric));
        match objective::parse(&format!("{} {}", wish.metric, wish.bound)) {
            Ok(objective) => objectives.push(objective),
            Err(problem) => problems.push(Diagnostic {
                place: place(),
                ..problem
            }),
        }
    }
    if problems.is_empty() {
        Ok(objectives)
    } else {
        Err(Diagnostics(problems))
    }
}

/// Objectives that nothing may be measured for: on failures, where none is sure to come.
pub fn unmeasurable(loaded: &Loaded) -> Vec<Diagnostic> {
    let scenario = &loaded.scenario;
    let sure = scenario
        .failures
        .given
        .iter()
        .any(|failure| failure.at >= scenario.job.warmup && failure.at < scenario.job.duration);
    let expected = expected_failures(scenario);
    if sure || expected >= EXPECTED_ENOUGH {
        return Vec::new();
    }
    let on_failures = scenario
        .objectives
        .iter()
        .filter(|wish| Metric::find(&wish.metric).is_ok_and(Metric::needs_failure));
    let why = if scenario.failures.random.is_some() {
        format!("{expected:.2} failures are expected in all runs together")
    } else {
        "none is given".to_owned()
    };
    let warnings = on_failures.map(|wish| {
        let metric = &wish.metric;
        let message = format!("`{metric}` has a value only where something fails: {why}");
        Diagnostic::warning(message)
            .at(loaded.place(&KeyPath::top("objectives").key(metric)))
            .help("add a [[failure]] within the run; `ckptsim recommend` makes failures by itself")
    });
    warnings.collect()
}

/// With so many expected failures, 1 set of runs in 20 has none.
const EXPECTED_ENOUGH: f64 = 3.0;

/// How many random failures all replications of a scenario will have on average; many, where that is not known.
fn expected_failures(scenario: &Scenario) -> f64 {
    let Some(random) = &scenario.failures.random else {
        return 0.0;
    };
    match &random.law {
        FailureLaw::Exponential { mtbf } | FailureLaw::Weibull { mtbf, .. } => {
            let measured = scenario.job.duration.saturating_sub(scenario.job.warmup);
            let runs = f64::from(scenario.job.replications);
            runs * measured.as_secs_f64() / mtbf.as_secs_f64().max(1e-9)
        }
        FailureLaw::Trace(_) => f64::INFINITY,
    }
}

/// Judges all objectives by the replications of the scenario, and by the throughput loss of its paired runs.
pub fn judge(
    objectives: &[Objective],
    runs: &[Replication],
    loss: Option<Estimate>,
) -> Vec<Judged> {
    let judged = objectives.iter().map(|objective| {
        let metric = Metric::find(&objective.metric.name).ok();
        let reading = metric.and_then(|metric| {
            if metric.needs_pairs() {
                loss.map(Reading::of)
            } else {
                metric.read(runs)
            }
        });
        Judged {
            objective: objective.clone(),
            measured: reading.map(|reading| reading.estimate),
            at_least: reading.is_some_and(|reading| reading.at_least),
            verdict: verdict(objective, reading.as_ref()),
        }
    });
    judged.collect()
}

/// The objectives of a recommendation, as one of its candidates meets them.
pub fn judged(found: &Recommendation, candidate: &Candidate) -> Vec<Judged> {
    let objectives = found.objectives.iter().enumerate();
    let judged = objectives.map(|(index, objective)| {
        let name = &objective.metric.name;
        let verdict = candidate.verdicts.get(index).copied();
        Judged {
            objective: objective.clone(),
            measured: candidate.metrics.get(name).copied(),
            at_least: candidate.at_least.contains(name),
            verdict: verdict.unwrap_or(Verdict::Unknown),
        }
    });
    judged.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sample;

    fn wished(wishes: &[(&str, &str)]) -> Loaded {
        let settings: Vec<(String, String)> = wishes
            .iter()
            .map(|(metric, bound)| (format!("objectives.{metric}"), (*bound).to_owned()))
            .collect();
        sample::loaded(10).at(&settings).unwrap()
    }

    #[test]
    fn objectives_are_judged_by_all_replications() {
        let loaded = wished(&[
            ("completed", ">= 6"),
            ("duration_p99", "<= 10 s"),
            ("recovery_p95", "<= 1 min"),
        ]);
        let runs: Vec<Replication> = (0..3)
            .map(|n| {
                let run = sample::run(&loaded.scenario, 7, n).unwrap();
                Replication::of(&loaded.scenario, &run)
            })
            .collect();
        let judged = judge(&of(&loaded).unwrap(), &runs, None);
        let verdicts: Vec<Verdict> = judged.iter().map(|one| one.verdict).collect();
        // Five checkpoints after warm-up, none longer than a second, and nothing fails.
        assert_eq!(verdicts, [Verdict::Missed, Verdict::Met, Verdict::Unknown]);
        assert!((judged[0].measured.unwrap().value - 5.0).abs() < 1e-9);
    }

    #[test]
    fn the_throughput_loss_of_paired_runs_can_be_an_objective() {
        let loaded = wished(&[("throughput_loss", "<= 2 %")]);
        let loss = |value| Estimate {
            value,
            low: value,
            high: value,
            n: 3,
        };
        let verdict = |loss| judge(&of(&loaded).unwrap(), &[], loss)[0].verdict;
        assert_eq!(verdict(Some(loss(0.01))), Verdict::Met);
        assert_eq!(verdict(Some(loss(0.03))), Verdict::Missed);
        assert_eq!(verdict(None), Verdict::Unknown);
    }

    #[test]
    fn mistakes_are_told_where_they_were_written() {
        let loaded = wished(&[("duration_p9", "<= 10 s"), ("failed", "none")]);
        let Diagnostics(problems) = of(&loaded).unwrap_err();
        assert_eq!(problems.len(), 2);
        assert!(problems.iter().all(|problem| problem.place.is_some()));
    }
}
