//! A sweep seen along one of its axes: which axis, which curves, and what to call them.

use crate::experiment::{PointSummary, SweepResult};
use crate::measure::Estimate;
use crate::measure::estimate::REPLICATIONS_MIN;
use crate::render::plot::chart::Mark;
use crate::render::plot::style::Paint;

/// Curves in one picture; more cannot be told apart.
const MOST_CURVES: usize = 4;

/// Points of a sweep with their value on one axis.
pub type Points<'s> = Vec<(f64, &'s PointSummary)>;

/// Points that differ only in the axis looked along.
#[derive(Clone, Debug)]
pub struct Curve<'s> {
    /// Values of the other axes (`unaligned`, `skew 30 %`); empty if there are none.
    pub name: String,
    /// Colour of the curve.
    pub paint: Paint,
    /// `(value of the axis, point)` in rising order; points whose coordinate is no number are left out.
    pub points: Points<'s>,
}

/// Curves along one axis.
#[derive(Clone, Debug)]
pub struct Curves<'s> {
    /// At most four.
    pub shown: Vec<Curve<'s>>,
    /// How many there are in the sweep.
    pub total: usize,
}

/// Index of the axis whose key ends with `ending`.
pub fn axis(sweep: &SweepResult, ending: &str) -> Option<usize> {
    sweep.axes.iter().position(|key| key.ends_with(ending))
}

/// Index of the axis of the checkpoint interval.
pub fn interval_axis(sweep: &SweepResult) -> Option<usize> {
    axis(sweep, "checkpointing.interval")
}

/// The sweep along `axis`: one curve per combination of the other axes, in grid order, evenly chosen if there are many.
pub fn curves(sweep: &SweepResult, axis: usize) -> Curves<'_> {
    let mut groups: Vec<(Vec<&str>, Points)> = Vec::new();
    for point in &sweep.points {
        let Some(value) = point
            .coordinates
            .get(axis)
            .and_then(|coordinate| coordinate.value)
        else {
            continue;
        };
        if !value.is_finite() {
            continue;
        }
        let key: Vec<&str> = others(point, axis).map(|(_, label)| label).collect();
        match groups.iter_mut().find(|(labels, _)| *labels == key) {
            Some((_, points)) => points.push((value, point)),
            None => groups.push((key, vec![(value, point)])),
        }
    }
    let total = groups.len();
    let chosen: Vec<_> = evenly(total)
        .into_iter()
        .map(|index| groups[index].clone())
        .collect();
    let mut shown: Vec<Curve> = chosen
        .into_iter()
        .map(|(_, mut points)| {
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            let parts = others(points[0].1, axis)
                .map(|(index, label)| coordinate_name(&sweep.axes[index], label));
            Curve {
                name: parts.collect::<Vec<_>>().join(", "),
                paint: Paint::Ink,
                points,
            }
        })
        .collect();
    paint(&mut shown);
    Curves { shown, total }
}

fn others(point: &PointSummary, axis: usize) -> impl Iterator<Item = (usize, &str)> {
    let coordinates = point.coordinates.iter().enumerate();
    coordinates
        .filter(move |(index, _)| *index != axis)
        .map(|(index, coordinate)| (index, coordinate.label.as_str()))
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
        curve.paint = match index {
            _ if pair && unaligned(curve) => Paint::Unaligned,
            _ if curve.name == "aligned" => Paint::Aligned,
            0 => Paint::Aligned,
            _ => {
                next += 1;
                Paint::Series(next - 1)
            }
        };
    }
}

/// A coordinate in words: `unaligned` instead of `execution.checkpointing.unaligned.enabled = true`.
pub fn coordinate_name(key: &str, label: &str) -> String {
    let value = value_name(key, label);
    if value == "aligned" || value == "unaligned" {
        value
    } else {
        format!("{} {value}", short_key(key))
    }
}

/// The value of a coordinate, where its axis is named already.
pub fn value_name(key: &str, label: &str) -> String {
    match label {
        "true" if key.ends_with("unaligned.enabled") => "unaligned".to_owned(),
        "false" if key.ends_with("unaligned.enabled") => "aligned".to_owned(),
        label => label.to_owned(),
    }
}

/// The telling end of a key: `checkpoint interval`, `skew share`, `source rate`.
pub fn short_key(key: &str) -> String {
    const GENERIC: [&str; 9] = [
        "enabled", "factor", "max", "rate", "share", "size", "subtask", "timeout", "type",
    ];
    if key.ends_with("checkpointing.interval") {
        return "checkpoint interval".to_owned();
    }
    if key.ends_with("unaligned.enabled") {
        return "alignment".to_owned();
    }
    let parts: Vec<&str> = key
        .split(['.', '[', ']'])
        .filter(|part| !part.is_empty())
        .collect();
    let from = match parts.as_slice() {
        [.., last] if GENERIC.contains(last) => parts.len().saturating_sub(2),
        _ => parts.len().saturating_sub(1),
    };
    parts[from..].join(" ")
}

/// `orders · 5 replications per point`.
pub fn described(sweep: &SweepResult) -> String {
    let replications = match sweep.replications {
        1 => "1 replication per point".to_owned(),
        n => format!("{n} replications per point"),
    };
    format!("{} · {replications}", brief(&sweep.scenario))
}

/// The intervals of a curve as a band, where there are enough replications for one.
pub fn band(paint: Paint, curve: &[(f64, Estimate)]) -> Option<Mark> {
    let ends = curve
        .iter()
        .filter_map(|(at, estimate)| estimate.interval().map(|(low, high)| (*at, low, high)));
    let ends: Vec<(f64, f64, f64)> = ends.collect();
    (!ends.is_empty()).then_some(Mark::Band(paint, ends))
}

/// ` · band = 95 % interval`, and of what; nothing where no band is drawn.
pub fn band_note(sweep: &SweepResult, of: &str) -> String {
    if (sweep.replications as usize) < REPLICATIONS_MIN {
        String::new()
    } else {
        format!(" · band = 95 % interval{of}")
    }
}

/// A name of at most 60 characters (as in Flink's web UI), so that what follows it is not lost.
pub fn brief(name: &str) -> String {
    if name.chars().count() <= 60 {
        return name.to_owned();
    }
    name.chars().take(59).chain(['…']).collect()
}

/// ` · 4 of 9 curves shown` where some are left out.
pub fn omitted(curves: &Curves) -> String {
    if curves.total > curves.shown.len() {
        format!(" · {} of {} curves shown", curves.shown.len(), curves.total)
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coordinate_is_named_in_words() {
        let cases = [
            (
                "flink.execution.checkpointing.unaligned.enabled",
                "true",
                "unaligned",
            ),
            (
                "flink.execution.checkpointing.unaligned.enabled",
                "false",
                "aligned",
            ),
            ("vertex.join.skew.share", "30 %", "skew share 30 %"),
            (
                "vertex.orders.source.rate",
                "50000/s",
                "source rate 50000/s",
            ),
            (
                "flink.execution.checkpointing.interval",
                "30 s",
                "checkpoint interval 30 s",
            ),
            ("", "x", " x"),
        ];
        for (key, label, name) in cases {
            assert_eq!(coordinate_name(key, label), name);
        }
    }
}
