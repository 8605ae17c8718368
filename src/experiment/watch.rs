//! Runs seen from outside while they are made: how far they are, and whether they should go on.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::experiment::RunResult;
use crate::experiment::run::{RunError, Simulation};
use crate::scenario::Scenario;
use crate::units::SimDuration;

/// So much simulated time passes between two looks.
pub(super) const STEP: SimDuration = SimDuration::from_millis(100);

/// Looks at any number of runs. None of them comes out differently for it.
#[derive(Debug, Default)]
pub struct Watch<'a> {
    stop: Option<&'a AtomicBool>,
    simulated_ns: AtomicU64,
}

impl<'a> Watch<'a> {
    /// Ends runs with [`RunError::Stopped`] once `stop` is set.
    pub fn until(stop: &'a AtomicBool) -> Self {
        Watch {
            stop: Some(stop),
            ..Watch::default()
        }
    }

    /// Simulates a scenario once.
    pub fn run(&self, scenario: &Scenario, seed: u64, n: u32) -> Result<RunResult, RunError> {
        let simulation = Simulation::new(scenario).seed(seed).replication(n);
        simulation.watched(self).run()
    }

    /// Simulated time of all runs together.
    pub fn simulated(&self) -> SimDuration {
        SimDuration::from_nanos(self.simulated_ns.load(Ordering::Relaxed))
    }

    /// A run has come further; `false` = it should end.
    pub(super) fn passed(&self, time: SimDuration) -> bool {
        self.simulated_ns
            .fetch_add(time.as_nanos(), Ordering::Relaxed);
        !self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::run::run;

    #[test]
    fn a_watched_run_is_the_same_run() {
        let scenario = Scenario::default();
        let watch = Watch::default();
        let watched = watch.run(&scenario, 7, 1).unwrap();
        assert_eq!(watched.digest, run(&scenario, 7, 1).unwrap().digest);
        assert_eq!(watch.simulated(), scenario.job.duration);
    }

    #[test]
    fn a_stop_ends_a_run_on_its_way() {
        let stop = AtomicBool::new(true);
        let ended = Watch::until(&stop).run(&Scenario::default(), 7, 1);
        assert_eq!(ended.unwrap_err(), RunError::Stopped);
    }
}
