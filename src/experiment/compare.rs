//! Formula beside measurement.

use crate::experiment::loss::Loss;
use crate::experiment::replicate::{Replication, over};
use crate::experiment::result::{Comparison, Prediction};
use crate::formulas::{self, Formula};
use crate::scenario::Scenario;

/// What the simulation holds against a formula.
enum Witness {
    /// A figure of every run.
    Figure(fn(&Replication) -> Option<f64>),
    /// Share of the saturated throughput, from paired runs.
    Loss,
    /// That share of the scenario's own throughput.
    LostRecords,
    /// Nothing: the simulation does not measure it.
    Nothing,
}

/// Every formula of the scenario beside what the simulation measured, where it measures that quantity.
pub fn compare(
    scenario: &Scenario,
    replications: &[Replication],
    loss: Option<&Loss>,
) -> Vec<Comparison> {
    let simulated = |id: &str| match witness(id) {
        Witness::Figure(read) => over(replications, read),
        Witness::Loss => loss.and_then(Loss::share),
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
        id: formula.id.to_owned(),
        quantity: formula.quantity.to_owned(),
        formula: formula.expression.to_owned(),
        // JSON knows neither infinity nor NaN.
        value: formula.value.filter(|value| value.is_finite()),
        unit: formula.unit.to_owned(),
        broken_assumptions: formula.broken_assumptions,
    }
}

/// Like with like: F1 ends when the pointer is durable, Flink's own end to end duration (R1) with the last ack. The
/// parts of both are those of the subtask that acknowledges last.
fn witness(id: &str) -> Witness {
    Witness::Figure(match id {
        "F1" => |run| run.durable,
        "F1.alignment" => |run| run.until_save,
        "F1.snapshot" => |run| run.save,
        "F1.completion" => |run| run.after_save,
        "F2" | "R2" => |run| run.frequency,
        "F3" | "R3" => return Witness::Loss,
        "F3.records" => return Witness::LostRecords,
        "F4" => |run| run.states,
        "F5" => |run| run.longest_save,
        "R1" => |run| run.duration_p50,
        "R1.max" => |run| run.duration_max,
        "R1.start_delay" => |run| run.start_delay,
        "R1.alignment" => |run| run.alignment,
        "R1.sync" => |run| run.sync,
        "R1.async" => |run| run.r#async,
        "R1.completion" => |run| run.completion,
        "R1.checkpointed" => |run| run.checkpointed,
        "R1.state_size" => |run| run.state_size,
        "R1.persisted" => |run| run.persisted,
        _ => return Witness::Nothing,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sample;

    #[test]
    fn every_formula_but_the_restore_has_a_witness() {
        let without: Vec<&str> = formulas::all(&sample::scenario(10))
            .iter()
            .map(|formula| formula.id)
            .filter(|id| matches!(witness(id), Witness::Nothing))
            .collect();
        assert_eq!(without, ["F6"]);
    }

    #[test]
    fn the_document_s_duration_ends_later_than_flink_s() {
        let scenario = sample::scenario(10);
        let run = sample::run(&scenario, 1, 0).unwrap();
        let all = compare(&scenario, &[Replication::of(&scenario, &run)], None);
        let simulated = |id: &str| {
            let found = all.iter().find(|comparison| comparison.prediction.id == id);
            found.and_then(|comparison| Some(comparison.simulated?.value))
        };
        let terms = ["F1.alignment", "F1.snapshot", "F1.completion"];
        let sum: f64 = terms.iter().filter_map(|id| simulated(id)).sum();
        let whole = simulated("F1").unwrap();
        // The pointer is committed 20 ms after the last ack.
        assert!((whole - simulated("R1").unwrap() - 0.02).abs() < 1e-9);
        assert!((sum - whole).abs() < 1e-9);
        assert_eq!(simulated("F4"), Some(3.0));
        assert_eq!(simulated("F3"), None);
    }
}
