//! How often does a checkpoint complete? (F2 and its refinement R2)

use crate::formulas::refined::Refined;
use crate::formulas::{Formula, Symbol, assumptions, duration};
use crate::scenario::Scenario;
use crate::units::SimDuration;

/// The stages of a checkpoint that decide when the next may start. Seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stages {
    /// Trigger to last ack.
    pub end_to_end_s: f64,
    /// Last ack to durable.
    pub completion_s: f64,
    /// The longest of those stages that a subtask can only do for one checkpoint at a time.
    pub longest_stage_s: f64,
}

/// Time from trigger to trigger; `None` without periodic checkpoints.
///
/// Question: what is the period of checkpoints?
/// Formula: max(I, D + m), D = max(T/c, longest stage).
/// Symbols: I interval; T trigger to durable; m minimum pause; c concurrent checkpoints; all s. A trigger by record
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

/// F2 of the documents: 1/(T + interval), with T from F1.
///
/// Question: how many checkpoints complete per second?
/// Symbols: T s (F1), interval s = pause between the end of a checkpoint and the start of the next.
/// Assumptions: the interval counts from end to start. Source: document 000, section 4.2.
/// Fails for Flink, whose interval counts from trigger to trigger: too low by the factor 1 + T/interval.
pub fn documents(scenario: &Scenario, refined: &Refined) -> Formula {
    let duration_s = duration::naive(scenario).total_s();
    let interval_s = scenario
        .checkpointing
        .interval
        .map(SimDuration::as_secs_f64);
    let counts_otherwise = interval_s.map(|_| {
        "Flink's interval counts from trigger to trigger, not from the end of a checkpoint"
            .to_owned()
    });
    Formula {
        id: "F2",
        quantity: "completed checkpoints per second",
        question: "How often does a checkpoint complete?",
        expression: "F = 1/(T_checkpoint + T_interval)",
        value: interval_s.map(|interval_s| 1.0 / (duration_s + interval_s)),
        unit: "1/s",
        symbols: vec![
            Symbol::new(
                "T_checkpoint",
                "duration of a checkpoint (F1)",
                duration_s,
                "s",
            ),
            Symbol::maybe(
                "T_interval",
                "execution.checkpointing.interval",
                interval_s,
                "s",
            ),
        ],
        broken_assumptions: assumptions::broken([
            counts_otherwise,
            by_records(scenario),
            assumptions::expires(scenario, refined),
        ]),
        source: "document 000, section 4.2",
    }
}

/// R2: 1/max(interval, T + minimum pause), Flink's own rule; 0 if every checkpoint expires.
///
/// See [`period_s`] for symbols, assumptions and limits.
pub fn flink(scenario: &Scenario, refined: &Refined) -> Formula {
    let options = &scenario.checkpointing;
    let expires = assumptions::expires(scenario, refined);
    let per_s = refined
        .period_s
        .map(|period| if expires.is_some() { 0.0 } else { 1.0 / period });
    Formula {
        id: "R2",
        quantity: "completed checkpoints per second",
        question: "How often does a checkpoint complete, by Flink's trigger rules?",
        expression: "F = 1/max(interval, T + min_pause); 0 if T > timeout",
        value: per_s,
        unit: "1/s",
        symbols: vec![
            Symbol::new(
                "T",
                "trigger to durable (R1 + R1.completion)",
                refined.durable_s(),
                "s",
            ),
            Symbol::maybe(
                "interval",
                "execution.checkpointing.interval",
                options.interval.map(SimDuration::as_secs_f64),
                "s",
            ),
            Symbol::new(
                "min_pause",
                "execution.checkpointing.min-pause",
                options.min_pause.as_secs_f64(),
                "s",
            ),
            Symbol::new(
                "timeout",
                "execution.checkpointing.timeout",
                options.timeout.as_secs_f64(),
                "s",
            ),
        ],
        broken_assumptions: assumptions::broken([
            expires,
            assumptions::still_fills(scenario, refined),
            assumptions::rate_varies(scenario),
        ]),
        source: "Flink 2.3 CheckpointRequestDecider",
    }
}

fn by_records(scenario: &Scenario) -> Option<String> {
    scenario
        .simulation
        .trigger_every_records
        .map(|records| format!("checkpoints are triggered every {records} records, too"))
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

    #[test]
    fn the_documents_add_the_duration_to_the_interval() {
        // T = 4 ms + 60 ms + 1 s + 14.6 ms (F1): 1/11.0786 s
        let scenario = keyed(600.0, SimDuration::from_millis(4));
        let formula = documents(&scenario, &Refined::of(&scenario));
        assert!(
            (formula.value.unwrap() - 1.0 / 11.0786).abs() < 1e-9,
            "{formula:?}"
        );
        assert_eq!(formula.broken_assumptions.len(), 1);
    }

    #[test]
    fn a_checkpoint_that_expires_never_completes() {
        let mut scenario = keyed(600.0, SimDuration::from_millis(4));
        scenario.checkpointing.timeout = SimDuration::from_millis(500);
        let formula = flink(&scenario, &Refined::of(&scenario));
        assert_eq!(formula.value, Some(0.0));
        assert!(formula.broken_assumptions[0].contains("expires"));
    }
}
