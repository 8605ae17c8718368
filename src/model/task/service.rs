//! How long records take on a task's thread.

use crate::engine::Stream;
use crate::scenario::Distribution;
use crate::units::SimDuration;

/// Draws service times.
#[derive(Debug)]
pub struct ServiceTime {
    mean: SimDuration,
    law: Distribution,
    stream: Stream,
    /// The longest batch (`simulation.quantum`).
    longest: SimDuration,
    /// Records of the mean time that fit into the longest batch.
    fit: u32,
}

impl ServiceTime {
    /// Times around `mean`, in batches of at most `longest`.
    pub fn new(mean: SimDuration, law: Distribution, longest: SimDuration, stream: Stream) -> Self {
        let fit = longest
            .as_nanos()
            .checked_div(mean.as_nanos())
            .unwrap_or(u64::MAX);
        ServiceTime {
            mean,
            law,
            stream,
            longest,
            fit: u32::try_from(fit).unwrap_or(u32::MAX).max(1),
        }
    }

    /// The longest batch.
    pub fn longest_batch(&self) -> SimDuration {
        self.longest
    }

    /// How many of at most `records` records (at least one) fit into a batch, and how long they take together.
    #[inline]
    pub fn batch(&mut self, records: u32) -> (u32, SimDuration) {
        if self.law == Distribution::Deterministic {
            let n = records.min(self.fit);
            return (n, self.mean * u64::from(n));
        }
        let (mut n, mut sum) = (0, SimDuration::ZERO);
        while n < records && (n == 0 || sum < self.longest) {
            sum += draw(&mut self.stream, self.mean, self.law);
            n += 1;
        }
        (n, sum)
    }
}

/// One value of a law around its mean.
pub fn draw(stream: &mut Stream, mean: SimDuration, law: Distribution) -> SimDuration {
    match law {
        Distribution::Deterministic => mean,
        Distribution::Exponential => mean.scale(stream.exponential()),
        // mean of exp(σZ − σ²/2) is 1
        Distribution::Lognormal { sigma } => {
            mean.scale(libm::exp(sigma * stream.normal() - sigma * sigma / 2.0))
        }
        Distribution::Uniform { spread } => mean.scale(1.0 + spread * (2.0 * stream.unit() - 1.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Streams;

    #[test]
    fn every_law_keeps_its_mean() {
        for law in [
            Distribution::Exponential,
            Distribution::Lognormal { sigma: 1.0 },
            Distribution::Uniform { spread: 0.5 },
        ] {
            let mut stream = Streams::new(1, 0).named("service");
            let n = 200_000;
            let sum: f64 = (0..n)
                .map(|_| draw(&mut stream, SimDuration::from_millis(1), law).as_millis_f64())
                .sum();
            assert!(
                (sum / f64::from(n) - 1.0).abs() < 0.02,
                "{law:?}: {}",
                sum / f64::from(n)
            );
        }
    }

    #[test]
    fn a_batch_holds_what_fits_into_the_quantum_but_at_least_one_record() {
        let batch = |quantum| {
            let (mean, stream) = (SimDuration::from_millis(2), Streams::new(1, 0).named("x"));
            ServiceTime::new(
                mean,
                Distribution::Deterministic,
                SimDuration::from_millis(quantum),
                stream,
            )
            .batch(10)
        };
        assert_eq!(batch(5), (2, SimDuration::from_millis(4)));
        assert_eq!(batch(1), (1, SimDuration::from_millis(2)));
    }
}
