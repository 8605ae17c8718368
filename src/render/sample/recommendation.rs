//! A recommendation made up for tests: every 0.2 s of overhead per checkpoint, recovery 50 s and 1.2 intervals.

use crate::experiment::Coordinate;
use crate::experiment::recommend::result::{Binding, FormulaInterval, Range, Tried};
use crate::experiment::recommend::{
    Candidate, Headroom, Limit, MetricName, Objective, Recommendation, Relation, SCHEMA,
    SensitivityEntry, Verdict,
};
use crate::measure::Estimate;
use crate::units::print::written;
use crate::units::{SimDuration, Unit};

const INTERVALS: [f64; 11] = [
    10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 300.0, 600.0,
];

fn name(name: &str, unit: Unit) -> MetricName {
    MetricName {
        name: name.to_owned(),
        meaning: String::new(),
        unit,
    }
}

pub fn objective(text: &str, metric: &str, bound: f64) -> Objective {
    Objective {
        text: text.to_owned(),
        metric: name(
            metric,
            if metric == "overhead" {
                Unit::Share
            } else {
                Unit::Time
            },
        ),
        relation: Relation::AtMost,
        bound,
    }
}

fn verdict(objective: &Objective, candidate: &Candidate) -> Verdict {
    let Some(estimate) = candidate.metrics.get(&objective.metric.name) else {
        return Verdict::Unknown;
    };
    match objective.bound {
        bound if estimate.high <= bound => Verdict::Met,
        bound if estimate.value <= bound => Verdict::LikelyMet,
        bound if estimate.low <= bound => Verdict::LikelyMissed,
        _ => Verdict::Missed,
    }
}

fn candidate(seconds: f64, mode: &str, objectives: &[Objective]) -> Candidate {
    let unaligned = mode == "unaligned";
    let metrics = [
        ("overhead", if unaligned { 0.28 } else { 0.2 } / seconds),
        (
            "recovery_p95",
            if unaligned { 42.0 } else { 50.0 } + 1.2 * seconds,
        ),
        (
            "time_overhead",
            if unaligned { 0.28 } else { 0.2 } / seconds,
        ),
        ("time_rework", 0.25 * seconds / 21_600.0),
        ("time_catch_up", 0.3 * (seconds + 40.0) / 21_600.0),
        ("time_outage", 40.0 / 21_600.0),
        (
            "expected_rework",
            seconds / 2.0 + if unaligned { 4.0 } else { 9.0 + seconds / 20.0 },
        ),
        (
            "duration_p50",
            if unaligned { 4.0 } else { 9.0 + seconds / 20.0 },
        ),
        (
            "duration_p99",
            if unaligned {
                6.0
            } else {
                20.0 + seconds / 10.0
            },
        ),
    ];
    let estimate = |value: f64| Estimate {
        value,
        low: value * 0.93,
        high: value * 1.07,
        n: 6,
    };
    let coordinate = |label: &str, value: Option<f64>| Coordinate {
        label: label.to_owned(),
        value,
    };
    let mut candidate = Candidate {
        coordinates: vec![
            coordinate(&written(SimDuration::from_secs_f64(seconds)), Some(seconds)),
            coordinate(mode, None),
        ],
        metrics: metrics
            .iter()
            .map(|(name, value)| ((*name).to_owned(), estimate(*value)))
            .collect(),
        at_least: Vec::new(),
        feasible: false,
        verdicts: Vec::new(),
        evaluations: 6,
        failure: None,
    };
    candidate.verdicts = objectives
        .iter()
        .map(|objective| verdict(objective, &candidate))
        .collect();
    candidate.feasible = candidate
        .verdicts
        .iter()
        .all(|verdict| matches!(verdict, Verdict::Met | Verdict::LikelyMet));
    candidate
}

/// Aligned or unaligned, every 10 s to 10 min: the longest aligned interval that passes is chosen; 30 s is in use.
pub fn recommendation(objectives: Vec<Objective>) -> Recommendation {
    let candidates: Vec<Candidate> = ["aligned", "unaligned"]
        .iter()
        .flat_map(|mode| INTERVALS.map(|seconds| candidate(seconds, mode, &objectives)))
        .collect();
    let aligned = &candidates[..INTERVALS.len()];
    let chosen = aligned.iter().rposition(|candidate| candidate.feasible);
    let first = aligned.iter().position(|candidate| candidate.feasible);
    Recommendation {
        remedy: None,
        headroom: Some(headroom(&objectives)),
        schema: SCHEMA.to_owned(),
        version: "0.2.0".to_owned(),
        scenario: "orders".to_owned(),
        scenario_sha256: "3fa9c1e2d0".to_owned(),
        scenario_toml: String::new(),
        seed: 42,
        runs: 120,
        budget: 300,
        minimised: name("overhead", Unit::Share),
        axes: vec![super::INTERVAL.to_owned(), super::UNALIGNED.to_owned()],
        chosen,
        current: Some(3),
        range: chosen.zip(first).map(|(last, first)| Range {
            from_s: INTERVALS[first],
            to_s: INTERVALS[last],
            open_below: first == 0,
            open_above: last + 1 == INTERVALS.len(),
        }),
        binding: chosen
            .filter(|last| last + 1 < INTERVALS.len())
            .map(|last| Binding {
                objective: 0,
                beyond_s: INTERVALS[last + 1],
                value: 50.0 + 1.2 * INTERVALS[last + 1],
            })
            .into_iter()
            .collect(),
        runner_up: None,
        nearest: None,
        mtbf_s: Some(21_600.0),
        // sqrt(2 · 0.2 s · 6 h)
        formulas: [("Young", 92.95), ("Daly", 92.95), ("Jayasekara", 93.02)]
            .map(|(name, seconds)| FormulaInterval {
                name: name.to_owned(),
                formula: String::new(),
                interval_s: Some(seconds),
            })
            .into(),
        disagreement: Vec::new(),
        sensitivity: sensitivity(),
        retention: None,
        changes: Vec::new(),
        notes: Vec::new(),
        objectives,
        candidates,
    }
}

/// Recovery grows with the rate, and is too long from 1.5 times the rate on.
fn headroom(objectives: &[Objective]) -> Headroom {
    let tried = [0, 1, 2, 4, 8, 12].map(|step: i32| {
        let factor = libm::pow(1.05, f64::from(step));
        let recovery_s = 120.0 * factor * factor;
        Tried {
            factor,
            excess: (recovery_s / 180.0 - 1.0).max(0.0),
            values: objectives
                .iter()
                .map(|one| {
                    let recovery = one.metric.name == "recovery_p95";
                    Some(if recovery {
                        recovery_s
                    } else {
                        one.bound / 2.0
                    })
                })
                .collect(),
        }
    });
    let limit = |factor, interval_s, binds| Limit {
        factor: Some(factor),
        interval_s,
        binds,
    };
    Headroom {
        input: "input rate".to_owned(),
        more_is_harder: true,
        now: Some(20_000.0),
        fixed: limit(tried[4].factor, 90.0, Some(0)),
        best: limit(tried[5].factor, 45.0, None),
        tried: tried.into(),
    }
}

/// The usual question: recovery within 3 minutes, checkpoints within a minute.
pub fn usual() -> Vec<Objective> {
    vec![
        objective("recovery_p95<=3min", "recovery_p95", 180.0),
        objective("duration_p99<=25s", "duration_p99", 25.0),
        objective("overhead<=1%", "overhead", 0.01),
    ]
}

fn sensitivity() -> Vec<SensitivityEntry> {
    let entry = |input: &str, low: Option<f64>, high: Option<f64>| SensitivityEntry {
        input: input.to_owned(),
        low,
        high,
        base: 90.0,
        cost_low: low.map(|seconds| 0.2 / seconds),
        cost_high: high.map(|seconds| 0.2 / seconds),
        cost_base: Some(0.2 / 90.0),
    };
    vec![
        entry("state size", Some(120.0), Some(75.0)),
        entry("input rate", Some(180.0), None),
        entry("write bandwidth", Some(60.0), Some(105.0)),
        entry("time between failures", Some(90.0), Some(90.0)),
    ]
}
