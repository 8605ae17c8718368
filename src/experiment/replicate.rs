//! Statistics of one run, and estimates over independent runs.
//!
//! Within a replication: completed checkpoints (not savepoints) triggered after warm-up. Over replications: [`Estimate`].

use serde::{Deserialize, Serialize};

use crate::experiment::costs::{self, Costs};
use crate::experiment::course::Course;
use crate::experiment::recoveries::Recoveries;
use crate::experiment::result::{JobEnd, PointSummary, RunResult};
use crate::experiment::spans::Spans;
use crate::experiment::visibility::Waits;
use crate::experiment::{stops, written};
use crate::measure::estimate::quantile;
use crate::measure::{CheckpointKind, CheckpointRecord, Estimate, Outcome, Phases, Scale};
use crate::scenario::Scenario;
use crate::units::SimDuration;

/// The figures of one run. Durations in seconds, sizes in bytes, medians over checkpoints; `None` where no checkpoint
/// completed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Replication {
    /// Digest of the run.
    pub digest: String,
    /// Events handled.
    #[serde(default)]
    pub events: u64,
    /// Why the job failed, if it did.
    pub failure: Option<String>,
    /// End-to-end duration: median.
    pub duration_p50: Option<f64>,
    /// End-to-end duration: 95th percentile.
    pub duration_p95: Option<f64>,
    /// End-to-end duration: 99th percentile.
    pub duration_p99: Option<f64>,
    /// End-to-end duration: largest.
    pub duration_max: Option<f64>,
    /// Trigger to pointer committed.
    pub durable: Option<f64>,
    /// Start delay of the slowest subtask.
    pub start_delay: Option<f64>,
    /// Alignment of the slowest subtask.
    pub alignment: Option<f64>,
    /// Sync phase of the slowest subtask.
    pub sync: Option<f64>,
    /// Async phase of the slowest subtask.
    pub r#async: Option<f64>,
    /// Last ack to pointer committed.
    pub completion: Option<f64>,
    /// Trigger until the slowest subtask begins to save.
    pub until_save: Option<f64>,
    /// Sync and async phase of the slowest subtask together.
    pub save: Option<f64>,
    /// End of the slowest subtask's save to pointer committed.
    pub after_save: Option<f64>,
    /// Longest sync and async phase of any subtask.
    pub longest_save: Option<f64>,
    /// Checkpointed bytes.
    pub checkpointed: Option<f64>,
    /// Full size.
    pub state_size: Option<f64>,
    /// Persisted in-flight bytes.
    pub persisted: Option<f64>,
    /// Subtasks whose state is part of the checkpoint.
    pub states: Option<f64>,
    /// Completed checkpoints.
    pub completed: f64,
    /// Failed checkpoints.
    pub failed: f64,
    /// Completed per second; `None` with fewer than two triggers.
    pub frequency: Option<f64>,
    /// Records per second out of all sources.
    pub throughput: f64,
    /// Largest busy share of any subtask.
    pub utilisation: f64,
    /// What the interval costs besides.
    #[serde(default)]
    pub costs: Costs,
    /// Every end-to-end duration.
    #[serde(default)]
    pub durations: Spans,
    /// Share of the saturated throughput that sync phases take, see [`stops`].
    #[serde(default)]
    pub overhead: Option<f64>,
    /// Bytes newly persisted per hour.
    #[serde(default)]
    pub bytes_written_per_hour: Option<f64>,
    /// Bytes that the retained checkpoints hold at the end, at most.
    #[serde(default)]
    pub retained_bytes: Option<f64>,
    /// Until a record's result is visible behind an exactly-once sink.
    #[serde(default)]
    pub visibility: Waits,
    /// What followed failures.
    #[serde(default)]
    pub recoveries: Recoveries,
    /// Seconds from one trigger to the next: the pace that checkpoints really have. The interval where there was one only.
    #[serde(default)]
    pub period: Option<f64>,
    /// Time that a checkpoint takes from the busiest subtask, see [`stops`].
    #[serde(default)]
    pub stop: Option<f64>,
    /// Records over time.
    #[serde(default)]
    pub course: Course,
}

/// How the reason begins why there is no run; all other reasons are those of a simulated job.
pub const NOT_SIMULATED: &str = "not simulated";

impl Replication {
    /// A run that could not be made: no figures, only why.
    pub fn not_simulated(why: &str) -> Self {
        Replication {
            failure: Some(format!("{NOT_SIMULATED}: {why}")),
            ..Replication::default()
        }
    }

    /// Whether there was a run; every one has a digest.
    pub fn is_simulated(&self) -> bool {
        self.failure.is_none() || !self.digest.is_empty()
    }

    /// The figures of a run of this scenario.
    pub fn of(scenario: &Scenario, run: &RunResult) -> Self {
        let counted: Vec<&CheckpointRecord> = counted(run).collect();
        let completed: Vec<Phases> = counted
            .iter()
            .filter_map(|record| Phases::of(record))
            .collect();
        let at = |q: f64, read: &dyn Fn(&Phases) -> f64| {
            quantile(&completed.iter().map(read).collect::<Vec<f64>>(), q)
        };
        let duration = |q| at(q, &|phases| phases.end_to_end.as_secs_f64());
        let time = |read: fn(&Phases) -> SimDuration| at(0.5, &|phases| read(phases).as_secs_f64());
        let size = |read: fn(&Phases) -> f64| at(0.5, &read);
        let failed = counted
            .iter()
            .filter(|record| matches!(record.outcome, Outcome::Failed { .. }));
        Replication {
            digest: run.digest.clone(),
            events: run.events,
            failure: match &run.job_end {
                JobEnd::Running => None,
                JobEnd::Failed { reason, .. } => Some(reason.clone()),
            },
            duration_p50: duration(0.5),
            duration_p95: duration(0.95),
            duration_p99: duration(0.99),
            duration_max: duration(1.0),
            durable: time(|phases| phases.durable),
            start_delay: time(|phases| phases.start_delay),
            alignment: time(|phases| phases.alignment),
            sync: time(|phases| phases.sync),
            r#async: time(|phases| phases.r#async),
            completion: time(|phases| phases.completion),
            until_save: time(|phases| phases.until_save),
            save: time(|phases| phases.sync + phases.r#async),
            after_save: time(|phases| phases.after_save),
            longest_save: time(|phases| phases.longest_save),
            checkpointed: size(|phases| phases.checkpointed.as_f64()),
            state_size: size(|phases| phases.state_size.as_f64()),
            persisted: size(|phases| phases.persisted.as_f64()),
            states: size(|phases| phases.states as f64),
            completed: completed.len() as f64,
            failed: failed.count() as f64,
            frequency: frequency(&counted),
            throughput: throughput(scenario, run),
            utilisation: run
                .vertices
                .iter()
                .flat_map(|vertex| &vertex.busy)
                .copied()
                .fold(0.0, f64::max),
            costs: Costs::of(scenario, run, &counted),
            durations: durations(&completed),
            overhead: stops::share(scenario, run, &counted),
            bytes_written_per_hour: written::per_hour(&counted),
            retained_bytes: written::retained(scenario, &completed),
            visibility: Waits::of(run),
            recoveries: Recoveries::of(run),
            period: period(scenario, run),
            stop: stops::each(scenario, run, &counted),
            course: course(run),
        }
    }
}

fn durations(completed: &[Phases]) -> Spans {
    let seconds = |phases: &Phases| phases.end_to_end.as_secs_f64();
    Spans {
        ended: completed.iter().map(seconds).collect(),
        open: Vec::new(),
    }
}

/// Checkpoints triggered after warm-up; savepoints are another matter.
fn counted(run: &RunResult) -> impl Iterator<Item = &CheckpointRecord> {
    run.checkpoints
        .iter()
        .filter(|record| record.kind == CheckpointKind::Checkpoint && record.trigger >= run.warmup)
}

/// Completed checkpoints per second over whole periods: from the first trigger to the last, whose checkpoint belongs to
/// the next period. Else the edges of the run would count for up to one checkpoint more or less.
fn frequency(counted: &[&CheckpointRecord]) -> Option<f64> {
    let (last, periods) = counted.split_last()?;
    let seconds = last.trigger.since(periods.first()?.trigger).as_secs_f64();
    let completed = periods
        .iter()
        .filter(|record| record.end_to_end().is_some())
        .count();
    (seconds > 0.0).then(|| completed as f64 / seconds)
}

/// From the first trigger of the run to the last, shared by the periods between them.
fn period(scenario: &Scenario, run: &RunResult) -> Option<f64> {
    let mut triggers = run
        .checkpoints
        .iter()
        .filter(|record| record.kind == CheckpointKind::Checkpoint)
        .map(|record| record.trigger);
    let first = triggers.next()?;
    let Some(last) = triggers.clone().next_back() else {
        return scenario
            .checkpointing
            .interval
            .map(SimDuration::as_secs_f64);
    };
    Some(last.since(first).as_secs_f64() / triggers.count() as f64)
}

fn course(run: &RunResult) -> Course {
    let mut course = run.course.clone();
    course.busiest(
        run.vertices
            .iter()
            .map(|vertex| vertex.busy.iter().copied().fold(0.0, f64::max)),
    );
    course
}

fn throughput(scenario: &Scenario, run: &RunResult) -> f64 {
    let vertices = scenario.vertices.iter().zip(&run.vertices);
    vertices
        .filter(|(vertex, _)| vertex.is_source())
        .map(|(_, result)| result.records_per_s)
        .sum()
}

/// An estimate of one figure, which is never negative, over the replications that have it.
pub fn over(
    replications: &[Replication],
    read: impl Fn(&Replication) -> Option<f64>,
) -> Option<Estimate> {
    on(replications, Scale::Positive, read)
}

/// The same for a figure on this scale.
pub fn on(
    replications: &[Replication],
    scale: Scale,
    read: impl Fn(&Replication) -> Option<f64>,
) -> Option<Estimate> {
    let values: Vec<f64> = replications.iter().filter_map(read).collect();
    Estimate::of(&values, scale)
}

/// Estimates over replications, without formulas and throughput loss.
pub fn summarise(replications: &[Replication]) -> PointSummary {
    let over = |read: fn(&Replication) -> Option<f64>| over(replications, read);
    PointSummary {
        coordinates: Vec::new(),
        duration_p50: over(|r| r.duration_p50),
        duration_p95: over(|r| r.duration_p95),
        duration_p99: over(|r| r.duration_p99),
        duration_max: over(|r| r.duration_max),
        start_delay: over(|r| r.start_delay),
        alignment: over(|r| r.alignment),
        sync: over(|r| r.sync),
        r#async: over(|r| r.r#async),
        completion: over(|r| r.completion),
        checkpointed: over(|r| r.checkpointed),
        state_size: over(|r| r.state_size),
        persisted: over(|r| r.persisted),
        completed: over(|r| Some(r.completed)),
        failed: over(|r| Some(r.failed)),
        frequency: over(|r| r.frequency),
        throughput: over(|r| Some(r.throughput)),
        throughput_loss: None,
        utilisation: on(replications, Scale::Share, |r| Some(r.utilisation)),
        costs: costs::estimates(replications),
        digests: replications.iter().map(|r| r.digest.clone()).collect(),
        comparisons: Vec::new(),
        failure: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sample;

    #[test]
    fn savepoints_and_warm_up_are_left_out_of_statistics() {
        let scenario = sample::scenario(10);
        let mut run = sample::run(&scenario, 1, 0).unwrap();
        run.checkpoints[2].kind = CheckpointKind::Savepoint;
        // Triggers at 10, 20, …, 60 s; the first is warm-up, the third a savepoint.
        let replication = Replication::of(&scenario, &run);
        assert_eq!((replication.completed, replication.failed), (4.0, 0.0));
    }

    #[test]
    fn frequency_counts_whole_periods() {
        let scenario = sample::scenario(10);
        let run = sample::run(&scenario, 1, 0).unwrap();
        let counted: Vec<&CheckpointRecord> = counted(&run).collect();
        assert_eq!(frequency(&counted), Some(0.1));
        assert_eq!(frequency(&counted[..1]), None);
        assert_eq!(frequency(&[]), None);
    }

    #[test]
    fn a_run_without_checkpoints_still_has_throughput() {
        let scenario = sample::scenario(10);
        let mut run = sample::run(&scenario, 1, 0).unwrap();
        run.checkpoints.clear();
        let point = summarise(&[Replication::of(&scenario, &run)]);
        assert_eq!(point.duration_p50, None);
        assert!(
            point
                .throughput
                .is_some_and(|throughput| throughput.value > 0.0)
        );
    }

    #[test]
    fn a_replication_survives_the_journal_to_the_last_bit() {
        for seed in 0..50 {
            let scenario = sample::scenario(7);
            let run = sample::run(&scenario, seed, 1).unwrap();
            let replication = Replication::of(&scenario, &run);
            let text = serde_json::to_string(&replication).unwrap();
            assert_eq!(
                serde_json::from_str::<Replication>(&text).unwrap(),
                replication
            );
        }
    }
}
