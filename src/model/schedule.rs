//! When a source's records are due.
//!
//! Arrivals live on the axis of the cumulated rate: regular records at 0, 1, 2, …, Poisson records at the points of a
//! unit-rate process. The inverse of the cumulated rate turns a position into a time, whatever the rate's shape.

use crate::engine::Stream;
use crate::scenario::{Arrivals, Rate};
use crate::units::{SimDuration, SimTime};

/// The schedule of one source subtask.
#[derive(Debug)]
pub struct Schedule {
    rate: Rate,
    /// Share of the rate that this subtask emits.
    share: f64,
    start: SimTime,
    arrivals: Arrivals,
    stream: Stream,
    /// Position of the next record on the cumulated axis.
    next: f64,
    /// Where the step that holds `next` begins: (time since start in seconds, cumulated records, index of the step).
    step: (f64, f64, usize),
}

impl Schedule {
    /// A schedule of `1 / parallelism` of the source's rate.
    pub fn new(
        rate: Rate,
        parallelism: usize,
        start: SimTime,
        arrivals: Arrivals,
        mut stream: Stream,
    ) -> Self {
        let next = match arrivals {
            Arrivals::Regular => 0.0,
            Arrivals::Poisson => stream.exponential(),
        };
        Schedule {
            rate,
            share: 1.0 / parallelism as f64,
            start,
            arrivals,
            stream,
            next,
            step: (0.0, 0.0, 0),
        }
    }

    /// When the next record is due; `SimTime::MAX` if never.
    pub fn next_due(&mut self) -> SimTime {
        let seconds = match &self.rate {
            Rate::Unlimited => 0.0,
            Rate::Constant(per_s) => self.next / (per_s * self.share),
            Rate::Steps { .. } => self.in_steps(),
        };
        if seconds.is_finite() {
            self.start + ceil(seconds)
        } else {
            SimTime::MAX
        }
    }

    /// How many records are due by `now`, at most `most`. Does not take them.
    pub fn take_due(&mut self, now: SimTime, most: u32) -> u32 {
        if self.rate == Rate::Unlimited {
            return if now >= self.start { most } else { 0 };
        }
        let mut due = 0;
        while due < most && self.next_due() <= now {
            self.next += match self.arrivals {
                Arrivals::Regular => 1.0,
                Arrivals::Poisson => self.stream.exponential(),
            };
            due += 1;
        }
        due
    }

    /// A generator that could not emit for `pause`: everything comes that much later.
    pub fn postpone(&mut self, pause: SimDuration) {
        self.start = self.start + pause;
    }

    fn in_steps(&mut self) -> f64 {
        let Rate::Steps { steps, period } = &self.rate else {
            unreachable!("the caller matched the rate")
        };
        // A whole turn without records would never end.
        if period.is_some() && steps.iter().all(|(_, per_s)| *per_s <= 0.0) {
            return f64::INFINITY;
        }
        loop {
            let (begin, cumulated, index) = self.step;
            let per_s = steps[index].1 * self.share;
            let last = index + 1 == steps.len();
            let length = match (last, period) {
                (false, _) => steps[index + 1]
                    .0
                    .saturating_sub(steps[index].0)
                    .as_secs_f64(),
                (true, Some(period)) => period.saturating_sub(steps[index].0).as_secs_f64(),
                (true, None) => f64::INFINITY,
            };
            let within = (self.next - cumulated) / per_s;
            if per_s > 0.0 && within <= length {
                return begin + within;
            }
            if length.is_infinite() {
                return f64::INFINITY;
            }
            self.step = (
                begin + length,
                cumulated + per_s * length,
                if last { 0 } else { index + 1 },
            );
        }
    }
}

fn ceil(seconds: f64) -> SimDuration {
    SimDuration::from_nanos((seconds * 1e9 - 1e-3).ceil().clamp(0.0, 9e18) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Streams;

    fn schedule(rate: Rate, arrivals: Arrivals) -> Schedule {
        Schedule::new(
            rate,
            2,
            SimTime::ZERO,
            arrivals,
            Streams::new(1, 0).named("source"),
        )
    }

    fn at(seconds: f64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs_f64(seconds)
    }

    #[test]
    fn a_constant_rate_is_split_among_the_subtasks() {
        let mut source = schedule(Rate::Constant(200.0), Arrivals::Regular);
        assert_eq!(source.take_due(at(0.05), 100), 6);
        assert_eq!(source.next_due(), at(0.06));
    }

    #[test]
    fn a_daily_curve_repeats() {
        let steps = vec![(SimDuration::ZERO, 20.0), (SimDuration::from_secs(10), 0.0)];
        let rate = Rate::Steps {
            steps,
            period: Some(SimDuration::from_secs(20)),
        };
        let mut source = schedule(rate, Arrivals::Regular);
        assert_eq!(
            source.take_due(at(19.9), 1000),
            101,
            "100 in the first ten seconds, one at their very end"
        );
        assert_eq!(source.take_due(at(25.0), 1000), 50);
    }

    #[test]
    fn a_trace_that_ends_in_silence_never_has_a_next_record() {
        let steps = vec![(SimDuration::ZERO, 2.0), (SimDuration::from_secs(1), 0.0)];
        let mut source = schedule(
            Rate::Steps {
                steps,
                period: None,
            },
            Arrivals::Regular,
        );
        assert_eq!(source.take_due(at(100.0), 1000), 2);
        assert_eq!(source.next_due(), SimTime::MAX);
    }

    #[test]
    fn a_postponed_generator_loses_nothing_but_time() {
        let mut source = schedule(Rate::Constant(2.0), Arrivals::Regular);
        assert_eq!(source.take_due(at(0.0), 9), 1);
        source.postpone(SimDuration::from_secs(3));
        assert_eq!(source.next_due(), at(4.0));
    }

    #[test]
    fn poisson_records_have_the_right_mean_number() {
        let mut source = schedule(Rate::Constant(2000.0), Arrivals::Poisson);
        let n = source.take_due(at(100.0), u32::MAX);
        assert!((f64::from(n) - 1e5).abs() < 1e3, "{n}");
    }
}
