//! What is a checkpoint? (F4)

use crate::formulas::{Formula, FormulaId, Symbol, assumptions};
use crate::scenario::Scenario;
use crate::units::Unit;

/// F4 of the documents: `C_k = {S_1, …, S_n}`; its size is n.
///
/// Question: how many states make up a checkpoint?
/// Formula: `|C_k| = n = Σ parallelism` over the vertices. Symbols: `S_i` state of subtask i.
/// Assumptions: every subtask acknowledges; finished subtasks are counted, too. Source: document 001, section 4.1.
/// Fails as a *consistent* cut in `AT_LEAST_ONCE` mode.
pub fn size(scenario: &Scenario) -> Formula {
    let subtasks = scenario.subtasks() as f64;
    Formula {
        id: FormulaId::F4,
        quantity: "states in a checkpoint",
        question: "How many states make up a checkpoint?",
        expression: "C_k = {S_1, ..., S_n}",
        value: Some(subtasks),
        unit: Unit::States,
        symbols: vec![Symbol::new(
            "n",
            "subtasks of all vertices",
            subtasks,
            "states",
        )],
        broken_assumptions: assumptions::broken([assumptions::counts_twice(scenario)]),
        source: "document 001, section 4.1",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formulas::scenarios_for_tests::keyed;
    use crate::scenario::Mode;
    use crate::units::SimDuration;

    #[test]
    fn two_sources_and_four_counters_make_six_states() {
        let mut scenario = keyed(1.0, SimDuration::ZERO);
        assert_eq!(size(&scenario).value, Some(6.0));
        assert!(size(&scenario).broken_assumptions.is_empty());
        scenario.checkpointing.mode = Mode::AtLeastOnce;
        assert_eq!(size(&scenario).broken_assumptions.len(), 1);
    }
}
