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
#[derive(Clone, Copy, Debug, Default)]
pub struct Snapshot {
    /// Which subtask.
    pub subtask: usize,
    /// Newly persisted state, channel state left out.
    pub checkpointed: f64,
    /// Full size, channel state left out. Flink before 1.15 tells one size only, that of what was newly persisted: the full
    /// one, unless checkpoints are incremental (FLINK-25557).
    pub state: f64,
    /// Trigger to first barrier, if it is known.
    pub start_delay_ms: Option<f64>,
    /// Sync phase.
    pub sync_ms: f64,
    /// What no phase shows: the task's own work between the last barrier and the sync phase (a window operator writes its
    /// buffer: `prepareSnapshotPreBarrier`), and the message to the JobManager.
    pub rest_ms: f64,
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

/// Checkpoints of the history alone, whose sizes are of the whole job: divided evenly among the subtasks of the vertices
/// for which `has_state` (by position) is not 0, the number of their subtasks. Their phases are unknown.
pub fn of_history(checkpoints: &Value, has_state: &[usize]) -> Vec<Checkpoint> {
    let subtasks: usize = has_state.iter().sum();
    let share = |entry: &Value, key: &str| Some(at(entry, &[key])? / subtasks as f64);
    let read = list(checkpoints, "history").iter().filter_map(|entry| {
        let state = share(entry, "state_size")?;
        let persisted = share(entry, "persisted_data").unwrap_or(0.0);
        let checkpointed = share(entry, "checkpointed_size").unwrap_or(state);
        let snapshot = |subtask| Snapshot {
            subtask,
            checkpointed: (checkpointed - persisted).max(0.0),
            state: (state - persisted).max(0.0),
            start_delay_ms: None,
            sync_ms: 0.0,
            rest_ms: 0.0,
            async_ms: 0.0,
            unaligned: false,
        };
        let mut checkpoint = self::read(entry, std::iter::empty())?;
        let vertices = has_state.iter();
        checkpoint.vertices = vertices
            .map(|subtasks| (0..*subtasks).map(snapshot).collect())
            .collect();
        Some(checkpoint)
    });
    if subtasks == 0 {
        return Vec::new();
    }
    read.collect()
}

/// Whether the answers tell what was newly persisted from the full size: Flink does since 1.15.
pub fn has_both_sizes(answer: &Value) -> bool {
    let mut subtasks = list(answer, "subtasks").iter();
    let sizes = |subtask: &Value| at(subtask, &["state_size"]).is_some();
    subtasks.all(|subtask| !sizes(subtask) || at(subtask, &["checkpointed_size"]).is_some())
}

fn snapshots(answer: &Value) -> Vec<Snapshot> {
    list(answer, "subtasks")
        .iter()
        .filter_map(|subtask| {
            let persisted = at(subtask, &["alignment", "persisted"]).unwrap_or(0.0);
            let state = at(subtask, &["state_size"])?;
            let checkpointed = at(subtask, &["checkpointed_size"]).unwrap_or(state);
            let unaligned =
                subtask.get("unaligned_checkpoint").and_then(Value::as_bool) == Some(true);
            let sync_ms = at(subtask, &["checkpoint", "sync"])?;
            let async_ms = at(subtask, &["checkpoint", "async"])?;
            let phases = [
                at(subtask, &["start_delay"]),
                at(subtask, &["alignment", "duration"]),
                Some(sync_ms),
                Some(async_ms),
            ];
            let phases: Option<f64> = phases.into_iter().sum();
            let rest_ms = at(subtask, &["end_to_end_duration"])
                .zip(phases)
                .filter(|_| !unaligned)
                .map_or(0.0, |(whole, phases)| (whole - phases).max(0.0));
            Some(Snapshot {
                subtask: at(subtask, &["index"])? as usize,
                checkpointed: (checkpointed - persisted).max(0.0),
                state: (state - persisted).max(0.0),
                start_delay_ms: at(subtask, &["start_delay"]),
                sync_ms,
                rest_ms,
                async_ms,
                unaligned,
            })
        })
        .collect()
}
