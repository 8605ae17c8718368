//! The checkpoints of a real job as Flink's REST API tells them, in the form in which those of a simulation are: what looks
//! at one looks at the other.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::measure::{CheckpointKind, CheckpointRecord, Outcome, SubtaskRecord};
use crate::model::observe::FailureReason;
use crate::recording::answers::number::{at, list, text};
use crate::recording::answers::{Answers, Files};
use crate::recording::file::{Recording, RecordingError};
use crate::units::{Bytes, SimDuration, SimTime};

/// A job and its checkpoints.
#[derive(Clone, Debug)]
pub struct Real {
    /// Name of the job.
    pub job: String,
    /// Vertices, producers first.
    pub vertices: Vec<RealVertex>,
    /// Those whose details are known, by id. Their clock begins with the first trigger.
    pub checkpoints: Vec<CheckpointRecord>,
}

/// A vertex of a job.
#[derive(Clone, Debug)]
pub struct RealVertex {
    /// Its name, short and unique.
    pub name: String,
    /// Position of every producer, and how records are distributed.
    pub inputs: Vec<(usize, &'static str)>,
    /// TaskManager of every subtask, where it is known.
    pub hosts: Vec<Option<String>>,
}

impl Real {
    /// From saved or live answers.
    pub fn of_files(files: &Files, answers: &Answers) -> Real {
        let details = files.checkpoints().into_iter().map(|id| {
            let subtasks = |vertex: &str| files.get(&format!("checkpoints/{id}/{vertex}"));
            checkpoint(
                files.get(&format!("checkpoints/{id}")),
                &ids(answers),
                subtasks,
            )
        });
        Real::of(answers, details)
    }

    /// From a recording.
    ///
    /// # Errors
    /// If there is no usable job plan in it.
    pub fn of_recording(recording: &Recording) -> Result<Real, RecordingError> {
        let answers = Answers::of_recording(recording)?;
        let history: BTreeMap<u64, &Value> = list(&recording.rest.checkpoints, "history")
            .iter()
            .filter_map(|entry| Some((at(entry, &["id"])? as u64, entry)))
            .collect();
        let ids = ids(&answers);
        let details = recording
            .rest
            .checkpoint_details
            .iter()
            .map(|(id, details)| {
                let of_history = id.parse().ok().and_then(|id: u64| history.get(&id));
                let detail = match &details.detail {
                    Value::Null => of_history.copied().unwrap_or(&Value::Null),
                    detail => detail,
                };
                checkpoint(detail, &ids, |vertex| {
                    details.subtasks.get(vertex).unwrap_or(&Value::Null)
                })
            });
        Ok(Real::of(&answers, details))
    }

    fn of(answers: &Answers, found: impl Iterator<Item = Option<Read>>) -> Real {
        let found: Vec<Read> = found.flatten().collect();
        let origin = found
            .iter()
            .map(|one| one.trigger_ms)
            .fold(f64::INFINITY, f64::min);
        let mut checkpoints: Vec<CheckpointRecord> =
            found.into_iter().map(|one| one.since(origin)).collect();
        checkpoints.sort_by_key(|record| record.id);
        let vertices = answers.vertices.iter().map(|vertex| RealVertex {
            name: vertex.node.name.clone(),
            inputs: vertex.node.inputs.clone(),
            hosts: vertex
                .subtasks
                .iter()
                .map(|one| one.taskmanager.clone())
                .collect(),
        });
        Real {
            job: answers.job.clone(),
            vertices: vertices.collect(),
            checkpoints,
        }
    }
}

fn ids(answers: &Answers) -> Vec<(String, usize)> {
    let vertices = answers.vertices.iter();
    vertices
        .map(|vertex| (vertex.node.id.clone(), vertex.node.parallelism))
        .collect()
}

/// A checkpoint, on the clock of the answers (ms since 1970).
struct Read {
    id: u64,
    kind: CheckpointKind,
    trigger_ms: f64,
    end: End,
    subtasks: Vec<Vec<Option<Acknowledged>>>,
}

enum End {
    Completed { latest_ack_ms: f64 },
    Failed { at_ms: f64, reason: String },
    InProgress,
}

struct Acknowledged {
    ack_ms: f64,
    record: SubtaskRecord,
}

fn checkpoint<'a>(
    detail: &Value,
    vertices: &[(String, usize)],
    subtasks_of: impl Fn(&str) -> &'a Value,
) -> Option<Read> {
    let trigger_ms = at(detail, &["trigger_timestamp"])?;
    let status = text(detail, "status")?;
    let end = match status.as_str() {
        "COMPLETED" => End::Completed {
            latest_ack_ms: at(detail, &["latest_ack_timestamp"])
                .or_else(|| Some(trigger_ms + at(detail, &["end_to_end_duration"])?))?,
        },
        "FAILED" => End::Failed {
            at_ms: at(detail, &["failure_timestamp"])?,
            reason: failure(&text(detail, "failure_message").unwrap_or_default()),
        },
        _ => End::InProgress,
    };
    let of_vertex = |(id, parallelism): &(String, usize)| {
        let mut all: Vec<Option<Acknowledged>> = (0..*parallelism).map(|_| None).collect();
        for answer in list(subtasks_of(id), "subtasks") {
            let index = at(answer, &["index"]).map_or(usize::MAX, |index| index as usize);
            if let Some(slot) = all.get_mut(index) {
                *slot = acknowledged(answer, trigger_ms);
            }
        }
        all
    };
    let is_savepoint = detail.get("is_savepoint").and_then(Value::as_bool) == Some(true);
    Some(Read {
        id: at(detail, &["id"])? as u64,
        kind: if is_savepoint {
            CheckpointKind::Savepoint
        } else {
            CheckpointKind::Checkpoint
        },
        trigger_ms,
        end,
        subtasks: vertices.iter().map(of_vertex).collect(),
    })
}

/// Flink's words for a checkpoint that expired, whatever surrounds them.
fn failure(message: &str) -> String {
    let expired = FailureReason::Expired.message();
    if message.contains(expired.trim_end_matches('.')) {
        expired.to_owned()
    } else {
        message.to_owned()
    }
}

fn acknowledged(answer: &Value, trigger_ms: f64) -> Option<Acknowledged> {
    let duration = |path: &[&str]| at(answer, path).map(span).unwrap_or_default();
    let bytes = |path: &[&str]| Bytes::new(at(answer, path).unwrap_or(0.0) as u64);
    let ack_ms = at(answer, &["ack_timestamp"])
        .or_else(|| Some(trigger_ms + at(answer, &["end_to_end_duration"])?))?;
    // One that never acknowledged has no phases.
    at(answer, &["checkpoint", "sync"])?;
    let state_size = bytes(&["state_size"]);
    Some(Acknowledged {
        ack_ms: ack_ms.max(trigger_ms),
        record: SubtaskRecord {
            ack: SimTime::ZERO,
            start_delay: duration(&["start_delay"]),
            alignment: duration(&["alignment", "duration"]),
            sync: duration(&["checkpoint", "sync"]),
            r#async: duration(&["checkpoint", "async"]),
            checkpointed: at(answer, &["checkpointed_size"])
                .map_or(state_size, |size| Bytes::new(size as u64)),
            state_size,
            processed: bytes(&["alignment", "processed"]),
            persisted: bytes(&["alignment", "persisted"]),
            unaligned: answer.get("unaligned_checkpoint").and_then(Value::as_bool) == Some(true),
        },
    })
}

fn span(ms: f64) -> SimDuration {
    SimDuration::from_secs_f64(ms / 1000.0)
}

impl Read {
    /// On a clock that begins at this instant.
    fn since(self, origin_ms: f64) -> CheckpointRecord {
        let instant = |ms: f64| SimTime::ZERO + span((ms - origin_ms).max(0.0));
        let subtasks = self.subtasks.into_iter().map(|vertex| {
            let all = vertex.into_iter().map(|one| {
                one.map(|one| SubtaskRecord {
                    ack: instant(one.ack_ms),
                    ..one.record
                })
            });
            all.collect()
        });
        CheckpointRecord {
            id: self.id,
            kind: self.kind,
            trigger: instant(self.trigger_ms),
            subtasks: subtasks.collect(),
            outcome: match self.end {
                End::Completed { latest_ack_ms } => Outcome::Completed {
                    latest_ack: instant(latest_ack_ms),
                    durable: instant(latest_ack_ms),
                },
                End::Failed { at_ms, reason } => Outcome::Failed {
                    at: instant(at_ms),
                    reason,
                },
                End::InProgress => Outcome::InProgress,
            },
        }
    }
}
