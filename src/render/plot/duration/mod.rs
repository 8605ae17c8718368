//! Picture: what the interval does to the end to end duration.

mod finding;

use crate::experiment::metric::MetricId;
use crate::experiment::{PointSummary, SweepResult};
use crate::formulas::FormulaId;
use crate::measure::Estimate;
use crate::render::number::Unit;
use crate::render::plot::Picture;
use crate::render::plot::chart::{At, Axis, Chart, Line, Mark, Missing, Panel, Rule};
use crate::render::plot::duration::finding::finding;
use crate::render::plot::grid::{self, Curve};
use crate::render::plot::origin::Origin;
use crate::render::plot::span::Span;
use crate::render::plot::style::{Paint, Stroke};
use crate::render::plot::tick_label::exact;
use crate::render::sheet::{self, Sheet};
use crate::units::SimDuration;

/// The formula drawn beside the measurement.
const FORMULA: FormulaId = FormulaId::F1;

/// Interval against duration, log-log; `None` if the interval is not swept.
pub fn picture(sweep: &SweepResult, timeout: Option<SimDuration>) -> Option<Picture> {
    let curves = grid::curves(sweep, grid::interval_axis(sweep)?);
    if curves.shown.is_empty() {
        return None;
    }
    let x = Span::log(
        curves
            .shown
            .iter()
            .flat_map(|curve| curve.points.iter().map(|(interval, _)| *interval)),
        1.0,
    );
    let y = vertical(&curves.shown, timeout);
    let mut marks = vec![beyond_the_interval(&x, &y)];
    marks.extend(limits(&x, &y, timeout));
    for curve in &curves.shown {
        let row = marks
            .iter()
            .filter(|mark| matches!(mark, Mark::Missing(_)))
            .count();
        marks.extend(curve_marks(curve, row, curves.shown.len()));
    }
    let chart = Chart {
        title: finding(&curves.shown),
        subtitle: format!(
            "{}{}{}",
            grid::described(sweep),
            grid::band_note(sweep, " of the median"),
            grid::omitted(&curves)
        ),
        footer: Origin::of(sweep).footer(),
        height: 640,
        key: Vec::new(),
        panels: vec![Panel {
            heading: String::new(),
            weight: 1.0,
            x: Axis::round("Checkpoint interval", Unit::Time, x),
            y: Axis::round("End to end duration", Unit::Time, y),
            marks,
            margin: Vec::new(),
        }],
    };
    Some(Picture {
        name: "duration".to_owned(),
        chart,
        data: data(&curves.shown),
    })
}

fn vertical(curves: &[Curve], timeout: Option<SimDuration>) -> Span {
    let mut values: Vec<f64> = Vec::new();
    for (_, point) in curves.iter().flat_map(|curve| &curve.points) {
        values.extend(
            [
                point.metric(MetricId::DurationP50),
                point.metric(MetricId::DurationP99),
            ]
            .into_iter()
            .flatten()
            .map(|estimate| estimate.value),
        );
        values.extend(formula(point));
    }
    let largest = values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .fold(0.0, f64::max);
    // A timeout far above would squeeze the curves into a corner.
    values.extend(
        timeout
            .map(SimDuration::as_secs_f64)
            .filter(|timeout| *timeout < 5.0 * largest),
    );
    Span::log(values, 1.35)
}

/// Above the diagonal a checkpoint takes longer than the interval: one follows the other without a pause.
fn beyond_the_interval(x: &Span, y: &Span) -> Mark {
    let (left, right) = (x.low(), x.high());
    let above = y.high().max(right) * 10.0;
    Mark::Tint(
        Paint::Objective,
        vec![(left, left), (right, right), (right, above), (left, above)],
    )
}

fn limits(x: &Span, y: &Span, timeout: Option<SimDuration>) -> Vec<Mark> {
    let mut marks = Vec::new();
    if x.low() < y.high() && x.high() > y.low() {
        marks.push(Mark::Line(Line {
            label: "duration = interval".to_owned(),
            paint: Paint::Objective,
            stroke: Stroke::Thin,
            points: vec![(x.low(), x.low()), (x.high(), x.high())],
            dots: false,
        }));
    }
    if let Some(timeout) = timeout
        .map(SimDuration::as_secs_f64)
        .filter(|timeout| y.contains(*timeout))
    {
        marks.push(Mark::Rule(Rule {
            label: format!("timeout {}", exact(Unit::Time, timeout)),
            paint: Paint::Objective,
            stroke: Stroke::Dashed,
            at: At::Y(timeout),
        }));
    }
    marks
}

/// Formula below, then band, p99, median; details only while there is room for them.
fn curve_marks(curve: &Curve, row: usize, curves: usize) -> Vec<Mark> {
    let prefix = if curve.name.is_empty() || curves == 1 {
        String::new()
    } else {
        format!("{}, ", curve.name)
    };
    let mut marks = Vec::new();
    let formula: Vec<(f64, f64)> = curve
        .points
        .iter()
        .filter_map(|(interval, point)| Some((*interval, formula(point)?)))
        .collect();
    if curves <= 2 && !formula.is_empty() {
        let label = format!("{prefix}formula {FORMULA}");
        let paint = Paint::Formula;
        marks.push(Mark::Line(Line {
            label,
            paint,
            stroke: Stroke::Dashed,
            points: formula,
            dots: false,
        }));
    }
    let medians: Vec<(f64, Estimate)> = curve
        .points
        .iter()
        .filter_map(|(interval, point)| Some((*interval, point.metric(MetricId::DurationP50)?)))
        .collect();
    marks.extend(grid::band(curve.paint, &medians));
    if curves <= 2 {
        let points = curve.points.iter().filter_map(|(interval, point)| {
            Some((*interval, point.metric(MetricId::DurationP99)?.value))
        });
        let label = format!("{prefix}p99");
        let (paint, points) = (curve.paint, points.collect());
        marks.push(Mark::Line(Line {
            label,
            paint,
            stroke: Stroke::Thin,
            points,
            dots: false,
        }));
    }
    let label = if prefix.is_empty() {
        "simulated median".to_owned()
    } else {
        curve.name.clone()
    };
    let points = medians
        .iter()
        .map(|(interval, median)| (*interval, median.value))
        .collect();
    marks.push(Mark::Line(Line {
        label,
        paint: curve.paint,
        stroke: Stroke::Solid,
        points,
        dots: true,
    }));
    let none: Vec<f64> = curve
        .points
        .iter()
        .filter(|(_, point)| point.metric(MetricId::DurationP50).is_none())
        .map(|(interval, _)| *interval)
        .collect();
    if !none.is_empty() {
        let reason = format!("{prefix}no checkpoint completed");
        marks.push(Mark::Missing(Missing {
            paint: curve.paint,
            at: none,
            reason,
            row,
        }));
    }
    marks
}

fn formula(point: &PointSummary) -> Option<f64> {
    point
        .comparisons
        .iter()
        .find(|comparison| comparison.prediction.id == FORMULA)?
        .prediction
        .value
}

fn data(curves: &[Curve]) -> Sheet {
    let mut columns: Vec<String> = vec!["curve".to_owned(), "interval_s".to_owned()];
    for name in ["duration_p50", "duration_p99"] {
        columns.extend(sheet::columns(name, "s"));
    }
    columns.extend([
        "formula_f1_s".to_owned(),
        "completed".to_owned(),
        "failed".to_owned(),
    ]);
    let mut sheet = Sheet::new(columns);
    for curve in curves {
        for (interval, point) in &curve.points {
            let mut row = vec![curve.name.clone(), sheet::cell(*interval)];
            row.extend(sheet::cells(point.metric(MetricId::DurationP50).as_ref()));
            row.extend(sheet::cells(point.metric(MetricId::DurationP99).as_ref()));
            row.push(formula(point).map_or_else(String::new, sheet::cell));
            for count in [
                point.metric(MetricId::Completed),
                point.metric(MetricId::Failed),
            ] {
                row.push(count.map_or_else(String::new, |count| sheet::cell(count.value)));
            }
            sheet.push(row);
        }
    }
    sheet
}
