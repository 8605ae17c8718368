//! Where the ticks of an axis are and what stands at them: round numbers of the unit that people use.

use crate::render::number::Unit;
use crate::render::plot::span::Span;

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

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3_600.0;
const DAY: f64 = 86_400.0;
const KIB: f64 = 1024.0;

/// Steps of a time axis from one second on.
const TIME_STEPS: [f64; 24] = [
    1.0,
    2.0,
    5.0,
    10.0,
    15.0,
    30.0,
    MINUTE,
    2.0 * MINUTE,
    5.0 * MINUTE,
    10.0 * MINUTE,
    15.0 * MINUTE,
    30.0 * MINUTE,
    HOUR,
    2.0 * HOUR,
    3.0 * HOUR,
    6.0 * HOUR,
    12.0 * HOUR,
    DAY,
    2.0 * DAY,
    5.0 * DAY,
    10.0 * DAY,
    30.0 * DAY,
    100.0 * DAY,
    1000.0 * DAY,
];

/// Labels for log axes of time from ten seconds on, the most useful first.
const TIME_MARKS: [Candidate; 23] = [
    (10.0, 0),
    (30.0, 1),
    (20.0, 2),
    (MINUTE, 0),
    (2.0 * MINUTE, 1),
    (5.0 * MINUTE, 1),
    (10.0 * MINUTE, 0),
    (30.0 * MINUTE, 1),
    (20.0 * MINUTE, 2),
    (HOUR, 0),
    (2.0 * HOUR, 2),
    (3.0 * HOUR, 1),
    (6.0 * HOUR, 1),
    (12.0 * HOUR, 2),
    (DAY, 0),
    (2.0 * DAY, 2),
    (3.0 * DAY, 1),
    (5.0 * DAY, 2),
    (10.0 * DAY, 0),
    (30.0 * DAY, 1),
    (100.0 * DAY, 0),
    (300.0 * DAY, 1),
    (1000.0 * DAY, 0),
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

/// A setting as people write it: `30 s`, `2 min`, `1 h`; three digits where it is no round number.
pub fn exact(unit: Unit, value: f64) -> String {
    let text = label(unit, value, value, value);
    let digits = text.chars().filter(char::is_ascii_digit).count();
    if value.is_finite() && digits <= 5 {
        text
    } else {
        unit.text(value)
    }
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
            marks.extend(TIME_MARKS);
            marks
        }
        Unit::Bytes => powers_of_two(span),
        Unit::Share | Unit::PerSecond | Unit::RecordsPerSecond | Unit::Plain => {
            decades(span.low(), span.high())
        }
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
            .find(|step| *step >= wanted)
            .unwrap_or_else(|| round_step(wanted / DAY) * DAY),
        Unit::Bytes if wanted > 1.0 => {
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

/// The text at a tick, exact for multiples of `step`, on an axis that reaches `largest`.
fn label(unit: Unit, value: f64, step: f64, largest: f64) -> String {
    match unit {
        Unit::Time => time(value, step, largest),
        Unit::Bytes => bytes(value),
        Unit::Share => format!("{} %", plain(value * 100.0, step * 100.0)),
        Unit::PerSecond => format!("{}/s", plain(value, step)),
        Unit::RecordsPerSecond => format!("{}/s", thousands(value, step, largest)),
        Unit::Plain => thousands(value, step, largest),
    }
}

fn time(value: f64, step: f64, largest: f64) -> String {
    let magnitude = value.abs();
    let whole = |unit: f64| (magnitude / unit).fract() < 1e-9;
    let parts: [(f64, &str); 4] = [(DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (1.0, "s")];
    for pair in parts.windows(2) {
        let [(unit, name), (small, small_name)] = [pair[0], pair[1]];
        if magnitude < unit {
            continue;
        }
        if whole(unit) {
            return format!("{} {name}", plain(value / unit, 1.0));
        }
        // "1 min 30 s", but not "1 min 30.5 s".
        if whole(small) {
            let count = (magnitude / unit).floor();
            let rest = ((magnitude - count * unit) / small).round();
            return format!(
                "{} {name} {rest} {small_name}",
                plain(count * value.signum(), 1.0)
            );
        }
    }
    // One unit for the whole axis: 0.5 s before 1.0 s, not 500 ms.
    let (scale, name) = match largest.abs() {
        seconds if seconds >= 1.0 => (1.0, "s"),
        seconds if seconds >= 1e-3 => (1e-3, "ms"),
        seconds if seconds >= 1e-6 => (1e-6, "µs"),
        _ => (1e-9, "ns"),
    };
    format!("{} {name}", plain(value / scale, step / scale))
}

fn byte_scale(value: f64) -> f64 {
    let power = libm::floor(libm::log2(value.abs().max(1.0)) / 10.0).clamp(0.0, 5.0);
    KIB.powi(power as i32)
}

fn bytes(value: f64) -> String {
    let scale = byte_scale(value);
    let index = libm::round(libm::log2(scale) / 10.0) as usize;
    let name = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"][index.min(5)];
    let scaled = value / scale;
    let step = [1.0, 0.5, 0.25]
        .into_iter()
        .find(|step| (scaled / step).fract() == 0.0);
    format!("{} {name}", plain(scaled, step.unwrap_or(0.01)))
}

fn thousands(value: f64, step: f64, largest: f64) -> String {
    let (scale, name) = match largest.abs() {
        v if v >= 1e9 => (1e9, " G"),
        v if v >= 1e6 => (1e6, " M"),
        v if v >= 1e4 => (1e3, " k"),
        _ => (1.0, ""),
    };
    format!("{}{name}", plain(value / scale, step / scale))
}

/// As many decimals as the step needs, with a real minus sign.
fn plain(value: f64, step: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if value.abs() >= 1e12 {
        return format!("{value:.1e}");
    }
    let decimals = (0..12).find(|&decimals| {
        let scaled = step.abs() * 10f64.powi(decimals);
        (scaled - scaled.round()).abs() < 1e-6 * scaled && scaled.round() >= 1.0
    });
    let decimals = usize::try_from(decimals.unwrap_or(2)).unwrap_or(2);
    let text = format!("{:.decimals$}", value.abs());
    if value < 0.0 {
        format!("−{text}")
    } else {
        text
    }
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

    #[test]
    fn a_setting_is_written_as_people_write_it() {
        let cases = [
            (30.0, "30 s"),
            (120.0, "2 min"),
            (90.0, "1 min 30 s"),
            (3600.0, "1 h"),
            (0.25, "250 ms"),
        ];
        for (seconds, text) in cases {
            assert_eq!(exact(Unit::Time, seconds), text);
        }
        assert_eq!(exact(Unit::Time, 100.0 / 3.0), "33.3 s");
        assert_eq!(exact(Unit::Time, f64::NAN), "–");
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
