//! Sizes in bytes, and what moves them.

use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

use crate::units::SimDuration;

/// A number of bytes.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Bytes(u64);

/// Bytes per second; always positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ByteRate(u64);

impl Bytes {
    /// Nothing.
    pub const ZERO: Bytes = Bytes(0);

    /// `bytes` bytes.
    pub const fn new(bytes: u64) -> Self {
        Bytes(bytes)
    }

    /// `kib` times 1024 bytes.
    pub const fn from_kib(kib: u64) -> Self {
        Bytes(kib * 1024)
    }

    /// `mib` times 1024² bytes.
    pub const fn from_mib(mib: u64) -> Self {
        Bytes(mib * 1024 * 1024)
    }

    /// The number of bytes.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The number of bytes as a float, for `measure` and `formulas`.
    pub fn as_f64(self) -> f64 {
        self.0 as f64
    }

    /// This size times a factor, rounded to the byte.
    #[must_use]
    pub fn scale(self, factor: f64) -> Self {
        Bytes((self.0 as f64 * factor).round().max(0.0) as u64)
    }

    /// The difference, or zero if `other` is larger.
    #[must_use]
    pub const fn saturating_sub(self, other: Bytes) -> Bytes {
        Bytes(self.0.saturating_sub(other.0))
    }
}

impl ByteRate {
    /// `bytes` bytes per second; `None` for zero, since nothing would ever arrive.
    pub const fn new(bytes: u64) -> Option<Self> {
        if bytes == 0 {
            None
        } else {
            Some(ByteRate(bytes))
        }
    }

    /// Bytes per second.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Bytes per second as a float.
    pub fn as_f64(self) -> f64 {
        self.0 as f64
    }

    /// How long `size` takes at this rate, rounded up to the nanosecond.
    pub fn time_for(self, size: Bytes) -> SimDuration {
        let nanos = (u128::from(size.0) * 1_000_000_000).div_ceil(u128::from(self.0));
        SimDuration::from_nanos(u64::try_from(nanos).unwrap_or(SimDuration::MAX.as_nanos()))
    }
}

impl Add for Bytes {
    type Output = Bytes;
    fn add(self, other: Bytes) -> Bytes {
        Bytes(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Bytes {
    fn add_assign(&mut self, other: Bytes) {
        *self = *self + other;
    }
}

impl Sub for Bytes {
    type Output = Bytes;
    /// Panics in every build if `other` is larger: a size cannot be negative.
    fn sub(self, other: Bytes) -> Bytes {
        Bytes(
            self.0
                .checked_sub(other.0)
                .expect("the larger size is on the left"),
        )
    }
}

impl std::iter::Sum for Bytes {
    fn sum<I: Iterator<Item = Bytes>>(sizes: I) -> Bytes {
        sizes.fold(Bytes::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_is_rounded_up_to_the_nanosecond() {
        let rate = ByteRate::new(3).unwrap();
        assert_eq!(
            rate.time_for(Bytes::new(1)),
            SimDuration::from_nanos(333_333_334)
        );
        assert_eq!(rate.time_for(Bytes::new(3)), SimDuration::from_secs(1));
    }

    #[test]
    fn a_huge_size_at_a_tiny_rate_does_not_overflow() {
        assert_eq!(
            ByteRate::new(1)
                .unwrap()
                .time_for(Bytes::new(u64::MAX))
                .as_nanos(),
            SimDuration::MAX.as_nanos()
        );
    }
}
