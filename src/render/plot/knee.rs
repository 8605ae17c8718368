//! Picture: where load turns into long checkpoints. Full queues delay barriers, so durations explode near 100 %.

use crate::experiment::SweepResult;
use crate::experiment::metric::MetricId;
use crate::render::number::Unit;
use crate::render::plot::Picture;
use crate::render::plot::chart::{At, Axis, Chart, Line, Mark, Missing, Panel, Rule};
use crate::render::plot::grid::{self, Curve};
use crate::render::plot::origin::Origin;
use crate::render::plot::span::Span;
use crate::render::plot::style::{Paint, Stroke};
use crate::render::sheet::{self, Sheet};

/// Below this share busy, a subtask's busy time still grows in proportion to the rate.
const PROPORTIONAL: f64 = 0.9;
/// Durations must rise at least twofold for a knee: ln 2.
const KNEE_RISE: f64 = 0.693;
/// How far the knee must lie below the straight line, as a share of the height.
const KNEE_DEPTH: f64 = 0.1;

/// A curve over the offered load, as a share of what the bottleneck can process.
struct Loaded<'c, 's> {
    curve: &'c Curve<'s>,
    /// `(offered load, rate, index of the point)`.
    loads: Vec<(f64, f64, usize)>,
}

/// Offered load against duration; `None` if no rate is swept.
pub fn picture(sweep: &SweepResult) -> Option<Picture> {
    let curves = grid::curves(sweep, grid::axis(sweep, "rate")?);
    let loaded: Vec<Loaded> = curves.shown.iter().filter_map(offered).collect();
    if loaded.is_empty() {
        return None;
    }
    let loads = || {
        loaded
            .iter()
            .flat_map(|one| one.loads.iter().map(|(load, _, _)| *load))
    };
    let x = Span::linear(0.0, loads().fold(1.05, f64::max));
    let durations = loaded.iter().flat_map(|one| {
        let points = one.curve.points.iter();
        points
            .flat_map(|(_, point)| {
                [
                    point.metric(MetricId::DurationP50),
                    point.metric(MetricId::DurationP99),
                ]
            })
            .flatten()
            .map(|estimate| estimate.value)
    });
    let y = Span::log(durations, 1.35);
    let mut marks = overload(&x, &y);
    for one in &loaded {
        let row = marks
            .iter()
            .filter(|mark| matches!(mark, Mark::Missing(_)))
            .count();
        marks.extend(curve_marks(one, row, loaded.len()));
    }
    let chart = Chart {
        title: finding(&loaded[0]),
        subtitle: format!(
            "{}{}{}",
            grid::described(sweep),
            grid::band_note(sweep, " of the median"),
            grid::omitted(&curves)
        ),
        footer: Origin::of(sweep).footer(),
        height: 620,
        key: Vec::new(),
        panels: vec![Panel {
            heading: String::new(),
            weight: 1.0,
            x: Axis::round(
                "Offered load, as a share of what the bottleneck can process",
                Unit::Share,
                x,
            ),
            y: Axis::round("End to end duration", Unit::Time, y),
            marks,
            margin: Vec::new(),
        }],
    };
    Some(Picture {
        name: "knee".to_owned(),
        chart,
        data: data(&loaded),
    })
}

/// Busy time stops at 100 %, so the load beyond is extrapolated from the points below it.
fn offered<'c, 's>(curve: &'c Curve<'s>) -> Option<Loaded<'c, 's>> {
    let busy = |index: usize| {
        curve.points[index]
            .1
            .metric(MetricId::Utilisation)
            .map(|busy| busy.value)
            .filter(|busy| *busy > 0.0)
    };
    let points = || {
        curve
            .points
            .iter()
            .enumerate()
            .filter(|(_, (rate, _))| *rate > 0.0)
    };
    let per_rate = |index: usize, rate: f64| busy(index).map(|busy| busy / rate);
    let proportional: Vec<f64> = points()
        .filter(|(index, _)| busy(*index).is_some_and(|busy| busy < PROPORTIONAL))
        .filter_map(|(index, (rate, _))| per_rate(index, *rate))
        .collect();
    let slope = crate::measure::estimate::quantile(&proportional, 0.5)
        .or_else(|| points().find_map(|(index, (rate, _))| per_rate(index, *rate)))?;
    let loads = points()
        .map(|(index, (rate, _))| (slope * rate, *rate, index))
        .filter(|(load, _, _)| load.is_finite())
        .collect();
    Some(Loaded { curve, loads })
}

fn overload(x: &Span, y: &Span) -> Vec<Mark> {
    vec![
        Mark::Zone(Paint::Objective, (1.0, x.high()), (y.low(), y.high())),
        Mark::Rule(Rule {
            label: "100 %".to_owned(),
            paint: Paint::Objective,
            stroke: Stroke::Dashed,
            at: At::X(1.0),
        }),
    ]
}

fn curve_marks(one: &Loaded, row: usize, curves: usize) -> Vec<Mark> {
    let paint = one.curve.paint;
    let mut marks = Vec::new();
    if curves == 1
        && let Some(load) = one.knee()
    {
        let label = format!("knee: {}", percent(load));
        marks.push(Mark::Rule(Rule {
            label,
            paint: Paint::Ink,
            stroke: Stroke::Solid,
            at: At::X(load),
        }));
    }
    let medians: Vec<_> = one.medians().collect();
    marks.extend(grid::band(paint, &medians));
    if curves == 1 {
        let tail = one.loads.iter().filter_map(|(load, _, index)| {
            Some((
                *load,
                one.curve.points[*index]
                    .1
                    .metric(MetricId::DurationP99)?
                    .value,
            ))
        });
        let label = "p99".to_owned();
        marks.push(Mark::Line(Line {
            label,
            paint,
            stroke: Stroke::Thin,
            points: tail.collect(),
            dots: false,
        }));
    }
    let label = if curves == 1 {
        "simulated median".to_owned()
    } else {
        one.curve.name.clone()
    };
    let points = medians
        .iter()
        .map(|(load, median)| (*load, median.value))
        .collect();
    marks.push(Mark::Line(Line {
        label,
        paint,
        stroke: Stroke::Solid,
        points,
        dots: true,
    }));
    let none: Vec<f64> = one
        .loads
        .iter()
        .filter(|(_, _, index)| {
            one.curve.points[*index]
                .1
                .metric(MetricId::DurationP50)
                .is_none()
        })
        .map(|(load, _, _)| *load)
        .collect();
    if !none.is_empty() {
        let reason = "no checkpoint completed".to_owned();
        marks.push(Mark::Missing(Missing {
            paint,
            at: none,
            reason,
            row,
        }));
    }
    marks
}

impl Loaded<'_, '_> {
    fn medians(&self) -> impl Iterator<Item = (f64, crate::measure::Estimate)> {
        self.loads.iter().filter_map(|(load, _, index)| {
            Some((
                *load,
                self.curve.points[*index].1.metric(MetricId::DurationP50)?,
            ))
        })
    }

    /// The load where the curve turns: farthest below the straight line between its ends, with the duration on a log
    /// scale ("Kneedle", Satopää et al. 2011). `None` if durations do not even double, or hardly bend.
    fn knee(&self) -> Option<f64> {
        let curve: Vec<(f64, f64)> = self
            .medians()
            .filter(|(_, median)| median.value > 0.0)
            .map(|(load, median)| (load, libm::log(median.value)))
            .collect();
        let ((x0, y0), (x1, y1)) = (*curve.first()?, *curve.last()?);
        if y1 - y0 < KNEE_RISE || x1 <= x0 {
            return None;
        }
        let depth = |(x, y): &(f64, f64)| (x - x0) / (x1 - x0) - (y - y0) / (y1 - y0);
        let knee = curve.iter().max_by(|a, b| depth(a).total_cmp(&depth(b)))?;
        (depth(knee) > KNEE_DEPTH).then_some(knee.0)
    }

    /// Largest median up to a load.
    fn highest(&self, load: f64) -> f64 {
        let below = self.medians().filter(|(other, _)| *other <= load);
        below.map(|(_, median)| median.value).fold(0.0, f64::max)
    }
}

fn finding(one: &Loaded) -> String {
    let Some((highest, last)) = one.medians().last() else {
        return "No checkpoint completes at any load".to_owned();
    };
    let name = if one.curve.name.is_empty() {
        String::new()
    } else {
        format!(" ({})", one.curve.name)
    };
    let [to, at] = [Unit::Time.estimate(&last), percent(highest)];
    match one.knee() {
        Some(load) => format!(
            "Up to {} load a checkpoint takes at most {}; at {at} it takes {to}{name}",
            percent(load),
            Unit::Time.text(one.highest(load))
        ),
        None => format!("Load hardly changes the duration: {to} at {at}{name}"),
    }
}

fn percent(load: f64) -> String {
    format!("{:.0} %", load * 100.0)
}

fn data(loaded: &[Loaded]) -> Sheet {
    let mut columns: Vec<String> = ["curve", "rate_per_s", "offered_load_share"]
        .map(str::to_owned)
        .to_vec();
    for (name, unit) in [
        ("utilisation", "share"),
        ("duration_p50", "s"),
        ("duration_p99", "s"),
    ] {
        columns.extend(sheet::columns(name, unit));
    }
    let mut sheet = Sheet::new(columns);
    for one in loaded {
        for (load, rate, index) in &one.loads {
            let point = one.curve.points[*index].1;
            let mut row = vec![
                one.curve.name.clone(),
                sheet::cell(*rate),
                sheet::cell(*load),
            ];
            for estimate in [
                point.metric(MetricId::Utilisation),
                point.metric(MetricId::DurationP50),
                point.metric(MetricId::DurationP99),
            ] {
                row.extend(sheet::cells(estimate.as_ref()));
            }
            sheet.push(row);
        }
    }
    sheet
}
