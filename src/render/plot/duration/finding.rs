//! What a picture of durations says, as a sentence with numbers.

use crate::experiment::metric::MetricId;
use crate::measure::Estimate;
use crate::render::number::Unit;
use crate::render::plot::grid::Curve;
use crate::render::plot::tick_label::exact;

/// Medians this close count as equal, as a share.
const SAME: f64 = 0.1;

/// The sentence above the picture.
pub fn finding(curves: &[Curve]) -> String {
    match curves {
        [aligned, unaligned] if unaligned.name.contains("unaligned") => {
            compared(aligned, unaligned).unwrap_or_else(|| along(aligned))
        }
        [unaligned, aligned] if unaligned.name.contains("unaligned") => {
            compared(aligned, unaligned).unwrap_or_else(|| along(aligned))
        }
        [curve] => along(curve),
        many => among(many),
    }
}

/// Where two curves differ most.
fn compared(curve: &Curve, unaligned: &Curve) -> Option<String> {
    let pairs = curve.points.iter().filter_map(|(interval, point)| {
        let other = unaligned
            .points
            .iter()
            .find(|(other, _)| other.total_cmp(interval).is_eq())?
            .1;
        Some((
            *interval,
            point.metric(MetricId::DurationP50)?.value,
            other.metric(MetricId::DurationP50)?.value,
        ))
    });
    let (interval, aligned, unaligned) = pairs
        .filter(|(_, a, u)| *a > 0.0 && *u > 0.0)
        .max_by(|a, b| ratio(a.1, a.2).total_cmp(&ratio(b.1, b.2)))?;
    let at = exact(Unit::Time, interval);
    Some(if ratio(aligned, unaligned) < 1.0 + SAME {
        format!("Aligned or unaligned makes no difference: {}", ends(curve))
    } else {
        let texts = [Unit::Time.text(unaligned), Unit::Time.text(aligned)];
        format!(
            "Unaligned checkpoints take {} where aligned ones take {} (interval {at})",
            texts[0], texts[1]
        )
    })
}

/// The median at both ends of a curve: `431 ms at 5 s, 2.84 s at 2 min`; once if they are the same.
fn ends(curve: &Curve) -> String {
    let medians = curve.points.iter().filter_map(|(interval, point)| {
        Some((*interval, point.metric(MetricId::DurationP50)?.value))
    });
    let medians: Vec<(f64, f64)> = medians.collect();
    let text = |at: &(f64, f64)| {
        let [median, interval] = [Unit::Time.text(at.1), exact(Unit::Time, at.0)];
        format!("{median} at {interval}")
    };
    match medians.as_slice() {
        [] => "no checkpoint completes".to_owned(),
        [first, .., last] if ratio(first.1, last.1) >= 1.0 + SAME => {
            format!("{}, {}", text(first), text(last))
        }
        [.., last] => format!("about {}", Unit::Time.text(last.1)),
    }
}

fn ratio(a: f64, b: f64) -> f64 {
    (a / b).max(b / a)
}

/// The extremes of several curves at the longest interval that all of them have.
fn among(curves: &[Curve]) -> String {
    let last = |curve: &Curve| {
        let (interval, point) = curve
            .points
            .iter()
            .rev()
            .find(|(_, point)| point.metric(MetricId::DurationP50).is_some())?;
        Some((
            *interval,
            point.metric(MetricId::DurationP50)?.value,
            curve.name.clone(),
        ))
    };
    let ends: Vec<(f64, f64, String)> = curves.iter().filter_map(last).collect();
    let fastest = ends.iter().min_by(|a, b| a.1.total_cmp(&b.1));
    let slowest = ends.iter().max_by(|a, b| a.1.total_cmp(&b.1));
    match (fastest, slowest) {
        (Some(fast), Some(slow)) => format!(
            "At an interval of {} a checkpoint takes {} ({}) to {} ({})",
            exact(Unit::Time, slow.0),
            Unit::Time.text(fast.1),
            fast.2,
            Unit::Time.text(slow.1),
            slow.2
        ),
        _ => "No checkpoint completes at any interval".to_owned(),
    }
}

/// What a longer interval does along one curve.
fn along(curve: &Curve) -> String {
    let medians: Vec<(f64, Estimate)> = curve
        .points
        .iter()
        .filter_map(|(interval, point)| Some((*interval, point.metric(MetricId::DurationP50)?)))
        .collect();
    let time = |interval: f64| exact(Unit::Time, interval);
    let (Some((shortest, first)), Some((longest, last))) = (medians.first(), medians.last()) else {
        return "No checkpoint completes at any interval".to_owned();
    };
    if medians.len() == 1 {
        return format!(
            "At an interval of {}, a checkpoint takes {}",
            time(*shortest),
            Unit::Time.estimate(last)
        );
    }
    let failed: Vec<f64> = curve
        .points
        .iter()
        .filter(|(_, point)| point.metric(MetricId::DurationP50).is_none())
        .map(|(interval, _)| *interval)
        .collect();
    if let Some(longest_failed) = failed
        .iter()
        .copied()
        .filter(|interval| interval < shortest)
        .reduce(f64::max)
    {
        return format!(
            "No checkpoint completes at {} or less; at {} it takes {}",
            time(longest_failed),
            time(*shortest),
            Unit::Time.estimate(first)
        );
    }
    let trend: Vec<f64> = medians.iter().map(|(_, median)| median.value).collect();
    let [from, to] = [first, last].map(|median| Unit::Time.estimate(median));
    match shape(&trend) {
        Shape::Flat => {
            let [shortest, longest] = [time(*shortest), time(*longest)];
            format!("The interval hardly changes the duration: {to} from {shortest} to {longest}")
        }
        Shape::LevelFrom(index) => {
            let word = if last.value > first.value {
                "slower"
            } else {
                "faster"
            };
            let [level, longest] = [time(medians[index].0), time(*longest)];
            format!("Beyond {level} the checkpoint no longer gets {word}: {to} at {longest}")
        }
        Shape::Steady => {
            let word = if last.value > first.value {
                "longer"
            } else {
                "shorter"
            };
            let [shortest, longest] = [time(*shortest), time(*longest)];
            format!(
                "The longer the interval, the {word} the checkpoint: {from} at {shortest}, {to} at {longest}"
            )
        }
        Shape::Uneven => {
            let by_value =
                |a: &&(f64, Estimate), b: &&(f64, Estimate)| a.1.value.total_cmp(&b.1.value);
            let [low, high] = [
                medians.iter().min_by(by_value),
                medians.iter().max_by(by_value),
            ]
            .map(|end| {
                end.map_or_else(String::new, |(at, median)| {
                    format!("{} (interval {})", Unit::Time.estimate(median), time(*at))
                })
            });
            format!("The duration follows the interval in no simple way: {low} to {high}")
        }
    }
}

/// What a series of durations does as the interval grows.
enum Shape {
    /// All are about the same.
    Flat,
    /// About the same from this index on.
    LevelFrom(usize),
    /// Up or down all the way.
    Steady,
    /// Up and down.
    Uneven,
}

fn shape(trend: &[f64]) -> Shape {
    let (Some(first), Some(last)) = (trend.first(), trend.last()) else {
        return Shape::Flat;
    };
    let near = |value: &f64| (value / last - 1.0).abs() <= SAME;
    let level = trend.len() - trend.iter().rev().take_while(|value| near(value)).count();
    let rises = last > first;
    let against = |pair: &[f64]| {
        if rises {
            pair[1] < pair[0] * (1.0 - SAME)
        } else {
            pair[1] > pair[0] * (1.0 + SAME)
        }
    };
    if level == 0 {
        Shape::Flat
    } else if trend.windows(2).any(against) {
        Shape::Uneven
    } else if level + 1 < trend.len() {
        Shape::LevelFrom(level)
    } else {
        Shape::Steady
    }
}
