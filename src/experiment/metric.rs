//! The table of metrics: each is one line here, and nowhere else. Objectives, the columns of a sweep, saved points,
//! comparisons, the costs of a run and its report are read from it.

pub mod measured;
pub mod replicate;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::experiment::commit_latency::Waits;
use crate::experiment::metric::measured::Measured;
use crate::experiment::metric::replicate::Replication;
use crate::experiment::recoveries::Recoveries;
use crate::experiment::spans::{Bounded, Spans};
use crate::experiment::time_budget::TimeBudget;
use crate::experiment::{costs, operating_cost, storage_usage, sync_overhead};
use crate::measure::estimate::CONFIDENCE;
use crate::measure::{Estimate, Scale};
use crate::scenario::diagnostic::{Diagnostic, enumerate, similar};
use crate::units::Unit;

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Which one.
    pub id: MetricId,
    /// As objectives, columns and files name it: `recovery_p95`.
    pub name: &'static str,
    /// Base unit.
    pub unit: Unit,
    /// What it belongs to.
    pub family: Family,
    /// Which way is better.
    pub better: Better,
    /// As a row of a report is named.
    pub label: &'static str,
    /// What it is, in words.
    pub meaning: &'static str,
    read: Read,
}

/// What a metric belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// End to end durations.
    Duration,
    /// Parts and contents of a checkpoint.
    Checkpoint,
    /// The terms that formulas predict, where they are not reported otherwise.
    Term,
    /// How often, how fast, how busy.
    Load,
    /// What an interval costs besides the checkpoints.
    Cost,
    /// The same, known only where something failed.
    FailureCost,
    /// Where the time goes.
    Budget,
    /// What that costs.
    Price,
    /// What follows failures.
    Failure,
    /// How long a result stays invisible.
    Visibility,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// Less.
    Lower,
    /// More.
    Higher,
    /// Neither: it depends on what one wants.
    Neither,
}

/// How a metric is read.
#[derive(Clone, Copy, Debug)]
enum Read {
    /// A figure of every run; the mean over runs.
    Figure(fn(&Measured<'_>) -> Option<f64>),
    /// A quantile over the samples of all runs together: a single run may have one recovery, or two checkpoints.
    Pooled(fn(&Replication) -> &Spans, f64),
    /// A quantile of the waits of all runs together.
    Waits(f64),
    /// From paired runs at saturation, see [`loss`](crate::experiment::loss).
    Loss,
}

/// A metric over some runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Value and 95 % interval. Of pooled quantiles: with the spread of the quantiles of the single runs.
    pub estimate: Estimate,
    /// The value is only a lower bound: something was not over when a run ended.
    pub at_least: bool,
}

impl Reading {
    /// An estimate that is no lower bound.
    pub fn of(estimate: Estimate) -> Reading {
        Reading {
            estimate,
            at_least: false,
        }
    }
}

/// A line per metric becomes a name for the compiler and an entry of [`ALL`], in the same order.
macro_rules! metrics {
    ($($id:ident $name:literal $unit:ident $family:ident $better:ident $label:literal: $meaning:expr, $read:expr;)*) => {
        /// The name of a metric.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum MetricId {
            $(#[doc = $label] $id,)*
        }

        const ALL: &[Metric] = &[$(Metric {
            id: MetricId::$id,
            name: $name,
            unit: Unit::$unit,
            family: Family::$family,
            better: Better::$better,
            label: $label,
            meaning: $meaning,
            read: $read,
        },)*];
    };
}

const DURATION: &str = "end to end duration; one that expired counts as longer than its time-out";
const RECOVERY: &str = "failure until no more records wait than before";
const DOWNTIME: &str = "failure until all tasks run";
const RESTORE: &str = "deployment until all tasks run";
const CATCH_UP: &str = "all tasks run until no more records wait than before";
const REWORK: &str = "trigger of the restored checkpoint until the failure";
/// Only with `simulation.record-latency`.
const LATENCY: &str =
    "a source reads a record until the job has processed it (simulation.record-latency)";
const VISIBILITY: &str = "record arrives until its transaction is committed";

fn budget(run: &Measured<'_>, share: fn(&TimeBudget) -> f64) -> Option<f64> {
    TimeBudget::of(run).map(|budget| share(&budget))
}

use Read::{Figure, Loss, Pooled, Waits as Waited};

metrics! {
    DurationP50 "duration_p50" Time Duration Lower "end to end duration, median": DURATION, Pooled(|run| &run.durations, 0.5);
    DurationP95 "duration_p95" Time Duration Lower "end to end duration, p95": DURATION, Pooled(|run| &run.durations, 0.95);
    DurationP99 "duration_p99" Time Duration Lower "end to end duration, p99": DURATION, Pooled(|run| &run.durations, 0.99);
    DurationMax "duration_max" Time Duration Lower "end to end duration, largest": DURATION, Pooled(|run| &run.durations, 1.0);
    StartDelay "start_delay" Time Checkpoint Lower "start delay":
        "of the slowest subtask, median", Figure(|run| run.time(|phases| phases.start_delay));
    Alignment "alignment" Time Checkpoint Lower "alignment":
        "of the slowest subtask, median", Figure(|run| run.time(|phases| phases.alignment));
    Sync "sync" Time Checkpoint Lower "sync phase":
        "sync phase of the slowest subtask, median", Figure(|run| run.time(|phases| phases.sync));
    Async "async" Time Checkpoint Lower "async phase":
        "async phase of the slowest subtask, median", Figure(|run| run.time(|phases| phases.r#async));
    Completion "completion" Time Checkpoint Lower "completion":
        "last ack until the pointer is committed, median", Figure(|run| run.time(|phases| phases.completion));
    Checkpointed "checkpointed" Bytes Checkpoint Lower "checkpointed size":
        "newly persisted by a checkpoint, median", Figure(|run| run.median(|phases| phases.checkpointed.as_f64()));
    StateSize "state_size" Bytes Checkpoint Neither "full size":
        "full size of a checkpoint, median", Figure(|run| run.median(|phases| phases.state_size.as_f64()));
    Persisted "persisted" Bytes Checkpoint Lower "in-flight data":
        "in-flight data in a checkpoint, median", Figure(|run| run.median(|phases| phases.persisted.as_f64()));
    Completed "completed" Plain Load Neither "checkpoints completed":
        "completed checkpoints of a run", Figure(|run| Some(run.completed.len() as f64));
    Failed "failed" Plain Load Lower "checkpoints failed":
        "failed checkpoints of a run", Figure(|run| Some(run.failed()));
    Frequency "frequency" PerSecond Load Neither "frequency":
        "completed checkpoints per second", Figure(measured::frequency);
    Throughput "throughput" RecordsPerSecond Load Higher "throughput":
        "out of all sources", Figure(|run| Some(run.throughput()));
    ThroughputLoss "throughput_loss" Share Load Lower "throughput loss":
        "of the saturated throughput, with checkpoints against without", Loss;
    Utilisation "utilisation" Share Load Lower "busiest subtask":
        "busy share of the busiest subtask", Figure(|run| Some(run.utilisation()));
    Overhead "overhead" Share Load Lower "overhead":
        "of the saturated throughput, taken by sync phases", Figure(sync_overhead::share);
    Period "period" Time Load Neither "period":
        "from one checkpoint's trigger to the next", Figure(measured::period);
    Stop "stop" Time Load Lower "stop":
        "time that a checkpoint takes from the busiest subtask", Figure(sync_overhead::each);
    ExpectedRework "expected_rework" Time Cost Lower "expected rework per failure":
        "age of the newest completed checkpoint, mean", Figure(costs::expected_rework);
    DowntimeMean "downtime_mean" Time FailureCost Lower "downtime per failure":
        "failure until all tasks run, mean", Figure(|run| run.recoveries.downtime.mean());
    CatchUpMean "catch_up_mean" Time FailureCost Lower "catch-up per failure":
        "all tasks run until no more records wait than before, mean", Figure(|run| run.recoveries.catch_up.mean());
    RecoveryMean "recovery_mean" Time FailureCost Lower "recovery per failure":
        "failure until no more records wait than before, mean", Figure(|run| run.recoveries.recovery.mean());
    ReworkPerMonth "rework_per_month" Time Cost Lower "expected rework per month":
        "of failures as often as [failures] says", Figure(|run| costs::per_month(run, costs::expected_rework(run)?));
    DowntimePerMonth "downtime_per_month" Time FailureCost Lower "downtime per month":
        "of failures as often as [failures] says", Figure(|run| costs::outages_per_month(run, |all| all.down_s));
    CatchUpPerMonth "catch_up_per_month" Time FailureCost Lower "catch-up per month":
        "of failures as often as [failures] says", Figure(|run| costs::outages_per_month(run, Recoveries::catching_up_s));
    LatePerMonth "late_per_month" Time FailureCost Lower "results late per month":
        "of failures as often as [failures] says", Figure(|run| costs::outages_per_month(run, |all| all.late_s));
    RecoveryP50 "recovery_p50" Time Failure Lower "recovery, median": RECOVERY, Pooled(|run| &run.recoveries.recovery, 0.5);
    RecoveryP95 "recovery_p95" Time Failure Lower "recovery, p95": RECOVERY, Pooled(|run| &run.recoveries.recovery, 0.95);
    RecoveryP99 "recovery_p99" Time Failure Lower "recovery, p99": RECOVERY, Pooled(|run| &run.recoveries.recovery, 0.99);
    RecoveryMax "recovery_max" Time Failure Lower "recovery, longest": RECOVERY, Pooled(|run| &run.recoveries.recovery, 1.0);
    DowntimeP50 "downtime_p50" Time Failure Lower "downtime, median": DOWNTIME, Pooled(|run| &run.recoveries.downtime, 0.5);
    DowntimeP95 "downtime_p95" Time Failure Lower "downtime, p95": DOWNTIME, Pooled(|run| &run.recoveries.downtime, 0.95);
    DowntimeP99 "downtime_p99" Time Failure Lower "downtime, p99": DOWNTIME, Pooled(|run| &run.recoveries.downtime, 0.99);
    DowntimeMax "downtime_max" Time Failure Lower "downtime, longest": DOWNTIME, Pooled(|run| &run.recoveries.downtime, 1.0);
    RestoreP50 "restore_p50" Time Failure Lower "restore, median": RESTORE, Pooled(|run| &run.recoveries.restore, 0.5);
    RestoreP95 "restore_p95" Time Failure Lower "restore, p95": RESTORE, Pooled(|run| &run.recoveries.restore, 0.95);
    RestoreP99 "restore_p99" Time Failure Lower "restore, p99": RESTORE, Pooled(|run| &run.recoveries.restore, 0.99);
    RestoreMax "restore_max" Time Failure Lower "restore, longest": RESTORE, Pooled(|run| &run.recoveries.restore, 1.0);
    CatchUpP50 "catch_up_p50" Time Failure Lower "catch-up, median": CATCH_UP, Pooled(|run| &run.recoveries.catch_up, 0.5);
    CatchUpP95 "catch_up_p95" Time Failure Lower "catch-up, p95": CATCH_UP, Pooled(|run| &run.recoveries.catch_up, 0.95);
    CatchUpP99 "catch_up_p99" Time Failure Lower "catch-up, p99": CATCH_UP, Pooled(|run| &run.recoveries.catch_up, 0.99);
    CatchUpMax "catch_up_max" Time Failure Lower "catch-up, longest": CATCH_UP, Pooled(|run| &run.recoveries.catch_up, 1.0);
    ReworkP50 "rework_p50" Time Failure Lower "rework, median": REWORK, Pooled(|run| &run.recoveries.rework, 0.5);
    ReworkP95 "rework_p95" Time Failure Lower "rework, p95": REWORK, Pooled(|run| &run.recoveries.rework, 0.95);
    ReworkP99 "rework_p99" Time Failure Lower "rework, p99": REWORK, Pooled(|run| &run.recoveries.rework, 0.99);
    ReworkMax "rework_max" Time Failure Lower "rework, longest": REWORK, Pooled(|run| &run.recoveries.rework, 1.0);
    VisibilityMean "visibility_mean" Time Cost Lower "visible after (exactly-once)":
        "record arrives until its transaction is committed, mean", Figure(|run| run.visibility.mean());
    VisibilityP50 "visibility_p50" Time Visibility Lower "visible after, median": VISIBILITY, Waited(0.5);
    VisibilityP95 "visibility_p95" Time Visibility Lower "visible after, p95": VISIBILITY, Waited(0.95);
    VisibilityP99 "visibility_p99" Time Visibility Lower "visible after, p99": VISIBILITY, Waited(0.99);
    VisibilityMax "visibility_max" Time Visibility Lower "visible after, longest": VISIBILITY, Waited(1.0);
    BytesWrittenPerHour "bytes_written_per_hour" BytesPerHour Cost Lower "bytes written":
        "newly persisted by checkpoints", Figure(storage_usage::per_hour);
    RetainedBytes "retained_bytes" Bytes Cost Lower "bytes retained":
        "held by retained checkpoints, at most", Figure(storage_usage::retained);
    LatencyP50 "latency_p50" Time Cost Lower "record latency, median":
        LATENCY, Figure(|run| Some(run.run.latency?.p50.as_secs_f64()));
    LatencyP99 "latency_p99" Time Cost Lower "record latency, p99":
        LATENCY, Figure(|run| Some(run.run.latency?.p99.as_secs_f64()));
    RequestsRefused "requests_refused" Plain Cost Lower "requests refused":
        "per checkpoint: how often the store said 503 Slow Down", Figure(costs::requests_refused);
    FilesWrittenPerS "files_written_per_s" PerSecond Cost Lower "files written":
        "by checkpoints, metadata included", Figure(costs::files_written_per_s);
    MoneyPerMonth "money_per_month" Money Cost Lower "price per month":
        "of storage and requests, by [storage.prices]", Figure(costs::money_per_month);
    Unavailability "unavailability" Share Failure Lower "unavailability":
        "of the time in which not all tasks run", Figure(|run| run.recoveries.unavailability);
    FailedJobs "failed_jobs" Plain Load Lower "failed jobs":
        "share of the runs in which the job failed", Figure(|run| Some(f64::from(u8::from(run.job_failed()))));
    AlignmentP95 "alignment_p95" Time Checkpoint Lower "alignment, p95":
        "of the slowest subtask, p95 over checkpoints", Figure(|run| run.quantile(0.95, |phases| phases.alignment.as_secs_f64()));
    Durable "durable" Time Term Lower "trigger to committed pointer":
        "trigger until the pointer is committed, median", Figure(|run| run.time(|phases| phases.durable));
    UntilSave "until_save" Time Term Lower "trigger to save":
        "until the slowest subtask begins to save, median", Figure(|run| run.time(|phases| phases.until_save));
    Save "save" Time Term Lower "save":
        "sync and async phase of the slowest subtask, median", Figure(|run| run.time(|phases| phases.sync + phases.r#async));
    AfterSave "after_save" Time Term Lower "save to committed pointer":
        "after the slowest subtask's save, median", Figure(|run| run.time(|phases| phases.after_save));
    LongestSave "longest_save" Time Term Lower "longest save":
        "sync and async phase of any subtask, median", Figure(|run| run.time(|phases| phases.longest_save));
    States "states" States Term Neither "states":
        "subtasks whose state is in a checkpoint, median", Figure(|run| run.median(|phases| phases.states as f64));
    Efficiency "efficiency" Share Budget Higher "useful":
        "of the time, when failures come as [failures] says", Figure(|run| budget(run, |all| all.useful));
    TimeOverhead "time_overhead" Share Budget Lower "checkpoints":
        "of the time: sync phases of the busiest subtask", Figure(|run| budget(run, |all| all.overhead));
    TimeRework "time_rework" Share Budget Lower "rework":
        "of the time: records are processed again", Figure(|run| budget(run, |all| all.rework));
    TimeCatchUp "time_catch_up" Share Budget Lower "catch-up":
        "of the time: records that came in meanwhile", Figure(|run| budget(run, |all| all.catch_up));
    TimeOutage "time_outage" Share Budget Lower "outage":
        "of the time: not all tasks run", Figure(|run| budget(run, |all| all.outage));
    CostOverhead "cost_overhead" Money Price Lower "checkpoints":
        "per month: machines while sync phases stop them", Figure(|run| operating_cost::machines_per_month(run, |all| all.overhead));
    CostRework "cost_rework" Money Price Lower "rework":
        "per month: machines and lateness, by [cost]", Figure(|run| operating_cost::late_per_month(run, |all| all.rework));
    CostCatchUp "cost_catch_up" Money Price Lower "catch-up":
        "per month: machines and lateness, by [cost]", Figure(|run| operating_cost::late_per_month(run, |all| all.catch_up));
    CostOutage "cost_outage" Money Price Lower "outage":
        "per month: machines and lateness, by [cost]", Figure(|run| operating_cost::late_per_month(run, |all| all.outage));
    CostPerMonth "cost_per_month" Money Price Lower "cost per month":
        "checkpoints, rework, catch-up, outage and storage", Figure(operating_cost::in_all);
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

impl MetricId {
    /// Its line of the table.
    pub fn metric(self) -> &'static Metric {
        &ALL[self as usize]
    }

    /// As objectives, columns and files name it.
    pub fn name(self) -> &'static str {
        self.metric().name
    }

    /// Whether it is a sum over the subtasks of a job: twice as many of the same subtasks have twice as much of it.
    pub fn sums(self) -> bool {
        use MetricId::{
            BytesWrittenPerHour, Checkpointed, FilesWrittenPerS, Persisted, RetainedBytes,
            StateSize, States, Throughput,
        };
        matches!(
            self,
            BytesWrittenPerHour
                | Checkpointed
                | FilesWrittenPerS
                | Persisted
                | RetainedBytes
                | StateSize
                | States
                | Throughput
        )
    }

    /// The metric with this name.
    pub fn named(name: &str) -> Option<MetricId> {
        let metric = all().iter().find(|metric| metric.name == name)?;
        Some(metric.id)
    }
}

impl fmt::Display for MetricId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for MetricId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for MetricId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        MetricId::named(&name).ok_or_else(|| de::Error::custom(format!("no metric `{name}`")))
    }
}

impl Metric {
    /// The metric with this name; the error says which is meant.
    pub fn find(name: &str) -> Result<&'static Metric, Diagnostic> {
        if let Some(id) = MetricId::named(name) {
            return Ok(id.metric());
        }
        let problem = Diagnostic::error(format!("there is no metric `{name}`"));
        let names: Vec<&str> = all().iter().map(|metric| metric.name).collect();
        let is_of_family = |known: &&str| {
            known
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('_'))
        };
        let family: Vec<&str> = names.iter().copied().filter(is_of_family).collect();
        Err(if !family.is_empty() {
            problem.help(format!("did you mean {}?", enumerate(&family)))
        } else if let Some(meant) = similar(name, names.iter().copied()) {
            problem.help(format!("did you mean `{meant}`?"))
        } else {
            problem.help(format!("metrics are {}", enumerate(&names)))
        })
    }

    /// The unit that the name of a column needs besides: `s`, `bytes`, `per_s`, or nothing.
    pub fn suffix(&self) -> &'static str {
        let suffix = self.unit.suffix();
        if self.name.ends_with(suffix) {
            ""
        } else {
            suffix
        }
    }

    /// Whether it has a value only where something failed.
    pub fn needs_failure(&self) -> bool {
        matches!(self.family, Family::Failure | Family::FailureCost)
    }

    /// Whether it has another value where something may fail.
    pub fn depends_on_failures(&self) -> bool {
        self.needs_failure() || matches!(self.family, Family::Budget | Family::Price)
    }

    /// Whether it takes paired runs at saturation.
    pub fn needs_pairs(&self) -> bool {
        matches!(self.read, Read::Loss)
    }

    /// Whether it is listed among what an interval costs.
    pub fn is_cost(&self) -> bool {
        matches!(self.family, Family::Cost | Family::FailureCost)
    }

    /// Whether two scenarios are compared by it. Of what follows a failure, and of visibility, the mean, the 95th percentile
    /// and the largest are enough; the period is what the frequency is, and terms are parts of other metrics.
    pub fn is_compared(&self) -> bool {
        match self.read {
            Pooled(_, q) | Waited(q) => {
                self.family == Family::Duration || ![0.5, 0.99].contains(&q)
            }
            Figure(_) | Loss => self.family != Family::Term && self.id != MetricId::Period,
        }
    }

    /// The figure that a replication keeps of its run.
    pub(in crate::experiment) fn figure(&self, run: &Measured<'_>) -> Option<f64> {
        match self.read {
            Figure(figure) => figure(run),
            Pooled(..) | Waited(_) | Loss => None,
        }
    }

    /// The metric over some runs; `None` if none of them has it.
    pub fn read(&self, runs: &[Replication]) -> Option<Reading> {
        if let Figure(_) = self.read {
            return self.mean(runs);
        }
        let Bounded { value, at_least } = self.quantile(runs)?;
        let single = self.single(runs);
        let estimate = Estimate::around(value, &single, Scale::of_unit(self.unit), CONFIDENCE)?;
        Some(Reading { estimate, at_least })
    }

    /// The metric as a column of a sweep has it. A run has many durations, of which each replication gives a quantile; of
    /// everything that a run may have once or never, all runs together give one.
    pub fn summary(&self, runs: &[Replication]) -> Option<Reading> {
        match self.family {
            Family::Duration => self.mean(runs),
            _ => self.read(runs),
        }
    }

    /// The metric in one run.
    pub fn of(&self, run: &Replication) -> Option<f64> {
        Some(self.quantile(std::slice::from_ref(run))?.value)
    }

    fn single(&self, runs: &[Replication]) -> Vec<f64> {
        runs.iter().filter_map(|run| self.of(run)).collect()
    }

    fn mean(&self, runs: &[Replication]) -> Option<Reading> {
        let estimate = Estimate::of(&self.single(runs), Scale::of_unit(self.unit))?;
        let mut each = runs
            .iter()
            .filter_map(|run| self.quantile(std::slice::from_ref(run)));
        let at_least = each.any(|one| one.at_least);
        Some(Reading { estimate, at_least })
    }

    fn quantile(&self, runs: &[Replication]) -> Option<Bounded> {
        match self.read {
            Figure(_) => Some(Bounded {
                value: runs.first()?.figures.get(self.id)?,
                at_least: false,
            }),
            Pooled(samples, q) => {
                let samples: Vec<&Spans> = runs.iter().map(samples).collect();
                Spans::quantile(&samples, q)
            }
            Waited(q) => {
                let waits: Vec<&Waits> = runs.iter().map(|run| &run.visibility).collect();
                Waits::quantile(&waits, q)
            }
            Loss => None,
        }
    }
}

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
            assert_eq!(Metric::find(metric.name).unwrap().id, metric.id);
            assert_eq!(metric.id.metric().name, metric.name);
        }
        let problem = Metric::find("recovry_p95").unwrap_err();
        assert_eq!(problem.help, ["did you mean `recovery_p95`?"]);
    }

    #[test]
    fn quantiles_are_taken_over_all_runs_together() {
        // 1 to 4 together; alone the runs say 1.5 and 3.5.
        let metric = MetricId::DurationP50.metric();
        let runs = [run(&[1.0, 2.0]), run(&[3.0, 4.0, 4.0])];
        let reading = metric.read(&runs).unwrap();
        assert!((reading.estimate.value - 3.0).abs() < 1e-12);
        assert_eq!(reading.estimate.n, 2);
        assert!(reading.estimate.low > 0.0 && reading.estimate.high > 3.5);
        // A column is the mean of the medians of 1.5 and 4.
        let column = metric.summary(&runs).unwrap();
        assert!((column.estimate.value - 2.75).abs() < 1e-12);
    }

    #[test]
    fn a_metric_that_no_run_has_is_absent() {
        let read = |id: MetricId, runs: &[Replication]| id.metric().read(runs);
        assert_eq!(read(MetricId::RecoveryP95, &[run(&[1.0])]), None);
        assert_eq!(read(MetricId::Overhead, &[]), None);
    }
}
