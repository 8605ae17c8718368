//! The range of an axis, always drawable.

/// A finite, non-empty range, linear or logarithmic; a logarithmic one is positive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    low: f64,
    high: f64,
    log: bool,
}

/// Beyond this, sums and ratios of values would leave the range of `f64`.
const LARGEST: f64 = 1e100;
const SMALLEST: f64 = 1e-100;

const fn span(low: f64, high: f64, log: bool) -> Span {
    Span { low, high, log }
}

impl Span {
    /// Exactly from `low` to `high`; widened where that is empty, replaced by 0 to 1 where it is not finite.
    pub fn linear(low: f64, high: f64) -> Span {
        let (low, high) = (low.clamp(-LARGEST, LARGEST), high.clamp(-LARGEST, LARGEST));
        if low.is_nan() || high.is_nan() {
            return span(0.0, 1.0, false);
        }
        let (low, high) = (low.min(high), low.max(high));
        if high - low <= high.abs().max(low.abs()) * 1e-9 {
            let half = if low == 0.0 { 0.5 } else { low.abs() / 2.0 };
            return span(low - half, high + half, false);
        }
        span(low, high, false)
    }

    /// From zero to a little above the largest value.
    pub fn from_zero(values: impl IntoIterator<Item = f64>) -> Span {
        let finite = values.into_iter().filter(|value| value.is_finite());
        let high = finite.fold(0.0, f64::max);
        Span::linear(0.0, if high > 0.0 { high * 1.08 } else { 1.0 })
    }

    /// Over all positive values, `margin` times further at both ends; one to ten without any.
    pub fn log(values: impl IntoIterator<Item = f64>, margin: f64) -> Span {
        let values = values.into_iter();
        let positive = values.filter(|value| value.is_finite() && *value > 0.0);
        let (low, high) = positive.fold((f64::INFINITY, 0.0f64), |(low, high), value| {
            let value = value.clamp(SMALLEST, LARGEST);
            (low.min(value), high.max(value))
        });
        if high == 0.0 {
            return span(1.0, 10.0, true);
        }
        // A single value gets room on both sides.
        let least = if high / low < 1.02 { 1.5 } else { 1.0 };
        let margin = margin.max(least);
        span(low / margin, high * margin, true)
    }

    /// Whether it is logarithmic.
    pub fn is_log(&self) -> bool {
        self.log
    }

    /// Lower end.
    pub fn low(&self) -> f64 {
        self.low
    }

    /// Upper end.
    pub fn high(&self) -> f64 {
        self.high
    }

    /// Where a value lies: 0 at the lower end, 1 at the upper one, beyond outside; NaN where it has no place.
    pub fn position(&self, value: f64) -> f64 {
        if self.log {
            if value <= 0.0 {
                return f64::NEG_INFINITY;
            }
            let low = libm::log(self.low);
            (libm::log(value) - low) / (libm::log(self.high) - low)
        } else {
            (value - self.low) / (self.high - self.low)
        }
    }

    /// Whether a value lies on the axis.
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_or_broken_range_becomes_drawable() {
        assert_eq!(Span::linear(2.0, 2.0), span(1.0, 3.0, false));
        assert_eq!(Span::linear(f64::NAN, 2.0), span(0.0, 1.0, false));
        assert_eq!(Span::log([], 1.1), span(1.0, 10.0, true));
        assert_eq!(Span::log([-1.0, f64::NAN, 0.0], 1.1), span(1.0, 10.0, true));
        assert_eq!(Span::from_zero([f64::NAN, -3.0]), span(0.0, 1.0, false));
    }

    #[test]
    fn the_middle_of_a_log_axis_is_the_geometric_mean() {
        let span = Span::log([1.0, 100.0], 1.0);
        assert!((span.position(10.0) - 0.5).abs() < 1e-12);
        assert!(span.position(0.0) < -1e300);
    }
}
