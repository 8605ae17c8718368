//! Where the time of a job goes in the long run: useful work, checkpoints, and what failures take.
//!
//! A job fails after M of uptime on average and is then down for D: a cycle of M + D, over which the shares are taken
//! (renewal reward: Barlow and Proschan, *Mathematical Theory of Reliability* (1965), 3.2). Within a cycle:
//!
//! | part | time |
//! |---|---|
//! | outage | D: not all tasks run |
//! | rework | W·u: the input of W seconds once more, u = share of its capacity that the busiest subtask needs for it |
//! | catch-up | C − W·u: what came in meanwhile, until no more records wait than before |
//! | overhead | of the rest, the share that sync phases take from the busiest subtask |
//! | useful | what is left |
//!
//! At u = 1 these are the parts that Young (1974) and Daly (2006) minimise. W is the mean age of the newest completed
//! checkpoint, which is known without failures; C is moved to it from the rework of the failures that did strike, along
//! the fluid law dC/dW = u/(1 − u) ([`Outage::drain_s`](crate::formulas::catch_up::Outage::drain_s)): a control variate.

use crate::experiment::costs;
use crate::experiment::metric::measured::Measured;
use crate::experiment::sync_overhead;
use crate::scenario::{Rate, VertexKind};

/// Shares of time; their sum is 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeBudget {
    /// New records are processed, or could be: the efficiency.
    pub useful: f64,
    /// Checkpoints stop the busiest subtask.
    pub overhead: f64,
    /// Records are processed again.
    pub rework: f64,
    /// Records that came in meanwhile are processed.
    pub catch_up: f64,
    /// Not all tasks run.
    pub outage: f64,
}

impl TimeBudget {
    /// The budget of a run; `None` where failures are expected but none struck, or the overhead is not known.
    pub fn of(run: &Measured<'_>) -> Option<TimeBudget> {
        let overhead = if run.scenario.checkpointing.interval.is_none() {
            0.0
        } else {
            sync_overhead::share(run)?
        };
        let late = Late::of(run)?;
        let running = (1.0 - late.outage - late.rework - late.catch_up).max(0.0);
        let overhead = overhead * running;
        Some(TimeBudget {
            useful: running - overhead,
            overhead,
            rework: late.rework,
            catch_up: late.catch_up,
            outage: late.outage,
        })
    }
}

/// Shares of the time in which results are late.
#[derive(Default)]
struct Late {
    rework: f64,
    catch_up: f64,
    outage: f64,
}

impl Late {
    fn of(run: &Measured<'_>) -> Option<Late> {
        let all = &run.recoveries;
        if all.outages == 0 {
            let none_expected = costs::mean_uptime_s(run).is_none();
            return none_expected.then(Late::default);
        }
        let outages = all.outages as f64;
        let (down_s, uptime_s) = (all.down_s / outages, costs::mean_uptime_s(run)?);
        let cycle_s = uptime_s + down_s;
        let utilisation = sync_overhead::busiest(run).min(1.0);
        let struck_s = all.rework.mean().unwrap_or(0.0);
        let rework_s = costs::expected_rework(run).unwrap_or(struck_s);
        let catching_up_s = all.catching_up_s() / outages;
        let (rework_s, late_s) = if is_saturated(run) {
            // There is always a next record: nothing is caught up with, but everything is done again.
            (rework_s, rework_s)
        } else {
            let slope = utilisation / (1.0 - utilisation).max(f64::EPSILON);
            let late_s = catching_up_s + (rework_s - struck_s) * slope;
            let late_s = if utilisation < 1.0 {
                late_s.max(0.0)
            } else {
                catching_up_s
            };
            (rework_s * utilisation, late_s)
        };
        let late_s = late_s.min(uptime_s);
        let rework_s = rework_s.min(late_s);
        Some(Late {
            rework: rework_s / cycle_s,
            catch_up: (late_s - rework_s) / cycle_s,
            outage: down_s / cycle_s,
        })
    }
}

fn is_saturated(run: &Measured<'_>) -> bool {
    let mut works = run.scenario.vertices.iter().map(|vertex| &vertex.work);
    works.any(
        |work| matches!(work, VertexKind::Source(source) if matches!(source.rate, Rate::Unlimited)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sample;
    use crate::measure::RecoveryRecord;
    use crate::scenario::{FailureKind, FailureLaw, RandomFailures, Scenario};
    use crate::units::SimDuration;

    /// Down for 4 s, caught up 6 s later, 5 s of rework.
    fn failure(at: u64) -> RecoveryRecord {
        sample::recovery(at, at + 4, at + 10)
    }

    fn failing_every(mtbf_s: u64) -> Scenario {
        let mut scenario = sample::scenario(10);
        scenario.failures.random = Some(RandomFailures {
            law: FailureLaw::Exponential {
                mtbf: SimDuration::from_secs(mtbf_s),
            },
            kind: FailureKind::Task,
        });
        scenario
    }

    fn sum(budget: &TimeBudget) -> f64 {
        budget.useful + budget.overhead + budget.rework + budget.catch_up + budget.outage
    }

    #[test]
    fn the_parts_of_a_cycle_add_up_to_it() {
        let scenario = failing_every(996);
        let mut run = sample::run(&scenario, 1, 0).unwrap();
        run.recoveries = vec![failure(30)];
        let measured = Measured::of(&scenario, &run);
        let budget = TimeBudget::of(&measured).unwrap();
        assert!((sum(&budget) - 1.0).abs() < 1e-12, "{budget:?}");
        // A cycle of 996 s of uptime and 4 s of outage.
        assert!((budget.outage - 0.004).abs() < 1e-12);
        let utilisation = sync_overhead::busiest(&measured);
        let rework_s = costs::expected_rework(&measured).unwrap();
        assert!((budget.rework - rework_s * utilisation / 1000.0).abs() < 1e-12);
        let late_s = 6.0 + (rework_s - 5.0) * utilisation / (1.0 - utilisation);
        let rest = (late_s - rework_s * utilisation) / 1000.0;
        assert!((budget.catch_up - rest).abs() < 1e-12);
    }

    #[test]
    fn without_failures_all_but_the_overhead_is_useful() {
        let scenario = sample::scenario(10);
        let run = sample::run(&scenario, 1, 0).unwrap();
        let budget = TimeBudget::of(&Measured::of(&scenario, &run)).unwrap();
        // 3 ms every 10 s.
        assert!((budget.overhead - 0.0003).abs() < 1e-12);
        assert!((budget.useful - 0.9997).abs() < 1e-12);
    }

    #[test]
    fn failures_that_are_expected_but_did_not_strike_leave_it_open() {
        let scenario = failing_every(1_000_000);
        let run = sample::run(&scenario, 1, 0).unwrap();
        assert_eq!(TimeBudget::of(&Measured::of(&scenario, &run)), None);
    }

    #[test]
    fn a_job_that_is_always_late_has_no_useful_time() {
        let scenario = failing_every(5);
        let mut run = sample::run(&scenario, 1, 0).unwrap();
        run.recoveries = vec![failure(30)];
        let budget = TimeBudget::of(&Measured::of(&scenario, &run)).unwrap();
        assert!(
            (sum(&budget) - 1.0).abs() < 1e-12 && budget.useful >= 0.0,
            "{budget:?}"
        );
    }
}
