use std::cell::Cell;

use ckptsim::experiment::run;
use ckptsim::measure::Consistency;
use ckptsim::scenario::Scenario;
use ckptsim::scenario::load::parse;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::recipes::{Additions, Recipe, recipes};

/// Random jobs, modes and skews that are checked.
const CASES: u32 = 200;

fn checked(mut scenario: Scenario, seed: u64) -> Consistency {
    scenario.simulation.check_consistency = true;
    let result = run::run(&scenario, seed, 0).unwrap();
    result.consistency.unwrap()
}

/// Recipes, but without an unlimited source that fills an unlimited cache: that is hundreds of millions of records.
fn bounded_recipes() -> impl Strategy<Value = Recipe> {
    let selectivity = prop_oneof![Just(1.0), 0.1..2.5_f64];
    (recipes(), selectivity).prop_map(|(recipe, selectivity)| {
        let unlimited = recipe.alignment == 4 && recipe.shape >= 4;
        let shape = if unlimited { 3 } else { recipe.shape };
        Recipe {
            shape,
            selectivity,
            ..recipe
        }
    })
}

#[test]
fn every_completed_checkpoint_of_a_random_job_is_a_consistent_cut() {
    let counted = Cell::new((0_u32, 0_u64, 0_u64));
    let config = ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        max_shrink_iters: 400,
        ..ProptestConfig::default()
    };
    let outcome = TestRunner::new(config).run(&bounded_recipes(), |recipe| {
        let consistency = checked(recipe.scenario(), recipe.seed);
        if let Some(first) = consistency.violations.first() {
            let (seed, toml) = (recipe.seed, recipe.toml(&Additions::default()));
            prop_assert!(
                false,
                "{}\nSeed {seed} and this scenario:\n{toml}",
                first.sentence()
            );
        }
        let exactly_once = recipe.alignment != 3;
        prop_assert!(!exactly_once || consistency.duplicates.is_empty());
        let (cases, checkpoints, overtaking) = counted.get();
        let overtakes = u64::from(matches!(recipe.alignment, 1 | 2));
        counted.set((
            cases + 1,
            checkpoints + consistency.checkpoints,
            overtaking + overtakes * consistency.checkpoints,
        ));
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    let (cases, checkpoints, overtaking) = counted.get();
    println!("{checkpoints} checkpoints of {cases} random jobs, {overtaking} of them overtaking");
    assert_eq!(cases, CASES);
    assert!(checkpoints > u64::from(CASES) && overtaking > u64::from(CASES) / 4);
}

/// Two sources of different speed, joined with skew, on two TaskManagers; the sources end after 3 s.
fn join(flink: &str) -> Scenario {
    let text = format!(
        r#"
[job]
duration = "10 s"
warmup = "0 s"
[[vertex]]
name = "fast"
parallelism = 2
source = {{ steps = ["0 s 3000/s", "3 s 0/s"], record = "200 B", log = true }}
[[vertex]]
name = "slow"
source = {{ steps = ["0 s 500/s", "3 s 0/s"], record = "2 kB", log = true }}
[[vertex]]
name = "join"
parallelism = 3
service = "900 us"
selectivity = 0.7
inputs = [
  {{ from = "fast", exchange = "hash", skew = {{ subtask = 0, share = "50 %" }} }},
  {{ from = "slow", exchange = "rebalance" }},
]
[[vertex]]
name = "sink"
inputs = [{{ from = "join" }}]
[cluster]
taskmanagers = 2
slots = 3
[flink]
{flink}
"#
    );
    parse(&text, "join", std::path::Path::new(""), &[])
        .unwrap_or_else(|problems| panic!("{problems}"))
        .scenario
}

const EVERY_300_MS: &str = "execution.checkpointing.interval = \"300 ms\"";

#[test]
fn at_least_once_breaks_no_promise_but_would_break_that_of_exactly_once() {
    let mode = "execution.checkpointing.mode = \"AT_LEAST_ONCE\"";
    let found = checked(join(&format!("{EVERY_300_MS}\n{mode}")), 1);
    assert!(found.checkpoints > 3);
    assert_eq!(found.violations, []);
    assert!(found.duplicated_records() > 0);
    let broken = found.as_exactly_once();
    assert_eq!(broken.len(), found.duplicates.len());
    assert!(
        broken[0]
            .invariant
            .starts_with("what is sent before the barrier")
    );
}

#[test]
fn exactly_once_leaves_no_duplicates() {
    let found = checked(join(EVERY_300_MS), 1);
    assert!(found.checkpoints > 3);
    assert_eq!(found.as_exactly_once(), []);
}

#[test]
fn what_a_job_has_made_of_its_input_does_not_depend_on_how_it_was_checkpointed() {
    let unaligned = "execution.checkpointing.unaligned.enabled = true";
    let options = [
        String::new(),
        EVERY_300_MS.to_owned(),
        format!("{EVERY_300_MS}\n{unaligned}"),
        format!(
            "{EVERY_300_MS}\n{unaligned}\nexecution.checkpointing.aligned-checkpoint-timeout = \"50 ms\""
        ),
    ];
    let [first, others @ ..] = options.map(|flink| checked(join(&flink), 1));
    for other in others {
        assert_eq!(other.states, first.states);
        assert!(other.checkpoints > 3);
    }
    // Each of the two subtasks reads 1500 records per second, the first at 0 s and the last at 3 s.
    assert_eq!(first.states[0].records, 2 * 4501);
    let joined = first.states[2].records as f64;
    assert!((first.states[3].records as f64 / joined - 0.7).abs() < 0.02);
}

#[test]
fn nothing_is_known_of_records_unless_the_scenario_asks_for_it() {
    let result = run::run(&join(EVERY_300_MS), 1, 0).unwrap();
    assert_eq!(result.consistency, None);
    assert!(
        !serde_json::to_string(&result)
            .unwrap()
            .contains("consistency")
    );
}
