//! Checkpoint statistics in exactly the shape of Flink's REST API (`flink-semantics` 2.2, 2.3).
//!
//! Whole milliseconds and bytes, as Flink rounds them; timestamps count from the start of the simulated job. So one reader
//! serves a simulated run, a recorded run, and a live cluster.

use serde_json::{Map, Value, json};

use crate::measure::checkpoint::{CheckpointKind, CheckpointRecord, Outcome, SubtaskRecord};
use crate::measure::rest::statistics::statistics;
use crate::units::SimTime;

mod statistics;

/// `GET /jobs/:jobid/checkpoints`. `preflight` = requests that failed before a checkpoint existed: counted, but without
/// a history entry. `retained` = `execution.checkpointing.num-retained`. The history is complete, newest first.
pub fn checkpoints(records: &[CheckpointRecord], preflight: u64, retained: usize) -> Value {
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
        statistics(completed.iter().map(|record| read(record)), true)
    };
    let kept = kept(&completed, retained);
    let entry = |record: &CheckpointRecord| history_entry(record, record.id < kept);
    let latest = |wanted: &dyn Fn(&CheckpointRecord) -> bool| {
        records
            .iter()
            .rev()
            .find(|record| wanted(record))
            .map_or(Value::Null, entry)
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
            "end_to_end_duration": summary(&|record| duration_millis(record).unwrap_or(0)),
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
        "history": records.iter().rev().map(entry).collect::<Vec<_>>(),
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

/// Id of the oldest checkpoint that newer ones have not replaced; savepoints belong to the user and replace none.
fn kept(completed: &[&CheckpointRecord], retained: usize) -> u64 {
    let mut checkpoints = completed
        .iter()
        .rev()
        .filter(|record| record.kind == CheckpointKind::Checkpoint);
    checkpoints
        .nth(retained.saturating_sub(1))
        .map_or(0, |record| record.id)
}

/// Trigger to last ack or failure; `None` without any ack.
fn duration_millis(record: &CheckpointRecord) -> Option<u64> {
    let end = match &record.outcome {
        Outcome::Failed { at, .. } => Some(*at),
        Outcome::Completed { .. } | Outcome::InProgress => {
            record.slowest().map(|(_, _, subtask)| subtask.ack)
        }
    };
    end.map(|end| millis_between(record.trigger, end))
}

/// As the difference of two readings of a clock that counts whole milliseconds, which is how Flink measures it.
fn millis_between(earlier: SimTime, later: SimTime) -> u64 {
    later.as_millis().saturating_sub(earlier.as_millis())
}

/// Flink compares its clock at the first barrier with the barrier's timestamp.
fn start_delay_millis(record: &CheckpointRecord, subtask: &SubtaskRecord) -> u64 {
    millis_between(record.trigger, record.trigger + subtask.start_delay)
}

fn history_entry(record: &CheckpointRecord, replaced: bool) -> Value {
    let latest_ack = record
        .acknowledged()
        .map(|(_, _, subtask)| subtask.ack)
        .max();
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
    let mut entry = json!({
        "className": class,
        "id": record.id,
        "status": status,
        "is_savepoint": savepoint,
        "savepointFormat": null,
        "trigger_timestamp": record.trigger.as_millis(),
        "latest_ack_timestamp": latest_ack.map_or(-1, |ack| ack.as_millis().cast_signed()),
        "checkpointed_size": sum(record, |s| s.checkpointed.get()),
        "state_size": sum(record, |s| s.state_size.get()),
        "end_to_end_duration": duration_millis(record).map_or(-1, u64::cast_signed),
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
            entry["discarded"] = json!(replaced && !savepoint);
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
    let over = |read: &dyn Fn(&SubtaskRecord) -> u64| {
        statistics(acknowledged.iter().map(|subtask| read(subtask)), false)
    };
    let latest = acknowledged.iter().map(|subtask| subtask.ack).max();
    let status = match record.outcome {
        _ if acknowledged.len() == subtasks.len() => "COMPLETED",
        Outcome::Failed { .. } => "FAILED",
        Outcome::Completed { .. } | Outcome::InProgress => "IN_PROGRESS",
    };
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
        "status": status,
        "latest_ack_timestamp": latest.map_or(-1, |ack| ack.as_millis().cast_signed()),
        "checkpointed_size": total(|s| s.checkpointed.get()),
        "state_size": total(|s| s.state_size.get()),
        "end_to_end_duration": latest.map_or(-1, |ack| millis_between(record.trigger, ack).cast_signed()),
        "alignment_buffered": 0,
        "processed_data": total(|s| s.processed.get()),
        "persisted_data": total(|s| s.persisted.get()),
        "num_subtasks": subtasks.len(),
        "num_acknowledged_subtasks": acknowledged.len(),
        "summary": {
            "checkpointed_size": over(&|s| s.checkpointed.get()),
            "state_size": over(&|s| s.state_size.get()),
            "end_to_end_duration": over(&|s| millis_between(record.trigger, s.ack)),
            "checkpoint_duration": {
                "sync": over(&|s| s.sync.as_millis()),
                "async": over(&|s| s.r#async.as_millis()),
            },
            "alignment": {
                "buffered": over(&|_| 0),
                "processed": over(&|s| s.processed.get()),
                "persisted": over(&|s| s.persisted.get()),
                "duration": over(&|s| s.alignment.as_millis()),
            },
            "start_delay": over(&|s| start_delay_millis(record, s)),
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
        "end_to_end_duration": millis_between(record.trigger, subtask.ack),
        "checkpointed_size": subtask.checkpointed.get(),
        "state_size": subtask.state_size.get(),
        "checkpoint": { "sync": subtask.sync.as_millis(), "async": subtask.r#async.as_millis() },
        "alignment": {
            "buffered": 0,
            "processed": subtask.processed.get(),
            "persisted": subtask.persisted.get(),
            "duration": subtask.alignment.as_millis(),
        },
        "start_delay": start_delay_millis(record, subtask),
        "unaligned_checkpoint": subtask.unaligned,
        "aborted": false,
    })
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
    use crate::units::SimDuration;

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
        let answer = checkpoints(&[record()], 1, 1);
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
            1,
        );
        assert_eq!(answer["history"][0]["end_to_end_duration"], 3_000);
        assert_eq!(
            answer["latest"]["failed"]["failure_message"],
            "Checkpoint expired before completing."
        );
    }

    #[test]
    fn a_checkpoint_is_discarded_when_enough_newer_ones_have_completed() {
        let records: Vec<CheckpointRecord> = (1..=4)
            .map(|id| CheckpointRecord { id, ..record() })
            .collect();
        let answer = checkpoints(&records, 0, 3);
        let discarded = |index: usize| answer["history"][index]["discarded"].as_bool();
        assert_eq!(answer["history"][3]["id"], 1);
        assert_eq!(
            [discarded(0), discarded(2), discarded(3)],
            [false, false, true].map(Some)
        );
    }

    #[test]
    fn durations_are_differences_of_whole_milliseconds() {
        let mut record = record();
        record.trigger = SimTime::ZERO + SimDuration::from_micros(1_000_800);
        let details = details(&record, &["source"]);
        // 0.8 ms + 2.9 ms: the clock has moved from 1000 to 1003.
        assert_eq!(details["source"]["subtasks"][0]["start_delay"], 3);
        assert_eq!(details["source"]["subtasks"][0]["end_to_end_duration"], 250);
    }

    #[test]
    fn a_subtask_that_never_acknowledged_is_pending_or_failed() {
        let mut record = record();
        record.subtasks[0].push(None);
        record.outcome = Outcome::Failed {
            at: at(4_000),
            reason: "Checkpoint expired before completing.".to_owned(),
        };
        let details = details(&record, &["source"]);
        assert_eq!(details["source"]["status"], "FAILED");
        assert_eq!(
            details["source"]["subtasks"][1]["status"],
            "pending_or_failed"
        );
    }
}
