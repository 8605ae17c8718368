//! When something fails, and what: given times, and the named random streams of `[failures]`.
//!
//! The times of random failures are drawn independently of everything that the job does, so that two scenarios with the
//! same seed meet the same failures (common random numbers).

use crate::engine::{Stream, Streams};
use crate::scenario::{FailureKind, FailureLaw, Failures, RandomFailures, Target};
use crate::units::{SimDuration, SimTime};

/// Draws when the next failure comes, and what it hits.
#[derive(Debug)]
pub struct FailureSource {
    random: Option<RandomFailures>,
    times: Stream,
    targets: Stream,
    drawn: usize,
    /// Uniform number that chooses the next target.
    choice: f64,
    /// By given failure: how many times it has happened.
    happened: Vec<u32>,
}

impl FailureSource {
    /// Nothing has failed yet.
    pub fn new(failures: &Failures, streams: &Streams) -> Self {
        FailureSource {
            random: failures.random.clone(),
            times: streams.named("failure times"),
            targets: streams.named("failure targets"),
            drawn: 0,
            choice: 0.0,
            happened: vec![0; failures.given.len()],
        }
    }

    /// The time of the next random failure after the one at `last`.
    pub fn next_random(&mut self, last: SimTime) -> Option<SimTime> {
        let law = &self.random.as_ref()?.law;
        self.choice = self.targets.unit();
        self.drawn += 1;
        Some(match law {
            FailureLaw::Exponential { mtbf } => last + mtbf.scale(self.times.exponential()),
            FailureLaw::Weibull { mtbf, shape } => {
                // Inversion; the mean of the unit-scale law is Γ(1 + 1/shape).
                let unit = libm::pow(self.times.exponential(), 1.0 / shape);
                last + mtbf.scale(unit / libm::tgamma(1.0 + 1.0 / shape))
            }
            FailureLaw::Trace(times) => SimTime::ZERO + *times.get(self.drawn - 1)?,
        })
    }

    /// What the random failure hits, among `subtasks` by vertex and so many TaskManagers.
    pub fn target(&self, parallelism: &[usize], taskmanagers: usize) -> Target {
        let kind = self
            .random
            .as_ref()
            .map_or(FailureKind::Task, |random| random.kind);
        let choose = |n: usize| ((self.choice * n as f64) as usize).min(n.saturating_sub(1));
        match kind {
            FailureKind::JobManager => Target::JobManager,
            FailureKind::TaskManager => Target::TaskManager(choose(taskmanagers)),
            FailureKind::Task => {
                let mut left = choose(parallelism.iter().sum());
                for (vertex, &p) in parallelism.iter().enumerate() {
                    if left < p {
                        return Target::Task {
                            vertex,
                            subtask: left,
                        };
                    }
                    left -= p;
                }
                unreachable!("the choice is below the sum")
            }
        }
    }

    /// A given failure happens.
    pub fn count(&mut self, given: usize) {
        self.happened[given] += 1;
    }

    /// All tasks run again: which given failures happen again, and after what time.
    pub fn repeats(&self, failures: &Failures) -> Vec<(usize, SimDuration)> {
        let repeated = failures.given.iter().enumerate().zip(&self.happened);
        repeated
            .filter(|((_, given), happened)| (1..given.times).contains(happened))
            .map(|((index, given), _)| (index, given.again_after))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean_gap(law: FailureLaw) -> f64 {
        let failures = Failures {
            random: Some(RandomFailures {
                law,
                kind: FailureKind::Task,
            }),
            ..Failures::default()
        };
        let mut source = FailureSource::new(&failures, &Streams::new(1, 0));
        let mut now = SimTime::ZERO;
        for _ in 0..20_000 {
            now = source.next_random(now).unwrap();
        }
        now.as_secs_f64() / 20_000.0
    }

    #[test]
    fn the_mean_time_between_failures_is_kept_by_every_law() {
        let mtbf = SimDuration::from_secs(100);
        for law in [
            FailureLaw::Exponential { mtbf },
            FailureLaw::Weibull { mtbf, shape: 0.7 },
            FailureLaw::Weibull { mtbf, shape: 3.0 },
        ] {
            let mean = mean_gap(law);
            assert!((mean - 100.0).abs() < 4.0, "{mean}");
        }
    }

    #[test]
    fn a_trace_is_followed_to_its_end() {
        let second = SimDuration::from_secs;
        let failures = Failures {
            random: Some(RandomFailures {
                law: FailureLaw::Trace(vec![second(5), second(9)]),
                kind: FailureKind::JobManager,
            }),
            ..Failures::default()
        };
        let mut source = FailureSource::new(&failures, &Streams::new(1, 0));
        let at = |s| SimTime::ZERO + second(s);
        assert_eq!(source.next_random(SimTime::ZERO), Some(at(5)));
        assert_eq!(source.next_random(at(5)), Some(at(9)));
        assert_eq!(source.next_random(at(9)), None);
        assert_eq!(source.target(&[1], 1), Target::JobManager);
    }
}
