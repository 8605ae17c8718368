//! Restart strategies: may the job come back, and when (`flink-semantics` 6.3).
//!
//! `FixedDelayRestartBackoffTimeStrategy`, `FailureRateRestartBackoffTimeStrategy`,
//! `ExponentialDelayRestartBackoffTimeStrategy`.

use std::collections::VecDeque;

use crate::engine::Stream;
use crate::scenario::RestartStrategy;
use crate::units::{SimDuration, SimTime};

/// A restart strategy with its memory.
#[derive(Debug)]
pub struct Backoff {
    strategy: RestartStrategy,
    stream: Stream,
    /// Restarts so far; exponential: since the last reset.
    restarts: u32,
    /// When the last restart was planned to happen.
    planned: Option<SimTime>,
    /// Failures within the interval of a failure rate.
    recent: VecDeque<SimTime>,
}

impl Backoff {
    /// No failures yet.
    pub fn new(strategy: RestartStrategy, stream: Stream) -> Self {
        Backoff {
            strategy,
            stream,
            restarts: 0,
            planned: None,
            recent: VecDeque::new(),
        }
    }

    /// A failure is known: the delay before the restart, or `None` if there will be none.
    pub fn on_failure(&mut self, now: SimTime) -> Option<SimDuration> {
        let delay = match self.strategy {
            RestartStrategy::None => return None,
            RestartStrategy::FixedDelay { attempts, delay } => {
                (self.restarts < attempts).then_some(delay)?
            }
            RestartStrategy::FailureRate {
                max_failures,
                interval,
                delay,
            } => {
                self.recent.push_back(now);
                while self.recent.front().is_some_and(|&at| now - at > interval) {
                    self.recent.pop_front();
                }
                (self.recent.len() <= max_failures as usize).then_some(delay)?
            }
            RestartStrategy::ExponentialDelay {
                initial,
                max,
                multiplier,
                jitter,
                reset,
                attempts,
            } => {
                if self
                    .planned
                    .is_some_and(|planned| now.since(planned) >= reset)
                {
                    self.restarts = 0;
                }
                if self.restarts >= attempts {
                    return None;
                }
                let factor = libm::pow(multiplier, f64::from(self.restarts))
                    * (1.0 + jitter * (2.0 * self.stream.unit() - 1.0));
                let longest = max.as_secs_f64() / initial.as_secs_f64().max(1e-9);
                initial.scale(factor.min(longest)).max(initial)
            }
        };
        self.restarts += 1;
        self.planned = Some(now + delay);
        Some(delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Streams;

    fn delays(strategy: RestartStrategy, failures: &[u64]) -> Vec<Option<u64>> {
        let mut backoff = Backoff::new(strategy, Streams::new(1, 0).named("restart"));
        failures
            .iter()
            .map(|&at| backoff.on_failure(SimTime::ZERO + SimDuration::from_secs(at)))
            .map(|delay| delay.map(SimDuration::as_millis))
            .collect()
    }

    #[test]
    fn an_exponential_delay_grows_to_its_limit_and_is_reset_after_an_hour_of_peace() {
        let strategy = RestartStrategy::ExponentialDelay {
            initial: SimDuration::from_secs(1),
            max: SimDuration::from_secs(10),
            multiplier: 2.0,
            jitter: 0.0,
            reset: SimDuration::from_secs(3600),
            attempts: 100,
        };
        let expected = [1000, 2000, 4000, 8000, 10_000, 10_000, 1000].map(Some);
        assert_eq!(delays(strategy, &[10, 20, 30, 40, 50, 60, 3670]), expected);
    }

    #[test]
    fn the_jitter_stays_within_its_share_and_above_the_first_delay() {
        let strategy = RestartStrategy::default();
        let all = delays(strategy, &[1, 2]);
        assert!((1000..=1100).contains(&all[0].unwrap()), "{all:?}");
        assert!((1350..=1650).contains(&all[1].unwrap()), "{all:?}");
    }

    #[test]
    fn attempts_run_out() {
        let delay = SimDuration::from_secs(2);
        let strategy = RestartStrategy::FixedDelay { attempts: 2, delay };
        assert_eq!(
            delays(strategy, &[1, 1000, 2000]),
            [Some(2000), Some(2000), None]
        );
        assert_eq!(delays(RestartStrategy::None, &[1]), [None]);
    }

    #[test]
    fn failures_may_not_come_too_fast() {
        let strategy = RestartStrategy::FailureRate {
            max_failures: 2,
            interval: SimDuration::from_secs(60),
            delay: SimDuration::from_secs(1),
        };
        assert_eq!(
            delays(strategy, &[0, 50, 70, 100]),
            [Some(1000), Some(1000), Some(1000), None]
        );
    }
}
