//! A number is never alone: value, interval and sample size travel together.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// A point estimate with its 95 % confidence interval over replications.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Mean over replications of the statistic (which may itself be a median or a percentile).
    pub value: f64,
    /// Lower end of the interval; equals `value` with a single replication.
    pub low: f64,
    /// Upper end of the interval; equals `value` with a single replication.
    pub high: f64,
    /// Replications that gave a value.
    pub n: usize,
}

impl Estimate {
    /// Student-t interval of 95 % for the mean of independent replications; `None` without any.
    ///
    /// Assumes that replication means are about normal. Source: Law, *Simulation Modeling and Analysis*, ch. 4.5.
    pub fn of(samples: &[f64]) -> Option<Estimate> {
        Estimate::with_confidence(samples, 0.95)
    }

    /// The same with another confidence, above 0 and below 1.
    pub fn with_confidence(samples: &[f64], confidence: f64) -> Option<Estimate> {
        let n = samples.len();
        let mean = match n {
            0 => return None,
            1 => {
                return Some(Estimate {
                    value: samples[0],
                    low: samples[0],
                    high: samples[0],
                    n,
                });
            }
            _ => samples.iter().sum::<f64>() / n as f64,
        };
        let variance = samples.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1) as f64;
        let half = student_t(n - 1, f64::midpoint(1.0, confidence)) * (variance / n as f64).sqrt();
        Some(Estimate {
            value: mean,
            low: mean - half,
            high: mean + half,
            n,
        })
    }

    /// Half the width of the interval.
    pub fn half_width(&self) -> f64 {
        (self.high - self.low) / 2.0
    }
}

/// A quantile of Student's t with this many degrees of freedom (at least 1).
fn student_t(freedom: usize, q: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom as f64)
        .expect("at least one degree of freedom")
        .inverse_cdf(q)
}

/// The `q`-quantile (0 to 1) by linear interpolation between order statistics; `None` without samples.
///
/// Definition 7 of Hyndman and Fan (1996), the default of R and NumPy.
pub fn quantile(samples: &[f64], q: f64) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let position = q.clamp(0.0, 1.0) * last as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(last);
    Some(sorted[below] + (sorted[above] - sorted[below]) * (position - below as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_replications_use_student_t_with_three_degrees_of_freedom() {
        // mean 5, sd 2.582, t = 3.182, half width 4.108
        let estimate = Estimate::of(&[2.0, 4.0, 6.0, 8.0]).unwrap();
        assert!((estimate.value - 5.0).abs() < 1e-9);
        assert!((estimate.half_width() - 4.108).abs() < 1e-3);
    }

    #[test]
    fn no_samples_give_no_estimate_and_one_gives_no_interval() {
        assert_eq!(Estimate::of(&[]), None);
        assert!(Estimate::of(&[3.0]).unwrap().half_width().abs() < 1e-9);
    }

    #[test]
    fn quantiles_interpolate_between_order_statistics() {
        assert_eq!(quantile(&[4.0, 1.0, 3.0, 2.0], 0.5), Some(2.5));
        assert_eq!(quantile(&[7.0], 0.99), Some(7.0));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
