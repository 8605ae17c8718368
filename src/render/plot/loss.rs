//! Picture: what the interval does to the throughput.

use crate::experiment::metric::MetricId;
use crate::experiment::{PointSummary, SweepResult};
use crate::formulas::FormulaId;
use crate::measure::Estimate;
use crate::render::chart::{Axis, Chart, Panel, Span, setting};
use crate::render::number::Unit;
use crate::render::plot::columns::Columns;
use crate::render::plot::curve::{Curve, Metric, curves, interval_axis, prediction};
use crate::render::plot::{Draw, Drawing, Example, Kind};
use crate::units::SimDuration;

pub const KIND: Kind = Kind {
    name: "loss",
    heading: "Throughput loss over the interval",
    caption: "What checkpoints take from the throughput of saturated sources, against the same run without checkpoints. \
              Where the band contains zero, the loss cannot be told from nothing.",
    example: Some(Example::Intervals),
    draw: Draw::Sweep(drawing),
};

const LOSS: Metric = Metric {
    label: "simulated",
    value: |point| point.metric(MetricId::ThroughputLoss),
    p99: |_| None,
    formula: ("formula F3", formula),
    missing: "",
};

/// Interval against the share of throughput that checkpoints cost; `None` if the interval is not swept or no loss was
/// measured.
fn drawing(sweep: &SweepResult, _: Option<SimDuration>) -> Option<Vec<Drawing>> {
    let curves = curves(sweep, interval_axis(sweep)?)?;
    let losses = || {
        curves
            .points()
            .filter_map(|(_, point)| point.metric(MetricId::ThroughputLoss))
    };
    losses().next()?;
    let formulas = curves.points().filter_map(|(_, point)| formula(point));
    let from_zero = Span::from_zero(losses().map(|loss| ends(&loss).1).chain(formulas));
    let lowest = losses().map(|loss| ends(&loss).0).fold(0.0, f64::min);
    let x = Span::log(curves.points().map(|(interval, _)| interval), 1.0);
    let y = Span::linear(lowest.max(-from_zero.high()), from_zero.high());
    let aside = " · sources unlimited, with and without checkpoints";
    let chart = Chart {
        title: finding(&curves.shown),
        subtitle: curves.subtitle(sweep, aside, ""),
        height: 600,
        panels: vec![Panel::new(
            Axis::round("Checkpoint interval", Unit::Time, x),
            Axis::round("Loss of throughput", Unit::Share, y),
            curves.marks(&LOSS),
        )],
        ..Chart::default()
    };
    let rows = curves.rows();
    let data = Columns::of(&rows)
        .text("curve", |(curve, ..)| curve.name.clone())
        .number("interval_s", |(_, interval, _)| *interval)
        .estimate("throughput_loss", "share", |row| {
            row.2.metric(MetricId::ThroughputLoss)
        })
        .optional("formula_f3_share", |row| formula(row.2));
    Some(Drawing::only(chart, data.sheet()))
}

/// What is drawn of a loss: its interval, or its value.
fn ends(loss: &Estimate) -> (f64, f64) {
    loss.interval().unwrap_or((loss.value, loss.value))
}

/// The lost share according to the formula, which may be stated in records per second.
fn formula(point: &PointSummary) -> Option<f64> {
    let (value, unit) = prediction(point, FormulaId::F3)?;
    match unit {
        Unit::Share => Some(value),
        Unit::RecordsPerSecond => Some(
            value
                / point
                    .metric(MetricId::Throughput)
                    .filter(|all| all.value > 0.0)?
                    .value,
        ),
        _ => None,
    }
}

/// The curves at the shortest interval that all of them have.
fn finding(curves: &[Curve]) -> String {
    let [one, others @ ..] = curves else {
        return String::new();
    };
    let at = |curve: &Curve, interval: f64| {
        let mut losses = curve.estimates(&LOSS).into_iter();
        losses.find(|(own, _)| own.total_cmp(&interval).is_eq())
    };
    let common = one.estimates(&LOSS).into_iter().find_map(|(interval, _)| {
        let losses = curves.iter().map(|curve| Some(at(curve, interval)?.1));
        Some((interval, losses.collect::<Option<Vec<Estimate>>>()?))
    });
    let Some((interval, losses)) = common.filter(|_| !others.is_empty()) else {
        return along(one);
    };
    let parts = curves.iter().zip(&losses);
    let parts =
        parts.map(|(curve, loss)| format!("{} ({})", Unit::Share.estimate(loss), curve.name));
    format!(
        "Every {}, checkpoints cost {} of the throughput",
        setting(interval),
        parts.collect::<Vec<String>>().join(", ")
    )
}

/// Both ends of one curve.
fn along(curve: &Curve) -> String {
    let losses = curve.estimates(&LOSS);
    let (Some((shortest, first)), Some((longest, last))) = (losses.first(), losses.last()) else {
        return "What checkpoints cost in throughput".to_owned();
    };
    let [from, to] = [first, last].map(|loss| Unit::Share.estimate(loss));
    let [shortest, longest] = [shortest, longest].map(|interval| setting(*interval));
    if losses.iter().all(|(_, loss)| loss.low <= 0.0) {
        return format!("No measurable loss of throughput from {shortest} to {longest}");
    }
    let measured =
        |(_, point): &&(f64, &PointSummary)| point.metric(MetricId::ThroughputLoss).is_some();
    let first_point = curve.points.iter().find(measured);
    let aside = first_point
        .and_then(|(_, point)| formula(point))
        .filter(|share| *share > 2.0 * first.value.max(0.0))
        .map(|share| format!(" (the formula says {})", Unit::Share.about(share)));
    let cost = format!(
        "Checkpoints every {shortest} cost {from} of the throughput{}",
        aside.unwrap_or_default()
    );
    if losses.len() == 1 {
        cost
    } else if last.low <= 0.0 {
        format!("{cost}; nothing measurable every {longest}")
    } else if last.value <= first.value / 2.0 {
        format!("{cost}; only {to} every {longest}")
    } else {
        format!("{cost}; {to} every {longest}")
    }
}
