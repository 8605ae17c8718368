use std::collections::BTreeMap;

use super::*;
use crate::experiment::Coordinate;
use crate::experiment::recommend::objective::parse;
use crate::experiment::recommend::result::{
    Binding, FormulaInterval, Nearest, Range, Retention, RunnerUp,
};
use crate::experiment::recommend::{Change, MetricName, SCHEMA, SensitivityEntry, Verdict};
use crate::measure::Estimate;
use crate::render::recommend::{Emitted, emit, keys};
use crate::render::table::WIDTH;
use crate::units::Unit;

fn candidate(label: &str, seconds: f64, verdict: Verdict) -> Candidate {
    let at = |value: f64| Estimate {
        value,
        low: value * 0.95,
        high: value * 1.05,
        n: 6,
    };
    let metrics = [
        ("overhead", 0.2 / seconds),
        ("recovery_p95", 60.0 + seconds),
        ("duration_p50", 1.5),
        ("duration_p99", 1.9),
        ("checkpointed", 2.8e9),
    ];
    Candidate {
        coordinates: vec![Coordinate {
            label: label.to_owned(),
            value: Some(seconds),
        }],
        metrics: metrics
            .iter()
            .map(|(name, value)| ((*name).to_owned(), at(*value)))
            .collect::<BTreeMap<_, _>>(),
        at_least: Vec::new(),
        feasible: matches!(verdict, Verdict::Met | Verdict::LikelyMet),
        verdicts: vec![verdict],
        evaluations: 6,
        failure: None,
    }
}

fn recommendation() -> Recommendation {
    let change = |key: &str, old: Option<&str>, new: &str, reason: &str| Change {
        key: key.to_owned(),
        old: old.map(str::to_owned),
        new: new.to_owned(),
        reason: reason.to_owned(),
    };
    Recommendation {
        schema: SCHEMA.to_owned(),
        version: "0.0.0".to_owned(),
        scenario: "orders".to_owned(),
        scenario_sha256: "00".to_owned(),
        scenario_toml: String::new(),
        seed: 42,
        runs: 120,
        budget: 300,
        objectives: vec![parse("recovery_p95<=3min").unwrap()],
        minimised: MetricName {
            name: "overhead".to_owned(),
            meaning: String::new(),
            unit: Unit::Share,
        },
        axes: vec!["flink.execution.checkpointing.interval".to_owned()],
        candidates: vec![
            candidate("60 s", 60.0, Verdict::Met),
            candidate("2 min", 120.0, Verdict::LikelyMet),
            candidate("150 s", 150.0, Verdict::Missed),
        ],
        chosen: Some(1),
        current: Some(0),
        range: Some(Range {
            from_s: 60.0,
            to_s: 120.0,
            open_below: true,
            open_above: false,
        }),
        binding: vec![Binding {
            objective: 0,
            beyond_s: 150.0,
            value: 210.0,
        }],
        runner_up: Some(RunnerUp {
            candidate: 0,
            difference: Some(Estimate {
                value: 0.0017,
                low: 0.0015,
                high: 0.0019,
                n: 6,
            }),
        }),
        nearest: None,
        mtbf_s: Some(86_400.0),
        formulas: vec![FormulaInterval {
            name: "Young".to_owned(),
            formula: "sqrt(2 c M)".to_owned(),
            interval_s: Some(186.0),
        }],
        disagreement: vec!["They wait longer since they know no objectives.".to_owned()],
        remedy: None,
        headroom: None,
        sensitivity: vec![SensitivityEntry {
            input: "input rate".to_owned(),
            low: Some(180.0),
            high: None,
            base: 120.0,
            cost_low: Some(0.0011),
            cost_high: None,
            cost_base: Some(0.0017),
        }],
        retention: Some(Retention {
            wish_s: 3600.0,
            retained: 30,
            present_s: 720.0,
        }),
        changes: vec![
            change(
                "cluster.taskmanagers",
                Some("4"),
                "8",
                "slots to catch up in time",
            ),
            change(
                "execution.checkpointing.interval",
                Some("60 s"),
                "2 min",
                "the cheapest interval",
            ),
            change(
                "execution.checkpointing.unaligned.enabled",
                None,
                "true",
                "costs least",
            ),
        ],
        notes: vec![
            "The budget of 300 runs ended the search before it was sure: --budget allows more. "
                .repeat(2),
        ],
    }
}

#[test]
fn the_answer_comes_first_and_no_line_is_longer_than_the_terminal() {
    for width in [80, WIDTH, 120] {
        let text = text(&recommendation(), width);
        let widest = text.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(width), "{width}\n{text}");
    }
    insta::assert_snapshot!(text(&recommendation(), WIDTH));
}

#[test]
fn without_an_answer_the_least_miss_is_told() {
    let mut missed = recommendation();
    missed.chosen = None;
    missed.range = None;
    missed.binding.clear();
    missed.runner_up = None;
    missed.changes.clear();
    missed.sensitivity.clear();
    missed.nearest = Some(Nearest {
        candidate: 2,
        objective: 0,
        excess: 0.1667,
    });
    insta::assert_snapshot!(
        text(&missed, WIDTH)
            .lines()
            .take(3)
            .collect::<Vec<&str>>()
            .join("\n")
    );
    assert_eq!(emit(&missed, Emitted::FlinkYaml), "# nothing to change\n");
}

#[test]
fn options_are_pasted_with_old_value_and_reason() {
    let answer = recommendation();
    let all = [
        Emitted::FlinkYaml,
        Emitted::SqlSet,
        Emitted::Java,
        Emitted::KubectlPatch,
    ];
    insta::assert_snapshot!(all.map(|form| emit(&answer, form)).join("\n"));
}

#[test]
fn an_apostrophe_does_not_end_a_patch_in_a_shell_and_every_value_is_a_text() {
    let mut answer = recommendation();
    answer.changes.truncate(1);
    let change = &mut answer.changes[0];
    change.key = "execution.checkpointing.unaligned.enabled".to_owned();
    change.new = "true".to_owned();
    change.reason = "Flink's own".to_owned();
    let patch = emit(&answer, Emitted::KubectlPatch);
    assert!(patch.contains("Flink'\\''s own\n"), "{patch}");
    assert!(
        patch.contains("unaligned.enabled: \"true\"\n'\n"),
        "{patch}"
    );
    let bare = keys(&answer, Emitted::KubectlPatch).unwrap();
    assert!(!bare.contains('#') && bare.lines().count() == 5, "{bare}");
    answer.changes[0].key = "cluster.taskmanagers".to_owned();
    assert_eq!(keys(&answer, Emitted::KubectlPatch), None);
    let patch = emit(&answer, Emitted::KubectlPatch);
    assert!(patch.starts_with("# not an option: "), "{patch}");
}
