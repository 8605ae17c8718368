//! Picture: what the interval does to the throughput.

use crate::experiment::metric::MetricId;
use crate::experiment::{Comparison, PointSummary, SweepResult};
use crate::formulas::FormulaId;
use crate::measure::Estimate;
use crate::render::number::Unit;
use crate::render::plot::Picture;
use crate::render::plot::chart::{Axis, Chart, Line, Mark, Panel};
use crate::render::plot::grid::{self, Curve};
use crate::render::plot::origin::Origin;
use crate::render::plot::span::Span;
use crate::render::plot::style::{Paint, Stroke};
use crate::render::plot::tick_label::exact;
use crate::render::sheet::{self, Sheet};

/// The formula drawn beside the measurement.
const FORMULA: FormulaId = FormulaId::F3;

/// Interval against the share of throughput that checkpoints cost; `None` if the interval is not swept or no loss was
/// measured.
pub fn picture(sweep: &SweepResult) -> Option<Picture> {
    let curves = grid::curves(sweep, grid::interval_axis(sweep)?);
    let points = || curves.shown.iter().flat_map(|curve| &curve.points);
    if !points().any(|(_, point)| point.metric(MetricId::ThroughputLoss).is_some()) {
        return None;
    }
    let values = points().flat_map(|(_, point)| {
        let loss = point.metric(MetricId::ThroughputLoss);
        [formula(point), loss.map(|loss| ends(&loss).1)]
            .into_iter()
            .flatten()
            .collect::<Vec<f64>>()
    });
    let lowest = points()
        .filter_map(|(_, point)| Some(ends(&point.metric(MetricId::ThroughputLoss)?).0))
        .fold(0.0, f64::min);
    let from_zero = Span::from_zero(values);
    let y = Span::linear(lowest.max(-from_zero.high()), from_zero.high());
    let x = Span::log(points().map(|(interval, _)| *interval), 1.0);
    let marks = curves
        .shown
        .iter()
        .flat_map(|curve| curve_marks(curve, curves.shown.len()))
        .collect();
    let chart = Chart {
        title: finding_of(&curves.shown),
        subtitle: format!(
            "{} · sources unlimited, with and without checkpoints{}{}",
            grid::described(sweep),
            grid::band_note(sweep, ""),
            grid::omitted(&curves)
        ),
        footer: Origin::of(sweep).footer(),
        height: 600,
        key: Vec::new(),
        panels: vec![Panel {
            heading: String::new(),
            weight: 1.0,
            x: Axis::round("Checkpoint interval", Unit::Time, x),
            y: Axis::round("Loss of throughput", Unit::Share, y),
            marks,
            margin: Vec::new(),
        }],
    };
    Some(Picture {
        name: "loss".to_owned(),
        chart,
        data: data(&curves.shown),
    })
}

/// What is drawn of a loss: its interval, or its value.
fn ends(loss: &Estimate) -> (f64, f64) {
    loss.interval().unwrap_or((loss.value, loss.value))
}

fn curve_marks(curve: &Curve, curves: usize) -> Vec<Mark> {
    let mut marks = Vec::new();
    let formula: Vec<(f64, f64)> = curve
        .points
        .iter()
        .filter_map(|(interval, point)| Some((*interval, formula(point)?)))
        .collect();
    if curves <= 2 && !formula.is_empty() {
        let label = if curves == 1 {
            format!("formula {FORMULA}")
        } else {
            format!("{}, formula {FORMULA}", curve.name)
        };
        let paint = Paint::Formula;
        marks.push(Mark::Line(Line {
            label,
            paint,
            stroke: Stroke::Dashed,
            points: formula,
            dots: false,
        }));
    }
    let losses: Vec<(f64, Estimate)> = losses(curve);
    marks.extend(grid::band(curve.paint, &losses));
    let label = if curves == 1 || curve.name.is_empty() {
        "simulated".to_owned()
    } else {
        curve.name.clone()
    };
    let points = losses
        .iter()
        .map(|(interval, loss)| (*interval, loss.value))
        .collect();
    marks.push(Mark::Line(Line {
        label,
        paint: curve.paint,
        stroke: Stroke::Solid,
        points,
        dots: true,
    }));
    marks
}

fn losses(curve: &Curve) -> Vec<(f64, Estimate)> {
    curve
        .points
        .iter()
        .filter_map(|(interval, point)| Some((*interval, point.metric(MetricId::ThroughputLoss)?)))
        .collect()
}

/// The lost share according to the formula, which may be stated in records per second.
fn formula(point: &PointSummary) -> Option<f64> {
    let Comparison { prediction, .. } = point
        .comparisons
        .iter()
        .find(|one| one.prediction.id == FORMULA)?;
    match prediction.unit {
        Unit::Share => prediction.value,
        Unit::RecordsPerSecond => Some(
            prediction.value?
                / point
                    .metric(MetricId::Throughput)
                    .filter(|all| all.value > 0.0)?
                    .value,
        ),
        _ => None,
    }
}

fn finding(curve: &Curve) -> String {
    let losses = losses(curve);
    let (Some((shortest, first)), Some((longest, last))) = (losses.first(), losses.last()) else {
        return "What checkpoints cost in throughput".to_owned();
    };
    let [from, to] = [first, last].map(|loss| Unit::Share.estimate(loss));
    let [shortest, longest] = [shortest, longest].map(|interval| exact(Unit::Time, *interval));
    if losses.iter().all(|(_, loss)| loss.low <= 0.0) {
        return format!("No measurable loss of throughput from {shortest} to {longest}");
    }
    let formula = curve
        .points
        .iter()
        .find(|(_, point)| point.metric(MetricId::ThroughputLoss).is_some())
        .and_then(|(_, point)| formula(point));
    let aside = match formula {
        Some(share) if share > 2.0 * first.value.max(0.0) => {
            format!(" (the formula says {})", Unit::Share.about(share))
        }
        _ => String::new(),
    };
    if losses.len() == 1 {
        return format!("Checkpoints every {shortest} cost {from} of the throughput{aside}");
    }
    let rest = if last.low <= 0.0 {
        format!("nothing measurable every {longest}")
    } else if last.value <= first.value / 2.0 {
        format!("only {to} every {longest}")
    } else {
        format!("{to} every {longest}")
    };
    format!("Checkpoints every {shortest} cost {from} of the throughput{aside}; {rest}")
}

/// The curves at the shortest interval that all of them have.
fn finding_of(curves: &[Curve]) -> String {
    let [one, others @ ..] = curves else {
        return String::new();
    };
    let common = losses(one).into_iter().find_map(|(interval, loss)| {
        let same = |curve: &Curve| {
            losses(curve)
                .into_iter()
                .find(|(other, _)| other.total_cmp(&interval).is_eq())
        };
        let rest: Option<Vec<Estimate>> = others.iter().map(|curve| Some(same(curve)?.1)).collect();
        Some((
            interval,
            std::iter::once(loss)
                .chain(rest?)
                .collect::<Vec<Estimate>>(),
        ))
    });
    let Some((interval, losses)) = common.filter(|_| !others.is_empty()) else {
        return finding(one);
    };
    let part = |(curve, loss): (&Curve, &Estimate)| {
        format!("{} ({})", Unit::Share.estimate(loss), curve.name)
    };
    let parts: Vec<String> = curves.iter().zip(&losses).map(part).collect();
    format!(
        "Every {}, checkpoints cost {} of the throughput",
        exact(Unit::Time, interval),
        parts.join(", ")
    )
}

fn data(curves: &[Curve]) -> Sheet {
    let mut columns: Vec<String> = vec!["curve".to_owned(), "interval_s".to_owned()];
    columns.extend(sheet::columns("throughput_loss", "share"));
    columns.push("formula_f3_share".to_owned());
    let mut sheet = Sheet::new(columns);
    for curve in curves {
        for (interval, point) in &curve.points {
            let mut row = vec![curve.name.clone(), sheet::cell(*interval)];
            row.extend(sheet::cells(
                point.metric(MetricId::ThroughputLoss).as_ref(),
            ));
            row.push(formula(point).map_or_else(String::new, sheet::cell));
            sheet.push(row);
        }
    }
    sheet
}
