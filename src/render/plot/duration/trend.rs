//! What a picture of durations over the interval says, as a sentence with numbers.

use crate::experiment::metric::MetricId;
use crate::measure::Estimate;
use crate::render::chart::setting;
use crate::render::number::Unit;
use crate::render::plot::curve::Curve;
use crate::render::plot::duration::DURATION;

/// Medians this close count as equal, as a share.
const SAME: f64 = 0.1;

/// Intervals with the median there, in rising order.
type Medians = Vec<(f64, Estimate)>;

/// The sentence above the picture.
pub fn finding(curves: &[Curve]) -> String {
    let unaligned = |curve: &Curve| curve.name.contains("unaligned");
    match curves {
        [curve] => along(curve),
        [one, other] if unaligned(other) => compared(one, other),
        [other, one] if unaligned(other) => compared(one, other),
        many => among(many),
    }
}

/// Where two curves differ most.
fn compared(curve: &Curve, unaligned: &Curve) -> String {
    let (medians, others) = (curve.estimates(&DURATION), unaligned.estimates(&DURATION));
    let pairs = medians.iter().filter_map(|(interval, aligned)| {
        let same = |(other, _): &&(f64, Estimate)| other.total_cmp(interval).is_eq();
        let (_, other) = others.iter().find(same)?;
        Some((*interval, aligned.value, other.value))
    });
    let widest = pairs
        .filter(|(_, a, u)| *a > 0.0 && *u > 0.0)
        .max_by(|a, b| ratio(a.1, a.2).total_cmp(&ratio(b.1, b.2)));
    let Some((interval, aligned, unaligned)) = widest else {
        return along(curve);
    };
    if ratio(aligned, unaligned) < 1.0 + SAME {
        return format!(
            "Aligned or unaligned makes no difference: {}",
            ends(&medians)
        );
    }
    format!(
        "Unaligned checkpoints take {} where aligned ones take {} (interval {})",
        Unit::Time.text(unaligned),
        Unit::Time.text(aligned),
        setting(interval)
    )
}

/// The median at both ends of a curve: `431 ms at 5 s, 2.84 s at 2 min`; once if they are the same.
fn ends(medians: &Medians) -> String {
    let time = |median: &Estimate| Unit::Time.text(median.value);
    let text = |at: &(f64, Estimate)| format!("{} at {}", time(&at.1), setting(at.0));
    match medians.as_slice() {
        [] => "no checkpoint completes".to_owned(),
        [first, .., last] if ratio(first.1.value, last.1.value) >= 1.0 + SAME => {
            format!("{}, {}", text(first), text(last))
        }
        [.., last] => format!("about {}", time(&last.1)),
    }
}

fn ratio(a: f64, b: f64) -> f64 {
    (a / b).max(b / a)
}

/// The extremes of several curves at the longest interval that each of them has.
fn among(curves: &[Curve]) -> String {
    let last = |curve: &Curve| {
        let (interval, median) = curve.estimates(&DURATION).pop()?;
        Some((interval, median.value, curve.name.clone()))
    };
    let ends: Vec<(f64, f64, String)> = curves.iter().filter_map(last).collect();
    let fastest = ends.iter().min_by(|a, b| a.1.total_cmp(&b.1));
    let slowest = ends.iter().max_by(|a, b| a.1.total_cmp(&b.1));
    match (fastest, slowest) {
        (Some(fast), Some(slow)) => format!(
            "At an interval of {} a checkpoint takes {} ({}) to {} ({})",
            setting(slow.0),
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
    let medians = curve.estimates(&DURATION);
    let (Some((shortest, first)), Some((longest, last))) = (medians.first(), medians.last()) else {
        return "No checkpoint completes at any interval".to_owned();
    };
    let [from, to] = [first, last].map(|median| Unit::Time.estimate(median));
    let failed = curve
        .points
        .iter()
        .filter(|(_, point)| point.metric(MetricId::DurationP50).is_none());
    let below = failed
        .map(|(interval, _)| *interval)
        .filter(|failed| failed < shortest);
    let below = below.reduce(f64::max);
    let [shortest, longest] = [*shortest, *longest].map(setting);
    if medians.len() == 1 {
        return format!("At an interval of {shortest}, a checkpoint takes {to}");
    }
    if let Some(below) = below.map(setting) {
        return format!(
            "No checkpoint completes at {below} or less; at {shortest} it takes {from}"
        );
    }
    let trend: Vec<f64> = medians.iter().map(|(_, median)| median.value).collect();
    let (slower, longer) = if last.value > first.value {
        ("slower", "longer")
    } else {
        ("faster", "shorter")
    };
    match shape(&trend) {
        Shape::Flat => {
            format!("The interval hardly changes the duration: {to} from {shortest} to {longest}")
        }
        Shape::LevelFrom(index) => {
            let level = setting(medians[index].0);
            format!("Beyond {level} the checkpoint no longer gets {slower}: {to} at {longest}")
        }
        Shape::Steady => format!(
            "The longer the interval, the {longer} the checkpoint: {from} at {shortest}, {to} at {longest}"
        ),
        Shape::Uneven => {
            let mut sorted = medians.clone();
            sorted.sort_by(|a, b| a.1.value.total_cmp(&b.1.value));
            let text = |(at, median): &(f64, Estimate)| {
                format!(
                    "{} (interval {})",
                    Unit::Time.estimate(median),
                    setting(*at)
                )
            };
            let [low, high] = [&sorted[0], &sorted[sorted.len() - 1]].map(text);
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
    let against = |pair: &[f64]| {
        if last > first {
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
