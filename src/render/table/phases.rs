//! How long the phases of a run's checkpoints took.

use crate::experiment::metric::MetricId;
use crate::experiment::metric::measured::counted;
use crate::experiment::{PointSummary, RunResult};
use crate::measure::estimate::quantile;
use crate::measure::{Outcome, Phases};
use crate::render::number::Unit;
use crate::render::table::{Align, Cell, Table, sparkline};
use crate::units::SimDuration;

/// Letters of a sparkline.
const SPARK: usize = 24;
/// In the order of Flink's summary.
const QUANTILES: [(&str, f64); 4] = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)];
/// Reads the length of a part.
type Read = fn(&Phases) -> SimDuration;

const END_TO_END: (&str, Read) = ("end to end", |phases| phases.end_to_end);
const PHASES: [(&str, Read); 5] = [
    ("  start delay", |phases| phases.start_delay),
    ("  alignment", |phases| phases.alignment_before_save),
    ("  sync", |phases| phases.sync),
    ("  async", |phases| phases.r#async),
    ("  rest", rest),
];

/// End to end duration and phases of the completed checkpoints after warm-up; the phases are those of the subtask that
/// acknowledged last, and the one that took most of the slowest checkpoint is marked.
pub fn phases(run: &RunResult) -> Table {
    let names = QUANTILES
        .iter()
        .map(|(name, _)| ((*name).to_owned(), Align::Right));
    let mut columns = vec![(String::new(), Align::Left)];
    columns.extend(names);
    columns.push(("over the checkpoints".to_owned(), Align::Left));
    let dominating = dominating(run);
    let rows = series(run).into_iter().map(|(name, values)| {
        let numbers = QUANTILES.iter().map(|(_, q)| quantile(&values, *q));
        let mut row = vec![Cell::from(name)];
        row.extend(
            numbers.map(|value| Cell::from(value.map(|value| Cell::Value(Unit::Time, value)))),
        );
        let mut shape = sparkline(&values, SPARK);
        if let Some((_, share)) = dominating.filter(|(phase, _)| *phase == name) {
            let percent = (share * 100.0).round();
            shape = format!("{shape} <- {percent} % of the slowest");
        }
        row.push(shape.into());
        row
    });
    let mut notes = vec![GLOSS.to_owned(), counts(run)];
    notes.extend(beside_the_save(run));
    Table {
        notes,
        ..Table::new(columns, rows)
    }
}

/// The words of Flink, at their first use.
const GLOSS: &str = "start delay: trigger until the first barrier comes; alignment: until the last; sync: the task stands \
                     still; async: its state is saved beside processing; rest: the acknowledgement";

/// Said where the parts of a point are more than the whole.
pub const OVERLAP: &str = "each part is a median of its own, and the alignment of unaligned checkpoints goes on beside sync \
                           and async: they need not add up";

/// Whether the phases of a point exceed its duration.
pub fn parts_overlap(point: &PointSummary) -> bool {
    let value = |id| point.metric(id).map_or(0.0, |estimate| estimate.value);
    let parts = [
        MetricId::StartDelay,
        MetricId::Alignment,
        MetricId::Sync,
        MetricId::Async,
    ];
    let sum: f64 = parts.into_iter().map(value).sum();
    point
        .metric(MetricId::DurationP50)
        .is_some_and(|whole| sum > whole.value * 1.001)
}

/// What the phases leave of the duration: the way of the ack.
fn rest(phases: &Phases) -> SimDuration {
    let sum = phases.start_delay + phases.alignment_before_save + phases.sync + phases.r#async;
    phases.end_to_end.saturating_sub(sum)
}

/// Flink's figure of the alignment where it overlaps the save.
fn beside_the_save(run: &RunResult) -> Option<String> {
    let overlapping = completed(run)
        .into_iter()
        .filter(|phases| phases.alignment > phases.alignment_before_save);
    let reported: Vec<f64> = overlapping
        .map(|phases| phases.alignment.as_secs_f64())
        .collect();
    let median = Unit::Time.text(quantile(&reported, 0.5)?);
    Some(format!(
        "an unaligned snapshot begins with the first barrier: alignment, which Flink reports until the last one (p50 {median}), \
         counts here as far as it is not beside sync and async, so that the phases add up"
    ))
}

/// By phase: seconds of every completed checkpoint after warm-up.
fn series(run: &RunResult) -> Vec<(&'static str, Vec<f64>)> {
    let completed = completed(run);
    let seconds = |read: Read| {
        let values = completed.iter().map(|phases| read(phases).as_secs_f64());
        values.collect::<Vec<f64>>()
    };
    let rows = std::iter::once(END_TO_END).chain(PHASES);
    rows.map(|(name, read)| (name, seconds(read))).collect()
}

fn completed(run: &RunResult) -> Vec<Phases> {
    counted(run).filter_map(Phases::of).collect()
}

/// The phase that took most of the slowest checkpoint, and its share.
fn dominating(run: &RunResult) -> Option<(&'static str, f64)> {
    let slowest = completed(run)
        .into_iter()
        .max_by_key(|phases| phases.end_to_end)?;
    let (name, read) = PHASES.into_iter().max_by_key(|(_, read)| read(&slowest))?;
    let whole = slowest.end_to_end.as_secs_f64();
    (whole > 0.0).then(|| (name, read(&slowest).as_secs_f64() / whole))
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
        "replication {}: {completed} completed, {failed} failed, {pending} in progress after warm-up; phases of the subtask that acknowledged last",
        run.replication
    )
}
