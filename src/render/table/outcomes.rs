//! What became of checkpoints that are no completed ones: expired and failed ones, and savepoints.

use std::collections::BTreeMap;

use crate::experiment::RunResult;
use crate::experiment::metric::measured::counted;
use crate::measure::{CheckpointKind, CheckpointRecord, Outcome, Phases};
use crate::render::number::Unit;
use crate::render::table::{Align, Cell, Table};

/// `Of 89 checkpoints 6 expired after 10m (the first: checkpoint 2, triggered after 2m 0s); 1 failed: Checkpoint has been
/// subsumed.`; nothing where all that ended completed. `run` is the first of so many replications, and says so.
pub fn not_completed(run: &RunResult, replications: usize) -> Option<String> {
    let all = counted(run).filter(|record| record.outcome != Outcome::InProgress);
    let all: Vec<&CheckpointRecord> = all.collect();
    let expired = all.iter().filter(|record| record.expired_after().is_some());
    let expired: Vec<&&CheckpointRecord> = expired.collect();
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for record in all.iter().filter(|record| record.expired_after().is_none()) {
        if let Outcome::Failed { reason, .. } = &record.outcome {
            *reasons.entry(reason.trim_end_matches('.')).or_default() += 1;
        }
    }
    let first = expired.first().map(|first| {
        format!(
            "{} expired after {} (the first: checkpoint {}, triggered after {})",
            expired.len(),
            time(first.expired_after().unwrap_or_default().as_secs_f64()),
            first.id,
            time(first.trigger.as_secs_f64()),
        )
    });
    let others = reasons
        .iter()
        .map(|(reason, count)| format!("{count} failed: {reason}"));
    let parts: Vec<String> = first.into_iter().chain(others).collect();
    let which = match replications {
        0 | 1 => format!("Of {} checkpoints", all.len()),
        _ => format!("Of the {} checkpoints of the first replication", all.len()),
    };
    let ended = (!parts.is_empty()).then(|| format!("{which} {}.", parts.join("; ")));
    let sentences: Vec<String> = [none_triggered(run), ended, refused(run)]
        .into_iter()
        .flatten()
        .collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// One trigger fails before all tasks run; where none is ever good, there is a reason to look for.
fn none_triggered(run: &RunResult) -> Option<String> {
    let none = run.checkpoints.is_empty() && run.failed_in_preflight > 1;
    none.then(|| {
        format!(
            "No checkpoint was taken: {} triggers failed, because not all required tasks were running (a source subtask that has \
             finished, before Flink 1.15; a job that does not come back).",
            run.failed_in_preflight
        )
    })
}

fn refused(run: &RunResult) -> Option<String> {
    let refused = run.requests_refused;
    (refused > 0).then(|| {
        format!("The store told clients {refused} times to come back later (503 Slow Down).")
    })
}

/// One row per savepoint, which no figure of checkpoints counts; `None` without one.
pub fn savepoints(run: &RunResult) -> Option<Table> {
    let all = run
        .checkpoints
        .iter()
        .filter(|record| record.kind == CheckpointKind::Savepoint);
    let rows: Vec<Vec<Cell>> = all.map(savepoint).collect();
    let columns = [
        ("Savepoint", Align::Right),
        ("Triggered after", Align::Right),
        ("End to end", Align::Right),
        ("Size", Align::Right),
        ("", Align::Left),
    ];
    (!rows.is_empty()).then(|| Table::new(columns, rows))
}

fn savepoint(record: &CheckpointRecord) -> Vec<Cell> {
    let phases = Phases::of(record);
    let value = |unit, value: Option<f64>| Cell::from(value.map(|value| Cell::Value(unit, value)));
    let end = match &record.outcome {
        Outcome::Completed { .. } => String::new(),
        Outcome::Failed { reason, .. } => reason.clone(),
        Outcome::InProgress => "in progress at the end".to_owned(),
    };
    let duration = phases
        .as_ref()
        .map(|phases| phases.end_to_end.as_secs_f64());
    let size = phases.as_ref().map(|phases| phases.state_size.get() as f64);
    vec![
        Cell::count(record.id as usize),
        Cell::Value(Unit::Time, record.trigger.as_secs_f64()),
        value(Unit::Time, duration),
        value(Unit::Bytes, size),
        end.into(),
    ]
}

fn time(seconds: f64) -> String {
    Unit::Time.text(seconds)
}
