//! Times that were measured, some of them only from below: what was not over when the run ended is never left out.

use serde::{Deserialize, Serialize};

use crate::measure::estimate::quantile;

/// A sample of times in seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spans {
    /// Those that ended.
    pub ended: Vec<f64>,
    /// Those that had not ended: each has lasted at least this long.
    pub open: Vec<f64>,
}

/// A statistic of a sample with open spans.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounded {
    /// The value, or a lower bound of it.
    pub value: f64,
    /// Whether it is only a lower bound.
    pub at_least: bool,
}

impl Spans {
    /// Adds a span that ended after `ended` seconds, or lasts for at least `so_far`.
    pub fn add(&mut self, ended: Option<f64>, so_far: f64) {
        match ended {
            Some(seconds) => self.ended.push(seconds),
            None => self.open.push(so_far),
        }
    }

    /// The mean; what was not over when the run ended counts with the time that it had lasted. `None` without samples.
    pub fn mean(&self) -> Option<f64> {
        let all = || self.ended.iter().chain(&self.open);
        let count = all().count();
        (count > 0).then(|| all().sum::<f64>() / count as f64)
    }

    /// The `q`-quantile (0 to 1); `None` without samples. An open span counts as longer than every one that ended.
    pub fn quantile(samples: &[&Spans], q: f64) -> Option<Bounded> {
        let mut ended: Vec<f64> = samples.iter().flat_map(|s| s.ended.clone()).collect();
        let mut open: Vec<f64> = samples.iter().flat_map(|s| s.open.clone()).collect();
        let finished = ended.len();
        let longest = ended.iter().copied().fold(0.0, f64::max);
        for so_far in &mut open {
            *so_far = so_far.max(longest);
        }
        ended.extend(open);
        let last = ended.len().checked_sub(1)?;
        Some(Bounded {
            value: quantile(&ended, q)?,
            at_least: (q.clamp(0.0, 1.0) * last as f64).ceil() as usize >= finished,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_that_is_not_over_counts_as_longer_than_all_others() {
        let mut spans = Spans::default();
        for seconds in [10.0, 20.0, 30.0] {
            spans.add(Some(seconds), 99.0);
        }
        spans.add(None, 5.0);
        let at = |q| Spans::quantile(&[&spans], q).unwrap();
        // Sorted: 10, 20, 30, at least 30.
        assert_eq!(
            at(0.5),
            Bounded {
                value: 25.0,
                at_least: false
            }
        );
        assert_eq!(
            at(0.95),
            Bounded {
                value: 30.0,
                at_least: true
            }
        );
        assert_eq!(Spans::quantile(&[&Spans::default()], 0.5), None);
    }
}
