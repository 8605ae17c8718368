//! Threads: slices of one thread must lie inside one another or apart, so that overlapping ones get a thread each.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::experiment::run_document::RunDocument;
use crate::measure::{CheckpointRecord, Outcome, SubtaskRecord};
use crate::render::export::trace::event::tid;
use crate::render::export::trace::{JOB_MANAGER, process};
use crate::units::SimTime;

/// From and until.
pub type Span = (SimTime, SimTime);

/// Where the slices of a run lie.
pub struct Lanes {
    /// Of every acknowledged checkpoint: by its position, vertex and subtask.
    snapshots: BTreeMap<(usize, usize, usize), usize>,
    /// Of alignments beside their snapshots.
    alignments: BTreeMap<(usize, usize, usize), usize>,
    /// Of the JobManager: by position of the checkpoint.
    checkpoints: Vec<usize>,
    /// Of the JobManager: by position of the failure.
    recoveries: Vec<usize>,
    /// Threads per subtask, by vertex.
    width: Vec<usize>,
}

impl Lanes {
    /// Divides the slices of a run.
    pub fn new(run: &RunDocument) -> Lanes {
        let result = &run.result;
        let checkpoints = divide(result.checkpoints.iter().map(|it| whole(run, it)));
        let recoveries = divide(result.recoveries.iter().map(|recovery| {
            let until = recovery.caught_up.or(recovery.running);
            (recovery.failed, until.unwrap_or(result.end))
        }));
        let mut lanes = Lanes {
            snapshots: BTreeMap::new(),
            alignments: BTreeMap::new(),
            checkpoints,
            recoveries,
            width: vec![1; result.vertices.len()],
        };
        for (vertex, shape) in result.vertices.iter().enumerate() {
            for subtask in 0..shape.parallelism {
                lanes.divide_subtask(run, vertex, subtask);
            }
        }
        lanes
    }

    fn divide_subtask(&mut self, run: &RunDocument, vertex: usize, subtask: usize) {
        let mut spans = Vec::new();
        let mut keys = Vec::new();
        for (position, checkpoint) in run.result.checkpoints.iter().enumerate() {
            let Some(record) = acknowledged(checkpoint, vertex, subtask) else {
                continue;
            };
            let trigger = checkpoint.trigger;
            spans.push((trigger, record.ack));
            keys.push((position, false));
            if record.unaligned && !record.alignment.is_zero() {
                let first = trigger + record.start_delay;
                spans.push((first, first + record.alignment));
                keys.push((position, true));
            }
        }
        let lanes = divide(spans.into_iter());
        for ((position, beside), lane) in keys.into_iter().zip(lanes) {
            let key = (position, vertex, subtask);
            let map = if beside {
                &mut self.alignments
            } else {
                &mut self.snapshots
            };
            map.insert(key, lane);
            self.width[vertex] = self.width[vertex].max(lane + 1);
        }
    }

    /// Process and thread of a subtask's part in the checkpoint at this position; `None` if it had none.
    pub fn snapshot(
        &self,
        position: usize,
        vertex: usize,
        subtask: usize,
    ) -> Option<(usize, usize)> {
        let lane = self.snapshots.get(&(position, vertex, subtask))?;
        Some(self.track(vertex, subtask, *lane))
    }

    /// Process and thread of an alignment that went on beside its snapshot.
    pub fn alignment(
        &self,
        position: usize,
        vertex: usize,
        subtask: usize,
    ) -> Option<(usize, usize)> {
        let lane = self.alignments.get(&(position, vertex, subtask))?;
        Some(self.track(vertex, subtask, *lane))
    }

    fn track(&self, vertex: usize, subtask: usize, lane: usize) -> (usize, usize) {
        (process(vertex), 1 + subtask * self.width[vertex] + lane)
    }

    /// Process and thread of a checkpoint at the JobManager.
    pub fn checkpoint(&self, position: usize) -> (usize, usize) {
        (JOB_MANAGER, 1 + self.checkpoints[position])
    }

    /// Process and thread of a failure at the JobManager.
    pub fn recovery(&self, position: usize) -> (usize, usize) {
        (
            JOB_MANAGER,
            1 + count(&self.checkpoints) + self.recoveries[position],
        )
    }

    /// The events that name processes and threads.
    pub fn names(&self, run: &RunDocument) -> Vec<Value> {
        let mut names = vec![named("process_name", (JOB_MANAGER, 0), "JobManager")];
        for lane in 0..count(&self.checkpoints).max(1) {
            names.push(named(
                "thread_name",
                (JOB_MANAGER, 1 + lane),
                &numbered("checkpoints", lane),
            ));
        }
        for lane in 0..count(&self.recoveries) {
            let thread = 1 + count(&self.checkpoints) + lane;
            names.push(named(
                "thread_name",
                (JOB_MANAGER, thread),
                &numbered("failures", lane),
            ));
        }
        for (vertex, shape) in run.result.vertices.iter().enumerate() {
            names.push(named("process_name", (process(vertex), 0), &shape.name));
            for subtask in 0..shape.parallelism {
                for lane in 0..self.width[vertex] {
                    let name = numbered(&format!("{} #{subtask}", shape.name), lane);
                    names.push(named(
                        "thread_name",
                        self.track(vertex, subtask, lane),
                        &name,
                    ));
                }
            }
        }
        names
    }
}

fn named(kind: &str, (process, thread): (usize, usize), name: &str) -> Value {
    json!({ "name": kind, "ph": "M", "pid": process, "tid": tid(thread), "ts": 0, "args": { "name": name } })
}

fn numbered(name: &str, lane: usize) -> String {
    match lane {
        0 => name.to_owned(),
        n => format!("{name}, overlapping {n}"),
    }
}

/// What a subtask reported, if it did.
pub fn acknowledged(
    checkpoint: &CheckpointRecord,
    vertex: usize,
    subtask: usize,
) -> Option<&SubtaskRecord> {
    checkpoint.subtasks.get(vertex)?.get(subtask)?.as_ref()
}

/// Trigger until the pointer was committed, it failed, or the run ended.
pub fn whole(run: &RunDocument, checkpoint: &CheckpointRecord) -> Span {
    let until = match checkpoint.outcome {
        Outcome::Completed { durable, .. } => durable,
        Outcome::Failed { at, .. } => at,
        Outcome::InProgress => run.result.end,
    };
    (checkpoint.trigger, until)
}

/// The lane of each span: the first one that is free by then.
fn divide(spans: impl Iterator<Item = Span>) -> Vec<usize> {
    let mut order: Vec<(usize, Span)> = spans.enumerate().collect();
    order.sort_by_key(|(position, (from, _))| (*from, *position));
    let mut lanes = vec![0; order.len()];
    let mut busy_until: Vec<SimTime> = Vec::new();
    for (position, (from, until)) in order {
        let free = busy_until.iter().position(|end| *end <= from);
        let lane = free.unwrap_or(busy_until.len());
        if lane == busy_until.len() {
            busy_until.push(until);
        } else {
            busy_until[lane] = until;
        }
        lanes[position] = lane;
    }
    lanes
}

fn count(lanes: &[usize]) -> usize {
    lanes.iter().max().map_or(0, |last| last + 1)
}
