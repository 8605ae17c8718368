//! Formula beside measurement.

use crate::experiment::result::{Comparison, PointSummary, Prediction};
use crate::formulas::{self, Formula};
use crate::measure::Estimate;
use crate::scenario::Scenario;

/// Every formula of the scenario beside what the simulation measured, where it measures that quantity.
pub fn compare(scenario: &Scenario, summary: &PointSummary) -> Vec<Comparison> {
    formulas::all(scenario)
        .into_iter()
        .map(|formula| Comparison {
            simulated: simulated(formula.id, summary),
            prediction: prediction(formula),
        })
        .collect()
}

fn prediction(formula: Formula) -> Prediction {
    Prediction {
        id: formula.id.to_owned(),
        quantity: formula.quantity.to_owned(),
        formula: formula.expression.to_owned(),
        value: formula.value.filter(|value| value.is_finite()),
        unit: formula.unit.to_owned(),
        broken_assumptions: formula.broken_assumptions,
    }
}

/// The measured counterpart of a formula; `None` where a run does not measure it.
fn simulated(id: &str, summary: &PointSummary) -> Option<Estimate> {
    match id {
        "F1" | "R1" => summary.duration_p50,
        "R1.start_delay" => summary.start_delay,
        "F1.alignment" | "R1.alignment" => summary.alignment,
        "R1.sync" => summary.sync,
        "F1.snapshot" | "F5" | "R1.async" => summary.r#async,
        "F1.completion" | "R1.completion" => summary.completion,
        "F2" | "R2" => summary.frequency,
        "F3" | "R3" => summary.throughput_loss,
        "R1.checkpointed" => summary.checkpointed,
        "R1.persisted" => summary.persisted,
        _ => None,
    }
}
