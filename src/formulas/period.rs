//! How much time is between the triggers of two checkpoints?

use crate::scenario::Scenario;
use crate::units::SimDuration;

/// The stages of a checkpoint that decide when the next may start. Seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stages {
    /// Trigger to last ack.
    pub end_to_end_s: f64,
    /// Last ack to finalized.
    pub completion_s: f64,
    /// The longest of those stages that a subtask can only do for one checkpoint at a time.
    pub longest_stage_s: f64,
}

/// Time from trigger to trigger; `None` without periodic checkpoints.
///
/// Question: what is the period of checkpoints?
/// Formula: max(I, D + m), D = max(T/c, longest stage).
/// Symbols: I interval; T trigger to finalized; m minimum pause; c concurrent checkpoints; all s. A trigger by record
/// count has I = records / throughput.
/// Assumptions: steady state, every checkpoint completes; m = 0 gives max(I, T).
/// Source: `CheckpointRequestDecider`. Fails for varying durations: a long checkpoint is followed by a burst of the
/// queued ones.
pub fn period_s(scenario: &Scenario, throughput_per_s: f64, stages: Stages) -> Option<f64> {
    let options = &scenario.checkpointing;
    let by_time = options.interval.map(SimDuration::as_secs_f64);
    let by_records = scenario
        .simulation
        .trigger_every_records
        .filter(|_| throughput_per_s > 0.0)
        .map(|records| records as f64 / throughput_per_s);
    let wanted_s = match (by_time, by_records) {
        (Some(time), Some(records)) => time.min(records),
        (time, records) => time.or(records)?,
    };
    let durable_s = stages.end_to_end_s + stages.completion_s;
    let busy_s = (durable_s / options.max_concurrent as f64).max(stages.longest_stage_s);
    Some(wanted_s.max(busy_s + options.min_pause.as_secs_f64()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formulas::scenarios_for_tests::keyed;

    fn period(pause: u64, duration: f64) -> f64 {
        let mut scenario = keyed(600.0, SimDuration::from_millis(4));
        scenario.checkpointing.min_pause = SimDuration::from_secs(pause);
        let stages = Stages {
            end_to_end_s: duration,
            completion_s: 0.0,
            longest_stage_s: duration,
        };
        period_s(&scenario, 600.0, stages).unwrap()
    }

    #[test]
    fn ten_seconds_of_interval_five_of_pause_seven_of_duration_give_twelve() {
        // triggers at 10, 22, 34, 46 s on the real decider of Flink 2.3.0
        assert!((period(5, 7.0) - 12.0).abs() < 1e-9);
        assert!((period(5, 3.0) - 10.0).abs() < 1e-9);
        // and 10, 22, 34, 46 s for 12 s without pause
        assert!((period(0, 12.0) - 12.0).abs() < 1e-9);
    }

    #[test]
    fn two_checkpoints_at_a_time_overlap_only_their_different_stages() {
        // 8 s in total, at most 5 s in one stage: one every 5 s, not every 4
        let mut scenario = keyed(600.0, SimDuration::from_millis(4));
        scenario.checkpointing.interval = Some(SimDuration::from_secs(1));
        scenario.checkpointing.max_concurrent = 2;
        let stages = Stages {
            end_to_end_s: 8.0,
            completion_s: 0.0,
            longest_stage_s: 5.0,
        };
        assert_eq!(period_s(&scenario, 600.0, stages), Some(5.0));
    }

    #[test]
    fn records_trigger_as_often_as_they_come() {
        // 6000 records at 600/s
        let mut scenario = keyed(600.0, SimDuration::from_millis(4));
        scenario.checkpointing.interval = None;
        scenario.simulation.trigger_every_records = Some(6000);
        let stages = Stages {
            end_to_end_s: 1.0,
            completion_s: 0.0,
            longest_stage_s: 1.0,
        };
        assert_eq!(period_s(&scenario, 600.0, stages), Some(10.0));
    }
}
