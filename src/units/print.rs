//! Quantities to text: `Display` for people (rounded), `written` for files (exact, reads back by `parse`).

use std::fmt;

pub use crate::units::time::written;
use crate::units::{ByteRate, Bytes, SimDuration, SimTime, parse};

/// A size that reads back exactly: `64 MiB`, `220 B`.
pub fn written_size(size: Bytes) -> String {
    let (number, unit) = binary_unit(size.get());
    format!("{number} {unit}")
}

/// A byte rate that reads back exactly: `80 MB/s`, `64 MiB/s`.
pub fn written_rate(rate: ByteRate) -> String {
    let decimal = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "KB")];
    let bytes = rate.get();
    if let Some((unit, name)) = decimal.iter().find(|(unit, _)| bytes.is_multiple_of(*unit)) {
        return format!("{} {name}/s", bytes / unit);
    }
    let (number, unit) = binary_unit(bytes);
    format!("{number} {unit}/s")
}

/// A rate of records per second that reads back exactly: `50000/s`.
pub fn written_record_rate(per_second: f64) -> String {
    format!("{per_second}/s")
}

/// A share that reads back exactly, if some percentage does: `30 %`.
pub fn written_share(fraction: f64) -> String {
    let percent = fraction * 100.0;
    let candidates = [
        (percent * 1e6).round() / 1e6,
        percent,
        percent.next_up(),
        percent.next_down(),
    ];
    let texts = candidates.map(|percent| format!("{percent} %"));
    let exact = texts.iter().find(|text| parse::share(text) == Ok(fraction));
    exact.unwrap_or(&texts[1]).clone()
}

/// A share per second that reads back exactly: `3 %/min` where that is exact, else a fraction, `0.000501/s`.
pub fn written_share_rate(per_second: f64) -> String {
    let candidates = [(1.0, "s"), (60.0, "min"), (3600.0, "h")];
    let percent = candidates.iter().map(|(seconds, unit)| {
        let rounded = (per_second * seconds * 100.0 * 1e6).round() / 1e6;
        format!("{rounded} %/{unit}")
    });
    percent
        .filter(|text| parse::share_rate(text) == Ok(per_second))
        .min_by_key(String::len)
        .unwrap_or_else(|| format!("{per_second}/s"))
}

/// A rate of records for people: `950/s`, `50k/s`, `1.25M/s`.
pub fn record_rate(per_second: f64) -> String {
    if per_second.is_infinite() {
        return "unlimited".to_owned();
    }
    let (number, unit) = match per_second {
        rate if rate >= 999_500.0 => (rate / 1e6, "M"),
        rate if rate >= 9_999.5 => (rate / 1e3, "k"),
        rate => (rate, ""),
    };
    format!("{}{unit}/s", three_digits(number))
}

/// A time in seconds for people, as [`SimDuration`] is shown.
pub fn seconds(seconds: f64) -> String {
    SimDuration::from_secs_f64(seconds).to_string()
}

/// Two times in seconds for people, one of which is said to be longer: exact, if they would look alike otherwise.
pub fn unequal_seconds(one: f64, other: f64) -> (String, String) {
    let rounded = (seconds(one), seconds(other));
    if rounded.0 != rounded.1 {
        return rounded;
    }
    (
        written(SimDuration::from_secs_f64(one)),
        written(SimDuration::from_secs_f64(other)),
    )
}

/// A share for people: `30 %`, `0.25 %`.
pub fn share(fraction: f64) -> String {
    format!("{} %", three_digits(fraction * 100.0))
}

/// A number of bytes per second for people, also where it is an average.
pub fn bytes_per_second(rate: f64) -> String {
    format!("{}/s", binary(rate))
}

impl fmt::Display for SimDuration {
    /// For people, rounded to what matters: `35µs`, `3.4ms`, `345ms`, `12s 345ms`, `1m 12s`, `2h 5m`, `3d 4h`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.as_nanos();
        let text = match nanos {
            0 => "0ms".to_owned(),
            1..1_000 => format!("{nanos}ns"),
            1_000..1_000_000 => format!("{}µs", one_decimal(nanos, 1_000)),
            1_000_000..9_950_000 => format!("{}ms", one_decimal(nanos, 1_000_000)),
            9_950_000..999_500_000 => format!("{}ms", rounded(nanos, 1_000_000)),
            999_500_000..59_999_500_000 => two_units(rounded(nanos, 1_000_000), 1_000, "s", "ms"),
            59_999_500_000..3_599_500_000_000 => {
                two_units(rounded(nanos, 1_000_000_000), 60, "m", "s")
            }
            3_599_500_000_000..86_370_000_000_000 => {
                two_units(rounded(nanos, 60_000_000_000), 60, "h", "m")
            }
            _ => two_units(rounded(nanos, 3_600_000_000_000), 24, "d", "h"),
        };
        formatter.pad(&text)
    }
}

impl fmt::Display for SimTime {
    /// Time since the start, as a duration.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.since(SimTime::ZERO).fmt(formatter)
    }
}

impl fmt::Display for Bytes {
    /// For people: `220 B`, `1.5 KiB`, `64 MiB`, three digits at most.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&binary(self.as_f64()))
    }
}

impl fmt::Display for ByteRate {
    /// For people: `76.3 MiB/s`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&bytes_per_second(self.as_f64()))
    }
}

/// The largest binary unit that divides a number of bytes.
fn binary_unit(bytes: u64) -> (u64, &'static str) {
    let units = [
        (1_u64 << 40, "TiB"),
        (1 << 30, "GiB"),
        (1 << 20, "MiB"),
        (1 << 10, "KiB"),
    ];
    let fitting = units
        .iter()
        .find(|(unit, _)| bytes > 0 && bytes.is_multiple_of(*unit));
    fitting.map_or((bytes, "B"), |(unit, name)| (bytes / unit, name))
}

fn binary(bytes: f64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut number = bytes;
    let mut unit = 0;
    while number >= 999.5 && unit + 1 < units.len() {
        number /= 1024.0;
        unit += 1;
    }
    format!("{} {}", three_digits(number), units[unit])
}

/// Three significant digits, without trailing zeros; whole numbers stay whole.
fn three_digits(number: f64) -> String {
    let decimals = match number.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        size if size >= 0.9995 => 2,
        _ => 3,
    };
    let text = format!("{number:.decimals$}");
    if text.contains('.') {
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    text
}

fn rounded(nanos: u64, unit: u64) -> u64 {
    nanos.saturating_add(unit / 2) / unit
}

fn one_decimal(nanos: u64, unit: u64) -> String {
    let tenths = rounded(nanos, unit / 10);
    if tenths.is_multiple_of(10) || tenths >= 1_000 {
        return (tenths / 10).to_string();
    }
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn two_units(amount: u64, per: u64, large: &str, small: &str) -> String {
    match (amount / per, amount % per) {
        (whole, 0) => format!("{whole}{large}"),
        (whole, rest) => format!("{whole}{large} {rest}{small}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_for_people() {
        #[track_caller]
        fn case(nanos: u64, text: &str) {
            assert_eq!(SimDuration::from_nanos(nanos).to_string(), text);
        }
        case(0, "0ms");
        case(850, "850ns");
        case(35_000, "35µs");
        case(1_500, "1.5µs");
        case(3_420_000, "3.4ms");
        case(9_960_000, "10ms");
        case(345_000_000, "345ms");
        case(999_600_000, "1s");
        case(12_345_000_000, "12s 345ms");
        case(59_999_700_000, "1m");
        case(72_000_000_000, "1m 12s");
        case(7_500_000_000_000, "2h 5m");
        case(273_600_000_000_000, "3d 4h");
    }

    #[test]
    fn of_two_times_the_longer_one_never_looks_like_the_other() {
        let texts = |one, other| {
            let (one, other) = unequal_seconds(one, other);
            format!("{one} > {other}")
        };
        assert_eq!(texts(0.012, 0.010), "12ms > 10ms");
        assert_eq!(texts(600.0003, 600.0), "600000300 us > 10 min");
    }

    #[test]
    fn sizes_and_rates_for_people() {
        assert_eq!(Bytes::new(220).to_string(), "220 B");
        assert_eq!(Bytes::new(1_536).to_string(), "1.5 KiB");
        assert_eq!(Bytes::from_mib(64).to_string(), "64 MiB");
        assert_eq!(Bytes::new(1_000).to_string(), "0.977 KiB");
        assert_eq!(ByteRate::new(80_000_000).unwrap().to_string(), "76.3 MiB/s");
        assert_eq!(record_rate(950.0), "950/s");
        assert_eq!(record_rate(50_000.0), "50k/s");
        assert_eq!(record_rate(1_250_000.0), "1.25M/s");
        assert_eq!(share(0.3), "30 %");
    }

    #[test]
    fn what_is_written_reads_back_exactly() {
        for nanos in [
            0,
            1,
            999,
            1_000,
            1_500_000_000,
            120_000_000_000,
            123_456_789_012_345,
        ] {
            let value = SimDuration::from_nanos(nanos);
            assert_eq!(parse::duration(&written(value)), Ok(value));
        }
        for bytes in [1, 1_000, 1_024, 80_000_000, 67_108_864, u64::MAX] {
            assert_eq!(
                parse::size(&written_size(Bytes::new(bytes))),
                Ok(Bytes::new(bytes))
            );
            let rate = ByteRate::new(bytes).unwrap();
            assert_eq!(parse::byte_rate(&written_rate(rate)), Ok(rate));
        }
        for rate in [0.1, 50_000.0, 1.0 / 3.0, 1e12] {
            assert_eq!(parse::record_rate(&written_record_rate(rate)), Ok(rate));
            assert_eq!(parse::share_rate(&written_share_rate(rate)), Ok(rate));
        }
        assert_eq!(written_share_rate(0.0005), "3 %/min");
        for tenth in 0..=1000 {
            let share = f64::from(tenth) / 10.0 / 100.0;
            assert_eq!(
                written_share(share),
                format!("{} %", f64::from(tenth) / 10.0)
            );
            assert_eq!(parse::share(&written_share(share)), Ok(share));
        }
        assert_eq!(written(SimDuration::from_secs(120)), "2 min");
    }
}
