//! Flink's own unit rules (`TimeUtils.parseDuration`, `MemorySize.parse`), for values pasted from `config.yaml`.
//!
//! Durations are whole numbers, without a unit milliseconds. Sizes are whole numbers, all units to the base 1024,
//! without a unit bytes. `MiB` does not exist.

use crate::units::decimal::split_number;
use crate::units::{Bytes, SimDuration, UnitError};

const DURATION_HELP: &str =
    "Flink reads whole numbers with ns, µs, ms, s, min, h or d, for example \"2 min\"";
const SIZE_HELP: &str = "Flink reads whole numbers with b, kb, mb, gb or tb, for example \"64 mb\"";

/// A duration as Flink reads it: `2 min`, `500 ms`, or a bare number of milliseconds.
pub fn duration(text: &str) -> Result<SimDuration, UnitError> {
    let (number, unit) = whole_number(text, "duration", DURATION_HELP)?;
    let nanos: u64 = match unit.to_lowercase().as_str() {
        "ns" | "nano" | "nanos" | "nanosecond" | "nanoseconds" => 1,
        "µs" | "μs" | "micro" | "micros" | "microsecond" | "microseconds" => 1_000,
        "" | "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => 1_000_000,
        "s" | "sec" | "secs" | "second" | "seconds" => 1_000_000_000,
        "m" | "min" | "minute" | "minutes" => 60_000_000_000,
        "h" | "hour" | "hours" => 3_600_000_000_000,
        "d" | "day" | "days" => 86_400_000_000_000,
        _ => {
            return Err(
                UnitError::new(format!("`{unit}` is no unit of time in Flink"))
                    .with_help(DURATION_HELP),
            );
        }
    };
    number
        .checked_mul(nanos)
        .filter(|total| *total <= SimDuration::MAX.as_nanos())
        .map(SimDuration::from_nanos)
        .ok_or_else(|| UnitError::new(format!("`{text}` is longer than 146 years")))
}

/// A size as Flink reads it: `64 mb` is 64 · 1024² bytes; a bare number is bytes.
pub fn size(text: &str) -> Result<Bytes, UnitError> {
    let (number, unit) = whole_number(text, "size", SIZE_HELP)?;
    let lower = unit.to_lowercase();
    let bytes: u64 = match lower.as_str() {
        "" | "b" | "bytes" => 1,
        "k" | "kb" | "kibibytes" => 1 << 10,
        "m" | "mb" | "mebibytes" => 1 << 20,
        "g" | "gb" | "gibibytes" => 1 << 30,
        "t" | "tb" | "tebibytes" => 1 << 40,
        "kib" | "mib" | "gib" | "tib" => {
            let flink = lower.replace('i', "");
            return Err(
                UnitError::new(format!("Flink does not know the unit `{unit}`")).with_help(
                    format!(
                        "Flink's `{flink}` is to the base 1024 already: write \"{number} {flink}\""
                    ),
                ),
            );
        }
        _ => {
            return Err(
                UnitError::new(format!("`{unit}` is no unit of size in Flink"))
                    .with_help(SIZE_HELP),
            );
        }
    };
    number
        .checked_mul(bytes)
        .map(Bytes::new)
        .ok_or_else(|| UnitError::new(format!("`{text}` is larger than 16 EiB")))
}

/// A duration as `config.yaml` spells it, exactly: `2 min`.
pub fn write_duration(duration: SimDuration) -> String {
    crate::units::print::written(duration).replace("us", "µs")
}

/// A size as `config.yaml` spells it, exactly: `64 mb`.
pub fn write_size(size: Bytes) -> String {
    let units = [
        (1_u64 << 40, "tb"),
        (1 << 30, "gb"),
        (1 << 20, "mb"),
        (1 << 10, "kb"),
    ];
    let bytes = size.get();
    let fitting = units
        .iter()
        .find(|(unit, _)| bytes > 0 && bytes.is_multiple_of(*unit));
    fitting.map_or_else(
        || format!("{bytes} bytes"),
        |(unit, name)| format!("{} {name}", bytes / unit),
    )
}

fn whole_number<'t>(text: &'t str, what: &str, help: &str) -> Result<(u64, &'t str), UnitError> {
    let trimmed = text.trim();
    let (number, unit) = split_number(trimmed);
    if number.is_empty() {
        return Err(UnitError::new(format!("`{text}` is no {what}")).with_help(help));
    }
    if !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(
            UnitError::new(format!("`{text}`: Flink reads whole numbers only")).with_help(help),
        );
    }
    let value = number
        .parse()
        .map_err(|_| UnitError::new(format!("`{number}` is too large")))?;
    Ok((value, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_flink_reads_them() {
        #[track_caller]
        fn case(text: &str, millis: u64) {
            assert_eq!(duration(text).unwrap().as_millis(), millis, "{text}");
        }
        case("2 min", 120_000);
        case("120000", 120_000);
        case("120s", 120_000);
        case("3 hours", 10_800_000);
        case("5 MILLIS", 5);
        for text in [
            "",
            "1.5 s",
            "1h 30m",
            "5 parsec",
            "-1",
            "99999999999999999999",
            "99999999999999 d",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_as_flink_reads_them() {
        assert_eq!(size("64mb"), Ok(Bytes::from_mib(64)));
        assert_eq!(size("20 kb"), Ok(Bytes::from_kib(20)));
        assert_eq!(size("32768"), Ok(Bytes::from_kib(32)));
        let error = size("64MiB").unwrap_err();
        assert_eq!(
            error.help.unwrap(),
            "Flink's `mb` is to the base 1024 already: write \"64 mb\""
        );
        assert!(size("99999999999tb").is_err());
        assert!(size("1.5 mb").is_err());
    }

    #[test]
    fn what_is_written_reads_back() {
        for nanos in [0, 1, 1_000, 120_000_000_000, 86_400_000_000_000, 1_234_567] {
            let value = SimDuration::from_nanos(nanos);
            assert_eq!(duration(&write_duration(value)), Ok(value));
        }
        for bytes in [0, 1, 1_024, 1_536, 5 << 20, 7 << 40] {
            assert_eq!(size(&write_size(Bytes::new(bytes))), Ok(Bytes::new(bytes)));
        }
    }
}
