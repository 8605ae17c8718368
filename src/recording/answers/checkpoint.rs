//! Completed checkpoints, subtask by subtask.

use serde_json::Value;

use crate::recording::answers::number::{at, list};

/// A completed checkpoint (savepoints are none).
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// Flink's number of it.
    pub id: u64,
    /// Trigger timestamp.
    pub trigger_ms: f64,
    /// What every subtask persisted, by position of the vertex in [`crate::recording::Answers::vertices`].
    pub vertices: Vec<Vec<Snapshot>>,
}

/// What one subtask persisted.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot {
    /// Which subtask.
    pub subtask: usize,
    /// Newly persisted state, channel state left out.
    pub checkpointed: f64,
    /// Full size, channel state left out.
    pub state: f64,
    /// Sync phase.
    pub sync_ms: f64,
    /// Async phase.
    pub async_ms: f64,
    /// Whether its async phase also waited for barriers and wrote channel state.
    pub unaligned: bool,
}

/// Reads the answers of `checkpoints/details/:id` and `.../subtasks/:vertexid`; `None` if it is not completed.
pub fn read<'a>(
    detail: &Value,
    subtasks_of: impl Iterator<Item = Option<&'a Value>>,
) -> Option<Checkpoint> {
    let completed = detail.get("status")?.as_str()? == "COMPLETED";
    let savepoint = detail.get("is_savepoint").and_then(Value::as_bool) == Some(true);
    if !completed || savepoint {
        return None;
    }
    Some(Checkpoint {
        id: at(detail, &["id"])? as u64,
        trigger_ms: at(detail, &["trigger_timestamp"])?,
        vertices: subtasks_of
            .map(|answer| answer.map_or_else(Vec::new, snapshots))
            .collect(),
    })
}

fn snapshots(answer: &Value) -> Vec<Snapshot> {
    list(answer, "subtasks")
        .iter()
        .filter_map(|subtask| {
            let persisted = at(subtask, &["alignment", "persisted"]).unwrap_or(0.0);
            Some(Snapshot {
                subtask: at(subtask, &["index"])? as usize,
                checkpointed: (at(subtask, &["checkpointed_size"])? - persisted).max(0.0),
                state: (at(subtask, &["state_size"])? - persisted).max(0.0),
                sync_ms: at(subtask, &["checkpoint", "sync"])?,
                async_ms: at(subtask, &["checkpoint", "async"])?,
                unaligned: subtask.get("unaligned_checkpoint").and_then(Value::as_bool)
                    == Some(true),
            })
        })
        .collect()
}
