//! Listens to a run and keeps one record per checkpoint.

use crate::measure::checkpoint::{CheckpointKind, CheckpointRecord, Outcome};
use crate::model::ids::{CheckpointId, TaskId};
use crate::model::observe::{Fact, Observer};
use crate::units::SimTime;

/// The checkpoints of a run, so far.
#[derive(Clone, Debug)]
pub struct Recorder {
    /// In order of id.
    pub checkpoints: Vec<CheckpointRecord>,
    /// Requests that failed before a checkpoint existed.
    pub failed_in_preflight: u64,
    /// When and why the job failed, if it did.
    pub job_failure: Option<(SimTime, String)>,
    parallelism: Vec<usize>,
    place_of: Vec<(usize, usize)>,
    fully_acknowledged: Vec<Option<SimTime>>,
}

impl Recorder {
    /// A recorder for vertices of this parallelism, in scenario order.
    pub fn new(parallelism: &[usize]) -> Self {
        let place_of = parallelism
            .iter()
            .enumerate()
            .flat_map(|(vertex, &p)| (0..p).map(move |s| (vertex, s)))
            .collect();
        Recorder {
            checkpoints: Vec::new(),
            failed_in_preflight: 0,
            job_failure: None,
            parallelism: parallelism.to_vec(),
            place_of,
            fully_acknowledged: Vec::new(),
        }
    }

    /// `(vertex, subtask)` of a task.
    pub fn place_of(&self, task: TaskId) -> (usize, usize) {
        self.place_of[task.index()]
    }

    fn record(&mut self, id: CheckpointId) -> &mut CheckpointRecord {
        &mut self.checkpoints[id.index() - 1]
    }
}

impl Observer for Recorder {
    fn observe(&mut self, now: SimTime, fact: &Fact) {
        match fact {
            Fact::Triggered {
                checkpoint,
                savepoint,
            } => {
                let kind = if savepoint.is_some() {
                    CheckpointKind::Savepoint
                } else {
                    CheckpointKind::Checkpoint
                };
                self.checkpoints.push(CheckpointRecord {
                    id: u64::from(checkpoint.0),
                    kind,
                    trigger: now,
                    outcome: Outcome::InProgress,
                    subtasks: self.parallelism.iter().map(|&p| vec![None; p]).collect(),
                });
                self.fully_acknowledged.push(None);
            }
            Fact::PreflightFailed => self.failed_in_preflight += 1,
            Fact::Acknowledged {
                checkpoint,
                task,
                record,
            } => {
                let (vertex, subtask) = self.place_of(*task);
                self.record(*checkpoint).subtasks[vertex][subtask] = Some(*record);
            }
            Fact::AllAcknowledged { checkpoint } => {
                self.fully_acknowledged[checkpoint.index() - 1] = Some(now);
            }
            Fact::Completed { checkpoint } => {
                let latest_ack = self.fully_acknowledged[checkpoint.index() - 1]
                    .expect("acks come before completion");
                self.record(*checkpoint).outcome = Outcome::Completed {
                    latest_ack,
                    durable: now,
                };
            }
            Fact::Failed { checkpoint, reason } => {
                self.record(*checkpoint).outcome = Outcome::Failed {
                    at: now,
                    reason: reason.message().to_owned(),
                };
            }
            Fact::JobFailed { reason } => self.job_failure = Some((now, reason.clone())),
            Fact::BarrierSent { .. }
            | Fact::BarrierProcessed { .. }
            | Fact::Persisted { .. }
            | Fact::SnapshotStarted { .. }
            | Fact::SyncPhaseEnded { .. }
            | Fact::AsyncPhaseEnded { .. } => {}
        }
    }
}
