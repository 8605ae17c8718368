//! A number is never alone: value, interval and sample size travel together.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::units::Unit;

/// Confidence of every interval that is reported.
pub const CONFIDENCE: f64 = 0.95;
/// Fewer replications say too little of their spread: with two, Student's t multiplies it by 12.7.
pub const REPLICATIONS_MIN: usize = 3;

/// What values a quantity can have, and so which ends its interval can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Any: differences.
    Signed,
    /// Nothing below zero: times, sizes, rates, counts.
    Positive,
    /// Nothing outside 0 to 1.
    Share,
}

impl Scale {
    /// The scale of a quantity in this unit.
    pub fn of_unit(unit: Unit) -> Scale {
        if unit == Unit::Share {
            Scale::Share
        } else {
            Scale::Positive
        }
    }
}

/// A point estimate with its 95 % confidence interval over replications.
///
/// There is one construction, [`Estimate::around`]. It is Student's t on the scale on which a quantity has no bounds:
/// on the value itself for differences, on its logarithm for what cannot be negative, on its logit for shares; half the
/// width there is the standard error times the derivative (delta method). So no interval leaves what is possible, each
/// contains its value, and where the spread is small against the distance to the bounds all three are the same.
/// Source: Meeker and Escobar, *Statistical Methods for Reliability Data* (1998), 8.4.1 and 3.6.2 (transformed normal
/// approximation); Distribution, *Simulation Modeling and Analysis*, 4.5 (replication means are about normal).
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
    /// The mean of independent replications with its interval of 95 %; `None` without any.
    pub fn of(samples: &[f64], scale: Scale) -> Option<Estimate> {
        Estimate::with_confidence(samples, scale, CONFIDENCE)
    }

    /// The same with another confidence, above 0 and below 1.
    pub fn with_confidence(samples: &[f64], scale: Scale, confidence: f64) -> Option<Estimate> {
        let mean = mean(samples)?;
        Estimate::around(mean, samples, scale, confidence)
    }

    /// A value that was found over all replications together, such as a quantile of pooled samples, with the interval that
    /// the same figure of each single replication gives; `None` without any.
    pub fn around(value: f64, samples: &[f64], scale: Scale, confidence: f64) -> Option<Estimate> {
        let n = samples.len();
        let mean = mean(samples)?;
        let half = if n < 2 {
            0.0
        } else {
            let squares = samples.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
            let error = (squares / (n - 1) as f64 / n as f64).sqrt();
            student_t(n - 1, f64::midpoint(1.0, confidence)) * error
        };
        let value = scale.without_rounding(value);
        let (low, high) = scale.ends(value, half);
        Some(Estimate {
            value,
            low,
            high,
            n,
        })
    }

    /// Whether there are enough replications for an interval to be shown.
    pub fn has_interval(&self) -> bool {
        self.n >= REPLICATIONS_MIN && (self.high - self.low).is_finite()
    }

    /// The interval as far as it is to be shown.
    pub fn interval(&self) -> Option<(f64, f64)> {
        self.has_interval().then_some((self.low, self.high))
    }

    /// Half the width of the interval; 0 where there is none to be shown.
    pub fn half_width(&self) -> f64 {
        self.interval()
            .map_or(0.0, |(low, high)| (high - low) / 2.0)
    }
}

impl Scale {
    /// A share that rounding has carried past its bound is on the bound; further outside it is a fault, and stays visible.
    fn without_rounding(self, value: f64) -> f64 {
        let bounded = value.clamp(0.0, 1.0);
        let is_rounding = self == Scale::Share && (value - bounded).abs() < 1e-9;
        if is_rounding { bounded } else { value }
    }

    /// Ends of the interval around a value whose half width would be `half` if it had no bounds.
    fn ends(self, value: f64, half: f64) -> (f64, f64) {
        let exact = half == 0.0;
        match self {
            _ if exact || !half.is_finite() => (value, value),
            Scale::Positive if value > 0.0 => {
                let factor = libm::exp(half / value);
                // A spread of hundreds of times the value says nothing.
                (value / factor, (value * factor).min(f64::MAX))
            }
            Scale::Share if value > 0.0 && value < 1.0 => {
                let factor = libm::exp(half / (value * (1.0 - value)));
                let end = |factor: f64| value / (value + (1.0 - value) * factor);
                (end(factor), end(1.0 / factor))
            }
            Scale::Signed => (value - half, value + half),
            // On the bound itself the scale has no derivative: the interval lies on the possible side.
            Scale::Positive => (value, value + half),
            Scale::Share => (
                (value - half).clamp(0.0, 1.0),
                (value + half).clamp(0.0, 1.0),
            ),
        }
    }
}

fn mean(samples: &[f64]) -> Option<f64> {
    (!samples.is_empty()).then(|| samples.iter().sum::<f64>() / samples.len() as f64)
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
    fn a_share_that_rounding_carries_past_one_is_one_within_its_interval() {
        let all = [1.000_000_000_000_000_2, 1.0, 1.000_000_000_000_000_4];
        let busy = Estimate::of(&all, Scale::Share).unwrap();
        assert!(
            busy.low <= busy.value && busy.value <= busy.high,
            "{busy:?}"
        );
        assert!(busy.high <= 1.0);
        assert!(
            Estimate::of(&[1.5], Scale::Share).unwrap().value > 1.4,
            "a fault is seen"
        );
    }

    #[test]
    fn four_replications_use_student_t_with_three_degrees_of_freedom() {
        // mean 5, sd 2.582, t = 3.182, half width 4.108
        let estimate = Estimate::of(&[2.0, 4.0, 6.0, 8.0], Scale::Signed).unwrap();
        assert!((estimate.value - 5.0).abs() < 1e-9);
        assert!((estimate.half_width() - 4.108).abs() < 1e-3);
    }

    #[test]
    fn no_samples_give_no_estimate_and_fewer_than_three_no_interval() {
        assert_eq!(Estimate::of(&[], Scale::Positive), None);
        for few in [&[3.0][..], &[3.0, 4.0]] {
            let estimate = Estimate::of(few, Scale::Positive).unwrap();
            assert_eq!(estimate.interval(), None);
            assert!(estimate.half_width().abs() < 1e-9);
        }
    }

    #[test]
    fn the_interval_of_a_time_is_not_below_zero() {
        // The half width of 4.108 is 0.8217 on the scale of logarithms: 5 / e^0.8217 and 5 e^0.8217.
        let estimate = Estimate::of(&[2.0, 4.0, 6.0, 8.0], Scale::Positive).unwrap();
        assert!((estimate.low - 2.1986).abs() < 1e-3, "{estimate:?}");
        assert!((estimate.high - 11.371).abs() < 1e-2, "{estimate:?}");
        // Two runs of 1.6 and 2.0 s gave [-0.74, 4.34] s.
        let two = Estimate::of(&[1.6, 2.0], Scale::Positive).unwrap();
        assert!(two.low > 0.0 && two.low < 1.6 && two.high > 2.0);
        let none = Estimate::of(&[0.0; 4], Scale::Positive).unwrap();
        assert_eq!((none.low, none.high), (0.0, 0.0));
    }

    #[test]
    fn the_interval_of_a_share_stays_between_0_and_1() {
        let estimate = Estimate::of(&[0.999, 0.9, 0.95], Scale::Share).unwrap();
        assert!(estimate.low > 0.5 && estimate.high < 1.0, "{estimate:?}");
        let small = Estimate::of(&[0.001, 0.0, 0.002], Scale::Share).unwrap();
        assert!(small.low > 0.0 && small.high < 1.0, "{small:?}");
    }

    #[test]
    fn with_little_spread_all_scales_agree() {
        let samples = [0.500, 0.501, 0.499, 0.500];
        let ends = [Scale::Signed, Scale::Positive, Scale::Share].map(|scale| {
            let estimate = Estimate::of(&samples, scale).unwrap();
            (estimate.low, estimate.high)
        });
        for (low, high) in ends {
            assert!((low - ends[0].0).abs() < 1e-5 && (high - ends[0].1).abs() < 1e-5);
        }
    }

    proptest::proptest! {
        #[test]
        fn an_interval_contains_its_value_and_nothing_impossible(
            samples in proptest::collection::vec(0.0..1.0_f64, 1..6),
            factor in 1e-6..1e6_f64,
        ) {
            let share = Estimate::of(&samples, Scale::Share).unwrap();
            assert!(0.0 <= share.low && share.low <= share.value, "{share:?}");
            assert!(share.value <= share.high && share.high <= 1.0, "{share:?}");
            let times: Vec<f64> = samples.iter().map(|x| x * factor).collect();
            let time = Estimate::of(&times, Scale::Positive).unwrap();
            assert!(0.0 <= time.low && time.low <= time.value && time.value <= time.high, "{time:?}");
        }
    }

    #[test]
    fn quantiles_interpolate_between_order_statistics() {
        assert_eq!(quantile(&[4.0, 1.0, 3.0, 2.0], 0.5), Some(2.5));
        assert_eq!(quantile(&[7.0], 0.99), Some(7.0));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
