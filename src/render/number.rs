//! Numbers as people read them: a unit that fits the size, and only the digits that the interval supports.

use crate::measure::Estimate;
pub use crate::units::Unit;

/// Digits printed where nothing says how exact a number is.
const DIGITS: i32 = 3;
/// The middle of an interval may be so many of its half widths away from its value for ± to tell the truth.
const LOPSIDED: f64 = 0.25;
/// Stands for a number that does not exist.
pub const MISSING: &str = "–";

const TIME: [(f64, &str); 4] = [(1e-9, " ns"), (1e-6, " µs"), (1e-3, " ms"), (1.0, " s")];
const BYTES: [(f64, &str); 6] = [
    (1.0, " B"),
    (1024.0, " KiB"),
    (1_048_576.0, " MiB"),
    (1_073_741_824.0, " GiB"),
    (1_099_511_627_776.0, " TiB"),
    (1_125_899_906_842_624.0, " PiB"),
];
const BYTES_PER_HOUR: [(f64, &str); 6] = [
    (1.0, " B/h"),
    (1024.0, " KiB/h"),
    (1_048_576.0, " MiB/h"),
    (1_073_741_824.0, " GiB/h"),
    (1_099_511_627_776.0, " TiB/h"),
    (1_125_899_906_842_624.0, " PiB/h"),
];
const PLAIN: [(f64, &str); 4] = [(1.0, ""), (1e3, " k"), (1e6, " M"), (1e9, " G")];

impl Unit {
    /// The value with three significant digits.
    pub fn text(self, value: f64) -> String {
        self.rounded(value, 0.0)
    }

    /// The value with two significant digits.
    pub fn about(self, value: f64) -> String {
        self.rounded(value, 2.0 * 10f64.powi(digit(value, 0.0) + DIGITS - 2))
    }

    /// The estimate without its interval, rounded to what the interval supports.
    pub fn estimate(self, estimate: &Estimate) -> String {
        self.rounded(estimate.value, estimate.half_width())
    }

    /// `4.12 s [3.98, 4.26]`; `4.12 s (n = 2)` where there are too few replications for an interval, and the value alone
    /// where there is only one.
    pub fn with_interval(self, estimate: &Estimate) -> String {
        let value = self.estimate(estimate);
        match self.ends(estimate) {
            Some([low, high]) => format!("{value} [{low}, {high}]"),
            None if estimate.n > 1 => format!("{value} (n = {})", estimate.n),
            None => value,
        }
    }

    /// `4.12 s ±0.14`: the same in less space, with half the width of the interval. An interval that lies to one side is
    /// written in full.
    pub fn with_margin(self, estimate: &Estimate) -> String {
        let value = self.estimate(estimate);
        let Some(ends) = estimate.interval() else {
            return value;
        };
        let half = estimate.half_width();
        let middle = f64::midpoint(ends.0, ends.1);
        if (middle - estimate.value).abs() > LOPSIDED * half {
            return self.with_interval(estimate);
        }
        if self == Unit::Time && estimate.value.abs() >= 60.0 {
            return format!("{value} ±{}", self.rounded(half, half));
        }
        let (scale, _) = self.scale(round_to(
            estimate.value,
            digit(estimate.value, estimate.half_width()),
        ));
        let half = in_units(half, scale);
        let place = digit(in_units(estimate.value, scale), half);
        format!("{value} ±{}", fixed(half, place))
    }

    /// The ends of the interval, in the unit of the value and without repeating it; `None` if there is no interval.
    pub fn ends(self, estimate: &Estimate) -> Option<[String; 2]> {
        let (low, high) = estimate.interval()?;
        Some([low, high].map(|end| self.end(estimate, end)))
    }

    /// One end of an interval, in the unit of the value and without repeating it.
    fn end(self, estimate: &Estimate, end: f64) -> String {
        if self == Unit::Time && estimate.value.abs() >= 60.0 {
            return self.rounded(end, estimate.half_width());
        }
        let (scale, _) = self.scale(round_to(
            estimate.value,
            digit(estimate.value, estimate.half_width()),
        ));
        let half = in_units(estimate.half_width(), scale);
        fixed(
            in_units(end, scale),
            digit(in_units(estimate.value, scale), half),
        )
    }

    fn rounded(self, value: f64, half_width: f64) -> String {
        // In per cent, larger ones would leave the range of `f64`.
        if !value.is_finite() || value.abs() > 1e300 {
            return MISSING.to_owned();
        }
        let (_, suffix) = self.scale(0.0);
        let is_count = suffix.is_empty();
        if is_count && half_width == 0.0 && value.fract() == 0.0 && value.abs() < 1e4 {
            return fixed(value, 0);
        }
        // Round before choosing the unit: 999.7 ms is one second, and so is 998 ms ±10.
        let rounded = round_to(value, digit(value, half_width));
        if self == Unit::Time && rounded.abs() >= 60.0 {
            return clock(value);
        }
        let (scale, suffix) = self.scale(rounded);
        let place = digit(in_units(rounded, scale), in_units(half_width, scale));
        format!("{}{suffix}", fixed(in_units(value, scale), place))
    }

    /// Size of the printed unit, and how it is written.
    fn scale(self, value: f64) -> (f64, &'static str) {
        match self {
            Unit::Time if value == 0.0 => (1.0, " s"),
            Unit::Time => ladder(&TIME, value),
            // 1000 MiB are 0.977 GiB, so that no unit needs four digits.
            Unit::Bytes => ladder(&BYTES, value * 1.024),
            Unit::BytesPerHour => ladder(&BYTES_PER_HOUR, value * 1.024),
            Unit::Share => (0.01, " %"),
            Unit::RecordsPerSecond if value.abs() >= 1e6 => (1e6, " M/s"),
            Unit::RecordsPerSecond if value.abs() >= 1e4 => (1e3, " k/s"),
            Unit::PerSecond | Unit::RecordsPerSecond => (1.0, "/s"),
            Unit::Plain | Unit::Money | Unit::Records | Unit::States if value.abs() < 1e4 => {
                (1.0, "")
            }
            Unit::Plain | Unit::Money | Unit::Records | Unit::States => ladder(&PLAIN, value),
        }
    }
}

/// A deviation with its sign: `+12 %`, `−3 %`, `×21` beyond a factor of ten.
pub fn deviation(share: f64) -> String {
    if !(share * 100.0).is_finite() {
        return MISSING.to_owned();
    }
    if share >= 9.0 {
        return format!("×{}", fixed(share + 1.0, digit(share + 1.0, 0.0).max(0)));
    }
    let percent = share * 100.0;
    let place = if percent.abs() < 10.0 { -1 } else { 0 };
    let sign = if percent > 0.0 { "+" } else { "" };
    format!("{sign}{} %", fixed(percent, place))
}

/// `1 point`, `7 points`.
pub fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// `1m 12s`, `2h 3m`, `3d 4h`.
fn clock(seconds: f64) -> String {
    let sign = if seconds < 0.0 { "−" } else { "" };
    let seconds = seconds.abs();
    if seconds >= 1e13 {
        return format!("{sign}{seconds:.1e} s");
    }
    let (large, small, step, ratio) = match seconds {
        s if s < 3_599.5 => ("m", "s", 1.0, 60),
        s if s < 86_370.0 => ("h", "m", 60.0, 60),
        _ => ("d", "h", 3_600.0, 24),
    };
    let steps = (seconds / step).round() as u64;
    match (steps / ratio, steps % ratio) {
        (whole, 0) => format!("{sign}{whole}{large}"),
        (whole, rest) => format!("{sign}{whole}{large} {rest}{small}"),
    }
}

fn ladder(steps: &[(f64, &'static str)], value: f64) -> (f64, &'static str) {
    *steps
        .iter()
        .rev()
        .find(|(scale, _)| value.abs() >= *scale)
        .unwrap_or(&steps[0])
}

/// The value as a multiple of a unit. Multiplies where it can: 0.345 / 0.001 is not 345.
fn in_units(value: f64, unit: f64) -> f64 {
    if unit < 1.0 {
        value * (1.0 / unit).round()
    } else {
        value / unit
    }
}

/// Decimal place (as a power of ten) of the last digit worth printing: the second digit of an interval that begins with 1,
/// the first of any other, and never more than [`DIGITS`] digits.
fn digit(value: f64, half_width: f64) -> i32 {
    let magnitude = if value == 0.0 { 0 } else { power_of_ten(value) };
    let finest = magnitude - DIGITS + 1;
    if !(half_width.is_finite() && half_width > 0.0) {
        // An exact zero has no digits worth printing.
        return if value == 0.0 { 0 } else { finest };
    }
    let place = power_of_ten(half_width);
    let leading = half_width / 10f64.powi(place);
    let place = if leading < 1.95 { place - 1 } else { place };
    place.clamp(finest, finest.max(magnitude))
}

fn power_of_ten(value: f64) -> i32 {
    libm::floor(libm::log10(value.abs())).clamp(-300.0, 300.0) as i32
}

fn round_to(value: f64, place: i32) -> f64 {
    let factor = 10f64.powi(place.abs());
    let rounded = if place < 0 {
        (value * factor).round() / factor
    } else {
        (value / factor).round() * factor
    };
    if rounded.is_finite() { rounded } else { value }
}

/// Fixed notation with the last digit at `place`, and a real minus sign.
fn fixed(value: f64, place: i32) -> String {
    let decimals = usize::try_from(-place).unwrap_or(0).min(12);
    let rounded = round_to(value, place);
    if rounded.abs() >= 1e15 {
        return format!("{rounded:.1e}");
    }
    let text = format!("{:.decimals$}", rounded.abs());
    if rounded < 0.0 {
        format!("−{text}")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Scale;

    fn estimate(value: f64, half: f64) -> Estimate {
        Estimate {
            value,
            low: value - half,
            high: value + half,
            n: 5,
        }
    }

    #[test]
    fn a_unit_fits_the_size_of_the_number() {
        let cases = [
            (Unit::Time, 0.0, "0 s"),
            (Unit::Bytes, 0.0, "0 B"),
            (Unit::Time, 1.2e-6, "1.20 µs"),
            (Unit::Time, 0.345, "345 ms"),
            (Unit::Time, 0.9997, "1.00 s"),
            (Unit::Time, 4.1234, "4.12 s"),
            (Unit::Time, 59.97, "1m"),
            (Unit::Time, 72.4, "1m 12s"),
            (Unit::Time, 7_380.0, "2h 3m"),
            (Unit::Time, 273_600.0, "3d 4h"),
            (Unit::Time, f64::NAN, "–"),
            (Unit::Time, f64::INFINITY, "–"),
            (Unit::Bytes, 512.0, "512 B"),
            (Unit::Bytes, 1536.0, "1.50 KiB"),
            (Unit::Bytes, 12.0 * 1_073_741_824.0, "12.0 GiB"),
            (Unit::BytesPerHour, 3_145_728.0, "3.00 MiB/h"),
            (Unit::Share, 0.0312, "3.12 %"),
            (Unit::Share, -0.5, "−50.0 %"),
            (Unit::RecordsPerSecond, 50_000.0, "50.0 k/s"),
            (Unit::PerSecond, 0.016_66, "0.0167/s"),
            (Unit::Plain, 12.0, "12"),
            (Unit::Plain, 1.5e6, "1.50 M"),
        ];
        for (unit, value, text) in cases {
            assert_eq!(unit.text(value), text, "{unit:?} {value}");
        }
    }

    #[test]
    fn an_interval_decides_how_many_digits_are_printed() {
        let cases = [
            (Unit::Time, 4.1234, 0.14, "4.12 s [3.98, 4.26]"),
            (Unit::Time, 4.1234, 0.4, "4.1 s [3.7, 4.5]"),
            (Unit::Time, 4.1234, 3.0, "4 s [1, 7]"),
            (Unit::Time, 0.345, 0.0302, "350 ms [310, 380]"),
            (Unit::Time, 72.0, 4.0, "1m 12s [1m 8s, 1m 16s]"),
            (Unit::Bytes, 1536.0, 0.0, "1.50 KiB [1.50, 1.50]"),
            (Unit::Share, 0.0312, 0.002, "3.1 % [2.9, 3.3]"),
            (Unit::Time, 0.998, 0.03, "1.00 s [0.97, 1.03]"),
            (Unit::Time, 0.0, 0.0, "0 s [0, 0]"),
            (Unit::Share, 0.001, 0.003, "0.1 % [−0.2, 0.4]"),
        ];
        for (unit, value, half, text) in cases {
            assert_eq!(unit.with_interval(&estimate(value, half)), text);
        }
        assert_eq!(
            Unit::Time.with_interval(&Estimate {
                value: 2.0,
                low: 2.0,
                high: 2.0,
                n: 1
            }),
            "2.00 s"
        );
    }

    #[test]
    fn two_replications_have_no_interval_and_look_the_same_everywhere() {
        // They gave 1.80 s [-0.589, 4.19], "2 s ±2" and "2 s".
        let two = Estimate::of(&[1.61, 1.99], Scale::Positive).unwrap();
        assert_eq!(Unit::Time.with_interval(&two), "1.80 s (n = 2)");
        for text in [Unit::Time.with_margin(&two), Unit::Time.estimate(&two)] {
            assert_eq!(text, "1.80 s");
        }
    }

    #[test]
    fn an_interval_to_one_side_has_no_margin() {
        let wide = Estimate::of(&[1.0, 2.0, 4.2], Scale::Positive).unwrap();
        let whole = Unit::Time.with_interval(&wide);
        assert_eq!(Unit::Time.with_margin(&wide), whole);
        assert!(!whole.contains('−'), "{whole}");
    }

    #[test]
    fn a_margin_has_the_digits_of_its_value() {
        let cases = [
            (4.1234, 0.14, "4.12 s ±0.14"),
            (0.345, 0.0302, "350 ms ±30"),
            (72.0, 4.0, "1m 12s ±4 s"),
        ];
        for (value, half, text) in cases {
            assert_eq!(Unit::Time.with_margin(&estimate(value, half)), text);
        }
    }

    #[test]
    fn a_deviation_has_a_sign() {
        assert_eq!(deviation(0.124), "+12 %");
        assert_eq!(deviation(-0.031), "−3.1 %");
        assert_eq!(deviation(20.0), "×21");
        assert_eq!(deviation(f64::NAN), "–");
    }
}
