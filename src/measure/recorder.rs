//! Listens to a run and keeps one record per checkpoint.

use crate::measure::checkpoint::{CheckpointKind, CheckpointRecord, Outcome};
use crate::measure::latency::Ages;
use crate::measure::recovery::RecoveryRecord;
use crate::model::ids::{CheckpointId, TaskId};
use crate::model::network::Network;
use crate::model::observe::{Fact, Observer};
use crate::scenario::Scenario;
use crate::units::SimTime;

/// The checkpoints of a run, so far.
#[derive(Clone, Debug)]
pub struct Recorder {
    /// In order of id.
    pub checkpoints: Vec<CheckpointRecord>,
    /// Requests that failed before a checkpoint existed.
    pub failed_in_preflight: u64,
    /// Files whose requests the store refused at first, counted each time.
    pub requests_refused: u64,
    /// How old processed records were.
    pub ages: Ages,
    /// Failures, in order of time.
    pub recoveries: Vec<RecoveryRecord>,
    /// When and why the job failed, if it did.
    pub job_failure: Option<(SimTime, String)>,
    parallelism: Vec<usize>,
    place_of: Vec<(usize, usize)>,
    fully_acknowledged: Vec<Option<SimTime>>,
}

impl Recorder {
    /// A recorder for vertices of this parallelism, in scenario order.
    pub fn new(parallelism: &[usize]) -> Self {
        Recorder {
            checkpoints: Vec::new(),
            failed_in_preflight: 0,
            requests_refused: 0,
            ages: Ages::default(),
            recoveries: Vec::new(),
            job_failure: None,
            parallelism: parallelism.to_vec(),
            place_of: places(parallelism),
            fully_acknowledged: Vec::new(),
        }
    }

    /// `(vertex, subtask)` of a task.
    pub fn place_of(&self, task: TaskId) -> (usize, usize) {
        self.place_of[task.index()]
    }

    /// What a fact says about the last failure.
    fn recover(&mut self, now: SimTime, fact: &Fact) {
        if let Fact::FailureStruck { cause } = fact {
            let last = self.recoveries.last_mut();
            if let Some(last) = last.filter(|last| last.caught_up.is_none()) {
                last.interrupted = true;
            }
            self.recoveries.push(RecoveryRecord {
                failed: now,
                cause: cause.clone(),
                detected: None,
                restarted: None,
                checkpoint: None,
                replayed_from: None,
                restored_bytes: 0,
                running: None,
                caught_up: None,
                interrupted: false,
            });
        }
        let Some(last) = self.recoveries.last_mut() else {
            return;
        };
        match fact {
            Fact::FailureDetected => last.detected = Some(now),
            Fact::Restarted {
                checkpoint,
                trigger,
            } => {
                // One restart answers all failures before it that have none; of several after one failure the last counts.
                let last = self.recoveries.len() - 1;
                for (index, record) in self.recoveries.iter_mut().enumerate() {
                    if index == last || record.restarted.is_none() {
                        record.restarted = Some(now);
                        record.checkpoint = checkpoint.map(|id| u64::from(id.0));
                        record.replayed_from = Some(*trigger);
                    }
                }
            }
            Fact::Restored { bytes, .. } => last.restored_bytes += bytes,
            // What an earlier failure left undone is done now, too.
            Fact::AllRunning => {
                let open = self.recoveries.iter_mut();
                for record in open.filter(|record| record.running.is_none()) {
                    record.running = Some(now);
                }
            }
            Fact::CaughtUp => {
                let open = self.recoveries.iter_mut();
                for record in open.filter(|record| record.caught_up.is_none()) {
                    record.caught_up = Some(now);
                }
            }
            _ => {}
        }
    }

    fn record(&mut self, id: CheckpointId) -> &mut CheckpointRecord {
        &mut self.checkpoints[id.index() - 1]
    }
}

/// Vertex and subtask of every task.
fn places(parallelism: &[usize]) -> Vec<(usize, usize)> {
    let vertices = parallelism.iter().enumerate();
    vertices
        .flat_map(|(vertex, &p)| (0..p).map(move |subtask| (vertex, subtask)))
        .collect()
}

impl Observer for Recorder {
    fn rescaled(&mut self, scenario: &Scenario, _: &Network) {
        let vertices = scenario.vertices.iter();
        self.parallelism = vertices.map(|vertex| vertex.parallelism).collect();
        self.place_of = places(&self.parallelism);
    }

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
            Fact::RequestsRefused => self.requests_refused += 1,
            Fact::Processed { age } => self.ages.add(now, *age),
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
            Fact::FailureStruck { .. }
            | Fact::FailureDetected
            | Fact::Restarted { .. }
            | Fact::Restored { .. }
            | Fact::AllRunning
            | Fact::CaughtUp => self.recover(now, fact),
            Fact::JobFailed { reason } => self.job_failure = Some((now, reason.clone())),
            Fact::BarrierSent { .. }
            | Fact::BarrierProcessed { .. }
            | Fact::Persisted { .. }
            | Fact::Waits { .. }
            | Fact::AsyncPhaseBegan { .. }
            | Fact::UploadBegan { .. }
            | Fact::File { .. }
            | Fact::SnapshotStarted { .. }
            | Fact::SyncPhaseEnded { .. }
            | Fact::AsyncPhaseEnded { .. } => {}
        }
    }
}
