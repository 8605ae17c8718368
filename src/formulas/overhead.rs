//! How much throughput do checkpoints cost? (F3 and its refinement R3)

use crate::formulas::refined::Refined;
use crate::formulas::utilisation::Load;
use crate::formulas::{Formula, FormulaId, Symbol, assumptions, duration};
use crate::scenario::{Scenario, VertexId};
use crate::units::{SimDuration, Unit};

/// F3 of the documents: the share T/(T + interval), and the records per second that it stands for.
///
/// Question: how much throughput do checkpoints cost?
/// Formula: loss = T/(T + interval) × throughput. Symbols: T s (F1), interval s, throughput records/s of all sources.
/// Assumptions: processing stops during the whole checkpoint. Source: document 000, section 4.3.
/// Fails for Flink: snapshots are asynchronous, so the loss is far smaller; the law is an upper bound at saturation.
pub fn documents(scenario: &Scenario) -> Vec<Formula> {
    let duration_s = duration::naive(scenario).total_s();
    let interval_s = scenario
        .checkpointing
        .interval
        .map(SimDuration::as_secs_f64);
    let share = interval_s.map(|interval_s| duration_s / (duration_s + interval_s));
    let throughput = Load::offered(scenario).throughput_per_s(scenario);
    let formula = |id, quantity, expression, value, unit| {
        Formula {
        id,
        quantity,
        question: "How much throughput do checkpoints cost?",
        expression,
        value,
        unit,
        symbols: vec![
            Symbol::new("T_checkpoint", "duration of a checkpoint (F1)", duration_s, "s"),
            Symbol::maybe("T_interval", "execution.checkpointing.interval", interval_s, "s"),
            Symbol::new("Throughput", "records of all sources", throughput, "records/s"),
        ],
        broken_assumptions: assumptions::broken([
            Some("snapshots are asynchronous: processing does not stop during them".to_owned()),
            interval_s.map(|_| "Flink's interval counts from trigger to trigger, not from the end of a checkpoint".to_owned()),
            has_slack(scenario),
        ]),
        source: "document 000, section 4.3",
    }
    };
    vec![
        formula(
            FormulaId::F3,
            "share of the saturated throughput that checkpoints cost",
            "loss = T_checkpoint/(T_checkpoint + T_interval)",
            share,
            Unit::Share,
        ),
        formula(
            FormulaId::F3Records,
            "records per second that checkpoints cost",
            "loss = T_checkpoint/(T_checkpoint + T_interval) x Throughput",
            share.map(|share| share * throughput),
            Unit::RecordsPerSecond,
        ),
    ]
}

/// R3: the share of time in which the bottleneck stands still.
///
/// Question: how much of the saturated throughput do checkpoints cost?
/// Formula: `loss = 1 − min_v((1 − b_v/P)/ρ_v) / min_v(1/ρ_v)`, `b_v` the sync phase and one round trip to resume.
/// Symbols: P period s; `b_v` time per checkpoint in which vertex v cannot process, s; `ρ_v` its utilisation per unit of
/// source rate.
/// Assumptions: at saturation; buffers bridge the stops of vertices other than the bottleneck; uploads steal neither
/// CPU nor network from records; during alignment the bottleneck works on the other channels.
/// Source: renewal argument; measured on Flink 2.3.0: 400 ms of sync every 1.3 s cost 31 % (law: 31 %).
/// Fails when alignment of the bottleneck lasts longer than its other channels have data.
pub fn blocking(scenario: &Scenario, refined: &Refined) -> Formula {
    let period_s = refined.period_s;
    Formula {
        id: FormulaId::R3,
        quantity: "share of the saturated throughput that checkpoints cost",
        question: "How much throughput do checkpoints cost, counting only what really blocks?",
        expression: "loss = 1 - min((1 - blocked/period)/utilisation) / min(1/utilisation)",
        value: period_s.map(|period_s| loss(scenario, refined, period_s)),
        unit: Unit::Share,
        symbols: vec![
            Symbol::maybe("period", "trigger to trigger (1/R2)", period_s, "s"),
            Symbol::new(
                "blocked",
                "longest stop of one vertex per checkpoint",
                longest_stop_s(scenario, refined),
                "s",
            ),
        ],
        broken_assumptions: assumptions::broken([
            assumptions::rate_varies(scenario),
            assumptions::expires(scenario, refined),
        ]),
        source: "renewal argument over the sync phase and the resumption of blocked channels",
    }
}

fn loss(scenario: &Scenario, refined: &Refined, period_s: f64) -> f64 {
    let mut without = f64::INFINITY;
    let mut with = f64::INFINITY;
    for (index, flow) in refined.load.flows.iter().enumerate() {
        for (subtask, &utilisation) in flow
            .utilisation
            .iter()
            .enumerate()
            .filter(|(_, utilisation)| **utilisation > 0.0)
        {
            let works =
                (1.0 - stop_s(scenario, refined, VertexId(index), subtask) / period_s).max(0.0);
            without = without.min(1.0 / utilisation);
            with = with.min(works / utilisation);
        }
    }
    if without.is_finite() {
        (1.0 - with / without).clamp(0.0, 1.0)
    } else {
        0.0
    }
}

fn longest_stop_s(scenario: &Scenario, refined: &Refined) -> f64 {
    let ids = (0..scenario.vertices.len()).map(VertexId);
    ids.flat_map(|id| (0..scenario.vertex(id).parallelism).map(move |subtask| (id, subtask)))
        .map(|(id, subtask)| stop_s(scenario, refined, id, subtask))
        .fold(0.0, f64::max)
}

/// The sync phase, and the message that resumes the blocked channels.
fn stop_s(scenario: &Scenario, refined: &Refined, id: VertexId, subtask: usize) -> f64 {
    let resume_s = if scenario.vertex(id).is_source() || scenario.checkpointing.may_overtake() {
        0.0
    } else {
        2.0 * scenario.cluster.latency.as_secs_f64()
    };
    refined.snapshots[id.0][subtask].sync_s + resume_s
}

fn has_slack(scenario: &Scenario) -> Option<String> {
    let peak = Load::offered(scenario).peak();
    (peak < 1.0).then(|| {
        format!(
            "the job is not saturated ({:.0} %): what a stop costs is caught up afterwards",
            peak * 100.0
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formulas::scenarios_for_tests::keyed;

    #[test]
    fn the_documents_lose_t_over_t_plus_interval() {
        // F1 gives T = 1.0786 s at interval 10 s: 1.0786/11.0786 of 600/s
        let formulas = documents(&keyed(600.0, SimDuration::from_millis(4)));
        assert!((formulas[0].value.unwrap() - 1.0786 / 11.0786).abs() < 1e-9);
        assert!((formulas[1].value.unwrap() - 600.0 * 1.0786 / 11.0786).abs() < 1e-6);
        assert_eq!(
            formulas[0].broken_assumptions[0],
            "snapshots are asynchronous: processing does not stop during them"
        );
    }

    #[test]
    fn only_the_sync_phase_of_the_bottleneck_costs() {
        // 800 ms of user code in snapshotState every 10 s: 8 %
        let mut scenario = keyed(1200.0, SimDuration::from_millis(4));
        scenario.vertices[1].sync_extra = SimDuration::from_millis(800);
        let formula = blocking(&scenario, &Refined::of(&scenario));
        assert!((formula.value.unwrap() - 0.08).abs() < 1e-9, "{formula:?}");
    }

    #[test]
    fn a_vertex_with_reserves_may_stand_still_for_free() {
        // the source stops for 5 of 10 s, but works at 3 ‰
        let mut scenario = keyed(600.0, SimDuration::from_millis(4));
        scenario.vertices[0].sync_extra = SimDuration::from_secs(5);
        assert_eq!(
            blocking(&scenario, &Refined::of(&scenario)).value,
            Some(0.0)
        );
    }

    #[test]
    fn without_checkpoints_nothing_is_lost_and_nothing_predicted() {
        let mut scenario = keyed(600.0, SimDuration::from_millis(4));
        scenario.checkpointing.interval = None;
        assert_eq!(blocking(&scenario, &Refined::of(&scenario)).value, None);
        assert_eq!(documents(&scenario)[0].value, None);
    }
}
