//! How long does a checkpoint take, and what does it write, by Flink's own mechanisms? (R1 and its parts)

use crate::formulas::refined::Refined;
use crate::formulas::{Formula, FormulaId, Symbol, assumptions};
use crate::scenario::{Alignment, Scenario};
use crate::units::Unit;

/// R1 with its parts: durations of the subtask that acknowledges last, sizes of the whole job.
///
/// Question: how long does a checkpoint take, by the mechanisms of Flink?
/// Formula: T = max over subtasks (start delay + alignment + sync + async + ack); unaligned: alignment is part of async.
/// Symbols: seconds; see [`crate::formulas::barrier`] for start delay and alignment, [`crate::formulas::snapshot`] for
/// sync, async and bytes.
/// Assumptions: steady state; fair shares of bandwidth; expected, not drawn, key sequences.
/// Source: Flink 2.3, `CheckpointBarrierHandler`, `AsyncCheckpointRunnable`; constants from recordings.
/// Fails while buffers still fill and near 100 % load, where one random sequence decides.
pub fn refined(scenario: &Scenario, refined: &Refined) -> Vec<Formula> {
    let mut formulas = durations(scenario, refined);
    formulas.extend(sizes(scenario, refined));
    formulas
}

fn durations(scenario: &Scenario, refined: &Refined) -> Vec<Formula> {
    let slowest = &refined.slowest;
    let part = |id, quantity, expression, value_s| Formula {
        id,
        quantity,
        question: "How long does this part of a checkpoint take at the subtask that acknowledges last?",
        expression,
        value: Some(value_s),
        unit: Unit::Time,
        symbols: Vec::new(),
        broken_assumptions: usual_broken(scenario, refined),
        source: "Flink 2.3 mechanisms, constants from recordings",
    };
    vec![
        whole(
            FormulaId::R1,
            "end-to-end duration, trigger to last ack",
            slowest.end_to_end_s,
            scenario,
            refined,
        ),
        whole(
            FormulaId::R1Max,
            "end-to-end duration after a compaction",
            refined.slowest_compacted.end_to_end_s,
            scenario,
            refined,
        ),
        part(
            FormulaId::R1StartDelay,
            "start delay",
            "trigger RPC + hops x work in front of the first barrier",
            slowest.start_delay_s,
        ),
        part(
            FormulaId::R1Alignment,
            "alignment duration",
            "work in front of the last barrier - of the first",
            slowest.alignment_s,
        ),
        part(
            FormulaId::R1Sync,
            "sync phase",
            "user code + flush",
            slowest.sync_s,
        ),
        part(
            FormulaId::R1Async,
            "async phase",
            "open + max(largest file/stream, bytes/shared line) + close",
            slowest.async_s,
        ),
        part(
            FormulaId::R1Completion,
            "last ack to pointer committed",
            "finalise + open + close + commit",
            refined.completion_s,
        ),
    ]
}

fn whole(
    id: FormulaId,
    quantity: &'static str,
    value_s: f64,
    scenario: &Scenario,
    refined: &Refined,
) -> Formula {
    let slowest = if id == FormulaId::R1 {
        &refined.slowest
    } else {
        &refined.slowest_compacted
    };
    Formula {
        id,
        quantity,
        question: "How long does a checkpoint take, by Flink's own mechanisms?",
        expression: "T = max over subtasks (start delay + alignment + sync + async + ack)",
        value: Some(value_s),
        unit: Unit::Time,
        symbols: vec![
            Symbol::new(
                "start delay",
                "trigger to first barrier",
                slowest.start_delay_s,
                "s",
            ),
            Symbol::new(
                "alignment",
                "first to last barrier",
                slowest.alignment_s,
                "s",
            ),
            Symbol::new("sync", "sync phase", slowest.sync_s, "s"),
            Symbol::new("async", "async phase", slowest.async_s, "s"),
        ],
        broken_assumptions: if id == FormulaId::R1 {
            usual_broken(scenario, refined)
        } else {
            travel_broken(scenario, refined)
        },
        source: "Flink 2.3 mechanisms, constants from recordings",
    }
}

fn sizes(scenario: &Scenario, refined: &Refined) -> Vec<Formula> {
    let full: f64 = refined
        .snapshots
        .iter()
        .flatten()
        .map(|snapshot| snapshot.full_bytes)
        .sum();
    let size = |id, quantity, expression, value| Formula {
        id,
        quantity,
        question: "How many bytes does a checkpoint write, and how many does it refer to?",
        expression,
        value: Some(value),
        unit: Unit::Bytes,
        symbols: Vec::new(),
        broken_assumptions: usual_broken(scenario, refined),
        source: "Flink 2.3 state backends, constants from recordings",
    };
    vec![
        size(
            FormulaId::R1Checkpointed,
            "checkpointed bytes of the whole job",
            "HashMap: entries x (value + 13); RocksDB incremental: entries x (1 - e^(-updates/entries)) x (value + 27)",
            refined.checkpointed_bytes(),
        ),
        size(
            FormulaId::R1StateSize,
            "full state size of the whole job",
            "live state + flushes since the last compaction",
            full,
        ),
        size(
            FormulaId::R1Persisted,
            "persisted in-flight bytes",
            "buffers in front of overtaking barriers",
            refined.persisted_bytes,
        ),
    ]
}

/// A checkpoint between two compactions.
fn usual_broken(scenario: &Scenario, refined: &Refined) -> Vec<String> {
    let mut broken = travel_broken(scenario, refined);
    broken.extend(assumptions::compactions_take_turns(scenario));
    broken
}

fn travel_broken(scenario: &Scenario, refined: &Refined) -> Vec<String> {
    let caching = matches!(scenario.checkpointing.alignment, Alignment::Caching { .. })
        .then(|| "the receiver caches the fast channels: memory decides, not buffers".to_owned());
    let stalls = assumptions::backpressured(scenario, &refined.load)
        .and_then(|_| assumptions::back_to_back(scenario, refined));
    assumptions::broken([
        stalls,
        assumptions::still_fills(scenario, refined),
        assumptions::timers_fire(scenario),
        assumptions::sources_hold_on(scenario),
        assumptions::queues_form(scenario, &refined.load),
        assumptions::rate_varies(scenario),
        assumptions::expires(scenario, refined),
        caching,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formulas::scenarios_for_tests::keyed;
    use crate::units::SimDuration;

    #[test]
    fn the_parts_of_an_aligned_checkpoint_add_up_to_the_whole_but_for_the_ack() {
        let scenario = keyed(600.0, SimDuration::from_millis(4));
        let formulas = refined(&scenario, &Refined::of(&scenario));
        let value = |id: FormulaId| {
            formulas
                .iter()
                .find(|formula| formula.id == id)
                .unwrap()
                .value
                .unwrap()
        };
        let parts = value(FormulaId::R1StartDelay)
            + value(FormulaId::R1Alignment)
            + value(FormulaId::R1Sync)
            + value(FormulaId::R1Async);
        // the ack takes 2.6 ms
        assert!((value(FormulaId::R1) - parts - 0.0026).abs() < 1e-12);
        // 4 · 10 130 717 B
        assert!((value(FormulaId::R1Checkpointed) - 40_522_868.0).abs() < 1e-9);
        assert!(value(FormulaId::R1Persisted).abs() < 1e-9);
    }
}
