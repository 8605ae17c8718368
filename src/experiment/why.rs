//! Why a real checkpoint took as long as it did, as far as Flink's answers tell, beside another one of the same job.
//!
//! The subtask that acknowledged last decides the duration. Its barriers came from its producers, and Flink forwards a
//! barrier as soon as its own task has all of them (`SingleCheckpointBarrierHandler`), before it takes its own snapshot: so a
//! producer's barrier left when its start delay and its alignment were over. Of all producers the one whose barrier left
//! last is followed, up to a source, whose start delay is the way of the trigger through its mailbox. What lies between
//! leaving and arriving is a barrier that waits behind records in front of the consumer. Unaligned barriers overtake them
//! and are forwarded at once: there the start delay alone counts. Whole milliseconds are all that Flink tells.

use serde::Serialize;

use crate::measure::{CheckpointKind, CheckpointRecord, Outcome, SubtaskRecord, straggler};
use crate::recording::real::Real;
use crate::units::SimDuration;

/// Figures that differ by less than this are alike: so much do checkpoints of one job differ.
const SHARE: f64 = 0.2;
/// Times and sizes that differ by less than this change nothing.
const LEAST_S: f64 = 0.05;
const LEAST_BYTES: f64 = 1_048_576.0;

/// A part of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The trigger reaches a source and waits in its mailbox.
    Trigger,
    /// Barriers wait in front of a task.
    Barriers,
    /// The sync phase, on the task's thread.
    Sync,
    /// The asynchronous phase: the upload.
    Async,
    /// What no phase shows: work before the snapshot, and the message to the JobManager.
    Rest,
}

/// A part of the way, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Step {
    /// Which part.
    pub part: Part,
    /// Index of the vertex.
    pub vertex: usize,
    /// Index within it.
    pub subtask: usize,
    /// How long, ns.
    #[serde(rename = "length_ns")]
    pub length: SimDuration,
}

/// A figure that differs between two checkpoints.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Whose; nothing = of the job.
    pub vertex: Option<usize>,
    /// Which.
    pub figure: &'static str,
    /// Whether it is in bytes; else in seconds, and a skew has no unit.
    pub unit: DifferenceUnit,
    /// Of this checkpoint.
    pub this: f64,
    /// Of the other one.
    pub other: f64,
}

/// What a difference is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceUnit {
    /// Seconds.
    Time,
    /// Bytes.
    Bytes,
    /// The largest as a multiple of the mean.
    Skew,
}

/// What can be told of a checkpoint.
#[derive(Clone, Debug, Serialize)]
pub struct Why {
    /// Name of the job.
    pub job: String,
    /// Names of its vertices.
    pub vertices: Vec<String>,
    /// Its id.
    pub checkpoint: u64,
    /// Trigger to last ack; to the end of one that failed.
    #[serde(rename = "duration_ns")]
    pub duration: SimDuration,
    /// Why it failed, if it did.
    pub failure: Option<String>,
    /// Subtasks that never acknowledged, of how many.
    pub silent: (usize, usize),
    /// The way of the barriers to the subtask that acknowledged last, and its snapshot.
    pub path: Vec<Step>,
    /// Who took much longer than the others: vertex, subtask, trigger to ack.
    pub stragglers: Vec<(usize, usize, SimDuration)>,
    /// The TaskManager that all stragglers run on, if they share one that others do not have alone.
    pub host: Option<String>,
    /// What it is compared with.
    pub against: Option<Against>,
    /// The completed ones that are known.
    pub completed: usize,
}

/// The other checkpoint.
#[derive(Clone, Debug, Serialize)]
pub struct Against {
    /// Its id.
    pub checkpoint: u64,
    /// Trigger to last ack.
    #[serde(rename = "duration_ns")]
    pub duration: SimDuration,
    /// What differs, the largest difference first.
    pub differences: Vec<Difference>,
}

/// Why there is nothing to tell.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WhyError {
    /// None has details.
    #[error("no checkpoint with its details is among the answers")]
    None,
    /// There is no such checkpoint.
    #[error("the answers hold no checkpoint {id}; they hold {known}")]
    Unknown {
        /// What was asked for.
        id: u64,
        /// What there is.
        known: String,
    },
}

/// The checkpoint with this id, else the slowest; beside the other id, else that with the median duration.
///
/// # Errors
/// If there is none.
pub fn why(real: &Real, id: Option<u64>, other: Option<u64>) -> Result<Why, WhyError> {
    let known = |record: &&CheckpointRecord| record.acknowledged().next().is_some();
    let all: Vec<&CheckpointRecord> = real.checkpoints.iter().filter(known).collect();
    let wanted = |id: u64| {
        let found = all.iter().find(|record| record.id == id);
        found.copied().ok_or_else(|| WhyError::Unknown {
            id,
            known: listed(&all),
        })
    };
    let is_periodic = |record: &&&CheckpointRecord| record.kind == CheckpointKind::Checkpoint;
    let mut completed: Vec<&CheckpointRecord> = all.iter().filter(is_periodic).copied().collect();
    completed.retain(|record| record.end_to_end().is_some());
    completed.sort_by_key(|record| (record.end_to_end(), record.id));
    let this = match id {
        Some(id) => wanted(id)?,
        None => all
            .iter()
            .filter(is_periodic)
            .max_by_key(|record| duration(record))
            .copied()
            .ok_or(WhyError::None)?,
    };
    let median = completed.get(completed.len() / 2).copied();
    let other = match other {
        Some(id) => Some(wanted(id)?),
        None => median,
    };
    let other = other.filter(|other| other.id != this.id);
    let limit = straggler::threshold(this).unwrap_or(f64::INFINITY);
    let mut stragglers: Vec<(usize, usize, SimDuration)> = this
        .acknowledged()
        .map(|(vertex, subtask, record)| (vertex, subtask, record.ack.since(this.trigger)))
        .filter(|(_, _, total)| total.as_secs_f64() >= limit)
        .collect();
    stragglers
        .sort_by_key(|(vertex, subtask, total)| (std::cmp::Reverse(*total), *vertex, *subtask));
    let subtasks = this.subtasks.iter().map(Vec::len).sum();
    Ok(Why {
        job: real.job.clone(),
        vertices: real
            .vertices
            .iter()
            .map(|vertex| vertex.name.clone())
            .collect(),
        checkpoint: this.id,
        duration: duration(this),
        failure: match &this.outcome {
            Outcome::Failed { reason, .. } => Some(reason.clone()),
            Outcome::Completed { .. } | Outcome::InProgress => None,
        },
        silent: (subtasks - this.acknowledged().count(), subtasks),
        path: path(real, this),
        host: host(real, &stragglers),
        stragglers,
        against: other.map(|other| Against {
            checkpoint: other.id,
            duration: duration(other),
            differences: differences(this, other),
        }),
        completed: completed.len(),
    })
}

fn listed(all: &[&CheckpointRecord]) -> String {
    let ids: Vec<String> = all.iter().map(|record| record.id.to_string()).collect();
    if ids.is_empty() {
        "none".to_owned()
    } else {
        ids.join(", ")
    }
}

/// Trigger to last ack, or to the failure.
fn duration(record: &CheckpointRecord) -> SimDuration {
    let last = || record.slowest().map(|(_, _, slowest)| slowest.ack);
    let end = match &record.outcome {
        Outcome::Completed { latest_ack, .. } => Some(*latest_ack),
        Outcome::Failed { at, .. } => Some(*at),
        Outcome::InProgress => last(),
    };
    end.map(|end| end.since(record.trigger)).unwrap_or_default()
}

/// When a subtask had its barriers: the last one, or the first where they overtake.
fn arrived(record: &SubtaskRecord) -> SimDuration {
    if record.unaligned {
        record.start_delay
    } else {
        record.start_delay + record.alignment
    }
}

/// From the trigger to the last ack.
fn path(real: &Real, checkpoint: &CheckpointRecord) -> Vec<Step> {
    let Some((vertex, subtask, slowest)) = checkpoint.slowest() else {
        return Vec::new();
    };
    let mut steps = Vec::new();
    let total = slowest.ack.since(checkpoint.trigger);
    let mut tail = |part, length: SimDuration| {
        if !length.is_zero() {
            steps.push(Step {
                part,
                vertex,
                subtask,
                length,
            });
        }
    };
    let known = arrived(slowest) + slowest.sync + slowest.r#async;
    tail(Part::Rest, total.saturating_sub(known));
    tail(Part::Async, slowest.r#async.min(total));
    tail(Part::Sync, slowest.sync);
    let (mut at, mut until) = ((vertex, subtask), arrived(slowest));
    loop {
        let producer = last_producer(real, checkpoint, at);
        let left = producer.map(|(_, left)| left.min(until));
        let part = if producer.is_some() {
            Part::Barriers
        } else {
            Part::Trigger
        };
        let length = until.saturating_sub(left.unwrap_or_default());
        if !length.is_zero() {
            let (vertex, subtask) = at;
            steps.push(Step {
                part,
                vertex,
                subtask,
                length,
            });
        }
        let Some((producer, _)) = producer else { break };
        (at, until) = (producer, left.unwrap_or_default());
    }
    steps.reverse();
    steps
}

/// The producer of a subtask whose barrier left last, and when.
fn last_producer(
    real: &Real,
    checkpoint: &CheckpointRecord,
    (vertex, subtask): (usize, usize),
) -> Option<((usize, usize), SimDuration)> {
    let consumers = checkpoint.subtasks[vertex].len();
    let inputs = real.vertices[vertex].inputs.iter();
    let candidates = inputs.flat_map(|(from, exchange)| {
        let producers = checkpoint.subtasks[*from].len();
        (0..producers)
            .filter(move |producer| reaches(exchange, (*producer, producers), (subtask, consumers)))
            .map(move |producer| (*from, producer))
    });
    candidates
        .filter_map(|(from, producer)| {
            let record = checkpoint.subtasks[from][producer].as_ref()?;
            Some(((from, producer), arrived(record)))
        })
        .max_by_key(|((from, producer), left)| (*left, *from, std::cmp::Reverse(*producer)))
}

/// Whether a producer has a channel to a consumer; `(index, of how many)`. Pointwise exchanges connect ranges
/// (`EdgeManagerBuildUtil.connectPointwise`).
fn reaches(
    exchange: &str,
    (producer, producers): (usize, usize),
    (consumer, consumers): (usize, usize),
) -> bool {
    match exchange {
        "forward" if producers == consumers => producer == consumer,
        "forward" | "rescale" if producers >= consumers => {
            producer * consumers / producers.max(1) == consumer
        }
        "forward" | "rescale" => consumer * producers / consumers.max(1) == producer,
        _ => true,
    }
}

/// The one TaskManager of all stragglers, if there are others.
fn host(real: &Real, stragglers: &[(usize, usize, SimDuration)]) -> Option<String> {
    let of = |vertex: usize, subtask: usize| real.vertices.get(vertex)?.hosts.get(subtask)?.clone();
    let mut hosts = stragglers
        .iter()
        .map(|(vertex, subtask, _)| of(*vertex, *subtask));
    let first = hosts.next()??;
    let all = real
        .vertices
        .iter()
        .flat_map(|vertex| vertex.hosts.iter().flatten());
    let others = all.filter(|host| **host != first).count();
    (stragglers.len() > 1 && others > 0 && hosts.all(|host| host.as_ref() == Some(&first)))
        .then_some(first)
}

/// Figures of the job and of the vertices that differ, the largest difference first: times by seconds, then sizes.
fn differences(this: &CheckpointRecord, other: &CheckpointRecord) -> Vec<Difference> {
    use DifferenceUnit::{Bytes, Skew, Time};
    type Read = fn(&SubtaskRecord) -> f64;
    let times: [(&str, Read); 4] = [
        ("start delay", |one| one.start_delay.as_secs_f64()),
        ("alignment", |one| one.alignment.as_secs_f64()),
        ("sync", |one| one.sync.as_secs_f64()),
        ("async", |one| one.r#async.as_secs_f64()),
    ];
    let sizes: [(&str, Read); 3] = [
        ("newly persisted", |one| one.checkpointed.as_f64()),
        ("full size", |one| one.state_size.as_f64()),
        ("in-flight data", |one| one.persisted.as_f64()),
    ];
    let mut found = Vec::new();
    let vertices = this.subtasks.len().min(other.subtasks.len());
    for vertex in 0..vertices {
        let of = |record: &CheckpointRecord, read: Read| -> Vec<f64> {
            record.subtasks[vertex].iter().flatten().map(read).collect()
        };
        let largest = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
        let sum = |values: &[f64]| values.iter().sum::<f64>();
        let mut add = |figure, unit, this: f64, other: f64| {
            found.push(Difference {
                vertex: Some(vertex),
                figure,
                unit,
                this,
                other,
            });
        };
        for (figure, read) in times {
            add(
                figure,
                Time,
                largest(&of(this, read)),
                largest(&of(other, read)),
            );
        }
        for (figure, read) in sizes {
            add(figure, Bytes, sum(&of(this, read)), sum(&of(other, read)));
        }
        let skew = |record| {
            let values = of(record, |one| one.checkpointed.as_f64());
            let mean = sum(&values) / values.len().max(1) as f64;
            // Of little state the skew means little.
            if sum(&values) < LEAST_BYTES {
                1.0
            } else {
                largest(&values) / mean
            }
        };
        add("skew of newly persisted", Skew, skew(this), skew(other));
    }
    found.retain(|one| {
        let apart = (one.this - one.other).abs();
        let least = match one.unit {
            Time => LEAST_S,
            Bytes => LEAST_BYTES,
            Skew => SHARE,
        };
        apart >= least && apart >= SHARE * one.this.min(one.other)
    });
    let size = |one: &Difference| (one.this - one.other).abs();
    found.sort_by(|a, b| {
        let order = |one: &Difference| match one.unit {
            Time => 0,
            Bytes => 1,
            Skew => 2,
        };
        order(a).cmp(&order(b)).then(size(b).total_cmp(&size(a)))
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::real::RealVertex;
    use crate::units::{Bytes, SimTime};

    fn ms(ms: u64) -> SimDuration {
        SimDuration::from_millis(ms)
    }

    fn subtask(start: u64, alignment: u64, sync: u64, upload: u64) -> SubtaskRecord {
        SubtaskRecord {
            ack: SimTime::ZERO + ms(start + alignment + sync + upload + 2),
            start_delay: ms(start),
            alignment: ms(alignment),
            sync: ms(sync),
            r#async: ms(upload),
            checkpointed: Bytes::new(4 << 20),
            state_size: Bytes::new(8 << 20),
            processed: Bytes::ZERO,
            persisted: Bytes::ZERO,
            unaligned: false,
        }
    }

    /// Two sources, two operators: the second operator is slow.
    fn real(upload: u64) -> Real {
        let record = |id: u64, upload: u64| CheckpointRecord {
            id,
            kind: CheckpointKind::Checkpoint,
            trigger: SimTime::ZERO,
            outcome: Outcome::Completed {
                latest_ack: SimTime::ZERO + ms(700 + upload + 2),
                durable: SimTime::ZERO + ms(700 + upload + 2),
            },
            subtasks: vec![
                vec![Some(subtask(5, 0, 0, 0)), Some(subtask(100, 0, 0, 0))],
                vec![
                    Some(subtask(120, 10, 0, 50)),
                    Some(subtask(300, 350, 50, upload)),
                ],
            ],
        };
        let vertex = |name: &str, inputs, hosts: [&str; 2]| RealVertex {
            name: name.to_owned(),
            inputs,
            hosts: hosts.map(|host| Some(host.to_owned())).to_vec(),
        };
        Real {
            job: "orders".to_owned(),
            vertices: vec![
                vertex("source", Vec::new(), ["a", "b"]),
                vertex("count", vec![(0, "hash")], ["a", "b"]),
            ],
            checkpoints: vec![record(1, 100), record(2, 110), record(3, upload)],
        }
    }

    #[test]
    fn the_parts_of_the_way_add_up_to_the_duration() {
        let why = why(&real(4_000), None, None).unwrap();
        assert_eq!((why.checkpoint, why.duration), (3, ms(4_702)));
        let parts: Vec<(Part, usize, usize, u64)> = why
            .path
            .iter()
            .map(|step| {
                (
                    step.part,
                    step.vertex,
                    step.subtask,
                    step.length.as_millis(),
                )
            })
            .collect();
        assert_eq!(
            parts,
            [
                (Part::Trigger, 0, 1, 100),
                (Part::Barriers, 1, 1, 550),
                (Part::Sync, 1, 1, 50),
                (Part::Async, 1, 1, 4_000),
                (Part::Rest, 1, 1, 2),
            ]
        );
        let whole: u64 = why.path.iter().map(|step| step.length.as_millis()).sum();
        assert_eq!(whole, why.duration.as_millis());
    }

    #[test]
    fn the_slowest_is_compared_with_the_median_and_only_what_differs_is_told() {
        let why = why(&real(4_000), None, None).unwrap();
        let against = why.against.unwrap();
        assert_eq!(against.checkpoint, 2);
        let told: Vec<&str> = against.differences.iter().map(|one| one.figure).collect();
        assert_eq!(told, ["async"]);
    }

    #[test]
    fn an_id_that_is_not_there_is_told_with_those_that_are() {
        let error = why(&real(100), Some(9), None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the answers hold no checkpoint 9; they hold 1, 2, 3"
        );
        assert_eq!(why(&real(100), Some(1), Some(2)).unwrap().checkpoint, 1);
    }

    #[test]
    fn pointwise_exchanges_reach_their_range_only() {
        assert!(reaches("forward", (3, 4), (3, 4)) && !reaches("forward", (2, 4), (3, 4)));
        let to = |consumer| {
            (0..4)
                .filter(|p| reaches("rescale", (*p, 4), (consumer, 2)))
                .count()
        };
        assert_eq!((to(0), to(1)), (2, 2));
        assert!(reaches("rescale", (1, 2), (3, 4)) && !reaches("rescale", (0, 2), (3, 4)));
        assert!(reaches("hash", (0, 2), (3, 4)));
    }
}
