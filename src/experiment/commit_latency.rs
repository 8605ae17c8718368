//! How long until a record's result is visible behind an exactly-once sink: the distribution of one run, exactly.
//!
//! A transaction is committed when the checkpoint that ends it is complete. Records that arrive between two triggers are
//! committed together, so those who came first wait longest: each pair of triggers is a uniform law, and a run is a
//! mixture of them. Supposes that a record is read when it arrives: a backlog is not counted.

use serde::{Deserialize, Serialize};

use crate::experiment::run_result::RunResult;
use crate::experiment::spans::Bounded;
use crate::measure::CheckpointKind;
use crate::scenario::calibration::NOTIFY;
use crate::units::SimTime;

/// Waiting times of records that arrive evenly: a mixture of uniform laws, each weighted with its length. Seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Waits {
    /// `(shortest, longest)` of each law.
    pub laws: Vec<(f64, f64)>,
    /// Seconds of arrivals at the end of the run whose checkpoint never came.
    pub open: f64,
}

impl Waits {
    /// The waits of records that arrived after warm-up.
    pub fn of(run: &RunResult) -> Waits {
        let seconds = |time: SimTime| time.as_secs_f64();
        let mut committed: Vec<(f64, f64)> = run
            .checkpoints
            .iter()
            .filter(|record| record.kind == CheckpointKind::Checkpoint)
            .filter_map(|record| Some((seconds(record.trigger), seconds(record.durable()?))))
            .collect();
        committed.sort_by(|a, b| a.0.total_cmp(&b.0));
        // A later checkpoint that is complete earlier commits the earlier transaction, too.
        for index in (1..committed.len()).rev() {
            committed[index - 1].1 = committed[index - 1].1.min(committed[index].1);
        }
        let notified = NOTIFY.typical().as_secs_f64();
        let (mut from, end) = (seconds(run.warmup), seconds(run.end));
        let mut waits = Waits::default();
        let mut longest_gap: f64 = 0.0;
        for (trigger, durable) in committed {
            if trigger > from {
                let visible = durable + notified;
                waits.laws.push((visible - trigger, visible - from));
                longest_gap = longest_gap.max(trigger - from);
                from = trigger;
            }
        }
        // The last, unfinished period is nobody's fault; a checkpoint that does not come any more is.
        if end - from > 2.0 * longest_gap {
            waits.open = end - from;
        }
        waits
    }

    /// The mean of those that ended; `None` without any.
    pub fn mean(&self) -> Option<f64> {
        let length: f64 = self.laws.iter().map(|(from, to)| to - from).sum();
        let area = self
            .laws
            .iter()
            .map(|(from, to)| (to * to - from * from) / 2.0);
        (length > 0.0).then(|| area.sum::<f64>() / length)
    }

    /// The `q`-quantile (0 to 1) of all arrivals of some runs; `None` without any.
    pub fn quantile(runs: &[&Waits], q: f64) -> Option<Bounded> {
        let laws: Vec<(f64, f64)> = runs.iter().flat_map(|run| run.laws.clone()).collect();
        let finished: f64 = laws.iter().map(|(from, to)| to - from).sum();
        let open: f64 = runs.iter().map(|run| run.open).sum();
        if finished + open <= 0.0 {
            return None;
        }
        let longest = laws.iter().map(|law| law.1).fold(0.0, f64::max);
        let wanted = q.clamp(0.0, 1.0) * (finished + open);
        if wanted > finished {
            let so_far = runs.iter().map(|run| run.open).fold(longest, f64::max);
            return Some(Bounded {
                value: so_far,
                at_least: true,
            });
        }
        let mut ends: Vec<f64> = laws.iter().flat_map(|law| [law.0, law.1]).collect();
        ends.sort_by(f64::total_cmp);
        // Every law has density 1 over its length, so the distribution is linear between two ends.
        let below = |wait: f64| -> f64 {
            laws.iter()
                .map(|(from, to)| (wait.min(*to) - from).max(0.0))
                .sum()
        };
        let above = ends
            .partition_point(|end| below(*end) < wanted)
            .min(ends.len() - 1);
        let (right, reached) = (ends[above], below(ends[above]));
        let left = if above == 0 { right } else { ends[above - 1] };
        let rise = reached - below(left);
        let value = if rise > 0.0 {
            right - (right - left) * (reached - wanted) / rise
        } else {
            right
        };
        Some(Bounded {
            value,
            at_least: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sample;
    use crate::measure::Outcome;

    #[test]
    fn a_period_of_ten_seconds_and_two_to_commit_make_two_to_twelve() {
        let waits = Waits {
            laws: vec![(2.0, 12.0), (2.0, 12.0)],
            open: 0.0,
        };
        assert!((waits.mean().unwrap() - 7.0).abs() < 1e-12);
        for (q, wait) in [(0.0, 2.0), (0.5, 7.0), (0.95, 11.5), (1.0, 12.0)] {
            let found = Waits::quantile(&[&waits], q).unwrap();
            assert!((found.value - wait).abs() < 1e-9, "{q}: {found:?}");
        }
    }

    #[test]
    fn laws_of_different_length_weigh_as_much_as_they_are_long() {
        // 10 s between 0 and 10, 30 s between 0 and 30: half of 40 s lie below 10.
        let waits = Waits {
            laws: vec![(0.0, 10.0), (0.0, 30.0)],
            open: 0.0,
        };
        assert!((Waits::quantile(&[&waits], 0.5).unwrap().value - 10.0).abs() < 1e-9);
        assert!((Waits::quantile(&[&waits], 0.75).unwrap().value - 20.0).abs() < 1e-9);
    }

    #[test]
    fn a_failed_checkpoint_adds_a_period() {
        let scenario = sample::scenario(10);
        let mut run = sample::run(&scenario, 1, 0).unwrap();
        let worst = |run: &RunResult| Waits::quantile(&[&Waits::of(run)], 1.0).unwrap().value;
        let before = worst(&run);
        let at = run.checkpoints[3].trigger;
        run.checkpoints[3].outcome = Outcome::Failed {
            at,
            reason: String::new(),
        };
        assert!((worst(&run) - before - 10.0).abs() < 0.2);
    }

    #[test]
    fn arrivals_that_are_never_committed_are_not_forgotten() {
        let scenario = sample::scenario(10);
        let mut run = sample::run(&scenario, 1, 0).unwrap();
        run.checkpoints.clear();
        let found = Waits::quantile(&[&Waits::of(&run)], 0.5).unwrap();
        assert_eq!(
            found,
            Bounded {
                value: 50.0,
                at_least: true
            }
        );
    }
}
