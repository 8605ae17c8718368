//! What a number measures.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The base unit of a number, in which results are saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Unit {
    /// Seconds, printed as `345 ms`, `4.12 s`, `1m 12s`.
    #[serde(rename = "s")]
    Time,
    /// Bytes, printed in KiB, MiB, GiB.
    #[serde(rename = "B")]
    Bytes,
    /// A share of 1, printed in per cent.
    #[serde(rename = "share")]
    Share,
    /// Events per second.
    #[serde(rename = "1/s")]
    PerSecond,
    /// Records per second.
    #[serde(rename = "records/s")]
    RecordsPerSecond,
    /// Bytes per hour, printed in MiB/h, GiB/h, TiB/h.
    #[serde(rename = "B/h")]
    BytesPerHour,
    /// In the currency of the price table.
    #[serde(rename = "money")]
    Money,
    /// Records.
    #[serde(rename = "records")]
    Records,
    /// States of subtasks.
    #[serde(rename = "states")]
    States,
    /// A number without a unit.
    #[serde(rename = "")]
    Plain,
}

impl Unit {
    /// As it is written: `s`, `B`, `B/h`, `share`, `1/s`, `records/s`, `money`, `states`, or nothing.
    pub fn base(self) -> &'static str {
        self.names().0
    }

    /// As the names of columns end: `s`, `bytes`, `per_s`, …; nothing for counts and for money, whose unit the file does not know.
    pub fn suffix(self) -> &'static str {
        self.names().1
    }

    fn names(self) -> (&'static str, &'static str) {
        match self {
            Unit::Time => ("s", "s"),
            Unit::Bytes => ("B", "bytes"),
            Unit::Share => ("share", "share"),
            Unit::PerSecond => ("1/s", "per_s"),
            Unit::RecordsPerSecond => ("records/s", "records_per_s"),
            Unit::BytesPerHour => ("B/h", "per_hour"),
            Unit::Money => ("money", ""),
            Unit::Records => ("records", "records"),
            Unit::States => ("states", ""),
            Unit::Plain => ("", ""),
        }
    }
}

/// With padding, as [`base`](Unit::base).
impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.base())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_saved_as_it_is_written() {
        for unit in [
            Unit::Time,
            Unit::Bytes,
            Unit::Share,
            Unit::PerSecond,
            Unit::RecordsPerSecond,
            Unit::BytesPerHour,
            Unit::Money,
            Unit::Records,
            Unit::States,
            Unit::Plain,
        ] {
            let saved = serde_json::to_string(&unit).unwrap();
            assert_eq!(saved, format!("\"{unit}\""));
            assert_eq!(serde_json::from_str::<Unit>(&saved).unwrap(), unit);
        }
    }
}
