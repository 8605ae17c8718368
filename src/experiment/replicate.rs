//! Statistics of one run, and estimates over independent runs.
//!
//! Within a replication: completed checkpoints (not savepoints) triggered after warm-up. Over replications: Student-t.

use serde::{Deserialize, Serialize};

use crate::experiment::result::{PointSummary, RunResult};
use crate::measure::estimate::quantile;
use crate::measure::{CheckpointKind, CheckpointRecord, Estimate, Outcome};
use crate::scenario::Scenario;

/// The figures of one run. Durations in seconds, sizes in bytes; `None` where no checkpoint completed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Replication {
    /// Digest of the run.
    pub digest: String,
    /// End-to-end duration: median.
    pub duration_p50: Option<f64>,
    /// End-to-end duration: 95th percentile.
    pub duration_p95: Option<f64>,
    /// End-to-end duration: 99th percentile.
    pub duration_p99: Option<f64>,
    /// End-to-end duration: largest.
    pub duration_max: Option<f64>,
    /// Start delay of the slowest subtask, median over checkpoints.
    pub start_delay: Option<f64>,
    /// Alignment of the slowest subtask, median.
    pub alignment: Option<f64>,
    /// Sync phase of the slowest subtask, median.
    pub sync: Option<f64>,
    /// Async phase of the slowest subtask, median.
    pub r#async: Option<f64>,
    /// Last ack to pointer committed, median.
    pub completion: Option<f64>,
    /// Checkpointed bytes, median.
    pub checkpointed: Option<f64>,
    /// Full size, median.
    pub state_size: Option<f64>,
    /// Persisted in-flight bytes, median.
    pub persisted: Option<f64>,
    /// Completed checkpoints.
    pub completed: f64,
    /// Failed checkpoints.
    pub failed: f64,
    /// Completed per second.
    pub frequency: f64,
    /// Records per second out of all sources.
    pub throughput: f64,
    /// Largest busy share of any subtask.
    pub utilisation: f64,
}

impl Replication {
    /// The figures of a run of this scenario.
    pub fn of(scenario: &Scenario, run: &RunResult) -> Self {
        let counted: Vec<&CheckpointRecord> = run
            .checkpoints
            .iter()
            .filter(|record| {
                record.kind == CheckpointKind::Checkpoint && record.trigger >= run.warmup
            })
            .collect();
        let completed: Vec<&CheckpointRecord> = counted
            .iter()
            .copied()
            .filter(|record| record.end_to_end().is_some())
            .collect();
        let each = |read: &dyn Fn(&CheckpointRecord) -> Option<f64>| -> Vec<f64> {
            completed.iter().filter_map(|record| read(record)).collect()
        };
        let median = |read: &dyn Fn(&CheckpointRecord) -> Option<f64>| quantile(&each(read), 0.5);
        let slowest = |read: fn(&crate::measure::SubtaskRecord) -> f64| {
            median(&|record| record.slowest().map(|(_, _, subtask)| read(subtask)))
        };
        let total = |read: fn(&crate::measure::SubtaskRecord) -> f64| {
            median(&|record| {
                Some(
                    record
                        .acknowledged()
                        .map(|(_, _, subtask)| read(subtask))
                        .sum(),
                )
            })
        };
        let durations = each(&|record| Some(record.end_to_end()?.as_secs_f64()));
        let seconds = run.end.since(run.warmup).as_secs_f64();
        let failed = counted
            .iter()
            .filter(|record| matches!(record.outcome, Outcome::Failed { .. }))
            .count();
        let sources = scenario
            .vertices
            .iter()
            .zip(&run.vertices)
            .filter(|(vertex, _)| vertex.is_source());
        Replication {
            digest: run.digest.clone(),
            duration_p50: quantile(&durations, 0.5),
            duration_p95: quantile(&durations, 0.95),
            duration_p99: quantile(&durations, 0.99),
            duration_max: quantile(&durations, 1.0),
            start_delay: slowest(|subtask| subtask.start_delay.as_secs_f64()),
            alignment: slowest(|subtask| subtask.alignment.as_secs_f64()),
            sync: slowest(|subtask| subtask.sync.as_secs_f64()),
            r#async: slowest(|subtask| subtask.r#async.as_secs_f64()),
            completion: median(&|record| match record.outcome {
                Outcome::Completed {
                    latest_ack,
                    durable,
                } => Some((durable - latest_ack).as_secs_f64()),
                Outcome::Failed { .. } | Outcome::InProgress => None,
            }),
            checkpointed: total(|subtask| subtask.checkpointed.as_f64()),
            state_size: total(|subtask| subtask.state_size.as_f64()),
            persisted: total(|subtask| subtask.persisted.as_f64()),
            completed: durations.len() as f64,
            failed: failed as f64,
            frequency: if seconds > 0.0 {
                durations.len() as f64 / seconds
            } else {
                0.0
            },
            throughput: sources.map(|(_, result)| result.records_per_s).sum(),
            utilisation: run
                .vertices
                .iter()
                .flat_map(|vertex| &vertex.busy)
                .copied()
                .fold(0.0, f64::max),
        }
    }
}

/// Estimates over replications, without formulas and throughput loss.
pub fn summarise(replications: &[Replication]) -> PointSummary {
    let over = |read: fn(&Replication) -> Option<f64>| {
        let samples: Vec<f64> = replications.iter().filter_map(read).collect();
        Estimate::of(&samples)
    };
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
        frequency: over(|r| Some(r.frequency)),
        throughput: over(|r| Some(r.throughput)),
        throughput_loss: None,
        utilisation: over(|r| Some(r.utilisation)),
        digests: replications.iter().map(|r| r.digest.clone()).collect(),
        comparisons: Vec::new(),
    }
}
