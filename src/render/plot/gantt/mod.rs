//! Picture: one checkpoint by subtask, in the order in which a barrier lives it.
//!
//! Order, colours and the rule for stragglers are those of the checkpoint timeline in Flink's web UI.

mod rows;

use crate::experiment::RunResult;

use crate::measure::{CheckpointKind, CheckpointRecord, Outcome, SubtaskRecord, straggler};
use crate::render::number::Unit;
use crate::render::plot::Picture;
use crate::render::plot::chart::{Axis, Cell, Chart, KeyEntry, Mark, Name, Note, Panel, Swatch};
use crate::render::plot::gantt::rows::{Row, rows};
use crate::render::plot::grid::brief;
use crate::render::plot::origin::Origin;
use crate::render::plot::span::Span;
use crate::render::plot::style::Paint;
use crate::render::sheet::{self, Sheet};
use crate::units::{SimDuration, SimTime};

/// The completed checkpoint after warm-up that took longest.
pub fn slowest(run: &RunResult) -> Option<u64> {
    let completed = run
        .checkpoints
        .iter()
        .filter(|checkpoint| checkpoint.end_to_end().is_some());
    let slow = |checkpoint: &&CheckpointRecord| {
        (checkpoint.trigger >= run.warmup, checkpoint.end_to_end())
    };
    completed.max_by_key(slow).map(|checkpoint| checkpoint.id)
}

/// Checkpoint `id` by subtask; `None` if there is no such checkpoint or no subtask acknowledged it.
pub fn picture(run: &RunResult, id: u64, origin: &Origin) -> Option<Picture> {
    let checkpoint = run
        .checkpoints
        .iter()
        .find(|checkpoint| checkpoint.id == id)?;
    let limit = straggler::threshold(checkpoint)?;
    let rows = rows(run, checkpoint);
    let longest = checkpoint
        .acknowledged()
        .map(|(_, _, record)| total(checkpoint.trigger, record))
        .fold(0.0, f64::max);
    let span = Span::linear(0.0, longest.max(1e-9));
    let height = rows.len() as f64;
    let (mut marks, mut names, mut margin) = (Vec::new(), Vec::new(), Vec::new());
    for (index, row) in rows.iter().enumerate() {
        let middle = height - index as f64 - 0.5;
        match row {
            Row::Vertex(name) => names.push(Name {
                at: middle,
                text: name.clone(),
                strong: true,
            }),
            Row::Bar((subtask, record)) => {
                names.push(Name {
                    at: middle,
                    text: format!("#{subtask}"),
                    strong: false,
                });
                marks.extend(bar(checkpoint.trigger, record, middle, limit));
                let size = record.checkpointed.as_f64();
                let total = total(checkpoint.trigger, record);
                margin.push((
                    middle,
                    format!("{} · {}", Unit::Time.text(total), Unit::Bytes.text(size)),
                ));
            }
            Row::Folded(text) => {
                let (at, text) = ((0.0, middle), text.clone());
                marks.push(Mark::Note(Note {
                    at,
                    text,
                    paint: Paint::Grey,
                }));
            }
        }
    }
    let chart = Chart {
        title: finding(run, checkpoint),
        subtitle: subtitle(run, checkpoint, origin),
        footer: origin.footer(),
        height: (180.0 + 22.0 * height.max(6.0)) as u32,
        key: key(checkpoint, limit),
        panels: vec![Panel {
            heading: String::new(),
            weight: 1.0,
            x: Axis::round("Time since the trigger", Unit::Time, span),
            y: Axis::named("", Span::linear(0.0, height), names),
            marks,
            margin,
        }],
    };
    Some(Picture {
        name: format!("checkpoint-{id}"),
        chart,
        data: data(run, checkpoint),
    })
}

/// Trigger to ack, in seconds.
fn total(trigger: SimTime, record: &SubtaskRecord) -> f64 {
    record.ack.since(trigger).as_secs_f64()
}

fn vertex_name(run: &RunResult, vertex: usize) -> String {
    run.vertices
        .get(vertex)
        .map_or_else(|| format!("vertex {vertex}"), |vertex| vertex.name.clone())
}

/// The phases of one subtask. Aligned: one after the other. Unaligned: alignment runs beside the snapshot, which began
/// with the first barrier, so it takes the upper half of the bar.
fn bar(trigger: SimTime, record: &SubtaskRecord, middle: f64, limit: f64) -> Vec<Mark> {
    let [start, alignment, sync, asynchronous] = [
        record.start_delay,
        record.alignment,
        record.sync,
        record.r#async,
    ]
    .map(SimDuration::as_secs_f64);
    let end = total(trigger, record);
    let (low, high) = (middle - 0.36, middle + 0.36);
    let aligned = start + alignment;
    let snapshot = if record.unaligned {
        began(start, aligned, end - sync - asynchronous)
    } else {
        aligned
    };
    let under = if record.unaligned && alignment > 0.0 {
        middle
    } else {
        high
    };
    let phases = [
        (Paint::StartDelay, (0.0, start), (low, high), 1.0),
        (
            Paint::Alignment,
            (start, aligned),
            (if record.unaligned { middle } else { low }, high),
            opacity(record),
        ),
        (Paint::Sync, (snapshot, snapshot + sync), (low, under), 1.0),
        (
            Paint::Async,
            (snapshot + sync, snapshot + sync + asynchronous),
            (low, under),
            1.0,
        ),
        (
            Paint::Ack,
            ((snapshot + sync + asynchronous).max(aligned), end),
            thin(low, under),
            1.0,
        ),
    ];
    let cells = phases.into_iter().filter(|(_, (from, to), _, _)| to > from);
    let mut marks: Vec<Mark> = cells
        .map(|(paint, x, y, opacity)| {
            Mark::Cell(Cell {
                opacity,
                ..Cell::filled(x, y, paint)
            })
        })
        .collect();
    if end >= limit {
        let outline = Cell {
            fill: None,
            outlined: true,
            ..Cell::filled((0.0, end), (low, high), Paint::Ink)
        };
        marks.push(Mark::Cell(outline));
    }
    marks
}

/// The middle quarter of a range.
fn thin(low: f64, high: f64) -> (f64, f64) {
    let eighth = (high - low) / 8.0;
    let middle = f64::midpoint(low, high);
    (middle - eighth, middle + eighth)
}

/// When an unaligned snapshot began. With the first barrier, unless so much time is left before the ack that alignment
/// must have timed out first: then as late as the ack allows.
fn began(first: f64, last: f64, latest: f64) -> f64 {
    let left = latest - first;
    if left <= (0.05 * latest).max(0.05) {
        first
    } else {
        latest.clamp(first, last)
    }
}

fn opacity(record: &SubtaskRecord) -> f64 {
    if record.unaligned { 0.55 } else { 1.0 }
}

fn key(checkpoint: &CheckpointRecord, limit: f64) -> Vec<KeyEntry> {
    let unaligned = checkpoint
        .acknowledged()
        .any(|(_, _, record)| record.unaligned);
    let alignment = if unaligned {
        "alignment (beside the snapshot)"
    } else {
        "alignment"
    };
    let entries = [
        ("start delay", Paint::StartDelay, 1.0),
        (
            alignment,
            Paint::Alignment,
            if unaligned { 0.55 } else { 1.0 },
        ),
        ("sync", Paint::Sync, 1.0),
        ("async", Paint::Async, 1.0),
        ("until the ack", Paint::Ack, 1.0),
    ];
    let mut key: Vec<KeyEntry> = entries
        .into_iter()
        .map(|(label, paint, opacity)| KeyEntry {
            label: label.to_owned(),
            swatch: Swatch::Fill(paint, opacity),
        })
        .collect();
    let trigger = checkpoint.trigger;
    if checkpoint
        .acknowledged()
        .any(|(_, _, record)| total(trigger, record) >= limit)
    {
        let label = format!("straggler: {} or more", Unit::Time.text(limit));
        key.push(KeyEntry {
            label,
            swatch: Swatch::Outlined(Paint::Objective),
        });
    }
    key
}

/// Who was last, and in which phase it spent most of its time.
fn finding(run: &RunResult, checkpoint: &CheckpointRecord) -> String {
    let Some((vertex, subtask, record)) = checkpoint.slowest() else {
        return String::new();
    };
    let phases = [
        ("start delay", record.start_delay),
        ("alignment", record.alignment),
        ("the sync phase", record.sync),
        ("the async phase", record.r#async),
    ];
    let all = total(checkpoint.trigger, record);
    let longest = phases.into_iter().max_by_key(|(_, length)| *length);
    let who = format!("{} #{subtask}", vertex_name(run, vertex));
    let took = Unit::Time.text(all);
    let last = match &checkpoint.outcome {
        Outcome::Completed { .. } => format!("{who} is last after {took}"),
        Outcome::Failed { reason, .. } => {
            format!("Failed ({reason}): the last ack came from {who} after {took}")
        }
        Outcome::InProgress => format!("Unfinished: the last ack came from {who} after {took}"),
    };
    match longest {
        Some((phase, length)) if !length.is_zero() => {
            format!(
                "{last}, {} of it in {phase}",
                Unit::Time.text(length.as_secs_f64())
            )
        }
        _ => last,
    }
}

fn subtitle(run: &RunResult, checkpoint: &CheckpointRecord, origin: &Origin) -> String {
    let kind = match checkpoint.kind {
        CheckpointKind::Checkpoint => "checkpoint",
        CheckpointKind::Savepoint => "savepoint",
    };
    let all: usize = checkpoint.subtasks.iter().map(Vec::len).sum();
    format!(
        "{} · {kind} {} · triggered at {} · acknowledged {}/{all} · replication {}",
        brief(&origin.scenario),
        checkpoint.id,
        Unit::Time.text(checkpoint.trigger.as_secs_f64()),
        checkpoint.acknowledged().count(),
        run.replication
    )
}

fn data(run: &RunResult, checkpoint: &CheckpointRecord) -> Sheet {
    let mut sheet = Sheet::new([
        "vertex",
        "subtask",
        "end_to_end_s",
        "start_delay_s",
        "alignment_s",
        "sync_s",
        "async_s",
        "checkpointed_bytes",
        "persisted_bytes",
        "unaligned",
    ]);
    for (vertex, subtask, record) in checkpoint.acknowledged() {
        let mut row = vec![
            vertex_name(run, vertex),
            subtask.to_string(),
            sheet::cell(total(checkpoint.trigger, record)),
        ];
        for phase in [
            record.start_delay,
            record.alignment,
            record.sync,
            record.r#async,
        ] {
            row.push(sheet::cell(phase.as_secs_f64()));
        }
        row.extend([
            record.checkpointed.get().to_string(),
            record.persisted.get().to_string(),
            record.unaligned.to_string(),
        ]);
        sheet.push(row);
    }
    sheet
}
