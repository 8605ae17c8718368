//! How often does a checkpoint complete? (F2 and its refinement R2)

use crate::formulas::refined::Refined;
use crate::formulas::{Formula, FormulaId, Symbol, assumptions, duration};
use crate::scenario::Scenario;
use crate::units::{SimDuration, Unit};

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
        id: FormulaId::F2,
        quantity: "completed checkpoints per second",
        question: "How often does a checkpoint complete?",
        expression: "F = 1/(T_checkpoint + T_interval)",
        value: interval_s.map(|interval_s| 1.0 / (duration_s + interval_s)),
        unit: Unit::PerSecond,
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
/// See [`period_s`](crate::formulas::period::period_s) for symbols, assumptions and limits.
pub fn flink(scenario: &Scenario, refined: &Refined) -> Formula {
    let options = &scenario.checkpointing;
    let expires = assumptions::expires(scenario, refined);
    let per_s = refined
        .period_s
        .map(|period| if expires.is_some() { 0.0 } else { 1.0 / period });
    Formula {
        id: FormulaId::R2,
        quantity: "completed checkpoints per second",
        question: "How often does a checkpoint complete, by Flink's trigger rules?",
        expression: "F = 1/max(interval, T + min_pause); 0 if T > timeout",
        value: per_s,
        unit: Unit::PerSecond,
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
