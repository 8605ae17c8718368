//! A metric over a swept key, one curve per combination of the other keys: the same picture, whichever metric it is.

use crate::experiment::{PointSummary, SweepResult};
use crate::formulas::FormulaId;
use crate::measure::Estimate;
use crate::measure::estimate::REPLICATIONS_MIN;
use crate::render::chart::{Colour, Line, Mark, Stroke};
use crate::render::key_name::coordinate_name;
use crate::render::plot::origin::brief;
use crate::render::plot::role;
use crate::units::Unit;

/// Curves in one picture; more cannot be told apart.
const MOST_CURVES: usize = 4;
/// With more curves than this there is no room for what stands beside the metric.
const DETAILED: usize = 2;

/// Points that differ only in the key looked along.
#[derive(Clone, Debug)]
pub struct Curve<'s> {
    /// Values of the other keys (`unaligned`, `skew 30 %`); empty if there are none.
    pub name: String,
    pub colour: Colour,
    /// `(place on the axis, point)` in rising order; points whose coordinate is no number are left out.
    pub points: Vec<(f64, &'s PointSummary)>,
}

/// Curves along one key.
#[derive(Clone, Debug)]
pub struct Curves<'s> {
    /// At most four.
    pub shown: Vec<Curve<'s>>,
    /// How many there are in the sweep.
    pub total: usize,
}

/// What is drawn of every point.
pub struct Metric {
    /// At the curve, if it is the only one.
    pub label: &'static str,
    pub value: fn(&PointSummary) -> Option<Estimate>,
    /// A thin line of its own.
    pub p99: fn(&PointSummary) -> Option<f64>,
    /// Label and value of the closed form.
    pub formula: (&'static str, fn(&PointSummary) -> Option<f64>),
    /// Said of points without a value, if anything.
    pub missing: &'static str,
}

/// Index of the axis whose key ends with `ending`.
pub fn axis(sweep: &SweepResult, ending: &str) -> Option<usize> {
    sweep.axes.iter().position(|key| key.ends_with(ending))
}

/// Index of the axis of the checkpoint interval.
pub fn interval_axis(sweep: &SweepResult) -> Option<usize> {
    axis(sweep, "checkpointing.interval")
}

/// Points that agree in all keys but the free ones, in grid order, after the values of those keys in words.
pub fn groups<'s>(sweep: &'s SweepResult, free: &[usize]) -> Vec<(String, Vec<&'s PointSummary>)> {
    let mut groups: Vec<(String, Vec<&PointSummary>)> = Vec::new();
    for point in &sweep.points {
        let keys = sweep.axes.iter().zip(&point.coordinates).enumerate();
        let fixed = keys.filter(|(index, _)| !free.contains(index));
        let names = fixed.map(|(_, (key, at))| coordinate_name(key, &at.label));
        let name = names.collect::<Vec<String>>().join(", ");
        match groups.iter_mut().find(|(own, _)| *own == name) {
            Some((_, points)) => points.push(point),
            None => groups.push((name, vec![point])),
        }
    }
    groups
}

/// The sweep along `axis`: one curve per combination of the other keys, evenly chosen if there are many; `None` if there
/// is none.
pub fn curves(sweep: &SweepResult, axis: usize) -> Option<Curves<'_>> {
    let place = |point: &PointSummary| point.coordinates.get(axis)?.value;
    let groups = groups(sweep, &[axis]).into_iter();
    let curves = groups.map(|(name, points)| {
        let points = points.into_iter();
        let placed = points.filter_map(|point| Some((place(point)?, point)));
        let mut points: Vec<_> = placed.filter(|(at, _)| at.is_finite()).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let colour = Colour::Ink;
        Curve {
            name,
            colour,
            points,
        }
    });
    let mut all: Vec<Curve> = curves.collect();
    all.retain(|curve| !curve.points.is_empty());
    let total = all.len();
    let chosen = evenly(total).into_iter().map(|index| all[index].clone());
    let mut shown: Vec<Curve> = chosen.collect();
    paint(&mut shown);
    (total > 0).then_some(Curves { shown, total })
}

fn evenly(total: usize) -> Vec<usize> {
    if total <= MOST_CURVES {
        return (0..total).collect();
    }
    (0..MOST_CURVES)
        .map(|index| index * (total - 1) / (MOST_CURVES - 1))
        .collect()
}

/// Aligned and unaligned keep their colours wherever they appear once; everything else takes turns.
fn paint(curves: &mut [Curve]) {
    let unaligned = |curve: &Curve| curve.name.contains("unaligned");
    let pair = curves.iter().filter(|curve| unaligned(curve)).count() == 1;
    let mut next = 0;
    for (index, curve) in curves.iter_mut().enumerate() {
        curve.colour = match index {
            _ if pair && unaligned(curve) => role::UNALIGNED,
            _ if curve.name == "aligned" => role::ALIGNED,
            0 => role::ALIGNED,
            _ => {
                next += 1;
                role::series(next - 1)
            }
        };
    }
}

impl Curve<'_> {
    /// Where the metric has a value.
    pub fn estimates(&self, metric: &Metric) -> Vec<(f64, Estimate)> {
        self.series(metric.value)
    }

    fn series<V>(&self, read: impl Fn(&PointSummary) -> Option<V>) -> Vec<(f64, V)> {
        let points = self.points.iter();
        points
            .filter_map(|(at, point)| Some((*at, read(point)?)))
            .collect()
    }

    /// Closed form below, then band, p99, value; details only while there is room for them.
    fn marks(&self, metric: &Metric, curves: usize) -> Vec<Mark> {
        let alone = curves == 1 || self.name.is_empty();
        let prefix = if alone {
            String::new()
        } else {
            format!("{}, ", self.name)
        };
        let label = if alone { metric.label } else { &self.name };
        let mut marks: Vec<Mark> = Vec::new();
        let beside = |label: &str, colour, stroke, points: Vec<(f64, f64)>| {
            let line = Line::new(colour, stroke, points).labelled(format!("{prefix}{label}"));
            let shown = curves <= DETAILED && !line.points.is_empty();
            shown.then(|| Mark::from(line))
        };
        let (formula, read) = metric.formula;
        marks.extend(beside(
            formula,
            role::FORMULA,
            Stroke::Dashed,
            self.series(read),
        ));
        let p99 = beside("p99", self.colour, Stroke::Thin, self.series(metric.p99));
        let estimates = self.estimates(metric);
        marks.extend(band(self.colour, &estimates));
        marks.extend(p99);
        let values = estimates.iter().map(|(at, estimate)| (*at, estimate.value));
        let line = Line::new(self.colour, Stroke::Solid, values);
        marks.push(line.labelled(label).dotted().into());
        let none = |(_, point): &&(f64, &PointSummary)| (metric.value)(point).is_none();
        let at: Vec<f64> = self
            .points
            .iter()
            .filter(none)
            .map(|point| point.0)
            .collect();
        if !metric.missing.is_empty() && !at.is_empty() {
            let reason = format!("{prefix}{}", metric.missing);
            marks.push(Mark::Missing(self.colour, at, reason));
        }
        marks
    }
}

impl<'s> Curves<'s> {
    /// All points with their places.
    pub fn points(&self) -> impl Iterator<Item = (f64, &'s PointSummary)> {
        self.shown
            .iter()
            .flat_map(|curve| curve.points.iter().copied())
    }

    /// Every number that is drawn of a metric, without the bands.
    pub fn values(&self, metric: &Metric) -> Vec<f64> {
        let numbers = |(_, point): (f64, &PointSummary)| {
            let value = (metric.value)(point).map(|estimate| estimate.value);
            [value, (metric.p99)(point), (metric.formula.1)(point)]
        };
        self.points().flat_map(numbers).flatten().collect()
    }

    pub fn marks(&self, metric: &Metric) -> Vec<Mark> {
        let count = self.shown.len();
        let curves = self.shown.iter();
        curves
            .flat_map(|curve| curve.marks(metric, count))
            .collect()
    }

    /// `orders · 5 replications per point · band = 95 % interval of the median · 4 of 9 curves shown`.
    pub fn subtitle(&self, sweep: &SweepResult, aside: &str, of: &str) -> String {
        let band = if (sweep.replications as usize) < REPLICATIONS_MIN {
            String::new()
        } else {
            format!(" · band = 95 % interval{of}")
        };
        let omitted = if self.total > self.shown.len() {
            format!(" · {} of {} curves shown", self.shown.len(), self.total)
        } else {
            String::new()
        };
        format!("{}{aside}{band}{omitted}", described(sweep))
    }

    /// A row per point: its curve, its place, the point.
    pub fn rows(&self) -> Vec<(&Curve<'s>, f64, &'s PointSummary)> {
        let of = |curve: &'_ Curve<'s>| curve.points.clone().into_iter();
        let curves = self.shown.iter();
        curves
            .flat_map(|curve| of(curve).map(move |(at, point)| (curve, at, point)))
            .collect()
    }
}

/// Scenario and replications.
pub fn described(sweep: &SweepResult) -> String {
    let plural = if sweep.replications == 1 { "" } else { "s" };
    format!(
        "{} · {} replication{plural} per point",
        brief(&sweep.scenario),
        sweep.replications
    )
}

/// The intervals of a curve as a band, where there are enough replications for one.
fn band(colour: Colour, curve: &[(f64, Estimate)]) -> Option<Mark> {
    let ends = curve.iter().filter_map(|(at, estimate)| {
        let (low, high) = estimate.interval()?;
        Some((*at, low, high))
    });
    let ends: Vec<(f64, f64, f64)> = ends.collect();
    (!ends.is_empty()).then_some(Mark::Band(colour, ends))
}

/// The value of a closed form at a point.
pub fn prediction(point: &PointSummary, id: FormulaId) -> Option<(f64, Unit)> {
    let mut all = point.comparisons.iter().map(|one| &one.prediction);
    let found = all.find(|prediction| prediction.id == id)?;
    Some((found.value?, found.unit))
}
