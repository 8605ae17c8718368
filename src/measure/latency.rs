//! How old records are when they have been processed at the end of the job.

use serde::{Deserialize, Serialize};

use crate::measure::estimate::quantile;
use crate::units::{SimDuration, SimTime};

/// More samples than this are thinned.
const KEPT_MAX: usize = 200_000;

/// Samples of a run: all of them, or every second, fourth, and so on of a long one.
#[derive(Clone, Debug)]
pub struct Ages {
    kept: Vec<(SimTime, SimDuration)>,
    stride: u64,
    seen: u64,
}

/// Quantiles over the samples of a run after its warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordLatency {
    /// Half are no older.
    pub p50: SimDuration,
    /// 95 % are no older.
    pub p95: SimDuration,
    /// 99 % are no older.
    pub p99: SimDuration,
    /// The oldest.
    pub max: SimDuration,
}

impl Default for Ages {
    fn default() -> Self {
        Ages {
            kept: Vec::new(),
            stride: 1,
            seen: 0,
        }
    }
}

impl Ages {
    /// Records of this age have been processed.
    pub fn add(&mut self, now: SimTime, age: SimDuration) {
        if self.seen.is_multiple_of(self.stride) {
            self.kept.push((now, age));
        }
        self.seen += 1;
        if self.kept.len() > KEPT_MAX {
            let mut position = 0;
            self.kept.retain(|_| {
                position += 1;
                position % 2 == 1
            });
            self.stride *= 2;
        }
    }

    /// The quantiles from an instant on; `None` without a sample.
    pub fn since(&self, warmup: SimTime) -> Option<RecordLatency> {
        let late = self.kept.iter().filter(|(at, _)| *at >= warmup);
        let ages: Vec<f64> = late.map(|(_, age)| age.as_secs_f64()).collect();
        let at = |q| quantile(&ages, q).map(SimDuration::from_secs_f64);
        Some(RecordLatency {
            p50: at(0.5)?,
            p95: at(0.95)?,
            p99: at(0.99)?,
            max: at(1.0)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_is_thinned_evenly() {
        let mut ages = Ages::default();
        let millis = SimDuration::from_millis;
        for n in 0..1_000_000_u64 {
            ages.add(SimTime::ZERO + millis(n), millis(n % 1000));
        }
        assert!(ages.kept.len() <= KEPT_MAX);
        let found = ages.since(SimTime::ZERO + millis(500_000)).unwrap();
        assert!(
            (found.p50.as_millis_f64() - 500.0).abs() < 10.0,
            "{found:?}"
        );
        assert!(
            (found.p99.as_millis_f64() - 990.0).abs() < 10.0,
            "{found:?}"
        );
        assert_eq!(Ages::default().since(SimTime::ZERO), None);
    }
}
