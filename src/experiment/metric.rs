//! The registry of reported metrics: what an objective may name, what it means, and how it is read from runs.

use crate::experiment::replicate::Replication;
use crate::experiment::spans::{Bounded, Spans};
use crate::experiment::visibility::Waits;
use crate::measure::estimate::CONFIDENCE;
use crate::measure::{Estimate, Scale};
use crate::scenario::diagnostic::{Diagnostic, enumerate, similar};

/// A reported metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// As written in an objective: `recovery_p95`.
    pub name: &'static str,
    /// Base unit: `s`, `B`, `B/h`, `share`, `1/s`, `records/s`, or empty for a count.
    pub unit: &'static str,
    /// In words.
    pub meaning: &'static str,
    read: Read,
}

/// How a metric is read.
#[derive(Clone, Copy, Debug)]
enum Read {
    /// A figure of every run; the mean over runs.
    Figure(fn(&Replication) -> Option<f64>),
    /// A quantile over the samples of all runs together: a single run may have one recovery, or two checkpoints.
    Pooled(fn(&Replication) -> &Spans, f64),
    /// A quantile of the waits of all runs together.
    Waits(f64),
}

/// A metric over some runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Value and 95 % interval. Of pooled quantiles: with the spread of the quantiles of the single runs.
    pub estimate: Estimate,
    /// The value is only a lower bound: something was not over when a run ended.
    pub at_least: bool,
}

impl Metric {
    /// The metric with this name; the error says which is meant.
    pub fn find(name: &str) -> Result<&'static Metric, Diagnostic> {
        all()
            .iter()
            .find(|metric| metric.name == name)
            .ok_or_else(|| {
                let problem = Diagnostic::error(format!("there is no metric `{name}`"));
                let names: Vec<&str> = all().iter().map(|metric| metric.name).collect();
                let family: Vec<&str> = names
                    .iter()
                    .copied()
                    .filter(|known| {
                        known
                            .strip_prefix(name)
                            .is_some_and(|rest| rest.starts_with('_'))
                    })
                    .collect();
                if !family.is_empty() {
                    return problem.help(format!("did you mean {}?", enumerate(&family)));
                }
                match similar(name, names.iter().copied()) {
                    Some(meant) => problem.help(format!("did you mean `{meant}`?")),
                    None => problem.help(format!("metrics are {}", enumerate(&names))),
                }
            })
    }

    /// Whether it has a value only where something failed.
    pub fn needs_failure(&self) -> bool {
        let families = [
            "recovery",
            "downtime",
            "restore",
            "catch_up",
            "rework",
            "unavailability",
        ];
        families.iter().any(|family| self.name.starts_with(family))
    }

    /// The metric over some runs; `None` if none of them has it.
    pub fn read(&self, runs: &[Replication]) -> Option<Reading> {
        let scale = Scale::of_unit(self.unit);
        if let Read::Figure(figure) = self.read {
            let values: Vec<f64> = runs.iter().filter_map(figure).collect();
            let estimate = Estimate::of(&values, scale)?;
            return Some(Reading {
                estimate,
                at_least: false,
            });
        }
        let Bounded { value, at_least } = self.quantile(runs)?;
        let single = runs
            .iter()
            .filter_map(|run| self.quantile(std::slice::from_ref(run)))
            .map(|bounded| bounded.value);
        let single: Vec<f64> = single.collect();
        let estimate = Estimate::around(value, &single, scale, CONFIDENCE)?;
        Some(Reading { estimate, at_least })
    }

    fn quantile(&self, runs: &[Replication]) -> Option<Bounded> {
        match self.read {
            Read::Figure(figure) => {
                let value = figure(runs.first()?)?;
                Some(Bounded {
                    value,
                    at_least: false,
                })
            }
            Read::Pooled(samples, q) => {
                let samples: Vec<&Spans> = runs.iter().map(samples).collect();
                Spans::quantile(&samples, q)
            }
            Read::Waits(q) => {
                let waits: Vec<&Waits> = runs.iter().map(|run| &run.visibility).collect();
                Waits::quantile(&waits, q)
            }
        }
    }
}

/// All metrics, in the order in which they are listed.
pub fn all() -> &'static [Metric] {
    ALL
}

/// One line per metric: name, unit, meaning.
pub fn list() -> String {
    let line = |metric: &Metric| {
        format!(
            "  {:<24}{:<11}{}\n",
            metric.name, metric.unit, metric.meaning
        )
    };
    all().iter().map(line).collect()
}

const fn metric(
    name: &'static str,
    unit: &'static str,
    meaning: &'static str,
    read: Read,
) -> Metric {
    Metric {
        name,
        unit,
        meaning,
        read,
    }
}

const fn time(
    name: &'static str,
    meaning: &'static str,
    samples: fn(&Replication) -> &Spans,
    q: f64,
) -> Metric {
    metric(name, "s", meaning, Read::Pooled(samples, q))
}

const fn figure(
    name: &'static str,
    unit: &'static str,
    meaning: &'static str,
    read: fn(&Replication) -> Option<f64>,
) -> Metric {
    metric(name, unit, meaning, Read::Figure(read))
}

const DURATION: &str = "end to end duration of completed checkpoints";
const RECOVERY: &str = "failure until no more records wait than before";
const DOWNTIME: &str = "failure until all tasks run";
const RESTORE: &str = "deployment until all tasks run";
const CATCH_UP: &str = "all tasks run until no more records wait than before";
const REWORK: &str = "trigger of the restored checkpoint until the failure";
const VISIBILITY: &str = "record arrives until its transaction is committed";

const ALL: &[Metric] = &[
    time("duration_p50", DURATION, |run| &run.durations, 0.5),
    time("duration_p95", DURATION, |run| &run.durations, 0.95),
    time("duration_p99", DURATION, |run| &run.durations, 0.99),
    time("duration_max", DURATION, |run| &run.durations, 1.0),
    figure(
        "start_delay",
        "s",
        "of the slowest subtask, median",
        |run| run.start_delay,
    ),
    figure("alignment", "s", "of the slowest subtask, median", |run| {
        run.alignment
    }),
    figure(
        "sync",
        "s",
        "sync phase of the slowest subtask, median",
        |run| run.sync,
    ),
    figure(
        "async",
        "s",
        "async phase of the slowest subtask, median",
        |run| run.r#async,
    ),
    figure(
        "checkpointed",
        "B",
        "newly persisted by a checkpoint, median",
        |run| run.checkpointed,
    ),
    figure(
        "state_size",
        "B",
        "full size of a checkpoint, median",
        |run| run.state_size,
    ),
    figure(
        "persisted",
        "B",
        "in-flight data in a checkpoint, median",
        |run| run.persisted,
    ),
    figure("completed", "", "completed checkpoints of a run", |run| {
        Some(run.completed)
    }),
    figure("failed", "", "failed checkpoints of a run", |run| {
        Some(run.failed)
    }),
    figure(
        "frequency",
        "1/s",
        "completed checkpoints per second",
        |run| run.frequency,
    ),
    figure("throughput", "records/s", "out of all sources", |run| {
        Some(run.throughput)
    }),
    figure(
        "utilisation",
        "share",
        "busy share of the busiest subtask",
        |run| Some(run.utilisation),
    ),
    figure(
        "overhead",
        "share",
        "of the saturated throughput, taken by sync phases",
        |run| run.overhead,
    ),
    figure(
        "period",
        "s",
        "from one checkpoint's trigger to the next",
        |run| run.period,
    ),
    figure(
        "stop",
        "s",
        "time that a checkpoint takes from the busiest subtask",
        |run| run.stop,
    ),
    figure(
        "expected_rework",
        "s",
        "age of the newest completed checkpoint, mean",
        |run| run.costs.expected_rework,
    ),
    time(
        "recovery_p50",
        RECOVERY,
        |run| &run.recoveries.recovery,
        0.5,
    ),
    time(
        "recovery_p95",
        RECOVERY,
        |run| &run.recoveries.recovery,
        0.95,
    ),
    time(
        "recovery_p99",
        RECOVERY,
        |run| &run.recoveries.recovery,
        0.99,
    ),
    time(
        "recovery_max",
        RECOVERY,
        |run| &run.recoveries.recovery,
        1.0,
    ),
    time(
        "downtime_p50",
        DOWNTIME,
        |run| &run.recoveries.downtime,
        0.5,
    ),
    time(
        "downtime_p95",
        DOWNTIME,
        |run| &run.recoveries.downtime,
        0.95,
    ),
    time(
        "downtime_p99",
        DOWNTIME,
        |run| &run.recoveries.downtime,
        0.99,
    ),
    time(
        "downtime_max",
        DOWNTIME,
        |run| &run.recoveries.downtime,
        1.0,
    ),
    time("restore_p50", RESTORE, |run| &run.recoveries.restore, 0.5),
    time("restore_p95", RESTORE, |run| &run.recoveries.restore, 0.95),
    time("restore_p99", RESTORE, |run| &run.recoveries.restore, 0.99),
    time("restore_max", RESTORE, |run| &run.recoveries.restore, 1.0),
    time(
        "catch_up_p50",
        CATCH_UP,
        |run| &run.recoveries.catch_up,
        0.5,
    ),
    time(
        "catch_up_p95",
        CATCH_UP,
        |run| &run.recoveries.catch_up,
        0.95,
    ),
    time(
        "catch_up_p99",
        CATCH_UP,
        |run| &run.recoveries.catch_up,
        0.99,
    ),
    time(
        "catch_up_max",
        CATCH_UP,
        |run| &run.recoveries.catch_up,
        1.0,
    ),
    time("rework_p50", REWORK, |run| &run.recoveries.rework, 0.5),
    time("rework_p95", REWORK, |run| &run.recoveries.rework, 0.95),
    time("rework_p99", REWORK, |run| &run.recoveries.rework, 0.99),
    time("rework_max", REWORK, |run| &run.recoveries.rework, 1.0),
    metric("visibility_p50", "s", VISIBILITY, Read::Waits(0.5)),
    metric("visibility_p95", "s", VISIBILITY, Read::Waits(0.95)),
    metric("visibility_p99", "s", VISIBILITY, Read::Waits(0.99)),
    metric("visibility_max", "s", VISIBILITY, Read::Waits(1.0)),
    figure(
        "bytes_written_per_hour",
        "B/h",
        "newly persisted by checkpoints",
        |run| run.bytes_written_per_hour,
    ),
    figure(
        "retained_bytes",
        "B",
        "held by retained checkpoints, at most",
        |run| run.retained_bytes,
    ),
    figure(
        "unavailability",
        "share",
        "of the time in which not all tasks run",
        |run| run.recoveries.unavailability,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn run(durations: &[f64]) -> Replication {
        let mut run = Replication::default();
        run.durations.ended = durations.to_vec();
        run
    }

    #[test]
    fn names_are_unique_and_found() {
        for metric in all() {
            assert_eq!(Metric::find(metric.name).unwrap().meaning, metric.meaning);
            assert_eq!(
                all()
                    .iter()
                    .filter(|other| other.name == metric.name)
                    .count(),
                1
            );
        }
        let problem = Metric::find("recovry_p95").unwrap_err();
        assert_eq!(problem.help, ["did you mean `recovery_p95`?"]);
    }

    #[test]
    fn quantiles_are_taken_over_all_runs_together() {
        // 1 to 4 together; alone the runs say 1.5 and 3.5.
        let reading = Metric::find("duration_p50")
            .unwrap()
            .read(&[run(&[1.0, 2.0]), run(&[3.0, 4.0])]);
        let reading = reading.unwrap();
        assert!((reading.estimate.value - 2.5).abs() < 1e-12);
        assert_eq!(reading.estimate.n, 2);
        assert!(reading.estimate.low > 0.0 && reading.estimate.high > 3.5);
    }

    #[test]
    fn a_metric_that_no_run_has_is_absent() {
        assert_eq!(
            Metric::find("recovery_p95").unwrap().read(&[run(&[1.0])]),
            None
        );
        assert_eq!(Metric::find("overhead").unwrap().read(&[]), None);
    }
}
