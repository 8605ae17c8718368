//! How long does the slowest subtask save? (F5)

use crate::formulas::refined::Refined;
use crate::formulas::{Formula, FormulaId, Symbol, assumptions};
use crate::scenario::Scenario;
use crate::units::{Unit, print};

/// F5 of the documents: `T_max = max(T_1, …, T_n)`.
///
/// Question: how long does the slowest subtask need to save its state?
/// Formula: max over subtasks of `T_i = sync_i + async_i`. Symbols: seconds; `async_i` by
/// [`transfer_s`](crate::formulas::transfer::transfer_s), which shares lines fairly.
/// Assumptions: all subtasks save at the same time. Source: document 001, section 4.2. For random `T_i` see
/// [`order_statistics::expected`](crate::formulas::order_statistics::expected).
/// Fails when barriers reach subtasks at very different times: then lines are not shared.
pub fn longest(scenario: &Scenario, refined: &Refined) -> Formula {
    let times = refined
        .snapshots
        .iter()
        .flatten()
        .map(|snapshot| snapshot.sync_s + snapshot.async_s);
    Formula {
        id: FormulaId::F5,
        quantity: "longest save time of a subtask (sync + async)",
        question: "How long does the slowest subtask need to save its state?",
        expression: "T_max = max(T_1, ..., T_n)",
        value: Some(times.fold(0.0, f64::max)),
        unit: Unit::Time,
        symbols: vec![Symbol::new(
            "n",
            "subtasks of all vertices",
            scenario.subtasks() as f64,
            "states",
        )],
        broken_assumptions: assumptions::broken([spread(refined), unaligned(scenario)]),
        source: "document 001, section 4.2",
    }
}

fn spread(refined: &Refined) -> Option<String> {
    let last = refined.travel.last_s.iter().flatten();
    let (low, high) = last.fold((f64::INFINITY, 0.0_f64), |(low, high), &s| {
        (low.min(s), high.max(s))
    });
    (high - low > 1.0).then(|| {
        format!(
            "barriers reach subtasks up to {} apart: their uploads do not start together",
            print::seconds(high - low)
        )
    })
}

fn unaligned(scenario: &Scenario) -> Option<String> {
    scenario
        .checkpointing
        .may_overtake()
        .then(|| "in-flight data is saved, too".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formulas::scenarios_for_tests::keyed;
    use crate::units::{ByteRate, SimDuration};

    #[test]
    fn the_slowest_of_four_equal_subtasks_is_as_slow_as_each() {
        // 10 130 717 B at 10 MB/s + 11 ms
        let scenario = keyed(600.0, SimDuration::from_millis(4));
        let formula = longest(&scenario, &Refined::of(&scenario));
        assert!((formula.value.unwrap() - 1.024_071_7).abs() < 1e-9);
        assert!(formula.broken_assumptions.is_empty());
    }

    #[test]
    fn two_subtasks_of_a_taskmanager_share_its_line() {
        // 2 · 10 130 717 B at 10 MB/s + 11 ms
        let mut scenario = keyed(600.0, SimDuration::from_millis(4));
        scenario.storage.write_per_taskmanager = ByteRate::new(10_000_000);
        let formula = longest(&scenario, &Refined::of(&scenario));
        assert!((formula.value.unwrap() - 2.037_143_4).abs() < 1e-9);
    }
}
