//! An estimated figure: its value, where it comes from, and how much what it comes from differs.

/// A figure with its origin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimated {
    /// The figure.
    pub value: f64,
    /// The field it was read from.
    pub source: &'static str,
    /// Smallest and largest figure that went into it.
    pub spread: (f64, f64),
}

impl Estimated {
    /// The median of several figures; `None` of none.
    pub fn median(figures: &[f64], source: &'static str) -> Option<Estimated> {
        let value = median(figures)?;
        Some(Estimated {
            value,
            source,
            spread: range(figures),
        })
    }

    /// The same figures in another unit.
    #[must_use]
    pub fn times(self, factor: f64) -> Estimated {
        self.map(|figure| figure * factor)
    }

    /// What follows from the figure and from the bounds of its spread, by a function that never falls.
    #[must_use]
    pub fn map(self, function: impl Fn(f64) -> f64) -> Estimated {
        let (smallest, largest) = self.spread;
        Estimated {
            value: function(self.value),
            spread: (function(smallest), function(largest)),
            ..self
        }
    }
}

/// Smallest and largest; the figures are finite.
pub fn range(figures: &[f64]) -> (f64, f64) {
    figures
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), figure| {
            (low.min(*figure), high.max(*figure))
        })
}

/// The median; of an even number of figures the mean of the middle two.
pub fn median(figures: &[f64]) -> Option<f64> {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(*upper);
    }
    Some(0.5 * (sorted[middle - 1] + upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_keeps_its_spread() {
        let estimated = Estimated::median(&[3.0, 1.0, 2.0, 8.0], "x").unwrap();
        assert_eq!((estimated.value, estimated.spread), (2.5, (1.0, 8.0)));
        assert_eq!(Estimated::median(&[], "x"), None);
    }
}
