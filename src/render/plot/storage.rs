//! Picture: what checkpoints write and what storage holds, over time.

use crate::experiment::RunResult;
use crate::measure::timeline::Sample;
use crate::measure::{CheckpointRecord, Outcome};
use crate::render::chart::{
    Axis, Chart, Dot, HOUR, KeyEntry, Line, Mark, Panel, Place, Shape, Span, Stroke, Swatch, Symbol,
};
use crate::render::number::{Unit, counted};
use crate::render::plot::columns::Columns;
use crate::render::plot::{Draw, Drawing, Example, Kind, role};

pub const KIND: Kind = Kind {
    name: "storage",
    heading: "Storage over time",
    caption: "Bytes that retained checkpoints keep alive. A file lives as long as any retained checkpoint refers to it.",
    example: Some(Example::Failure),
    draw: Draw::Run(drawing),
};

/// More checkpoints than this form a line of dots: they are left out.
const MOST_MARKS: usize = 80;

const COMPLETE: Symbol = Symbol::new(role::ALIGNED, Shape::Circle);
const FAILED: Symbol = Symbol::new(role::OBJECTIVE, Shape::Cross);

/// Bytes held and bytes written, checkpoints as marks, failures as lines. `None` without a timeline, or if nothing was
/// written.
fn drawing(run: &RunResult, scenario: &str) -> Option<Vec<Drawing>> {
    let samples = run.timeline.as_ref()?.samples.as_slice();
    let last = samples.last()?;
    if last.written.get() == 0 {
        return None;
    }
    let time = Span::linear(0.0, run.end.as_secs_f64().max(last.at.as_secs_f64()));
    let checkpoints = Checkpoints::of(run, samples);
    let panel = |heading: &str, x: Axis, read: fn(&Sample) -> f64| {
        let points = samples
            .iter()
            .map(|sample| (sample.at.as_secs_f64(), read(sample)));
        let points: Vec<Place> = points.collect();
        let y = Span::from_zero(points.iter().map(|(_, bytes)| *bytes));
        let marks = marks(run, points, &y, &checkpoints);
        let heading = heading.to_owned();
        let y = Axis::round("Bytes", Unit::Bytes, y);
        Panel {
            heading,
            ..Panel::new(x, y, marks)
        }
    };
    let below = Axis::round("Time since the start of the job", Unit::Time, time);
    let above = Axis::shared(Unit::Time, time);
    let held = |sample: &Sample| sample.retained.as_f64();
    let written = |sample: &Sample| sample.written.as_f64();
    let chart = Chart {
        title: finding(run, samples),
        subtitle: subtitle(run, &checkpoints, scenario),
        height: 700,
        key: key(run, &checkpoints),
        panels: vec![
            panel("Held by retained checkpoints", above, held),
            panel("Written since the start", below, written),
        ],
        ..Chart::default()
    };
    let data = Columns::of(samples)
        .number("time_s", |sample| sample.at.as_secs_f64())
        .text("retained_bytes", |sample| sample.retained.get().to_string())
        .text("written_bytes", |sample| sample.written.get().to_string());
    Some(Drawing::only(chart, data.sheet()))
}

/// When checkpoints ended, in seconds; nothing if there are too many to be told apart.
struct Checkpoints {
    completed: Vec<f64>,
    failed: Vec<f64>,
    left_out: bool,
}

impl Checkpoints {
    fn of(run: &RunResult, samples: &[Sample]) -> Checkpoints {
        let first = samples
            .first()
            .map_or(0.0, |sample| sample.at.as_secs_f64());
        let times = |read: fn(&CheckpointRecord) -> Option<f64>| -> Vec<f64> {
            let times = run.checkpoints.iter().filter_map(read);
            times.filter(|at| *at >= first).collect()
        };
        let mut completed = times(|record| match record.outcome {
            Outcome::Completed { durable, .. } => Some(durable.as_secs_f64()),
            Outcome::Failed { .. } | Outcome::InProgress => None,
        });
        let mut failed = times(|record| match record.outcome {
            Outcome::Failed { at, .. } => Some(at.as_secs_f64()),
            Outcome::Completed { .. } | Outcome::InProgress => None,
        });
        let left_out = completed.len() > MOST_MARKS;
        if left_out {
            completed.clear();
        }
        failed.truncate(MOST_MARKS);
        Checkpoints {
            completed,
            failed,
            left_out,
        }
    }
}

/// Failures and the band below, then the curve, then the dots.
fn marks(run: &RunResult, points: Vec<Place>, y: &Span, checkpoints: &Checkpoints) -> Vec<Mark> {
    let failures = run
        .recoveries
        .iter()
        .map(|record| record.failed.as_secs_f64());
    let failures = failures.map(|at| Line::upright(role::OBJECTIVE, at, y).into());
    let band = points.iter().map(|(at, high)| (*at, 0.0, *high)).collect();
    let dots = [
        (&checkpoints.completed, COMPLETE),
        (&checkpoints.failed, FAILED),
    ];
    let dots = dots.map(|(times, symbol)| {
        let on_curve = |at: &f64| points.iter().find(|(time, _)| time >= at).or(points.last());
        Mark::dots(
            symbol,
            times.iter().filter_map(on_curve).copied().map(Dot::from),
        )
    });
    let mut marks: Vec<Mark> = failures.collect();
    marks.push(Mark::Band(role::ALIGNED, band));
    marks.push(Line::new(role::ALIGNED, Stroke::Solid, points).into());
    marks.extend(dots.into_iter().flatten());
    marks
}

fn finding(run: &RunResult, samples: &[Sample]) -> String {
    let most = samples.iter().map(|sample| sample.retained.as_f64());
    let most = Unit::Bytes.text(most.fold(0.0, f64::max));
    let last = samples.last().map_or(0.0, |sample| sample.written.as_f64());
    let hours = run.end.as_secs_f64() / HOUR;
    let (written, per_hour) = if hours > 0.0 {
        (last / hours, " per hour")
    } else {
        (last, "")
    };
    let written = Unit::Bytes.text(written);
    format!("Storage holds up to {most}; checkpoints write {written}{per_hour}")
}

fn subtitle(run: &RunResult, checkpoints: &Checkpoints, scenario: &str) -> String {
    let completed = run.checkpoints.iter();
    let completed = completed.filter(|record| matches!(record.outcome, Outcome::Completed { .. }));
    let mut parts = vec![
        scenario.to_owned(),
        format!("{} completed", counted(completed.count(), "checkpoint")),
    ];
    if checkpoints.left_out {
        parts.push("too many to mark each".to_owned());
    }
    if !run.recoveries.is_empty() {
        parts.push(counted(run.recoveries.len(), "failure"));
    }
    parts.join(" · ")
}

fn key(run: &RunResult, checkpoints: &Checkpoints) -> Vec<KeyEntry> {
    let whisker = Swatch::Whisker(role::OBJECTIVE);
    let entries = [
        (
            checkpoints.completed.len(),
            "checkpoint complete",
            Swatch::Dot(COMPLETE),
        ),
        (
            checkpoints.failed.len(),
            "checkpoint failed",
            Swatch::Dot(FAILED),
        ),
        (run.recoveries.len(), "something failed", whisker),
    ];
    let present = entries.into_iter().filter(|(count, ..)| *count > 0);
    present
        .map(|(_, label, swatch)| KeyEntry::new(label, swatch))
        .collect()
}
