//! How long does a checkpoint take? (F1, as the documents would work it by hand)

use crate::formulas::exchange::upstream_first;
use crate::formulas::refined::Refined;
use crate::formulas::utilisation::Load;
use crate::formulas::{Formula, FormulaId, Symbol, assumptions, completion};
use crate::scenario::calibration::{ASYNC_END_TO_ACK, trigger_typical};
use crate::scenario::{BufferTimeout, Scenario, VertexId};
use crate::units::Unit;

/// The three terms of F1, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// Trigger to last barrier.
    pub alignment_s: f64,
    /// Saving the state of the largest subtask.
    pub snapshot_s: f64,
    /// Ack, metadata and commit.
    pub completion_s: f64,
}

impl Terms {
    /// Their sum, `T_checkpoint`.
    pub fn total_s(&self) -> f64 {
        self.alignment_s + self.snapshot_s + self.completion_s
    }
}

/// The terms of F1 as a reader of the documents would estimate them.
///
/// Question: how long does a checkpoint take?
/// Formula: `T = T_alignment + T_snapshot + T_completion`. The documents name the terms, but give no law for them; taken:
/// alignment = trigger RPC + Σ over the levels of the graph (network latency + f·ρ), f the buffer timeout and ρ the
/// utilisation of the level, at most 1: a barrier waits for at most one buffer timeout's worth of records;
/// snapshot = state of one subtask / bandwidth of one stream; completion = ack RPC + metadata file + commit.
/// Symbols: seconds, bytes, bytes/s.
/// Assumptions: no backpressure, full snapshots, each subtask has a stream to itself, terms do not overlap.
/// Source: document 000, section 4.1. Fails under backpressure (by orders of magnitude), for unaligned and for
/// incremental checkpoints.
pub fn naive(scenario: &Scenario) -> Terms {
    let load = Load::offered(scenario);
    let largest = scenario
        .vertices
        .iter()
        .map(crate::scenario::Vertex::state_max)
        .fold(0.0, f64::max);
    let completion_s =
        ASYNC_END_TO_ACK.typical().as_secs_f64() + completion::after_last_ack_s(scenario);
    Terms {
        alignment_s: trigger_typical().as_secs_f64() + deepest_path_s(scenario, &load),
        snapshot_s: scenario
            .storage
            .write_per_stream
            .map_or(0.0, |rate| largest / rate.as_f64()),
        completion_s,
    }
}

/// The longest way of a barrier through the graph, one hop per level.
fn deepest_path_s(scenario: &Scenario, load: &Load) -> f64 {
    let timeout_s = match scenario.network.buffer_timeout {
        BufferTimeout::Every(timeout) => timeout.as_secs_f64(),
        BufferTimeout::EveryRecord | BufferTimeout::WhenFull => 0.0,
    };
    let busiest = |id: VertexId| {
        (0..scenario.vertex(id).parallelism)
            .map(|i| load.busy(id, i))
            .fold(0.0, f64::max)
    };
    let mut until_s = vec![0.0; scenario.vertices.len()];
    for id in upstream_first(scenario)
        .into_iter()
        .filter(|id| !scenario.vertex(*id).is_source())
    {
        let before = scenario
            .vertex(id)
            .inputs
            .iter()
            .map(|input| until_s[input.from.0])
            .fold(0.0, f64::max);
        until_s[id.0] = before + scenario.cluster.latency.as_secs_f64() + timeout_s * busiest(id);
    }
    until_s.into_iter().fold(0.0, f64::max)
}

/// F1 and its three terms.
pub fn documents(scenario: &Scenario, refined: &Refined) -> Vec<Formula> {
    let terms = naive(scenario);
    let broken = alignment_broken(scenario, refined);
    let snapshot_broken = snapshot_broken(scenario);
    let completion_broken = commit_broken(scenario);
    let mut all_broken = broken.clone();
    all_broken.extend(snapshot_broken.iter().cloned());
    all_broken.extend(completion_broken.iter().cloned());
    vec![
        sum(&terms, all_broken),
        term(
            FormulaId::F1Alignment,
            "trigger to last barrier",
            ALIGNMENT,
            terms.alignment_s,
            broken,
        ),
        term(
            FormulaId::F1Snapshot,
            "saving the state of the largest subtask",
            SNAPSHOT,
            terms.snapshot_s,
            snapshot_broken,
        ),
        term(
            FormulaId::F1Completion,
            "end of the last upload to durable",
            COMPLETION,
            terms.completion_s,
            completion_broken,
        ),
    ]
}

fn sum(terms: &Terms, broken_assumptions: Vec<String>) -> Formula {
    Formula {
        id: FormulaId::F1,
        quantity: "checkpoint duration, trigger to durable",
        question: "How long does a checkpoint take?",
        expression: "T_checkpoint = T_alignment + T_snapshot + T_completion",
        value: Some(terms.total_s()),
        unit: Unit::Time,
        symbols: vec![
            Symbol::new(
                "T_alignment",
                "until the last barrier has come",
                terms.alignment_s,
                "s",
            ),
            Symbol::new(
                "T_snapshot",
                "saving the largest state",
                terms.snapshot_s,
                "s",
            ),
            Symbol::new(
                "T_completion",
                "ack, metadata, commit",
                terms.completion_s,
                "s",
            ),
        ],
        broken_assumptions,
        source: "document 000, section 4.1",
    }
}

const ALIGNMENT: &str =
    "T_alignment = trigger RPC + sum over levels (latency + buffer timeout x utilisation)";
const SNAPSHOT: &str =
    "T_snapshot = state bytes of the largest subtask / write bandwidth of a stream";
const COMPLETION: &str = "T_completion = ack RPC + finalise + open + close + commit";

fn term(
    id: FormulaId,
    quantity: &'static str,
    expression: &'static str,
    value_s: f64,
    broken_assumptions: Vec<String>,
) -> Formula {
    Formula {
        id,
        quantity,
        question: "How long does this part of a checkpoint take?",
        expression,
        value: Some(value_s),
        unit: Unit::Time,
        symbols: Vec::new(),
        broken_assumptions,
        source: "document 000, section 4.1 (names the term; the estimate is ours)",
    }
}

fn alignment_broken(scenario: &Scenario, refined: &Refined) -> Vec<String> {
    let blind_timeout = (scenario.network.buffer_timeout == BufferTimeout::WhenFull)
        .then(|| "buffers are sent only when full: what stands in front of a barrier depends on their size".to_owned());
    assumptions::broken([
        assumptions::backpressured(scenario, &refined.load),
        assumptions::timers_fire(scenario),
        assumptions::sources_hold_on(scenario),
        assumptions::queues_form(scenario, &refined.load),
        assumptions::barriers_overtake(scenario),
        assumptions::rate_varies(scenario),
        blind_timeout,
    ])
}

fn snapshot_broken(scenario: &Scenario) -> Vec<String> {
    let stateful = scenario
        .vertices
        .iter()
        .filter(|vertex| vertex.state.is_some());
    let user_code = scenario
        .vertices
        .iter()
        .find(|vertex| {
            !vertex.sync_extra.is_zero() || !vertex.pre_barrier.is_zero() || vertex.sink.is_some()
        })
        .map(|vertex| format!("user code of {} takes time in snapshotState", vertex.name));
    assumptions::broken([
        assumptions::saves_only_changes(scenario),
        assumptions::uploads_share(scenario, stateful.map(|vertex| vertex.parallelism).sum()),
        user_code,
    ])
}

fn commit_broken(scenario: &Scenario) -> Vec<String> {
    let in_heap = matches!(
        scenario.checkpointing.storage,
        crate::scenario::CheckpointStorage::JobManager { .. }
    );
    assumptions::broken([
        in_heap.then(|| "the JobManager's heap writes no metadata file".to_owned())
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formulas::scenarios_for_tests::keyed;
    use crate::scenario::{Alignment, State};
    use crate::units::{Bytes, SimDuration};

    #[test]
    fn the_three_terms_by_hand() {
        // 4 ms + 100 ms · 0.6 = 64 ms; 10 MB at 10 MB/s = 1 s; 2.6 + 2 + 5 + 5 = 14.6 ms
        let terms = naive(&keyed(600.0, SimDuration::from_millis(4)));
        assert!((terms.alignment_s - 0.064).abs() < 1e-12);
        assert!((terms.snapshot_s - 1.0).abs() < 1e-12);
        assert!((terms.completion_s - 0.0146).abs() < 1e-12);
        assert!((terms.total_s() - 1.0786).abs() < 1e-12);
    }

    #[test]
    fn without_state_without_load_and_without_a_slow_storage_only_messages_remain() {
        let mut scenario = keyed(0.0, SimDuration::from_millis(4));
        scenario.vertices[1].state = None::<State>;
        assert!((naive(&scenario).total_s() - 0.0186).abs() < 1e-12);
        scenario = keyed(0.0, SimDuration::from_millis(4));
        scenario.storage.write_per_stream = None;
        assert_eq!(naive(&scenario).snapshot_s, 0.0);
    }

    #[test]
    fn unlimited_input_counts_as_full_utilisation() {
        let scenario =
            crate::formulas::scenarios_for_tests::with_rate(crate::scenario::Rate::Unlimited);
        assert!((naive(&scenario).alignment_s - 0.104).abs() < 1e-12);
        let formulas = documents(&scenario, &Refined::of(&scenario));
        assert!(formulas[0].broken_assumptions[0].starts_with("the job is backpressured"));
    }

    #[test]
    fn f1_says_that_it_cannot_know_unaligned_checkpoints() {
        let mut scenario = keyed(600.0, SimDuration::from_millis(4));
        scenario.checkpointing.alignment = Alignment::Unaligned;
        scenario.vertices[0].record = Bytes::new(100);
        let formulas = documents(&scenario, &Refined::of(&scenario));
        let ids: Vec<FormulaId> = formulas.iter().map(|formula| formula.id).collect();
        assert_eq!(
            ids,
            [
                FormulaId::F1,
                FormulaId::F1Alignment,
                FormulaId::F1Snapshot,
                FormulaId::F1Completion
            ]
        );
        assert_eq!(
            formulas[1].broken_assumptions,
            ["unaligned barriers overtake the data in front of them"]
        );
    }
}
