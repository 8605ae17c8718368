//! One row per checkpoint and subtask: what CSV and Parquet have in common.
//!
//! Names carry their units; instants count from the start of the simulated job. Milliseconds have decimals, because
//! Flink's rounding hides what a simulator knows.

use crate::experiment::run_document::RunDocument;
use crate::measure::{CheckpointKind, CheckpointRecord, Outcome, SubtaskRecord};
use crate::units::{SimDuration, SimTime};

/// The cells of a column, one per row; `None` = no value.
#[derive(Clone, Debug, PartialEq)]
pub enum Cells {
    /// Words.
    Text(Vec<Option<String>>),
    /// Counts, ids and bytes.
    Whole(Vec<Option<u64>>),
    /// Milliseconds.
    Decimal(Vec<Option<f64>>),
    /// Yes or no.
    Flag(Vec<Option<bool>>),
}

impl Cells {
    /// Number of rows.
    pub fn count(&self) -> usize {
        match self {
            Cells::Text(cells) => cells.len(),
            Cells::Whole(cells) => cells.len(),
            Cells::Decimal(cells) => cells.len(),
            Cells::Flag(cells) => cells.len(),
        }
    }
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Name with unit.
    pub name: &'static str,
    /// Its cells.
    pub cells: Cells,
}

/// A row: the subtask's own figures are missing where no ack came.
struct Row<'r> {
    checkpoint: &'r CheckpointRecord,
    vertex: &'r str,
    subtask: usize,
    record: Option<&'r SubtaskRecord>,
}

/// All columns, each with as many cells as there are checkpoints times subtasks.
pub fn columns(run: &RunDocument) -> Vec<Column> {
    let rows = rows(run);
    let text = |name, read: &dyn Fn(&Row) -> Option<String>| Column {
        name,
        cells: Cells::Text(rows.iter().map(read).collect()),
    };
    let whole = |name, read: &dyn Fn(&Row) -> Option<u64>| Column {
        name,
        cells: Cells::Whole(rows.iter().map(read).collect()),
    };
    let decimal = |name, read: &dyn Fn(&Row) -> Option<f64>| Column {
        name,
        cells: Cells::Decimal(rows.iter().map(read).collect()),
    };
    let of = |name, read: fn(&SubtaskRecord) -> SimDuration| {
        decimal(name, &move |row| Some(read(row.record?).as_millis_f64()))
    };
    let bytes =
        |name, read: fn(&SubtaskRecord) -> u64| whole(name, &move |row| row.record.map(read));
    vec![
        whole("checkpoint_id", &|row| Some(row.checkpoint.id)),
        text("checkpoint_type", &|row| {
            Some(kind(row.checkpoint).to_owned())
        }),
        text("status", &|row| Some(status(row.checkpoint).to_owned())),
        text("failure_message", &|row| failure(row.checkpoint)),
        decimal("trigger_ms", &|row| Some(millis(row.checkpoint.trigger))),
        decimal("latest_ack_ms", &|row| {
            let latest = row.checkpoint.slowest()?.2.ack;
            Some(millis(latest))
        }),
        decimal("durable_ms", &|row| match row.checkpoint.outcome {
            Outcome::Completed { durable, .. } => Some(millis(durable)),
            Outcome::Failed { .. } | Outcome::InProgress => None,
        }),
        decimal("checkpoint_end_to_end_duration_ms", &|row| {
            Some(row.checkpoint.end_to_end()?.as_millis_f64())
        }),
        text("vertex", &|row| Some(row.vertex.to_owned())),
        whole("subtask", &|row| Some(row.subtask as u64)),
        decimal("ack_ms", &|row| Some(millis(row.record?.ack))),
        decimal("end_to_end_duration_ms", &|row| {
            Some(
                row.record?
                    .ack
                    .since(row.checkpoint.trigger)
                    .as_millis_f64(),
            )
        }),
        of("start_delay_ms", |record| record.start_delay),
        of("alignment_duration_ms", |record| record.alignment),
        of("sync_duration_ms", |record| record.sync),
        of("async_duration_ms", |record| record.r#async),
        bytes("checkpointed_size_bytes", |record| {
            record.checkpointed.get()
        }),
        bytes("state_size_bytes", |record| record.state_size.get()),
        bytes("processed_bytes", |record| record.processed.get()),
        bytes("persisted_bytes", |record| record.persisted.get()),
        Column {
            name: "unaligned",
            cells: Cells::Flag(rows.iter().map(|row| Some(row.record?.unaligned)).collect()),
        },
    ]
}

fn rows(run: &RunDocument) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for checkpoint in &run.result.checkpoints {
        for (vertex, subtasks) in run.result.vertices.iter().zip(&checkpoint.subtasks) {
            rows.extend(subtasks.iter().enumerate().map(|(subtask, record)| Row {
                checkpoint,
                vertex: &vertex.name,
                subtask,
                record: record.as_ref(),
            }));
        }
    }
    rows
}

fn millis(at: SimTime) -> f64 {
    at.since(SimTime::ZERO).as_millis_f64()
}

/// Flink's word for the kind.
pub fn kind(checkpoint: &CheckpointRecord) -> &'static str {
    match checkpoint.kind {
        CheckpointKind::Checkpoint => "CHECKPOINT",
        CheckpointKind::Savepoint => "SAVEPOINT",
    }
}

/// Flink's word for the outcome.
pub fn status(checkpoint: &CheckpointRecord) -> &'static str {
    match checkpoint.outcome {
        Outcome::Completed { .. } => "COMPLETED",
        Outcome::Failed { .. } => "FAILED",
        Outcome::InProgress => "IN_PROGRESS",
    }
}

fn failure(checkpoint: &CheckpointRecord) -> Option<String> {
    match &checkpoint.outcome {
        Outcome::Failed { reason, .. } => Some(reason.clone()),
        Outcome::Completed { .. } | Outcome::InProgress => None,
    }
}
