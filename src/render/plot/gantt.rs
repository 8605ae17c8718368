//! Picture: one checkpoint by subtask, in the order in which a barrier lives it.
//!
//! Order, colours and the rule for stragglers are those of the checkpoint timeline in Flink's web UI.

mod rows;

use crate::experiment::RunResult;
use crate::measure::{CheckpointKind, CheckpointRecord, Outcome, SubtaskRecord, straggler};
use crate::render::chart::{Axis, Cell, Chart, Colour, KeyEntry, Mark, Name, Panel, Span, Swatch};
use crate::render::number::Unit;
use crate::render::plot::columns::Columns;
use crate::render::plot::gantt::rows::{Row, rows};
use crate::render::plot::origin::brief;
use crate::render::plot::{Draw, Drawing, Example, Kind, role};
use crate::units::{SimDuration, SimTime};

pub const KIND: Kind = Kind {
    name: "checkpoint",
    heading: "The slowest checkpoint",
    caption: "One bar per subtask, from the trigger to its ack. The longest bar decides the duration of the checkpoint, \
              and its longest colour says what to change: start delay and alignment are barriers waiting behind data, \
              sync stops processing, async is the upload.",
    example: Some(Example::Join),
    draw: Draw::Run(slowest),
};

/// The completed checkpoint after warm-up that took longest.
fn slowest(run: &RunResult, scenario: &str) -> Option<Vec<Drawing>> {
    let completed = run.checkpoints.iter();
    let completed = completed.filter(|checkpoint| checkpoint.end_to_end().is_some());
    let slow = |checkpoint: &&CheckpointRecord| {
        (checkpoint.trigger >= run.warmup, checkpoint.end_to_end())
    };
    drawing(run, completed.max_by_key(slow)?, scenario)
}

/// One checkpoint by subtask; `None` if no subtask acknowledged it.
pub fn drawing(
    run: &RunResult,
    checkpoint: &CheckpointRecord,
    scenario: &str,
) -> Option<Vec<Drawing>> {
    let limit = straggler::threshold(checkpoint)?;
    let trigger = checkpoint.trigger;
    let ends = checkpoint
        .acknowledged()
        .map(|(_, _, record)| total(trigger, record));
    let longest = ends.fold(0.0, f64::max);
    let rows = rows(run, checkpoint);
    let height = rows.len() as f64;
    let (mut marks, mut names) = (Vec::new(), Vec::new());
    for (index, row) in rows.into_iter().enumerate() {
        let middle = height - index as f64 - 0.5;
        match row {
            Row::Vertex(name) => names.push(Name::strong(middle, name)),
            Row::Bar((subtask, record)) => {
                names.push(Name::new(middle, format!("#{subtask}")));
                marks.extend(bar(trigger, record, middle, limit));
                let size = Unit::Bytes.text(record.checkpointed.as_f64());
                let time = Unit::Time.text(total(trigger, record));
                marks.push(Mark::Margin(middle, format!("{time} · {size}")));
            }
            Row::Folded(text) => marks.push(Mark::Note((0.0, middle), text)),
        }
    }
    let panel = Panel::new(
        Axis::round(
            "Time since the trigger",
            Unit::Time,
            Span::linear(0.0, longest.max(1e-9)),
        ),
        Axis::named("", Span::linear(0.0, height), names),
        marks,
    );
    let chart = Chart {
        title: finding(run, checkpoint),
        subtitle: subtitle(run, checkpoint, scenario),
        height: (180.0 + 22.0 * height.max(6.0)) as u32,
        key: key(checkpoint, limit),
        panels: vec![panel],
        ..Chart::default()
    };
    let subtasks: Vec<(usize, usize, &SubtaskRecord)> = checkpoint.acknowledged().collect();
    let data = Columns::of(&subtasks)
        .text("vertex", |(vertex, ..)| vertex_name(run, *vertex))
        .text("subtask", |(_, subtask, _)| subtask.to_string())
        .number("end_to_end_s", |row| total(trigger, row.2))
        .number("start_delay_s", |row| row.2.start_delay.as_secs_f64())
        .number("alignment_s", |row| row.2.alignment.as_secs_f64())
        .number("sync_s", |row| row.2.sync.as_secs_f64())
        .number("async_s", |row| row.2.r#async.as_secs_f64())
        .text("checkpointed_bytes", |row| {
            row.2.checkpointed.get().to_string()
        })
        .text("persisted_bytes", |row| row.2.persisted.get().to_string())
        .text("unaligned", |row| row.2.unaligned.to_string());
    Some(vec![Drawing {
        suffix: format!("-{}", checkpoint.id),
        chart,
        data: data.sheet(),
    }])
}

/// Trigger to ack, in seconds.
fn total(trigger: SimTime, record: &SubtaskRecord) -> f64 {
    record.ack.since(trigger).as_secs_f64()
}

fn vertex_name(run: &RunResult, vertex: usize) -> String {
    let known = run.vertices.get(vertex);
    known.map_or_else(|| format!("vertex {vertex}"), |vertex| vertex.name.clone())
}

/// The phases of one subtask. Aligned: one after the other. Unaligned: alignment runs beside the snapshot, which began
/// with the first barrier, so it takes the upper half of the bar.
fn bar(trigger: SimTime, record: &SubtaskRecord, middle: f64, limit: f64) -> Vec<Mark> {
    let seconds = SimDuration::as_secs_f64;
    let (start, alignment) = (seconds(record.start_delay), seconds(record.alignment));
    let (sync, upload) = (seconds(record.sync), seconds(record.r#async));
    let end = total(trigger, record);
    let (low, high) = (middle - 0.36, middle + 0.36);
    let aligned = start + alignment;
    let (snapshot, above, opacity) = if record.unaligned {
        (began(start, aligned, end - sync - upload), middle, BESIDE)
    } else {
        (aligned, low, 1.0)
    };
    let under = if record.unaligned && alignment > 0.0 {
        middle
    } else {
        high
    };
    let synced = snapshot + sync;
    let uploaded = synced + upload;
    let phases = [
        (role::START_DELAY, (0.0, start), (low, high), 1.0),
        (role::ALIGNMENT, (start, aligned), (above, high), opacity),
        (role::SYNC, (snapshot, synced), (low, under), 1.0),
        (role::ASYNC, (synced, uploaded), (low, under), 1.0),
        (
            role::ACK,
            (uploaded.max(aligned), end),
            thin(low, under),
            1.0,
        ),
    ];
    let phases = phases.into_iter().filter(|(_, (from, to), _, _)| to > from);
    let cells = phases.map(|(colour, x, y, opacity)| Cell::filled(x, y, colour).opacity(opacity));
    let outline = (end >= limit).then(|| Cell {
        fill: None,
        outlined: true,
        ..Cell::filled((0.0, end), (low, high), Colour::Ink)
    });
    cells.chain(outline).map(Mark::Cell).collect()
}

/// Opacity of an alignment that runs beside the snapshot.
const BESIDE: f64 = 0.55;

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

fn key(checkpoint: &CheckpointRecord, limit: f64) -> Vec<KeyEntry> {
    let any = |is: &dyn Fn(&SubtaskRecord) -> bool| {
        checkpoint.acknowledged().any(|(_, _, record)| is(record))
    };
    let (alignment, opacity) = if any(&|record| record.unaligned) {
        ("alignment (beside the snapshot)", BESIDE)
    } else {
        ("alignment", 1.0)
    };
    let phases = [
        ("start delay", role::START_DELAY, 1.0),
        (alignment, role::ALIGNMENT, opacity),
        ("sync", role::SYNC, 1.0),
        ("async", role::ASYNC, 1.0),
        ("until the ack", role::ACK, 1.0),
    ];
    let phases =
        phases.map(|(label, colour, opacity)| KeyEntry::new(label, Swatch::Fill(colour, opacity)));
    let straggler = any(&|record| total(checkpoint.trigger, record) >= limit).then(|| {
        let label = format!("straggler: {} or more", Unit::Time.text(limit));
        KeyEntry::new(label, Swatch::Outlined)
    });
    phases.into_iter().chain(straggler).collect()
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
    let who = format!("{} #{subtask}", vertex_name(run, vertex));
    let took = Unit::Time.text(total(checkpoint.trigger, record));
    let last = match &checkpoint.outcome {
        Outcome::Completed { .. } => format!("{who} is last after {took}"),
        Outcome::Failed { reason, .. } => {
            format!("Failed ({reason}): the last ack came from {who} after {took}")
        }
        Outcome::InProgress => format!("Unfinished: the last ack came from {who} after {took}"),
    };
    let longest = phases.into_iter().max_by_key(|(_, length)| *length);
    match longest.filter(|(_, length)| !length.is_zero()) {
        Some((phase, length)) => {
            let length = Unit::Time.text(length.as_secs_f64());
            format!("{last}, {length} of it in {phase}")
        }
        None => last,
    }
}

fn subtitle(run: &RunResult, checkpoint: &CheckpointRecord, scenario: &str) -> String {
    let kind = match checkpoint.kind {
        CheckpointKind::Checkpoint => "checkpoint",
        CheckpointKind::Savepoint => "savepoint",
    };
    let all: usize = checkpoint.subtasks.iter().map(Vec::len).sum();
    format!(
        "{} · {kind} {} · triggered at {} · acknowledged {}/{all} · replication {}",
        brief(scenario),
        checkpoint.id,
        Unit::Time.text(checkpoint.trigger.as_secs_f64()),
        checkpoint.acknowledged().count(),
        run.replication
    )
}
