//! Checkpoint statistics in exactly the shape of Flink's REST API (`flink-semantics` 2.2, 2.3).
//!
//! Whole milliseconds and bytes, as Flink rounds them; timestamps count from the start of the simulated job. So one reader
//! serves a simulated run, a recorded run, and a live cluster.

use serde_json::{Map, Value, json};

use crate::measure::checkpoint::{CheckpointKind, CheckpointRecord, Outcome, SubtaskRecord};
use crate::measure::estimate::quantile;
use crate::units::SimDuration;

/// `GET /jobs/:jobid/checkpoints`. `preflight` = requests that failed before a checkpoint existed: counted, but without
/// a history entry. The history is complete, newest first.
pub fn checkpoints(records: &[CheckpointRecord], preflight: u64) -> Value {
    let count = |wanted: fn(&Outcome) -> bool| {
        records
            .iter()
            .filter(|record| wanted(&record.outcome))
            .count() as u64
    };
    let completed: Vec<&CheckpointRecord> = records
        .iter()
        .filter(|record| record.end_to_end().is_some())
        .collect();
    let summary = |read: &dyn Fn(&CheckpointRecord) -> u64| {
        let values: Vec<f64> = completed.iter().map(|record| read(record) as f64).collect();
        statistics(&values, true)
    };
    let latest = |wanted: &dyn Fn(&CheckpointRecord) -> bool| {
        records
            .iter()
            .rev()
            .find(|record| wanted(record))
            .map_or(Value::Null, history_entry)
    };
    let is = |kind| {
        move |record: &CheckpointRecord| record.end_to_end().is_some() && record.kind == kind
    };
    json!({
        "counts": {
            "restored": 0,
            "total": records.len() as u64 + preflight,
            "in_progress": count(|outcome| *outcome == Outcome::InProgress),
            "completed": completed.len(),
            "failed": count(|outcome| matches!(outcome, Outcome::Failed { .. })) + preflight,
        },
        "summary": {
            "checkpointed_size": summary(&|record| sum(record, |s| s.checkpointed.get())),
            "state_size": summary(&|record| sum(record, |s| s.state_size.get())),
            "end_to_end_duration": summary(&|record| record.end_to_end().map_or(0, SimDuration::as_millis)),
            "alignment_buffered": summary(&|_| 0),
            "processed_data": summary(&|record| sum(record, |s| s.processed.get())),
            "persisted_data": summary(&|record| sum(record, |s| s.persisted.get())),
        },
        "latest": {
            "completed": latest(&is(CheckpointKind::Checkpoint)),
            "savepoint": latest(&is(CheckpointKind::Savepoint)),
            "failed": latest(&|record| matches!(record.outcome, Outcome::Failed { .. })),
            "restored": null,
        },
        "history": records.iter().rev().map(history_entry).collect::<Vec<_>>(),
    })
}

/// `GET …/checkpoints/details/:checkpointid/subtasks/:vertexid` for every vertex of one checkpoint, by vertex name.
pub fn details(record: &CheckpointRecord, vertices: &[&str]) -> Value {
    let by_vertex: Map<String, Value> = vertices
        .iter()
        .zip(&record.subtasks)
        .map(|(name, subtasks)| ((*name).to_owned(), vertex_details(record, subtasks)))
        .collect();
    Value::Object(by_vertex)
}

fn history_entry(record: &CheckpointRecord) -> Value {
    let latest_ack = record
        .acknowledged()
        .map(|(_, _, subtask)| subtask.ack)
        .max();
    let trigger = record.trigger.as_millis();
    let unaligned = record
        .acknowledged()
        .any(|(_, _, subtask)| subtask.unaligned);
    let savepoint = record.kind == CheckpointKind::Savepoint;
    let kind = if savepoint {
        "SAVEPOINT"
    } else if unaligned {
        "UNALIGNED_CHECKPOINT"
    } else {
        "CHECKPOINT"
    };
    let (class, status) = match record.outcome {
        Outcome::Completed { .. } => ("completed", "COMPLETED"),
        Outcome::Failed { .. } => ("failed", "FAILED"),
        Outcome::InProgress => ("in_progress", "IN_PROGRESS"),
    };
    let duration = match &record.outcome {
        Outcome::Failed { at, .. } => Some(at.as_millis() - trigger),
        Outcome::Completed { .. } | Outcome::InProgress => {
            latest_ack.map(|ack| ack.as_millis() - trigger)
        }
    };
    let mut entry = json!({
        "className": class,
        "id": record.id,
        "status": status,
        "is_savepoint": savepoint,
        "savepointFormat": null,
        "trigger_timestamp": trigger,
        "latest_ack_timestamp": latest_ack.map_or(-1, |ack| ack.as_millis().cast_signed()),
        "checkpointed_size": sum(record, |s| s.checkpointed.get()),
        "state_size": sum(record, |s| s.state_size.get()),
        "end_to_end_duration": duration.map_or(-1, |millis| millis.cast_signed()),
        "alignment_buffered": 0,
        "processed_data": sum(record, |s| s.processed.get()),
        "persisted_data": sum(record, |s| s.persisted.get()),
        "num_subtasks": record.subtasks.iter().map(Vec::len).sum::<usize>(),
        "num_acknowledged_subtasks": record.acknowledged().count(),
        "checkpoint_type": kind,
        "tasks": {},
    });
    match &record.outcome {
        Outcome::Completed { .. } => {
            entry["external_path"] = json!(format!("chk-{}", record.id));
            entry["discarded"] = json!(false);
        }
        Outcome::Failed { at, reason } => {
            entry["failure_timestamp"] = json!(at.as_millis());
            entry["failure_message"] = json!(reason);
        }
        Outcome::InProgress => {}
    }
    entry
}

fn vertex_details(record: &CheckpointRecord, subtasks: &[Option<SubtaskRecord>]) -> Value {
    let acknowledged: Vec<&SubtaskRecord> = subtasks.iter().flatten().collect();
    let duration =
        |subtask: &SubtaskRecord| (subtask.ack.as_millis() - record.trigger.as_millis()) as f64;
    let over = |read: &dyn Fn(&SubtaskRecord) -> f64| {
        let values: Vec<f64> = acknowledged.iter().map(|subtask| read(subtask)).collect();
        statistics(&values, false)
    };
    let latest = acknowledged.iter().map(|subtask| subtask.ack).max();
    let all = acknowledged.len() == subtasks.len();
    let rows: Vec<Value> = subtasks
        .iter()
        .enumerate()
        .map(|(index, subtask)| row(record, index, subtask.as_ref()))
        .collect();
    let total = |read: fn(&SubtaskRecord) -> u64| {
        acknowledged
            .iter()
            .map(|subtask| read(subtask))
            .sum::<u64>()
    };
    json!({
        "id": record.id,
        "status": if all { "COMPLETED" } else { "IN_PROGRESS" },
        "latest_ack_timestamp": latest.map_or(-1, |ack| ack.as_millis().cast_signed()),
        "checkpointed_size": total(|s| s.checkpointed.get()),
        "state_size": total(|s| s.state_size.get()),
        "end_to_end_duration": latest.map_or(-1, |ack| (ack.as_millis() - record.trigger.as_millis()).cast_signed()),
        "alignment_buffered": 0,
        "processed_data": total(|s| s.processed.get()),
        "persisted_data": total(|s| s.persisted.get()),
        "num_subtasks": subtasks.len(),
        "num_acknowledged_subtasks": acknowledged.len(),
        "summary": {
            "checkpointed_size": over(&|s| s.checkpointed.as_f64()),
            "state_size": over(&|s| s.state_size.as_f64()),
            "end_to_end_duration": over(&duration),
            "checkpoint_duration": {
                "sync": over(&|s| s.sync.as_millis() as f64),
                "async": over(&|s| s.r#async.as_millis() as f64),
            },
            "alignment": {
                "buffered": over(&|_| 0.0),
                "processed": over(&|s| s.processed.as_f64()),
                "persisted": over(&|s| s.persisted.as_f64()),
                "duration": over(&|s| s.alignment.as_millis() as f64),
            },
            "start_delay": over(&|s| s.start_delay.as_millis() as f64),
        },
        "subtasks": rows,
    })
}

fn row(record: &CheckpointRecord, index: usize, subtask: Option<&SubtaskRecord>) -> Value {
    let Some(subtask) = subtask else {
        return json!({ "className": "pending", "index": index, "status": "pending_or_failed" });
    };
    json!({
        "className": "completed",
        "index": index,
        "status": "completed",
        "ack_timestamp": subtask.ack.as_millis(),
        "end_to_end_duration": subtask.ack.as_millis() - record.trigger.as_millis(),
        "checkpointed_size": subtask.checkpointed.get(),
        "state_size": subtask.state_size.get(),
        "checkpoint": { "sync": subtask.sync.as_millis(), "async": subtask.r#async.as_millis() },
        "alignment": {
            "buffered": 0,
            "processed": subtask.processed.get(),
            "persisted": subtask.persisted.get(),
            "duration": subtask.alignment.as_millis(),
        },
        "start_delay": subtask.start_delay.as_millis(),
        "unaligned_checkpoint": subtask.unaligned,
        "aborted": false,
    })
}

/// Flink's statistics object. Subtask summaries have no quantiles: Flink writes the string `"NaN"` there.
fn statistics(values: &[f64], quantiles: bool) -> Value {
    let mut object = Map::new();
    let least = values.iter().copied().reduce(f64::min).unwrap_or(0.0);
    let most = values.iter().copied().reduce(f64::max).unwrap_or(0.0);
    let mean = if values.is_empty() {
        0.0
    } else {
        values.iter().sum::<f64>() / values.len() as f64
    };
    object.insert("min".to_owned(), json!(least as u64));
    object.insert("max".to_owned(), json!(most as u64));
    object.insert("avg".to_owned(), json!(mean as u64));
    for (name, q) in [
        ("p50", 0.5),
        ("p90", 0.9),
        ("p95", 0.95),
        ("p99", 0.99),
        ("p999", 0.999),
    ] {
        let value = quantile(values, q)
            .filter(|_| quantiles)
            .map_or(json!("NaN"), |value| json!(value));
        object.insert(name.to_owned(), value);
    }
    Value::Object(object)
}

fn sum(record: &CheckpointRecord, read: fn(&SubtaskRecord) -> u64) -> u64 {
    record
        .acknowledged()
        .map(|(_, _, subtask)| read(subtask))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{SimDuration, SimTime};

    fn at(millis: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_millis(millis)
    }

    fn record() -> CheckpointRecord {
        let subtask = SubtaskRecord {
            ack: at(1_250),
            start_delay: SimDuration::from_micros(2_900),
            ..SubtaskRecord::default()
        };
        CheckpointRecord {
            id: 1,
            kind: CheckpointKind::Checkpoint,
            trigger: at(1_000),
            outcome: Outcome::Completed {
                latest_ack: at(1_250),
                durable: at(1_300),
            },
            subtasks: vec![vec![Some(subtask)]],
        }
    }

    #[test]
    fn the_duration_ends_with_the_last_ack_and_milliseconds_are_whole() {
        let answer = checkpoints(&[record()], 1);
        assert_eq!(answer["history"][0]["end_to_end_duration"], 250);
        assert_eq!(answer["counts"]["failed"], 1);
        assert_eq!(answer["counts"]["total"], 2);
        let details = details(&record(), &["source"]);
        assert_eq!(details["source"]["subtasks"][0]["start_delay"], 2);
        assert_eq!(details["source"]["summary"]["start_delay"]["p50"], "NaN");
    }

    #[test]
    fn an_expired_checkpoint_lasts_until_its_failure() {
        let failed = Outcome::Failed {
            at: at(4_000),
            reason: "Checkpoint expired before completing.".to_owned(),
        };
        let answer = checkpoints(
            &[CheckpointRecord {
                outcome: failed,
                ..record()
            }],
            0,
        );
        assert_eq!(answer["history"][0]["end_to_end_duration"], 3_000);
        assert_eq!(
            answer["latest"]["failed"]["failure_message"],
            "Checkpoint expired before completing."
        );
    }
}
