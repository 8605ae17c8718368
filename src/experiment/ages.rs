//! What a failure at another moment would have cost.
//!
//! A failure loses the age of the newest completed checkpoint, and that is known at every moment of a run in which nothing
//! fails. One simulated failure tells the rest: how long the job is down, and how long it takes to work off what waits when
//! all tasks run again. That is the input of the age and of the downtime, and by the fluid law
//! ([`Outage::drain_s`](crate::formulas::catch_up::Outage::drain_s)) catching up takes a time in proportion to both: a ratio
//! estimator with the age as its auxiliary variable (Cochran, *Sampling Techniques* (3rd ed., 1977), chapter 6). So one
//! failure, wherever it struck, gives a whole distribution over the moments.

use crate::experiment::recoveries::Recoveries;
use crate::experiment::spans::Spans;
use crate::measure::{CheckpointRecord, RecoveryRecord};

/// Moments of equal probability that stand for all.
const STRATA: usize = 20;

/// A checkpoint that completed: its trigger and the time when it was durable, s since the start.
type Completed = (f64, f64);

/// Completed checkpoints, in order of their triggers.
pub fn completed(counted: &[&CheckpointRecord]) -> Vec<Completed> {
    let times = counted.iter().filter_map(|record| {
        Some((
            record.trigger.as_secs_f64(),
            record.durable()?.as_secs_f64(),
        ))
    });
    times.collect()
}

/// Ages of the newest completed checkpoint over whole periods between completions in which nothing failed, s: from the
/// moment when it was durable until its successor was.
fn periods(completed: &[Completed], failures: &[RecoveryRecord]) -> Vec<(f64, f64)> {
    let quiet = |from: f64, to: f64| {
        !failures.iter().any(|failure| {
            let failed = failure.failed.as_secs_f64();
            (from..to).contains(&failed)
        })
    };
    let pairs = completed.windows(2).filter_map(|pair| {
        let [(trigger, durable), (_, next)] = [pair[0], pair[1]];
        (next > durable && quiet(durable, next)).then_some((durable - trigger, next - trigger))
    });
    pairs.collect()
}

/// Time average of the age, s: what a failure at a random moment loses. It needs no failure to be known, and varies less
/// than the rework of the few failures of a run. `None` without a whole period.
pub fn mean(completed: &[Completed], failures: &[RecoveryRecord]) -> Option<f64> {
    let periods = periods(completed, failures);
    let seconds: f64 = periods.iter().map(|(from, to)| to - from).sum();
    let area: f64 = periods
        .iter()
        .map(|(from, to)| (to * to - from * from) / 2.0)
        .sum();
    (seconds > 0.0).then(|| area / seconds)
}

/// The age at [`STRATA`] moments of equal probability, rising, s; empty without a whole period.
fn strata(completed: &[Completed]) -> Vec<f64> {
    let periods = periods(completed, &[]);
    let seconds: f64 = periods.iter().map(|(from, to)| to - from).sum();
    if periods.is_empty() || seconds <= 0.0 {
        return Vec::new();
    }
    let younger = |age: f64| -> f64 {
        let within = |(from, to): &(f64, f64)| (age - from).clamp(0.0, to - from);
        periods.iter().map(within).sum::<f64>() / seconds
    };
    let oldest = periods
        .iter()
        .fold(0.0, |oldest: f64, (_, to)| oldest.max(*to));
    let at = |stratum: usize| {
        let share = (stratum as f64 + 0.5) / STRATA as f64;
        let (mut low, mut high) = (0.0, oldest);
        // The share of younger ages rises with the age; 60 halvings of seconds leave less than a nanosecond.
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if younger(middle) < share {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    };
    (0..STRATA).map(at).collect()
}

/// What a failure would have cost at moments of equal probability in a run with these checkpoints, by one that was simulated
/// there. As it was, where there is not one whole recovery, or no period to tell ages by.
pub fn at_any_moment(simulated: Recoveries, completed: &[Completed]) -> Recoveries {
    let ages = strata(completed);
    let one = |spans: &Spans| match (&spans.ended[..], &spans.open[..]) {
        ([seconds], []) => Some(*seconds),
        _ => None,
    };
    let whole = (
        one(&simulated.rework),
        one(&simulated.downtime),
        one(&simulated.catch_up),
    );
    let (Some(age), Some(down), Some(catch_up)) = whole else {
        return simulated;
    };
    if ages.is_empty() || age + down <= 0.0 {
        return simulated;
    }
    let catch_ups: Vec<f64> = ages
        .iter()
        .map(|other| catch_up * (other + down) / (age + down))
        .collect();
    let mean = catch_ups.iter().sum::<f64>() / catch_ups.len() as f64;
    let all = |ended: Vec<f64>| Spans {
        ended,
        open: Vec::new(),
    };
    Recoveries {
        recovery: all(catch_ups.iter().map(|seconds| down + seconds).collect()),
        late_s: simulated.late_s - simulated.catching_up_s() + mean,
        catch_up: all(catch_ups),
        rework: all(ages),
        ..simulated
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sample;

    #[track_caller]
    fn close(actual: f64, expected: f64) {
        assert!(
            (actual - expected).abs() < 1e-6,
            "{actual} is not {expected}"
        );
    }

    #[test]
    fn the_age_of_the_newest_checkpoint_is_half_a_period_and_a_duration() {
        // every 10 s, durable after 2 s: between 2 and 12 s old
        let even = [(0.0, 2.0), (10.0, 12.0), (20.0, 22.0)];
        close(mean(&even, &[]).unwrap(), 7.0);
        // the first period of 10 s, mean 7 s, does not count: the second is 20 s long, 2 to 22 s
        let times = [(0.0, 2.0), (10.0, 12.0), (30.0, 32.0)];
        close(mean(&times, &[sample::recovery(11, 13, 17)]).unwrap(), 12.0);
        assert_eq!(mean(&[(0.0, 2.0)], &[]), None);
    }

    #[test]
    fn moments_of_equal_probability_fill_all_periods() {
        let even = strata(&[(0.0, 2.0), (10.0, 12.0), (20.0, 22.0)]);
        close(even[0], 2.25);
        close(even[19], 11.75);
        // A third of the time in the short period, two thirds in the long one: half of all ages are below 9.5 s.
        let uneven = strata(&[(0.0, 2.0), (10.0, 12.0), (30.0, 32.0)]);
        let below = uneven.iter().filter(|age| **age < 9.5).count();
        assert_eq!(below, STRATA / 2);
        assert!(strata(&[(0.0, 2.0)]).is_empty());
    }

    #[test]
    fn one_failure_tells_what_an_older_checkpoint_would_have_cost() {
        let completed = [(0.0, 2.0), (10.0, 12.0), (20.0, 22.0)];
        let span = |seconds| Spans {
            ended: vec![seconds],
            open: Vec::new(),
        };
        // 3 s of age and 5 of downtime are worked off in 4 s: half a second for each.
        let simulated = Recoveries {
            recovery: span(9.0),
            downtime: span(5.0),
            catch_up: span(4.0),
            rework: span(3.0),
            outages: 1,
            down_s: 5.0,
            late_s: 9.0,
            ..Recoveries::default()
        };
        let all = at_any_moment(simulated.clone(), &completed);
        close(all.recovery.ended[19], 5.0 + 16.75 / 2.0);
        close(all.late_s, 5.0 + 12.0 / 2.0);
        close(all.rework.mean().unwrap(), 7.0);
        // What is not over tells nothing of others.
        let open = Recoveries {
            catch_up: Spans {
                ended: Vec::new(),
                open: vec![4.0],
            },
            ..simulated
        };
        assert_eq!(at_any_moment(open.clone(), &completed), open);
    }
}
