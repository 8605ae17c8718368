//! Picture: where load turns into long checkpoints. Full queues delay barriers, so durations explode near 100 %.

use crate::experiment::SweepResult;
use crate::experiment::metric::MetricId;
use crate::measure::Estimate;
use crate::measure::estimate::quantile;
use crate::render::chart::{At, Axis, Chart, Colour, Mark, Panel, Rule, Span, Stroke};
use crate::render::number::Unit;
use crate::render::plot::columns::Columns;
use crate::render::plot::curve::{Curve, Metric, axis, curves};
use crate::render::plot::duration::DURATION;
use crate::render::plot::{Draw, Drawing, Example, Kind, role};
use crate::units::SimDuration;

pub const KIND: Kind = Kind {
    name: "knee",
    heading: "Duration over the load",
    caption: "How the duration grows as the busiest subtask gets busier: left of the knee more load costs little, right \
              of it barriers wait behind full buffers.",
    example: Some(Example::Load),
    draw: Draw::Sweep(drawing),
};

/// Without the formula, which knows no queues.
const LOADED: Metric = Metric {
    formula: ("", |_| None),
    ..DURATION
};

/// Below this share busy, a subtask's busy time still grows in proportion to the rate.
const PROPORTIONAL: f64 = 0.9;
/// A load beyond this is none: its percentage would have no name.
const LOAD_MAX: f64 = 1e6;
/// Durations must rise at least twofold for a knee: ln 2.
const KNEE_RISE: f64 = 0.693;
/// How far the knee must lie below the straight line, as a share of the height.
const KNEE_DEPTH: f64 = 0.1;

/// Offered load, as a share of what the bottleneck can process, against duration; `None` if no rate is swept.
fn drawing(sweep: &SweepResult, _: Option<SimDuration>) -> Option<Vec<Drawing>> {
    let rate = axis(sweep, "rate")?;
    let mut curves = curves(sweep, rate)?;
    curves.shown.retain_mut(|curve| load(curve).is_some());
    let x = Span::linear(
        0.0,
        curves.points().map(|(load, _)| load).fold(1.05, f64::max),
    );
    let y = Span::log(curves.values(&LOADED), 1.35);
    let steepest = steepest(&curves.shown)?;
    let medians = steepest.estimates(&LOADED);
    let knee = knee(&medians);
    let mut marks = vec![
        Mark::zone(role::OBJECTIVE, (1.0, x.high()), (y.low(), y.high())),
        Rule::new("100 %", role::OBJECTIVE, Stroke::Dashed, At::X(1.0)).into(),
    ];
    marks.extend(knee.filter(|_| curves.shown.len() == 1).map(|load| {
        let label = format!("knee: {}", percent(load));
        Rule::new(label, Colour::Ink, Stroke::Solid, At::X(load)).into()
    }));
    marks.extend(curves.marks(&LOADED));
    let label = "Offered load, as a share of what the bottleneck can process";
    let chart = Chart {
        title: finding(&steepest.name, &medians, knee),
        subtitle: curves.subtitle(sweep, "", " of the median"),
        height: 620,
        panels: vec![Panel::new(
            Axis::round(label, Unit::Share, x),
            Axis::round("End to end duration", Unit::Time, y),
            marks,
        )],
        ..Chart::default()
    };
    let rows = curves.rows();
    let data = Columns::of(&rows)
        .text("curve", |(curve, ..)| curve.name.clone())
        .optional("rate_per_s", |row| row.2.coordinates[rate].value)
        .number("offered_load_share", |(_, load, _)| *load)
        .estimate("utilisation", "share", |row| {
            row.2.metric(MetricId::Utilisation)
        })
        .estimate("duration_p50", "s", |row| {
            row.2.metric(MetricId::DurationP50)
        })
        .estimate("duration_p99", "s", |row| {
            row.2.metric(MetricId::DurationP99)
        });
    Some(Drawing::only(chart, data.sheet()))
}

/// The curve that rises most: load does nothing to another one.
fn steepest<'c, 's>(curves: &'c [Curve<'s>]) -> Option<&'c Curve<'s>> {
    let rise = |curve: &Curve| {
        let medians = curve.estimates(&LOADED);
        let ends = medians.first().zip(medians.last());
        ends.map_or(0.0, |((_, first), (_, last))| last.value / first.value)
    };
    curves
        .iter()
        .rev()
        .max_by(|a, b| rise(a).total_cmp(&rise(b)))
}

/// Replaces rates by loads. Busy time stops at 100 %, so the load beyond is extrapolated from the points below it.
fn load(curve: &mut Curve) -> Option<()> {
    curve.points.retain(|(rate, _)| *rate > 0.0);
    let busy = curve.points.iter().filter_map(|(rate, point)| {
        let busy = point.metric(MetricId::Utilisation)?.value;
        (busy > 0.0).then_some((busy, busy / rate))
    });
    let busy: Vec<(f64, f64)> = busy.collect();
    let proportional = busy.iter().filter(|(busy, _)| *busy < PROPORTIONAL);
    let proportional: Vec<f64> = proportional.map(|(_, per_rate)| *per_rate).collect();
    let per_rate = quantile(&proportional, 0.5).or(busy.first().map(|(_, first)| *first))?;
    for (at, _) in &mut curve.points {
        *at *= per_rate;
    }
    curve.points.retain(|(load, _)| *load < LOAD_MAX);
    Some(())
}

/// The load where the curve turns: farthest below the straight line between its ends, with the duration on a log scale
/// ("Kneedle", Satopää et al. 2011). `None` if durations do not even double, or hardly bend.
fn knee(medians: &[(f64, Estimate)]) -> Option<f64> {
    let positive = medians.iter().filter(|(_, median)| median.value > 0.0);
    let curve: Vec<(f64, f64)> = positive
        .map(|(load, median)| (*load, libm::log(median.value)))
        .collect();
    let ((x0, y0), (x1, y1)) = (*curve.first()?, *curve.last()?);
    if y1 - y0 < KNEE_RISE || x1 <= x0 {
        return None;
    }
    let depth = |(x, y): &(f64, f64)| (x - x0) / (x1 - x0) - (y - y0) / (y1 - y0);
    let knee = curve.iter().max_by(|a, b| depth(a).total_cmp(&depth(b)))?;
    (depth(knee) > KNEE_DEPTH).then_some(knee.0)
}

fn finding(name: &str, medians: &[(f64, Estimate)], knee: Option<f64>) -> String {
    let Some((highest, last)) = medians.last() else {
        return "No checkpoint completes at any load".to_owned();
    };
    let name = if name.is_empty() {
        String::new()
    } else {
        format!(" ({name})")
    };
    let [to, at] = [Unit::Time.estimate(last), percent(*highest)];
    let Some(load) = knee else {
        return format!("Load hardly changes the duration: {to} at {at}{name}");
    };
    let below = medians.iter().filter(|(own, _)| *own <= load);
    let most = below.map(|(_, median)| median.value).fold(0.0, f64::max);
    let [load, most] = [percent(load), Unit::Time.text(most)];
    format!("Up to {load} load a checkpoint takes at most {most}; at {at} it takes {to}{name}")
}

fn percent(load: f64) -> String {
    format!("{:.0} %", load * 100.0)
}
