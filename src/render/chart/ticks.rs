//! Where the ticks of an axis are: at round numbers of the unit that people use.

use crate::render::chart::span::Span;
use crate::render::chart::tick_label::{DAY, HOUR, MINUTE, byte_scale, label};
use crate::render::number::Unit;

/// A labelled position.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Value on the axis.
    pub at: f64,
    /// Text.
    pub label: String,
}

/// A value worth a label, and how much: 0 = first choice.
type Candidate = (f64, u8);

/// Steps of a time axis from one second on, by unit.
const TIME_STEPS: [(f64, &[f64]); 4] = [
    (1.0, &[1.0, 2.0, 5.0, 10.0, 15.0, 30.0]),
    (MINUTE, &[1.0, 2.0, 5.0, 10.0, 15.0, 30.0]),
    (HOUR, &[1.0, 2.0, 3.0, 6.0, 12.0]),
    (DAY, &[1.0, 2.0, 5.0, 10.0, 30.0, 100.0, 1000.0]),
];

/// Labels for log axes of time from ten seconds on, by unit: first, second and third choice.
const TIME_MARKS: [(f64, [&[f64]; 3]); 4] = [
    (1.0, [&[10.0], &[30.0], &[20.0]]),
    (MINUTE, [&[1.0, 10.0], &[2.0, 5.0, 30.0], &[20.0]]),
    (HOUR, [&[1.0], &[3.0, 6.0], &[2.0, 12.0]]),
    (
        DAY,
        [&[1.0, 10.0, 100.0, 1e3], &[3.0, 30.0, 300.0], &[2.0, 5.0]],
    ),
];

/// Ticks of `span`, at least the share `gap` of its length apart (0.05 = at most about 20), in rising order.
pub fn ticks(span: &Span, unit: Unit, gap: f64) -> Vec<Tick> {
    let gap = gap.clamp(0.01, 1.0);
    if span.is_log() {
        let chosen = spread(span, candidates(span, unit), gap);
        // A range within one decade has hardly any mark of its own.
        if chosen.len() >= 3 {
            return chosen
                .into_iter()
                .map(|at| Tick {
                    at,
                    label: label(unit, at, at, at),
                })
                .collect();
        }
    }
    multiples(span, unit, gap)
}

/// Greedy: the best candidates first, then whatever still has room.
fn spread(span: &Span, mut candidates: Vec<Candidate>, gap: f64) -> Vec<f64> {
    candidates.sort_by(|a, b| a.1.cmp(&b.1).then(a.0.total_cmp(&b.0)));
    let mut chosen: Vec<f64> = Vec::new();
    for (value, _) in candidates {
        let position = span.position(value);
        if chosen
            .iter()
            .all(|&other| (span.position(other) - position).abs() >= gap)
        {
            chosen.push(value);
        }
    }
    chosen.sort_by(f64::total_cmp);
    chosen
}

fn candidates(span: &Span, unit: Unit) -> Vec<Candidate> {
    let mut all: Vec<Candidate> = match unit {
        Unit::Time => {
            let mut marks = decades(span.low(), span.high().min(5.5));
            // From ten seconds on, people count in sixties.
            marks.retain(|(value, _)| *value < 6.0);
            for (unit, ranks) in TIME_MARKS {
                for (values, rank) in ranks.into_iter().zip(0..) {
                    marks.extend(values.iter().map(|count| (count * unit, rank)));
                }
            }
            marks
        }
        Unit::Bytes | Unit::BytesPerHour => powers_of_two(span),
        Unit::Share
        | Unit::PerSecond
        | Unit::RecordsPerSecond
        | Unit::Money
        | Unit::Records
        | Unit::States
        | Unit::Plain => decades(span.low(), span.high()),
    };
    // A swept value may lie at the very end of the axis: rounding must not push it off.
    all.retain(|(value, _)| (-1e-9..=1.0 + 1e-9).contains(&span.position(*value)));
    all
}

/// 1, 3, then 2 and 5 times the powers of ten; rarer powers where there are many.
fn decades(low: f64, high: f64) -> Vec<Candidate> {
    let first = libm::floor(libm::log10(low)).clamp(-101.0, 101.0) as i32;
    let last = libm::ceil(libm::log10(high.max(low))).clamp(-101.0, 101.0) as i32;
    let rank = |power: i32| u8::from(power % 3 != 0);
    (first..=last)
        .flat_map(|power| {
            let unit = 10f64.powi(power);
            [
                (unit, rank(power)),
                (3.0 * unit, 2),
                (2.0 * unit, 3),
                (5.0 * unit, 3),
            ]
        })
        .collect()
}

/// KiB, MiB, … first, then 32 of each, then the other powers of four and of two.
fn powers_of_two(span: &Span) -> Vec<Candidate> {
    let last = libm::ceil(libm::log2(span.high())).clamp(0.0, 330.0) as i32;
    let first = libm::floor(libm::log2(span.low())).clamp(0.0, 330.0) as i32;
    let rank = |power: i32| match power % 10 {
        0 => 0,
        5 => 1,
        even if even % 2 == 0 => 2,
        _ => 3,
    };
    (first..=last)
        .map(|power| (2f64.powi(power), rank(power)))
        .collect()
}

/// Multiples of the smallest round step that keeps the gap.
fn multiples(span: &Span, unit: Unit, gap: f64) -> Vec<Tick> {
    let gap = gap.max(0.09);
    let largest = span.high().abs().max(span.low().abs());
    // On a log axis, multiples crowd towards the upper end: there the step must keep the gap.
    let wanted = if span.is_log() {
        span.high() * (1.0 - libm::pow(span.low() / span.high(), gap))
    } else {
        (span.high() - span.low()) * gap
    };
    let step = step_at_least(unit, wanted, largest);
    if !(step.is_finite() && step > 0.0) {
        return Vec::new();
    }
    let first = (span.low() / step - 1e-9).ceil();
    (0..100)
        .map(|index| (first + f64::from(index)) * step)
        .map(|value| {
            if value.abs() < step * 1e-6 {
                0.0
            } else {
                value
            }
        })
        .filter(|value| (-1e-9..=1.0 + 1e-9).contains(&span.position(*value)))
        .map(|at| Tick {
            at,
            label: label(unit, at, step, largest),
        })
        .collect()
}

fn step_at_least(unit: Unit, wanted: f64, largest: f64) -> f64 {
    match unit {
        Unit::Time if wanted > 0.5 => TIME_STEPS
            .into_iter()
            .flat_map(|(unit, counts)| counts.iter().map(move |count| count * unit))
            .find(|step| *step >= wanted)
            .unwrap_or_else(|| round_step(wanted / DAY) * DAY),
        Unit::Bytes | Unit::BytesPerHour if wanted > 1.0 => {
            let scale = byte_scale(largest);
            let step = scale * round_step(wanted / scale);
            // Below one unit of the label, only halves, quarters, … are exact.
            if step < scale {
                2f64.powi(libm::ceil(libm::log2(wanted)) as i32)
            } else {
                step
            }
        }
        _ => round_step(wanted),
    }
}

/// The smallest of 1, 2, 5 times a power of ten that is at least `wanted`.
fn round_step(wanted: f64) -> f64 {
    let unit = 10f64.powi(libm::floor(libm::log10(wanted)).clamp(-300.0, 300.0) as i32);
    let factor = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|factor| factor * unit >= wanted * (1.0 - 1e-9))
        .unwrap_or(10.0);
    factor * unit
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn case(span: Span, unit: Unit, gap: f64, expected: &str) {
        let labels: Vec<String> = ticks(&span, unit, gap)
            .into_iter()
            .map(|tick| tick.label)
            .collect();
        assert_eq!(labels.join(" | "), expected);
    }

    #[test]
    fn log_axes_have_the_marks_people_use() {
        let log = |low, high| Span::log([low, high], 1.0);
        case(
            log(10.0, 3600.0),
            Unit::Time,
            0.08,
            "10 s | 30 s | 1 min | 2 min | 5 min | 10 min | 30 min | 1 h",
        );
        case(
            log(0.01, 100.0),
            Unit::Time,
            0.1,
            "10 ms | 30 ms | 100 ms | 300 ms | 1 s | 3 s | 10 s | 1 min",
        );
        case(
            log(1024.0, 2e8),
            Unit::Bytes,
            0.15,
            "1 KiB | 32 KiB | 1 MiB | 32 MiB",
        );
        case(
            log(0.001, 0.5),
            Unit::Share,
            0.1,
            "0.1 % | 0.3 % | 1 % | 3 % | 10 % | 30 %",
        );
        case(
            log(1.0, 1e6),
            Unit::Plain,
            0.1,
            "1 | 10 | 100 | 1000 | 10 k | 100 k | 1 M",
        );
    }

    #[test]
    fn a_log_axis_within_one_decade_has_multiples() {
        let log = |low, high| Span::log([low, high], 1.0);
        case(
            log(40.0, 95.0),
            Unit::Time,
            0.08,
            "40 s | 50 s | 1 min | 1 min 10 s | 1 min 20 s | 1 min 30 s",
        );
        case(
            log(4e-4, 9e-4),
            Unit::Time,
            0.08,
            "400 µs | 500 µs | 600 µs | 700 µs | 800 µs | 900 µs",
        );
    }

    #[test]
    fn linear_axes_have_round_steps_in_one_unit() {
        let to = |high| Span::linear(0.0, high);
        case(
            to(600.0),
            Unit::Time,
            0.15,
            "0 s | 2 min | 4 min | 6 min | 8 min | 10 min",
        );
        case(
            to(90.0),
            Unit::Time,
            0.15,
            "0 s | 15 s | 30 s | 45 s | 1 min | 1 min 15 s | 1 min 30 s",
        );
        case(
            to(1.3),
            Unit::Time,
            0.1,
            "0 s | 0.2 s | 0.4 s | 0.6 s | 0.8 s | 1.0 s | 1.2 s",
        );
        case(
            to(0.004),
            Unit::Time,
            0.2,
            "0 ms | 1 ms | 2 ms | 3 ms | 4 ms",
        );
        case(
            to(2e5),
            Unit::Time,
            0.2,
            "0 s | 12 h | 1 d | 1 d 12 h | 2 d",
        );
        case(
            to(0.12),
            Unit::Share,
            0.1,
            "0 % | 2 % | 4 % | 6 % | 8 % | 10 % | 12 %",
        );
        case(
            to(3e9),
            Unit::Bytes,
            0.1,
            "0 B | 512 MiB | 1 GiB | 1.5 GiB | 2 GiB | 2.5 GiB",
        );
        case(
            to(1e6),
            Unit::RecordsPerSecond,
            0.2,
            "0 M/s | 0.2 M/s | 0.4 M/s | 0.6 M/s | 0.8 M/s | 1.0 M/s",
        );
        case(
            Span::linear(-4.0, 4.0),
            Unit::Plain,
            0.2,
            "−4 | −2 | 0 | 2 | 4",
        );
    }

    proptest! {
        #[test]
        fn every_axis_has_distinct_ticks_in_order_on_it(
            low in prop::num::f64::ANY, high in prop::num::f64::ANY, gap in 0.0..1.0f64, log: bool, unit in 0..6usize,
        ) {
            let unit = [Unit::Time, Unit::Bytes, Unit::Share, Unit::PerSecond, Unit::RecordsPerSecond, Unit::Plain][unit];
            let span = if log { Span::log([low, high], 1.0) } else { Span::linear(low, high) };
            let ticks = ticks(&span, unit, gap);
            prop_assert!(ticks.len() <= 101);
            for pair in ticks.windows(2) {
                prop_assert!(pair[0].at < pair[1].at);
            }
            for tick in ticks {
                let position = span.position(tick.at);
                prop_assert!((-1e-6..=1.0 + 1e-6).contains(&position), "{tick:?} at {position}");
            }
        }
    }
}
