//! Picture: what the interval does to the end to end duration.

mod trend;

use crate::experiment::SweepResult;
use crate::experiment::metric::MetricId;
use crate::formulas::FormulaId;
use crate::render::chart::{At, Axis, Chart, Line, Mark, Panel, Rule, Span, Stroke, setting};
use crate::render::number::Unit;
use crate::render::plot::columns::Columns;
use crate::render::plot::curve::{Metric, curves, interval_axis, prediction};
use crate::render::plot::duration::trend::finding;
use crate::render::plot::{Draw, Drawing, Example, Kind, role};
use crate::units::SimDuration;

pub const KIND: Kind = Kind {
    name: "duration",
    heading: "Duration over the interval",
    caption: "End to end duration as Flink reports it, trigger to last ack; the band is the 95 % interval of the median, \
              the grey dashed curve the closed form. Beyond the diagonal a checkpoint takes longer than its interval.",
    example: Some(Example::Intervals),
    draw: Draw::Sweep(drawing),
};

/// The median, the 99th percentile, and formula F1.
pub const DURATION: Metric = Metric {
    label: "simulated median",
    value: |point| point.metric(MetricId::DurationP50),
    p99: |point| Some(point.metric(MetricId::DurationP99)?.value),
    formula: ("formula F1", |point| {
        Some(prediction(point, FormulaId::F1)?.0)
    }),
    missing: "no checkpoint completed",
};

/// Interval against duration, log-log; `None` if the interval is not swept.
fn drawing(sweep: &SweepResult, timeout: Option<SimDuration>) -> Option<Vec<Drawing>> {
    let curves = curves(sweep, interval_axis(sweep)?)?;
    let timeout = timeout.map(SimDuration::as_secs_f64);
    let x = Span::log(curves.points().map(|(interval, _)| interval), 1.0);
    let y = vertical(curves.values(&DURATION), timeout);
    let mut marks = limits(&x, &y, timeout);
    marks.extend(curves.marks(&DURATION));
    let chart = Chart {
        title: finding(&curves.shown),
        subtitle: curves.subtitle(sweep, "", " of the median"),
        height: 640,
        panels: vec![Panel::new(
            Axis::round("Checkpoint interval", Unit::Time, x),
            Axis::round("End to end duration", Unit::Time, y),
            marks,
        )],
        ..Chart::default()
    };
    let rows = curves.rows();
    let data = Columns::of(&rows)
        .text("curve", |(curve, ..)| curve.name.clone())
        .number("interval_s", |(_, interval, _)| *interval)
        .estimate("duration_p50", "s", |row| {
            row.2.metric(MetricId::DurationP50)
        })
        .estimate("duration_p99", "s", |row| {
            row.2.metric(MetricId::DurationP99)
        })
        .optional("formula_f1_s", |row| (DURATION.formula.1)(row.2))
        .optional("completed", |row| {
            Some(row.2.metric(MetricId::Completed)?.value)
        })
        .optional("failed", |row| Some(row.2.metric(MetricId::Failed)?.value));
    Some(Drawing::only(chart, data.sheet()))
}

fn vertical(mut values: Vec<f64>, timeout: Option<f64>) -> Span {
    let finite = values.iter().copied().filter(|value| value.is_finite());
    let largest = finite.fold(0.0, f64::max);
    // A timeout far above would squeeze the curves into a corner.
    values.extend(timeout.filter(|timeout| *timeout < 5.0 * largest));
    Span::log(values, 1.35)
}

/// Above the diagonal a checkpoint takes longer than the interval: one follows the other without a pause.
fn limits(x: &Span, y: &Span, timeout: Option<f64>) -> Vec<Mark> {
    let (left, right) = (x.low(), x.high());
    let above = y.high().max(right) * 10.0;
    let corners = vec![(left, left), (right, right), (right, above), (left, above)];
    let mut marks = vec![Mark::Tint(role::OBJECTIVE, corners)];
    if left < y.high() && right > y.low() {
        let diagonal = [(left, left), (right, right)];
        let line = Line::new(role::OBJECTIVE, Stroke::Thin, diagonal);
        marks.push(line.labelled("duration = interval").into());
    }
    let timeout = timeout.filter(|timeout| y.contains(*timeout));
    marks.extend(timeout.map(|timeout| {
        let label = format!("timeout {}", setting(timeout));
        Rule::new(label, role::OBJECTIVE, Stroke::Dashed, At::Y(timeout)).into()
    }));
    marks
}
