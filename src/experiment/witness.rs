//! Formula beside measurement.

use crate::experiment::loss::Loss;
use crate::experiment::metric::MetricId;
use crate::experiment::metric::replicate::Replication;
use crate::experiment::summary::{Comparison, Prediction};
use crate::formulas::{self, Formula, FormulaId};
use crate::scenario::Scenario;

/// What the simulation holds against a formula.
#[derive(Debug, PartialEq, Eq)]
enum Witness {
    /// A metric.
    Metric(MetricId),
    /// The throughput loss, as records per second of the scenario's own throughput.
    LostRecords,
    /// Nothing: the simulation does not measure it.
    Nothing,
}

/// Every formula of the scenario beside what the simulation measured, where it measures that quantity.
pub fn beside(
    scenario: &Scenario,
    replications: &[Replication],
    loss: Option<&Loss>,
) -> Vec<Comparison> {
    let simulated = |id: FormulaId| match witness(id) {
        Witness::Metric(MetricId::ThroughputLoss) => loss.and_then(Loss::share),
        Witness::Metric(id) => Some(id.metric().summary(replications)?.estimate),
        Witness::LostRecords => loss.and_then(|loss| loss.records_per_s(replications)),
        Witness::Nothing => None,
    };
    formulas::all(scenario)
        .into_iter()
        .map(|formula| Comparison {
            simulated: simulated(formula.id),
            prediction: prediction(formula),
        })
        .collect()
}

fn prediction(formula: Formula) -> Prediction {
    Prediction {
        id: formula.id,
        quantity: formula.quantity.to_owned(),
        formula: formula.expression.to_owned(),
        // JSON knows neither infinity nor NaN.
        value: formula.value.filter(|value| value.is_finite()),
        unit: formula.unit,
        broken_assumptions: formula.broken_assumptions,
    }
}

/// Like with like: F1 ends when the pointer is durable, Flink's own end to end duration (R1) with the last ack. The
/// parts of both are those of the subtask that acknowledges last.
fn witness(id: FormulaId) -> Witness {
    Witness::Metric(match id {
        FormulaId::F1 => MetricId::Durable,
        FormulaId::F1Alignment => MetricId::UntilSave,
        FormulaId::F1Snapshot => MetricId::Save,
        FormulaId::F1Completion => MetricId::AfterSave,
        FormulaId::F2 | FormulaId::R2 => MetricId::Frequency,
        FormulaId::F3 | FormulaId::R3 => MetricId::ThroughputLoss,
        FormulaId::F3Records => return Witness::LostRecords,
        FormulaId::F4 => MetricId::States,
        FormulaId::F5 => MetricId::LongestSave,
        FormulaId::F6 => return Witness::Nothing,
        FormulaId::R1 => MetricId::DurationP50,
        FormulaId::R1Max => MetricId::DurationMax,
        FormulaId::R1StartDelay => MetricId::StartDelay,
        FormulaId::R1Alignment => MetricId::Alignment,
        FormulaId::R1Sync => MetricId::Sync,
        FormulaId::R1Async => MetricId::Async,
        FormulaId::R1Completion => MetricId::Completion,
        FormulaId::R1Checkpointed => MetricId::Checkpointed,
        FormulaId::R1StateSize => MetricId::StateSize,
        FormulaId::R1Persisted => MetricId::Persisted,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sample;

    #[test]
    fn every_formula_but_the_restore_has_a_witness() {
        let without: Vec<FormulaId> = formulas::all(&sample::scenario(10))
            .iter()
            .map(|formula| formula.id)
            .filter(|id| witness(*id) == Witness::Nothing)
            .collect();
        assert_eq!(without, [FormulaId::F6]);
    }

    #[test]
    fn the_document_s_duration_ends_later_than_flink_s() {
        let scenario = sample::scenario(10);
        let run = sample::run(&scenario, 1, 0).unwrap();
        let all = beside(&scenario, &[Replication::of(&scenario, &run)], None);
        let simulated = |id: FormulaId| {
            let found = all.iter().find(|comparison| comparison.prediction.id == id);
            found.and_then(|comparison| Some(comparison.simulated?.value))
        };
        let terms = [
            FormulaId::F1Alignment,
            FormulaId::F1Snapshot,
            FormulaId::F1Completion,
        ];
        let sum: f64 = terms.into_iter().filter_map(simulated).sum();
        let whole = simulated(FormulaId::F1).unwrap();
        // The pointer is committed 20 ms after the last ack.
        assert!((whole - simulated(FormulaId::R1).unwrap() - 0.02).abs() < 1e-9);
        assert!((sum - whole).abs() < 1e-9);
        assert_eq!(simulated(FormulaId::F4), Some(3.0));
        assert_eq!(simulated(FormulaId::F3), None);
    }
}
