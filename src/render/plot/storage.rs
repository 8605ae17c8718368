//! Picture: what checkpoints write and what storage holds, over time.

use crate::experiment::RunResult;
use crate::measure::timeline::Sample;
use crate::measure::{CheckpointRecord, Outcome};
use crate::render::number::{Unit, counted};
use crate::render::plot::Picture;
use crate::render::plot::chart::{
    Axis, Chart, Dot, Dots, KeyEntry, Line, Mark, Panel, Shape, Swatch,
};
use crate::render::plot::origin::Origin;
use crate::render::plot::span::Span;
use crate::render::plot::style::{Paint, Stroke};
use crate::render::plot::tick_label::HOUR;
use crate::render::sheet::{self, Sheet};

/// More checkpoints than this form a line of dots: they are left out.
const MOST_MARKS: usize = 80;

/// Bytes held and bytes written, checkpoints as marks, failures as lines. `None` without a timeline, or if nothing was
/// written.
pub fn picture(run: &RunResult, origin: &Origin) -> Option<Picture> {
    let samples = run.timeline.as_ref()?.samples.as_slice();
    let last = samples.last()?;
    if last.written.get() == 0 {
        return None;
    }
    let time = Span::linear(0.0, run.end.as_secs_f64().max(last.at.as_secs_f64()));
    let checkpoints = Checkpoints::of(run, samples);
    let chart = Chart {
        title: finding(run, samples),
        subtitle: subtitle(run, &checkpoints, &origin.scenario),
        footer: origin.footer(),
        height: 700,
        key: key(run, &checkpoints),
        panels: vec![
            Panel {
                heading: "Held by retained checkpoints".to_owned(),
                x: Axis::shared(Unit::Time, time),
                ..panel(
                    run,
                    samples,
                    |sample| sample.retained.as_f64(),
                    &checkpoints,
                )
            },
            Panel {
                heading: "Written since the start".to_owned(),
                x: Axis::round("Time since the start of the job", Unit::Time, time),
                ..panel(run, samples, |sample| sample.written.as_f64(), &checkpoints)
            },
        ],
    };
    Some(Picture {
        name: "storage".to_owned(),
        chart,
        data: data(samples),
    })
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
        let mut all = Checkpoints {
            completed: times(|record| match record.outcome {
                Outcome::Completed { durable, .. } => Some(durable.as_secs_f64()),
                Outcome::Failed { .. } | Outcome::InProgress => None,
            }),
            failed: times(|record| match record.outcome {
                Outcome::Failed { at, .. } => Some(at.as_secs_f64()),
                Outcome::Completed { .. } | Outcome::InProgress => None,
            }),
            left_out: false,
        };
        if all.completed.len() > MOST_MARKS {
            all.completed.clear();
            all.left_out = true;
        }
        all.failed.truncate(MOST_MARKS);
        all
    }
}

fn panel(
    run: &RunResult,
    samples: &[Sample],
    read: fn(&Sample) -> f64,
    checkpoints: &Checkpoints,
) -> Panel {
    let points: Vec<(f64, f64)> = samples
        .iter()
        .map(|sample| (sample.at.as_secs_f64(), read(sample)))
        .collect();
    let y = Span::from_zero(points.iter().map(|(_, bytes)| *bytes));
    let mut marks: Vec<Mark> = run
        .recoveries
        .iter()
        .map(|record| {
            let at = record.failed.as_secs_f64();
            Mark::Line(Line {
                label: String::new(),
                paint: Paint::Objective,
                stroke: Stroke::Thin,
                points: vec![(at, y.low()), (at, y.high())],
                dots: false,
            })
        })
        .collect();
    marks.push(Mark::Band(
        Paint::Aligned,
        points.iter().map(|(at, high)| (*at, 0.0, *high)).collect(),
    ));
    marks.extend(dots(
        &checkpoints.completed,
        &points,
        Paint::Aligned,
        Shape::Circle,
    ));
    marks.extend(dots(
        &checkpoints.failed,
        &points,
        Paint::Objective,
        Shape::Cross,
    ));
    let curve = Line {
        label: String::new(),
        paint: Paint::Aligned,
        stroke: Stroke::Solid,
        points,
        dots: false,
    };
    // Below the dots, above the band.
    let place = marks
        .iter()
        .position(|mark| matches!(mark, Mark::Dots(_)))
        .unwrap_or(marks.len());
    marks.insert(place, Mark::Line(curve));
    Panel {
        heading: String::new(),
        weight: 1.0,
        x: Axis::named("", Span::linear(0.0, 1.0), Vec::new()),
        y: Axis::round("Bytes", Unit::Bytes, y),
        marks,
        margin: Vec::new(),
    }
}

/// A dot on the curve at each time.
fn dots(times: &[f64], curve: &[(f64, f64)], paint: Paint, shape: Shape) -> Option<Mark> {
    let on_curve = |at: &f64| {
        let next = curve.iter().find(|(time, _)| time >= at).or(curve.last())?;
        Some(Dot {
            at: (next.0, next.1),
            interval: None,
        })
    };
    let points: Vec<Dot> = times.iter().filter_map(on_curve).collect();
    (!points.is_empty()).then_some(Mark::Dots(Dots {
        paint,
        shape,
        hollow: false,
        points,
    }))
}

fn finding(run: &RunResult, samples: &[Sample]) -> String {
    let most = samples.iter().map(|sample| sample.retained.as_f64());
    let most = Unit::Bytes.text(most.fold(0.0, f64::max));
    let last = samples.last().map_or(0.0, |sample| sample.written.as_f64());
    let hours = run.end.as_secs_f64() / HOUR;
    let written = if hours > 0.0 {
        format!(
            "checkpoints write {} per hour",
            Unit::Bytes.text(last / hours)
        )
    } else {
        format!("checkpoints write {}", Unit::Bytes.text(last))
    };
    format!("Storage holds up to {most}; {written}")
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
    let dot = |paint, shape| Swatch::Dot(paint, shape, false);
    let entries = [
        (
            !checkpoints.completed.is_empty(),
            "checkpoint complete",
            dot(Paint::Aligned, Shape::Circle),
        ),
        (
            !checkpoints.failed.is_empty(),
            "checkpoint failed",
            dot(Paint::Objective, Shape::Cross),
        ),
        (
            !run.recoveries.is_empty(),
            "something failed",
            Swatch::Whisker(Paint::Objective),
        ),
    ];
    entries
        .into_iter()
        .filter(|(present, ..)| *present)
        .map(|(_, label, swatch)| KeyEntry {
            label: label.to_owned(),
            swatch,
        })
        .collect()
}

fn data(samples: &[Sample]) -> Sheet {
    let mut sheet = Sheet::new(["time_s", "retained_bytes", "written_bytes"]);
    for sample in samples {
        let bytes = [sample.retained, sample.written].map(|bytes| bytes.get().to_string());
        let mut row = vec![sheet::cell(sample.at.as_secs_f64())];
        row.extend(bytes);
        sheet.push(row);
    }
    sheet
}
