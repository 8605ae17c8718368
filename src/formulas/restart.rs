//! How long is a job down after a failure?

/// The phases of a restart, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Restart {
    /// Failure to the decision to restart: a few ms for an exception in a task; up to `heartbeat.timeout` (50 s) for a
    /// TaskManager that falls silent.
    pub detection_s: f64,
    /// Delay of the restart strategy.
    pub backoff_s: f64,
    /// Until all tasks have stopped; at most `task.cancellation.timeout` (180 s).
    pub cancel_s: f64,
    /// Until slots are there: 0 unless a TaskManager is lost.
    pub slots_s: f64,
    /// Until the subtasks begin to initialise; 20 to 60 ms in recordings.
    pub deploy_s: f64,
    /// Download of the slowest subtask's full state.
    pub restore_s: f64,
    /// In-flight data of an unaligned checkpoint, read and processed before a task counts as running.
    pub in_flight_s: f64,
}

impl Restart {
    /// Seconds without processing: detection + max(backoff, cancel) + slots + deploy + restore + in-flight.
    ///
    /// Question: how long does nothing flow? Assumptions: one failure; the whole job is one region.
    /// Source: `flink-semantics` 6.3; the delay and cancelling run beside each other
    /// (`DefaultScheduler.restartTasksWithDelay`). Recorded: 2.00 to 2.06 s for a delay of 2 s.
    pub fn down_s(&self) -> f64 {
        self.detection_s
            + self.backoff_s.max(self.cancel_s)
            + self.slots_s
            + self.deploy_s
            + self.restore_s
            + self.in_flight_s
    }
}

/// Delay before the restart after `earlier` failures without an hour of peace: 1.5ⁿ s, at most 60 s, without jitter.
///
/// Question: how long does Flink wait? Source: `ExponentialDelayRestartBackoffTimeStrategy`, the default where
/// checkpointing is on: initial 1 s, multiplier 1.5, maximum 1 min, jitter ± 10 %, reset after 1 h. Simulated restarts
/// are tested against it.
#[cfg(feature = "internals")]
pub fn exponential_backoff_s(earlier: u32) -> f64 {
    libm::pow(1.5, f64::from(earlier)).min(60.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_twelfth_failure_waits_a_minute() {
        // 1.5^10 = 57.67, 1.5^11 = 86.5
        assert!((exponential_backoff_s(10) - 57.67).abs() < 0.01);
        assert!((exponential_backoff_s(11) - 60.0).abs() < 1e-12);
    }
}
