//! A checkpoint is as slow as its slowest subtask: the largest, and the k-th smallest, of n random times.

use statrs::distribution::{ContinuousCDF, Normal};
use statrs::function::beta::beta_reg;

use crate::scenario::Distribution;

/// The k-th smallest of n.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Number of independent times, at least 1.
    pub n: usize,
    /// k, from 1 (smallest) to n (largest).
    pub rank: usize,
}

impl Order {
    /// The largest of n.
    pub fn largest(n: usize) -> Self {
        Order { n, rank: n }
    }
}

/// Expectation of the k-th smallest of n independent times with mean 1.
///
/// Question: how long does a checkpoint take whose n subtasks save for random times (F5, F6)?
/// Formula: exponential `H_n − H_{n−k}`; uniform on 1 ± s: `1 − s + 2s·k/(n + 1)`; lognormal: `∫ P(X_(k) > x) dx`.
/// Symbols: n subtasks, k rank, s half width; result in units of the mean.
/// Assumptions: independent, identically distributed. Source: David and Nagaraja, *Order Statistics*, 2003.
/// Fails when subtasks wait for the same line: then they are slow together, and the largest is smaller than this.
pub fn expected(law: Distribution, order: Order) -> f64 {
    let (n, k) = (order.n as f64, order.rank as f64);
    match law {
        Distribution::Deterministic => 1.0,
        Distribution::Exponential => harmonic(order.n) - harmonic(order.n - order.rank),
        Distribution::Uniform { spread } => 1.0 - spread + 2.0 * spread * k / (n + 1.0),
        Distribution::Lognormal { sigma } => lognormal(sigma, order),
    }
}

/// The n-th harmonic number, `H_n = 1 + 1/2 + … + 1/n`.
pub fn harmonic(n: usize) -> f64 {
    (1..=n).rev().map(|i| 1.0 / i as f64).sum()
}

/// Expected alignment of a task with n input channels whose barriers come independently at times with mean d.
///
/// Question: how long is the time from the first to the last barrier?
/// Formula: E[max − min]; exponential H_{n−1}·d; uniform on (0, 2d): (n − 1)/(n + 1)·2d. Result in units of d.
/// Assumptions: independent, identically distributed delays; nothing of the alignment feeds back on them.
pub fn alignment_spread(law: Distribution, channels: usize) -> f64 {
    expected(law, Order::largest(channels))
        - expected(
            law,
            Order {
                n: channels,
                rank: 1,
            },
        )
}

/// With x = e^{σz − σ²/2} (mean 1), E = ∫ P(Z_(k) > z)·σ·x(z) dz, by Simpson's rule.
fn lognormal(sigma: f64, order: Order) -> f64 {
    if sigma <= 0.0 {
        return 1.0;
    }
    let normal = Normal::new(0.0, 1.0).expect("a positive deviation");
    let (below, above) = ((order.n - order.rank + 1) as f64, order.rank as f64);
    let integrand = |z: f64| {
        // P(Z_(k) > z) = I_{1−F}(n − k + 1, k)
        let tail = beta_reg(below, above, normal.sf(z));
        tail * sigma * libm::exp(sigma * z - sigma * sigma / 2.0)
    };
    // Left of −12 the tail is 1 and the rest integrates to x(−12); right of the upper end nothing is left.
    let (from, to, steps) = (-12.0, 12.0 + 2.0 * sigma, 4000_u32);
    let step = (to - from) / f64::from(steps);
    let inner: f64 = (1..steps)
        .map(|i| if i % 2 == 1 { 4.0 } else { 2.0 } * integrand(from + f64::from(i) * step))
        .sum();
    let left = libm::exp(sigma * from - sigma * sigma / 2.0);
    left + (integrand(from) + inner + integrand(to)) * step / 3.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn close(actual: f64, expected: f64, tolerance: f64) {
        assert!(
            (actual - expected).abs() < tolerance,
            "{actual} is not {expected}"
        );
    }

    #[test]
    fn the_largest_of_n_for_three_laws() {
        // n, exponential, uniform on 0.5 to 1.5, lognormal σ = 0.25, 0.5, 1
        let table = [
            [4.0, 2.083_333, 1.300_000, 1.273_42, 1.573_27, 2.208_13],
            [16.0, 3.380_729, 1.441_176, 1.521_46, 2.217_88, 4.169_69],
            [64.0, 4.743_891, 1.484_615, 1.752_77, 2.925_79, 7.073_06],
            [128.0, 5.433_147, 1.492_248, 1.864_53, 3.304_56, 8.949_76],
            [256.0, 6.124_345, 1.496_109, 1.974_64, 3.700_99, 11.155_38],
            [1024.0, 7.509_176, 1.499_024, 2.191_85, 4.550_57, 16.713_30],
        ];
        for [n, exponential, uniform, narrow, middle, wide] in table {
            let n = n as usize;
            let largest = Order::largest(n);
            close(
                expected(Distribution::Exponential, largest),
                exponential,
                1e-6,
            );
            close(
                expected(Distribution::Uniform { spread: 0.5 }, largest),
                uniform,
                1e-6,
            );
            close(
                expected(Distribution::Lognormal { sigma: 0.25 }, largest),
                narrow,
                1e-5,
            );
            close(
                expected(Distribution::Lognormal { sigma: 0.5 }, largest),
                middle,
                1e-5,
            );
            close(
                expected(Distribution::Lognormal { sigma: 1.0 }, largest),
                wide,
                1e-4,
            );
        }
    }

    #[test]
    fn one_subtask_has_the_mean() {
        for law in [
            Distribution::Exponential,
            Distribution::Lognormal { sigma: 0.7 },
            Distribution::Uniform { spread: 0.3 },
        ] {
            close(expected(law, Order::largest(1)), 1.0, 1e-9);
        }
    }

    #[test]
    fn alignment_of_n_channels() {
        // channels, spread of exponential delays
        for (n, spread) in [
            (2, 1.0),
            (4, 1.833),
            (16, 3.318),
            (128, 5.425),
            (256, 6.120),
        ] {
            close(alignment_spread(Distribution::Exponential, n), spread, 1e-3);
        }
        // uniform on (0, d) with n = 128: 0.98450 d; the mean is d/2
        let uniform = Distribution::Uniform { spread: 1.0 };
        close(alignment_spread(uniform, 128) / 2.0, 0.984_50, 1e-5);
    }

    #[test]
    fn one_channel_needs_no_alignment() {
        assert_eq!(alignment_spread(Distribution::Exponential, 1), 0.0);
    }
}
