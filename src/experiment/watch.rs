//! Runs seen from outside while they are made: how far they are, and whether they should go on.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

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
    /// Ends runs early once `stop` is set.
    pub fn until(stop: &'a AtomicBool) -> Self {
        Watch {
            stop: Some(stop),
            ..Watch::default()
        }
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
