//! The job over time, for the pictures of failures: a sample every so often while it runs.

use crate::measure::timeline::Sample;
use crate::measure::{CheckpointKind, CheckpointRecord, Outcome, Timeline};
use crate::model::Job;
use crate::model::observe::Observer;
use crate::scenario::{Backend, Scenario};
use crate::units::{Bytes, SimDuration, SimTime};

/// Samples of a run.
const SAMPLES: u64 = 600;
/// Sampled no more often than this.
const STEP_MIN: SimDuration = SimDuration::from_millis(100);

/// Samples of a run, and what the last one counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Sampler {
    pub(super) timeline: Timeline,
    last: Counts,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    at: SimTime,
    due: u64,
    emitted: u64,
    processed: u64,
}

impl Sampler {
    /// Time between samples.
    pub(super) fn step(scenario: &Scenario) -> SimDuration {
        let step = SimDuration::from_nanos(scenario.job.duration.as_nanos() / SAMPLES);
        step.max(STEP_MIN)
    }

    /// Takes a sample.
    pub(super) fn sample<O: Observer>(
        &mut self,
        job: &Job<O>,
        checkpoints: &[CheckpointRecord],
        scenario: &Scenario,
        now: SimTime,
    ) {
        let counts = counts(job, scenario, now);
        let seconds = now.since(self.last.at).as_secs_f64();
        let rate = |now: u64, before: u64| {
            if seconds > 0.0 {
                now.saturating_sub(before) as f64 / seconds
            } else {
                0.0
            }
        };
        self.timeline.samples.push(Sample {
            at: now,
            due_per_s: rate(counts.due, self.last.due),
            emitted_per_s: rate(counts.emitted, self.last.emitted),
            processed_per_s: rate(counts.processed, self.last.processed),
            unread: job.unread(now),
            in_channels: job.records_between_tasks(),
            lag: job.lag(now),
            running: job.runs(),
            written: Bytes::new(job.bytes_written()),
            retained: retained(checkpoints, scenario),
        });
        self.last = counts;
    }
}

fn counts<O: Observer>(job: &Job<O>, scenario: &Scenario, now: SimTime) -> Counts {
    let counters = job.counters(now);
    let mut first = 0;
    let (mut emitted, mut processed) = (0, 0);
    for (index, vertex) in scenario.vertices.iter().enumerate() {
        let subtasks = scenario.widest(index);
        let tasks = &counters[first..first + subtasks];
        first += subtasks;
        let records: u64 = tasks.iter().map(|task| task.records).sum();
        if vertex.is_source() {
            emitted += records;
        }
        if scenario
            .outputs(crate::scenario::VertexId(index))
            .next()
            .is_none()
        {
            processed += records;
        }
    }
    Counts {
        at: now,
        due: job.due(now),
        emitted,
        processed,
    }
}

/// Bytes that the retained checkpoints hold. Full ones share nothing; an older incremental one holds besides the files of
/// the newest about as much as its successor wrote anew.
fn retained(checkpoints: &[CheckpointRecord], scenario: &Scenario) -> Bytes {
    let completed: Vec<&CheckpointRecord> = checkpoints
        .iter()
        .rev()
        .filter(|record| record.kind == CheckpointKind::Checkpoint)
        .filter(|record| matches!(record.outcome, Outcome::Completed { .. }))
        .take(scenario.checkpointing.retained)
        .collect();
    let incremental = matches!(
        scenario.checkpointing.backend,
        Backend::RocksDb(rocksdb) if rocksdb.incremental
    );
    let Some((newest, older)) = completed.split_first() else {
        return Bytes::ZERO;
    };
    let full = |record: &CheckpointRecord| -> u64 {
        record
            .acknowledged()
            .map(|(.., record)| record.state_size.get())
            .sum()
    };
    let new = |record: &CheckpointRecord| -> u64 {
        record
            .acknowledged()
            .map(|(.., record)| record.checkpointed.get())
            .sum()
    };
    let rest: u64 = if incremental {
        completed[..older.len()]
            .iter()
            .map(|record| new(record))
            .sum()
    } else {
        older.iter().map(|record| full(record)).sum()
    };
    Bytes::new(full(newest) + rest)
}
