//! Text of a scenario file to quantities, outside `[flink]`: every number carries its unit.
//!
//! `KB`, `MB`, `GB` are powers of 1000, `KiB`, `MiB`, `GiB` powers of 1024. Flink's own rules differ and are in
//! [`flink`](crate::units::flink).

use crate::units::decimal::{Decimal, split_number};
use crate::units::{ByteRate, Bytes, SimDuration, time};

/// Why a text is no quantity: what is wrong, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct UnitError {
    /// What is wrong.
    pub message: String,
    /// What to write instead, if that can be said.
    pub help: Option<String>,
}

impl UnitError {
    /// An error without a hint.
    pub fn new(message: impl Into<String>) -> Self {
        UnitError {
            message: message.into(),
            help: None,
        }
    }

    /// The same error with a hint.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

const DURATION_HELP: &str = "write for example \"10 min\", \"1.5 s\", \"35 us\" or \"1h 30m\"";
const SIZE_HELP: &str = "write for example \"220 B\", \"64 MiB\" (1024²) or \"64 MB\" (1000²)";
const BYTE_RATE_HELP: &str = "write for example \"80 MB/s\" (10⁶ bytes), \"64 MiB/s\" (2²⁰ bytes) or \"10 Gbit/s\" (10⁹ bits)";
const RECORD_RATE_HELP: &str = "write for example \"50000/s\", \"1.2M/s\" or \"3000/min\"";
const SHARE_HELP: &str = "write for example \"30 %\"";
const SHARE_RATE_HELP: &str = "write for example \"3 %/min\" or \"0.5 %/s\"";

/// Nanoseconds of a unit of time, ours.
fn nanos_of(unit: &str) -> Option<u64> {
    Some(match unit.to_lowercase().as_str() {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" | "sec" => 1_000_000_000,
        "m" | "min" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        "d" => 86_400_000_000_000,
        _ => return None,
    })
}

/// A duration such as `10 min`, `1.5 s`, `35 us` or `1h 30m`; parts go from the largest unit to the smallest.
pub fn duration(text: &str) -> Result<SimDuration, UnitError> {
    let mut rest = number_first(text, "duration", DURATION_HELP)?;
    let mut total = 0_u64;
    let mut unit_before = u64::MAX;
    while !rest.is_empty() {
        let (number, after) = split_number(rest);
        let end = after
            .find(|c: char| c.is_whitespace() || c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, tail) = after.split_at(end);
        rest = tail.trim_start();
        if unit.is_empty() {
            return Err(bare_duration(text, number));
        }
        let Some(nanos) = nanos_of(unit) else {
            return Err(unknown_unit(
                unit,
                "time",
                "ns, us, ms, s, min, h or d",
                DURATION_HELP,
            ));
        };
        if nanos >= unit_before {
            return Err(
                UnitError::new(format!("units of `{text}` are not in falling order"))
                    .with_help(DURATION_HELP),
            );
        }
        unit_before = nanos;
        let part = decimal(number, DURATION_HELP)?
            .times(nanos, 1)
            .ok_or_else(|| out_of_range(text, "1 ns to 146 years"))?;
        total = total
            .checked_add(part)
            .filter(|sum| *sum <= SimDuration::MAX.as_nanos())
            .ok_or_else(|| out_of_range(text, "1 ns to 146 years"))?;
    }
    Ok(SimDuration::from_nanos(total))
}

/// A bare number is never a duration; says what Flink would have read.
fn bare_duration(text: &str, number: &str) -> UnitError {
    let error = UnitError::new(format!("`{text}` has no unit"));
    match number.parse::<u64>() {
        Ok(0) => error.with_help("write \"0 s\""),
        Ok(millis) if millis < 1_000_000_000_000 => error.with_help(format!(
            "Flink would read {millis} as milliseconds; write \"{}\"",
            time::written(SimDuration::from_millis(millis))
        )),
        _ => error.with_help(DURATION_HELP),
    }
}

/// Bytes of a unit of size, ours.
fn bytes_of(unit: &str) -> Option<u64> {
    Some(match unit {
        "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    })
}

/// A size such as `220 B`, `64 MiB` (1024²) or `64 MB` (1000²).
pub fn size(text: &str) -> Result<Bytes, UnitError> {
    let (number, unit) = split_number(number_first(text, "size", SIZE_HELP)?);
    if unit.is_empty() {
        let error = UnitError::new(format!("`{text}` has no unit"));
        return Err(match number.parse::<u64>() {
            Ok(bytes) => error.with_help(format!(
                "Flink would read {bytes} as bytes; write \"{bytes} B\""
            )),
            Err(_) => error.with_help(SIZE_HELP),
        });
    }
    let Some(bytes) = bytes_of(unit) else {
        return Err(unknown_size_unit(number, unit));
    };
    let value = decimal(number, SIZE_HELP)?.times(bytes, 1);
    value
        .map(Bytes::new)
        .ok_or_else(|| out_of_range(text, "1 B to 16 EiB"))
}

/// Lower-case units are Flink's, and mean something else there.
fn unknown_size_unit(number: &str, unit: &str) -> UnitError {
    let letter = match unit.to_lowercase().as_str() {
        "k" | "kb" => "K",
        "m" | "mb" => "M",
        "g" | "gb" => "G",
        "t" | "tb" => "T",
        _ => {
            return unknown_unit(
                unit,
                "size",
                "B, KB, MB, GB, TB, KiB, MiB, GiB or TiB",
                SIZE_HELP,
            );
        }
    };
    UnitError::new(format!("unit `{unit}` is ambiguous here")).with_help(format!(
        "write \"{number} {letter}iB\" for powers of 1024 (what Flink means by `{unit}`) or \"{number} {letter}B\" for powers of 1000"
    ))
}

/// A rate of bytes such as `80 MB/s`, `64 MiB/s` or `10 Gbit/s`; zero is an error.
pub fn byte_rate(text: &str) -> Result<ByteRate, UnitError> {
    let (number, unit) = split_number(number_first(text, "rate", BYTE_RATE_HELP)?);
    let Some((amount, "s")) = unit
        .split_once('/')
        .map(|(amount, per)| (amount.trim(), per.trim()))
    else {
        return Err(
            UnitError::new(format!("`{text}` is no rate: `/s` is missing"))
                .with_help(BYTE_RATE_HELP),
        );
    };
    let (factor, divisor) = match amount {
        "bit" => (1, 8),
        "kbit" | "Kbit" => (1_000, 8),
        "Mbit" => (1_000_000, 8),
        "Gbit" => (1_000_000_000, 8),
        "Tbit" => (1_000_000_000_000, 8),
        _ => match bytes_of(amount) {
            Some(bytes) => (bytes, 1),
            None => {
                return Err(unknown_unit(
                    unit,
                    "rate",
                    "B/s, KB/s, MB/s, GB/s, KiB/s, MiB/s, GiB/s, Mbit/s or Gbit/s",
                    BYTE_RATE_HELP,
                ));
            }
        },
    };
    let value = decimal(number, BYTE_RATE_HELP)?.times(factor, divisor);
    value
        .and_then(ByteRate::new)
        .ok_or_else(|| out_of_range(text, "1 B/s to 16 EiB/s"))
}

/// A rate of records such as `50000/s`, `1.2M/s` or `3000/min`, in records per second.
pub fn record_rate(text: &str) -> Result<f64, UnitError> {
    let (number, unit) = split_number(number_first(text, "rate", RECORD_RATE_HELP)?);
    let Some((multiple, per)) = unit.split_once('/') else {
        return Err(
            UnitError::new(format!("`{text}` does not say per which time"))
                .with_help(RECORD_RATE_HELP),
        );
    };
    let factor = match multiple.trim() {
        "" | "records" | "rec" => 1.0,
        "k" | "K" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        other => {
            return Err(unknown_unit(
                other,
                "multiple",
                "k, M or G",
                RECORD_RATE_HELP,
            ));
        }
    };
    Ok(float(number, text, RECORD_RATE_HELP)? * factor / seconds_of(per, RECORD_RATE_HELP)?)
}

/// A share such as `30 %`, as a fraction; may exceed 1.
pub fn share(text: &str) -> Result<f64, UnitError> {
    let (number, unit) = split_number(number_first(text, "share", SHARE_HELP)?);
    if unit != "%" {
        return Err(UnitError::new(format!("`{text}` is no percentage")).with_help(SHARE_HELP));
    }
    Ok(float(number, text, SHARE_HELP)? / 100.0)
}

/// A share per time such as `3 %/min`, as a fraction per second. A plain fraction, `0.0005/s`, is understood too.
pub fn share_rate(text: &str) -> Result<f64, UnitError> {
    let (number, unit) = split_number(number_first(text, "share per time", SHARE_RATE_HELP)?);
    let (divisor, per) = match unit.split_once('/') {
        Some((percent, per)) if percent.trim() == "%" => (100.0, per),
        Some(("", per)) => (1.0, per),
        _ => {
            return Err(
                UnitError::new(format!("`{text}` is no share per time")).with_help(SHARE_RATE_HELP)
            );
        }
    };
    Ok(float(number, text, SHARE_RATE_HELP)? / divisor / seconds_of(per, SHARE_RATE_HELP)?)
}

/// A time of day, `08:00` or `23:59:30`, since midnight.
pub fn time_of_day(text: &str) -> Result<SimDuration, UnitError> {
    let wrong = || {
        UnitError::new(format!("`{text}` is no time of day"))
            .with_help("write for example \"08:00\"")
    };
    let limits = [24_u64, 60, 60];
    let mut seconds = 0;
    let parts: Vec<&str> = text.split(':').collect();
    if !(2..=3).contains(&parts.len()) {
        return Err(wrong());
    }
    for (index, limit) in limits.iter().enumerate() {
        let part = parts.get(index).copied().unwrap_or("00");
        let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        let value: u64 = part.parse().map_err(|_| wrong())?;
        if !digits || value >= *limit {
            return Err(wrong());
        }
        seconds = seconds * 60 + value;
    }
    Ok(SimDuration::from_secs(seconds))
}

fn seconds_of(unit: &str, help: &str) -> Result<f64, UnitError> {
    let nanos = nanos_of(unit.trim())
        .ok_or_else(|| unknown_unit(unit.trim(), "time", "s, min, h or d", help))?;
    Ok(nanos as f64 / 1e9)
}

/// The text without surrounding blanks, if it begins with a number.
fn number_first<'t>(text: &'t str, what: &str, help: &str) -> Result<&'t str, UnitError> {
    let trimmed = text.trim();
    let signed = trimmed.strip_prefix(['-', '+']);
    if signed.is_some_and(|rest| rest.trim_start().starts_with(|c: char| c.is_ascii_digit())) {
        return Err(UnitError::new(format!("`{text}`: a {what} has no sign")).with_help(help));
    }
    if trimmed.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok(trimmed);
    }
    Err(UnitError::new(format!("`{text}` is no {what}")).with_help(help))
}

fn decimal(number: &str, help: &str) -> Result<Decimal, UnitError> {
    Decimal::parse(number)
        .ok_or_else(|| UnitError::new(format!("`{number}` is no number")).with_help(help))
}

fn float(number: &str, text: &str, help: &str) -> Result<f64, UnitError> {
    let value = Decimal::text_to_f64(number)
        .ok_or_else(|| UnitError::new(format!("`{number}` is no number")).with_help(help))?;
    if value > 1e15 {
        return Err(out_of_range(text, "0 to 10¹⁵"));
    }
    Ok(value)
}

fn unknown_unit(unit: &str, what: &str, allowed: &str, help: &str) -> UnitError {
    UnitError::new(format!(
        "`{unit}` is no unit of {what}; known are {allowed}"
    ))
    .with_help(help)
}

fn out_of_range(text: &str, range: &str) -> UnitError {
    UnitError::new(format!(
        "`{text}` is outside of what can be represented ({range})"
    ))
    .with_help("look for a slip in the number or in its unit")
}

#[cfg(test)]
mod tests;
