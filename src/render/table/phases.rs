//! How long the phases of a run's checkpoints took.

use crate::experiment::RunResult;
use crate::measure::estimate::quantile;
use crate::measure::{CheckpointRecord, Outcome, SubtaskRecord};
use crate::render::number::{MISSING, Unit};
use crate::render::sheet::{Sheet, cell};
use crate::render::table::{Align, Table, sparkline};
use crate::units::SimDuration;

/// Letters of a sparkline.
const SPARK: usize = 24;
/// In the order of Flink's summary.
const QUANTILES: [(&str, f64); 4] = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)];
/// Reads the length of a phase.
type Phase = fn(&SubtaskRecord) -> SimDuration;

const PHASES: [(&str, Phase); 4] = [
    ("start delay", |record| record.start_delay),
    ("alignment", |record| record.alignment),
    ("sync", |record| record.sync),
    ("async", |record| record.r#async),
];

/// End to end duration and phases of the completed checkpoints after warm-up; a phase is that of the subtask in which
/// it took longest.
pub fn phases(run: &RunResult) -> Table {
    let names = QUANTILES
        .iter()
        .map(|(name, _)| ((*name).to_owned(), Align::Right));
    let mut columns = vec![(String::new(), Align::Left)];
    columns.extend(names);
    columns.push(("over the checkpoints".to_owned(), Align::Left));
    let rows =
        series(run).into_iter().map(|(name, values)| {
            let numbers = QUANTILES.iter().map(|(_, q)| quantile(&values, *q));
            let mut row = vec![name.to_owned()];
            row.extend(numbers.map(|value| {
                value.map_or_else(|| MISSING.to_owned(), |value| Unit::Time.text(value))
            }));
            row.push(sparkline(&values, SPARK));
            row
        });
    Table {
        title: String::new(),
        columns,
        rows: rows.collect(),
        notes: vec![counts(run)],
    }
}

/// The same for programs.
pub fn phases_sheet(run: &RunResult) -> Sheet {
    let names = QUANTILES.iter().map(|(name, _)| format!("{name}_s"));
    let mut sheet = Sheet::new(
        ["phase".to_owned(), "checkpoints".to_owned()]
            .into_iter()
            .chain(names),
    );
    for (name, values) in series(run) {
        let mut row = vec![name.to_owned(), values.len().to_string()];
        row.extend(
            QUANTILES
                .iter()
                .map(|(_, q)| quantile(&values, *q).map_or_else(String::new, cell)),
        );
        sheet.push(row);
    }
    sheet
}

/// By phase: seconds of every completed checkpoint after warm-up.
fn series(run: &RunResult) -> Vec<(&'static str, Vec<f64>)> {
    let completed: Vec<&CheckpointRecord> = counted(run)
        .filter(|checkpoint| checkpoint.end_to_end().is_some())
        .collect();
    let durations = completed
        .iter()
        .filter_map(|checkpoint| Some(checkpoint.end_to_end()?.as_secs_f64()));
    let mut series = vec![("end to end", durations.collect())];
    for (name, phase) in PHASES {
        let longest = |checkpoint: &&CheckpointRecord| {
            let phases = checkpoint
                .acknowledged()
                .map(|(_, _, record)| phase(record));
            phases.max().map(SimDuration::as_secs_f64)
        };
        series.push((name, completed.iter().filter_map(longest).collect()));
    }
    series
}

fn counted(run: &RunResult) -> impl Iterator<Item = &CheckpointRecord> {
    run.checkpoints
        .iter()
        .filter(|checkpoint| checkpoint.trigger >= run.warmup)
}

fn counts(run: &RunResult) -> String {
    let (mut completed, mut failed, mut pending) = (0u64, 0u64, 0u64);
    for checkpoint in counted(run) {
        match checkpoint.outcome {
            Outcome::Completed { .. } => completed += 1,
            Outcome::Failed { .. } => failed += 1,
            Outcome::InProgress => pending += 1,
        }
    }
    format!(
        "replication {}: {completed} completed, {failed} failed, {pending} in progress after warm-up; phases: longest of any subtask",
        run.replication
    )
}
