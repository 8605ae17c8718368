//! The largest values that are simulated, by kind of quantity.
//!
//! Each is far above what jobs have, and low enough that no sum or product of them leaves 64 bits: a value beyond it is a
//! slip of the pen. Where several keys make something large together, `resolve::size` looks at their product.

use crate::units::{ByteRate, Bytes, UnitError, print};

/// Of any size, and of the state of a whole job. The largest known jobs hold some hundred terabytes; with entries of one
/// byte the state needs 28 times as much in RocksDB.
pub const SIZE_MAX: Bytes = Bytes::new(10_000_000_000_000_000);
/// Of any rate of bytes, per second: a million links of 10 Tbit/s.
pub const BYTE_RATE_MAX: u64 = 1_000_000_000_000_000_000;
/// Of the records of all sources, per second. The largest known sites process some billions over all their jobs; the
/// schedule of a source counts its records of more than a year.
pub const RECORD_RATE_MAX: f64 = 1e11;
/// Of a share per time, per second: every entry a thousand times.
pub const SHARE_RATE_MAX: f64 = 1_000.0;
/// Of any parallelism: Flink's own (`KeyGroupRangeAssignment.UPPER_BOUND_MAX_PARALLELISM`).
pub const PARALLELISM_MAX: u64 = 32_768;
/// Of a plain number that has no bound of its own.
pub const NUMBER_MAX: f64 = 1e9;

/// The size, if it is within the bounds.
pub fn size(text: &str, size: Bytes) -> Result<Bytes, UnitError> {
    within(text, size <= SIZE_MAX, || "10 PB".to_owned()).map(|()| size)
}

/// The rate, if it is within the bounds.
pub fn byte_rate(text: &str, rate: ByteRate) -> Result<ByteRate, UnitError> {
    within(text, rate.get() <= BYTE_RATE_MAX, || "10¹⁸ B/s".to_owned()).map(|()| rate)
}

/// Records per second, if they are within the bounds.
pub fn record_rate(text: &str, per_second: f64) -> Result<f64, UnitError> {
    let most = || print::record_rate(RECORD_RATE_MAX);
    within(text, per_second <= RECORD_RATE_MAX, most).map(|()| per_second)
}

/// A share per second, if it is within the bounds.
pub fn share_rate(text: &str, per_second: f64) -> Result<f64, UnitError> {
    let most = || "100000 %/s".to_owned();
    within(text, per_second <= SHARE_RATE_MAX, most).map(|()| per_second)
}

fn within(text: &str, fits: bool, most: impl Fn() -> String) -> Result<(), UnitError> {
    if fits {
        return Ok(());
    }
    let message = format!("`{text}` is more than is simulated: at most {}", most());
    Err(UnitError::new(message).with_help("look for a slip in the number or in its unit"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_state_of_the_smallest_entries_is_far_from_the_end_of_64_bits() {
        let (entry, overhead) = (1.0, 27.0);
        let bytes = SIZE_MAX.as_f64() / entry * (entry + overhead);
        assert!(bytes * 10.0 < u64::MAX as f64);
    }

    #[test]
    fn the_records_of_two_years_at_the_highest_rate_can_be_counted() {
        assert!(RECORD_RATE_MAX * 2.0 * 366.0 * 86_400.0 < u64::MAX as f64);
    }
}
