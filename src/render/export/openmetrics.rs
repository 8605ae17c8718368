//! `OpenMetrics`: the metrics of Flink's Prometheus reporter, with its names and units, as they would have been over time.
//!
//! Timestamps are seconds since the start of the simulated job. All are gauges, as the reporter exports them; a family
//! whose value nobody has set yet has no sample.

use std::fmt::Write;

use crate::experiment::VertexResult;
use crate::experiment::run_document::RunDocument;
use crate::measure::{CheckpointRecord, Outcome, SubtaskRecord};
use crate::units::SimTime;

/// The exposition, ending in `# EOF`. `sources` says of every vertex whether it is one.
pub fn openmetrics(run: &RunDocument, sources: &[bool]) -> String {
    let mut page = Page(String::new());
    job(run, &mut page);
    tasks(run, &mut page);
    rates(run, sources, &mut page);
    page.0.push_str("# EOF\n");
    page.0
}

struct Page(String);

impl Page {
    fn family(&mut self, name: &str, help: &str) {
        writeln!(self.0, "# TYPE {name} gauge\n# HELP {name} {help}")
            .expect("a string takes everything");
    }

    fn sample(&mut self, name: &str, labels: &str, value: f64, at: SimTime) {
        let at = at.as_secs_f64();
        writeln!(self.0, "{name}{{{labels}}} {value} {at}").expect("a string takes everything");
    }
}

/// A metric of the JobManager that a completed checkpoint sets.
type OfCompleted = (&'static str, &'static str, fn(&CheckpointRecord) -> f64);

const OF_COMPLETED: [OfCompleted; 6] = [
    (
        "lastCheckpointDuration",
        "End to end duration of the latest completed checkpoint, ms.",
        |it| {
            it.end_to_end()
                .map_or(-1.0, |duration| duration.as_millis() as f64)
        },
    ),
    (
        "lastCheckpointSize",
        "Newly persisted bytes of the latest completed checkpoint.",
        |it| total(it, |subtask| subtask.checkpointed.get()),
    ),
    (
        "lastCheckpointFullSize",
        "Bytes that the latest completed checkpoint refers to.",
        |it| total(it, |subtask| subtask.state_size.get()),
    ),
    (
        "lastCheckpointProcessedData",
        "Bytes processed during the alignment.",
        |it| total(it, |subtask| subtask.processed.get()),
    ),
    (
        "lastCheckpointPersistedData",
        "In-flight bytes that were persisted.",
        |it| total(it, |subtask| subtask.persisted.get()),
    ),
    (
        "lastCompletedCheckpointId",
        "Id of the latest completed checkpoint.",
        |it| it.id as f64,
    ),
];

/// Counters of the JobManager: how many of all are triggered, completed, failed, in progress.
type OfCounts = (&'static str, &'static str, fn(Counts) -> u64);

const OF_COUNTS: [OfCounts; 4] = [
    (
        "totalNumberOfCheckpoints",
        "Checkpoints triggered.",
        |all| all.triggered,
    ),
    (
        "numberOfCompletedCheckpoints",
        "Checkpoints completed.",
        |all| all.completed,
    ),
    ("numberOfFailedCheckpoints", "Checkpoints failed.", |all| {
        all.failed
    }),
    (
        "numberOfInProgressCheckpoints",
        "Checkpoints under way.",
        |all| all.triggered - all.completed - all.failed,
    ),
];

fn job(run: &RunDocument, page: &mut Page) {
    let labels = format!("job_name=\"{}\"", escaped(&run.scenario));
    let mut completed: Vec<(SimTime, &CheckpointRecord)> = run
        .result
        .checkpoints
        .iter()
        .filter_map(|record| Some((ended(record)?, record)))
        .filter(|(_, record)| record.end_to_end().is_some())
        .collect();
    completed.sort_by_key(|(at, _)| *at);
    for (metric, help, read) in OF_COMPLETED {
        let name = format!("flink_jobmanager_job_{metric}");
        page.family(&name, help);
        for (at, record) in &completed {
            page.sample(&name, &labels, read(record), *at);
        }
    }
    let counts = counts(&run.result.checkpoints);
    for (metric, help, read) in OF_COUNTS {
        let name = format!("flink_jobmanager_job_{metric}");
        page.family(&name, help);
        for (at, counts) in &counts {
            page.sample(&name, &labels, read(*counts) as f64, *at);
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Counts {
    triggered: u64,
    completed: u64,
    failed: u64,
}

/// What an event does to the counters.
type Change = fn(&mut Counts);

/// The counters after each instant at which one changed.
fn counts(records: &[CheckpointRecord]) -> Vec<(SimTime, Counts)> {
    let mut changes: Vec<(SimTime, Change)> = Vec::new();
    for record in records {
        changes.push((record.trigger, |counts| counts.triggered += 1));
        match record.outcome {
            Outcome::Completed { durable, .. } => {
                changes.push((durable, |counts| counts.completed += 1));
            }
            Outcome::Failed { at, .. } => changes.push((at, |counts| counts.failed += 1)),
            Outcome::InProgress => {}
        }
    }
    changes.sort_by_key(|(at, _)| *at);
    let mut after: Vec<(SimTime, Counts)> = vec![(SimTime::ZERO, Counts::default())];
    let mut now = Counts::default();
    for (at, change) in changes {
        change(&mut now);
        after.retain(|(before, _)| *before != at);
        after.push((at, now));
    }
    after
}

fn ended(record: &CheckpointRecord) -> Option<SimTime> {
    match record.outcome {
        Outcome::Completed { durable, .. } => Some(durable),
        Outcome::Failed { at, .. } => Some(at),
        Outcome::InProgress => None,
    }
}

fn total(record: &CheckpointRecord, read: fn(&SubtaskRecord) -> u64) -> f64 {
    record
        .acknowledged()
        .map(|(_, _, subtask)| read(subtask))
        .sum::<u64>() as f64
}

/// A metric of a task that an ack sets: name, meaning, nanoseconds.
type OfAck = (&'static str, &'static str, fn(&SubtaskRecord) -> u64);

fn tasks(run: &RunDocument, page: &mut Page) {
    let each: [OfAck; 2] = [
        (
            "checkpointStartDelayNanos",
            "Trigger of the latest checkpoint to its first barrier, ns.",
            |record| record.start_delay.as_nanos(),
        ),
        (
            "checkpointAlignmentTime",
            "First to last barrier of the latest checkpoint, ns.",
            |record| record.alignment.as_nanos(),
        ),
    ];
    for (metric, help, read) in each {
        let name = format!("flink_taskmanager_job_task_{metric}");
        page.family(&name, help);
        for (vertex, subtask, labels) in subtasks(run) {
            let mut acks: Vec<&SubtaskRecord> = run
                .result
                .checkpoints
                .iter()
                .filter_map(|record| record.subtasks.get(vertex)?.get(subtask)?.as_ref())
                .collect();
            acks.sort_by_key(|record| record.ack);
            acks.dedup_by_key(|record| record.ack);
            for record in acks {
                page.sample(&name, &labels, read(record) as f64, record.ack);
            }
        }
    }
}

/// Shares of time and rates: means after warm-up, at the end of the run.
fn rates(run: &RunDocument, sources: &[bool], page: &mut Page) {
    let is_source = |vertex: usize| sources.get(vertex).copied().unwrap_or(false);
    let any: &dyn Fn(usize) -> bool = &|_| true;
    let metrics: [Rate; 5] = [
        ("busyTimeMsPerSecond", |it| &it.busy, 1_000.0, any),
        (
            "backPressuredTimeMsPerSecond",
            |it| &it.backpressured,
            1_000.0,
            any,
        ),
        ("idleTimeMsPerSecond", |it| &it.idle, 1_000.0, any),
        (
            "numRecordsOutPerSecond",
            |it| &it.subtask_records_per_s,
            1.0,
            &is_source,
        ),
        (
            "numRecordsInPerSecond",
            |it| &it.subtask_records_per_s,
            1.0,
            &|vertex| !is_source(vertex),
        ),
    ];
    for (metric, read, unit, has) in metrics {
        let name = format!("flink_taskmanager_job_task_{metric}");
        page.family(&name, "Mean after warm-up.");
        for (vertex, subtask, labels) in subtasks(run).filter(|(vertex, ..)| has(*vertex)) {
            let value = read(&run.result.vertices[vertex]).get(subtask).copied();
            if let Some(value) = value.filter(|value| value.is_finite()) {
                page.sample(&name, &labels, value * unit, run.result.end);
            }
        }
    }
}

/// Name, what is read, how many units of the metric it is, and of which vertices.
type Rate<'a> = (
    &'static str,
    fn(&VertexResult) -> &Vec<f64>,
    f64,
    &'a dyn Fn(usize) -> bool,
);

/// `(vertex, subtask, labels)` of all subtasks.
fn subtasks(run: &RunDocument) -> impl Iterator<Item = (usize, usize, String)> {
    let job = escaped(&run.scenario);
    run.result
        .vertices
        .iter()
        .enumerate()
        .flat_map(move |(vertex, result)| {
            let (job, task) = (job.clone(), escaped(&result.name));
            (0..result.parallelism).map(move |subtask| {
                let labels =
                    format!("job_name=\"{job}\",task_name=\"{task}\",subtask_index=\"{subtask}\"");
                (vertex, subtask, labels)
            })
        })
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::export::sample;

    #[test]
    fn names_and_units_are_those_of_flinks_reporter() {
        insta::assert_snapshot!(openmetrics(&sample::run(), &[true, false]));
    }
}
